// What a status that outranks another must not hide, and what helps an ordinary user.

import LinuxIO
import Migration
import Reporting
import Testing

@Suite("What is told beside the status") struct OutrankedTests {
    private func summary(_ status: Migration.ExitStatus, failures: Int = 0) -> SummaryText {
        let counters = Counters()
        counters.vanished.count(1)
        counters.deletionsRefused.count(3)
        counters.failures.count(UInt64(failures))
        return SummaryText(
            passSummary(status, counters, failures: failures > 0 ? [failure()] : []),
            asides: PassAsides(),
            shown: ShownName(isForTerminal: true, isUTF8: true)
        )
    }

    @Test("24 outranks 25, and nobody is told that nothing is to be done")
    func vanished() {
        let text = summary(.someVanished).lines.joined(separator: "\n")
        #expect(!text.contains("nothing to be done"), "\(text)")
        #expect(text.contains("--max-delete was reached, status 24"), "\(text)")
        #expect(text.contains("3 extras were not deleted"), "\(text)")
        #expect(text.contains("raise --max-delete"), "\(text)")
        #expect(
            summary(.someVanished).quietLines
                == ["cutover: 3 extras were not deleted: --max-delete was reached; status 24"]
        )
    }

    @Test("23 outranks 25: failures and the limit are told")
    func failed() {
        let text = summary(.someFailed, failures: 1)
        #expect(text.quietLines.count == 2, "\(text.quietLines)")
        #expect(text.quietLines.last?.hasPrefix("cutover: 3 extras were not deleted") == true)
        #expect(text.lines.contains { $0.contains("3 extras were not deleted") })
    }

    @Test("alone, vanished entries ask for nothing, and -q prints nothing")
    func alone() {
        let counters = Counters()
        counters.vanished.count(1)
        let text = SummaryText(
            passSummary(.someVanished, counters),
            asides: PassAsides(),
            shown: ShownName(isForTerminal: true, isUTF8: true)
        )
        #expect(text.lines.joined(separator: " ").contains("nothing to be done"))
        #expect(text.quietLines == [])
    }

    @Test("the mode of another's file: --no-perms helps, and --no-owner does not")
    func modes() {
        for code in ["EPERM", "EACCES"] {
            let mode = FailureText(failure("a", .destination, .setMode, .chmod, code)).advice
            #expect(mode.contains("--no-perms") && !mode.contains("--no-owner"), "\(mode)")
            let times = FailureText(failure("a", .destination, .setTimes, .utimensat, code)).advice
            #expect(times.contains("--no-times") && !times.contains("--no-owner"), "\(times)")
        }
    }
}
