// The pool's promises: N lanes really in flight, all work done once, no lane asleep beside work, an
// end that comes.

import Dispatch
import LinuxIO
import Migration
import Synchronization
import TestSupport
import Testing

/// Lets `count` threads go on only when all of them have arrived; gives up after 20 s.
final class Rendezvous: Sendable {
    private let count: Int
    private let arrived = Atomic<Int>(0)
    private let gate = DispatchSemaphore(value: 0)

    init(_ count: Int) { self.count = count }

    /// False when the others did not come.
    func wait() -> Bool {
        if arrived.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue == count {
            for _ in 0..<count { gate.signal() }
        }
        return gate.wait(timeout: .now() + 20) == .success
    }
}

@Suite("WorkerPool", .serialized, .timeLimit(.minutes(5))) struct WorkerPoolTests {
    /// A pool whose work may push more, and what each lane did.
    func pool<Work: Sendable>(
        workers: Int,
        whenQuiet: @escaping @Sendable () -> [Work] = { [] },
        perform: @escaping @Sendable (Work, _ lane: Int, _ push: (Work) -> Void) -> Void
    ) -> WorkerPool<Work> {
        WorkerPool<Work>(
            workers: workers,
            makeLane: { pool, lane in
                { work in perform(work, lane) { pool.push($0, lane: lane) } }
            },
            whenQuiet: whenQuiet
        )
    }

    /// Runs a pool and tells whether it came to its end; a pool that hangs fails its test and
    /// nothing else.
    func finishes<Work: Sendable>(_ pool: WorkerPool<Work>, _ work: Work) -> Bool {
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(work) }
        return ended.wait(timeout: .now() + 60) == .success
    }

    @Test(
        "30 workers are in flight at once, each waiting for all others",
        arguments: [1, 2, 30, 250]
    )
    func inFlight(workers: Int) {
        let rendezvous = Rendezvous(workers)
        let met = Atomic<Int>(0)
        let pool = pool(workers: workers) { (work: Int, _, push) in
            guard work < 0 else {
                if rendezvous.wait() { met.wrappingAdd(1, ordering: .relaxed) }
                return
            }
            for piece in 0..<workers { push(piece) }
        }
        #expect(finishes(pool, -1))
        #expect(met.load(ordering: .relaxed) == workers)
        #expect(pool.workersBusyMax == workers)
    }

    @Test("what one lane pushes, all 30 do: 1,000 pieces that block 5 ms")
    func stealing() {
        let done = Lock<[Int: Int]>([:])
        let pool = pool(workers: 30) { (work: Int, lane, push) in
            guard work < 0 else {
                pauseThread(nanoseconds: 5_000_000)
                done.withLock { $0[lane, default: 0] += 1 }
                return
            }
            for piece in 0..<1_000 { push(piece) }
        }
        #expect(finishes(pool, -1))
        let counts = done.withLock { $0 }
        #expect(counts.values.reduce(0, +) == 1_000)
        #expect(counts.count == 30, "\(counts)")
        #expect(pool.workersBusyMax == 30, "they do it side by side")
    }

    @Test(
        "random trees of work: each piece once, and the pool ends",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func trees(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = 1 + random.below(5_000)
        var children = [[Int]](repeating: [], count: count)
        // Chains, stars and everything between, by how far back a parent may lie.
        let reach = [1, 3, 50, count][random.below(4)]
        for node in 1..<max(count, 1) where node > 0 {
            children[max(0, node - 1 - random.below(reach))].append(node)
        }
        let workers = [1, 2, 7, 30][random.below(4)]
        let tree = children
        let visits = Lock([Int](repeating: 0, count: count))
        let pool = pool(workers: workers) { (node: Int, _, push) in
            for child in tree[node] { push(child) }
            visits.withLock { $0[node] += 1 }
        }
        #expect(finishes(pool, 0))
        #expect(visits.withLock { $0.allSatisfy { $0 == 1 } }, "seed \(seed), \(workers) workers")
    }

    @Test(
        "no wake-up is lost: thousands of short rounds of one piece and many",
        arguments: [2, 30]
    )
    func rounds(workers: Int) {
        // Each round wakes parked lanes by single pushes; one that is lost would hang (time limit).
        let left = Atomic<Int>(3_000)
        let performed = Atomic<Int>(0)
        let pool = pool(
            workers: workers,
            whenQuiet: {
                left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 ? [2] : []
            },
            perform: { (work: Int, _, push) in
                performed.wrappingAdd(1, ordering: .relaxed)
                for _ in 0..<work { push(0) }
            }
        )
        #expect(finishes(pool, 2))
        #expect(performed.load(ordering: .relaxed) == 3_001 * 3)
    }

    @Test("a rendezvous after every quiet moment: parked lanes all come back")
    func roundsOfAll() {
        let workers = 30
        let round = Atomic<Int>(0)
        let gates = (0..<200).map { _ in Rendezvous(workers) }
        let failed = Atomic<Bool>(false)
        let met = Atomic<Int>(0)
        let pool = pool(
            workers: workers,
            whenQuiet: {
                let next = round.wrappingAdd(1, ordering: .relaxed).newValue
                return next < 200 ? [Int](repeating: next, count: workers) : []
            },
            perform: { (work: Int, _, _) in
                // Once somebody was left waiting there is nothing more to learn.
                if failed.load(ordering: .relaxed) || work < 0 { return }
                if !gates[work].wait() {
                    failed.store(true, ordering: .relaxed)
                } else {
                    met.wrappingAdd(1, ordering: .relaxed)
                }
            }
        )
        #expect(finishes(pool, -1))
        #expect(met.load(ordering: .relaxed) == 199 * workers)
    }

    @Test("whenQuiet is asked once per quiet moment and its work is done before the end")
    func quiet() {
        let asked = Atomic<Int>(0)
        let running = Atomic<Int>(0)
        let wasRunning = Atomic<Bool>(false)
        let performed = Atomic<Int>(0)
        let pool = pool(
            workers: 8,
            whenQuiet: {
                if running.load(ordering: .sequentiallyConsistent) != 0 {
                    wasRunning.store(true, ordering: .relaxed)
                }
                let count = asked.wrappingAdd(1, ordering: .relaxed).newValue
                return count <= 5 ? [Int](repeating: 0, count: count) : []
            },
            perform: { (_: Int, _, _) in
                running.wrappingAdd(1, ordering: .sequentiallyConsistent)
                pauseThread(nanoseconds: 1_000_000)
                performed.wrappingAdd(1, ordering: .relaxed)
                running.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            }
        )
        #expect(finishes(pool, 0))
        #expect(asked.load(ordering: .relaxed) == 6)
        #expect(performed.load(ordering: .relaxed) == 1 + 1 + 2 + 3 + 4 + 5)
        let wasAskedEarly = wasRunning.load(ordering: .relaxed)
        #expect(!wasAskedEarly)
    }

    @Test("workers are added and taken away during work, and nothing is lost")
    func changing() {
        let busy = Atomic<Int>(0)
        let performed = Atomic<Int>(0)
        let pushed = Atomic<Int>(300)
        let isEnding = Atomic<Bool>(false)
        let pool = pool(workers: 4) { (work: Int, _, push) in
            guard work < 0 else {
                busy.wrappingAdd(1, ordering: .relaxed)
                pauseThread(nanoseconds: 2_000_000)
                busy.wrappingSubtract(1, ordering: .relaxed)
                performed.wrappingAdd(1, ordering: .relaxed)
                if !isEnding.load(ordering: .relaxed) {
                    pushed.wrappingAdd(1, ordering: .relaxed)
                    push(work)
                }
                return
            }
            for piece in 0..<300 { push(piece) }
        }
        let ended = DispatchGroup()
        DispatchQueue(label: "run").async(group: ended) { pool.run(-1) }
        for target in [40, 2, 1, 25, 3, 60, 1, 30] {
            #expect(pool.setWorkers(target) == target)
            #expect(pool.workers == target)
            // Lanes that are too many finish what they have in hand first, on a busy machine late.
            waitUntil { busy.load(ordering: .relaxed) == target }
            for _ in 0..<20 {
                let seen = busy.load(ordering: .relaxed)
                #expect(seen <= target, "\(target): \(seen)")
                pauseThread(nanoseconds: 500_000)
            }
        }
        isEnding.store(true, ordering: .relaxed)
        #expect(ended.wait(timeout: .now() + 60) == .success)
        #expect(performed.load(ordering: .relaxed) == pushed.load(ordering: .relaxed))
        #expect(pool.setWorkers(0) == 1)
        #expect(pool.setWorkers(1_000) == WorkerPool<Int>.workersMax)
    }

    @Test(
        "the number of workers is changed before the start, by an early signal: no lane is made before it",
        arguments: [1, 4, 31]
    )
    func changedBeforeStart(workers: Int) {
        let performed = Atomic<Int>(0)
        let made = Atomic<Int>(0)
        let pool = WorkerPool<Int>(
            workers: 30,
            makeLane: { pool, lane in
                made.wrappingAdd(1, ordering: .relaxed)
                return { work in
                    performed.wrappingAdd(1, ordering: .relaxed)
                    if work > 0 { for _ in 0..<3 { pool.push(work - 1, lane: lane) } }
                }
            },
            whenQuiet: { [] }
        )
        #expect(pool.setWorkers(workers) == workers)
        pauseThread(nanoseconds: 100_000_000)
        let early = made.load(ordering: .relaxed)
        #expect(early == 0)
        #expect(finishes(pool, 5))
        // 3^0 + … + 3^5
        let (count, lanes) = (performed.load(ordering: .relaxed), made.load(ordering: .relaxed))
        #expect(count == 364 && lanes == workers)
    }

    @Test("a lane that is taken away with work in its deque leaves it to the others")
    func takenAway() {
        // Lane 29's pieces are pushed by lane 29 itself while it is being taken away.
        for _ in 0..<50 {
            let performed = Atomic<Int>(0)
            let pool = pool(workers: 30) { (work: Int, _, push) in
                performed.wrappingAdd(1, ordering: .relaxed)
                if work > 0 { for _ in 0..<3 { push(work - 1) } }
            }
            let ended = DispatchGroup()
            DispatchQueue(label: "run").async(group: ended) { pool.run(7) }
            // Once work is under way; a change before the start has a test of its own.
            while performed.load(ordering: .relaxed) == 0 { pauseThread(nanoseconds: 20_000) }
            for target in [1, 30, 2, 29, 1] { #expect(pool.setWorkers(target) == target) }
            #expect(ended.wait(timeout: .now() + 60) == .success)
            // 3^0 + … + 3^7
            #expect(performed.load(ordering: .relaxed) == 3_280)
        }
    }
}
