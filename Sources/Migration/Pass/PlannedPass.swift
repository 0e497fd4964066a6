// A pass that is a part of a plan: how it ended is written down in PLAN, and closing makes one summary of all.

import LinuxIO

/// A pass that is a part of a plan: how it ended is written down in PLAN.
package final class PlannedPass: SteeredRun, HeldRun {
    private let pass: Pass
    private let planned: PlannedRun
    private let isEnded = Lock(false)

    package init(_ pass: Pass, _ planned: PlannedRun) {
        self.pass = pass
        self.planned = planned
    }

    package var control: RunControl { pass.control }
    package var isSynchronizing: Bool { pass.isSynchronizing }
    package var workersWanted: Int { pass.workersWanted }
    package func interrupt() -> Bool { pass.interrupt() }
    package func changeWorkers(by difference: Int) -> Bool { pass.changeWorkers(by: difference) }
    package func limitWorkers(to most: Int?, isMeasuring: Bool) {
        pass.limitWorkers(to: most, isMeasuring: isMeasuring)
    }

    /// Writes down that the part begins; nothing was done yet.
    package func begin() throws(Refusal) { try planned.begin() }

    /// Gives the failures of the shards that this closes, once.
    package func joinFailures(into append: ([UInt8]) -> Void) {
        planned.joinFailures(into: append)
    }

    package func run() -> PassSummary {
        var summary = pass.run()
        // One that is given up just now was not heard of as ended.
        guard
            !isEnded.withLock({ isEnded in
                defer { isEnded = true }
                return isEnded
            })
        else { return summary }
        (summary.status, summary.plan) = planned.end(
            summary.status,
            summary.durationNanoseconds,
            summary.counters,
            links: planned.file(of: pass.openGroups)
        )
        return summary
    }

    package func giveUp(waiting: [WaitingCall]) -> PassSummary {
        var summary = pass.giveUp(waiting: waiting)
        let isFirst = isEnded.withLock { isEnded in
            defer { isEnded = true }
            return !isEnded
        }
        // PLAN may be what does not answer: nothing is written there. Without a status the part counts as unfinished.
        if isFirst { summary.plan = PlanOutcome(planned.share) }
        return summary
    }
}
