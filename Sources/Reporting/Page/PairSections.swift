// What a page tells of a pair beside its passes: how comparisons ended, and which volumes these are.

import History
import Migration

/// Two sections of a page.
struct PairSections {
    private let input: PageInput
    private let text: PageText

    /// So many verifications stand on the page.
    static let verificationsMax = 200

    init(_ input: PageInput, _ text: PageText) {
        self.input = input
        self.text = text
    }

    // MARK: Verifications

    func verifications(_ page: inout PageWriter) {
        let all = input.pair.verifications
        guard !all.isEmpty else {
            return page.element(
                "p",
                [:],
                "None is recorded: cutover verify compares both volumes, byte for byte."
            )
        }
        let text = text
        PageTable(
            "Verifications, the newest first",
            lines: "verification",
            [
                PageTable.Column("start", "start"),
                PageTable.Column("result", "status_name"),
                PageTable.Column("what"),
                PageTable.Column("took", "seconds", .number),
                PageTable.Column("entries", "entries_seen", .number),
                PageTable.Column("files read", "files_compared", .number),
                PageTable.Column("bytes read", "bytes_read", .number),
                PageTable.Column("differences", "differences", .number),
                PageTable.Column("pending", "pending", .number),
                PageTable.Column("changed", "changed", .number),
                PageTable.Column("failures", "failures", .number),
                PageTable.Column("by user", "login_user", .number),
            ]
        ).write(&page, all.reversed().prefix(Self.verificationsMax)) { row in
            [
                { text.moment(row.startNanoseconds, &$0) },
                { page in
                    page.element(
                        "data",
                        [
                            "class": Self.isGood(row) ? "k" : "k bad",
                            "value": HistoryJSON.name(verification: row),
                        ],
                        Self.words(row)
                    )
                },
                { $0.text(Self.scope(row)) },
                { text.duration(row.durationNanoseconds, &$0) },
                { text.count(row.counts.entriesSeen, &$0) },
                { text.count(row.counts.filesCompared, &$0) },
                { text.size(row.counts.bytesRead, &$0) },
                { text.count(row.counts.differences, &$0) },
                { text.count(row.counts.pending, &$0) },
                { text.count(row.counts.changed, &$0) },
                { text.count(row.counts.failures, &$0) },
                { $0.text(row.loginUser.map { "\($0)" } ?? "-") },
            ]
        }
        if all.count > Self.verificationsMax {
            let more = UInt64(all.count - Self.verificationsMax)
            page.element(
                "p",
                ["class": "muted"],
                "And \(Quantity.count(more, "older one", "older ones"))."
            )
        }
    }

    private static func isGood(_ row: RecordedVerification) -> Bool {
        row.status == Int(ExitStatus.done.rawValue)
            || row.status == Int(ExitStatus.someVanished.rawValue)
    }

    /// How it ended: "equal", "different".
    static func words(_ row: RecordedVerification) -> String {
        switch Int32(exactly: row.status).flatMap(ExitStatus.init) {
        case .done: "equal"
        case .different: "different"
        case .someVanished: row.counts.pending > 0 ? "equal, some pending" : "some changed"
        case .someFailed: "with failures"
        case .interrupted: "interrupted"
        case .timeLimit: "time limit"
        default: "status \(row.status)"
        }
    }

    /// The same for who sees no scope beside it.
    static func bareWords(_ row: RecordedVerification) -> String {
        let isOfAll = row.comparesContents && row.samplePercent == nil && !row.isPartial
        return row.status != Int(ExitStatus.done.rawValue) || isOfAll && !row.isFiltered
            ? words(row) : "equal where it looked"
    }

    /// What it looked at: "every byte", "attributes only, some branches".
    static func scope(_ row: RecordedVerification) -> String {
        var words = row.comparesContents ? "every byte" : "attributes only"
        if let percent = row.samplePercent {
            words = "bytes of \(VerificationText.percent(percent)) % of the files"
        }
        if row.isPartial { words += ", some branches" }
        if let aside = RecordedOptions(recorded: row.leftAside), !aside.words.isEmpty {
            words += ", without " + LeftAsideText.parts(aside.words)
        }
        if row.isFiltered { words += ", less than passes carry" }
        if !row.isComplete { words += ", not to its end" }
        if row.isStrict { words += ", strict" }
        return words
    }

    // MARK: Volumes

    func volumes(_ page: inout PageWriter) {
        let pair = input.pair
        let last = pair.passes.last?.record
        let isHidden = text.hidesNames
        let text = text
        let rows: [(String, String, String)] = [
            (
                "mounted at", text.volume(pair.source, "hidden"),
                text.volume(pair.destination, "hidden")
            ),
            ("type", last?.sourceType ?? "not recorded", last?.destinationType ?? "not recorded"),
            (
                "filesystem",
                isHidden ? "hidden" : FilesystemName.text(pair.sourceFilesystem) ?? "not known",
                isHidden ? "hidden" : FilesystemName.text(pair.destinationFilesystem) ?? "not known"
            ),
            (
                "made with", last?.sourceFeatures ?? "not recorded",
                last?.destinationFeatures ?? "not recorded"
            ),
            (
                "mount options", isHidden ? "hidden" : last?.sourceMountOptions ?? "not recorded",
                isHidden ? "hidden" : last?.destinationMountOptions ?? "not recorded"
            ),
        ]
        PageTable(
            "Volumes",
            lines: "volumes",
            [
                PageTable.Column(""), PageTable.Column("SOURCE", nil, .words),
                PageTable.Column("DESTINATION", nil, .words),
            ]
        ).write(&page, rows) { row in
            [
                { $0.text(row.0) },
                { $0.list(text.message(row.1)) },
                { $0.list(text.message(row.2)) },
            ]
        }
        guard let last else { return }
        page.element("p") { page in
            page.text("Options of the last pass: ")
            page.name(options(last))
            page.text(
                ". Made by cutover \(text.message(last.cutoverVersion)), with "
                    + Quantity.count(UInt64(max(last.workers, 0)), "worker", "workers")
            )
            if !isHidden, let host = last.host {
                page.text(", on ")
                page.name(text.message(host))
            }
            page.text(".")
        }
        if !isHidden {
            page.element("p", ["class": "muted"]) { page in
                page.text("Recorded in ")
                page.name(text.message(pair.path))
            }
        }
    }

    private func options(_ record: PassRecord) -> String {
        guard let recorded = RecordedOptions(recorded: record.arguments) else { return "not kept" }
        if recorded.words.isEmpty { return "none" }
        let shown = ShownName(isForTerminal: true, isUTF8: true)
        return text.options(OptionsText(recorded).shortText(shown, pass: nil))
    }
}
