// What was typed after `cutover tune`. Parsing touches no filesystem.

import ArgumentParser
import Migration

/// The options of a pass that tries numbers of workers, grouped as `--help` shows them.
///
/// None of `--idle`, `--bwlimit` and `--workers`: each would decide what is to be found out.
struct TuneOptions: ParsableArguments {
    @OptionGroup var volumes: VolumesOptions

    @OptionGroup(title: "What is tried") var tuning: TrialOptions
    @OptionGroup(title: "What is copied") var copied: CopyOptions
    @OptionGroup(title: "What counts as changed") var changed: ChangeOptions
    @OptionGroup(title: "Deleting") var deleting: DeleteOptions
    @OptionGroup(title: "How") var run: RunOptions
    @OptionGroup(title: "Reporting") var telling: TellOptions

    /// What the pass is asked for; a mistake in it is a usage error.
    func pass(_ plan: TunePlan) throws -> PassOptions {
        var pass = try PassOptions(copied, changed, deleting)
        pass.take(run)
        // The number would be lost.
        pass.needsRecord = true
        pass.workers = WorkersWanted(plan.to)
        pass.tuning = plan
        return pass
    }
}

/// Which numbers are tried, and for how long.
struct TrialOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The least number of workers.", valueName: "number"))
    var from = TunePlan.usualFrom

    @Option(help: ArgumentHelp("The largest number of workers, at most 250.", valueName: "number"))
    var to = TunePlan.usualTo

    @Option(
        help: ArgumentHelp(
            "Each number at a time, at most 10m; the first quarter of it does not count. Default: 8s.",
            valueName: "duration"
        ),
        transform: RunDuration.init(parsing:)
    )
    var step: RunDuration?

    @Option(
        help: ArgumentHelp(
            "Try in the order of this seed, as an earlier run printed it.",
            valueName: "number"
        )
    )
    var seed: UInt64?

    private static let stepMax: UInt64 = 600_000_000_000

    func validate() throws {
        try WorkersOption.judge(from, "--from")
        try WorkersOption.judge(to, "--to")
        if from >= to {
            throw ValidationError("--from takes less than --to, which is \(to), not \(from).")
        }
        if let step, step.nanoseconds > Self.stepMax {
            throw ValidationError("--step takes at most 10m.")
        }
    }

    var plan: TunePlan {
        TunePlan(
            from: from,
            to: to,
            stepNanoseconds: step?.nanoseconds ?? TunePlan.usualStepNanoseconds,
            // Short enough to be typed again.
            seed: seed ?? UInt64.random(in: 1...999_999)
        )
    }
}
