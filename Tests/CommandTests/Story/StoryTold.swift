// What was told of each pass, from four places: the lines of JSON, the row of the log, `history --json`, and what
// --after was given. They have to agree with one another before anybody outside is asked.

import Glibc
import TestSupport
import Testing

/// What was told of one pass of a loop.
struct ToldPass {
    let number: Int
    let start: JSON
    let summary: JSON
    /// Of the look right before it, and of the one after it; nil where nobody looked.
    let estimateBefore: JSON?
    let estimateAfter: JSON?
    let failures: [JSON]
    let progress: [JSON]
    let backOff: [JSON]
    let row: ToldRow
    /// Below the row.
    let notes: [String]
    let history: JSON

    /// Counts of the summary that other places tell, too.
    func count(_ key: String) -> Int { summary.number(key) ?? -1 }
}

/// A row of the log: `2026-08-04 21:04:00 pass 41: 12m10s by scan, copied 4,512 files, ...`.
struct ToldRow {
    let took: String
    let method: String
    let files: Int
    let bytes: String
    let deleted: Int
    let failed: Int
    /// "6m40s", "at most 6m40s (5m-8m)".
    let next: String?

    /// The rows of a log by the numbers of their passes, with the lines below each.
    static func all(_ log: String) -> [Int: (row: ToldRow, notes: [String])] {
        var rows: [Int: (row: ToldRow, notes: [String])] = [:]
        var last: Int?
        for line in log.split(separator: "\n") {
            if let (number, row) = read(String(line)) {
                rows[number] = (row, [])
                last = number
            } else if line.hasPrefix("        "), let last {
                rows[last]?.notes.append(String(line.dropFirst(8)))
            } else {
                last = nil
            }
        }
        return rows
    }

    private static func read(_ line: String) -> (Int, ToldRow)? {
        let form =
            #/[-\d]+ [:\d]+ pass (\d+): (\S+) by (scan|walk), copied ([\d,]+) files?, ([\d.]+ \w+), deleted ([\d,]+), failed ([\d,]+)(?:; switch now (.+))?/#
        guard let match = line.wholeMatch(of: form), let number = Int(match.1) else { return nil }
        func count(_ text: Substring) -> Int { Int(text.filter(\.isNumber)) ?? -1 }
        let row = ToldRow(
            took: String(match.2),
            method: String(match.3),
            files: count(match.4),
            bytes: String(match.5),
            deleted: count(match.6),
            failed: count(match.7),
            next: match.8.map(String.init)
        )
        return (number, row)
    }
}

/// Amounts as people read them, held against numbers.
enum ToldAmount {
    /// "29.2 KiB", cut to a tenth of its unit.
    static func isSize(_ text: String, _ bytes: Int) -> Bool {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let value = Double(parts[0]),
            let power = ["B", "KiB", "MiB", "GiB"].firstIndex(of: String(parts[1]))
        else { return false }
        let unit = Double(1 << (10 * power))
        // What a double loses of a tenth is less than a byte.
        return Double(bytes) > value * unit - 1
            && Double(bytes) < (value + (power == 0 ? 0 : 0.1)) * unit + 1
    }

    /// "0.4s", "45s", "3m30s", "2h05m", rounded.
    static func isSpan(_ text: String, _ seconds: Double) -> Bool {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        var (sum, digits, least) = (0.0, "", 0.1)
        for character in text {
            if let unit = units[character], let value = Double(digits) {
                sum += value * unit
                least = digits.contains(".") || (unit == 1 && sum < 9.95) ? 0.1 : unit
                digits = ""
            } else {
                digits.append(character)
            }
        }
        return digits.isEmpty && abs(sum - seconds) <= least / 2 + 0.001
    }

