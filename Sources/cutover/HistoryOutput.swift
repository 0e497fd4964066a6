// Where `cutover history` writes: a table on standard output, JSON where that was asked for, and what cannot be
// read on standard error.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The outputs of one run; used by one thread.
final class HistoryOutput {
    private let table = OutputFile.standardOutput
    private let json: OutputFile?
    private let style: HistoryStyle
    private let isOnePass: Bool
    private var hasShown = false

    private var isJSONOnOutput: Bool { json === table }

    /// Opens what was asked for; a file that cannot be made is a usage error.
    init(_ options: HistoryOptions) throws {
        json = try options.json.map { try SyncPlan.output($0, "--json") }
        var style = HistoryStyle(shown: ShownName(isForTerminal: table.isTerminal))
        style.isVerbose = options.verbose > 0
        self.style = style
        isOnePass = options.pass != nil
    }

    /// Shows a pair with its passes.
    func show(_ pair: HistoryPair) {
        if let json {
            for line in HistoryJSON.lines(pair, sinceBoot: style.sinceBoot) {
                json.append(line.line)
            }
        }
        guard !isJSONOnOutput else { return }
        var lines =
            isOnePass
            ? pair.passes.flatMap { HistoryPassText($0, of: pair, style: style).lines }
            : HistoryText(pair, style: style).lines
        if hasShown { lines.insert("", at: 0) }
        hasShown = true
        table.append(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Says in one line what cannot be shown, after what was shown before.
    func refuse(_ refusal: HistoryRefusal) {
        let status = PassStatus.refused
        json?.append(
            EventJSON.refused(
                refusal.reason,
                path: refusal.path,
                status: status,
                time: WallClock.nanoseconds
            ).line
        )
        table.flush()
        json?.flush()
        tell(refusal.reason, path: refusal.path)
    }

    /// Writes what is left; false when something that was asked for could not be written.
    func finish() -> Bool {
        table.flush()
        if !isJSONOnOutput { json?.finish() }
        // A reader of standard output that goes away has seen enough.
        let outputs = [("standard output", table.isClosedPipe ? nil : table.error)]
        let files = isJSONOnOutput ? [] : [("--json", json?.error)]
        var isWritten = true
        for case (let name, let error?) in outputs + files {
            isWritten = false
            tell("cannot write \(name): \(error.code.sentence) (\(error.code.name))", path: nil)
        }
        return isWritten
    }

    private func tell(_ text: String, path: [UInt8]?) {
        let shown = ShownName(isForTerminal: true)
        let prefix = path.map { shown.escaped($0) + Array(": ".utf8) } ?? []
        OutputFile.standardError.write(
            Array("cutover: ".utf8) + prefix + shown.escaped(Array(text.utf8)) + [0x0A]
        )
    }
}
