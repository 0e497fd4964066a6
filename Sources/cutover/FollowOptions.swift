// What was typed after `cutover follow`. Parsing touches no filesystem; FollowPlan makes a plan of it.

import ArgumentParser
import Migration

/// The options of passes in a loop, grouped as `--help` shows them.
struct FollowOptions: ParsableArguments {
    @OptionGroup var volumes: VolumesOptions

    @OptionGroup(title: "The loop") var loop: LoopOptions
    @OptionGroup(title: "Giving way") var way: WayOptions
    @OptionGroup(title: "What is copied") var copied: CopyOptions
    @OptionGroup(title: "What counts as changed") var changed: ChangeOptions
    @OptionGroup(title: "Deleting") var deleting: DeleteOptions
    @OptionGroup(title: "How") var work: WorkOptions
    @OptionGroup(title: "Reporting") var telling: TellOptions

    func validate() throws {
        if !copied.branch.isEmpty {
            throw ValidationError(
                "follow has no --branch: what a switch would take is that of the whole volume."
            )
        }
        if loop.untilReady, loop.readyBelow == nil {
            throw ValidationError("--until-ready needs --ready-below.")
        }
    }
}

/// When passes run, and when they end.
struct LoopOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Time between two passes: 30s, 5m, 1h. Default: 60s.",
            valueName: "duration"
        ),
        transform: RunDuration.init(parsing:)
    )
    var pause = RunDuration.minute

    @Option(
        help: ArgumentHelp(
            "Work only then, as 22:00-06:00, local time. Repeatable.",
            valueName: "from-to"
        ),
        transform: LoopOptions.stretch
    )
    var hours: [WorkHours.Stretch] = []

    @Option(
        help: ArgumentHelp(
            "Say READY while the switch would take less, from the fourth pass on.",
            valueName: "duration"
        ),
        transform: RunDuration.init(parsing:)
    )
    var readyBelow: RunDuration?

    @Flag(help: "End at READY, unless something failed in the last pass; only that gives 0.")
    var untilReady = false

    @Option(help: ArgumentHelp("End after so many passes.", valueName: "number"))
    var passes: Int?

    @Option(
        help: ArgumentHelp(
            "Run by sh before each pass; where it fails the pass is left out. Three times running, and follow ends.",
            valueName: "command"
        )
    )
    var before: BytesArgument?

    @Option(
        help: ArgumentHelp(
            "Run by sh after each pass, which is in CUTOVER_PASS, CUTOVER_STATUS and others. Its failure ends nothing.",
            valueName: "command"
        )
    )
    var after: BytesArgument?

    func validate() throws {
        if let passes, passes < 1 { throw ValidationError("--passes takes 1 or more.") }
        for (option, command) in [("--before", before), ("--after", after)] {
            if command?.bytes.isEmpty == true {
                throw ValidationError("\(option) takes a command.")
            }
        }
    }

    private static func stretch(_ text: String) throws -> WorkHours.Stretch {
        guard let stretch = WorkHours.Stretch(parsing: text) else {
            throw ValidationError("give hours as 22:00-06:00")
        }
        return stretch
    }
}

/// How a pass gives way to others.
struct WayOptions: ParsableArguments {
    @Flag(
        name: .customLong("no-back-off"),
        help: "Do not give way to others: no fewer workers when reads of SOURCE take long."
    )
    var noBackOff = false

    @Option(
        help: ArgumentHelp(
            "Time this command, run by sh, every 30 s, and give way when it takes long.",
            valueName: "command"
        )
    )
    var probe: BytesArgument?

    @Option(
        help: ArgumentHelp(
            "What is long for --probe. (default: three times the median of its first runs)",
            valueName: "duration"
        ),
        transform: RunDuration.init(parsing:)
    )
    var probeLimit: RunDuration?

    @Flag(
        name: .customLong("no-idle"),
        help: "Use the disk as everybody does: not in the idle I/O class, and with nice 0."
    )
    var noIdle = false

    func validate() throws {
        if noBackOff, probe != nil {
            throw ValidationError("Give only one of --probe and --no-back-off.")
        }
        if probe?.bytes.isEmpty == true { throw ValidationError("--probe takes a command.") }
        if probeLimit != nil, probe == nil { throw ValidationError("--probe-limit needs --probe.") }
    }
}
