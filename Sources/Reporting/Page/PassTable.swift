// The table beside the pictures of passes.

import History
import Migration

/// The rows of passes, the newest first.
struct PassTable {
    private let slots: PassSlots
    private let text: PageText
    private let sinceBoot: Int64

    init(_ slots: PassSlots, _ text: PageText, sinceBoot: Int64) {
        self.slots = slots
        self.text = text
        self.sinceBoot = sinceBoot
    }

    private static let columns = [
        PageTable.Column("pass", "pass", .number),
        PageTable.Column("start", "start"),
        PageTable.Column("by", "changes_by"),
        PageTable.Column("took", "seconds", .number),
        PageTable.Column("foreseen", "foreseen_seconds", .number),
        PageTable.Column("at least", "foreseen_low_seconds", .number),
        PageTable.Column("at most", "foreseen_high_seconds", .number),
        PageTable.Column("seen", "entries_seen", .number),
        PageTable.Column("files", "files_copied", .number),
        PageTable.Column("bytes", "bytes_copied", .number),
        PageTable.Column("deleted", "extras_deleted", .number),
        PageTable.Column("failures", "failures", .number),
        PageTable.Column("outcome", "outcome"),
    ]

    func write(_ page: inout PageWriter) {
        let passes = slots.slots.reversed().compactMap { slot -> HistoryPass? in
            if case .pass(let pass) = slot { return pass }
            return nil
        }
        PageTable("Passes, the newest first", lines: "pass", Self.columns)
            .write(&page, passes, cells)
        guard slots.hasDays else { return }
        let days = slots.slots.reversed().compactMap { slot -> PassDays? in
            if case .days(let days) = slot { return days }
            return nil
        }
        page.element("h3", [:], "Older passes, by days")
        PageTable("Older passes, by days", lines: "days", Self.dayColumns)
            .write(&page, days, cells)
    }

    private func cells(_ pass: HistoryPass) -> [PageTable.Cell] {
        let record = pass.record
        let text = text
        let counts = pass.counts
        return [
            { $0.text("\(record.id)") },
            { text.moment(record.startNanoseconds, &$0) },
            { $0.text(text.message(record.method)) },
            { text.duration(pass.duration(sinceBoot: sinceBoot), &$0) },
            { text.duration(record.foreseenNanoseconds, &$0) },
            { text.duration(record.foreseenLowNanoseconds, &$0) },
            { text.duration(record.foreseenHighNanoseconds, &$0) },
            { text.count(counts?[.entriesSeen], &$0) },
            { text.count(counts?[.filesCopied], &$0) },
            { text.size(counts?[.bytesCopied], &$0) },
            { text.count(counts?[.extrasDeleted], &$0) },
            { text.count(counts?[.failures], &$0) },
            { Self.outcome(pass, &$0) },
        ]
    }

    /// In words for people, with the word for programs.
    private static func outcome(_ pass: HistoryPass, _ page: inout PageWriter) {
        let shown = HistoryText.outcome(pass)
        let style = PassCharts.isTroubled(pass) ? "k bad" : "k"
        page.element("data", ["class": style, "value": HistoryJSON.name(pass.outcome)], shown)
        if pass.record.isPartial { page.text(" (some branches)") }
        if pass.record.costsHeldBack != nil { page.text(" (held back)") }
    }

    private static let dayColumns = [
        PageTable.Column("days"),
        PageTable.Column("passes", nil, .number),
        PageTable.Column("least", nil, .number),
        PageTable.Column("median", nil, .number),
        PageTable.Column("most", nil, .number),
        PageTable.Column("files", nil, .number),
        PageTable.Column("bytes", nil, .number),
        PageTable.Column("deleted", nil, .number),
        PageTable.Column("failures", nil, .number),
    ]

    private func cells(_ days: PassDays) -> [PageTable.Cell] {
        let text = text
        let durations = days.durations
        return [
            { $0.text(days.title) },
            { text.count(UInt64(days.passes.count), &$0) },
            { text.duration(durations?.least, &$0) },
            { text.duration(durations?.median, &$0) },
            { text.duration(durations?.most, &$0) },
            { text.count(days.total(.filesCopied), &$0) },
            { text.size(days.total(.bytesCopied), &$0) },
            { text.count(days.total(.extrasDeleted), &$0) },
            { text.count(days.total(.failures), &$0) },
        ]
    }
}
