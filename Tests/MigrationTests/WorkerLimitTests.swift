// Workers held back: a limit beside the number that a person wants, and pauses.

import Dispatch
import LinuxIO
import Migration
import Synchronization
import TestSupport
import Testing

extension WorkerPoolTests {
    @Test("a pause amid work: no piece is begun in it, and all are done after it")
    func pause() {
        let performed = Atomic<Int>(0)
        let pool = pool(workers: 8) { (work: Int, _, push) in
            guard work < 0 else {
                pauseThread(nanoseconds: 1_000_000)
                performed.wrappingAdd(1, ordering: .sequentiallyConsistent)
                return
            }
            for piece in 0..<2_000 { push(piece) }
        }
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(-1) }
        for round in 1...3 {
            waitUntil { performed.load(ordering: .sequentiallyConsistent) >= round * 50 }
            pool.limitWorkers(to: 0)
            #expect(pool.workersAllowed == 0 && pool.workers == 8)
            // What is in hand ends, and what a lane had taken; 8,000 pieces a second would follow.
            let before = performed.load(ordering: .sequentiallyConsistent)
            pauseThread(nanoseconds: 100_000_000)
            let after = performed.load(ordering: .sequentiallyConsistent)
            #expect(after <= before + 8, "round \(round)")
            pool.limitWorkers(to: round == 2 ? 3 : nil)
        }
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(performed.load(ordering: .relaxed) == 2_000)
    }

    @Test("pushes in a pause use up the wake-ups of idle lanes, and all lanes come back after it")
    func pushesInAPause() {
        let workers = 30
        let gate = DispatchSemaphore(value: 0)
        let hasBegun = Atomic<Bool>(false)
        let rendezvous = Rendezvous(workers)
        let met = Atomic<Int>(0)
        let pool = pool(workers: workers) { (work: Int, _, push) in
            guard work < 0 else {
                if rendezvous.wait() { met.wrappingAdd(1, ordering: .relaxed) }
                return
            }
            hasBegun.store(true, ordering: .sequentiallyConsistent)
            gate.wait()
            for piece in 0..<workers { push(piece) }
        }
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(-1) }
        waitUntil { hasBegun.load(ordering: .sequentiallyConsistent) }
        // The others have nothing, and go to sleep.
        pauseThread(nanoseconds: 50_000_000)
        pool.limitWorkers(to: 0)
        gate.signal()
        pauseThread(nanoseconds: 50_000_000)
        pool.limitWorkers(to: nil)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(met.load(ordering: .relaxed) == workers)
    }

    @Test(
        "a pause before the start holds"
    )
    func pauseBeforeTheStart() {
        let performed = Atomic<Int>(0)
        let pool = pool(workers: 4) { (work: Int, _, push) in
            performed.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if work > 0 { for _ in 0..<3 { push(work - 1) } }
        }
        pool.limitWorkers(to: 0)
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(3) }
        #expect(ended.wait(timeout: .now() + 0.1) == .timedOut)
        #expect(performed.load(ordering: .sequentiallyConsistent) == 0)
        pool.limitWorkers(to: 1)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(performed.load(ordering: .relaxed) == 40)
    }

    @Test("the end of a run ends its pause for good")
    func endOfLimits() {
        let performed = Atomic<Int>(0)
        let pool = pool(workers: 4) { (work: Int, _, push) in
            performed.wrappingAdd(1, ordering: .relaxed)
            if work > 0 { for _ in 0..<3 { push(work - 1) } }
        }
        pool.limitWorkers(to: 0)
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(5) }
        pauseThread(nanoseconds: 20_000_000)
        pool.endLimits()
        // Who holds it back does not know yet.
        pool.limitWorkers(to: 0)
        #expect(pool.workersAllowed == 4)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(performed.load(ordering: .relaxed) == 364)
    }

    @Test(
        "who ends a run is not held up by starting lanes: those that were started do what is left"
    )
    func endStartsNoLanes() {
        let lanes = Lock<Set<Int>>([])
        let hasBegun = Atomic<Bool>(false)
        let pool = pool(workers: 1) { (work: Int, lane, push) in
            hasBegun.store(true, ordering: .sequentiallyConsistent)
            if work < 0 { for piece in 0..<200 { push(piece) } }
            pauseThread(nanoseconds: 1_000_000)
            lanes.withLock { $0.formUnion([lane]) }
        }
        let ended = DispatchGroup()
        pool.limitWorkers(to: 1)
        DispatchQueue(label: "run").async(group: ended) { pool.run(-1) }
        waitUntil { hasBegun.load(ordering: .sequentiallyConsistent) }
        // The limit has kept these from being started.
        #expect(pool.setWorkers(30) == 30)
        pool.endLimits()
        #expect(pool.workersAllowed == 30)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(lanes.withLock { $0 } == [0])
    }

    @Test("a person's number is the ceiling of the limit, and stays when the limit goes")
    func ceiling() {
        let pool = pool(workers: 30) { (_: Int, _, _) in }
        pool.limitWorkers(to: 4)
        #expect(pool.workersAllowed == 4 && pool.workers == 30)
        #expect(pool.setWorkers(2) == 2)
        #expect(pool.workersAllowed == 2)
        #expect(pool.setWorkers(10) == 10)
        #expect(pool.workersAllowed == 4)
        pool.limitWorkers(to: 0)
        #expect(pool.setWorkers(11) == 11)
        #expect(pool.workersAllowed == 0)
        pool.limitWorkers(to: 50)
        #expect(pool.workersAllowed == 11)
        pool.limitWorkers(to: nil)
        #expect(pool.workersAllowed == 11)
    }

    @Test(
        "random limits, pauses and numbers under load: each piece once, and all lanes are there at the end",
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func randomChanges(seed: UInt64) {
        let workers = 12
        let rendezvous = Rendezvous(workers)
        let met = Atomic<Int>(0)
        let performed = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        // Rounds of a burst of pieces, with a quiet moment after each; at the end one piece for each lane.
        let rounds = Atomic<Int>(0)
        let pool = pool(
            workers: workers,
            whenQuiet: {
                if isOver.load(ordering: .sequentiallyConsistent) {
                    let isFirst = rounds.exchange(-1, ordering: .relaxed) >= 0
                    return isFirst ? [Int](repeating: 1_000, count: workers) : []
                }
                rounds.wrappingAdd(1, ordering: .relaxed)
                return [2, 1, 2]
            },
            perform: { (work: Int, _, push) in
                if work == 1_000 {
                    if rendezvous.wait() { met.wrappingAdd(1, ordering: .relaxed) }
                    return
                }
                performed.wrappingAdd(1, ordering: .relaxed)
                if work > 0 { for _ in 0..<4 { push(work - 1) } }
            }
        )
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(3) }
        // Two at once: a person, and who holds back.
        for (side, label) in ["person", "back-off"].enumerated() {
            DispatchQueue(label: label).async(group: ended) {
                var random = SeededRandom(seed: seed &* 2 &+ UInt64(side))
                for _ in 0..<400 {
                    if side == 0 {
                        let count = 1 + random.below(workers)
                        #expect(pool.setWorkers(count) == count)
                    } else {
                        let limits = [nil, 0, 0, 1, 2, 7, workers]
                        pool.limitWorkers(to: limits[random.below(limits.count)])
                    }
                    if random.chance(30) {
                        pauseThread(nanoseconds: UInt64(random.below(300_000)))
                    }
                }
                if side == 0 {
                    #expect(pool.setWorkers(workers) == workers)
                } else {
                    pool.limitWorkers(to: nil)
                }
                isOver.store(true, ordering: .sequentiallyConsistent)
            }
        }
        #expect(ended.wait(timeout: .now() + 60) == .success, "seed \(seed)")
        #expect(met.load(ordering: .relaxed) == workers, "seed \(seed)")
        // Of the first: 1 + 4 + 16 + 64; of each round: 21 + 5 + 21.
        #expect((performed.load(ordering: .relaxed) - 85) % 47 == 0, "seed \(seed)")
    }
}

