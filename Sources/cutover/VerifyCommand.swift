// `cutover verify`: makes a plan of what was typed, compares, reports how it ended.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// One verification.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare DESTINATION with SOURCE, or with a manifest.",
        usage: """
            cutover verify [OPTIONS] SOURCE DESTINATION
            cutover verify [OPTIONS] --manifest FILE DESTINATION
            cutover verify --plan PLAN [--shard NUMBER | --close] SOURCE DESTINATION
            """,
        discussion: """
            Every entry of both trees is compared in everything that a pass copies, and every file byte for \
            byte: read from the disks, not from the page cache. Neither side is written to; how it ended is \
            recorded beside the passes of the two. Each difference is printed as a line on standard output.

            What users changed on SOURCE since the last whole pass, by the record of passes, is counted as \
            pending, for the next pass takes it; -v prints it. What that pass left out is left out here as well, \
            unless --exclude or --exclude-from is given. What changes while verify runs is reported as \
            changed, not as different. SIGINT, SIGTERM and SIGHUP stop it, SIGUSR1 adds a worker, SIGUSR2 takes one away.

            With --plan it is done by several machines: each compares one shard of a plan of 'cutover plan', every byte \
            of it, and --close what lies above the cuts and hard links across shards. Its status and counts are of all. \
            Accounts of quotas are left out.

            Exit status: 0 equal, 1 different, 3 refused before starting, 20 interrupted, 23 something could \
            not be read or a report not be written, 24 nothing is wrong but some entries changed since the \
            last pass, or changed or vanished meanwhile, 26 a time limit reached, 64 usage.
            """
    )

    @OptionGroup var options: VerifyOptions

    func run() throws {
        let plan = try VerifyPlan(options)
        let counters = VerificationCounters()
        let service = ServiceNotifier.taken()
        let streams = ReportStreams(plan.reporting, run: "the comparison", service: service)
        let reporter = VerificationReporter(
            streams,
            counters: counters,
            manifest: plan.manifestName
        )
        let session = Session(
            streams,
            reports: options.telling.files,
            writesTrees: false,
            Supervision(
                notice: "nothing was changed",
                limit: { plan.limit },
                service: service
            ) { reporter.receive(.waiting($0)) }
        )
        let status = session.run(
            prepare: { setting throws(Refusal) in
                let run = try Self.prepare(plan, setting, counters) { reporter.receive($0) }
                return .init(run: run) { () throws(Refusal) in
                    let planned = run as? PlannedVerification
                    try planned?.begin()
                    reporter.begin()
                    planned?.joinFailures { streams.takeFailures($0) }
                }
            },
            finish: { (summary: VerificationSummary) in
                plan.writeMetrics(of: summary)
                return reporter.finish(summary)
            }
        )
        throw ExitCode(status.rawValue)
    }

    private static func prepare(
        _ plan: VerifyPlan,
        _ setting: Session.RunSetting,
        _ counters: VerificationCounters,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) throws(Refusal) -> any SteeredRun<VerificationSummary> {
        if let request = plan.planned,
            case .trees(let source, let destination, let options, _) = plan.work
        {
            let maker = PlannedComparisonMaker(
                names: RootNames(source: source, destination: destination),
                request: request,
                typed: options
            )
            return try maker.make(setting, counters, emit: emit)
        }
        switch plan.work {
        case .trees(let source, let destination, let options, let manifest):
            let run = try Verification(
                setting.process,
                RootNames(source: source, destination: destination),
                options,
                counters: counters,
                manifest: manifest,
                emit: emit
            )
            setting.watch.know(run.places)
            return run
        case .manifest(let manifest, let destination):
            let run = try ManifestCheck(
                setting.process,
                manifest: manifest,
                destination: destination,
                workers: plan.workers,
                counters: counters,
                emit: emit
            )
            setting.watch.know(run.places)
            return run
        }
    }
}
