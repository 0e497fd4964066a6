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

    @Test(
        "beside others whose slowest reads count one worker tries for a few seconds in a minute only"
    )
    func longPauses() {
        var control = BackOffControl()
        var paused: [Int] = []
        var answer = BackOffAnswer.free
        for moment in 0..<400 {
            let now = 1_000 * second + UInt64(moment) * second
            // A judgement takes three seconds.
            let isJudged = now >= control.knownFrom + 3 * second && answer.state != .paused
            var over = BackOffObservation(
                .readLatency,
                value: 2,
                limit: 1,
                since: control.knownFrom
            )
            over.isOfSharedDevice = true
            answer = control.advance(to: now, ceiling: 30, isJudged ? [over] : [])
            if answer.state == .paused { paused.append(moment) }
        }
        let begin = paused.first ?? 400
        #expect(begin < 16)
        #expect(Double(paused.count) > 0.93 * Double(400 - begin), "\(paused.count)")
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
