// What the carrier of quotas tells of a pass: counts, events, failures of the whole volume.

import History
import LinuxIO

/// A pass, as the carrier of quotas sees it.
struct PassQuotaReport: QuotaReporting {
    private let context: PassContext

    init(_ context: PassContext) { self.context = context }

    /// Nor after a pass that was cut: limits would stop users in what is not there yet (Q8).
    var goesOn: Bool { context.log.phase == .running && context.log.cause == nil }
    var isDryRun: Bool { context.plan.options.isDryRun }

    func noteChange() { context.noteChangeOfDestination() }

    func tell(_ change: QuotaChange) { context.log.emit(.quota(change)) }

    func say(_ notice: Notice) { context.say(notice) }

    func fail(_ step: FailedStep) { context.log.record(step, path: []) }

    func count(_ counter: QuotaCount) {
        let counters = context.log.counters
        switch counter {
        case .set: counters[.quotasSet].count()
        case .cleared: counters[.quotasCleared].count()
        case .left: counters[.quotasLeft].count()
        case .graceRestarted: counters[.graceRestarted].count()
        case .overLimit: counters[.overLimit].count()
        }
    }
}
