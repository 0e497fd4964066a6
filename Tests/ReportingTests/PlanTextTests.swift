// What `cutover plan` tells people.

import Migration
import Reporting
import Testing

@Suite("Text of a plan") struct PlanTextTests {
    private func lines(_ made: MadePlan) -> [String] {
        PlanText(
            made,
            folder: Array("/shared/\u{1B}move".utf8),
            shown: ShownName(isForTerminal: true)
        )
        .lines
    }

    @Test("An even plan: what there is, what a shard has, how even, what closing has") func even() {
        let lines = lines(madePlan())
        #expect(lines.count == 9)
        #expect(lines[0].hasSuffix("2 shards, plan 0af10af10af10af10af10af10af10af1"))
        #expect(!lines[0].contains("\u{1B}"))
        #expect(
            Array(lines[2...]) == [
                "SOURCE       11 entries, 9.7 KiB",
                "a shard      5 entries, 4.8 KiB on average",
                "the largest  0.91 times as many entries, 1.00 times as many bytes",
                "closing      1 directory above the cuts, 9.09 % of the work",
                "",
                "What 3 branches hold was taken from pass 26, which walked.",
                "1 entry could not be read and weighs nothing here: closed (Permission denied).",
            ]
        )
    }

    @Test("Shards that have nothing to do, and a piece that cannot be cut, are told") func uneven()
    {
        #expect(
            lines(madePlan(files: 1, shards: 3)).contains { $0.hasPrefix("2 shards have nothing") }
        )
        #expect(lines(madePlan(files: 3, shards: 2)).contains { $0.contains("cannot be cut") })
    }

    @Test("Each way in which a plan is no good has one sentence and a word of its own")
    func problems() {
        let problems: [PlanProblem] = [
            .onVolume(.source), .onVolume(.destination), .exists, .notEmpty, .missing, .foreign,
            .otherVersion(2), .damaged,
        ]
        #expect(Set(problems.map(PlanText.sentence)).count == problems.count)
        #expect(Set(problems.map(\.word)).count == problems.count - 1)
    }
}
