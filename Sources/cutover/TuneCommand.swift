// `cutover tune`: one pass that tries numbers of workers while it works, and remembers the best.

import ArgumentParser
import Migration

/// A pass that looks for the best number of workers.
struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "A pass that tries numbers of workers, and remembers the best.",
        usage: "cutover tune [OPTIONS] SOURCE DESTINATION",
        discussion: """
            A pass as 'cutover sync' makes it with these options, the first copy at best: nothing is copied for the \
            test's sake. Meanwhile numbers of workers are tried, each three times in random order, then some \
            between the two best. Taken is the smallest that is nearly as fast as the fastest, since users feel each \
            worker more. Later passes of these volumes on this machine take it; --workers overrides.

            The usual numbers take 3m12s of work, and two rounds of them, 2m08s, are needed. Where there is less work \
            nothing is remembered, and all is copied all the same.

            SIGINT, SIGTERM and SIGHUP stop the pass as they stop that of 'sync'; what is known by then is shown. \
            SIGUSR1 adds a worker, SIGUSR2 takes one away: numbers above what is left are not measured.

            Exit status: as of 'sync': 0 done, 3 refused before starting, 11 DESTINATION stopped the pass, 20 \
            interrupted, 23 some entries failed, 24 some vanished meanwhile, 25 --max-delete reached, 26 a time \
            limit reached, 64 usage.
            """
    )

    @OptionGroup var options: TuneOptions

    func run() throws {
        let plan = try SyncPlan(options)
        let pass = OnePass(plan, options.volumes.names, reports: options.telling.files)
        throw ExitCode(pass.run().rawValue)
    }
}
