// Which number of workers is chosen, held against volumes whose best number is known: made up tables, no clock.

import TestSupport
import Testing

@testable import Migration

/// A volume that is made up: how fast each number of workers is, and what lies where in its tree.
private struct MadeUp {
    /// Seconds that one worker takes for an entry, and for a byte.
    static let entrySeconds = 5e-4
    static let byteSeconds = 8e-9

    /// A part of the tree: so many seconds of one worker, for files of this size.
    struct Part {
        var seconds: Double
        var fileBytes: Double
    }

    var parts: [Part]
    /// How many times as fast as one worker, by the number.
    var speed: (Int) -> Double
    /// The largest difference that chance makes, as a part.
    var noise = 0.03
    private var random: SeededRandom

    init(_ parts: [Part], seed: UInt64, speed: @escaping (Int) -> Double) {
        self.parts = parts
        self.speed = speed
        random = SeededRandom(seed: seed)
    }

    /// What so many workers do in so many seconds; nil: there is not enough left.
    mutating func work(_ workers: Int, seconds: Double) -> (entries: Double, bytes: Double)? {
        let chance = 1 + noise * (Double(random.below(2_001)) / 1_000 - 1)
        var left = seconds * speed(workers) * chance
        var done = (entries: 0.0, bytes: 0.0)
        while left > 0 {
            guard let part = parts.first else { return nil }
            let taken = min(part.seconds, left)
            let files = taken / (Self.entrySeconds + part.fileBytes * Self.byteSeconds)
            done.entries += files
            done.bytes += files * part.fileBytes
            left -= taken
            parts[0].seconds -= taken
            if parts[0].seconds <= 1e-9 { parts.removeFirst() }
        }
        return done
    }

    /// Tries all numbers that are to be tried, or as many as there is work for.
    mutating func tuned(_ plan: TunePlan) -> TuneOutcome {
        var control = TuneControl(plan)
        let seconds = Double(plan.stepNanoseconds - plan.settleNanoseconds) / 1e9
        while let next = control.next {
            guard work(next.workers, seconds: Double(plan.settleNanoseconds) / 1e9) != nil,
                let done = work(next.workers, seconds: seconds)
            else { break }
            control.note(
                TuneStep(
                    workers: next.workers,
                    round: next.round,
                    nanoseconds: UInt64(seconds * 1e9),
                    entries: UInt64(done.entries.rounded()),
                    bytes: UInt64(done.bytes.rounded())
                )
            )
        }
        return control.outcome
    }

    /// That of the example in the manual: 16 do 97 % of what 30 do.
    static func usual(_ workers: Int) -> Double {
        let known: [(Int, Double)] = [
            (1, 0.17), (2, 0.33), (4, 0.61), (8, 0.85), (16, 0.97), (30, 1.0), (60, 0.98),
            (120, 0.89), (250, 0.7),
        ]
        let after = known.firstIndex { $0.0 >= workers } ?? known.count - 1
        guard after > 0 else { return known[0].1 / 0.17 }
        let (low, high) = (known[after - 1], known[after])
        let part = Double(workers - low.0) / Double(high.0 - low.0)
        return (low.1 + (high.1 - low.1) * part) / 0.17
    }
}

@Suite("The best number of workers") struct TuneControlTests {
    private static let usual = [1, 2, 4, 8, 16, 30, 60, 120]
    private static let tiny = 3_000.0
    private static let large = 60e6
    /// All steps of the usual numbers, and of those between the two best, in seconds of one worker.
    private static let enough = 1_600.0

    private func plan(_ seed: UInt64) -> TunePlan { TunePlan(seed: seed) }

