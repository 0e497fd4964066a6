import Migration
import Reporting
final class FollowCommands {
    init(_ plan: FollowPlan, _ supervision: Supervision, _ reporter: FollowReporter) {}
    func before() throws(FollowLoop.End) -> Bool { true }
    func after(_ summary: PassSummary, isReady: Bool) {}
}
