// `cutover verify`: makes a plan of what was typed, compares, reports how it ended.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// One verification.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare DESTINATION with SOURCE, or with a manifest, byte for byte.",
        usage: """
            cutover verify [OPTIONS] SOURCE DESTINATION
            cutover verify [OPTIONS] --manifest FILE DESTINATION
            """,
        discussion: """
            Every entry of both trees is compared in everything that a pass copies, and every file byte for \
            byte: read from the disks, not from the page cache. Nothing is written, and the record of passes \
            is not used. Each difference is printed as a line on standard output.

            What changes on SOURCE or DESTINATION while verify runs is reported as changed, not as \
            different. SIGINT, SIGTERM and SIGHUP stop it, SIGUSR1 adds a worker, SIGUSR2 takes one away.

            Exit status: 0 equal, 1 different, 3 refused before starting, 20 interrupted, 23 something could \
            not be read or a report not be written, 24 nothing is wrong but some entries changed or vanished \
            meanwhile, 64 usage.
            """
    )

    @OptionGroup var options: VerifyOptions

    func run() throws {
        let plan = try VerifyPlan(options)
        let counters = VerificationCounters()
        let reporter = VerificationReporter(
            configuration: plan.reporting,
            counters: counters,
            manifest: plan.manifestName
        )
        let supervision = Supervision(notice: "nothing was changed")
        let begun = Begun<any VerificationRun>()
        do {
            let files = options.telling.files
            let tell: @Sendable (WaitingCall) -> Void = { reporter.receive(.waiting($0)) }
            let summary = try supervision.run(tell) { () throws(Refusal) in
                let verification = try Self.prepare(plan, counters) { reporter.receive($0) }
                try ReportFiles.judgeUse(of: files, plan.reporting)
                begun.set(verification)
                supervision.watch.know(verification.places)
                supervision.steer(
                    .init(
                        changeWorkers: { verification.changeWorkers(by: $0) },
                        interrupt: {
                            verification.interrupt()
                            return true
                        }
                    )
                )
                reporter.begin()
                return verification.run()
            }
            if let summary { throw ExitCode(reporter.finish(summary).rawValue) }
        } catch let refusal as Refusal {
            let text = RefusalText(refusal)
            reporter.refuse(text.reason, path: text.path, refusal)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        let waiting = supervision.watch.stuck()
        reporter.stopWaiting()
        if let verification = begun.value {
            supervision.end(reporter.finish(verification.giveUp(waiting: waiting)))
        }
        reporter.refuse(Supervision.reason(waiting), status: .interrupted)
        supervision.end(.interrupted)
    }

    private static func prepare(
        _ plan: VerifyPlan,
        _ counters: VerificationCounters,
        emit: @escaping @Sendable (VerificationEvent) -> Void
    ) throws(Refusal) -> any VerificationRun {
        let process = try ProcessSetup(writesTrees: false)
        switch plan.work {
        case .trees(let source, let destination, let options, let manifest):
            return try Verification(
                process,
                RootNames(source: source, destination: destination),
                options,
                counters: counters,
                manifest: manifest,
                emit: emit
            )
        case .manifest(let manifest, let destination):
            return try ManifestCheck(
                process,
                manifest: manifest,
                destination: destination,
                workers: plan.workers,
                counters: counters,
                emit: emit
            )
        }
    }
}
