// What was told of passes against what was seen from outside: to the last one where nobody wrote meanwhile, within
// bounds where users did. Bounds of time are of one side only: nothing took longer than somebody outside waited.

import Glibc
import TestSupport
import Testing

/// The first copy.
struct FirstCopyJudge {
    /// SOURCE before it began.
    let before: SeenTree
    /// What users had done when it ended.
    let operations: Int
    let begin: SeenMoment
    let end: SeenMoment
    let process: pid_t

    func judge(
        _ outcome: Outcome,
        _ report: JSONReport,
        history: JSONReport,
        statuses: [(text: [UInt8], seen: SeenMoment)]
    ) throws {
        let summary = try #require(report.of("summary").last, "\(outcome)")
        let start = try #require(report.of("start").last)
        let recorded = try #require(history.of("pass").last)
        StoryAgreement.history(summary, recorded)
        for progress in report.of("progress") { StoryAgreement.midway(progress, summary) }
        try counts(summary)
        StoryTimes.expect(start, summary, recorded, report.of("progress"), begin, end)
        // --bwlimit 8M, of which a second may be saved up.
        let seconds = summary.decimal("seconds") ?? 0
        let bytes = Double(summary.number("bytes_copied") ?? 0)
        #expect(bytes <= (seconds + 1) * 8 * 1_048_576, "\(summary)")
        #expect(start.number("workers") == 8 && start.number("pass") == 1, "\(start)")
        #expect(start.text("source_type") == "xfs" && start.text("destination_type") == "ext4")
        StoryRows(outcome.errors).expect(summary)
        #expect(!statuses.isEmpty, "no status file was seen")
        for (text, seen) in statuses {
            try status(try JSON(parsing: text), seen, summary, recorded)
        }
    }

    /// Users make no directories, symlinks or devices.
    private func counts(_ summary: JSON) throws {
        let kinds = Dictionary(grouping: before.entries.values, by: \.kind).mapValues(\.count)
        let groups = before.groups.values.map { (before.entries[$0[0]]?.kind ?? 0, $0.count) }
        func inodes(_ kinds: mode_t...) -> Int { groups.count { kinds.contains($0.0) } }
        #expect(summary.number("directories_made") == (kinds[S_IFDIR] ?? 0) - 1, "\(summary)")
        #expect(summary.number("symlinks_made") == inodes(S_IFLNK), "\(summary)")
        let specials = inodes(S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK)
        #expect(summary.number("specials_made") == specials, "\(summary)")
        let still = before.files.filter { !StoryWriter.owns($0) }
        let files = summary.number("files_copied") ?? -1
        #expect(files >= still.count && files <= still.count + 2 * operations, "\(summary)")
        let least = try still.reduce(0) { $0 + (try before.dataBytes($1)) }
        #expect(summary.number("bytes_copied") ?? -1 >= least, "\(summary) \(least)")
        #expect(summary.number("extras_deleted") == 0 && summary.number("failures") == 0)
        #expect(summary.number("vanished") ?? -1 <= 2 * operations, "\(summary)")
    }

    private func status(
        _ status: JSON,
        _ seen: SeenMoment,
        _ summary: JSON,
        _ recorded: JSON
    ) throws {
        StoryAgreement.midway(status, summary)
        #expect(status.number("pass") == 1 && status.number("pid") == Int(process), "\(status)")
        #expect(status.number("workers") == 8, "\(status)")
        let start = Double(try #require(status.number("start_ns"))) / 1e9
        #expect(start >= begin.wall - 0.011 && start <= seen.wall, "\(status) \(begin)")
        var boot = timespec()
        clock_gettime(CLOCK_BOOTTIME, &boot)
        let now = Double(boot.tv_sec) + Double(boot.tv_nsec) / 1e9
        #expect(Double(status.number("written_boot_ns") ?? .max) / 1e9 <= now, "\(status)")
    }
}

/// Moments that were told, and when somebody outside began and ended to wait.
enum StoryTimes {
    static func expect(
        _ start: JSON,
        _ summary: JSON,
        _ recorded: JSON,
        _ progress: [JSON],
        _ begin: SeenMoment,
        _ end: SeenMoment
    ) {
        let seconds = summary.decimal("seconds") ?? .infinity
        #expect(seconds <= end.monotonic - begin.monotonic, "\(summary)")
        // It goes on while the look after the pass does, which is no part of it.
        for line in progress {
            let passed = line.decimal("seconds") ?? .infinity
            #expect(passed <= end.monotonic - begin.monotonic, "\(line)")
        }
        // Thousandths are cut off.
        #expect(start.decimal("time") ?? 0 >= begin.wall - 0.002, "\(start) \(begin)")
        #expect(summary.decimal("time") ?? .infinity <= end.wall, "\(summary) \(end)")
        let parts = ["open", "changes", "work", "synchronize", "commit"]
            .compactMap { recorded["parts"]?.decimal($0) }
        #expect(parts.reduce(0, +) <= end.monotonic - begin.monotonic, "\(recorded)")
        let moments = ["start", "end"].map { recorded.text($0).flatMap(moment) ?? .nan }
        // The clock that filesystems stamp with is late by a tick.
        #expect(moments[0] >= begin.wall - 0.012 && moments[1] <= end.wall, "\(recorded)")
        #expect(moments[1] - moments[0] <= seconds + 0.012, "\(recorded)")
    }

