// `cutover history`: which passes were made, and what became of them. Looks at the state folder and changes
// nothing in it; passes may run meanwhile.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// Shows recorded passes.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the recorded passes and how each of them ended.",
        usage: "cutover history [OPTIONS] [SOURCE DESTINATION]",
        discussion: """
            Without SOURCE and DESTINATION, all pairs of volumes with recorded passes are shown. Volumes that \
            are gone are found by the names they had.

            Exit status: 0 done, 3 nothing is recorded, or a record cannot be read, 23 a report could not \
            be written, 64 usage.
            """
    )

    @OptionGroup var options: HistoryOptions

    func run() throws {
        try ReportFiles.judge(
            [ReportFile("--json", options.json)],
            ReportPlace(source: options.source?.name, destination: options.destination?.name)
        )
        let selection: HistorySelection
        do {
            selection = try HistorySelection(options)
        } catch let refusal as HistoryRefusal {
            let output = try self.output
            output.refuse(refusal.reason, path: refusal.path)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        // Where the volumes are now, if they were named in another way, or not at all.
        for pair in selection.pairs {
            try ReportFiles.judge(
                [ReportFile("--json", options.json)],
                ReportPlace(source: Name(pair.source), destination: Name(pair.destination))
            )
        }
        let output = try self.output
        show(selection.pairs, on: output)
        for problem in selection.problems { output.refuse(problem.reason, path: problem.path) }
        let isWritten = output.finish()
        if !selection.problems.isEmpty { throw ExitCode(ExitStatus.refused.rawValue) }
        if !isWritten { throw ExitCode(ExitStatus.someFailed.rawValue) }
    }

    /// Opens what was asked for, once it is known to lie on no volume.
    private var output: TableOutput {
        get throws {
            let output = try TableOutput(json: options.json)
            try output.judgeUse(of: options.json)
            return output
        }
    }

    /// One table for each pair of volumes, or all that is known of the one pass that was asked for.
    private func show(_ pairs: [HistoryPair], on output: TableOutput) {
        var style = HistoryStyle(shown: output.shown)
        style.isVerbose = options.verbose > 0
        var isFirst = true
        for pair in pairs {
            let lines =
                options.pass != nil
                ? pair.passes.flatMap { HistoryPassText($0, of: pair, style: style).lines }
                : HistoryText(pair, style: style).lines
            output.show(
                (isFirst ? [] : [""]) + lines,
                json: HistoryJSON.lines(pair, sinceBoot: style.sinceBoot)
            )
            isFirst = false
        }
    }
}

/// What was typed after `cutover history`.
struct HistoryOptions: ParsableArguments {
    @Argument(help: "The volume that was copied from.")
    var source: BytesArgument?

    @Argument(help: "The volume that was copied to.")
    var destination: BytesArgument?

    @OptionGroup var place: StateOption

    @Option(
        help: ArgumentHelp(
            "Show this many of the newest passes. Default: 20, or 3 for each of several pairs.",
            valueName: "number"
        )
    )
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Show everything about the pass with this id.",
            valueName: "id"
        )
    )
    var pass: Int64?

    @Flag(name: .shortAndLong, help: "Show more about each pass, including its failures.")
    var verbose: Int

    @Option(
        help: ArgumentHelp("Write passes as JSON lines; '-' is standard output.", valueName: "file")
    )
    var json: BytesArgument?

    func validate() throws {
        if source != nil, destination == nil {
            throw ValidationError("Give both SOURCE and DESTINATION, or neither.")
        }
        if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more, not \(limit).") }
        if limit != nil, pass != nil {
            throw ValidationError("Give only one of --limit and --pass.")
        }
    }

    var folder: Name { place.folder }
    var showsDetails: Bool { verbose > 0 || pass != nil }
}
