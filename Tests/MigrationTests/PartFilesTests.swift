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

    private let pairs = MetPairs(
        plan: "abc",
        part: .shard(0),
        round: 1,
        pairs: [
            MetPair(
                path: [0xFF, 0x0A],
                source: MetInode(inode: 1, names: 3, changed: -5),
                destination: MetInode(inode: 7, names: 2, changed: 9),
                isTold: true
            )
        ]
    )

    @Test("what is written is read")
    func same() throws {
        #expect(try MetPairs(reading: pairs.fileContents) == pairs)
        var failed = result
        failed.failuresDigest = "00"
        #expect(try PartResult(reading: failed.fileContents) == failed)
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
        for count in 0..<pairs.fileContents.count {
            let part = Array(pairs.fileContents.prefix(count))
            #expect(throws: PlanProblem.self) { try MetPairs(reading: part) }
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
            var worse = pairs
            worse.pairs[0].path = Array(path.utf8)
            #expect(throws: PlanProblem.damaged) { try MetPairs(reading: worse.fileContents) }
        }
    }

    @Test("links of passes are none of comparisons, and a comparison's end is told from a pass's")
    func kinds() throws {
        #expect(throws: PlanProblem.foreign) { try MetPairs(reading: links.fileContents) }
        #expect(throws: PlanProblem.foreign) { try OpenGroups(reading: pairs.fileContents) }
        var compared = result
        compared.work = .verification
        #expect(try PartResult(reading: compared.fileContents) == compared)
        #expect(compared.fileContents != result.fileContents)
    }
}
