// The summary that ends a pass, for people: a headline, a table of counts, what was left alone, the
// first failures, and what to do next. Pure: the end of a pass in, lines out.
//
// Lines keep within 80 columns, but for paths: a path that is broken or cut cannot be copied.

import History
import LinuxIO
package import Migration

/// The lines of a summary.
package struct SummaryText: Sendable {
    private let summary: PassSummary
    private let asides: PassAsides
    private let shown: ShownName
    private let failuresFile: String?
    private let historyCommand: String?

    /// A pass that took less tells no rates and no branches: they say nothing.
    static let shortNanoseconds: UInt64 = 10_000_000_000

    /// The width that everything but paths keeps to.
    static let width = 80

    /// - Parameters:
    ///   - summary: the end of the pass.
    ///   - asides: what was left alone on the way.
    ///   - shown: how names are escaped.
    ///   - failuresFile: whether and where all failures were written down.
    ///   - historyCommand: what shows them again, where the pass is recorded.
    package init(
        _ summary: PassSummary,
        asides: PassAsides,
        shown: ShownName,
        failuresFile: String? = nil,
        historyCommand: String? = nil
    ) {
        self.summary = summary
        self.asides = asides
        self.shown = shown
        self.failuresFile = failuresFile
        self.historyCommand = historyCommand
    }

    private var isShort: Bool { summary.durationNanoseconds < Self.shortNanoseconds }

    /// All of it, without newlines.
    package var lines: [String] {
        var lines = Self.wrap("cutover: " + headline, indent: 2)
        lines += rows.map { "  " + $0 }
        if let plan = summary.plan {
            lines += PlannedText.lines(plan).flatMap { Self.wrap("  " + $0, indent: 4) }
        }
        if !isShort { lines += BranchTable.lines(summary.slowestBranches, shown: shown) }
        lines += WaitingText.lines(summary.waiting, shown)
        lines += stop
        lines += leftAlone
        lines += damaged
        lines += failures
        lines += advice
        return lines
    }

    /// What `--quiet` leaves of it: a line when something went wrong, and one for a limit that was reached.
    package var quietLines: [String] {
        let counters = summary.counters
        let failures = counters.failures.value()
        if let stop = summary.stop {
            return ["cutover: stopped: \(StopText(stop, counters: counters).line); \(statusText)"]
        }
        guard failures > 0 else { return limit.map { ["cutover: \($0); \(statusText)"] } ?? [] }
        let means =
            failuresFile.map { "listed in \($0)" } ?? historyCommand.map { "'\($0)' lists them" }
            ?? "--failures FILE lists them"
        let count = Quantity.count(failures, "failure", "failures")
        return ["cutover: \(count), \(statusText); \(means)"]
            + (limit.map { ["cutover: \($0)"] } ?? [])
    }

    /// Extras that stay for the limit, whatever the status, for others outrank 25; nil: none do.
    private var limit: String? {
        let refused = summary.counters.deletionsRefused.value()
        guard refused > 0 else { return nil }
        let verb = summary.isDryRun ? "would not be" : refused == 1 ? "was not" : "were not"
        return
            "\(Quantity.count(refused, "extra", "extras")) \(verb) deleted: --max-delete was reached"
    }

    private var statusText: String { "status \(summary.status.rawValue)" }

    private var headline: String {
        let counters = summary.counters
        var time = Quantity.duration(summary.durationNanoseconds)
        // Less is shown as nothing.
        if summary.synchronizeNanoseconds >= 100_000_000 {
            time += " (\(Quantity.duration(summary.synchronizeNanoseconds)) of it in syncfs)"
        }
        let failures = counters.failures.value()
        let text =
            switch summary.status {
            case .interrupted: "interrupted after \(time), \(statusText)"
            case .timeLimit: "stopped at the time limit after \(time), \(statusText)"
            case .destinationStopped: "stopped by DESTINATION after \(time), \(statusText)"
            case .someFailed where summary.isCutByTimeLimit:
                "stopped at the time limit after \(time), "
                    + (failures == 0
                        ? "a report could not be written"
                        : Quantity.count(failures, "failure", "failures"))
                    + ", \(statusText)"
            case .someFailed where failures == 0:
                "done in \(time), a report could not be written, \(statusText)"
            case .someFailed:
                "done in \(time), \(Quantity.count(failures, "failure", "failures")), \(statusText)"
            case .someVanished:
                "done in \(time), some entries vanished meanwhile"
                    + (limit == nil ? "" : ", --max-delete was reached") + ", \(statusText)"
            case .deletionLimit: "done in \(time), --max-delete was reached, \(statusText)"
            case .done, .different, .refused, .usage: "done in \(time)"
            }
        return (summary.isDryRun ? "dry run, nothing was written: " : "") + text
    }

    /// How many entries were seen how fast, or of a short pass what found the changes.
    private var seenNote: String {
        let listed = Quantity.count(
            summary.counters.directoriesListed.value(),
            "directory",
            "directories"
        )
        if isShort || PlannedText.countsAll(summary.plan) {
            return summary.method == .scan
                ? "by a scan; \(listed) looked at" : "by a walk; \(listed) listed"
        }
        let rate = Quantity.perSecond(
            summary.counters.entriesSeen.value(),
            in: summary.durationNanoseconds
        )
        return "\(Quantity.count(rate))/s"
    }

    private var copiedNote: String {
        let bytes = summary.counters.bytesCopied.value()
        if isShort || PlannedText.countsAll(summary.plan) { return Quantity.size(bytes) }
        let rate = Quantity.perSecond(bytes, in: summary.durationNanoseconds)
        return "\(Quantity.size(bytes)), \(Quantity.size(rate))/s"
    }

    /// The table: what always appears, and what was counted of the rest.
    private var rows: [String] {
        let rows = Self.rows(summary.counters, isPlanned: summary.isDryRun) { counter, row in
            var row = row
            switch counter {
            case .entriesSeen: row.note = seenNote
            case .filesCopied: row.note = copiedNote
            default: break
            }
            return row
        }
        return Self.table(rows + Self.busyRow(summary.workersBusyMax))
    }

    /// A row of the table that ends a run.
    typealias Row = (label: String, count: UInt64, note: String?)

    /// Those of counters; `complete` adds what this run knows beside the counter's own row, or leaves it out.
    static func rows<Name>(
        _ counters: CounterTable<Name>,
        isPlanned: Bool,
        complete: (Name, Row) -> Row?
    ) -> [Row] {
        var sections: [CounterLabel.Section: [Row]] = [:]
        for name in Name.allCases {
            let count = counters[name].value()
            guard case .row(let words, let section, let showsZero) = name.label,
                showsZero || count > 0,
                let row = complete(
                    name,
                    (isPlanned ? words.planned : words.done, count, words.note)
                )
            else { continue }
            sections[section, default: []].append(row)
        }
        return CounterLabel.Section.allCases.flatMap { sections[$0] ?? [] }
    }

    /// The last row: how many workers had work.
    static func busyRow(_ workers: Int) -> [Row] {
        workers > 0 ? [("workers busy", UInt64(workers), "at most at a time")] : []
    }

    /// Labels, counts aligned to the right, notes.
    static func table(_ rows: [Row]) -> [String] {
        let counts = rows.map { Quantity.count($0.count) }
        let width = counts.map(\.count).max() ?? 0
        return zip(rows, counts).map { row, count in
            let text =
                TextLayout.padded(row.label, to: 20) + "  "
                + TextLayout.rightAligned(count, to: width)
            return row.note.map { text + "  " + $0 } ?? text
        }
    }

    private var stop: [String] {
        guard let stop = summary.stop else { return [] }
        let text = StopText(stop, counters: summary.counters)
        let path = shown.path(stop.failure.path)
        var lines = Self.wrap("Stopped: \(text.reason)", indent: 2)
        lines += TextLayout.wrapped(
            [path + ":"] + Self.words(shown.line(FailureText(stop.failure).shortMessage)),
            lead: "  ",
            indent: 4,
            width: Self.width
        )
        lines += text.table.map { "  " + $0 }
        return lines + Self.wrap("  " + text.advice, indent: 2)
    }

    /// Skipped mounts, protected directories, skipped devices: each said once.
    private var leftAlone: [String] {
        let counters = summary.counters
        var lines: [String] = []
        lines += MountText.lists(asides.mounts, isPass: true, shown)
        lines += Self.listed(
            asides.directoriesProtected,
            of: counters.directoriesProtected.value(),
            "Nothing was deleted in these directories, as SOURCE's could not be listed to the end:",
            shown
        )
        let specials = counters.specialsSkipped.value()
        if specials > 0 {
            lines += Self.wrap(
                "Skipped \(Quantity.count(specials, "device, FIFO or socket", "devices, FIFOs and sockets"))"
                    + ": not root, or --no-devices or --no-specials was given.",
                indent: 2
            )
        }
        return lines
    }

    /// Files that could not be read whole, by name, for they are what to restore from a backup.
    private var damaged: [String] {
        guard asides.damaged.total > 0 else { return [] }
        let counters = summary.counters
        let files = Quantity.count(counters.filesDamaged.value(), "file", "files")
        let size = Quantity.size(counters.bytesUnreadable.value())
        var title = "Unreadable on SOURCE: \(size) of \(files)"
        if counters.filesDamaged.value() == 0 { title = "Unreadable" }
        let salvaged = counters.filesSalvaged.value()
        if salvaged > 0 {
            title +=
                "; \(Quantity.count(salvaged)) salvaged, with holes there, marked user.cutover.damaged"
        }
        return Self.wrap(title + ":", indent: 2) + asides.damaged.lines(shown)
    }

    private var failures: [String] {
        Self.failures(
            summary.firstFailures,
            of: summary.counters.failures.value(),
            file: failuresFile,
            run: .pass,
            shown,
            command: historyCommand
        )
    }

    /// The first failures of a run, with advice, and where all are.
    static func failures(  // Six: the two summaries have no value in common.
        _ first: [Failure],
        of total: UInt64,
        file: String?,
        run: FailureText.Run,
        _ shown: ShownName,
        command: String? = nil
    ) -> [String] {
        guard total > 0 else { return [] }
        // Those of shards, which closing a plan has joined.
        if first.isEmpty { return file.map { ["All failures are in \($0)."] } ?? [] }
        var title =
            total == 1
            ? "The failure:" : "The first \(first.count) of \(Quantity.count(total)) failures:"
        if total > 1, UInt64(first.count) >= total {
            title = "The \(Quantity.count(total)) failures:"
        }
        var lines = [title]
        for failure in first {
            let text = FailureText(failure, in: run)
            let words = Self.words(shown.line("\(text.shortMessage). \(text.advice)"))
            lines += TextLayout.wrapped(
                [FailureText.subject(failure, shown) + ":"] + words,
                lead: "  ",
                indent: 4,
                width: width
            )
        }
        if let file {
            lines.append("All failures are in \(file).")
        } else if UInt64(first.count) < total, let command {
            lines += wrap("'\(command)' shows all of them.", indent: 2)
        } else if UInt64(first.count) < total {
            lines.append("To see all of them, run the \(run.rawValue) with --failures FILE.")
        }
        return lines
    }

    /// What to do next, where the failures' own advice does not say it.
    private var advice: [String] {
        let lines = adviceByStatus
        switch summary.status {
        case .deletionLimit, .someVanished, .someFailed, .timeLimit: return lines + adviceOnLimit
        case .done, .different, .refused, .usage, .interrupted, .destinationStopped: return lines
        }
    }

    private var adviceOnLimit: [String] {
        guard let limit else { return [] }
        return Self.wrap(
            "\(limit). See whether DESTINATION is the right one; then raise --max-delete and run the pass again.",
            indent: 0
        )
    }

    private var adviceByStatus: [String] {
        switch summary.status {
        case .interrupted where summary.isGivenUp, .timeLimit where summary.isGivenUp:
            Self.wrap(
                "Not all workers came back: temporary files may be left, which the next pass removes. See to "
                    + "what does not answer, then run the same command again: the next pass resumes.",
                indent: 0
            )
        case .interrupted, .timeLimit:
            Self.wrap(
                "No half-written file was left. Run the same command again: the next pass resumes and "
                    + "copies only what is missing.",
                indent: 0
            )
        case .someVanished:
            Self.wrap(
                "Entries that vanished were removed on SOURCE during the pass"
                    + (limit == nil ? ": nothing to be done." : "."),
                indent: 0
            )
        case .done, .different, .refused, .usage, .someFailed, .destinationStopped, .deletionLimit:
            []
        }
    }

    /// A title and paths, of which there may be more.
    static func listed(
        _ paths: [[UInt8]],
        of total: UInt64,
        _ title: String,
        _ shown: ShownName
    ) -> [String] {
        guard !paths.isEmpty else { return [] }
        var lines = wrap(title, indent: 2) + paths.map { "    " + shown.path($0) }
        let more = total - min(UInt64(paths.count), total)
        if more > 0 { lines.append("    and \(Quantity.count(more)) more") }
        return lines
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    static func wrap(_ text: String, indent: Int) -> [String] {
        let lead = String(repeating: " ", count: text.prefix { $0 == " " }.count)
        return TextLayout.wrapped(words(text), lead: lead, indent: indent, width: width)
    }
}

/// What a pass left alone on the way, for its summary: the first few names of each kind.
package struct PassAsides: Sendable {
    /// So many names of a kind are kept; the counters tell of the rest.
    static let shownMax = 10
    package var mounts = SkippedMounts()
    package var directoriesProtected: [[UInt8]] = []
    package var damaged = DamagedFiles()

    package init() {}

    mutating func addMount(
        _ path: [UInt8],
        _ side: Failure.Side,
        _ crossing: MountBoundary.Crossing
    ) {
        mounts.add(path, side, crossing)
    }

    mutating func addProtected(_ path: [UInt8]) {
        if directoriesProtected.count < Self.shownMax { directoriesProtected.append(path) }
    }
}
