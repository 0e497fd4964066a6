// cutover: moves a whole filesystem volume while it is in use. The map of the program:
//
//   Cutover         this file: the command and its subcommands; one line for every usage error
//   RawArguments    arguments as bytes, though the parser knows text only
//   SyncCommand     `sync`: the options of one pass, made into a plan, run
//   SyncOptions     what was typed; SyncPlan: what will be done
//   CheckCommand    `check`: whether it will fit, and what DESTINATION will refuse; CheckOutput: where that goes
//   VerifyCommand   `verify`: two trees compared, or one with a manifest (VerifyOptions, VerifyPlan)
//   HistoryCommand  `history`: which of the recorded passes are shown (HistorySelection), and where
//                   (HistoryOutput)
//   Signals         what SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 do to a running pass
//   RefusalText     why a pass did not start, in one line
//
// Below: Reporting tells people and programs (Reporter), Migration does the pass (Pass: roots, pool, walk,
// comparison, copy, links, deletion), LinuxIO is the kernel in Swift types, CLinux its calls.

import ArgumentParser
import LinuxIO
import Reporting

/// The command.
///
/// Parses, runs, and turns every error into one line and an exit status.
@main
struct Cutover: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cutover",
        abstract: "Move a filesystem volume to another while it is in use.",
        discussion: """
            'cutover SOURCE DESTINATION' is 'cutover sync SOURCE DESTINATION': one pass that makes \
            DESTINATION like SOURCE. Run it again for each delta pass, and a last time when nothing \
            writes to SOURCE any more.
            """,
        version: "0.1.0",
        subcommands: [
            SyncCommand.self, CheckCommand.self, VerifyCommand.self, HistoryCommand.self,
        ],
        defaultSubcommand: SyncCommand.self
    )

    static func main() {
        Terminal.openStandardStreams()
        Signals.ignoreHarmless()
        do {
            var command = try parseAsRoot(RawArguments.encoded())
            try command.run()
        } catch {
            exit(reporting: error)
        }
    }

    /// Help goes to standard output; everything else is one line on standard error.
    private static func exit(reporting error: any Error) -> Never {
        let status = exitCode(for: error)
        guard status == .validationFailure else { exit(withError: error) }
        var reason = message(for: error).split(separator: "\n").joined(separator: " ")
        if let last = reason.last, !".?!".contains(last) { reason += "." }
        // It quotes what was typed, which must not steer the terminal.
        let shown = ShownName(isForTerminal: true).escaped(RawArguments.decode(reason))
        OutputFile.standardError.write(
            Array("cutover: ".utf8) + shown
                + Array(" See 'cutover \(subcommand) --help'.\n".utf8)
        )
        exit(withError: status)
    }

    /// The subcommand that was typed, or the one that is meant where none was.
    private static var subcommand: String {
        let names = configuration.subcommands.map { $0.configuration.commandName }
        let first = RawArguments.encoded().first ?? ""
        return names.contains(first) ? first : "sync"
    }
}
