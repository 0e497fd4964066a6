// What fails and since when: nothing that the record does not hold, and nothing twice or not at all.

import History
import TestSupport
import Testing

@testable import Reporting

@Suite("Which failures are open") struct OpenFailuresTests {
    private func record(
        _ name: String,
        _ activity: String = "open",
        _ detail: String? = nil
    ) -> FailureRecord {
        FailureRecord(
            path: bytes(name),
            side: "destination",
            activity: activity,
            errorNumber: 95,
            detail: detail
        )
    }

    /// Nine passes of which these had failures, all of them kept.
    private func passes(_ failing: [Int64: [FailureRecord]]) -> [HistoryPass] {
        var passes = pagePasses(9)
        for index in passes.indices {
            guard let failures = failing[passes[index].record.id] else { continue }
            passes[index].failures = failures
            passes[index].record.counts[.failures] = UInt64(failures.count)
            passes[index].record.status = 23
        }
        return passes
    }

    private func since(_ passes: [HistoryPass]) -> [String] {
        OpenFailures(passes).open.map { row in
            String(decoding: row.record.path, as: UTF8.self) + " \(row.since)"
                + (row.mayBeOlder ? " or before" : "")
        }
    }

    @Test("since the first of the whole passes, one after the other, that failed there")
    func beginning() {
        let stays = [record("stays")]
        let found = passes([
            2: stays, 3: stays, 4: [record("gone")], 6: stays, 7: stays, 8: stays, 9: stays,
        ])
        #expect(since(found) == ["stays 6"])
        #expect(OpenFailures(found).mended.map(\.record) == [record("gone")])
        // One mended and another met: each has its own beginning.
        #expect(since(passes([8: [record("a")], 9: [record("b")]])) == ["b 9"])
    }

    @Test("a pass that broke off before it came there mends nothing") func brokenOff() {
        var found = passes([7: [record("a")], 9: [record("a")]])
        found[7].record.isComplete = false
        found[7].record.status = 20
        #expect(since(found) == ["a 7"])
    }

    @Test("passes of branches since the last whole one add what they met, and take nothing back")
    func partial() {
        var found = passes([8: [record("a")], 9: [record("b")]])
        found[8].record.isPartial = true
        #expect(since(found) == ["a 8", "b 9"])
        found = passes([8: [record("a")]])
        found[8].record.isPartial = true
        #expect(since(found) == ["a 8"])
    }

    @Test("where failures are kept no more, it began then or before") func forgotten() {
        let all = Dictionary(uniqueKeysWithValues: (1...9).map { (Int64($0), [record("a")]) })
        var found = passes(all)
        #expect(since(found) == ["a 1"])
        for index in 0..<4 { found[index].failures = [] }
        #expect(since(found) == ["a 5 or before"])
        // As is what ran before all that is recorded.
        #expect(since(Array(passes(all)[5...])) == ["a 6 or before"])
    }

    @Test("where not all that fail are kept nothing is called mended") func manyFailures() {
        var found = passes([8: [record("a"), record("b")], 9: [record("b")]])
        #expect(OpenFailures(found).mended.map(\.record) == [record("a")])
        found[8].record.counts[.failures] = 12_345
        #expect(OpenFailures(found).mended.isEmpty && OpenFailures(found).unknown == 12_344)
        let page = FoundPage(pageInput(pagePair(found)))
        #expect(page.text.contains("12,344 more failures") && page.text.contains("cannot be told"))
    }

    @Test("each failure of an entry has a row: two attributes, limits of two owners, two ACLs")
    func several() {
        let both = [
            record("a", "set attribute", "user.one, 5 bytes"),
            record("a", "set attribute", "user.two, 9 bytes"),
            record("", "set_quota", "user 1001: blocks 10"),
            record("", "set_quota", "user 1002: blocks 10"),
            record("b", "set ACL", "access"), record("b", "set ACL", "default"),
        ]
        let changed = [
            record("a", "set attribute", "user.two, 7 bytes"),
            record("", "set_quota", "user 1002: blocks 20"),
        ]
        #expect(OpenFailures(passes([9: both])).open.map(\.record) == both)
        let found = passes([8: changed, 9: both])
        #expect(OpenFailures(found).open.map(\.since) == [9, 8, 9, 8, 9, 9])
        let later = OpenFailures(passes([8: both, 9: changed]))
        #expect(later.open.map(\.since) == [8, 8])
        #expect(later.mended.map(\.record) == [both[0], both[2], both[4], both[5]])
        #expect(FoundPage(pageInput(pagePair(found))).rows("open").count == 6)
    }

    @Test("a file of which fewer ranges can be read is not called mended while it fails")
    func ranges() {
        let found = passes([
            8: [record("a", "read", "one"), record("a", "read", "two")],
            9: [record("a", "read", "two")],
        ])
        #expect(since(found) == ["a 8"] && OpenFailures(found).mended.isEmpty)
    }

    @Test("--last shows fewer passes, and what fails before them all the same") func last() {
        var found = passes([2: [record("a")], 3: [record("a")]])
        for index in found.indices.dropFirst(3) { found[index].record.isPartial = true }
        var input = pageInput(pagePair(found))
        input.passesShown = 3
        let page = FoundPage(input)
        #expect(page.rows("pass").count == 3 && page.text.contains("the newest 3 on this page"))
        #expect(page.text.contains("Not ready: pass 3 had 1 failure."))
        #expect(page.rows("open").count == 1 && page.html.contains("<td class=\"n\">2</td>"))
    }

    @Test("what fails stands on the page with since when, and apart from what was mended")
    func page() {
        let found = passes([7: [record("gone")], 8: [record("stays")], 9: [record("stays")]])
        let page = FoundPage(pageInput(pagePair(found)))
        #expect(page.text.contains("Not ready: pass 9 had 1 failure."))
        #expect(page.html.contains("<td class=\"n\">8</td>"))
        let text = page.text.replacing(/\s+/, with: " ")
        #expect(text.contains("stays cannot open it on DESTINATION"))
        #expect(page.html.contains("Mended since") && text.contains("gone cannot open"))
    }
}
