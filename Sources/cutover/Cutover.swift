// cutover: moves a whole filesystem volume while it is in use. The map of the program:
//
//   Cutover         this file: the command and its subcommands; one line for every usage error
//   RawArguments    arguments as bytes, though the parser knows text only
//   Words           the command line before the parser: subcommand, rsync's habits, mistakes that can be named
//   Completion      what TAB offers in a shell (CompletionScripts: the shells' side of it)
//   HelpText        what `cutover --help` prints
//   SyncCommand     `sync`: the options of one pass, made into a plan, run
//   FinalSwitch     `sync --final`: the last pass, a second look, a comparison (FinalOptions, FinalPlan)
//   SyncOptions     what was typed; SyncPlan: what will be done
//   FollowCommand   `follow`: passes in a loop (FollowOptions, FollowPlan, FollowLoop; FollowCommands run by sh)
//   SharedOptions   options that several commands have
//   CheckCommand    `check`: whether it will fit, and what DESTINATION will refuse
//   VerifyCommand   `verify`: two trees compared, or one with a manifest (VerifyOptions, VerifyPlan)
//   TuneCommand     `tune`: one pass that tries numbers of workers (TuneOptions)
//   PlanCommand     `plan`: the work cut for several machines, and their job (PlanOptions, PlannedWords)
//   HistoryCommand  `history`: which of the recorded passes are shown (HistorySelection)
//   ReportCommand   `report`: a page of the recorded passes (ReportSelection: of which)
//   TableOutput     where `check` and `history` write
//   Session         what a process has for all its runs: signals, outputs, limits
//   Supervision     a command runs on a thread of its own, and ends in time though a call does not come back
//   ReportFiles     files that options name for reports: on neither volume
//   Signals         what SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 do to a running pass
//   RefusalText     why a pass did not start, in one line
//
// Below: Reporting tells people and programs (Reporter), Migration does the pass (Pass: roots, pool, walk,
// comparison, copy, links, deletion), LinuxIO is the kernel in Swift types, CLinux its calls.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The command.
///
/// Parses, runs, and turns every error into one line and an exit status.
@main
struct Cutover: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover",
        abstract: "Move a filesystem volume to another while it is in use.",
        version: "0.3.0",
        subcommands: [
            SyncCommand.self, FollowCommand.self, CheckCommand.self, VerifyCommand.self,
            TuneCommand.self, PlanCommand.self, HistoryCommand.self, ReportCommand.self,
        ],
        defaultSubcommand: SyncCommand.self
    )

    static func main() {
        Terminal.openStandardStreams()
        Signals.ignoreHarmless()
        let words = ProcessArguments.words
        if let first = words.first, first.bytes.elementsEqual(Completion.word.utf8) {
            let answer = Completion.answer(to: words.dropFirst().map { Array($0.bytes) })
            OutputFile.standardOutput.write(answer)
            return
        }
        do throws(CommandWords.Mistake) {
            switch try CommandWords.meaning(of: RawArguments.encoded()) {
            case .printHelp: show(HelpText.text)
            case .printVersion: show("cutover \(configuration.version)")
            case .printCompletion(let shell): show(shell.script)
            case .run(let words): run(words)
            }
        } catch {
            exit(usage: error.reason, error.command?.rawValue)
        }
    }

    private static func run(_ words: [String]) {
        do {
            var command = try parseAsRoot(words)
            try command.run()
        } catch {
            // Help goes to standard output; everything else is one line on standard error.
            let text = fullMessage(for: error)
            if exitCode(for: error) == .success, !text.isEmpty { return show(text) }
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            exit(usage: message(for: error), words.first ?? Subcommand.sync.rawValue)
        }
    }

    /// Prints what was asked for; a completion script that a full disk cut short must not look well.
    private static func show(_ text: String) {
        let output = TableOutput()
        output.show([text], json: [])
        if !output.finish() { exit(withError: ExitCode(ExitStatus.someFailed.rawValue)) }
    }

    private static func exit(usage reason: String, _ subcommand: String?) -> Never {
        var reason = reason.split(separator: "\n").joined(separator: " ")
        if let last = reason.last, !".?!)".contains(last) { reason += "." }
        // It quotes what was typed, which must not steer the terminal.
        let shown = ShownName(isForTerminal: true).escaped(RawArguments.decode(reason))
        let line =
            Array("cutover: ".utf8) + shown
            + Array(" See 'cutover \(subcommand.map { "\($0) " } ?? "")--help'.".utf8)
        let fitted = TextLayout.fitted(
            [String(decoding: line, as: UTF8.self)],
            for: .standardError
        )
        OutputFile.standardError.write(Array((fitted.joined(separator: "\n") + "\n").utf8))
        exit(withError: ExitCode.validationFailure)
    }
}
