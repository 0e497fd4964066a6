// `cutover sync`: makes a plan of what was typed, runs the pass, reports how it ended.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// One pass from SOURCE to DESTINATION.
struct SyncCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "One pass: make DESTINATION like SOURCE.",
        usage: "cutover [sync] [OPTIONS] SOURCE DESTINATION",
        discussion: """
            Data, owners, times, permissions, extended attributes, ACLs, hard links, sparse files, \
            devices, FIFOs and sockets are copied; up-to-date entries are skipped. Nothing is \
            deleted unless --delete is given.

            SIGINT, SIGTERM and SIGHUP stop the pass cleanly, a second one at once; the next pass \
            continues from there. SIGUSR1 adds a worker, SIGUSR2 takes one away.

            rsync's letters and '-x -W -P --numeric-ids --info=... --stats' are accepted and change nothing.

            Exit status: 0 done, 3 refused before starting, 11 DESTINATION stopped the pass (full, \
            read-only, broken), 20 interrupted, 23 some entries failed, 24 some vanished meanwhile, 25 \
            --max-delete reached, 64 usage.
            """
    )

    @OptionGroup var options: SyncOptions

    func run() throws {
        let plan = try SyncPlan(options)
        if options.how.idle { try plan.setIdlePriority() }
        let counters = Counters()
        let reporter = Reporter(configuration: plan.reporting, counters: counters)
        let supervision = Supervision(notice: "files in hand are given back")
        let begun = Begun<Pass>()
        do {
            let names = RootNames(
                source: options.source.name,
                destination: options.destination.name
            )
            let files = options.telling.files
            let tell: @Sendable (WaitingCall) -> Void = { reporter.receive(.waiting($0)) }
            let summary = try supervision.run(tell) { () throws(Refusal) in
                let pass = try Pass(
                    ProcessSetup(writesTrees: true),
                    names,
                    plan.pass,
                    counters: counters,
                    opened: { supervision.watch.know($0) },
                    emit: { reporter.receive($0) }
                )
                try ReportFiles.judgeUse(of: files, plan.reporting)
                begun.set(pass)
                supervision.steer(
                    .init(
                        changeWorkers: { pass.changeWorkers(by: $0) },
                        interrupt: { pass.interrupt() }
                    )
                )
                reporter.begin { pass.publish($0) }
                return pass.run()
            }
            if let summary { throw ExitCode(reporter.finish(summary).rawValue) }
        } catch let refusal as Refusal {
            let text = RefusalText(refusal)
            reporter.refuse(text.reason, path: text.path, refusal)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        let waiting = supervision.watch.stuck()
        reporter.stopWaiting()
        if let pass = begun.value {
            supervision.end(reporter.finish(pass.giveUp(waiting: waiting)))
        }
        reporter.refuse(Supervision.reason(waiting), status: .interrupted)
        supervision.end(.interrupted)
    }
}