    /// RFC 3339, UTC, as seconds since 1970.
    private static func moment(_ text: String) -> Double? {
        guard let match = text.wholeMatch(of: #/(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)Z/#)
        else {
            return nil
        }
        func number(_ text: Substring) -> Int32 { Int32(text) ?? -1 }
        var parts = tm()
        parts.tm_year = number(match.1) - 1_900
        parts.tm_mon = number(match.2) - 1
        parts.tm_mday = number(match.3)
        parts.tm_hour = number(match.4)
        parts.tm_min = number(match.5)
        parts.tm_sec = number(match.6)
        return Double(timegm(&parts)) + (Double("0" + match.7) ?? 0)
    }
}

/// The table that ends a pass: labels and counts.
struct StoryRows {
    private let rows: [String: Int]

    init(_ text: String) {
        var rows: [String: Int] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("  ") {
            guard let match = line.firstMatch(of: #/^  ([a-z ]+?) {2,}([\d,]+)(?:$| )/#) else {
                continue
            }
            rows[String(match.1)] = Int(match.2.filter(\.isNumber))
        }
        self.rows = rows
    }

    /// Rows that are always there, and those of what was counted.
    func expect(_ summary: JSON) {
        for (label, key) in [
            ("entries seen", "entries_seen"), ("files copied", "files_copied"),
            ("attributes repaired", "attributes_repaired"), ("extras deleted", "extras_deleted"),
            ("failures", "failures"),
        ] {
            #expect(rows[label] == summary.number(key), "\(label): \(rows) \(summary)")
        }
        for (label, key) in [
            ("directories made", "directories_made"), ("symlinks made", "symlinks_made"),
            ("specials made", "specials_made"), ("hard links made", "links_made"),
            ("vanished", "vanished"),
        ] {
            #expect(rows[label] ?? 0 == summary.number(key), "\(label): \(rows) \(summary)")
        }
    }
}

/// The last pass.
struct FinalJudge {
    let toDo: SeenWork
    /// From before the command to after it.
    let seconds: Double
    let entries: Int

    func judge(_ pass: ScanPass, history: JSONReport) throws {
        let verdict = try #require(pass.report.of("final").last, "\(pass.outcome)")
        let summary = try #require(pass.report.of("summary").first)
        let recorded = try #require(history.of("pass").last)
        StoryAgreement.history(summary, recorded)
        StoryCounts.expect(summary, toDo, failing: nil, title: "the last pass")
        #expect(verdict["final"] == true && verdict.number("second_look_entries") == 0)
        for key in ["status", "pass_status", "second_look_status", "verify_status"] {
            #expect(verdict.number(key) == 0, "\(verdict)")
        }
        let took = verdict.decimal("took_seconds") ?? .infinity
        let alone = verdict.decimal("pass_seconds") ?? .infinity
        #expect(took <= seconds && alone <= took, "\(verdict)")
        #expect(alone == summary.decimal("seconds"), "\(verdict) \(summary)")
        let foreseen = try #require(verdict.decimal("foreseen_seconds"))
        #expect(abs(foreseen - (recorded.decimal("foreseen_seconds") ?? -1)) < 0.002, "\(recorded)")
        #expect(pass.report.of("summary").last?.number("entries_seen") == entries)
        try lines(pass.outcome, summary, verdict)
    }

