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
        usage: "cutover [sync] [<options>] <source> <destination>",
        discussion: """
            Data, owners, times, permissions, extended attributes, ACLs, hard links, sparse files, \
            devices, FIFOs and sockets are copied; what is up to date is left alone. Nothing is \
            deleted unless --delete is given.

            SIGINT, SIGTERM and SIGHUP stop the pass cleanly, a second one at once; the next pass goes \
            on from there. SIGUSR1 adds a worker, SIGUSR2 takes one away.

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
        let pass: Pass
        do {
            pass = try Pass(
                source: options.source.name,
                destination: options.destination.name,
                options: plan.pass,
                counters: counters,
                emit: { reporter.receive($0) }
            )
        } catch {
            let text = RefusalText(error)
            reporter.refuse(text.reason, path: text.path)
            throw ExitCode(PassStatus.refused.rawValue)
        }
        let signals = Signals(pass)
        signals.begin()
        reporter.begin()
        let status = reporter.finish(pass.run())
        signals.end()
        throw ExitCode(status.rawValue)
    }
}
