// Where `cutover check`, `cutover history` and help write: a table, or a text, on standard output, JSON where that was
// asked for, and a refusal on standard error.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The outputs of one run; used by one thread.
final class TableOutput {
    /// How names are written into the table.
    let shown: ShownName
    private let table = OutputFile.standardOutput
    private let json: OutputFile?

    private var isJSONOnOutput: Bool { json === table }

    /// Standard output alone.
    init() {
        json = nil
        shown = ShownName(isForTerminal: table.isTerminal)
    }

    /// Opens what was asked for; a file that cannot be made is a usage error.
    init(json path: BytesArgument?) throws {
        json = try path.map { try SyncPlan.output($0, "--json") }
        shown = ShownName(isForTerminal: table.isTerminal)
    }

    /// Refuses a file for JSON that another run writes.
    func judgeUse(of path: BytesArgument?) throws {
        guard let path, let json, json.isUsedByAnother else { return }
        let refusal = Refusal.reportInUse(option: "--json", path: path.bytes)
        refuse(RefusalText(refusal).reason, path: path.bytes, refusal)
        throw ExitCode(ExitStatus.refused.rawValue)
    }

    /// Shows a part of the table, or writes the same as JSON, or both.
    func show(_ lines: @autoclosure () -> [String], json records: @autoclosure () -> [JSONLine]) {
        if let json {
            for record in records() { json.append(record.line) }
        }
        guard !isJSONOnOutput else { return }
        table.append(Array((lines().joined(separator: "\n") + "\n").utf8))
    }

    /// Says in one line what is refused, after what was shown before.
    func refuse(
        _ reason: String,
        path: [UInt8]?,
        status: ExitStatus = .refused,
        _ refusal: Refusal? = nil
    ) {
        json?.append(
            EventJSON.refused(
                reason,
                path: path,
                status: status,
                refusal,
                time: WallClock.nanoseconds
            ).line
        )
        table.flush()
        json?.flush()
        tell(reason, path: path)
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

    /// Tells a call that does not come back.
    static func tell(_ call: WaitingCall) {
        let line = "cutover: " + WaitingText.line(call, ShownName(isForTerminal: true)) + "\n"
        OutputFile.standardError.write(Array(line.utf8))
    }

    /// Tells that there are threads for so many workers and no more (S58).
    static func tellThreads(_ workers: Int) {
        OutputFile.standardError.write(
            Array("cutover: \(WaitingText.threads(workers))\n".utf8)
        )
    }

    private func tell(_ text: String, path: [UInt8]?) {
        let shown = ShownName(isForTerminal: true)
        let prefix = path.map { shown.escaped($0) + Array(": ".utf8) } ?? []
        let line = Array("cutover: ".utf8) + prefix + shown.escaped(Array(text.utf8))
        let fitted = TextLayout.fitted(
            [String(decoding: line, as: UTF8.self)],
            for: .standardError
        )
        OutputFile.standardError.write(Array((fitted.joined(separator: "\n") + "\n").utf8))
    }
}