    private func lines(_ outcome: Outcome, _ summary: JSON, _ verdict: JSON) throws {
        StoryRows(outcome.errors).expect(summary)
        let form =
            #/cutover: the last pass: ([\d,]+) files?, ([\d.]+ \w+) in (.+?), foreseen: (?:at most )?([\w.]+)(?: \(.*\))?\n/#
        let match = try #require(outcome.errors.firstMatch(of: form), "\(outcome)")
        #expect(Int(match.1.filter(\.isNumber)) == summary.number("files_copied"), "\(outcome)")
        #expect(ToldAmount.isSize(String(match.2), summary.number("bytes_copied") ?? -1))
        #expect(ToldAmount.isDuration(String(match.3), summary.decimal("seconds") ?? -1))
        #expect(
            ToldAmount.isSpan(String(match.4), verdict.decimal("foreseen_seconds") ?? -1),
            "\(outcome) \(verdict)"
        )
        #expect(outcome.errors.contains("options of pass"), "\(outcome)")
        #expect(outcome.errors.contains("a second look found nothing left"), "\(outcome)")
        let total = try #require(
            outcome.errors.firstMatch(of: #/\n(.+) since the command; keep SOURCE/#),
            "\(outcome)"
        )
        let took = verdict.decimal("took_seconds") ?? -1
        #expect(ToldAmount.isDuration(String(total.1), took), "\(outcome) \(verdict)")
    }
}

/// `verify`, of contents.
struct ComparisonJudge {
    let names: Int
    let files: Int
    let dataBytes: Int
    let copyBytes: Int
    let seconds: Double

    func judge(_ outcome: Outcome, _ report: JSONReport) throws {
        let summary = try #require(report.of("summary").last, "\(outcome)")
        #expect(summary.text("status_name") == "equal", "\(summary)")
        #expect(summary.number("entries_seen") == names, "\(summary) \(names)")
        #expect(summary.number("files_compared") == files, "\(summary) \(files)")
        #expect(summary.decimal("seconds") ?? .infinity <= seconds)
        for key in ["differences", "changed", "failures", "vanished", "pending"] {
            #expect(summary.number(key) == 0, "\(summary)")
        }
        let read = summary.number("bytes_read") ?? -1
        // Zeros of SOURCE are holes in the copy, and read there as well where they lie among data.
        #expect(
            read >= dataBytes + copyBytes && read <= 2 * max(dataBytes, copyBytes),
            "\(summary) \(dataBytes) \(copyBytes)"
        )
        #expect(outcome.errors.contains("cutover: equal, in "), "\(outcome)")
    }
}

/// The counters of a pass beside which nobody wrote.
enum StoryCounts {
    /// `failing`: files that are to be copied and cannot be.
    static func expect(_ summary: JSON, _ toDo: SeenWork, failing: DamagedSource?, title: String) {
        let count = failing == nil ? 0 : 1
        let expected: KeyValuePairs<String, (Int, slack: Int)> = [
            "files_copied": (toDo.files - count, toDo.entangled),
            "links_made": (toDo.links, toDo.entangled),
            "attributes_repaired": (toDo.repaired, toDo.entangled),
            "directories_made": (toDo.directories, 0), "symlinks_made": (toDo.symlinks, 0),
            "specials_made": (toDo.specials, 0), "extras_deleted": (toDo.extras, 0),
            "failures": (count, 0), "vanished": (0, 0),
        ]
        for (key, (count, slack)) in expected {
            #expect(
                abs((summary.number(key) ?? -1) - count) <= slack,
                "\(title): \(key) of \(summary); seen: \(toDo)"
            )
        }
        // What was read of a file until it failed counts.
        let least = toDo.bytes - (failing?.contents.count ?? 0)
        let most = least + (failing?.broken.first?.lowerBound ?? 0) + toDo.entangledBytes
        let bytes = summary.number("bytes_copied") ?? -1
        #expect(
            bytes >= least - toDo.entangledBytes && bytes <= most,
            "\(title): \(summary) \(toDo)"
        )
    }
}
