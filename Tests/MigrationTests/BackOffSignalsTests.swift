// What back-off's signals say of what was measured: no clock, no disk, no thread.

import Migration
import Testing

private let second: UInt64 = 1_000_000_000

@Suite("What back-off measures") struct BackOffSignalsTests {
    /// Four a second; others read and write `bytesPerRead` in the time of each, nil: it is not known.
    private func reads(_ milliseconds: [UInt64], bytesPerRead: Int64? = nil) -> ReadLatency {
        var reads = ReadLatency()
        for (index, time) in milliseconds.enumerated() {
            let begin = UInt64(index) * second / 4
            reads.begin(at: begin)
            reads.end(
                at: begin,
                took: time * 1_000_000,
                othersBytes: bytesPerRead.map { $0 * Int64(index) }
            )
        }
        return reads
    }

    @Test("without a base nothing is judged, and a few reads make none")
    func noBase() {
        var reads = reads([UInt64](repeating: 900, count: 11))
        #expect(reads.observation(at: 3 * second, since: 0) == nil)
        reads.takeBase(since: 0, until: 3 * second)
        #expect(reads.base == nil)
        reads.begin(at: 3 * second)
        reads.end(at: 3 * second, took: second)
        reads.takeBase(since: 0, until: 3 * second)
        #expect(reads.base == 900_000_000 as UInt64)
        // A short wait keeps what was known.
        reads.takeBase(since: 2 * second, until: 3 * second)
        #expect(reads.base == 900_000_000 as UInt64)
    }

    @Test("the limit is four times the base, or 10 ms more where that is more")
    func limit() {
        for (base, limit) in [(1, 0.011), (8, 0.032)] as [(UInt64, Double)] {
            var reads = reads([UInt64](repeating: base, count: 40))
            reads.takeBase(since: 0, until: 10 * second)
            let observation = reads.observation(at: 10 * second, since: 0)
            #expect(observation?.limit == limit)
            #expect(observation?.isOver == false)
        }
    }

