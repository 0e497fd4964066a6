// How long a comparison of all attributes takes, by the verifications that are recorded.

import History
import Testing

@testable import Migration

@Suite("How long a comparison takes") struct ComparisonTimeTests {
    private func row(
        _ seconds: UInt64,
        _ change: (inout RecordedVerification) -> Void = { _ in }
    ) -> RecordedVerification {
        var row = RecordedVerification(
            startNanoseconds: 1,
            durationNanoseconds: seconds * 1_000_000_000,
            status: 0,
            comparesContents: false,
            machine: "here",
            cutoverVersion: "0.2.0"
        )
        change(&row)
        return row
    }

    private func time(_ rows: RecordedVerification...) -> ComparisonTime {
        ComparisonTime(rows, on: "here")
    }

    @Test("the last one of all attributes tells, whatever it found; others take nothing back")
    func last() {
        #expect(time(row(9), row(5)) == .took(seconds: 5))
        #expect(time(row(9), row(5) { $0.status = 1 }) == .took(seconds: 5))
        let others: [(inout RecordedVerification) -> Void] = [
            { $0.comparesContents = true }, { $0.isPartial = true }, { $0.isFiltered = true },
            // Failures outrank the time limit that cut it, so the status does not tell.
            {
                $0.isComplete = false
                $0.status = 23
            },
        ]
        for change in others {
            #expect(time(row(5), row(2, change)) == .took(seconds: 5))
            #expect(time(row(2, change)) == .unknown(.neverRan))
        }
    }

    @Test("one of another machine tells nothing, and hides what an older one would have told")
    func machine() {
        let other = row(2) { $0.machine = "elsewhere" }
        #expect(time(row(5), other) == .unknown(.otherMachine))
        #expect(time(other, row(5)) == .took(seconds: 5))
    }

    @Test("no record tells nothing, and one that cannot be read is no error of the estimate")
    func unreadable() throws {
        let none: History? = nil
        #expect(ComparisonTime(none) == .unknown(.neverRan))
        let pair = try RecordedPair()
        #expect(ComparisonTime(pair.history) == .unknown(.neverRan))
        pair.history.close()
        #expect(ComparisonTime(pair.history) == .unknown(.unreadable))
    }
}
