// Sums over passes, which outlive the passes that were forgotten.

import History
import TestSupport
import Testing

@Suite("Sums over all passes", .timeLimit(.minutes(5))) struct TotalsTests {
    @Test(
        "they do not fall when passes are forgotten or killed, nor when the record is opened anew"
    )
    func forgotten() throws {
        let state = try State()
        var history = try state.open()
        var last: UInt64 = 0
        for index in 0..<100 {
            var pass = PassRecord.example()
            pass.id = try history.begin(pass)
            #expect(try history.totals().counts[.filesCopied] == last)
            if index == 30 { continue }
            pass.counts[.filesCopied] = 2
            try history.finish(pass.ended(), branches: [], failures: [], changes: nil)
            last += 2
            #expect(try history.totals().counts[.filesCopied] == last)
            if index == 50 {
                history.close()
                history = try state.open()
            }
            if index == 60 {
                // The next one is the 2,062nd: those before the newest 1,000 are forgotten.
                history.close()
                try SQLiteOracle.execute(
                    state.database,
                    "UPDATE passes SET id = id + 2000 WHERE id = (SELECT max(id) FROM passes)"
                )
                history = try state.open()
            }
        }
        #expect(try history.passCount() == 40, "old ones were forgotten")
        let totals = try history.totals()
        #expect(totals.passes == [0: 99, nil: 1])
        #expect(totals.walks == ["no": 100])
    }

    @Test("the last success is that of a pass of all of SOURCE, beside users too") func success()
        throws
    {
        let state = try State()
        let history = try state.open()
        var last: Int64?
        // What was asked for of all, how it ended, and whether that is a success.
        let passes: [(isPartial: Bool, status: Int, isWell: Bool)] = [
            (true, 0, false), (false, 23, false), (false, 24, true), (false, 0, true),
            (true, 24, false), (false, 26, false),
        ]
        for (isPartial, status, isWell) in passes {
            var pass = PassRecord.example()
            pass.isPartial = isPartial
            pass.id = try history.begin(pass)
            pass = pass.ended()
            pass.status = status
            try history.finish(pass, branches: [], failures: [], changes: nil)
            if isWell { last = pass.id }
            #expect(try history.lastSuccess()?.id == last, "\(isPartial) \(status)")
        }
    }
}
