// N blocking lanes with work stealing: lane 0 is the thread that calls `run`, each other one has a thread of its own
// (docs/design/workers.md). So there is always one, and no work depends on a thread that cannot be had (S58): a
// lane that was started runs, and one that was not has nothing.
//
//   lane 0  [ oldest … newest ]  its owner pushes and pops at the newest end (depth first: the live set
//   lane 1  [ oldest … newest ]  stays small); a lane that has nothing takes the OLDEST of another, which
//   lane 2  [ ]  ◀── steals      in a tree is the largest piece of work it has.
//
// Termination: `outstanding` counts work that was pushed and is not finished. Work is pushed only while
// other work is being done (or before the start), so once it is 0 it stays 0: every deque is empty and
// no lane can fill one. The lane that brings it to 0 counts itself in again while it asks `whenQuiet` for
// more and pushes that; if there is none, the pool ends.
//
// A lane without work parks on its semaphore; nobody polls. No wake-up is lost: a lane enters itself in
// `idle` before it looks through all deques a last time, and whoever pushes looks into `idle` after
// the push.
//
// Two numbers say how many lanes may work: what a person wants, and the limit of who holds the run back, 0 in a pause.
// The smaller one is `target`. A lane at or above it parks outside of `idle`, and a wake-up that meets it goes on to the
// next in `idle`, until there is none: in a pause that can use up all of them. None is lost by it, either: whoever
// raises `target` signals every lane below it after the store. A lane that saw the old number has that signal still
// to take, for a semaphore counts; and each goes through all deques before it parks again, so what was pushed
// meanwhile is found. The end of all work signals every lane likewise, whatever `target` is.

import Dispatch
import LinuxIO
import Synchronization

