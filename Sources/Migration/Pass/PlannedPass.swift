// A pass that is a part of a plan: how it ended is written down in PLAN, and closing makes one summary of all.

import History
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

    package func run() -> PassSummary {
        var summary = pass.run()
        // One that is given up just now was not heard of as ended.
        guard
            !isEnded.withLock({ isEnded in
                defer { isEnded = true }
                return isEnded
            })
        else { return summary }
        end(&summary, pass.openGroups)
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

    /// Writes down how it ended, and makes one summary of all where it is closing.
    private func end(_ summary: inout PassSummary, _ groups: [OpenGroup]) {
        var outcome = planned.outcome
        var status = summary.status
        if planned.part == .closing {
            status = .worst(of: [status] + planned.statuses)
            if !planned.troubles.isEmpty { status = .worst(of: [status, .someFailed]) }
        }
        var counts: [String: UInt64] = [:]
        for counter in PassCounter.allCases {
            if let key = counter.key { counts[key] = summary.counters[counter].value() }
        }
        do throws(SystemError) {
            try planned.end(
                planned.result(status, summary.durationNanoseconds, counts),
                planned.part == .closing ? nil : groups
            )
        } catch {
            outcome.problem = error
            status = .worst(of: [status, .someFailed])
        }
        for joined in planned.joined {
            for counter in PassCounter.allCases {
                guard let key = counter.key, let count = joined.counts[key] else { continue }
                summary.counters[counter].count(count)
            }
        }
        summary.status = status
        summary.plan = outcome
    }
}
