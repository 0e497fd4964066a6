// Damaged files, told to people: the ranges in a failure's sentence, what to do by what became of the file,
// and the list in the summary.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("Damaged files in words") struct DamageTextTests {
    private func damage(_ count: Int, isExact: Bool = true) -> Damage {
        Damage(
            (0..<count).map { UInt64($0) * 8192..<UInt64($0) * 8192 + 512 },
            isExact: isExact
        )
    }

    @Test("S16: the first ranges are named, the others counted")
    func ranges() {
        #expect(DamageText(damage(1)).ranges == "bytes 0-511")
        #expect(DamageText(damage(4)).ranges == "bytes 0-511, 8192-8703, 16384-16895, 24576-25087")
        #expect(DamageText(damage(5)).ranges.hasSuffix("24576-25087 and 1 more range"))
        #expect(DamageText(damage(1_000)).ranges.hasSuffix(" and 996 more ranges"))
        #expect(DamageText(damage(1, isExact: false)).ranges == "all of bytes 0-511")
        #expect(DamageText(damage(2, isExact: false)).amount.hasPrefix("at most 1.0 KiB (all of "))
    }

    @Test(
        "the advice tells what DESTINATION has now",
        arguments: [
            (DamageReport.Outcome.kept, "run the pass with --salvage"),
            (.keptWhole, "--salvage never replaces one"),
            (.keptSalvaged, "has more of this file"),
            (.salvaged, "marked with the attribute user.cutover.damaged"),
        ]
    )
    func advice(outcome: DamageReport.Outcome, words: String) {
        let failure = failure(damage: DamageReport(damage(1), outcome))
        let text = FailureText(failure)
        #expect(text.message == "cannot read bytes 0-511 of SOURCE: Input/output error (EIO)")
        #expect(text.advice.contains(words))
        #expect(text.advice.hasPrefix("SOURCE's disk fails here: see dmesg."))
        var other = failure
        other.side = .destination
        #expect(FailureText(other).advice.contains("Do not switch to it"))
    }

    @Test("the summary names the first ten, within 80 columns")
    func summary() {
        let counters = Counters()
        counters.failures.count(12)
        counters.filesDamaged.count(12)
        counters.filesSalvaged.count(3)
        counters.bytesUnreadable.count(12 * 2_560)
        var asides = PassAsides()
        for index in 0..<12 {
            asides.damaged.add(
                failure(
                    "home/\u{1B}\(index)",
                    damage: DamageReport(damage(5), index < 3 ? .salvaged : .kept)
                )
            )
            asides.damaged.add(failure("home/other"))
        }
        let lines = SummaryText(
            passSummary(.someFailed, counters),
            asides: asides,
            shown: ShownName(isForTerminal: true, isUTF8: true)
        ).lines
        let text = lines.joined(separator: "\n")
        #expect(
            text.contains(
                """
                Unreadable on SOURCE: 30.0 KiB of 12 files; 3 salvaged, with holes there, marked
                  user.cutover.damaged:
                    home/\\#0330: 2.5 KiB (bytes 0-511, 8192-8703, 16384-16895, 24576-25087 and 1
                      more range), salvaged
                """
            ),
            "\(text)"
        )
        #expect(text.contains("    and 2 more"))
        #expect(text.contains("  files salvaged         3  not whole, see below"))
        #expect(!text.contains("home/other"))
        #expect(lines.allSatisfy { TextLayout.columns($0) <= 80 }, "\(text)")
        let none = SummaryText(
            passSummary(.someFailed, Counters()),
            asides: PassAsides(),
            shown: ShownName(isForTerminal: true, isUTF8: true)
        ).lines
        #expect(!none.contains { $0.contains("Unreadable") })
    }
}