    /// "1.4 s", "2:05", cut.
    static func isDuration(_ text: String, _ seconds: Double) -> Bool {
        if text.hasSuffix(" s"), let value = Double(text.dropLast(2)) {
            return seconds >= value - 0.001 && seconds < value + 0.101
        }
        let parts = text.split(separator: ":").compactMap { Double($0) }
        let value = parts.reduce(0) { $0 * 60 + $1 }
        return parts.count > 1 && seconds >= value - 0.001 && seconds < value + 1.001
    }
}

/// All that was told of a loop.
struct ToldLoop {
    let passes: [Int: ToldPass]
    let report: JSONReport
    let log: String

    /// - Parameters:
    ///   - report: the lines of JSON.
    ///   - log: standard error.
    ///   - history: lines of `history --json`.
    /// - Throws: where a pass lacks one of its lines.
    init(_ report: JSONReport, log: String, history: JSONReport) throws {
        (self.report, self.log) = (report, log)
        let rows = ToldRow.all(log)
        var passes: [Int: ToldPass] = [:]
        var begin = 0
        let lines = report.lines
        for (index, line) in lines.enumerated() where line.text("type") == "summary" {
            let part = lines[begin...index]
            let start = try #require(part.last { $0.text("type") == "start" }, "\(part)")
            let number = try #require(start.number("pass"))
            let (row, notes) = try #require(rows[number], "no row of pass \(number) in \(log)")
            let rest = lines[(index + 1)...]
            let next = rest.first { ["estimate", "pause"].contains($0.text("type")) }
            func of(_ type: String) -> [JSON] { part.filter { $0.text("type") == type } }
            passes[number] = ToldPass(
                number: number,
                start: start,
                summary: line,
                estimateBefore: of("estimate").last,
                estimateAfter: next.flatMap { $0.text("type") == "estimate" ? $0 : nil },
                failures: of("failure"),
                progress: of("progress"),
                backOff: of("back_off"),
                row: row,
                notes: notes,
                history: try #require(
                    history.of("pass").last { $0.number("pass") == number },
                    "no pass \(number) in the history"
                )
            )
            begin = index + 1
        }
        self.passes = passes
    }

    /// The places agree with one another, of every pass.
    func expectAgreement(_ environments: [Int: [String: String]]) {
        for pass in passes.values.sorted(by: { $0.number < $1.number }) {
            StoryAgreement.history(pass.summary, pass.history)
            row(pass)
            foreseen(pass)
            if let environment = environments[pass.number] { command(pass, environment) }
            #expect(pass.summary.number("pass") == pass.number)
            #expect(pass.failures.count == pass.count("failures"), "\(pass.failures)")
            for progress in pass.progress { StoryAgreement.midway(progress, pass.summary) }
            let isHeld = pass.backOff.contains { ["held", "paused"].contains($0.text("state")) }
            if pass.notes.contains(where: { $0.hasPrefix("held back ") }) {
                #expect(isHeld, "\(pass.backOff)")
            }
        }
    }

    private func row(_ pass: ToldPass) {
        let (row, summary) = (pass.row, pass.summary)
        #expect(row.method == summary.text("changes_by"), "\(row) \(summary)")
        #expect(row.files == pass.count("files_copied"), "\(row) \(summary)")
        #expect(row.deleted == pass.count("extras_deleted"), "\(row) \(summary)")
        #expect(row.failed == pass.count("failures"), "\(row) \(summary)")
        #expect(ToldAmount.isSize(row.bytes, pass.count("bytes_copied")), "\(row) \(summary)")
        #expect(ToldAmount.isSpan(row.took, summary.decimal("seconds") ?? -1), "\(row) \(summary)")
    }

    /// What was foreseen is recorded, and what is foreseen next stands in the row.
    private func foreseen(_ pass: ToldPass) {
        // A walk was not foreseen; nor was what nobody looked at: the record has what the formula gives afterwards.
        if pass.row.method == "scan", let told = pass.estimateBefore?.decimal("seconds") {
            let recorded = pass.history.decimal("foreseen_seconds") ?? -1
            #expect(
                abs(told - recorded) < 0.002,
                "\(pass.history) \(pass.estimateBefore as Any)"
            )
        }
        guard let next = pass.estimateAfter else {
            #expect(pass.row.next == nil, "\(pass.row)")
            return
        }
        var words = (pass.row.next ?? "").split(separator: " ").map(String.init)
        let isUpper = next["upper_limit"] == .bool(true)
        #expect(words.starts(with: ["at", "most"]) == isUpper, "\(pass.row) \(next)")
        if isUpper { words.removeFirst(min(2, words.count)) }
        #expect(
            ToldAmount.isSpan(words.first ?? "", next.decimal("seconds") ?? -1),
            "\(words) \(next)"
        )
        guard let low = next.decimal("low_seconds"), let high = next.decimal("high_seconds") else {
            #expect(words.count == 1, "\(words) \(next)")
            return
        }
        let range = (words.last ?? "").dropFirst().dropLast().split(separator: "-").map(String.init)
        #expect(range.count == 2 && ToldAmount.isSpan(range[0], low), "\(words) \(next)")
        #expect(ToldAmount.isSpan(range.last ?? "", high), "\(words) \(next)")
        #expect(low <= next.decimal("seconds") ?? -1 && next.decimal("seconds") ?? -1 <= high)
    }

    private func command(_ pass: ToldPass, _ environment: [String: String]) {
        let summary = pass.summary
        #expect(environment["CUTOVER_STATUS"].flatMap { Int($0) } == summary.number("status"))
        #expect(environment["CUTOVER_OUTCOME"] == summary.text("status_name"))
        #expect(environment["CUTOVER_FAILURES"].flatMap { Int($0) } == summary.number("failures"))
        #expect(environment["CUTOVER_SECONDS"].flatMap { Double($0) } == summary.decimal("seconds"))
        let next = pass.estimateAfter
        for (variable, key) in [
            ("", "seconds"), ("_LOW", "low_seconds"), ("_HIGH", "high_seconds"),
        ] {
            let given = environment["CUTOVER_SWITCH_SECONDS" + variable].flatMap { Double($0) }
            #expect(given == next?.decimal(key), "\(environment) \(next as Any)")
        }
        let ready = next?["ready"] == .bool(true)
        #expect(environment["CUTOVER_READY"] == (ready ? "1" : "0"), "\(environment)")
    }
}

