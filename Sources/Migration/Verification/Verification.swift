// A verification of two trees from its start to its answer: the roots, the pool, the manifest, the summary. It
// writes nothing but a manifest that was asked for, and its result beside the recorded passes (VerificationResult). Of
// what passes recorded it takes moments, by which it tells what users changed since (VerificationRecord), and filters;
// nothing is compared less for them.

import LinuxIO
import Synchronization

/// One comparison of SOURCE with DESTINATION.
package final class Verification: SteeredRun {
    private let roots: Roots
    private let context: VerificationContext
    private let walk: TreeWalk<Verifier>
    private let root: VerifiedDirectory
    private let workers: Int
    private let notices: [VerificationNotice]
    private let record: VerificationRecord
    private let result: VerificationResult?
    /// The part of a plan that is compared; nil: there is none.
    private let planned: PlannedRun?
    /// When `run` began, in monotonic nanoseconds.
    private let began = Atomic<UInt64>(0)

    /// The counts, for a ticker to read meanwhile.
    package let counters: VerificationCounters

    /// Judges the roots and prepares everything; touches nothing.
    ///
    /// Call it from one thread at a time: it reads the rules of libattr.
    ///
    /// `planned`: the part of a plan that is compared.
    package init(  // Seven: who is told, and what is written, are the command's.
        _ process: ProcessSetup,
        _ names: RootNames,
        _ options: VerificationOptions,
        planned: PlannedRun? = nil,
        counters: VerificationCounters,
        manifest: ManifestWriter?,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) throws(Refusal) {
        let supply = try process.supply(options.workers)
        let beginning = VerificationClock()
        let roots = try Self.openRoots(names, options, planned)
        guard let target = roots.destination, let targetStatus = roots.destinationStatus else {
            let error = SystemError(.open, .noEntry)
            throw .cannotOpen(.destination, path: Array(names.destination.bytes), error)
        }
        let record = VerificationRecord(roots, options, beginning)
        let isRoot = ProcessLimits.isRoot
        let budget = supply.budget(
            batchFilesMax: 0,
            windowFilesMax: FileWindows.descriptorsMax
        )
        context = VerificationContext(
            options: options,
            log: VerificationFindings(counters: counters, emit: emit),
            comparison: Self.comparison(roots, targetStatus, options.preserved),
            budget: budget,
            links: Self.links(target, roots, planned),
            manifest: manifest,
            isRoot: isRoot,
            windows: Self.windows(files: budget.windowFiles),
            blockBytes: roots.destinationVolume.blockBytes,
            beginning: beginning,
            holdsProjects: roots.holdsProjects,
            filter: record.filter,
            pending: options.crossesMounts ? nil : record.pending,
            spine: planned?.spine,
            roots: (roots.sourceStatus, targetStatus),
            boundaries: Self.boundaries(roots, targetStatus, options)
        )
        notices =
            try Self.notices(roots, options, isRoot: isRoot)
            + VerificationNotice.limits(of: supply) + record.notices
        root = VerifiedDirectory(
            parent: nil,
            name: Name("."),
            state: VerifiedState(spine: context.scope.spine)
        )
        context.directories.install(
            // Installed in use and never released: the roots stay open.
            OpenDirectory(source: roots.source, destination: target),
            identities: (roots.sourceStatus.identity, targetStatus.identity),
            in: root
        )
        self.roots = roots
        self.planned = planned
        self.record = record
        result = VerificationResult(options, roots.pair, start: beginning.nanoseconds)
        self.counters = counters
        workers = supply.workers
        walk = TreeWalk(
            workers: supply.workers,
            workersMax: budget.workersMax,
            directories: context.directories,
            makeVisitor: { [context] lane in Verifier(context: context, lane: lane) },
            whenQuiet: { [context] in context.lastTasks }
        )
    }

    /// What is said of who compares, and of what is left out.
    private static func notices(
        _ roots: Roots,
        _ options: VerificationOptions,
        isRoot: Bool
    ) throws(Refusal) -> [VerificationNotice] {
        var notices: [VerificationNotice] = []
        if !isRoot { notices.append(.notRoot) }
        if isRoot, !Privileges.current.readsEverything { notices.append(.closedEntriesFail) }
        if let left = roots.leftOut(options.branches) { notices.append(.leftOut(left)) }
        if ReservedNames.hold(all: try OpenRoot(.source, roots.source).names()) {
            notices.append(.emptySource)
        }
        return notices
    }

    /// Tells which hard links cannot be compared.
    ///
    /// Closing tells names that are one inode on one side only, of those that
    /// shards met apart.
    private func joinGroups() {
        guard let planned, context.log.cause == nil,
            context.options.preserved.contains(.hardLinks)
        else { return }
        for path in context.links.strangers() { context.log.record(RootDevices.failure(path)) }
        if planned.part != .closing { return }
        PairingJoiner(context, roots).join(planned.openPairs(), own: context.links.openPairs())
    }

    /// What closing has to join of this part, once it has run.
    var openPairs: [MetPair] { context.links.openPairs() }

    package var control: RunControl { context.log.control }
    /// It writes nothing.
    package var isSynchronizing: Bool { false }

    package func interrupt() -> Bool {
        context.log.control.interrupt()
        return true
    }

    package func changeWorkers(by difference: Int) -> Bool {
        let changed = walk.changeWorkers(by: difference)
        if changed.lacksThreads { context.log.say(.threadsLimited(changed.workers)) }
        context.log.emit(.workersChanged(changed.workers))
        return true
    }

    package var places: [RootPlace] { roots.places }

    package func giveUp(waiting: [WaitingCall]) -> VerificationSummary {
        summary(nil, control.statusIfGivenUp, waiting)
    }

    package func run() -> VerificationSummary {
        began.store(monotonicNanoseconds(), ordering: .relaxed)
        context.log.emit(.started(startFacts()))
        for notice in notices { context.log.say(notice) }
        // S54: what cannot be seen was not compared, and "equal" would be a lie.
        for failure in Privileges.current.hidden(
            context.options.preserved,
            context.options.attributes
        ).failures {
            context.log.record(failure)
        }
        writeBack()
        let accounts = context.accounts(roots)
        walk.run(root)
        // Better no answer than "equal" of files that nobody has read.
        precondition(
            context.isInterrupted || context.windows?.isDone != false,
            "files were left aside"
        )
        if context.log.cause == nil { context.projects.finish() }
        // Also where a time limit cut it: what was found is told. Not after a signal, which is not to wait.
        if !context.isInterrupted { context.pending?.finish(context.log) }
        context.compareQuotas(roots, before: accounts)
        joinGroups()
        if context.scope.hasRoots, context.comparison.clampsTime(of: roots.sourceStatus) {
            context.clampedTimes.note([])
        }
        if isNothingCompared { context.log.say(.nothingCompared) }
        if let found = context.clampedTimes.found {
            context.log.say(.clampedTimes(entries: found.entries, first: found.first))
        }
        // Nothing was compared: two volumes that are not mounted, or the wrong ones. What was known of the right ones
        // is not given up for that.
        let cause = context.log.cause
        let keepsEarlier = cause == nil && context.manifest?.wouldEmpty == true
        let manifest = keepsEarlier ? nil : publishManifest()
        var summary = summary(manifest, status(manifest), [])
        if keepsEarlier {
            summary.keepsEarlierManifest = true
            if summary.status != .interrupted { summary.status = .someFailed }
        }
        if let notice = result?.write(summary, isComplete: context.log.cause == nil) {
            context.log.say(notice)
        }
        return summary
    }

    /// Filters left nothing over; of an empty SOURCE that was said at the begin.
    private var isNothingCompared: Bool {
        // Much of a plan is no part of one run: closing says it of all.
        if planned?.part.shard != nil { return false }
        let key = VerificationCounter.entriesSeen.key ?? ""
        if planned?.joined.contains(where: { $0.counts[key, default: 0] > 0 }) == true {
            return false
        }
        return context.log.cause == nil && counters.entriesSeen.value() == 0
            && counters.failures.value() == 0 && !notices.contains(.emptySource)
    }

    private func summary(
        _ manifest: Result<UInt64, SystemError>?,
        _ status: ExitStatus,
        _ waiting: [WaitingCall]
    ) -> VerificationSummary {
        let now = monotonicNanoseconds()
        var summary = VerificationSummary(
            status: status,
            isByManifest: false,
            comparesContents: context.options.comparesContents,
            sample: context.options.sample,
            counters: counters,
            durationNanoseconds: now - min(began.load(ordering: .relaxed), now),
            firstFailures: context.log.firstFailures,
            manifest: manifest,
            workersBusyMax: walk.workersBusyMax,
            waiting: waiting
        )
        summary.isCutByTimeLimit = status == .timeLimit || context.log.cause == .timeLimit
        summary.aside = LeftAside(context.options, context.filter)
        summary.lastPass = context.pending == nil ? nil : record.lastPass
        return summary
    }

    // MARK: Preparing

    /// Both roots judged as a pass judges them, both through views that take no write.
    private static func openRoots(
        _ names: RootNames,
        _ options: VerificationOptions,
        _ planned: PlannedRun?
    ) throws(Refusal) -> Roots {
        var pass = PassOptions()
        pass.isDryRun = true
        pass.guardsPair = false
        pass.preserved = options.preserved
        pass.branches = options.branches
        pass.attributes = options.attributes
        pass.checksFirst = options.checksFirst
        pass.crossesMounts = options.crossesMounts
        let roots = try Roots(names, pass)
        try planned?.judge(roots)
        return roots
    }

    private static func boundaries(
        _ roots: Roots,
        _ target: FileStatus,
        _ options: VerificationOptions
    ) -> (source: MountBoundary, destination: MountBoundary) {
        let destination = MountBoundary(
            root: target,
            volume: roots.destinationVolume,
            isCrossed: options.crossesMounts
        )
        return (roots.sourceBoundary, destination)
    }

    private static func links(
        _ target: SharedDescriptor,
        _ roots: Roots,
        _ planned: PlannedRun?
    ) -> LinkPairing {
        LinkPairing(
            linkCountMax: target.descriptor.linkCountMax() ?? .max,
            devices: planned == nil ? nil : RootDevices(roots)
        )
    }

    /// What a pass with all that it keeps would repair; owners too, whoever asks.
    private static func comparison(
        _ roots: Roots,
        _ destination: FileStatus,
        _ preserved: PassOptions.Preserved
    ) -> Comparison {
        Comparison(
            preserved: preserved,
            changeTest: .contents,
            deletesExtras: false,
            isRoot: true,
            times: .inferred(
                type: roots.destinationVolume.typeName,
                root: destination,
                hasBigTimes: roots.holdsBigTimes
            )
        )
    }

    /// Where small files are collected: io_uring is there, and descriptors for some pairs.
    private static func windows(files: Int) -> FileWindows? {
        // Made and thrown away: each worker makes its own. Without it files are read one by one, and that is all.
        let canRead = files > 0 && (try? ReadRing(capacity: 2 * FileWindows.unitFiles)) != nil
        return canRead ? FileWindows(files: files) : nil
    }

    private func startFacts() -> VerificationStart {
        let source = roots.sourceVolume
        var start = VerificationStart(
            source: (roots.sourcePath, source.typeName),
            destinationPath: roots.destinationPath,
            destinationType: roots.destinationVolume.typeName,
            entriesTotal: source.countsInodes ? source.usedInodes : nil,
            bytesTotal: source.usedBytes,
            totalsAreExact: roots.isSourceWholeVolume && context.scope.isWhole
                && context.filter.isEmpty && !context.options.crossesMounts,
            workers: workers,
            comparesContents: context.options.comparesContents,
            sample: context.options.sample
        )
        start.filter = record.filterUse
        return start
    }

    // MARK: Running

    /// Writes back what is dirty on both sides.
    ///
    /// DESTINATION's pages can then be dropped, and a store through a mapping on SOURCE shows in a ctime again. What
    /// write-back says of DESTINATION is a finding.
    private func writeBack() {
        guard context.options.comparesContents else { return }
        for (root, side) in [
            (roots.destination, Failure.Side.destination), (roots.source, .source),
        ] {
            do throws(SystemError) { try root?.descriptor.synchronizeFilesystem() } catch {
                context.log.record(
                    Failure(path: [], side: side, activity: .synchronize, error: error)
                )
            }
        }
    }

    /// Gives the manifest its name, if all of it is there.
    private func publishManifest() -> Result<UInt64, SystemError>? {
        guard let manifest = context.manifest, context.log.cause == nil else { return nil }
        return Result { () throws(SystemError) in try manifest.publish() }
    }

    /// The log's, but for a report that was asked for and is not there.
    private func status(_ manifest: Result<UInt64, SystemError>?) -> ExitStatus {
        if case .failure = manifest { return .someFailed }
        return context.log.status
    }
}

extension VerificationNotice {
    /// What is said where there are fewer workers than were wanted.
    static func limits(of supply: WorkerSupply) -> [VerificationNotice] {
        var notices: [VerificationNotice] = []
        if let allowed = supply.fewDescriptors {
            notices.append(.workersLimited(allowed, descriptors: supply.descriptorLimit))
        }
        if let workers = supply.fewThreads { notices.append(.threadsLimited(workers)) }
        return notices
    }
}
