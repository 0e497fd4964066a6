// Calls that do not come back, in words (S59).

import Migration
import Reporting
import TestSupport
import Testing

@Suite struct WaitingTextTests {
    private let shown = ShownName(isForTerminal: true, isUTF8: true)

    @Test("S59: call, path, side and time; a control byte in a name does no harm")
    func lines() {
        #expect(WaitingText.what(waitingCall(), shown) == "read of home/mail on SOURCE, for 1:00")
        let root = waitingCall([], side: .destination, seconds: 30)
        #expect(WaitingText.what(root, shown) == "read of DESTINATION, for 30 s")
        let outside = waitingCall(bytes("/var/lib/x"), side: nil, seconds: 7_200)
        #expect(WaitingText.what(outside, shown) == "read of /var/lib/x, for 2:00:00")
        #expect(WaitingText.what(waitingCall(nil, side: nil), shown) == "read, for 1:00")
        let strange = WaitingText.line(waitingCall([0x61, 0x1B]), shown)
        #expect(strange.hasPrefix("still waiting: read of a\\#033 on SOURCE, for 1:00;"))
    }

    @Test("S59: the summary of a pass that was given up names ten of them, and says what is left")
    func summary() {
        var summary = passSummary(.interrupted)
        summary.isGivenUp = true
        summary.waiting = Array(repeating: waitingCall(), count: 12)
        let lines = SummaryText(summary, asides: PassAsides(), shown: shown).lines
        #expect(lines.count { $0 == "    read of home/mail on SOURCE, for 1:00" } == 10)
        #expect(lines.contains("    and 2 more"))
        #expect(!lines.contains { $0.contains("No half-written file was left") })
        #expect(lines.contains { $0.contains("temporary files may be left") })
    }
}
