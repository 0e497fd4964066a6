// Where `cutover check` writes: the table on standard output, JSON where that was asked for, a refusal on
// standard error.

import LinuxIO
import Migration
import Reporting

/// The outputs of one check; used by one thread.
struct CheckOutput {
    private let table = OutputFile.standardOutput
    private let json: OutputFile?

    private var isJSONOnOutput: Bool { json === table }

    /// Opens what was asked for; a file that cannot be made is a usage error.
    init(_ options: CheckCommandOptions) throws {
        json = try options.json.map { try SyncPlan.output($0, "--json") }
    }

    /// Shows all; false when something that was asked for could not be written.
    func show(_ outcome: CheckOutcome) -> Bool {
        if let json {
            for line in CheckJSON.lines(outcome, time: WallClock.nanoseconds) {
                json.append(line.line)
            }
        }
        if !isJSONOnOutput {
            let text = CheckText(outcome, shown: ShownName(isForTerminal: table.isTerminal))
            table.append(Array((text.lines.joined(separator: "\n") + "\n").utf8))
        }
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

    /// Says in one line why there is no check.
    func refuse(_ refusal: Refusal) {
        let text = RefusalText(refusal)
        json?.append(
            EventJSON.refused(
                text.reason,
                path: text.path,
                status: .refused,
                time: WallClock.nanoseconds
            ).line
        )
        json?.flush()
        tell(text.reason, path: text.path)
    }

    private func tell(_ text: String, path: [UInt8]?) {
        let shown = ShownName(isForTerminal: true)
        let prefix = path.map { shown.escaped($0) + Array(": ".utf8) } ?? []
        OutputFile.standardError.write(
            Array("cutover: ".utf8) + prefix + shown.escaped(Array(text.utf8)) + [0x0A]
        )
    }
}
