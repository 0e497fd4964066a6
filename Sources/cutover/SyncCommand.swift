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

            --final is the last pass, when SOURCE is read-only: it is checked afterwards, and says what /etc/fstab is \
            to have.

            rsync's letters and '-x -W -P --numeric-ids --info=... --stats' are accepted and change nothing.

            Exit status: 0 done, 1 different (--final), 3 refused before starting, 11 DESTINATION stopped the pass (full, \
            read-only, broken), 20 interrupted, 23 some entries failed, 24 some vanished meanwhile, 25 \
            --max-delete reached, 26 a time limit reached, 64 usage.
            """
    )

    @OptionGroup var options: SyncOptions

    func run() throws {
        let plan = try SyncPlan(options)
        if options.last.isFinal {
            throw ExitCode(FinalSwitch(options, plan).run().rawValue)
        }
        if options.how.idle { try SyncPlan.setIdlePriority() }
        let pass = OnePass(plan, options.volumes.names, reports: options.telling.files)
        throw ExitCode(pass.run().rawValue)
    }
}
