// Pages made up for tests, and what a test finds on one: tags, tables, and the numbers that stand there for programs.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

/// Names that want to be something else than text.
let hostileNames: [[UInt8]] = [
    bytes("<script>alert(1)</script>"), bytes("\"onload=\""), bytes("'><img src=x onerror=y>"),
    bytes("a\u{202E}gnp.exe"), [0xFF, 0xFE, 0x3C], bytes("]]><!--&#60;&lt;"),
    bytes("</title></style>"),
    bytes("\u{1}\n\t\u{7F}\u{85}\u{2028}"), bytes("\u{FFFE}\u{FFFF}"),
    bytes("http://x/ url(x) {{x}}"),
]

/// Passes, the oldest first, a day apart where `isDaily`, that took from a second to some minutes.
func pagePasses(_ count: Int, isDaily: Bool = false, last: Int64? = nil) -> [HistoryPass] {
    (0..<count).map { index in
        let id = (last ?? Int64(count)) - Int64(count - 1 - index)
        let record = recordedPass(id: id, method: index % 5 == 0 ? "walk" : "scan") { pass in
            let seconds = UInt64(1 + index * 37 % 400)
            pass.startNanoseconds += Int64(index) * (isDaily ? 86_400 : 600) * 1_000_000_000
            pass.endNanoseconds = pass.startNanoseconds + Int64(seconds) * 1_000_000_000
            pass.endBootNanoseconds = pass.startBootNanoseconds + Int64(seconds) * 1_001_000_000
            pass.times = PassTimes(synchronize: 0)
            pass.times.open = 0
            pass.times.changes = 0
            pass.times.work = seconds * 1_000_000_000
            pass.times.commit = 0
            pass.counts[.filesCopied] = UInt64(index * 7919 % 5_000)
            pass.counts[.bytesCopied] = UInt64(index * 7919 % 5_000) << UInt64(index % 21)
            pass.foreseenNanoseconds = seconds * 1_100_000_000
            if index > 3 {
                pass.foreseenLowNanoseconds = seconds * 800_000_000
                pass.foreseenHighNanoseconds = seconds * 1_500_000_000
            }
        }
        return HistoryPass(record)
    }
}

/// A pair with such passes, and the verdict on it.
func pagePair(
    _ passes: [HistoryPass],
    verifications: [RecordedVerification] = []
) -> HistoryPair {
    var pair = historyPair(passes)
    pair.sourceFilesystem = [UInt8](1...16)
    pair.destinationFilesystem = [0xAB, 0xCD]
    pair.verifications = verifications
    pair.outlook = PairOutlook(
        passes.reversed().map(\.record),
        running: passes.last(where: \.isRunning)?.record.id,
        verifications: verifications
    )
    return pair
}

/// Now, since the machine started, on all pages.
let pageSinceBoot: Int64 = 12_000_001_000

func pageInput(_ pair: HistoryPair) -> PageInput {
    var input = PageInput(
        pair: pair,
        madeNanoseconds: 1_785_999_000_000_000_000,
        sinceBoot: pageSinceBoot,
        version: "0.2.0"
    )
    input.calendar = { CalendarTime(utc: $0) }
    return input
}

func recordedVerification(
    _ change: (inout RecordedVerification) -> Void = { _ in }
) -> RecordedVerification {
    var row = RecordedVerification(
        startNanoseconds: 1_785_990_000_000_000_000,
        durationNanoseconds: 4_123_456_000_000,
        status: 0,
        comparesContents: true,
        lastPass: 12,
        cutoverVersion: "0.2.0",
        loginUser: 1_000
    )
    row.id = 3
    row.counts.entriesSeen = 284_123
    row.counts.filesCompared = 280_111
    row.counts.bytesRead = 1_576_682_507_468
    change(&row)
    return row
}

/// What a pass found that tried numbers of workers.
func recordedTuning(_ outcome: TuneOutcome = tuneOutcome(), pass: Int64 = 7) -> TunedWorkers {
    var tuned = TunedWorkers(
        workers: outcome.choice?.workers ?? 1,
        topWorkers: outcome.choice?.topWorkers ?? 1,
        limit: outcome.choice?.limit?.rawValue,
        machine: "m",
        momentNanoseconds: 1_785_990_000_000_000_000,
        rates: outcome.rows.map {
            .init(workers: $0.workers, rate: $0.rate, spread: $0.spread, steps: $0.steps)
        },
        isOfBytes: outcome.isOfBytes
    )
    tuned.pass = pass
    return tuned
}

/// What stands in a page.
struct FoundPage {
    let html: String

    init(_ input: PageInput) { html = String(decoding: ReportPage(input).html, as: UTF8.self) }

    /// All tags with their attributes.
    var tags: [Substring] { html.matches(of: /<[^>]*>/).map(\.output) }

    /// Text without tags and the style sheet, escapes undone.
    var text: String {
        let body = html.split(separator: "</style>").last.map(String.init) ?? html
        return body.replacing("<wbr />", with: "").replacing(/<[^>]*>/, with: " ").replacing(
            "&lt;",
            with: "<"
        )
        .replacing("&gt;", with: ">").replacing("&amp;", with: "&")
    }

    /// Rows of the tables of one kind: values that programs read, by their keys.
    func rows(_ lines: String) -> [[String: String]] {
        html.split(separator: "<table data-lines=\"\(lines)\">").dropFirst().flatMap { part in
            let table = part.split(separator: "</table>").first ?? ""
            let keys = table.matches(of: /<th scope="col"([^>]*)>/).map { match in
                match.output.1.firstMatch(of: /data-key="([a-z_]+)"/).map { String($0.output.1) }
            }
            return table.split(separator: "<tr>").dropFirst(2).map { row in
                let cells = row.matches(of: /<t[hd][^>]*>(.*?)<\/t[hd]>/).map { cell in
                    Self.value(cell.output.1)
                }
                var values: [String: String] = [:]
                for case (let key?, let value) in zip(keys, cells) { values[key] = value }
                return values
            }
        }
    }

    private static func value(_ cell: Substring) -> String {
        if let match = cell.firstMatch(of: /(?:value|datetime)="([^"]*)"/) {
            return String(match.output.1)
        }
        return String(cell.replacing(/<[^>]*>/, with: ""))
    }

    /// What a strict reader of XML has against it.
    func complaints() throws -> String {
        let path = joined(try Scratch.directory(), Scratch.uniqueName("page.html"))
        try Files.write(path, bytes(html))
        let outcome = try Subprocess.run([bytes("xmllint"), bytes("--noout"), path])
        try Files.unlink(path)
        return outcome.status == 0 ? "" : outcome.errors
    }
}
