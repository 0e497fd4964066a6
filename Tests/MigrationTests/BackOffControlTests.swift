// What back-off decides, on histories that were made up: no clock, no disk, no thread.

import Migration
import TestSupport
import Testing

private let second: UInt64 = 1_000_000_000

/// A machine on which reads take what the present workers make of it, told second by second.
private struct History {
    var control = BackOffControl()
    var reads = ReadLatency()
    var now: UInt64 = 1_000 * second
    var answer = BackOffAnswer.free
    var ceiling = 30
    var held = HeldBack()
    /// Each answer that differs from the one before, with the second it came at.
    var answers: [(second: Int, most: Int?)] = []
    private var start: UInt64 = 0
    private var random = SeededRandom(seed: 7)

    /// `base`: what reads take alone, in milliseconds.
    init(base: Double) {
        let begin = now
        for _ in 0..<240 { read(base) }
        reads.takeBase(since: begin, until: now)
        start = now
    }

    /// One read, and a quarter of a second.
    private mutating func read(_ milliseconds: Double) {
        reads.begin(at: now)
        // As disks are: some half of it to twice.
        let spread = 0.5 + Double(random.below(100)) / 100
        reads.end(at: now, took: UInt64(milliseconds * spread * 1e6))
        now += second / 4
    }

    /// Lets seconds pass; `milliseconds`: what reads take with so many workers, nil where there are no files left.
    mutating func pass(_ seconds: Int, _ milliseconds: (_ workers: Int) -> Double?) {
        for _ in 0..<seconds {
            for _ in 0..<4 {
                if let time = milliseconds(min(answer.most ?? ceiling, ceiling)) {
                    read(time)
                } else {
                    now += second / 4
                }
            }
            decide(second)
        }
    }

    mutating func decide(_ passed: UInt64, _ others: [BackOffObservation] = []) {
        held.add(passed, answer)
        let reading = reads.observation(at: now, since: control.knownFrom)
        let next = control.advance(
            to: now,
            ceiling: ceiling,
            (reading.map { [$0] } ?? []) + others
        )
        if next.most != answer.most { answers.append((Int((now - start) / second), next.most)) }
        answer = next
    }
}

@Suite("What back-off decides") struct BackOffControlTests {
    @Test(
        "others who come are given way to: one worker within 15 s, then pauses that grow to a minute"
    )
    func falls() throws {
        var history = History(base: 6)
        history.pass(60) { _ in 7 }
        #expect(history.answers.isEmpty)
        history.pass(15) { _ in 80 }
        #expect(history.answers.map(\.most).contains(1), "\(history.answers)")
        #expect(history.answers.prefix(4).map(\.most) == [15, 7, 3, 1], "\(history.answers)")
        history.pass(600) { _ in 80 }
        let pauses = zip(history.answers, history.answers.dropFirst())
            .filter { $0.0.most == 0 }.map { $0.1.second - $0.0.second }
        #expect(pauses.starts(with: [5, 10, 20, 40, 60, 60]), "\(pauses)")
        // Who is always there does not stop a pass for ever.
        #expect(history.answers.suffix(2).map(\.most).contains(1))
        #expect(history.answer.why?.cause == .readLatency)
        #expect(history.held.share > 0.8)
        let why = try #require(history.held.why)
        #expect(why.limit == 0.024 || abs(why.limit - 0.024) < 0.004, "\(why)")
    }

    @Test(
        "calm in a pause proves nothing: pauses still grow, and no worker follows the first at once"
    )
    func calmPauses() throws {
        var history = History(base: 6)
        // Others wait only while one of ours works.
        history.pass(600) { $0 == 0 ? 6 : 80 }
        let pauses = zip(history.answers, history.answers.dropFirst())
            .filter { $0.0.most == 0 }.map { $0.1.second - $0.0.second }
        #expect(pauses.starts(with: [5, 10, 20, 40, 60, 60]), "\(pauses)")
        #expect(!history.answers.drop { $0.most != 0 }.contains { $0.most ?? 99 > 1 })
        while history.answer.most != 0 { history.pass(1) { _ in 80 } }
        history.answers = []
        history.pass(120) { _ in 6 }
        let ends = history.answers.prefix(2)
        #expect(ends.map(\.most) == [1, 2], "\(history.answers)")
        #expect(ends.map(\.second).reduce(0) { $1 - $0 } >= 20, "\(history.answers)")
    }

