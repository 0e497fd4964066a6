// What there is to say of one recorded pass in words.

import History
import LinuxIO
import Migration

/// The notes below a row of the table, and the sentences that others share.
struct HistoryNotes {
    private let pass: HistoryPass
    private let style: HistoryStyle

    /// So many failures stand below a row; `--pass` shows all.
    static let failuresMax = 10

    init(_ pass: HistoryPass, style: HistoryStyle) {
        self.pass = pass
        self.style = style
    }

    /// Each a line, not wrapped yet.
    var lines: [String] {
        var notes: [String] = []
        if pass.record.isPartial {
            notes.append("of some branches only (--branch)")
        } else if let walk, style.isVerbose || !isWalkExpected {
            notes.append("walked: \(walk)")
        }
        if pass.endedEarlyWithFailures {
            notes.append("not done to its end; the next pass looks at everything again")
        }
        if let running = pass.running { notes.append(Self.running(running, style.sinceBoot)) }
        notes += trouble
        if style.isVerbose { notes += details }
        return notes
    }

    /// How far it is.
    private static func running(_ running: RunningPass, _ sinceBoot: Int64) -> String {
        var parts: [String] = []
        switch running.phase {
        case .synchronizing: parts.append("waiting for DESTINATION's disk")
        case .working:
            if let total = running.entriesTotal {
                let percent = Quantity.percent(running.entriesSeen, of: total)
                parts.append("\(percent) of at most \(Quantity.count(total)) entries")
            }
            if let total = running.bytesTotal {
                let percent = Quantity.percent(running.bytesSeen, of: total)
                parts.append("\(percent) of at most \(Quantity.size(total))")
            }
            if let left = running.remainingNanoseconds {
                parts.append(Quantity.duration(left) + " left")
            }
        }
        if running.failures > 0 {
            parts.append(Quantity.count(running.failures, "failure", "failures"))
        }
        if let foreseen = running.foreseenNanoseconds {
            parts.append("foreseen: " + Quantity.span(Double(foreseen) / 1e9))
        }
        parts.append(Quantity.count(running.workers, "worker", "workers"))
        if let held = held(running) { parts.append(held) }
        parts.append("process \(running.process)")
        let age = sinceBoot - running.writtenBootNanoseconds
        // It tells every two seconds.
        if age > 10_000_000_000 {
            parts.append("as of \(Quantity.duration(UInt64(age))) ago")
        }
        return parts.joined(separator: ", ")
    }

    /// That it gives way to others, and for how long it has.
    private static func held(_ running: RunningPass) -> String? {
        let sum = running.heldBackNanoseconds ?? 0
        let so = sum >= 1_000_000_000 ? ", \(Quantity.span(Double(sum) / 1e9)) in all" : ""
        switch running.backOff {
        case nil: return nil
        case .free: return sum >= 1_000_000_000 ? "was held back\(so)" : nil
        case .held: return "held back\(so)"
        case .paused: return "paused for others' sake\(so)"
        case .measuring: return "paused to measure\(so)"
        }
    }

    /// Why it walked.
    var walk: String? {
        guard let (reason, recorded) = pass.walkReason else { return nil }
        return style.shown.message(reason.map(WalkReasonText.clause) ?? recorded)
    }

    /// What it was asked for, to be typed again.
    var options: String {
        guard let recorded = RecordedOptions(recorded: pass.record.arguments) else {
            return "not kept"
        }
        return recorded.words.isEmpty ? "none" : OptionsText(recorded).text(style.shown)
    }

    private var isWalkExpected: Bool {
        guard let reason = pass.walkReason?.reason else { return false }
        return WalkReasonText.isExpected(reason)
    }

    private var trouble: [String] {
        var notes: [String] = []
        let (failures, vanished) = (pass.record.counts[.failures], pass.record.counts[.vanished])
        let refused = pass.record.counts[.deletionsRefused]
        switch pass.outcome {
        case .ended(.destinationStopped): notes.append("DESTINATION was full, read-only or failing")
        // Of a record that did not keep how many there were.
        case .ended(.deletionLimit) where refused == 0: notes.append("--max-delete was reached")
        default: break
        }
        // Whatever the outcome: others outrank it.
        if refused > 0 {
            let extras = Quantity.count(refused, "extra was", "extras were")
            notes.append("--max-delete was reached: \(extras) not deleted")
        }
        if failures > 0, pass.outcome != .ended(.someFailed) {
            notes.append(Quantity.count(failures, "failure", "failures"))
        }
        if vanished > 0 {
            notes.append(Quantity.count(vanished, "entry", "entries") + " vanished meanwhile")
        }
        if isForgotten { notes.append("nothing of it was remembered for the pass after it") }
        return notes
    }

    /// It came to its end, and no other pass can rest on it.
    private var isForgotten: Bool {
        guard !pass.record.isComplete, !pass.record.isPartial else { return false }
        switch pass.outcome {
        case .ended(.done), .ended(.someFailed), .ended(.someVanished), .ended(.deletionLimit):
            return true
        default: return false
        }
    }

    private var details: [String] {
        var parts = PassCounter.recorded.compactMap { counter, _ -> String? in
            let count = pass.record.counts[counter]
            guard case .since(_, let one?, let many?) = counter.row.record, count > 0 else {
                return nil
            }
            return Quantity.count(count, one, many)
        }
        parts.append(Quantity.count(UInt64(max(pass.record.workers, 0)), "worker", "workers"))
        parts.append("cutover \(style.shown.message(pass.record.cutoverVersion))")
        var lines = [parts.joined(separator: ", ")]
        // Nothing is said of none, nor of a record that does not have them: `--pass` tells which.
        if RecordedOptions(recorded: pass.record.arguments)?.words.isEmpty == false {
            lines.append("options: \(options)")
        }
        return lines + failures(atMost: Self.failuresMax)
    }

    /// The failures, path first, and how many more there are.
    func failures(atMost most: Int) -> [String] {
        var lines = pass.failures.prefix(most).map(line)
        let total = pass.record.counts[.failures]
        let more = total - min(UInt64(lines.count), total)
        if more > 0 {
            // Those of old passes are forgotten, and so are those after the first 10,000.
            let isAll = lines.count == pass.failures.count
            let what = Quantity.count(more, "failure", "failures")
            lines.append(
                isAll ? "\(what) kept no more" : "\(what) more: --pass \(pass.record.id) shows them"
            )
        }
        return lines
    }

    private func line(_ record: FailureRecord) -> String {
        guard let failure = Failure(record) else {
            let path = style.shown.path(record.path)
            return "\(path): \(style.shown.message("\(record.activity) (\(record.side))"))"
        }
        return FailureText(failure).line(style.shown)
    }
}