/// Two places that tell of one thing.
enum StoryAgreement {
    /// A summary, and the pass in `history --json`.
    static func history(_ summary: JSON, _ history: JSON) {
        guard case .object(let members) = history else { return }
        var counted = 0
        for (key, value) in members where summary[key] != nil && key != "type" && key != "pass" {
            #expect(summary[key] == value, "\(key): \(summary) \(history)")
            counted += 1
        }
        // Seconds, status, how it was found, and a dozen counters.
        #expect(counted >= 12, "\(members.keys)")
        #expect(history.text("outcome") == summary.text("status_name"))
        // Its time is counted from when it is recorded that it runs, until its end is.
        let parts = ["changes", "work", "synchronize"].compactMap {
            history["parts"]?.decimal($0)
        }
        let seconds = summary.decimal("seconds") ?? -1
        #expect(parts.count == 3 && parts.reduce(0, +) <= seconds + 0.006, "\(history)")
        let synchronize = history["parts"]?.decimal("synchronize") ?? -1
        #expect(abs((summary.decimal("synchronize_seconds") ?? -1) - synchronize) < 0.002)
    }

    /// A count on the way is none that the end takes back.
    static func midway(_ midway: JSON, _ summary: JSON) {
        for key in ["entries_seen", "files_copied", "bytes_copied", "failures", "extras_deleted"] {
            guard let count = midway.number(key), let end = summary.number(key) else { continue }
            #expect(count <= end, "\(key): \(midway) \(summary)")
        }
    }
}