/// Lanes that do blocking work of one kind, with stealing between them.
///
/// `perform` runs on the lanes' threads, several at once; all other methods may be called from any thread.
package final class WorkerPool<Work: Sendable>: Sendable {
    package static var workersMax: Int { PassOptions.workersMax }

    private let lanes: [Lane<Work>]
    private let outstanding = Atomic<Int>(0)
    private let isFinished = Atomic<Bool>(false)
    private struct Numbers: Sendable {
        /// What a person wants.
        var wanted: Int
        var limit: Int?
        /// The run is being ended: whatever is left has to be gone through.
        var takesNoLimit = false

        var target: Int { min(wanted, limit ?? wanted) }
    }

    /// Held while a change is made, so that the numbers, the lanes that are started and `target` are of one change.
    private let numbers: Lock<Numbers>
    private let wanted: Atomic<Int>
    /// Lanes that may work now; 0 in a pause.
    private let target: Atomic<Int>
    private let busy = Atomic<Int>(0)
    private let busyMax = Atomic<Int>(0)
    private let idle = Lock<[Int]>([])
    /// How many are in `idle`.
    ///
    /// Changed with it, under its lock: if a lane could be removed before it was counted, the count would be one too low
    /// and a wake-up could be lost.
    private let idleCount = Atomic<Int>(0)
    /// Lanes that were started; nil before `run`, when what they are to use may not be there yet.
    private let started = Lock<Int?>(nil)
    private let roll = LaneRoll()
    private let makeLane: @Sendable (WorkerPool<Work>, Int) -> LaneBody
    private let whenQuiet: @Sendable () -> [Work]

    /// What one lane does with a piece of work; made and used on that lane's thread only.
    package typealias LaneBody = (Work) -> Void

    /// A pool that is not running yet.
    ///
    /// - Parameters:
    ///   - workers: lanes at first, 1 to `workersMax`.
    ///   - makeLane: called once on each lane's thread; its result performs the work of that lane.
    ///   - whenQuiet: called when all work is done; what it returns is done next, nothing ends the pool.
    package init(
        workers: Int,
        makeLane: @escaping @Sendable (WorkerPool<Work>, Int) -> LaneBody,
        whenQuiet: @escaping @Sendable () -> [Work]
    ) {
        precondition((1...Self.workersMax).contains(workers))
        lanes = (0..<Self.workersMax).map { _ in Lane() }
        numbers = Lock(Numbers(wanted: workers))
        wanted = Atomic(workers)
        target = Atomic(workers)
        self.makeLane = makeLane
        self.whenQuiet = whenQuiet
    }

    /// Lanes that a person wants; a limit may allow less for a while.
    package var workers: Int { wanted.load(ordering: .relaxed) }

    /// Lanes that may work now; 0 in a pause.
    package var workersAllowed: Int { target.load(ordering: .relaxed) }

    /// The most lanes that had work at the same time.
    package var workersBusyMax: Int { busyMax.load(ordering: .relaxed) }

    /// Does `work` and all that comes of it; returns when nothing is left.
    ///
    /// Blocks the calling thread.
    package func run(_ work: Work) {
        push(work, lane: 0)
        // Lane 0 is this thread's.
        started.withLock { $0 = 1 }
        // After that: the number of workers can have been changed before.
        startLanes(upTo: workersAllowed)
        self.work(asLane: 0)
        roll.close()
    }

    /// Adds work to a lane's own deque, newest last.
    ///
    /// Called by the lane itself while it performs work.
    package func push(_ work: Work, lane: Int) {
        outstanding.wrappingAdd(1, ordering: .relaxed)
        lanes[lane].push(work)
        // Sequentially consistent, as is the entry into `idle`: one of the two sides sees the other.
        if idleCount.load(ordering: .sequentiallyConsistent) > 0 { wakeOne() }
    }

    /// Changes the number of lanes, within 1 and `workersMax`; lanes that are too many stop after
    /// the work they have in hand.
    ///
    /// Returns the new number. Before `run` none is started.
    package func setWorkers(_ count: Int) -> Int {
        numbers.withLock { want(count, &$0) }
    }

    private func want(_ count: Int, _ numbers: inout Numbers) -> Int {
        let count = min(max(count, 1), Self.workersMax)
        numbers.wanted = count
        wanted.store(count, ordering: .relaxed)
        apply(numbers)
        return count
    }

    private func apply(_ numbers: Numbers, startsLanes: Bool = true) {
        let count = numbers.target
        target.store(count, ordering: .sequentiallyConsistent)
        if startsLanes { startLanes(upTo: count) }
        for lane in lanes[..<count] { lane.semaphore.signal() }
    }

    /// Lets at most so many lanes work, however many are wanted.
    ///
    /// 0: none, until there is another limit; nil: no limit. Lanes that are too many stop after the work they have in
    /// hand. All that is left is done all the same when the limit ends: a pool that is paused does not end before.
    package func limitWorkers(to most: Int?) {
        numbers.withLock { numbers in
            if numbers.takesNoLimit { return }
            let before = numbers.target
            numbers.limit = most.map { max($0, 0) }
            // Lanes that need not change are not woken.
            if numbers.target != before { apply(numbers) }
        }
    }

    /// Ends the limit for good: the run is being ended, and lanes have to go through what is left.
    ///
    /// Starts none: a lane that was not started has nothing, and who ends a run must not be held up.
    package func endLimits() {
        numbers.withLock { numbers in
            numbers.takesNoLimit = true
            numbers.limit = nil
            apply(numbers, startsLanes: false)
        }
    }

    /// Adds workers, or takes some away, within 1 and `most`; adds none for which there is no thread.
    ///
    /// Returns the new number, and whether threads kept it down.
    func change(by difference: Int, most: Int) -> (workers: Int, lacksThreads: Bool) {
        numbers.withLock { numbers in
            let count = min(numbers.wanted + difference, most)
            let running = started.withLock { $0 }
            if difference > 0, !ThreadSupply.allows(count, running: running) {
                return (numbers.wanted, true)
            }
            return (want(count, &numbers), false)
        }
    }

    private func startLanes(upTo count: Int) {
        let range = started.withLock { started in
            guard let first = started else { return 0..<0 }
            let range = first..<max(first, isFinished.load(ordering: .acquiring) ? first : count)
            started = range.upperBound
            return range
        }
        let count = roll.start(range) { [self] in work(asLane: $0) }
        if count == range.count { return }
        // No threads for the rest: those that run do the work, and a larger number later may start these.
        started.withLock { started in
            if started == range.upperBound { started = range.lowerBound + count }
        }
    }

    private func work(asLane index: Int) {
        let perform = makeLane(self, index)
        while let work = next(lane: index) {
            let now = busy.wrappingAdd(1, ordering: .relaxed).newValue
            busyMax.max(now, ordering: .relaxed)
            perform(work)
            busy.wrappingSubtract(1, ordering: .relaxed)
            finishOne(lane: index)
        }
    }

    private func finishOne(lane: Int) {
        while outstanding.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            // Counted as work until all of `more` is pushed: what others finish meanwhile must not look
            // like the end.
            outstanding.wrappingAdd(1, ordering: .relaxed)
            let more = whenQuiet()
            if more.isEmpty {
                isFinished.store(true, ordering: .sequentiallyConsistent)
                for lane in lanes { lane.semaphore.signal() }
                return
            }
            for work in more { push(work, lane: lane) }
        }
    }

    /// The next work of a lane; waits for it; nil at the end.
    private func next(lane index: Int) -> Work? {
        while !isFinished.load(ordering: .sequentiallyConsistent) {
            guard index < target.load(ordering: .sequentiallyConsistent) else {
                // One lane too many: what it has is stolen by the others, which may be asleep.
                wakeOne()
                lanes[index].semaphore.wait()
                continue
            }
            if let work = lanes[index].popNewest() ?? steal(from: index) { return work }
            enterIdle(index)
            if let work = steal(from: index) {
                leaveIdle(index)
                return work
            }
            lanes[index].semaphore.wait()
            leaveIdle(index)
        }
        return nil
    }

    /// The oldest work of another lane, looking from the neighbour on.
    private func steal(from index: Int) -> Work? {
        let count = started.withLock { $0 } ?? 0
        for step in 0..<count {
            let victim = (index + step) % count
            if let work = lanes[victim].popOldest() { return work }
        }
        return nil
    }

    private func enterIdle(_ index: Int) {
        idle.withLock { idle in
            idle.append(index)
            idleCount.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    private func leaveIdle(_ index: Int) {
        idle.withLock { idle in
            // Otherwise `wakeOne` took it out; its signal makes a later wait return once too early, and that
            // loop looks again.
            guard let position = idle.lastIndex(of: index) else { return }
            idle.remove(at: position)
            idleCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
    }

    private func wakeOne() {
        let index = idle.withLock { idle -> Int? in
            guard let index = idle.popLast() else { return nil }
            idleCount.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            return index
        }
        if let index { lanes[index].semaphore.signal() }
    }
}

/// One lane: its deque and the semaphore on which it parks.
private final class Lane<Work: Sendable>: Sendable {
    let semaphore = DispatchSemaphore(value: 0)
    private let deque = Lock(WorkDeque<Work>())
    /// How much is in the deque; lets thieves pass by without taking the lock.
    private let count = Atomic<Int>(0)

    func push(_ work: Work) {
        deque.withLock { $0.append(work) }
        count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    func popNewest() -> Work? { pop { $0.popNewest() } }

    func popOldest() -> Work? { pop { $0.popOldest() } }

    private func pop(_ take: (inout WorkDeque<Work>) -> Work?) -> Work? {
        guard count.load(ordering: .sequentiallyConsistent) > 0 else { return nil }
        guard let work = deque.withLock({ take(&$0) }) else { return nil }
        count.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return work
    }
}
