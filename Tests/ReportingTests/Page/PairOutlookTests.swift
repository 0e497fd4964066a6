// The verdict on a pair, from what is recorded.

import History
import Migration
import Reporting
import Testing

@Suite("The verdict on a pair") struct PairOutlookTests {
    private func outlook(
        _ passes: [HistoryPass],
        running: Int64? = nil,
        _ verifications: [RecordedVerification] = []
    ) -> PairOutlook {
        PairOutlook(
            passes.reversed().map(\.record),
            running: running,
            verifications: verifications
        )
    }

    private func passes(_ change: (inout PassRecord) -> Void) -> [HistoryPass] {
        var passes = pagePasses(6)
        change(&passes[5].record)
        return passes
    }

    @Test("whole passes without failures are ready, and say how long the switch would take")
    func ready() throws {
        let found = outlook(pagePasses(6))
        #expect(found.isReady && found.basis == 6)
        #expect(found.next != nil)
        #expect(outlook(pagePasses(6), [recordedVerification()]).isReady)
    }

    @Test("the same record says the same whenever it is asked")
    func steady() {
        #expect(outlook(pagePasses(9)).next == outlook(pagePasses(9)).next)
    }

    @Test("what speaks against it has a word") func obstacles() {
        func word(_ change: (inout PassRecord) -> Void) -> PairOutlook.Word {
            outlook(passes(change)).word
        }
        #expect(outlook([]).word == .noWholePass)
        #expect(
            word {
                $0.status = nil
                $0.endNanoseconds = nil
            } == .unfinished
        )
        #expect(word { $0.status = 20 } == .cutShort)
        #expect(word { $0.status = 26 } == .cutShort)
        #expect(word { $0.status = 11 } == .destinationStopped)
        #expect(word { $0.counts[.failures] = 2 } == .failing)
        #expect(word { $0.counts[.deletionsRefused] = 2 } == .extrasLeft)
        #expect(word { $0.isComplete = false } == .notRecorded)
        // A pass of a branch says nothing of the rest.
        #expect(
            word {
                $0.isPartial = true
                $0.isComplete = false
            } == .ready
        )
        let different = recordedVerification { $0.counts.differences = 3 }
        #expect(outlook(pagePasses(3), [different]).word == .different)
        #expect(outlook(pagePasses(3), [different, recordedVerification()]).isReady)
    }

    @Test(
        "a pass of some branches that fails, breaks off or leaves extras is open until a whole one"
    )
    func partial() {
        func word(_ status: Int?, _ change: (inout PassRecord) -> Void = { _ in }) -> PairOutlook {
            let passes = passes {
                $0.isPartial = true
                $0.status = status
                change(&$0)
            }
            // Another branch takes nothing back.
            var other = pagePasses(7)
            other[6].record.isPartial = true
            let later = outlook(passes + [other[6]])
            #expect(later.word == outlook(passes).word && later.pass == outlook(passes).pass)
            #expect(outlook(passes + [pagePasses(7)[6]]).isReady)
            return later
        }
        let failing = word(23) { $0.counts[.failures] = 3 }
        #expect(failing.word == .failing && failing.pass == 6 && failing.count == 3)
        #expect(word(25) { $0.counts[.deletionsRefused] = 2 }.word == .extrasLeft)
        #expect(word(11).word == .destinationStopped)
        #expect(word(20).word == .cutShort)
        #expect(word(nil) { $0.endNanoseconds = nil }.word == .unfinished)
        #expect(word(0).isReady)
    }

    @Test("failures that are left of a whole pass outlast passes of branches without any")
    func outlasting() {
        var passes = pagePasses(6)
        passes[3].record.counts[.failures] = 5
        passes[3].record.status = 23
        for index in 4...5 { passes[index].record.isPartial = true }
        let found = outlook(passes)
        #expect(found.word == .failing && found.pass == 4 && found.count == 5)
    }

    @Test("a verification that compared less takes nothing back of what another found")
    func clearing() {
        func isReady(
            after found: (inout RecordedVerification) -> Void = { _ in },
            _ later: (inout RecordedVerification) -> Void
        ) -> Bool {
            let first = recordedVerification {
                $0.counts.differences = 3
                found(&$0)
            }
            return outlook(pagePasses(3), [first, recordedVerification(later)]).isReady
        }
        #expect(!isReady { $0.isPartial = true })
        #expect(!isReady { $0.isFiltered = true })
        #expect(!isReady { $0.isComplete = false })
        #expect(!isReady { $0.counts.failures = 1 })
        #expect(!isReady { $0.comparesContents = false })
        #expect(!isReady { $0.samplePercent = "5" })
        #expect(isReady(after: { $0.comparesContents = false }) { $0.comparesContents = false })
        #expect(isReady(after: { $0.comparesContents = false }) { $0.samplePercent = "5" })
        #expect(isReady(after: { $0.samplePercent = "5" }) { _ in })
        #expect(!isReady(after: { $0.samplePercent = "5" }) { $0.samplePercent = "9" })
    }

    @Test("a verification that could not read speaks against it until one of as much could")
    func notVerified() {
        let unread = recordedVerification {
            $0.status = 23
            $0.counts.failures = 40
        }
        func later(_ change: (inout RecordedVerification) -> Void = { _ in }) -> PairOutlook {
            outlook(pagePasses(3), [unread, recordedVerification(change)])
        }
        let found = outlook(pagePasses(3), [unread])
        #expect(found.word == .notVerified && found.count == 40)
        #expect(later().isReady)
        #expect(later { $0.isPartial = true }.word == .notVerified)
        #expect(later { $0.comparesContents = false }.word == .notVerified)
        #expect(later { $0.counts.differences = 1 }.word == .different)
        #expect(
            later {
                $0.counts.failures = 1
                $0.comparesContents = false
            }.count == 1
        )
    }

    @Test("a pass that runs takes nothing back of what the one before it says") func running() {
        let passes = passes {
            $0.status = nil
            $0.endNanoseconds = nil
        }
        let found = outlook(passes, running: 6)
        #expect(found.isReady && found.running == 6 && found.basis == 5)
    }
}
