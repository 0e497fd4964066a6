// The table of a check and its JSON: every finding has a sentence, says what to do, and keeps the width.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("Text of a check") struct CheckTextTests {
    private let shown = ShownName(isForTerminal: true, isUTF8: true)

    @Test("every finding is told within 80 columns, with what to do unless it is ok")
    func everyRow() {
        for finding in everyFinding() {
            let text = FindingText(finding)
            #expect(!text.message.isEmpty, "\(finding.matter)")
            #expect((text.advice == nil) == (finding.severity == .ok), "\(finding.matter)")
            if let advice = text.advice { #expect(advice.hasSuffix("."), "\(advice)") }
            // A message goes on in the table and in JSON: no full stop, no capital of a sentence.
            #expect(!text.message.hasSuffix("."), "\(text.message)")
        }
        for isVerbose in [false, true] {
            for line in CheckText(checkOutcome(), shown: shown, isVerbose: isVerbose).lines {
                #expect(TextLayout.columns(line) <= 80, "\(line)")
            }
        }
    }

    @Test("what is fatal comes first, what is well in one line, mkfs only where it mends something")
    func order() {
        let findings = [
            Finding(.ok, .writable(nil)), Finding(.warning, .holes(.no(.notSupported))),
            Finding(.ok, .inodes(nil)), Finding(.fatal, .writable(.mount)),
        ]
        let outcome = checkOutcome(findings)
        let lines = Array(CheckText(outcome, shown: shown).lines.dropFirst(2))
        #expect(
            lines == [
                "fatal    writable     DESTINATION is mounted read-only",
                "                      -> mount -o remount,rw, if it is the right volume.",
                "warning  holes        holes take space: files grow to their full size",
                "                      -> Compare sizes and not blocks with DESTINATION's room,",
                "                         or take another filesystem.",
                "ok       2 checks passed (-v lists them)",
                "",
                "1 fatal finding, 1 warning: a pass cannot end complete.",
            ]
        )
        let verbose = CheckText(outcome, shown: shown, isVerbose: true).lines
        #expect(verbose.contains("ok       writable     DESTINATION takes writes"))
        #expect(
            verbose.contains("ok       inodes       DESTINATION makes inodes as they are needed")
        )
        let other = checkOutcome(findings + [Finding(.warning, .times(.wholeSecondsUntil2038))])
        #expect(
            CheckText(other, shown: shown).lines.contains("A DESTINATION made for this SOURCE:")
        )
    }

    @Test("how long a first copy takes at least: what was measured, and what was not")
    func timing() {
        func lines(_ timing: CopyTiming) -> [String] {
            let outcome = checkOutcome([], timing: timing)
            let lines = CheckText(outcome, shown: shown).lines.filter { !$0.isEmpty }
            // Without the first line and the last one, which are of other things.
            return Array(lines.dropFirst().dropLast())
        }
        let limits =
            "Not measured: how fast DESTINATION takes contents, and what users do meanwhile."
        #expect(
            lines(copyTiming()) == [
                "A first copy takes at least 2h02m at the speed of SOURCE's disk (read test: 1.0",
                "  GiB in 10s), 23s for 284,000 files made on DESTINATION (test: 120,000 in",
                "  9.6s), with 30 workers.", limits,
            ]
        )
        let reasons: [Untimed] = [
            .holdsCopy, .notListed, .tooSmall(bytes: 7), .noDirectReads, .readOnly, .busy, .noRoom,
            .failed(SystemError(.open, .inputOutput)),
        ]
        for reason in reasons {
            let read = copyTiming(reading: .failure(reason))
            #expect(read.leastSeconds == read.makeSeconds && read.readSeconds == nil)
            let text = lines(read).joined(separator: " ")
            #expect(text.contains("Reading SOURCE was not timed: "), "\(text)")
            let json = CheckJSON.lines(checkOutcome([], timing: read), time: 0)
            let line = json.map { String(decoding: $0.object, as: UTF8.self) }
                .first { $0.contains("copy_time") }
            #expect(line?.contains("\"read_untimed\":\"\(reason.word)\"") == true)
            for line in lines(read) { #expect(TextLayout.columns(line) <= 80, "\(line)") }
        }
        #expect(Set(reasons.map(\.word)).count == reasons.count)
        let none = lines(copyTiming(reading: .failure(.holdsCopy), making: .failure(.holdsCopy)))
        #expect(none.first == "How long a first copy takes was not measured.")
        #expect(none.count { $0.hasPrefix("Making") } == 0, "it is said once")
    }

    @Test("what is kept for root is a part of what root has free, and beside what others have")
    func reserved() {
        for (isForRoot, words) in [(true, "(30.0 GiB of it for"), (false, "(30.0 GiB more for")] {
            let balance = Finding.Balance(
                needed: 1,
                knowledge: .counted,
                held: 0,
                free: 600 << 30,
                total: 700 << 30,
                holdsCopy: false,
                isForRoot: isForRoot
            )
            let finding = Finding(.ok, .space(balance, shared: nil, reserved: 30 << 30))
            #expect(
                FindingText(finding).message.contains("600.0 GiB are free \(words) root alone)")
            )
        }
    }

    @Test("entries are named harmlessly, the rest is counted, a nameless one by its number")
    func entries() {
        var notable = NotableEntries()
        notable.note(NotableEntry(inode: 5, value: 65_002, path: [0x61, 0x0A, 0x62]))
        notable.note(NotableEntry(inode: 42, value: 65_001, path: nil))
        let finding = Finding(.warning, .links(limit: 65_000, .yes), notable)
        let lines = CheckText(checkOutcome([finding]), shown: shown).lines
        #expect(lines.contains { $0.hasSuffix("  a\\#012b  65,002 names") }, "\(lines)")
        #expect(lines.contains { $0.hasSuffix("  inode 42  65,001 names") })
        let many = everyFinding().first { $0.matter.name == "links" }
        let text = CheckText(checkOutcome(many.map { [$0] } ?? []), shown: shown).lines
        #expect(text.contains { $0.hasSuffix("and 8 more (--json names them)") }, "\(text)")
    }

    @Test("the last line says it all, and so does the status")
    func ending() {
        let ok = Finding(.ok, .inodes(nil))
        let warning = Finding(.warning, .damaged)
        let fatal = Finding(.fatal, .writable(.mount))
        for (findings, status, ending) in [
            ([ok], Migration.ExitStatus.done, "All is well: a pass can begin."),
            (
                [ok, warning], .done,
                "Nothing fatal, 1 warning to read before the switch: a pass can begin."
            ),
            (
                [fatal, warning, warning], .refused,
                "1 fatal finding, 2 warnings: a pass cannot end complete."
            ),
        ] {
            let outcome = checkOutcome(findings)
            #expect(outcome.status == status)
            #expect(CheckText(outcome, shown: shown).lines.last == ending)
        }
    }

    @Test("JSON: the facts, a line for each finding with its entries, the mkfs line, the end")
    func json() throws {
        let printed = CheckJSON.lines(checkOutcome(), time: 1_500_000_000)
        let head = bytes("{\"type\":\"check\",\"time\":1.500,\"format\":1,")
        #expect(printed.first?.object.starts(with: head) == true)
        let lines = try printed.map { try JSON(parsing: $0.object) }
        #expect(lines.count == everyFinding().count + 3)
        let summary = try #require(lines.last)
        #expect(summary.number("status") == 3 && summary.number("fatal") == 14, "\(summary)")
        let links = try #require(lines.first { $0.text("finding") == "links" })
        #expect(links.number("entries_concerned") == 13)
        let entries = links["entries"]?.elements ?? []
        let named = entries.first { $0.path == [0x61, 0xFF, 0x0A] }
        #expect(named?.number("value") == 70_003, "\(links)")
        #expect(entries.contains(.object(["inode": 99, "value": 1])), "\(links)")
        let command = lines.compactMap { $0.text("command") }.first ?? ""
        #expect(command.hasPrefix("mkfs.ext4 -b 4096 -I 256 -N"), "\(command)")
    }
}
