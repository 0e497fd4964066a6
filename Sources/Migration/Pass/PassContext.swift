// What all workers of one pass share: the plan, both roots, counts, and the one switch that says
// whether anything may still be written.

package import History
import LinuxIO
import Synchronization

/// Shared state of a running pass.
///
/// Everything in it is either immutable or guards itself.
package final class PassContext: DestinationLog {
    /// Whether DESTINATION is still written to.
    enum Phase: UInt8, AtomicRepresentable {
        case running
        /// DESTINATION takes no more: the rest is only counted (S18).
        case counting
        /// A signal: workers give back what they have, nothing new is begun.
        case interrupted
    }

    let options: PassOptions
    let comparison: Comparison
    let counters: Counters
    let emit: @Sendable (PassEvent) -> Void
    let scope: Scope
    let budget: DescriptorBudget
    let directories: OpenDirectories<PassDirectoryState>
    let links: LinkRegistry
    /// What earlier passes proved.
    let earlier: EarlierPasses
    /// The record of the last whole pass, if there is one; a walk reads it before there are workers.
    let recordTable: Lock<RecordTable?>
    /// What this pass writes down for the next; nil: nothing.
    let recorder: Recorder?
    let temporaryNames = TemporaryNames()
    /// How contents are read and written.
    let contentRules: ContentRules
    let carryRules: CarryRules
    let frozenInodes = FrozenInodes()
    let isRoot: Bool
    /// Whether small files are read together, through io_uring.
    let readsTogether: Bool
    /// Where the two filesystems end (S4, S46).
    let sourceBoundary: MountBoundary
    private let destinationBoundary: MountBoundary?
    let destinationRoot: FileStatus?
    /// DESTINATION is an overlay filesystem: what is written to becomes another inode.
    let destinationCopiesUp: Bool
    private let destination: SharedDescriptor?
    /// Times that DESTINATION cannot hold.
    let clampedTimes = ClampedTimes()
    /// What is known of project ids.
    let projects: Projects
    /// Damaged files with several names.
    let knownDamage = KnownDamage()
    private let phaseValue: SharedPhase
    /// Whether a scan has counted what there is to see on SOURCE.
    let isCountedByScan = Atomic<Bool>(false)
    private let wasDisturbed = Atomic<Bool>(false)
    private let isMarked = Atomic<Bool>(false)
    private let markDestination: @Sendable () -> Void
    /// Large files under way; each holds three descriptors.
    let largeFiles = LargeFileSlots()
    private let deletions = Atomic<UInt64>(0)
    private let stopRecord = Lock<(DestinationStop, Failure)?>(nil)
    private let saidNotices = Lock<Set<Notice>>([])
    private let failureRecord = Lock<[Failure]>([])
    private let branchRecord = Lock<[Branch]>([])

    package init(
        options: PassOptions,
        comparison: Comparison,
        counters: Counters,
        budget: DescriptorBudget,
        links: LinkRegistry,
        roots: Roots,
        readsTogether: Bool = false,
        earlier: EarlierPasses = .none,
        record: History? = nil,
        recorder: Recorder? = nil,
        markDestination: @escaping @Sendable () -> Void = {},
        emit: @escaping @Sendable (PassEvent) -> Void
    ) {
        self.options = options
        self.comparison = comparison
        self.counters = counters
        scope = Scope(branches: options.branches)
        self.budget = budget
        directories = OpenDirectories(budget, crossesMounts: options.crossesMounts)
        self.links = links
        self.readsTogether = readsTogether
        self.earlier = earlier
        recordTable = Lock(record.map(RecordTable.init(unread:)))
        self.recorder = recorder
        self.markDestination = markDestination
        self.emit = emit
        isRoot = comparison.isRoot
        destination = roots.destination
        projects = Projects(
            areHeld: isRoot ? roots.holdsProjects : nil,
            sourceType: roots.sourceVolume.typeName
        )
        sourceBoundary = roots.sourceBoundary
        destinationBoundary = roots.destinationBoundary
        destinationCopiesUp = roots.destinationVolume.isOverlay
        destinationRoot = roots.destinationStatus
        let phase = SharedPhase()
        phaseValue = phase
        contentRules = ContentRules(
            makesHoles: options.preserved.contains(.sparse),
            blockBytes: min(max(roots.destinationVolume.blockBytes, 512), 65_536),
            throttle: options.bytesPerSecondMax.map(Throttle.init(bytesPerSecond:)),
            isInterrupted: { phase.value.load(ordering: .relaxed) == .interrupted },
            countCopied: { counters.bytesCopied.count($0) }
        )
        carryRules = CarryRules(
            isRoot: comparison.isRoot,
            preserved: options.preserved,
            mask: options.mask,
            comparison: comparison
        )
    }

    var phase: Phase { phaseValue.value.load(ordering: .relaxed) }
    var mayWrite: Bool { !options.isDryRun && phase == .running }
    var isInterrupted: Bool { phase == .interrupted }
    /// Whether lines of `--itemize` are wanted; not for what a stopped pass only counts.
    var itemizes: Bool { options.itemizes && phase == .running }

    package func interrupt() {
        phaseValue.value.store(.interrupted, ordering: .sequentiallyConsistent)
    }

    /// Why DESTINATION stopped the pass, if it did.
    var stop: (DestinationStop, Failure)? { stopRecord.withLock { $0 } }
    /// The first failures, `failuresKeptMax` of them.
    var firstFailures: [Failure] { failureRecord.withLock { $0 } }
    /// So many are written down for `cutover history`; each takes some 200 bytes.
    static let failuresKeptMax = 10_000
    /// A failure as it is kept: of many unreadable ranges only what their text holds, or 10,000 damaged files
    /// could take 160 MB.
    private static func short(_ failure: Failure) -> Failure {
        guard let report = failure.damage, report.damage.ranges.count > rangesKeptMax,
            let bounds = failure.bytes
        else { return failure }
        var short = failure
        short.detail = report.text
        short.damage = DamageReport(text: report.text, bounds: bounds)
        return short
    }
    private static let rangesKeptMax = 64
    var branches: [Branch] { branchRecord.withLock { $0 } }

    /// Something is about to be changed on DESTINATION, be it an attribute: before the first time its root gets the mark.
    func noteChangeOfDestination() {
        if isMarked.load(ordering: .relaxed) || options.isDryRun { return }
        if isMarked.exchange(true, ordering: .relaxed) { return }
        markDestination()
    }

    /// All was changed that this pass changes, and is on the disk: the mark moves once more, or an image of the
    /// middle of the pass would look like one of its end.
    ///
    /// False: nothing was changed.
    func noteChangesDone() -> Bool {
        guard isMarked.load(ordering: .relaxed) else { return false }
        markDestination()
        return true
    }

    /// Directories moved under a scan pass, between its plan and its visits.
    ///
    /// What it did in them is right; what it would write down of them may not be.
    func noteDisturbance() { wasDisturbed.store(true, ordering: .relaxed) }
    var isDisturbed: Bool { wasDisturbed.load(ordering: .relaxed) }

    /// Records a failure of one entry; the pass goes on.
    func record(_ failure: Failure) {
        counters.failures.count()
        failureRecord.withLock { failures in
            if failures.count < Self.failuresKeptMax { failures.append(Self.short(failure)) }
        }
        emit(.failed(failure))
    }

    /// Records that something could not be written to DESTINATION: of one entry, or the end of writing (S18).
    func recordWrite(_ failure: Failure) {
        guard let error = failure.error, let stop = DestinationStop(error) else {
            return record(failure)
        }
        if stop == .full, phase == .running, error.operation != .syncfs, hasRoom() {
            var failure = failure
            failure.volumeHasRoom = true
            return record(failure)
        }
        let (exchanged, _) = phaseValue.value.compareExchange(
            expected: .running,
            desired: .counting,
            ordering: .sequentiallyConsistent
        )
        // Others that fail for the same reason are among what is counted as missing.
        guard exchanged else { return }
        stopRecord.withLock { $0 = (stop, failure) }
        emit(.stopped(stop, failure))
    }

    /// Whether DESTINATION has room though it says ENOSPC.
    ///
    /// Its root is asked: another directory of an XFS may answer with its project's limits. If the root itself is in
    /// a project that it passes on, that project's limit is DESTINATION's.
    private func hasRoom() -> Bool {
        // What cannot be asked is taken at its word.
        guard let destination, let volume = try? VolumeStatus(of: destination.descriptor) else {
            return false
        }
        return DestinationStop.hasRoom(volume)
    }

    func say(_ notice: Notice) {
        if saidNotices.withLock({ $0.insert(notice).inserted }) { emit(.notice(notice)) }
    }

    func addBranch(_ name: Name) -> Branch {
        let branch = Branch(name: name)
        branchRecord.withLock { $0.append(branch) }
        return branch
    }

    /// Whether one more entry may be removed (S45); counts it, or the refusal.
    func reserveDeletion() -> Bool {
        guard let most = options.deletionsMax else { return true }
        if deletions.wrappingAdd(1, ordering: .relaxed).oldValue < most { return true }
        counters.deletionsRefused.count()
        return false
    }

    /// What begins at an entry of DESTINATION (S46); nil where it belongs to DESTINATION's filesystem.
    func crossingOfDestination(_ status: FileStatus) -> MountBoundary.Crossing? {
        destinationBoundary?.crossing(at: status)
    }

    func isForeignDestination(_ status: FileStatus) -> Bool {
        crossingOfDestination(status) != nil
    }

    /// The status of an entry of DESTINATION; what is mounted there is asked only with `--cross-mounts`.
    func destinationStatus(
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> FileStatus? {
        guard let destinationBoundary else { return try directory.status(of: name) }
        let status = try destinationBoundary.status(of: name, in: directory)
        guard options.crossesMounts, let status, isForeignDestination(status) else { return status }
        return try directory.status(of: name)
    }
}

/// Whether a pass writes, for those who have nothing else of it.
private final class SharedPhase: Sendable {
    let value = Atomic<PassContext.Phase>(.running)
}
