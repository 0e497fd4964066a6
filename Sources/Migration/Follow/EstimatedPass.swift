// A pass, and after it a look at what the next one would have to do.

import LinuxIO

/// Runs a pass, and then looks; what becomes of the look changes nothing in how the pass ended.
package final class EstimatedPass: SteeredRun, HeldRun {
    private let pass: Pass
    private let look: PendingLook?
    private let takesUncounted: Bool
    private let passEnded: @Sendable () -> Void
    /// How the pass ended, once it has.
    private let ended = Lock<PassSummary?>(nil)

    package var control: RunControl { pass.control }

    /// `look`: nil, and there is none; `takesUncounted`: it looks after each pass and not only after those by a scan,
    /// and an estimate without a count of what is pending is one, too;
    /// `passEnded` is called before it looks.
    package init(
        _ pass: Pass,
        look: PendingLook?,
        takesUncounted: Bool = false,
        passEnded: @escaping @Sendable () -> Void = {}
    ) {
        self.passEnded = passEnded
        self.pass = pass
        self.look = look
        self.takesUncounted = takesUncounted
    }

    package func run() -> PassSummary {
        var summary = pass.run()
        ended.withLock { $0 = summary }
        passEnded()
        // Others let the record prove nothing: the next pass walks.
        guard let look, summary.isRemembered, control.cause == nil else { return summary }
        // A pass that walked may have been short, and a scan of the whole volume long.
        if summary.method != .scan, !takesUncounted { return summary }
        // In time or not: a look that is cut off is one that never was.
        control.whenEnding { [weak look] in _ = look?.interrupt() }
        let estimate =
            summary.foundNothing
            ? look.runAfterNothing(changes: summary.changesSeconds) : look.run()
        if estimate?.pending.isCounted == true || takesUncounted { summary.next = estimate }
        return summary
    }

    package func interrupt() -> Bool {
        pass.interrupt()
    }

    package var isSynchronizing: Bool { pass.isSynchronizing && ended.withLock { $0 } == nil }

    /// Where the pass had ended it is its summary, with what the look waits for: nothing was given up of the pass.
    package func giveUp(waiting: [WaitingCall]) -> PassSummary {
        guard var summary = ended.withLock({ $0 }) else { return pass.giveUp(waiting: waiting) }
        summary.waiting = waiting
        return summary
    }

    /// While it looks there is no work of the pass that more of them could do.
    package func changeWorkers(by difference: Int) -> Bool {
        if ended.withLock({ $0 }) != nil { return false }
        return pass.changeWorkers(by: difference)
    }
    package var workersWanted: Int { pass.workersWanted }
    package func limitWorkers(to most: Int?, isMeasuring: Bool) {
        pass.limitWorkers(to: most, isMeasuring: isMeasuring)
    }
}
