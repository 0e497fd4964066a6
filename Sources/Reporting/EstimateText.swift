// How long the next pass would take, for people and as a line of JSON.

package import Migration

/// The words of an estimate.
package struct EstimateText: Sendable {
    private let estimate: SwitchEstimate

    package init(_ estimate: SwitchEstimate) { self.estimate = estimate }

    /// "3m30s (2m50s-5m)"; with "at most" where only passes that were held back are known, "at least" where far more is to be
    /// done than passes that are known did.
    package var span: String {
        range.map { "\(short) (\($0))" } ?? short
    }

    /// "3m30s", with "at most" as above.
    var short: String {
        let limit = estimate.isLowerLimit ? "at least " : estimate.isUpperLimit ? "at most " : ""
        return limit + Quantity.span(estimate.seconds)
    }

    private var range: String? {
        estimate.interval.map { "\(Quantity.span($0.low))-\(Quantity.span($0.high))" }
    }

    /// "213 files, 81.0 MiB"; of what is no file, how many entries.
    package var pending: String {
        let pending = estimate.pending
        let about = pending.isCounted ? "" : "about "
        let entries = Quantity.count(pending.entries, "entry", "entries")
        if pending.entries == 0 { return "nothing" }
        if pending.files == 0 { return about + entries }
        let files = Quantity.count(pending.files, "file", "files")
        return about + "\(files), \(Quantity.size(pending.bytes))"
    }

    /// What stands at the end of a pass.
    package var sentence: String {
        "the next pass would now take \(short) (\(range.map { $0 + "; " } ?? "")pending: \(pending))"
    }

    /// "in 8 of 10 cases 2m50s to 5m"; nil: there is no interval yet.
    package var cases: String? {
        guard let interval = estimate.interval else { return nil }
        let tenths = Int((interval.coverage * 10).rounded(.down))
        return
            "in \(tenths) of 10 cases \(Quantity.span(interval.low)) to \(Quantity.span(interval.high))"
    }

    /// `pass`: the one that has just ended, by its number in the record; `estimate`: nil, and all that it has is null.
    package static func line(
        _ estimate: SwitchEstimate?,
        pass: Int64?,
        time: UInt64
    ) -> JSONLine {
        var line = EventJSON.begin("estimate", time)
        line.add("pass", pass)
        line.add("seconds", decimal: estimate?.seconds)
        line.add("low_seconds", decimal: estimate?.interval?.low)
        line.add("high_seconds", decimal: estimate?.interval?.high)
        line.add("coverage", decimal: estimate?.interval?.coverage)
        line.add("basis_passes", estimate?.basisPasses)
        line.add("parts", estimate.map { json($0.parts) })
        line.add("verify_metadata_seconds", decimal: estimate?.comparison.seconds)
        line.add("verify_metadata_unknown", estimate?.comparison.reason?.rawValue)
        line.add("pending_entries", estimate?.pending.entries)
        line.add("pending_files", estimate?.pending.files)
        line.add("pending_bytes", estimate?.pending.bytes)
        line.add("pending_is_counted", estimate?.pending.isCounted)
        line.add("upper_limit", estimate?.isUpperLimit)
        line.add("lower_limit", estimate?.isLowerLimit)
        return line
    }

    private static func json(_ parts: SwitchEstimate.Parts) -> JSONLine {
        var line = JSONLine()
        line.add("open", decimal: parts.open)
        line.add("changes", decimal: parts.changes)
        line.add("work", decimal: parts.work)
        line.add("synchronize", decimal: parts.synchronize)
        line.add("commit", decimal: parts.commit)
        return line
    }

    /// For commands of a person's: seconds with three decimals, empty where nothing is known.
    package static func variables(_ estimate: SwitchEstimate?) -> [(String, String)] {
        [
            ("CUTOVER_SWITCH_SECONDS", estimate.map { decimal($0.seconds) } ?? ""),
            ("CUTOVER_SWITCH_SECONDS_LOW", estimate?.interval.map { decimal($0.low) } ?? ""),
            ("CUTOVER_SWITCH_SECONDS_HIGH", estimate?.interval.map { decimal($0.high) } ?? ""),
        ]
    }

    private static func decimal(_ seconds: Double) -> String {
        Quantity.decimal(nanoseconds: UInt64(exactlyOrMax: (seconds * 1e3).rounded() * 1e6))
    }
}
