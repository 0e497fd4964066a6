// `cutover follow`: makes a plan of what was typed, runs pass after pass, reports how the loop ended.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// Passes in a loop.
struct FollowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Passes in a loop beside live users; after each, how long the switch would take.",
        usage: "cutover follow [OPTIONS] SOURCE DESTINATION",
        discussion: """
            One pass after the other until it is stopped, each as 'cutover sync' would make it with these options. \
            After each pass it is counted what the next one would have to do, and how long that would take: the \
            time that users would have to wait, but for stopping and starting services.

            Between passes nothing of the volumes is open: they can be unmounted, and a volume that went away ends the \
            loop. Nothing is ever switched by itself.

            SIGINT, SIGTERM and SIGHUP end it, a second one at once. SIGUSR1 adds a worker, SIGUSR2 takes one \
            away. SIGCONT begins the next pass now.

            Exit status: that of the last pass where a signal, --passes or a time limit ends the loop between two \
            passes; with --until-ready 0 at READY alone, else 20 or 26; 3 refused, 11 DESTINATION takes no more, 20 \
            interrupted in a pass, 25 --max-delete reached, 26 a time limit reached in a pass, 64 usage.
            """
    )

    @OptionGroup var options: FollowOptions

    func run() throws {
        let plan = try FollowPlan(options)
        if plan.pass.isIdle {
            try SyncPlan.setIdlePriority {
                "the idle class cannot be had here: \($0); give --no-idle."
            }
        }
        let service = ServiceNotifier.taken()
        let streams = ReportStreams(plan.reporting, run: "the loop", service: service)
        let reporter = FollowReporter(
            streams,
            isIdle: plan.pass.isIdle,
            givesWay: plan.givesWay,
            hasHours: !plan.hours.isAlways,
            readyBelowSeconds: plan.readyBelowSeconds
        )
        let supervision = Supervision(
            notice: "files in hand are given back",
            limit: {
                let now = Int64(clamping: WallClock.nanoseconds)
                let closing = plan.hours.allow(now) ? plan.hours.nextChange(after: now) : now
                return .earlier(plan.limit, closing.map { TimeLimit(endOfHours: $0) })
            },
            hearsContinue: true,
            service: service
        ) { reporter.tell(call: $0) }
        let session = Session(
            streams,
            reports: options.telling.files,
            writesTrees: true,
            supervision
        )
        let status = FollowLoop(plan, session, supervision, streams, reporter).run()
        throw ExitCode(status.rawValue)
    }
}
