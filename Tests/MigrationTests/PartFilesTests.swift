// Files that parts of a plan leave to closing: read strictly, whoever wrote them.

import Migration
import TestSupport
import Testing

@Suite("PartFiles") struct PartFilesTests {
    private let result: PartResult = {
        var result = PartResult(plan: "abc", part: .shard(3), round: 2, status: 24, host: "h")
        result.durationNanoseconds = 5
        result.counts = ["entries_seen": 7]
        return result
    }()
    private let links = OpenGroups(
        plan: "abc",
        part: .closing,
        round: 1,
        groups: [
            OpenGroup(
                source: 1,
                changed: -5,
                linkCount: 3,
                destinations: [7, 8],
                paths: [[0xFF, 0x0A], Array("a/b".utf8)]
            )
        ]
    )

    @Test("what is written is read")
    func same() throws {
        #expect(try PartResult(reading: result.fileContents) == result)
        #expect(try OpenGroups(reading: links.fileContents) == links)
        var closing = PartResult(plan: "abc", part: .closing, round: 1, host: "")
        closing.joined = [1, 2]
        #expect(try PartResult(reading: closing.fileContents) == closing)
    }

    @Test("a file that is cut off anywhere is not taken for a whole one")
    func cutOff() {
        for count in 0..<links.fileContents.count {
            let part = Array(links.fileContents.prefix(count))
            #expect(throws: PlanProblem.self) { try OpenGroups(reading: part) }
        }
        for count in 0..<result.fileContents.count - 1 {
            let part = Array(result.fileContents.prefix(count))
            #expect(throws: PlanProblem.self) { try PartResult(reading: part) }
        }
    }

    @Test("a path that leads out of the roots is refused")
    func paths() {
        for path in ["..", "a/../b", "/a", "a//b", "a/", "."] {
            var bad = links
            bad.groups[0].paths = [Array(path.utf8)]
            #expect(throws: PlanProblem.damaged) { try OpenGroups(reading: bad.fileContents) }
        }
    }
}
