// Options that several commands have, each with its limits in one place.

import ArgumentParser
import LinuxIO
import Migration

/// How many work at the same time.
struct WorkersOption: ParsableArguments {
    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Workers at the same time, 1 to 250.", valueName: "number")
    )
    var workers = 30

    func validate() throws {
        let most = PassOptions.workersMax
        if !(1...most).contains(workers) {
            throw ValidationError("--workers takes 1 to \(most), not \(workers).")
        }
    }
}

/// Where the state between passes is kept.
struct StateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the state between passes is kept (/var/lib/cutover).",
            valueName: "directory"
        )
    )
    var state: BytesArgument?

    /// `--state`, else `$CUTOVER_STATE`, else a folder of the machine and not of a user: whoever runs the next pass
    /// has to find it.
    var folder: Name {
        state?.name ?? ProcessLimits.environment("CUTOVER_STATE") ?? Name("/var/lib/cutover")
    }
}
