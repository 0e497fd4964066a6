// A check: both roots opened and judged as a pass does it, DESTINATION tried out, SOURCE counted, findings made.
//
// What is kept true: SOURCE is seen through a read-only view; on DESTINATION nothing but the probe is made, and
// that is gone at the end; no state is written.

import History
package import LinuxIO

/// What a check looks at.
package struct CheckOptions: Sendable {
    /// Walk SOURCE entry by entry.
    package var isDeep = false
    /// Read SOURCE and write to DESTINATION for some seconds, to say how long a first copy takes (`--time`).
    package var times = false
    package var workers = 30
    package var stateFolder: Name?
    /// Which extended attributes passes will carry.
    package var attributes = AttributeSelection.all

    package init() {}
}

/// The end of a check.
package struct CheckOutcome: Sendable {
    package var facts: CheckFacts
    package var findings: [Finding]
    package var advice: MakeAdvice
    /// Why entries were not looked at, where the kernel refused.
    package var scanError: SystemError?
    /// What both disks did; nil: that was not asked for.
    package var timing: CopyTiming?

    package init(
        facts: CheckFacts,
        findings: [Finding],
        advice: MakeAdvice,
        scanError: SystemError? = nil,
        timing: CopyTiming? = nil
    ) {
        self.facts = facts
        self.findings = findings
        self.advice = advice
        self.scanError = scanError
        self.timing = timing
    }

    package func count(_ severity: Finding.Severity) -> Int {
        findings.count { $0.severity == severity }
    }

    /// Whether one of the findings is mended by making DESTINATION anew.
    package var asksForMake: Bool {
        findings.contains { finding in
            guard finding.severity != .ok else { return false }
            switch finding.matter {
            case .inodes, .directories, .attributeSizes, .times, .projects: return true
            case .quotas(let forecast): return !forecast.shortage.limits.isEmpty
            default: return false
            }
        }
    }

    /// 0, or 3 when something fatal was found.
    package var status: ExitStatus { count(.fatal) > 0 ? .refused : .done }
}

