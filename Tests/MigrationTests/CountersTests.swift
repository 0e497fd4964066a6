// The table of counters: each counts for itself, whoever adds.

import Dispatch
import History
import LinuxIO
import Migration
import Testing

@Suite("Counters") struct CountersTests {
    @Test("each counter has a place of its own")
    func places() {
        let counters = Counters()
        for (index, counter) in PassCounter.allCases.enumerated() {
            #expect(counter.rawValue == index)
            counters[counter].count(UInt64(index) + 1)
        }
        for (index, counter) in PassCounter.allCases.enumerated() {
            #expect(counters[counter].value() == UInt64(index) + 1)
        }
        let verification = VerificationCounters()
        for counter in VerificationCounter.allCases { verification[counter].count(3) }
        for counter in VerificationCounter.allCases {
            #expect(verification[counter].value() == 3)
        }
    }

    @Test("what many threads add at once is all there, and a name means its row")
    func threads() {
        let counters = Counters()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<20_000 {
                counters.filesCopied.count()
                counters.bytesSeen.count(3)
                counters.bytesSeen.takeBack(1)
            }
        }
        #expect(counters[.filesCopied].value() == 160_000)
        #expect(counters[.bytesSeen].value() == 320_000)
        let total = PassCounter.allCases.reduce(0) { $0 + counters[$1].value() }
        #expect(total == 480_000)
        counters.filesCopied.reset()
        #expect(counters[.filesCopied].value() == 0)
        #expect(counters[.bytesSeen].value() == 320_000, "and no other")
    }

    @Test("what another thread takes back is never seen before what it was taken from")
    func takenBack() throws {
        let counters = Counters()
        let isDone = DispatchSemaphore(value: 0)
        try BlockingThread.start {
            for _ in 0..<200_000 {
                counters.bytesSeen.count(5)
                counters.bytesSeen.takeBack(5)
            }
            isDone.signal()
        }
        var most: UInt64 = 0
        while isDone.wait(timeout: .now()) == .timedOut {
            most = max(most, counters[.bytesSeen].value())
        }
        #expect(most <= 1_000_000, "\(most)")
        #expect(counters[.bytesSeen].value() == 0)
        counters.bytesSeen.count(.max)
        #expect(counters[.bytesSeen].value() == .max)
    }
}
