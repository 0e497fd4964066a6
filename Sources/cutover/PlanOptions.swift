// What was typed after `cutover plan`. Parsing touches no filesystem.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The options of a plan, grouped as `--help` shows them.
struct PlanOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "SOURCE and DESTINATION, as all hosts see them; with --print the folder of a plan.",
            valueName: "path"
        )
    )
    var paths: [BytesArgument] = []

    @Option(help: ArgumentHelp("How many runs the work is cut for.", valueName: "number"))
    var shards: Int?

    @Option(
        help: ArgumentHelp(
            "Where the plan is written: a folder that is not there yet, on a filesystem that all hosts see.",
            valueName: "folder"
        )
    )
    var out: BytesArgument?

    @Option(
        help: ArgumentHelp(
            "Print the job of a plan for this scheduler, to be completed.",
            valueName: "slurm|kubernetes"
        )
    )
    var print: Scheduler?

    @OptionGroup(title: "What the shards copy") var copied: CopyOptions
    @OptionGroup(title: "What counts as changed") var changed: ChangeOptions
    @OptionGroup(title: "Deleting") var deleting: DeleteOptions
    @OptionGroup(title: "How") var pool: WorkersOption
    @OptionGroup(title: "How") var place: StateOption

    @Flag(
        name: .customLong("no-check"),
        help:
            "Begin even if DESTINATION is too small or read-only, or part of SOURCE is invisible (see 'cutover check')."
    )
    var skipsCheck = false

    @Option(
        help: ArgumentHelp(
            "Write what the plan came to as a line of JSON; '-' is standard output.",
            valueName: "file"
        )
    )
    var json: BytesArgument?

    func validate() throws {
        if print != nil {
            guard paths.count == 1 else {
                throw ValidationError("--print takes the folder of one plan.")
            }
            if shards != nil || out != nil || json != nil {
                throw ValidationError("--print stands alone with the folder of a plan.")
            }
            return
        }
        guard paths.count == 2 else {
            throw ValidationError("A plan needs SOURCE and DESTINATION.")
        }
        guard let shards else { throw ValidationError("A plan needs --shards.") }
        guard out != nil else { throw ValidationError("A plan needs --out, a folder for it.") }
        if !(1...TreePlan.shardsMax).contains(shards) {
            throw ValidationError("--shards takes 1 to \(TreePlan.shardsMax), not \(shards).")
        }
        if !copied.branch.isEmpty {
            throw ValidationError(
                "A plan is of all of SOURCE: --branch is an option of 'cutover sync'."
            )
        }
        if copied.crossMounts {
            throw ValidationError(
                "A plan is of one filesystem, in which its runs tell inodes by their numbers: no --cross-mounts."
            )
        }
        if deleting.maxDelete != nil {
            throw ValidationError(
                "Each run of a plan would delete up to --max-delete: a plan takes --delete or nothing."
            )
        }
    }

    var names: RootNames { RootNames(source: paths[0].name, destination: paths[1].name) }

    /// What the shards are asked for, but for how many workers list SOURCE now.
    func pass() throws -> PassOptions {
        var pass = try PassOptions(copied, changed, deleting)
        pass.stateFolder = place.folder
        pass.checksFirst = !skipsCheck
        pass.workers = WorkersWanted(pool.workers)
        return pass
    }
}

extension Scheduler: ExpressibleByArgument {}
