// Unreadable ranges of files, for people: in a failure's sentence and in the summary.

package import Migration

/// The words for one file's damage.
package struct DamageText: Sendable {
    /// Ranges that a sentence names; the others are in `--failures` and `--json`.
    static let rangesMax = 4

    private let damage: Damage

    package init(_ damage: Damage) { self.damage = damage }

    /// Read after "cannot read": "bytes 4096-8191, 65536-69631 and 3 more ranges".
    package var ranges: String {
        let shown = damage.ranges.prefix(Self.rangesMax).map {
            "\($0.lowerBound)-\($0.upperBound - 1)"
        }
        var text = "bytes " + shown.joined(separator: ", ")
        let more = damage.ranges.count - shown.count
        if more > 0 { text += " and \(Quantity.count(UInt64(more), "more range", "more ranges"))" }
        return damage.isExact ? text : "all of " + text
    }

    /// The line of the summary's list: "4.0 KiB (bytes 4096-8191)".
    package var amount: String {
        let size = Quantity.size(damage.byteCount)
        return "\(damage.isExact ? "" : "at most ")\(size) (\(ranges))"
    }
}

/// What a pass met of damaged files, for its summary: the first few, by path.
package struct DamagedFiles: Sendable {
    /// So many are named; counters tell of the rest.
    static let shownMax = 10

    /// One of them.
    struct Row: Sendable {
        let path: [UInt8]
        let side: Failure.Side
        let report: DamageReport
    }
    private(set) var first: [Row] = []
    private(set) var total: UInt64 = 0

    package init() {}

    /// Takes note of a failure, if it is of a damaged file.
    package mutating func add(_ failure: Failure) {
        guard let report = failure.damage else { return }
        total += 1
        if first.count < Self.shownMax {
            first.append(Row(path: failure.path, side: failure.side, report: report))
        }
    }

    /// The list's lines, without the headline; paths are escaped by `shown`.
    func lines(_ shown: ShownName) -> [String] {
        var lines = first.flatMap { row in
            var text = DamageText(row.report.damage).amount
            if row.side == .destination { text += " of DESTINATION" }
            if row.report.outcome == .salvaged { text += ", salvaged" }
            return TextLayout.wrapped(
                [shown.path(row.path) + ":"] + text.split(separator: " ").map(String.init),
                lead: "    ",
                indent: 6,
                width: SummaryText.width
            )
        }
        let more = total - UInt64(first.count)
        if more > 0 { lines.append("    and \(Quantity.count(more)) more") }
        return lines
    }
}
