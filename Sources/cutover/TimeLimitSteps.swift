// What becomes of a run at its time limit: nothing new, the grace, the disk that is waited for, giving up.

import LinuxIO
import Migration

/// What the main thread does when a time limit comes near, step by step.
struct TimeLimitSteps {
    /// What is in hand at the limit may take so long; then it is given back.
    static let graceSeconds: UInt64 = 30
    /// So long after that a run should have come back, as after a signal.
    private static let patienceSeconds: UInt64 = 5

    private enum Step { case before, grace(until: UInt64), patience(until: UInt64), waitingForDisk }

    private let limit: TimeLimit?
    private var step = Step.before

    init(_ limit: TimeLimit?) { self.limit = limit }

    private var name: String { limit?.name ?? "" }

    /// Nanoseconds until something is to be done, at most 5 s, lest a wall clock that is set be missed; nil: never.
    var wait: UInt64? {
        guard let limit else { return nil }
        let now = monotonicNanoseconds()
        let wait: UInt64
        switch step {
        case .before: wait = limit.remaining
        case .grace(let until), .patience(let until): wait = until > now ? until - now : 0
        case .waitingForDisk: return nil
        }
        return min(wait, 5_000_000_000)
    }

    /// Whether the limit is reached, be a run there or not.
    var isReached: Bool {
        if case .before = step { return limit?.remaining == 0 }
        return true
    }

    /// Does what is due; false: the run does not come back.
    ///
    /// `tell` is given a sentence for people.
    mutating func advance(_ run: Supervision.Steered?, tell: (String) -> Void) -> Bool {
        let now = monotonicNanoseconds()
        let isSynchronizing = run?.isSynchronizing() ?? false
        switch step {
        case .before:
            guard isReached else { return true }
            run?.control?.reachTimeLimit()
            if isSynchronizing { return waitForDisk(tell) }
            step = .grace(until: now &+ Self.graceSeconds * 1_000_000_000)
            tell(
                "\(name): nothing new is begun, files in hand get \(Self.graceSeconds) s"
            )
        case .grace(let until):
            if isSynchronizing { return waitForDisk(tell) }
            if now < until { return true }
            run?.control?.endGrace()
            step = .patience(until: now &+ Self.patienceSeconds * 1_000_000_000)
        case .patience(let until):
            if isSynchronizing { return waitForDisk(tell) }
            return now < until
        case .waitingForDisk: break
        }
        return true
    }

    /// syncfs(2) cannot be cut short, and without it the pass would have been for nothing.
    private mutating func waitForDisk(_ tell: (String) -> Void) -> Bool {
        step = .waitingForDisk
        tell(
            "\(name): DESTINATION's disk is waited for, which cannot be cut short"
        )
        return true
    }
}
