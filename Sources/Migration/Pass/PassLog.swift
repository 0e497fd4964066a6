// What a pass has told and counted so far, and the one switch that says whether anything may still be written.

import History
import LinuxIO
import Synchronization

/// Counts, events, failures of all workers, and whether they go on.
///
/// Thread-safe.
final class PassLog: Sendable {
    /// Whether DESTINATION is still written to.
    enum Phase {
        case running
        /// DESTINATION takes no more: the rest is only counted (S18).
        case counting
        /// A signal, or some time after the time limit: workers give back what they have, nothing new is begun.
        case interrupted
    }

    let counters: Counters
    let emit: @Sendable (PassEvent) -> Void
    /// How this pass is ended from outside.
    let control: RunControl
    private let isDryRun: Bool
    private let wantsItems: Bool
    private let deletionsMax: UInt64?
    private let hasRoom: @Sendable () -> Bool
    private let isCounting = Atomic<Bool>(false)
    private let deletions = Atomic<UInt64>(0)
    private let hasToldSynchronize = Atomic<Bool>(false)
    private let stopRecord = Lock<(DestinationStop, Failure)?>(nil)
    private let saidNotices = Lock<Set<Notice>>([])
    private let failureRecord = Lock<[Failure]>([])
    private let branchRecord = Lock<[Branch]>([])

    /// `hasRoom`: asked where DESTINATION says ENOSPC.
    init(
        _ options: PassOptions,
        _ control: RunControl,
        _ counters: Counters,
        emit: @escaping @Sendable (PassEvent) -> Void,
        hasRoom: @escaping @Sendable () -> Bool
    ) {
        self.counters = counters
        self.emit = emit
        self.control = control
        self.hasRoom = hasRoom
        isDryRun = options.isDryRun
        wantsItems = options.itemizes
        deletionsMax = options.deletionsMax
    }

    // MARK: Going on

    var phase: Phase {
        if control.isGivingBack { return .interrupted }
        return isCounting.load(ordering: .relaxed) ? .counting : .running
    }
    /// Whoever is told no leaves something.
    var mayWrite: Bool {
        !isDryRun && !control.isInterrupted && !isCounting.load(ordering: .relaxed)
    }
    /// See `RunControl`.
    var isInterrupted: Bool { control.isInterrupted }
    var mayBegin: Bool { control.mayBegin }
    /// What ended the pass before it was done.
    var cause: RunControl.Cause? { control.cause }
    /// Whether lines of `--itemize` are wanted; not for what a stopped pass only counts.
    var itemizes: Bool { wantsItems && phase == .running }

    /// Whether one more entry may be removed (S45); counts it, or the refusal.
    func reserveDeletion() -> Bool {
        guard let most = deletionsMax else { return true }
        if deletions.wrappingAdd(1, ordering: .relaxed).oldValue < most { return true }
        counters.deletionsRefused.count()
        return false
    }

    // MARK: Failures

    /// Why DESTINATION stopped the pass, if it did.
    var stop: (DestinationStop, Failure)? { stopRecord.withLock { $0 } }
    /// The same with what DESTINATION has now, for the summary.
    func stopFacts(_ roots: Roots) -> PassSummary.Stop? {
        guard let (reason, failure) = stop else { return nil }
        // A volume that broke may not even say what room it has: then none.
        var available: UInt64 = 0
        var inodes: UInt64?
        if let destination = roots.destination,
            let volume = try? VolumeStatus(of: destination.descriptor)
        {
            available = volume.availableBytes
            inodes = volume.countsInodes ? volume.freeInodes : nil
        }
        return PassSummary.Stop(
            reason: reason,
            failure: failure,
            availableBytes: available,
            freeInodes: inodes
        )
    }
    /// The first failures, `failuresKeptMax` of them.
    var firstFailures: [Failure] { failureRecord.withLock { $0 } }
    /// So many are written down for `cutover history`; each takes some 200 bytes.
    static let failuresKeptMax = 10_000

    /// Records a failure of one entry; the pass goes on.
    func record(_ failure: Failure) {
        counters.failures.count()
        if failure.activity.isOfQuotas { counters[.quotaFailures].count() }
        failureRecord.withLock { failures in
            if failures.count < Self.failuresKeptMax { failures.append(Self.short(failure)) }
        }
        emit(.failed(failure))
    }

    /// Records a step that failed of the entry at `path`.
    func record(_ step: FailedStep, path: [UInt8]) {
        let failure = Failure(step, path: path)
        if step.isWrite { recordWriteFailure(failure) } else { record(failure) }
    }

    /// Records that something could not be written to DESTINATION: of one entry, or the end of writing (S18).
    func recordWriteFailure(_ failure: Failure) {
        guard let error = failure.error, let stop = DestinationStop(error) else {
            return record(failure)
        }
        let isCounted = isCounting.load(ordering: .relaxed)
        if stop == .full, !isCounted, error.operation != .syncfs, hasRoom() {
            var failure = failure
            failure.volumeHasRoom = true
            return record(failure)
        }
        // Others that fail for the same reason are among what is counted as missing.
        if isCounting.exchange(true, ordering: .sequentiallyConsistent) { return }
        // Nothing can be stopped any more, but that the disk fails is told.
        if control.isGivingBack { return record(failure) }
        stopRecord.withLock { $0 = (stop, failure) }
        emit(.stopped(stop, failure))
    }

    /// Records once that DESTINATION could not be brought to its disk: it may have been told when a watermark was set.
    func recordSynchronizeFailure(_ failure: Failure) {
        if hasToldSynchronize.exchange(true, ordering: .relaxed) { return }
        // Only a running pass can still be stopped by it; it is never left untold.
        if phase == .running { recordWriteFailure(failure) } else { record(failure) }
    }

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

    // MARK: Telling

    /// Says something, once.
    func say(_ notice: Notice) {
        if saidNotices.withLock({ $0.insert(notice).inserted }) { emit(.notice(notice)) }
    }

    var branches: [Branch] { branchRecord.withLock { $0 } }

    func addBranch(_ name: Name) -> Branch {
        let branch = Branch(name: name)
        branchRecord.withLock { $0.append(branch) }
        return branch
    }
}