    @Test("when they leave, workers come back after 20 s, one each 5 s, up to what a person wants")
    func rises() throws {
        var history = History(base: 6)
        history.pass(12) { _ in 80 }
        let least = try #require(history.answer.most)
        history.answers = []
        history.pass(300) { _ in 7 }
        let first = try #require(history.answers.first { $0.most ?? 99 > least })
        #expect(first.second <= 12 + 60, "\(history.answers)")
        let rising = history.answers.drop { $0.second < first.second }
        for (one, other) in zip(rising, rising.dropFirst()) {
            #expect(other.second - one.second >= 5)
            #expect(other.most == nil || other.most == (one.most ?? 0) + 1)
        }
        #expect(history.answer == .free)
        #expect(rising.count > 25)
    }

    @Test("a pass of ours on a quiet disk raises what reads take, and is never held back for it")
    func alone() {
        for base in [0.1, 0.8, 6, 12] {
            var history = History(base: base)
            // Twice as long with all workers; on a flash disk some milliseconds more.
            history.pass(600) { base * (1 + Double($0) / 30) + (base < 1 ? 4 : 0) }
            #expect(history.answers.isEmpty, "\(base) ms: \(history.answers)")
            #expect(history.held.share == 0)
        }
    }

    @Test("where our own workers are what others wait for, as many stay as let them be")
    func ours() {
        var history = History(base: 6)
        history.pass(900) { 6 * (1 + Double($0) / 3) }
        // Over at four times the base, p90: some 4 to 6 workers.
        #expect(history.answers.allSatisfy { $0.most != 0 }, "\(history.answers)")
        #expect((1...8).contains(history.answer.most ?? 30), "\(history.answers)")
    }

    @Test("a signal that goes away (its files are gone) lets go")
    func vanishes() {
        var history = History(base: 6)
        history.pass(20) { _ in 80 }
        #expect(history.answer.most != nil)
        history.pass(300) { _ in nil }
        #expect(history.answer == .free)
    }

    @Test("a read that does not come back holds back while it hangs")
    func hangs() {
        var history = History(base: 6)
        history.pass(20) { _ in 6 }
        history.reads.begin(at: history.now)
        for _ in 0..<20 {
            history.now += second
            history.decide(second)
        }
        #expect(history.answer.most != nil)
        history.reads.end(at: history.now, took: 20 * second)
        history.pass(300) { _ in 6 }
        #expect(history.answer == .free)
    }

    @Test("the ceiling is a person's, also where it changes while a pass is held back")
    func ceiling() {
        var history = History(base: 6)
        history.ceiling = 1
        history.pass(4) { _ in 80 }
        // One worker cannot be halved.
        #expect(history.answer.state == .paused)
        history = History(base: 6)
        history.pass(5) { _ in 80 }
        history.ceiling = 2
        history.pass(1) { _ in 6 }
        #expect(history.answer.most ?? 2 <= 2)
        history.ceiling = 30
        history.pass(200) { _ in 6 }
        #expect(history.answer == .free)
    }

    @Test("a step down is taken by what was measured after the last one only")
    func knowsOfItsSteps() {
        var control = BackOffControl()
        func observe(_ moment: UInt64, since: UInt64) -> BackOffAnswer {
            control.advance(
                to: moment * second,
                ceiling: 30,
                [BackOffObservation(.probe, value: 9, limit: 3, since: since * second)]
            )
        }
        #expect(observe(100, since: 91).most == 15)
        // The same measurement, and one that began before the step.
        let early = (101...160 as ClosedRange<UInt64>).filter {
            observe($0, since: $0 < 130 ? 91 : 99).most != 15
        }
        #expect(early.isEmpty, "\(early)")
        #expect(observe(161, since: 121).most == 7)
    }

