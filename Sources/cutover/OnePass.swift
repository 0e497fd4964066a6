// A pass that is all that a command does: that of `sync`, of `tune`.

import Migration
import Reporting

/// One pass, what is told of it, and a look at the next one.
struct OnePass {
    private let plan: SyncPlan
    private let names: RootNames
    private let reports: [ReportFile]

    init(_ plan: SyncPlan, _ names: RootNames, reports: [ReportFile]) {
        self.plan = plan
        self.names = names
        self.reports = reports
    }

    /// Makes it, and gives the status to exit with; called by the main thread.
    func run() -> ExitStatus {
        let counters = Counters()
        let service = ServiceNotifier.taken()
        let streams = ReportStreams(plan.reporting, run: "the pass", service: service)
        let reporter = Reporter(streams, counters: counters)
        let session = Session(
            streams,
            reports: reports,
            writesTrees: true,
            Supervision(
                notice: "files in hand are given back",
                limit: { plan.limit },
                service: service
            ) { reporter.receive(.waiting($0)) }
        )
        let metrics = PassMetrics(
            plan.reporting.metrics,
            names,
            stateFolder: plan.pass.stateFolder,
            planned: plan.planned
        )
        return session.run(
            prepare: { [plan, names] setting throws(Refusal) in
                if let request = plan.planned {
                    let maker = PlannedPassMaker(names: names, request: request, typed: plan.pass)
                    let made = try maker.make(setting, counters) { reporter.receive($0) }
                    return .init(run: made.run) { () throws(Refusal) in
                        try made.run.begin()
                        metrics?.passBegins()
                        reporter.begin { made.pass.publish($0) }
                        made.run.joinFailures { streams.takeFailures($0) }
                    }
                }
                let pass = try Pass(
                    setting.process,
                    names,
                    plan.pass,
                    counters: counters,
                    opened: { setting.watch.know($0) },
                    emit: { reporter.receive($0) }
                )
                let look = plan.looksAhead.map {
                    PendingLook(setting.process, names, plan.pass, limitSeconds: $0)
                }
                return .init(run: EstimatedPass(pass, look: look)) {
                    metrics?.passBegins()
                    reporter.begin { pass.publish($0) }
                }
            },
            finish: { (summary: PassSummary) in
                metrics?.end(summary)
                return reporter.finish(summary)
            }
        )
    }
}