    @Test(
        "where others use SOURCE the limit is 1.4 times their slowest twentieth; where nobody does, it is the wide one",
        arguments: [
            (8_000, false), (16_000, true), (-16_000, false), (nil, false),
        ] as [(Int64?, Bool)]
    )
    func sharedLimit(bytesPerRead: Int64?, isShared: Bool) {
        var reads = reads((0..<40).map { $0 % 10 == 0 ? 2 : 1 }, bytesPerRead: bytesPerRead)
        // What was read in a pause says nothing of users where it is not known whether there are any.
        #expect(
            reads.takeBase(since: 0, until: 10 * second, needsTraffic: true)
                == (bytesPerRead != nil)
        )
        #expect(reads.base == nil || bytesPerRead != nil)
        reads.takeBase(since: 0, until: 10 * second)
        #expect(reads.isShared == isShared)
        let limit = reads.observation(at: 10 * second, since: 0)?.limit
        #expect(limit == (isShared ? 0.0028 : 0.011))
    }

    @Test("of others' reads the slowest twentieth is judged, and never one read alone")
    func slowestTwentieth() {
        func observed(_ slow: Int, of count: Int) -> BackOffObservation? {
            let times =
                [UInt64](repeating: 9, count: slow) + [UInt64](repeating: 1, count: count - slow)
            var reads = reads([UInt64](repeating: 1, count: 240) + times, bytesPerRead: 16_000)
            let end = 60 * second
            reads.takeBase(since: 0, until: end - 1)
            return reads.observation(at: end + UInt64(count) * second / 4, since: end)
        }
        for (slow, count, isOver) in [
            (1, 10, false), (2, 10, true), (1, 20, false), (2, 20, true), (2, 40, false),
            (3, 40, true),
        ] {
            #expect(observed(slow, of: count)?.isOver == isOver, "\(slow) of \(count)")
        }
        #expect(observed(2, of: 10)?.isOfSharedDevice == true)
    }

    @Test(
        "one slow read in forty is nothing, every eighth is over; a reread after a step begins anew"
    )
    func quantile() {
        func observed(_ slow: Int, since: UInt64 = 0) -> BackOffObservation? {
            var times = [UInt64](repeating: 5, count: 240)
            for index in 200..<240 where index % slow == 0 { times[index] = 200 }
            var reads = reads(times)
            reads.takeBase(since: 0, until: 50 * second)
            return reads.observation(at: 60 * second, since: since)
        }
        #expect(observed(40)?.isOver == false)
        #expect(observed(8)?.isOver == true)
        #expect(observed(8, since: 59 * second) == nil)
        #expect(observed(8, since: 55 * second)?.since == 55 * second)
    }

    @Test("pressure of others is over where it is high and was lower without us; ours is not asked")
    func pressure() {
        var shares = PressureShares()
        var totals: [String: UInt64] = ["busy": 0, "disturbed": 0, "quiet": 0]
        var now: UInt64 = 1_000 * second
        func pass(_ seconds: Int, _ shares: inout PressureShares, _ rates: [String: Double]) {
            for _ in 0..<seconds {
                now += second
                for (group, rate) in rates { totals[group, default: 0] += UInt64(rate * 1e6) }
                shares.note(totals, at: now)
            }
        }
        pass(20, &shares, ["busy": 0.9, "disturbed": 0.9])
        // No base: a naive reading would hold the pass back here.
        #expect(shares.observation(since: 0) == nil)
        shares.beginBase(at: now)
        pass(30, &shares, ["busy": 0.55, "disturbed": 0.02, "quiet": 0.01])
        shares.endBase()
        pass(20, &shares, ["busy": 0.6, "disturbed": 0.15, "quiet": 0.02])
        #expect(shares.observation(since: 0)?.isOver == false)
        pass(20, &shares, ["busy": 0.6, "disturbed": 0.45, "quiet": 0.02])
        let over = shares.observation(since: 0)
        #expect(over?.isOver == true && over?.group == "disturbed")
        #expect(abs((over?.value ?? 0) - 0.45) < 0.02)
        // After a step only what came since.
        #expect(shares.observation(since: now - 3 * second) == nil)
        pass(5, &shares, ["busy": 0.6, "disturbed": 0.01])
        #expect(shares.observation(since: now - 5 * second)?.isOver == false)
        // A rest, in which nothing was read: others' load in it is not this pass's.
        now += 3_600 * second
        totals["disturbed", default: 0] += 3_000_000_000
        pass(5, &shares, ["busy": 0.6, "disturbed": 0.01])
        #expect(shares.observation(since: 0)?.isOver == false)
        // A group that was made meanwhile, and one that is gone.
        totals["disturbed"] = nil
        pass(20, &shares, ["busy": 0.6, "new": 0.5])
        #expect(shares.observation(since: 0)?.group == "new")
    }

    @Test(
        "a group that could not be read when a stretch began is not taken for one that always waits"
    )
    func unreadAtBegin() {
        var shares = PressureShares()
        var now: UInt64 = 1_000 * second
        func pass(_ seconds: Int, _ totals: (Int) -> [String: UInt64]) {
            for turn in 0..<seconds {
                now += second
                shares.note(totals(turn), at: now)
            }
        }
        pass(1) { _ in [:] }
        shares.beginBase(at: now)
        pass(10) { _ in ["beside": 1] }
        shares.endBase()
        // An hour of waiting lies behind it, and of the present nothing is known.
        pass(12) { $0 == 0 ? ["beside": 1] : ["beside": 1, "old": 3_600_000_000] }
        #expect(shares.observation(since: now - 11 * second)?.isOver == false)
    }

    @Test(
        "a probe's limit is three times its first median, and one under way is over as soon as it is late"
    )
    func probe() {
        var probe = ProbeTimes(limitSeconds: nil)
        func time(_ begin: UInt64, _ milliseconds: UInt64, counts: Bool = true, since: UInt64? = 0)
        {
            probe.begin(at: begin * second)
            probe.end(
                at: begin * second + milliseconds * 1_000_000,
                counts: counts,
                aloneSince: since
            )
        }
        time(10, 1_000)
        time(12, 1_200)
        #expect(probe.observation(at: 14 * second) == nil)
        // It failed at once: that is not fast, and no pass waits for the next.
        time(13, 1, counts: false)
        #expect(probe.limit == nil && !probe.isLearning)
        // Beside a pass, or begun beside it.
        time(13, 60_000, since: nil)
        time(13, 60_000, since: 14 * second)
        #expect(probe.limit == nil && probe.isLearning)
        time(14, 5_000)
        #expect(probe.limit == 3.6 && !probe.isLearning)
        #expect(probe.observation(at: 20 * second)?.isOver == true)
        time(50, 1_100)
        #expect(probe.observation(at: 55 * second)?.isOver == false)
        probe.begin(at: 80 * second)
        #expect(probe.observation(at: 83 * second)?.isOver == false)
        #expect(probe.observation(at: 84 * second)?.isOver == true)
        #expect(probe.observation(at: 84 * second)?.since == 80 * second)
        probe.end(at: 90 * second, counts: false, aloneSince: nil)
        // What is old says nothing any more.
        #expect(probe.observation(at: 300 * second) == nil)
        let given = ProbeTimes(limitSeconds: 0.5)
        #expect(given.limit == 0.5 && !given.isLearning)
    }

    @Test("a pass without a base stops for 6 s after 10 s, after two minutes, then every ten")
    func measurement() {
        var measurement = BackOffMeasurement(at: 0)
        var holds: [Int] = []
        var ends: [UInt64] = []
        for now in 0..<1_400 {
            switch measurement.advance(to: UInt64(now) * second, isPossible: now > 45) {
            case .hold: holds.append(now)
            case .done(let since): ends.append(since / second)
            case .goOn: break
            }
        }
        #expect(
            holds == Array(46..<52) + Array(120..<126) + Array(726..<732) + Array(1_332..<1_338)
        )
        #expect(ends == [47, 121, 727, 1_333])
    }

    @Test("a pass that knows its base stops after ten minutes: somebody may have come")
    func measurementOfKnown() {
        var measurement = BackOffMeasurement(at: 0, knowsBase: true)
        let holds = (0..<700 as Range<UInt64>).filter {
            measurement.advance(to: $0 * second, isPossible: true) == .hold
        }
        #expect(holds == Array(600..<606))
    }

    @Test("a stop that found nothing is made again, three times")
    func measurementAgain() {
        var measurement = BackOffMeasurement(at: 0)
        var ends: [UInt64] = []
        for now in 0..<1_000 as Range<UInt64> {
            guard case .done = measurement.advance(to: now * second, isPossible: true) else {
                continue
            }
            ends.append(now)
            measurement.tryAgain(after: now * second)
        }
        #expect(ends == [16, 82, 148, 214, 820])
    }
}