/// One check.
package final class Check {
    private let options: CheckOptions
    private let roots: Roots
    private let destination: SharedDescriptor
    private let control: RunControl
    private let supply: WorkerSupply
    private let isRoot = ProcessLimits.isRoot
    private var workers: Int { supply.workers }
    /// The number of workers that there are threads for, where it is smaller than what was asked for (S58).
    package var threadsLimited: Int? { supply.fewThreads }
    /// Where both roots are.
    package var places: [RootPlace] { roots.places }

    /// Opens and judges both roots.
    ///
    /// Call it from one thread at a time, as `Pass.init`.
    package init(
        _ process: ProcessSetup,
        _ names: RootNames,
        options: CheckOptions,
        control: RunControl
    ) throws(Refusal) {
        self.options = options
        self.control = control
        supply = try process.supply(options.workers)
        var pass = PassOptions()
        // Nothing is made or locked, and both views take no write.
        pass.isDryRun = true
        // What a pass refuses is a finding here.
        pass.checksFirst = false
        pass.guardsPair = false
        roots = try Roots(names, pass)
        guard let opened = roots.destinationItself else {
            throw .destinationMissing(path: Array(names.destination.bytes))
        }
        self.destination = opened
        // As a pass refuses it.
        if let folder = options.stateFolder, roots.isInDestination(folder) {
            throw .stateOnDestination(path: Array(folder.bytes))
        }
    }

    /// Runs to the end; nil when it was interrupted.
    package func run() throws(Refusal) -> CheckOutcome? {
        var facts = CheckFacts(
            source: try sourceFacts(),
            destination: try destinationFacts(),
            isRoot: isRoot
        )
        if isRoot {
            let privileges = Privileges.current
            facts.missingCapabilities =
                Capabilities.allNeeded.subtracting(privileges.capabilities).names
            facts.hidden = privileges.hidden(.all, options.attributes)
        }
        (facts.wrongRoots, facts.isSourceEmpty) = try meant()
        probe(&facts.destination)
        if control.isInterrupted { return nil }
        let counted = count(facts)
        facts.source.census = counted.census
        facts.quotas = VolumeQuotas.forecast(roots, directories: counted.census.directories)
        facts.accountedBySource = VolumeQuotas.accountedBySource(roots)
        if control.isInterrupted { return nil }
        let timing = options.times ? timer.run(facts, counted.runs) : nil
        if control.isInterrupted { return nil }
        let judged = CheckFindings(facts, notLookedAt: counted.notLookedAt)
        return CheckOutcome(
            facts: facts,
            findings: judged.findings,
            advice: MakeAdvice(facts),
            scanError: counted.error,
            timing: timing
        )
    }

    private var timer: CopyTimer {
        CopyTimer(
            source: roots.source,
            destination: destination,
            workers: workers,
            control: control
        )
    }

    /// What speaks against these being the volumes that are meant (S61), and whether SOURCE holds nothing.
    private func meant() throws(Refusal) -> (WrongRoots?, isSourceEmpty: Bool) {
        let source = OpenRoot(.source, roots.sourceItself)
        let destination = OpenRoot(.destination, destination)
        let names = try source.names()
        let beforehand = RootsBeforehand(
            source,
            try source.status(),
            destination,
            try destination.status(),
            nil
        )
        let wrong = try beforehand.wrong(stateFolder: options.stateFolder)
        return (wrong, ReservedNames.hold(all: names))
    }

    // MARK: Volumes

    private func sourceFacts() throws(Refusal) -> SourceFacts {
        let volume = roots.sourceVolume
        let root = roots.sourceItself
        // Of a bind mount of a part the root is a mount point, too. Why it cannot be told is asked below.
        let path = try? MountTable.pathInFilesystem(of: root.descriptor)
        var facts = SourceFacts(
            path: roots.sourcePath,
            typeName: volume.typeName,
            isWhole: path?.isEmpty ?? false,
            usedBytes: volume.usedBytes,
            census: Census(method: .counts)
        )
        (facts.mount, facts.mountError) = Self.mount(of: root.descriptor)
        facts.health = Self.health(of: root.descriptor, facts.mount)
        facts.leftOut = roots.leftOut([])
        return facts
    }

    private func destinationFacts() throws(Refusal) -> DestinationFacts {
        let volume = roots.destinationVolume
        let names = try OpenRoot(.destination, destination).names()
        var facts = DestinationFacts(
            path: roots.destinationPath,
            typeName: volume.typeName,
            totalBytes: volume.totalBytes,
            freeBytes: volume.freeBytes,
            availableBytes: volume.availableBytes,
            isEmpty: ReservedNames.hold(all: names)
        )
        facts.blockBytes = volume.blockBytes
        // XFS makes inodes as they are needed: its count is one of free space.
        if volume.countsInodes, volume.typeName != "xfs" {
            facts.totalInodes = volume.totalInodes
            facts.freeInodes = volume.freeInodes
        }
        facts.linkCountMax = destination.descriptor.linkCountMax()
        (facts.mount, facts.mountError) = Self.mount(of: destination.descriptor)
        facts.health = Self.health(of: destination.descriptor, facts.mount)
        facts.readOnly = readOnly(volume, facts)
        (facts.holdsCopy, facts.untouchedSincePass) = recorded()
        if volume.typeName == "ext4" {
            facts.superblock = Ext4Superblock.read(below: destination.descriptor)
        }
        return facts
    }

    private static func mount(of root: borrowing Descriptor) -> (MountEntry?, SystemError?) {
        do throws(SystemError) { return (try MountTable.entry(of: root), nil) } catch {
            return (nil, error)
        }
    }

    private static func health(
        of root: borrowing Descriptor,
        _ mount: MountEntry?
    ) -> FilesystemHealth {
        var health = FilesystemHealth()
        if let number = try? root.status().device, let device = BlockDevice(number: number) {
            health.errors = device.ext4Errors() ?? 0
        }
        health.isSick = (try? XFSGeometry(of: root))?.isSick ?? false
        health.isShutDown = mount?.filesystemOptions.contains("shutdown") ?? false
        return health
    }

    private func readOnly(_ volume: VolumeStatus, _ facts: DestinationFacts) -> ReadOnlyCause? {
        if facts.health.isShutDown { return .shutdown }
        let options = facts.mount?.filesystemOptions ?? []
        // ext4 after an error with errors=remount-ro: `emergency_ro` since Linux 6.15, `ro` before, while the
        // mount is one for writing.
        if options.contains("emergency_ro") { return .filesystem }
        if facts.mount?.options.contains("ro") ?? volume.isReadOnly { return .mount }
        if options.contains("ro") || volume.isReadOnly { return .filesystem }
        if let number = try? destination.descriptor.status().device,
            BlockDevice(number: number)?.isReadOnly ?? false
        {
            return .device
        }
        return nil
    }

    /// Whether a pass of this pair was complete: then what DESTINATION holds is the copy; and which was the last one,
    /// if DESTINATION is as that one left it.
    private func recorded() -> (holdsCopy: Bool, untouchedSince: Int64?) {
        guard let folder = options.stateFolder, let pair = roots.pair else { return (false, nil) }
        do throws(HistoryProblem) {
            let archive = try Archive(folder: Array(folder.bytes))
            guard let record = try archive?.record(of: pair),
                case .success(let contents) = record.contents, contents.pair == pair
            else { return (false, nil) }
            let passes = try contents.history.observedPasses(newest: Self.passesLookedAt).passes
            guard passes.contains(where: \.isComplete) else { return (false, nil) }
            let isUntouched = passes.first.map(isUntouched) ?? false
            return (true, isUntouched ? passes.first?.id : nil)
        } catch {
            // A record is an aid: without it what is there is only not known to be the copy.
            return (false, nil)
        }
    }

    /// Whether the next pass would take DESTINATION for what this pass left, as far as its root and its count of inodes
    /// show that: what `ScanDecision` asks of it with `--changes scan`.
    private func isUntouched(since pass: PassRecord) -> Bool {
        guard pass.isComplete, !pass.isPartial, let mark = pass.destinationChangedNanoseconds,
            mark == roots.destinationChangedNanoseconds
        else { return false }
        // Without writing back what others wrote: what is not on the disk yet is counted as well.
        let inodes = roots.destinationTraces(afterSynchronizing: false)?.inodes
        return pass.destinationInodes == nil || inodes == nil || pass.destinationInodes == inodes
    }

    private static let passesLookedAt = 50

    private func probe(_ facts: inout DestinationFacts) {
        guard facts.readOnly == nil else { return }
        do throws(SystemError) {
            // An open file of its own, and so a lock that ends here: what follows makes files without names only,
            // and a pass need not wait for it.
            let own = try destination.descriptor.openDirectory(Name("."))
            guard try own.lock(.exclusive) else {
                facts.probeProblem = .busy
                return
            }
            if let pass = facts.untouchedSincePass {
                facts.probeProblem = .untouched(pass: pass)
                facts.probe = DestinationProbe(of: destination, isRoot: isRoot).look(facts)
                return
            }
            var probe = try DestinationProbe(of: destination, isRoot: isRoot).run()
            // ENOSPC means "too large" or "full"; the superblock tells which.
            if case .no(.noSpace) = probe.largeAttributes,
                facts.superblock?.hasLargeAttributes == true
            {
                probe.largeAttributes = .untried
            }
            // What is not meant to be carried is not asked for.
            let meant = options.attributes.namespaces
            if !meant.contains(.user) { probe.userAttributes = .untried }
            if !meant.contains(.trusted) { probe.trustedAttributes = .untried }
            if !meant.contains(.security) { probe.securityAttributes = .untried }
            facts.probe = probe
        } catch {
            facts.probeProblem = error.code == .readOnly ? .readOnly : .failed(error)
        }
    }

    // MARK: Counting

    private struct Counted {
        var census: Census
        var notLookedAt: Finding.NotLookedAt?
        var error: SystemError?
        /// Files that can be read by their inodes; nil where none are listed.
        var runs: [[SampledFile]]?
    }

    private func count(_ facts: CheckFacts) -> Counted {
        let limits = limits(facts.destination)
        let isTried = facts.destination.probe != nil && facts.destination.untouchedSincePass == nil
        let trial = isTried ? AttributeTrial(on: destination) : nil
        let measure = AttributeMeasure(
            limits: limits,
            trial: trial,
            scope: AttributeScope(
                isRoot: isRoot,
                preserved: .all,
                selection: options.attributes
            )
        )
        var counted = countInodes(facts.source, limits, measure)
        guard options.isDeep else { return counted }
        let budget = supply.budget(batchFilesMax: 0)
        let walked = TreeCensus(
            roots: roots,
            limits: limits,
            measure: measure,
            budget: budget,
            control: control
        ).run(workers: workers)
        if counted.census.method == .bulkstat {
            // Inodes were all counted; names and attributes are exact by the walk.
            counted.census.largeDirectories = walked.largeDirectories
            counted.census.largeAttributes = walked.largeAttributes
            counted.census.unmeasured = 0
            counted.census.unread = walked.unread
            return counted
        }
        return Counted(census: walked)
    }

    private func limits(_ destination: DestinationFacts) -> CensusLimits {
        var limits = CensusLimits()
        limits.blockBytes = destination.superblock?.blockBytes ?? destination.blockBytes
        limits.linkCountMax = destination.linkCountMax
        limits.directoryBytesMax = CheckFindings.directoryBytesMax(destination)
        limits.fileBytesMax = destination.probe?.fileBytesMax
        limits.times = destination.probe?.times
        limits.measuresAttributes =
            destination.superblock?.hasLargeAttributes != true
            && (destination.probe.map { $0.largeAttributes != .yes }
                ?? (destination.typeName == "ext4"))
        limits.refusesFlags = destination.probe?.flags.isRefused ?? false
        limits.refusesProjects = destination.probe?.projects.isRefused ?? false
        return limits
    }

    private func countInodes(
        _ source: SourceFacts,
        _ limits: CensusLimits,
        _ measure: AttributeMeasure
    ) -> Counted {
        let reason: Finding.NotLookedAt
        switch source {
        case _ where !source.isWhole && source.mount == nil: reason = .mountsUnread
        case _ where !source.isWhole: reason = .part
        case _ where source.typeName != "xfs": reason = .notXFS
        case _ where !isRoot: reason = .notRoot
        default:
            do throws(SystemError) {
                return try scan(limits, measure)
            } catch {
                return Counted(census: fallback(source), notLookedAt: .scanFailed, error: error)
            }
        }
        return Counted(census: fallback(source), notLookedAt: reason)
    }

    /// What the filesystem counts of itself.
    private func fallback(_ source: SourceFacts) -> Census {
        var census = Census(method: .counts)
        census.inodes = roots.sourceVolume.usedInodes
        census.heldBytes = source.usedBytes
        let overhead = source.isWhole ? FitForecast.overhead(of: roots.sourceVolume) : 0
        census.neededBytes = source.usedBytes - min(overhead, source.usedBytes)
        return census
    }

    private func scan(
        _ limits: CensusLimits,
        _ measure: AttributeMeasure
    ) throws(SystemError) -> Counted {
        let volume = roots.source
        // Bulkstat counts no blocks that are not given out yet: files that were just written would hold nothing.
        do throws(SystemError) { try volume.descriptor.synchronizeFilesystem() } catch {
            // SOURCE cannot write back: what is on its disk is counted, and it tells its owner itself.
        }
        let counting = InodeCensus(
            volume: volume,
            limits: limits,
            workers: workers,
            control: control,
            samples: options.times
        )
        var (census, attributed, runs) = try counting.run()
        let measuring = AttributeCensus(
            volume: volume,
            measure: measure,
            workers: workers,
            control: control
        )
        let found = measuring.run(attributed)
        census.largeAttributes = found.large
        census.unread += found.unread
        var wanted: [NotableEntry] = []
        for path in Census.notable { wanted += census[keyPath: path].entries }
        guard !wanted.isEmpty else { return Counted(census: census, runs: runs) }
        let search = NameSearch(volume: volume, workers: workers, control: control)
        let paths = try search.paths(of: wanted)
        for path in Census.notable { census[keyPath: path].name { paths[$0.inode] } }
        return Counted(census: census, runs: runs)
    }
}
