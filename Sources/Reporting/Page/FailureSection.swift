// What fails now, by what is to be done about it, and what failed before.

import History
import Migration

/// The section of failures.
struct FailureSection {
    private let failures: OpenFailures
    private let text: PageText

    /// So many open ones stand on the page, and so many that were mended.
    static let openMax = 200
    static let mendedMax = 100

    init(_ passes: [HistoryPass], _ text: PageText) {
        failures = OpenFailures(passes)
        self.text = text
    }

    /// The entries that ask for the same.
    private struct Group {
        var advice: String
        var rows: [OpenFailures.Row]
    }

    private var groups: [Group] {
        var groups: [Group] = []
        var places: [String: Int] = [:]
        for row in failures.open.prefix(Self.openMax) {
            let advice = advice(row.record)
            if let place = places[advice] {
                groups[place].rows.append(row)
            } else {
                places[advice] = groups.count
                groups.append(Group(advice: advice, rows: [row]))
            }
        }
        return groups
    }

    func write(_ page: inout PageWriter) {
        if failures.open.isEmpty {
            page.element("p", [:], "Nothing that was recorded fails now.")
        }
        for group in groups {
            page.element("div", ["class": "keep"]) { page in
                page.element("h3", [:], group.advice)
                table(&page, "Open failures", group.rows, isOpen: true)
            }
        }
        let more = failures.open.count - min(failures.open.count, Self.openMax)
        if more > 0 || failures.unknown > 0 {
            let count = failures.unknown.addingUpToMax(UInt64(more))
            page.element(
                "p",
                ["class": "muted"],
                "And \(Quantity.count(count, "more failure", "more failures")): "
                    + "cutover history -v --json - has those that were kept."
                    + (failures.unknown > 0 ? " So what was mended cannot be told." : "")
            )
        }
        guard !failures.mended.isEmpty else { return }
        page.element("h3", [:], "Mended since")
        table(&page, "Mended failures", failures.mended.prefix(Self.mendedMax), isOpen: false)
        let others = failures.mended.count - min(failures.mended.count, Self.mendedMax)
        if others > 0 {
            page.element("p", ["class": "muted"], "And \(Quantity.count(UInt64(others))) more.")
        }
    }

    private func table(
        _ page: inout PageWriter,
        _ label: String,
        _ rows: some Sequence<OpenFailures.Row>,
        isOpen: Bool
    ) {
        PageTable(
            label,
            lines: isOpen ? "open" : "mended",
            [
                PageTable.Column("entry", nil, .name),
                PageTable.Column("what failed", nil, .words),
                PageTable.Column(isOpen ? "since pass" : "last in pass", nil, .number),
            ]
        ).write(&page, rows) { row in
            [
                { $0.name(subject(row.record)) },
                { $0.text(message(row.record)) },
                { page in
                    page.text("\(isOpen ? row.since : row.last)")
                    if isOpen, row.mayBeOlder { page.text(" or before") }
                },
            ]
        }
    }

    // MARK: Words

    private func subject(_ record: FailureRecord) -> String {
        if text.hidesNames { return "an entry" }
        guard let failure = Failure(record) else { return text.path(record.path) }
        return failure.activity.isOfQuotas ? failure.side.shown : text.path(record.path)
    }

    private func message(_ record: FailureRecord) -> String {
        guard var failure = Failure(record) else {
            return text.message("\(record.activity) (\(record.side))")
        }
        // A detail may quote names of attributes, and more.
        if text.hidesNames { failure.detail = nil }
        return text.line(FailureText(failure).shortMessage)
    }

    private func advice(_ record: FailureRecord) -> String {
        guard let failure = Failure(record) else { return FailureAdvice.unknown }
        return text.message(FailureText(failure).advice)
    }
}

/// The parts of files that a disk did not give, of the failures that are open.
struct DamageSection {
    private let rows: [(record: FailureRecord, damage: Damage, outcome: DamageReport.Outcome)]
    private let text: PageText

    static let rowsMax = 200

    init(_ passes: [HistoryPass], _ text: PageText) {
        self.text = text
        rows = OpenFailures(passes).open.compactMap { row in
            guard let report = Failure(row.record)?.damage else { return nil }
            return (row.record, report.damage, report.outcome)
        }
    }

    func write(_ page: inout PageWriter) {
        guard !rows.isEmpty else {
            return page.element(
                "p",
                [:],
                "No file that is recorded has a range that its disk did not give."
            )
        }
        let text = text
        PageTable(
            "Unreadable ranges",
            lines: "damage",
            [
                PageTable.Column("file", nil, .name),
                PageTable.Column("on"),
                PageTable.Column("unreadable", nil, .number),
                PageTable.Column("ranges", nil, .words),
                PageTable.Column("at DESTINATION"),
            ]
        ).write(&page, rows.prefix(Self.rowsMax)) { row in
            [
                { $0.name(text.hidesNames ? "a file" : text.path(row.record.path)) },
                { $0.text(row.record.side == "source" ? "SOURCE" : "DESTINATION") },
                { text.size(row.damage.byteCount, &$0) },
                { $0.text(text.message(DamageText(row.damage).ranges)) },
                { $0.text(Self.words(row.outcome)) },
            ]
        }
        if rows.count > Self.rowsMax {
            let more = Quantity.count(UInt64(rows.count - Self.rowsMax), "more file", "more files")
            page.element("p", ["class": "muted"], "And \(more).")
        }
    }

    private static func words(_ outcome: DamageReport.Outcome) -> String {
        switch outcome {
        case .kept: "as before"
        case .keptWhole: "an earlier copy, whole"
        case .keptSalvaged: "what was salvaged before"
        case .salvaged: "salvaged, with holes"
        }
    }
}
