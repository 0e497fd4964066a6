// A pass, and after it a look at what the next one would have to do.

import LinuxIO

/// Runs a pass, and then looks; what becomes of the look changes nothing in how the pass ended.
package final class EstimatedPass: SteeredRun {
    private let pass: Pass
    private let look: PendingLook?
    /// How the pass ended, once it has.
    private let ended = Lock<PassSummary?>(nil)

    package var control: RunControl { pass.control }

    /// `look`: nil, and there is none.
    package init(_ pass: Pass, look: PendingLook?) {
        self.pass = pass
        self.look = look
    }

    package func run() -> PassSummary {
        var summary = pass.run()
        ended.withLock { $0 = summary }
        // Others let the record prove nothing: the next pass walks.
        guard let look, summary.isRemembered, control.cause == nil else { return summary }
        if let estimate = look.run(), estimate.pending.isCounted { summary.next = estimate }
        return summary
    }

    package func interrupt() -> Bool {
        look?.interrupt()
        return pass.interrupt()
    }

    package var isSynchronizing: Bool { pass.isSynchronizing && ended.withLock { $0 } == nil }

    package func giveUp(waiting: [WaitingCall]) -> PassSummary {
        ended.withLock { $0 } ?? pass.giveUp(waiting: waiting)
    }

    package func changeWorkers(by difference: Int) { pass.changeWorkers(by: difference) }
}
