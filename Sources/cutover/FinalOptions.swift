// `--final` and what goes with it.

import ArgumentParser

/// The last pass.
struct FinalOptions: ParsableArguments {
    @Flag(
        name: .customLong("final"),
        help:
            "The last pass: refused while SOURCE can be written to; with the options of the last whole pass, unless any that decide what is copied or deleted are given; then a second look, which must find nothing, and 'verify --metadata'."
    )
    var isFinal = false

    @Flag(
        help:
            "With --final: go on though SOURCE can be written to; the result is not final (status 24)."
    )
    var allowWriters = false

    func validate() throws {
        if allowWriters, !isFinal { throw ValidationError("--allow-writers needs --final.") }
    }
}

extension SyncOptions {
    func validate() throws {
        try judgePlanned()
        guard last.isFinal else { return }
        let given = [
            ("--dry-run", trying.dryRun), ("--branch", !copied.branch.isEmpty),
            ("--bwlimit", how.work.bwlimit != nil), ("--idle", how.idle),
        ]
        for (option, isGiven) in given where isGiven {
            throw ValidationError(
                "--final and \(option) cannot both be had: the last pass is whole, and at full speed."
            )
        }
    }
}
