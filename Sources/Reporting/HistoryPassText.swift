// One recorded pass with all that is known of it, for people (`cutover history --pass`).

import History
import LinuxIO
import Migration

/// The lines of one pass.
package struct HistoryPassText: Sendable {
    private let pass: HistoryPass
    private let pair: HistoryPair
    private let style: HistoryStyle

    /// The branches that are shown; JSON has all.
    private static let branchesMax = 10

    package init(_ pass: HistoryPass, of pair: HistoryPair, style: HistoryStyle) {
        self.pass = pass
        self.pair = pair
        self.style = style
    }

    /// All of it, without newlines; 80 columns but for paths.
    package var lines: [String] {
        let source = style.shown.path(pair.source)
        let title = "Pass \(pass.record.id) of \(source) to \(style.shown.path(pair.destination))"
        var lines = [title]
        for (label, text) in facts {
            lines += TextLayout.wrapped(
                text.split(separator: " ").map(String.init),
                lead: "  " + TextLayout.padded(label, to: Self.labelWidth) + "  ",
                indent: Self.labelWidth + 4,
                width: HistoryText.width
            )
        }
        lines += counts + branches
        let failures = HistoryNotes(pass, style: style).failures(atMost: .max)
        if !failures.isEmpty {
            lines.append("  failures")
            for failure in failures { lines += HistoryText.wrap(failure, indent: 4, hanging: 2) }
        }
        return lines
    }

    private static let labelWidth = 20

    private var facts: [(String, String)] {
        let record = pass.record
        var facts = [("start", moment(record.startNanoseconds))]
        if let end = record.endNanoseconds { facts.append(("end", moment(end))) }
        if let duration = pass.duration(sinceBoot: style.sinceBoot) {
            facts.append((pass.isRunning ? "runs for" : "took", Quantity.duration(duration)))
        }
        if let parts { facts.append(("of that", parts)) }
        if let foreseen = record.foreseenNanoseconds {
            facts.append(("foreseen", Quantity.duration(foreseen)))
        }
        facts.append(("outcome", outcome))
        var method = style.shown.message(record.method)
        let notes = HistoryNotes(pass, style: style)
        if let walk = notes.walk { method += ": " + walk }
        facts.append(("found changes by", method))
        let whole = record.isPartial ? "some branches (--branch)" : "all of SOURCE"
        facts.append(("looked at", PlannedText.part(signature: record.options) ?? whole))
        facts.append(
            (
                "remembered",
                record.isComplete ? "yes: the next pass can rest on it" : "no: no pass rests on it"
            )
        )
        if let watermark = record.safeUntilNanoseconds {
            facts.append(("on the disk up to", moment(watermark)))
        }
        facts.append(("options", notes.options))
        facts.append(("workers", "\(record.workers)"))
        facts.append(("cutover", style.shown.message(record.cutoverVersion)))
        return facts
    }

    /// What its parts took; nil: it is not known.
    private var parts: String? {
        let times = pass.record.times
        guard times.total != nil else { return nil }
        return [
            (times.open, "to begin"), (times.changes, "to find changes"), (times.work, "of work"),
            (times.synchronize, "for the disk"), (times.commit, "to remember"),
        ].map { "\(Quantity.duration($0.0 ?? 0)) \($0.1)" }.joined(separator: ", ")
    }

    private func moment(_ nanoseconds: Int64) -> String {
        let time = style.calendar(nanoseconds)
        return "\(time.date) \(time.seconds) \(time.zone)"
    }

    private var outcome: String {
        switch pass.outcome {
        case .running: "running"
        case .unfinished: "unfinished: it was killed, or the machine went down"
        case .unknown(let status): "status \(status), of another version of cutover"
        case .ended(let status):
            switch status {
            case .done: "done"
            case .someVanished: "done; some entries vanished meanwhile (24)"
            case .someFailed where pass.endedEarlyWithFailures:
                "with failures, and not to its end (23)"
            case .someFailed: "done, with failures (23)"
            case .destinationStopped:
                "stopped: DESTINATION was full, read-only or failing (11)"
            case .interrupted: "interrupted by a signal (20)"
            case .deletionLimit: "done; --max-delete was reached (25)"
            case .timeLimit: "stopped at its time limit (26)"
            case .different, .refused, .usage: "status \(status.rawValue)"
            }
        }
    }

    /// Counters that records of earlier versions did not keep: a row only where there is something.
    private static let shownIfAny: [PassCounter] = [
        .deletionsRefused, .quotasSet, .quotasCleared, .quotaFailures, .overLimit,
    ]

    private var counts: [String] {
        guard let counts = pass.counts else { return [] }
        let rows = PassCounter.recorded.compactMap { counter, _ -> (String, UInt64, String?)? in
            guard case .row(let words, _, _) = counter.label else { return nil }
            // None, or of a record that did not keep how many.
            if Self.shownIfAny.contains(counter), counts[counter] == 0 { return nil }
            let note = counter == .filesCopied ? Quantity.size(counts[.bytesCopied]) : nil
            return (words.done, counts[counter], note)
        }
        let width = rows.map { Quantity.count($0.1).count }.max() ?? 0
        return rows.map { label, count, note in
            let text =
                "  " + TextLayout.padded(label, to: Self.labelWidth) + "  "
                + TextLayout.rightAligned(Quantity.count(count), to: width)
            return note.map { "\(text)  \($0)" } ?? text
        }
    }

    private var branches: [String] {
        let slowest = pass.branches.prefix(Self.branchesMax).map { branch in
            PassSummary.BranchTime(
                name: branch.name,
                workNanoseconds: branch.workNanoseconds,
                entries: branch.entries,
                bytes: branch.bytes
            )
        }
        return BranchTable.lines(slowest, shown: style.shown)
    }
}