@Suite("A run's pause and its end", .timeLimit(.minutes(2))) struct RunControlTests {
    private func onThread(_ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "worker").async(group: group, execute: body)
    }

    @Test("in a pause nothing may begin, and what waited may after it")
    func pause() {
        let control = RunControl()
        #expect(control.mayBegin)
        control.pause(true)
        let answers = Lock<[Bool]>([])
        let ended = DispatchGroup()
        for _ in 0..<8 {
            onThread(ended) {
                let may = control.mayBegin
                answers.withLock { $0.append(may) }
            }
        }
        #expect(ended.wait(timeout: .now() + 0.1) == .timedOut)
        #expect(answers.withLock { $0.isEmpty })
        #expect(!control.isInterrupted && control.cause == nil)
        control.pause(false)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(answers.withLock { $0 } == [Bool](repeating: true, count: 8))
    }

    enum End: CaseIterable { case signal, timeLimit, grace }

    @Test(
        "a signal, a time limit or its grace's end in a pause ends it at once and for good",
        arguments: End.allCases
    )
    func end(how: End) {
        let control = RunControl()
        let told = Atomic<Int>(0)
        control.whenEnding { told.wrappingAdd(1, ordering: .relaxed) }
        control.pause(true)
        let answers = Lock<[Bool]>([])
        let ended = DispatchGroup()
        for _ in 0..<4 {
            onThread(ended) {
                let may = control.mayBegin
                answers.withLock { $0.append(may) }
            }
        }
        #expect(ended.wait(timeout: .now() + 0.05) == .timedOut)
        switch how {
        case .signal: control.interrupt()
        case .timeLimit: control.reachTimeLimit()
        case .grace: control.endGrace()
        }
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(answers.withLock { $0 } == [Bool](repeating: false, count: 4))
        // Who holds it back does not know yet.
        control.pause(true)
        control.waitWhilePaused()
        #expect(!control.isPaused && !control.mayBegin)
        #expect(control.cause == (how == .signal ? .signal : .timeLimit))
        #expect(control.isGivingBack == (how != .timeLimit))
        control.interrupt()
        #expect(told.load(ordering: .relaxed) == 1)
        control.whenEnding { told.wrappingAdd(1, ordering: .relaxed) }
        #expect(told.load(ordering: .relaxed) == 2)
    }

    @Test("no wake-up is lost: thousands of pauses under eight threads that ask")
    func manyPauses() {
        let control = RunControl()
        let ended = DispatchGroup()
        for _ in 0..<8 { onThread(ended) { while control.mayBegin {} } }
        for round in 0..<4_000 { control.pause(round % 2 == 0) }
        control.pause(true)
        pauseThread(nanoseconds: 10_000_000)
        control.interrupt()
        #expect(ended.wait(timeout: .now() + 60) == .success)
    }
}
