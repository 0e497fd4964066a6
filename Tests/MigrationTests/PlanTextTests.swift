// plan.json: read as it was written, or refused by one word; whatever anybody wrote does no harm.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("PlanText") struct PlanTextTests {
    @Test(
        "A plan is read as it was written: random ones, names that are no text among them",
        arguments: 0..<40
    )
    func roundTrip(number: UInt64) throws {
        let seed = Seeds.base + number
        var random = SeededRandom(seed: seed)
        var heading = PlanScene.heading
        heading.shards = 1 + random.below(9)
        heading.seed = random.next()
        heading.identifier = PlanHeading.newIdentifier()
        let root = PlanScene.random(
            &random,
            shards: heading.shards,
            seed: heading.seed,
            deepest: 5
        )
        let plan = PlanScene.plan(root, heading)
        let text = plan.fileContents
        let read = try TreePlan(reading: text)
        #expect(read.heading == heading, "seed \(seed)")
        #expect(read.loads == plan.loads && read.spine == plan.spine)
        #expect(read.fileContents == text, "seed \(seed)")
        #expect(read.root.shards == root.shards && read.root.depth == root.depth)
    }

    @Test("A file that is cut off anywhere, or of which any byte is another, is damaged or no plan")
    func damage() {
        let text = PlanScene.plan(PlanScene.small).fileContents
        for end in 0..<text.count {
            #expect(throws: PlanProblem.damaged, "cut at \(end)") {
                try TreePlan(reading: Array(text[..<end]))
            }
        }
        for index in text.indices {
            for bit in 0..<8 {
                var other = text
                other[index] ^= 1 << UInt8(bit)
                #expect(throws: PlanProblem.self, "byte \(index)") { try TreePlan(reading: other) }
            }
        }
        #expect(throws: PlanProblem.damaged) { try TreePlan(reading: text + [0x0A]) }
    }

    @Test("What is no plan is told apart from a plan of another version")
    func foreign() {
        #expect(throws: PlanProblem.foreign) { try TreePlan(reading: bytes("{}\n")) }
        #expect(throws: PlanProblem.foreign) { try TreePlan(reading: bytes("#!/bin/sh\n")) }
        #expect(throws: PlanProblem.foreign) {
            try TreePlan(reading: [UInt8](repeating: 0, count: 4_096))
        }
        #expect(throws: PlanProblem.otherVersion(2)) {
            try TreePlan(reading: bytes("{\"format\":\"cutover plan\",\n\"version\":2,\n\"x\":1}"))
        }
        #expect(throws: PlanProblem.damaged) {
            try TreePlan(reading: bytes("{\"format\":\"cutover plan\",\n\"version\":"))
        }
    }

    @Test("JSON that anybody wrote is read or not, and does no harm: depth, numbers, strings")
    func hostileText() {
        #expect(PlanJSON(reading: [UInt8](repeating: 0x5B, count: 1_000_000)) == nil)
        #expect(PlanJSON(reading: bytes("18446744073709551615")) == .number(.max))
        for text in [
            "18446744073709551616", "01", "-1", "1.5", "1e3", "", "[1,]", "{\"a\"}", "{\"a\":1,}",
            "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\n\"", "nul",
            "[1 2]", "1 2",
        ] {
            #expect(PlanJSON(reading: bytes(text)) == nil, "\(text)")
        }
        #expect(PlanJSON(reading: [0x22, 0xFF, 0x22]) == nil)
        #expect(PlanJSON(reading: bytes("\"\\ud83d\\ude00\\n\\/\"")) == .init("😀\n/"))
        #expect(PlanJSON(reading: bytes("{\"a\":1,\"a\":2}"))?["a"] == nil)
    }
}
