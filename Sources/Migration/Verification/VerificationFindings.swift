// What a verification has found so far: counts, the first failures, whether it is to stop. The one place that
// decides the exit status of it.

import LinuxIO

/// What a difference says of the copy.
package enum DifferenceStanding: Sendable, Equatable {
    /// DESTINATION is not what it should be.
    case found
    /// One of the two sides changed after the verification had begun: nothing.
    case changed
    /// Users changed SOURCE since the last whole pass, at this time of change: the next one takes it.
    case pending(changed: Int64)

    init(isChanged: Bool) { self = isChanged ? .changed : .found }
}

/// The findings of all workers of one verification.
///
/// Thread-safe.
final class VerificationFindings: Sendable {
    let counters: VerificationCounters
    let emit: @Sendable (VerificationEvent) -> Void
    /// How the verification is ended from outside.
    let control = RunControl()
    private let failureRecord = Lock<[Failure]>([])
    private let saidNotices = Lock<Set<VerificationNotice>>([])

    init(
        counters: VerificationCounters,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) {
        self.counters = counters
        self.emit = emit
    }

    /// See `RunControl`.
    var isInterrupted: Bool { control.isInterrupted }
    var mayBegin: Bool { control.mayBegin }
    /// What ended it before all was compared.
    var cause: RunControl.Cause? { control.cause }

    /// What comparing contents needs of it.
    var reading: ReadingControl {
        let counters = counters
        return ReadingControl(control: control, countRead: { counters.bytesRead.count($0) })
    }

    /// The first failures, as many as the summary shows.
    var firstFailures: [Failure] { failureRecord.withLock { $0 } }

    /// Tells a difference; `isChanged`: one of the two sides changed after the verification had begun.
    func tell(_ difference: FoundDifference, isChanged: Bool) {
        tell(difference, DifferenceStanding(isChanged: isChanged))
    }

    /// Tells a difference; who tells that an entry is pending counts it, for one may differ in several ways.
    func tell(_ difference: FoundDifference, _ standing: DifferenceStanding) {
        switch standing {
        case .changed:
            counters.changed.count()
            emit(.changed(difference))
        case .pending(let changed): emit(.pending(difference, changed: changed))
        case .found:
            counters.differences.count()
            if difference.aspect.isSetting { counters.settingsDifferences.count() }
            if case .quota = difference.aspect { counters.quotaDifferences.count() }
            emit(.found(difference))
        }
    }

    func record(_ failure: Failure) {
        counters.failures.count()
        failureRecord.withLock { failures in
            if failures.count < PassSummary.failuresShownMax { failures.append(failure) }
        }
        emit(.failed(failure))
    }

    func reportVanished(_ path: [UInt8]) {
        counters.vanished.count()
        emit(.vanished(path: path))
    }

    func say(_ notice: VerificationNotice) {
        if saidNotices.withLock({ $0.insert(notice).inserted }) { emit(.notice(notice)) }
    }

    /// An answer that is incomplete is worse than one that says "different", as with diff(1); and where nothing is
    /// wrong but something changed meanwhile, "equal" would be a lie.
    var status: ExitStatus {
        let cause = cause
        if cause == .signal { return .interrupted }
        if counters.failures.value() > 0 { return .someFailed }
        if cause == .timeLimit { return .timeLimit }
        if counters.differences.value() > 0 { return .different }
        let unjudged: [VerificationCounter] = [.changed, .vanished, .pending]
        if unjudged.contains(where: { counters[$0].value() > 0 }) { return .someVanished }
        return .done
    }
}
