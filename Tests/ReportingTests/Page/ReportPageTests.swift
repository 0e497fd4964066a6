// The page of `cutover report`: whole, closed to what names want, small, and with the numbers of `history --json`.

import History
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("A page of recorded passes", .timeLimit(.minutes(5))) struct ReportPageTests {
    private func failing(_ names: [[UInt8]]) -> [FailureRecord] {
        names.map { name in
            FailureRecord(
                path: name,
                side: "destination",
                activity: "set attribute",
                errorNumber: 95,
                detail: shownDetail(name)
            )
        }
    }

    private func shownDetail(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    /// All places of a page in which names stand, with these.
    private func input(_ names: [[UInt8]]) -> PageInput {
        var passes = pagePasses(8)
        let last = passes.count - 1
        passes[last].failures = failing(names)
        passes[last].failures.append(
            FailureRecord(
                path: names[0],
                side: "source",
                activity: "read",
                errorNumber: 5,
                firstByte: 4_096,
                endByte: 8_192,
                detail: "salvaged; 4096 bytes: 4096-8191"
            )
        )
        passes[last].record.counts[.failures] = UInt64(names.count + 1)
        passes[last].record.status = 23
        passes[last].record.arguments = Array(names.joined(separator: [0])) + [0]
        passes[last].record.cutoverVersion = shownDetail(names[0])
        passes[2].failures = failing(names.map { bytes("mended/") + $0 })
        var pair = pagePair(passes, verifications: [recordedVerification()])
        pair.source = names[0]
        pair.destination = names[1]
        pair.path = shownDetail(names[2])
        var input = pageInput(pair)
        input.space = .init(
            pass: 6,
            branches: names.enumerated().map { index, name in
                BranchRecord(
                    name: name,
                    workNanoseconds: 1 << 33,
                    entries: 9,
                    bytes: UInt64(index) << 32
                )
            }
        )
        return input
    }

    // MARK: Names

    @Test("hostile names are text, wherever they stand: no tag, no attribute, no address is theirs")
    func hostile() throws {
        let page = FoundPage(input(hostileNames))
        #expect(try page.complaints() == "")
        let elements: Set = [
            "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer",
            "h1",
            "h2", "h3", "p", "div", "dl", "dt", "dd", "small", "figure", "ul", "li", "table",
            "thead",
            "tbody", "tr", "th", "td", "data", "time", "bdi", "svg", "text", "line", "rect", "path",
        ]
        for tag in page.tags where !tag.hasPrefix("<!") {
            let name = tag.drop { "</".contains($0) }.prefix { $0.isLetter || $0.isNumber }
            #expect(elements.contains(String(name)), "\(tag)")
            #expect(tag.firstMatch(of: /\s(on[a-z]+|src|href|style)=/) == nil, "\(tag)")
        }
        #expect(page.text.contains("<script>alert(1)</script>"), "it is there, as text")
        #expect(
            page.text.contains("a\\#342\\#200\\#256gnp.exe"),
            "what turns the direction is shown as bytes"
        )
        #expect(page.text.contains("\\#377\\#376<"))
        #expect(!page.html.contains("\u{202E}") && !page.html.contains("\u{2028}"))
        let sheet = page.html.split(separator: "</style>")[0]
        #expect(!sheet.contains("url(") && !sheet.contains("@import") && !sheet.contains("//"))
    }

    @Test("the policy lets nothing be fetched or run") func policy() {
        let page = FoundPage(pageInput(pagePair(pagePasses(3))))
        let policy = "content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;\""
        #expect(page.html.contains("http-equiv=\"Content-Security-Policy\" \(policy)"))
        let rest = page.html.replacing("http-equiv", with: "")
        for word in ["http", "src=", "url(", "href", "<script", "<link", "<iframe", "@import"] {
            #expect(!rest.contains(word), "\(word)")
        }
    }

    @Test("--no-names: no name, path, id or option of theirs stands on the page")
    func withoutNames() throws {
        let names = ["alpha", "bravo", "charlie", "delta"].map { bytes("name-of-\($0)") }
        var input = input(names)
        #expect(FoundPage(input).html.contains("name-of-delta"))
        input.hidesNames = true
        input.pair.passes[7].record.cutoverVersion = "0.2.0"
        let page = FoundPage(input)
        for word in ["name-of", "mended/", "01020304", "abcd"] {
            #expect(!page.html.contains(word), "\(word)")
        }
        #expect(page.text.contains("branch 2") && page.text.contains("SOURCE"))
        #expect(
            page.text.contains("Operation not supported"),
            "what failed is there, and not where"
        )
        #expect(try page.complaints() == "")
    }

    @Test("volumes stand with what they were made with, how they are mounted, and where")
    func volumes() throws {
        var input = pageInput(pagePair(pagePasses(3)))
        #expect(FoundPage(input).text.contains("not recorded"))
        input.pair.passes[2].record.sourceType = "xfs"
        input.pair.passes[2].record.sourceFeatures = "crc bigtime"
        input.pair.passes[2].record.destinationFeatures = "has_journal 64bit"
        input.pair.passes[2].record.sourceMountOptions = "rw,logdev=/dev/<b>"
        input.pair.passes[2].record.host = "machine\u{202E}<i>"
        let page = FoundPage(input)
        for words in ["crc bigtime", "has_journal 64bit", "rw,logdev=/dev/<b>", "machine\\#342"] {
            #expect(page.text.contains(words), "\(words)")
        }
        #expect(try page.complaints() == "")
        input.hidesNames = true
        let hidden = FoundPage(input)
        #expect(hidden.text.contains("crc bigtime"))
        #expect(!hidden.text.contains("logdev") && !hidden.text.contains("machine\\#342"))
    }

    // MARK: Size

    @Test(
        "it is whole and below 1 MB, whatever is recorded, and whatever users call their files",
        arguments: [
            (0, 0, "&"), (1, 1, "&"), (10_000, 50_000, "\""), (10_000, 1_000, "&"),
            (10_000, 1_000, "<"), (10_000, 1_000, "\u{1F4A9}"), (10_000, 1_000, "\u{1}"),
        ]
    )
    func size(passes: Int, branches: Int, character: String) throws {
        let all = pagePasses(passes, isDaily: branches == 1_000, last: 999_999_999)
        var input = pageInput(pagePair(all))
        let long = Array([[UInt8]](repeating: bytes(character), count: 255).joined().prefix(252))
        let attribute = "user." + String(decoding: long, as: UTF8.self) + ", 65536 bytes"
        let ranges = (0..<9).map { "\($0 << 40)-\($0 << 40 + 511)" }.joined(separator: ",")
        for index in input.pair.passes.indices.suffix(50) {
            input.pair.passes[index].record.counts[.failures] = 300
            input.pair.passes[index].failures = (0..<300).map { number in
                FailureRecord(
                    path: Array(
                        [long, long, long, bytes("\(number)<&>\(index % 3)")].joined(separator: [
                            0x2F
                        ])
                    ),
                    side: "source",
                    activity: number % 2 == 0 ? "set attribute" : "read",
                    errorNumber: 5,
                    firstByte: number % 2 == 0 ? nil : 1 << 50,
                    endByte: number % 2 == 0 ? nil : 1 << 51,
                    detail: number % 2 == 0 ? attribute : "kept whole; \(1 << 50) bytes: \(ranges)"
                )
            }
        }
        input.pair.verifications = (0..<1_000).map { _ in
            recordedVerification {
                $0.leftAside = bytes("--xattrs=user\0--quotas=off\0")
                $0.isFiltered = true
                $0.isPartial = true
                $0.isStrict = true
                $0.counts.bytesRead = .max
                $0.counts.differences = .max
            }
        }
        input.pair.tunings = (0..<100).map { recordedTuning(pass: $0) }
        input.space = .init(
            pass: 1,
            branches: (0..<branches).map { number in
                BranchRecord(
                    name: Array((bytes("\(number)") + long).prefix(255)),
                    workNanoseconds: UInt64(number) << 30,
                    entries: UInt64(number),
                    bytes: UInt64(number + 1) << 34
                )
            }
        )
        let page = FoundPage(input)
        #expect(page.html.utf8.count < ReportPage.bytesMax, "\(page.html.utf8.count)")
        #expect(try page.complaints() == "")
        #expect(page.rows("pass").count == min(passes, 500))
        let days = page.rows("days").count
        if passes > 0 { #expect(page.html.contains("And 800 older ones.")) }
        #expect(passes <= 500 ? days == 0 : days > 0 && days <= 200)
        if branches > 0 { #expect(page.rows("pass_branch").count == min(branches, 200)) }
        if passes == 0 { #expect(page.text.contains("No pass is recorded")) }
    }

    // MARK: Numbers

    @Test("every number of a pass, a branch and a verification is that of history --json")
    func numbers() throws {
        var passes = pagePasses(60)
        passes[20].record.endNanoseconds = nil
        passes[20].record.endBootNanoseconds = nil
        passes[20].record.status = nil
        passes[59].isRunning = true
        passes[59].record.endNanoseconds = nil
        passes[59].record.status = nil
        let branches = (0..<9).map { number in
            BranchRecord(
                name: bytes("branch-\(number)"),
                workNanoseconds: 1_234_567_891 * UInt64(number),
                entries: UInt64(number) * 1_001,
                bytes: UInt64(number) * 77_777_777
            )
        }
        passes[50].branches = branches
        let pair = pagePair(
            passes,
            verifications: [
                recordedVerification(),
                recordedVerification {
                    $0.status = 1; $0.counts.differences = 5
                    $0.isFiltered = true
                    $0.isComplete = false
                },
            ]
        )
        var input = pageInput(pair)
        input.space = .init(pass: passes[50].record.id, branches: branches)
        let page = FoundPage(input)
        let lines = try HistoryJSON.lines(pair, sinceBoot: pageSinceBoot).map {
            try JSON(parsing: $0.object)
        }
        try expect(page.rows("pass"), lines, "pass", by: "pass")
        try expect(page.rows("pass_branch"), lines, "pass_branch", by: "name")
        let found = page.rows("verification")
        #expect(found.count == 2)
        #expect(found.first?["differences"] == "5" && found.first?["status_name"] == "different")
        #expect(
            found.last?["seconds"] == "4123.456" && found.last?["bytes_read"] == "1576682507468"
        )
        #expect(found.last?["login_user"] == "1000")
        let scopes = ["every byte, less than passes carry, not to its end", "every byte"]
        for scope in scopes { #expect(page.html.contains(">\(scope)</td>"), "\(scope)") }
    }

    @Test("numbers of workers stand as a curve with its axes, and as those of history --json")
    func workers() throws {
        var pair = pagePair(pagePasses(9))
        #expect(FoundPage(pageInput(pair)).text.contains("No pass tried several numbers"))
        pair.tunings = [recordedTuning(tuneOutcome(limit: nil), pass: 5), recordedTuning()]
        let page = FoundPage(pageInput(pair))
        #expect(try page.complaints() == "")
        let lines = try HistoryJSON.lines(pair).map { try JSON(parsing: $0.object) }
            .filter { $0.text("type") == "tuning" }
        #expect(lines.count == 2)
        let numbers = try #require(lines.last?["numbers"]).elements
        let rows = page.rows("numbers")
        #expect(rows.count == 8 && numbers.count == 8)
        for (row, number) in zip(rows, numbers) {
            #expect(row.count == 5)
            for (key, value) in row { #expect(number[key] == .number(value), "\(key)") }
        }
        let found = page.rows("tuning")
        #expect(found.map { $0["limit"] } == ["source", "-"])
        #expect(found.map { $0["pass"] } == ["7", "5"] && found[0]["end"] == lines[1].text("end"))
        let words = [
            "16 did 97 % of what 30 did", "take 16", "Limit: SOURCE's disk.",
            "a second by the number of workers",
            "12,000", "workers",
        ]
        for words in words { #expect(page.text.contains(words), "\(words)") }
        // Seven lines between eight points, and one mark is another one.
        let curve = page.html.matches(of: /class="fore" d="M([^"]*)"/).map(\.output.1)
        #expect(curve.contains { $0.count { $0 == "L" } == 7 }, "\(curve)")
        let squares = page.html.matches(of: /class="scan" d="([^"]*)"/).map(\.output.1)
        #expect(
            squares.contains { $0.hasPrefix("M4.5 ") && $0.count { $0 == "M" } == 1 },
            "\(squares)"
        )
    }

    /// Each row is the line of that type with the same value of `key`, in all that both have.
    private func expect(
        _ rows: [[String: String]],
        _ lines: [JSON],
        _ type: String,
        by key: String
    ) throws {
        var known: [String: [String: String]] = [:]
        for case .object(let fields) in lines where fields["type"] == .string(type) {
            let values = fields.compactMapValues(Self.text)
            known[values[key] ?? ""] = values
        }
        #expect(rows.count > 5 && rows.count <= known.count)
        for row in rows {
            let line = try #require(known[row[key] ?? ""], "\(row)")
            #expect(row.count >= 4)
            for (key, value) in row {
                let isSame = line[key] == value || (value == "-" && line[key] == "null")
                #expect(isSame, "\(key): \(value), not \(line[key] ?? "missing")")
            }
        }
    }

    private static func text(_ value: JSON) -> String? {
        switch value {
        case .number(let text), .string(let text): text
        case .null: "null"
        default: nil
        }
    }

    @Test("old passes are told by days, and none is lost") func days() {
        let passes = pagePasses(700, isDaily: true)
        let page = FoundPage(pageInput(pagePair(passes)))
        #expect(page.rows("pass").count == 500)
        #expect(page.rows("days").count == 200)
        let files = passes.prefix(200).map { Quantity.count($0.record.counts[.filesCopied]) }
        #expect(page.text.contains(files[199]))
        #expect(page.text.contains("2026-08-04"))
    }

    // MARK: What is open

    @Test("counters of a damaged record, whatever they are, end no process") func counters() {
        var passes = pagePasses(3)
        for index in passes.indices {
            passes[index].record.isPartial = index > 0
            passes[index].record.counts[.failures] = .max
        }
        #expect(FoundPage(pageInput(pagePair(passes))).text.contains("more failures"))
    }

    @Test("a word without a blank, however long, makes no cell wider than its page")
    func longWords() {
        // What a sentence quotes is in its column, and in no element of its own.
        let page = FoundPage(input(hostileNames))
        #expect(page.html.contains(/\.words\{[^}]*overflow-wrap:anywhere/))
    }

    @Test("unreadable ranges stand with their bytes") func damage() {
        let page = FoundPage(input([bytes("a"), bytes("b"), bytes("c")]))
        #expect(page.text.contains("bytes 4096-8191"))
        #expect(page.text.contains("salvaged, with holes"))
    }

    @Test(
        "the last verification stands at the head with what it looked at, and less is not 'equal'"
    )
    func scope() {
        func tile(_ change: (inout RecordedVerification) -> Void = { _ in }) -> String? {
            let row = recordedVerification(change)
            let page = FoundPage(pageInput(pagePair(pagePasses(3), verifications: [row])))
            let after = page.html.split(separator: "last verification</dt>").last
            return after?.split(separator: "<time").first
                .map { String($0).replacing(/<[^>]*>/, with: "|") }
        }
        #expect(tile() == "|equal|every byte, ")
        #expect(
            tile { $0.samplePercent = "0.1" }
                == "|equal where it looked|bytes of 0.1 % of the files, "
        )
        let part = tile {
            $0.comparesContents = false
            $0.isPartial = true
        }
        #expect(part == "|equal where it looked|attributes only, some branches, ")
        #expect(
            tile {
                $0.status = 1; $0.isPartial = true
            } == "|different|every byte, some branches, "
        )
    }

    @Test("a pass that runs is told with how far it is") func running() {
        var passes = pagePasses(6)
        passes[5].isRunning = true
        passes[5].record.endNanoseconds = nil
        passes[5].record.endBootNanoseconds = nil
        passes[5].record.status = nil
        passes[5].record.isComplete = false
        passes[5].running = RunningPass()
        passes[5].running?.entriesSeen = 45
        passes[5].running?.entriesTotal = 100
        let page = FoundPage(pageInput(pagePair(passes)))
        #expect(page.text.contains("Pass 6 runs now: 45% of at most 100 entries."))
        #expect(page.text.contains("Ready: the switch would take"))
    }
}
