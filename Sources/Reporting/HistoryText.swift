// Recorded passes as a table for people, oldest first, so that the newest stands above the prompt.
//
// Lines keep within 80 columns, but for names of volumes. Below a row stands in words what a person has to know
// of that pass and the columns do not say; with -v all that is known of it.

import History
package import LinuxIO
import Migration

/// How moments, names and details are shown.
package struct HistoryStyle: Sendable {
    package var shown: ShownName
    /// `-v`.
    package var isVerbose = false
    /// Makes a moment, in nanoseconds since 1970, a date.
    package var calendar: @Sendable (Int64) -> CalendarTime = { CalendarTime(local: $0) }
    /// Now, in nanoseconds since the machine started.
    package var sinceBoot: Int64

    package init(shown: ShownName, sinceBoot: Int64 = bootNanoseconds()) {
        self.shown = shown
        self.sinceBoot = sinceBoot
    }
}

/// The table of one pair.
package struct HistoryText: Sendable {
    private let pair: HistoryPair
    private let style: HistoryStyle

    static let width = 80

    package init(_ pair: HistoryPair, style: HistoryStyle) {
        self.pair = pair
        self.style = style
    }

    /// All of it, without newlines.
    package var lines: [String] {
        let title = "\(style.shown.path(pair.source)) to \(style.shown.path(pair.destination))"
        var lines = [title] + Self.wrap(subtitle, indent: 0)
        if style.isVerbose { lines.append("Recorded in \(style.shown.message(pair.path))") }
        guard !pair.passes.isEmpty else { return lines }
        lines.append("")
        var rows = [Self.header] + pair.passes.map { row($0, hasSeconds: true) }
        var widths = Self.widths(rows)
        // Where numbers are so long that the columns do not fit, they move together, then seconds are left out.
        let isWide = widths.reduce(0, +) + 2 * (widths.count - 1) > Self.width
        if widths.reduce(0, +) + widths.count - 1 > Self.width {
            rows = [Self.header] + pair.passes.map { row($0, hasSeconds: false) }
            widths = Self.widths(rows)
        }
        let gap = String(repeating: " ", count: isWide ? 1 : 2)
        lines.append(Self.line(Self.header, widths, gap))
        for (pass, row) in zip(pair.passes, rows.dropFirst()) {
            lines.append(Self.line(row, widths, gap))
            let indent = widths[0] + gap.count
            for note in HistoryNotes(pass, style: style).lines {
                lines += Self.wrap(note, indent: indent, hanging: 2)
            }
        }
        if let hits {
            lines.append("")
            lines += Self.wrap(hits, indent: 0)
        }
        return lines
    }

    /// How what was foreseen fared, of the newest passes; nil: of too few.
    private var hits: String? {
        let ratios = pair.passes.compactMap(\.record.ratio).suffix(Self.hitsMax)
        guard ratios.count >= Self.hitsMin else { return nil }
        let good = ratios.count { abs($0 - 1) <= Self.hitShare }
        return "Of the last \(ratios.count) passes \(good) took within "
            + "\(Int(Self.hitShare * 100)) % of what was foreseen."
    }

    private static let hitsMax = 10
    private static let hitsMin = 3
    private static let hitShare = 0.2

    private var subtitle: String {
        guard let first = pair.passes.first else { return "No pass is recorded." }
        let zones = pair.passes.reduce(into: [style.calendar(first.record.startNanoseconds).zone]) {
            let zone = style.calendar($1.record.startNanoseconds).zone
            if !$0.contains(zone) { $0.append(zone) }
        }
        let count = Quantity.count(UInt64(max(pair.passCount, 0)), "pass", "passes")
        let what =
            pair.passes.count < pair.passCount
            ? "The newest \(pair.passes.count) of \(count) (--limit shows more)" : count
        return "\(what); times are \(zones.joined(separator: " and "))."
    }

    // MARK: Columns

    private static let header = [
        "id", "start", "took", "by", "seen", "copied", "bytes", "deleted", "outcome",
    ]
    /// Texts; numbers stand on the right.
    private static let leftAligned: Set<Int> = [1, 3, 8]

    private static func widths(_ rows: [[String]]) -> [Int] {
        header.indices.map { column in rows.map { TextLayout.columns($0[column]) }.max() ?? 0 }
    }

    private func row(_ pass: HistoryPass, hasSeconds: Bool) -> [String] {
        let start = style.calendar(pass.record.startNanoseconds)
        let counts = pass.shownCounts
        return [
            "\(pass.record.id)",
            "\(start.date) \(hasSeconds ? start.seconds : start.minutes)",
            pass.duration(sinceBoot: style.sinceBoot).map(Self.duration) ?? "-",
            TextLayout.cut(style.shown.message(pass.record.method), to: 4),
            counts.map { Self.count($0.seen) } ?? "-",
            counts.map { Self.count($0.files) } ?? "-",
            counts.map { Self.size($0.bytes) } ?? "-",
            counts.map { Self.count($0.deleted) } ?? "-",
            Self.outcome(pass),
        ]
    }

    /// Start and outcome of one pass: what tells it from others in a list.
    package static func brief(_ pass: HistoryPass, style: HistoryStyle) -> String {
        let start = style.calendar(pass.record.startNanoseconds)
        return "\(start.date) \(start.minutes) \(outcome(pass))"
    }

    static func outcome(_ pass: HistoryPass) -> String {
        switch pass.outcome {
        case .running: "running"
        case .unfinished: "unfinished"
        case .unknown(let status): "status \(status)"
        case .ended(let status):
            switch status {
            case .done, .someVanished, .different: "done"
            case .someFailed: "failed \(count(pass.record.counts[.failures]))"
            case .destinationStopped: "stopped"
            case .interrupted: "interrupted"
            case .deletionLimit: "limit"
            case .timeLimit: "time limit"
            case .refused, .usage: "refused"
            }
        }
    }

    /// Four columns at most: "9999", "12k", "123k", "1.2M"; rounded.
    static func count(_ number: UInt64) -> String {
        if number < 10_000 { return "\(number)" }
        var unit: UInt64 = 1
        for suffix in ["k", "M", "G", "T", "P", "E"] {
            unit *= 1_000
            // What rounds to 1,000 of a unit is one of the next.
            let whole = rounded(number, unit)
            if whole >= 1_000 && suffix != "E" { continue }
            if suffix == "k" || whole >= 10 { return "\(whole)\(suffix)" }
            let tenths = rounded(number, unit / 10)
            return "\(tenths / 10).\(tenths % 10)\(suffix)"
        }
        return "\(number)"
    }

    private static func rounded(_ number: UInt64, _ unit: UInt64) -> UInt64 {
        number / unit + (number % unit >= unit - unit / 2 ? 1 : 0)
    }

    /// Eight columns at most: "99.9 GiB" as the summary has it, "734 GiB" rounded.
    static func size(_ bytes: UInt64) -> String {
        let text = Quantity.size(bytes)
        guard let dot = text.firstIndex(of: "."), let blank = text.firstIndex(of: " "),
            text.distance(from: text.startIndex, to: dot) > 2
        else { return text }
        let whole = UInt64(text[..<dot]) ?? 0
        let isNearer = text[text.index(after: dot)] >= "5"
        return "\(whole + (isNearer ? 1 : 0))" + text[blank...]
    }

    /// Eight columns at most: "26:03:11", "123 h".
    static func duration(_ nanoseconds: UInt64) -> String {
        let text = Quantity.duration(nanoseconds)
        return text.count <= 8 ? text : "\(nanoseconds / 3_600_000_000_000) h"
    }

    // MARK: Lines

    private static func line(_ cells: [String], _ widths: [Int], _ gap: String) -> String {
        let texts = cells.indices.map { column in
            leftAligned.contains(column)
                ? TextLayout.padded(cells[column], to: widths[column])
                : TextLayout.rightAligned(cells[column], to: widths[column])
        }
        var line = texts.joined(separator: gap)
        while line.last == " " { line.removeLast() }
        return line
    }

    static func wrap(_ text: String, indent: Int, hanging: Int = 0) -> [String] {
        TextLayout.wrapped(
            text.split(separator: " ").map(String.init),
            lead: String(repeating: " ", count: indent),
            indent: indent + hanging,
            width: width
        )
    }
}