    @Test(
        "a stretch of large files is not taken for a good number, wherever it lies",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64],
        [0.2, 0.5, 0.8]
    )
    func mixture(seed: UInt64, share: Double) throws {
        let parts = [
            MadeUp.Part(seconds: Self.enough * share, fileBytes: Self.tiny),
            MadeUp.Part(seconds: Self.enough * (1 - share), fileBytes: Self.large),
        ]
        var chosen: [Int] = []
        for order in [parts, parts.reversed()] {
            // What is left at the end is more of the last part.
            let rest = MadeUp.Part(seconds: 1e5, fileBytes: order[1].fileBytes)
            var volume = MadeUp(order + [rest], seed: seed, speed: MadeUp.usual)
            let outcome = volume.tuned(plan(seed))
            let choice = try #require(outcome.choice)
            #expect((13...30).contains(choice.workers), "\(outcome.rows)")
            chosen.append(try #require(Self.usual.firstIndex { $0 >= choice.workers }))
        }
        #expect(abs(chosen[0] - chosen[1]) <= 1, "\(chosen)")
    }

    @Test("parts that take turns are told apart, and what an entry and a byte take is found")
    func fitted() throws {
        var volume = MadeUp([], seed: 3, speed: MadeUp.usual)
        volume.parts = (0..<2_000).map { index in
            .init(
                seconds: Double(7 + index % 31),
                fileBytes: index % 2 == 0 ? Self.tiny : Self.large
            )
        }
        volume.noise = 0
        let outcome = volume.tuned(plan(5))
        let top = try #require(outcome.rows.max { $0.rate < $1.rate })
        let entry = try #require(outcome.entrySeconds) * MadeUp.usual(top.workers)
        let byte = try #require(outcome.byteSeconds) * MadeUp.usual(top.workers)
        #expect(abs(entry / MadeUp.entrySeconds - 1) < 0.05, "\(entry)")
        #expect(abs(byte / MadeUp.byteSeconds - 1) < 0.05, "\(byte)")
        for row in outcome.rows {
            #expect(abs(row.share - MadeUp.usual(row.workers) / MadeUp.usual(30)) < 0.03, "\(row)")
        }
    }

    @Test(
        "a number that was tried once, and was lucky, is not the best that others are held against"
    )
    func lucky() throws {
        let steps = [(8, 1, 90), (16, 1, 100), (8, 2, 90), (16, 2, 100), (8, 4, 90), (12, 4, 200)]
            .map {
                workers,
                round,
                entries in
                TuneStep(
                    workers: workers,
                    round: round,
                    nanoseconds: 1_000_000_000,
                    entries: entries,
                    bytes: 0
                )
            }
        let rows = try #require(TuneFit(steps)).rows
        #expect(rows.map(\.workers) == [8, 12, 16])
        #expect(rows.map { ($0.share * 100).rounded() } == [90, 200, 100])
        #expect(rows.map(\.steps) == [3, 1, 2])
    }

    @Test("the smallest of those that are nearly as fast is taken")
    func smallest() throws {
        // From 8 on nothing is gained.
        for (least, speed) in [(8, { (n: Int) in Double(min(n, 8)) }), (1, { (_: Int) in 5.0 })] {
            var volume = MadeUp([.init(seconds: 1e6, fileBytes: 1_000)], seed: 1, speed: speed)
            volume.noise = 0.004
            let choice = try #require(volume.tuned(plan(2)).choice)
            #expect(choice.workers == least)
        }
        // More are always faster: the largest is taken, and a larger one may be better.
        var volume = MadeUp([.init(seconds: 1e6, fileBytes: 1_000)], seed: 1) { Double($0) }
        let outcome = volume.tuned(plan(2))
        #expect(outcome.choice?.workers == 120 && outcome.mayWantMore)
    }

    @Test("one step that others disturbed decides nothing", arguments: 0..<24)
    func disturbed(which: Int) throws {
        var control = TuneControl(plan(9))
        var index = 0
        while let next = control.next {
            let rate = MadeUp.usual(next.workers) * (index == which ? 0.3 : 1)
            control.note(
                TuneStep(
                    workers: next.workers,
                    round: next.round,
                    nanoseconds: 6_000_000_000,
                    entries: UInt64(rate * 12_000),
                    bytes: UInt64(rate * 36_000_000)
                )
            )
            index += 1
        }
        let choice = try #require(control.outcome.choice)
        #expect((14...22).contains(choice.workers), "\(choice)")
    }

    @Test(
        "a disk that becomes faster, or slower, from round to round speaks for no number",
        arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64],
        [0.7, 1.4]
    )
    func drift(seed: UInt64, factor: Double) throws {
        var control = TuneControl(plan(seed))
        while let next = control.next {
            let drift = (1..<next.round).reduce(1.0) { product, _ in product * factor }
            let rate = MadeUp.usual(next.workers) * drift
            control.note(
                TuneStep(
                    workers: next.workers,
                    round: next.round,
                    nanoseconds: 6_000_000_000,
                    entries: UInt64(rate * 12_000),
                    bytes: UInt64(rate * 36_000_000)
                )
            )
            // The work ends with the first round of those between.
            if control.next?.round == TuneSchedule.rounds + 3 { break }
        }
        let choice = try #require(control.outcome.choice)
        #expect((14...22).contains(choice.workers), "\(control.outcome.rows)")
        for row in control.outcome.rows {
            let expected = MadeUp.usual(row.workers) / MadeUp.usual(30)
            #expect(abs(row.share - expected) < 0.01 && row.spread < 0.01, "\(row)")
        }
    }

    @Test("before two rounds are whole nothing is chosen, and then something is")
    func rounds() {
        var control = TuneControl(plan(4))
        for done in 0..<16 {
            #expect(control.outcome.choice == nil)
            #expect(control.outcome.steps == done && control.outcome.stepsNeeded == 16)
            step(&control)
        }
        #expect(control.outcome.choice != nil)
    }

    @Test("a step that a person disturbed is not counted, nor is its number chosen for it")
    func discarded() {
        var control = TuneControl(plan(4))
        for _ in 0..<24 {
            let number = control.next?.workers
            if number == 120 { control.note(nil) } else { step(&control) }
        }
        #expect(control.outcome.steps >= 21)
        #expect(control.outcome.choice == nil)
        #expect(!control.outcome.rows.contains { $0.workers == 120 })
    }

    private func step(_ control: inout TuneControl) {
        guard let next = control.next else { return }
        control.note(
            TuneStep(
                workers: next.workers,
                round: next.round,
                nanoseconds: 1_000_000_000,
                entries: UInt64(1_000 * MadeUp.usual(next.workers)),
                bytes: 0
            )
        )
    }

    @Test("each round tries each number once; the seed decides the order, and nothing else")
    func order() {
        func numbers(_ seed: UInt64) -> [[Int]] {
            var control = TuneControl(plan(seed))
            return (1...3).map { round in
                (0..<8).map { _ in
                    #expect(control.next?.round == round)
                    let number = control.next?.workers ?? 0
                    step(&control)
                    return number
                }
            }
        }
        let first = numbers(1)
        #expect(first == numbers(1) && first != numbers(2))
        #expect(first[0] != first[1] && first.allSatisfy { $0.sorted() == Self.usual })
    }

    @Test("numbers lie between both ends, which are among them, and within what can be had")
    func ends() {
        #expect(TuneSchedule.numbers(from: 1, to: 120) == Self.usual)
        #expect(TuneSchedule.numbers(from: 3, to: 50) == [3, 4, 8, 16, 30, 50])
        #expect(TuneSchedule.numbers(from: 100, to: 250) == [100, 120, 250])
        #expect(TuneSchedule.between(16, 30) == [19, 22, 26])
        #expect(TuneSchedule.between(4, 2) == [3])
        #expect(TuneSchedule.between(1, 2) == [])
        var control = TuneControl(plan(1), most: 5)
        var tried: Set<Int> = []
        while let next = control.next {
            tried.insert(next.workers)
            step(&control)
        }
        #expect(tried == [1, 2, 3, 4, 5] || tried == [1, 2, 4, 5], "\(tried)")
    }

    @Test("a pass in which nothing is done has no rate, and divides by nothing")
    func nothing() {
        var control = TuneControl(plan(1))
        while let next = control.next {
            control.note(
                TuneStep(
                    workers: next.workers,
                    round: next.round,
                    nanoseconds: 1,
                    entries: 0,
                    bytes: 0
                )
            )
        }
        #expect(control.outcome.rows == [] && control.outcome.choice == nil)
    }

    @Test("a step within one large file has no entry, and still has a rate")
    func largeFile() throws {
        var control = TuneControl(plan(1))
        while let next = control.next {
            let bytes = UInt64(1e6 * MadeUp.usual(next.workers))
            control.note(
                TuneStep(
                    workers: next.workers,
                    round: next.round,
                    nanoseconds: 1_000_000_000,
                    entries: 0,
                    bytes: bytes
                )
            )
        }
        #expect(control.outcome.isOfBytes)
        #expect(try #require(control.outcome.choice).workers <= 30)
    }

    @Test(
        "the limit is what was busy; where nothing was, and all is seen, workers waited for each other"
    )
    func limits() {
        let cases: [(TuneLoad, TuneLimit?)] = [
            (TuneLoad(processors: 0.61, source: 0.94, destination: 0.2), .source),
            (TuneLoad(processors: 0.61, source: 0.84, destination: 0.9), .destination),
            (TuneLoad(processors: 0.97, source: 0.84, destination: nil), .processors),
            (TuneLoad(processors: 0.5, source: 0.4, destination: 0.3), .locks),
            // What is not seen may have been busy.
            (TuneLoad(processors: 0.3), nil),
            (TuneLoad(processors: 0.5, source: 0.4, destination: nil), nil),
            (TuneLoad(), nil),
        ]
        for (load, limit) in cases { #expect(TuneControl.limit(load) == limit) }
    }
}
