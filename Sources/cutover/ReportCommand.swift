// `cutover report`: what is recorded of one pair of volumes, as one page of HTML. Looks at the state folder and changes
// nothing in it; passes may run meanwhile.

import ArgumentParser
import History
import LinuxIO
import Migration
import Reporting

/// Writes the page of one pair.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make a page of the recorded passes of two volumes.",
        usage: "cutover report [OPTIONS] [SOURCE DESTINATION]",
        discussion: """
            One file of HTML without scripts, which fetches nothing: whether the switch can be made and how long it \
            would take, how long passes took and were foreseen to take, what they copied, what fails and what to do \
            about it, which branches are large and slow, verifications, and the volumes. It can be printed.

            SOURCE and DESTINATION may be left out where only one pair is recorded; volumes that are gone are \
            found by the names they had. The page names files, so nobody but its owner can read it; with \
            --no-names it names none.

            Exit status: 0 done, 3 nothing is recorded, or the record cannot be read, 23 the page could not be \
            written, 64 usage.
            """
    )

    @OptionGroup var options: ReportOptions

    func run() throws {
        let output = try TableOutput(json: nil)
        try options.judge(options.source?.name, options.destination?.name)
        let selection: ReportSelection
        do {
            selection = try ReportSelection(options)
        } catch let refusal as HistoryRefusal {
            output.refuse(refusal.reason, path: refusal.path)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        // Where the volumes are now, if they were named in another way, or not at all.
        try options.judge(Name(selection.pair.source), Name(selection.pair.destination))
        var input = PageInput(
            pair: selection.pair,
            madeNanoseconds: coarseTimeNanoseconds(),
            sinceBoot: bootNanoseconds(),
            version: Cutover.configuration.version
        )
        input.space = selection.space
        input.hidesNames = options.hidesNames
        input.passesShown = options.last ?? .max
        let shown = min(input.pair.passes.count, input.passesShown)
        try write(ReportPage(input).html, passes: shown, on: output)
    }

    private func write(
        _ page: [UInt8],
        passes count: Int,
        on output: TableOutput
    ) throws {
        guard let file = options.file else {
            OutputFile.standardOutput.append(page)
            // Says why, where it cannot be written.
            if !output.finish() { throw ExitCode(ExitStatus.someFailed.rawValue) }
            return
        }
        let place: ReplacementFile
        do throws(SystemError) { place = try ReplacementFile(file.name) } catch {
            let reason =
                error.code == .exists ? "It is there and no regular file" : error.code.sentence
            throw ValidationError(
                "--output: cannot write '\(SyncPlan.shown(file))': \(reason)."
            )
        }
        do throws(SystemError) {
            var contents = try place.open()
            try contents.write(page)
            try contents.publish()
        } catch {
            output.refuse(
                "cannot write the page: \(error.code.sentence) (\(error.code.name))",
                path: file.bytes,
                status: .someFailed
            )
            throw ExitCode(ExitStatus.someFailed.rawValue)
        }
        let size = Quantity.size(UInt64(page.count))
        let passes = Quantity.count(UInt64(count), "pass", "passes")
        let line = Array("cutover: ".utf8) + ShownName(isForTerminal: true).escaped(file.bytes)
        OutputFile.standardError.write(line + Array(": a page of \(passes), \(size)\n".utf8))
    }
}

/// What was typed after `cutover report`.
struct ReportOptions: ParsableArguments {
    @Argument(help: "The volume that was copied from.")
    var source: BytesArgument?

    @Argument(help: "The volume that was copied to.")
    var destination: BytesArgument?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp(
            "Where the page is written, whole or not at all; '-' is standard output. Default: cutover-report.html.",
            valueName: "file"
        )
    )
    var output: BytesArgument?

    @Flag(
        name: .customLong("no-names"),
        help: "Leave out names and paths, for a page that leaves the house."
    )
    var hidesNames = false

    @Option(
        help: ArgumentHelp(
            "Only this many of the newest passes. Default: all.",
            valueName: "number"
        )
    )
    var last: Int?

    @OptionGroup var place: StateOption

    func validate() throws {
        if source != nil, destination == nil {
            throw ValidationError("Give both SOURCE and DESTINATION, or neither.")
        }
        if let last, last < 1 { throw ValidationError("--last takes 1 or more, not \(last).") }
    }

    var folder: Name { place.folder }

    /// Nil: standard output.
    var file: BytesArgument? {
        if output?.bytes == [0x2D] { return nil }
        return output ?? BytesArgument(argument: "cutover-report.html")
    }

    /// Refuses a page that would lie on one of the volumes.
    func judge(_ source: Name?, _ destination: Name?) throws {
        try ReportFiles.judge(
            [ReportFile("--output", file)],
            ReportPlace(source: source, destination: destination)
        )
    }
}
