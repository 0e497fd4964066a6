// A comparison of one part of a plan: how it ended is written down in PLAN, and closing makes one answer of all.

import LinuxIO

/// One part of a plan, compared.
package final class PlannedVerification: SteeredRun {
    private let verification: Verification
    private let planned: PlannedRun
    private let isEnded = Lock(false)

    package init(_ run: Verification, _ planned: PlannedRun) {
        verification = run
        self.planned = planned
    }

    package var control: RunControl { verification.control }
    package var isSynchronizing: Bool { verification.isSynchronizing }
    package func interrupt() -> Bool { verification.interrupt() }
    package func changeWorkers(by difference: Int) -> Bool {
        verification.changeWorkers(by: difference)
    }

    package func giveUp(waiting: [WaitingCall]) -> VerificationSummary {
        // Without a status the part counts as unfinished.
        isEnded.withLock { $0 = true }
        var summary = verification.giveUp(waiting: waiting)
        summary.plan = PlanOutcome(planned.share)
        return summary
    }

    /// Writes down that the part begins; nothing was compared yet.
    package func begin() throws(Refusal) { try planned.begin() }

    /// Gives the failures of the shards that this closes, once.
    package func joinFailures(into append: ([UInt8]) -> Void) {
        planned.joinFailures(into: append)
    }

    package func run() -> VerificationSummary {
        var summary = verification.run()
        let isGivenUp = isEnded.withLock { isEnded in
            defer { isEnded = true }
            return isEnded
        }
        if isGivenUp { return summary }
        (summary.status, summary.plan) = planned.end(
            summary.status,
            summary.durationNanoseconds,
            summary.counters,
            links: planned.file(of: verification.openPairs)
        )
        return summary
    }
}