    @Test(
        "the next pass begins with as many workers as the last one was left with; after a pause with one"
    )
    func carriesOver() {
        var control = BackOffControl()
        func advance(_ moment: UInt64, isOver: Bool = false) -> Int? {
            let reading = BackOffObservation(
                .readLatency,
                value: isOver ? 9 : 1,
                limit: 3,
                since: moment * second
            )
            return control.advance(to: moment * second, ceiling: 8, [reading]).most
        }
        #expect(advance(100, isOver: true) == 4)
        #expect(advance(110, isOver: true) == 2)
        control.beginPass(at: 120 * second)
        #expect(advance(120) == 2)
        #expect(advance(129) == 2 && advance(130) == 3)
        #expect(advance(131, isOver: true) == 1 && advance(132, isOver: true) == 0)
        control.beginPass(at: 133 * second)
        #expect(advance(133) == 1)
        var free = BackOffControl()
        free.beginPass(at: 200 * second)
        #expect(free.advance(to: 200 * second, ceiling: 8, []) == .free)
    }

    @Test("the worst signal decides, and its cause is told")
    func worst() {
        var control = BackOffControl()
        let answer = control.advance(
            to: 100 * second,
            ceiling: 8,
            [
                BackOffObservation(.readLatency, value: 0.03, limit: 0.024, since: 95 * second),
                BackOffObservation(
                    .pressure,
                    value: 0.6,
                    limit: 0.2,
                    since: 95 * second,
                    group: "a"
                ),
                BackOffObservation(.probe, value: 1, limit: 3, since: 95 * second),
            ]
        )
        #expect(answer.state == .held && answer.most == 4)
        #expect(answer.why?.cause == .pressure && answer.why?.group == "a")
    }

    @Test("moments that are far apart (the process was stopped) bring one step, not many")
    func gaps() {
        var history = History(base: 6)
        history.pass(12) { _ in 80 }
        let before = history.answer.most ?? 30
        history.now += 86_400 * second
        history.decide(86_400 * second)
        #expect((history.answer.most ?? 30) <= max(before, 0) + 1)
    }

    @Test("six hours of which four fifths were held back are told")
    func nearlyAllDay() {
        var held = HeldBack()
        let why = BackOffObservation(.probe, value: 9, limit: 3, since: 0)
        held.add(5 * 3_600 * second, BackOffAnswer(.paused, most: 0, why: why))
        #expect(!held.isNearlyAllDay)
        held.add(3_600 * second, .free)
        #expect(held.isNearlyAllDay && held.why == why)
        held.add(3_600 * second, .free)
        #expect(!held.isNearlyAllDay)
        // What is measured is nobody's fault.
        var measured = HeldBack()
        measured.add(7 * 3_600 * second, BackOffAnswer(.measuring, most: 0))
        #expect(measured.share == 0 && !measured.isNearlyAllDay)
    }
}

@Suite("What back-off measures") struct BackOffSignalsTests {
    private func reads(_ milliseconds: [UInt64], from start: UInt64 = 0) -> ReadLatency {
        var reads = ReadLatency()
        for (index, time) in milliseconds.enumerated() {
            let begin = start + UInt64(index) * second / 4
            reads.begin(at: begin)
            reads.end(at: begin, took: time * 1_000_000)
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
        "where others use SOURCE the limit is 1.4 times their slowest tenth; where nobody does, it is the wide one",
        arguments: [
            (8_000, false), (16_000, true), (-16_000, false), (nil, false),
        ] as [(Int64?, Bool)]
    )
    func sharedLimit(bytesPerRead: Int64?, isShared: Bool) {
        var reads = ReadLatency()
        for index in 0..<40 as Range<UInt64> {
            let begin = index * second / 4
            reads.begin(at: begin)
            reads.end(
                at: begin,
                took: index % 5 == 0 ? 2_000_000 : 1_000_000,
                othersBytes: bytesPerRead.map { $0 * Int64(index) }
            )
        }
        reads.takeBase(since: 0, until: 10 * second)
        #expect(reads.isShared == isShared)
        let limit = reads.observation(at: 10 * second, since: 0)?.limit
        #expect(limit == (isShared ? 0.0028 : 0.011))
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
