// `cutover check`: will it fit, and what will DESTINATION refuse? Opens both roots, runs a check, tells what was
// found.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// One check of SOURCE and DESTINATION.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Will SOURCE fit, and what will DESTINATION refuse?",
        usage: "cutover check [OPTIONS] SOURCE DESTINATION",
        discussion: """
            Compares what SOURCE holds with what DESTINATION has room for, probes what DESTINATION can \
            store, and names the entries that will not be the same there. Nothing stays changed on either \
            side: probe files are removed again.

            Counts come from the filesystem itself; as root, all inodes of an XFS are examined. --deep \
            walks SOURCE where that is not possible. --time says how long a first copy takes at least: it reads SOURCE and makes \
            files on DESTINATION for some 20 s, below one directory that is removed again.

            Exit status: 0 nothing fatal was found, 3 something fatal was found or the check was refused, \
            20 interrupted, 23 a report could not be written, 64 usage.
            """
    )

    @OptionGroup var options: CheckCommandOptions

    func run() throws {
        let place = ReportPlace(source: options.source.name, destination: options.destination.name)
        try ReportFiles.judge([ReportFile("--json", options.json)], place)
        try ReportFiles.judge(state: options.place, place)
        let output = try TableOutput(json: options.json)
        try output.judgeUse(of: options.json)
        let plan = try options.plan()
        let names = RootNames(source: options.source.name, destination: options.destination.name)
        let outcome = try output.supervised(notice: "removing what was made for the check") {
            control,
            supervision throws(Refusal) in
            let check = try Check(
                ProcessSetup(writesTrees: false),
                names,
                options: plan,
                control: control
            )
            supervision.watch.know(check.places)
            if let workers = check.threadsLimited { TableOutput.tellThreads(workers) }
            return try check.run()
        }
        output.show(
            CheckText(outcome, shown: output.shown, isVerbose: options.verbose > 0).lines,
            json: CheckJSON.lines(outcome, time: WallClock.nanoseconds)
        )
        throw ExitCode((output.finish() ? outcome.status : .someFailed).rawValue)
    }
}

/// What was typed after `cutover check`.
struct CheckCommandOptions: ParsableArguments {
    @Argument(help: "The volume to copy from.")
    var source: BytesArgument

    @Argument(help: "The volume to copy to; it must exist.")
    var destination: BytesArgument

    @Flag(help: "Walk SOURCE and look at every entry.") var deep = false

    @Flag(help: "Read and write for some 20 s, and say how long a first copy takes at least.")
    var time = false

    @Flag(name: .shortAndLong, help: "List the checks that passed, too.")
    var verbose: Int

    @OptionGroup var attributes: AttributesOption
    @OptionGroup var pool: WorkersOption
    @OptionGroup var place: StateOption

    @Option(
        help: ArgumentHelp(
            "Write findings as JSON lines; '-' is standard output.",
            valueName: "file"
        )
    )
    var json: BytesArgument?

    func plan() throws -> CheckOptions {
        var plan = CheckOptions()
        plan.attributes = try attributes.selection()
        plan.isDeep = deep
        plan.times = time
        plan.workers = pool.workers
        plan.stateFolder = place.folder
        return plan
    }
}
