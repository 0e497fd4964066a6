// A pass that tries numbers of workers while it works: the thread that sets them and measures.
//
//   Tuning        this file: sets a number, lets what is in hand end, measures, and so on
//   TuneControl   which number is next, and what follows from all steps
//   TuneSchedule  numbers and their order; TuneFit: how fast each was
//
// Workers above the number are held back as giving way holds them back (`HeldRun`): the pool keeps its full number, and
// a step begins with one store.

import Dispatch
import LinuxIO
import Synchronization

/// What is counted at one moment.
struct TuneSample: Sendable {
    var nanoseconds: UInt64
    /// Entries that were examined, or of a scan those that were touched.
    var entries: UInt64
    var bytes: UInt64
    var processors: ProcessorTime?
    var source: DeviceTraffic?
    var destination: DeviceTraffic?

    /// What was done between two moments.
    func step(
        workers: Int,
        round: Int,
        since before: TuneSample
    ) -> TuneStep {
        let nanoseconds = self.nanoseconds &- before.nanoseconds
        return TuneStep(
            workers: workers,
            round: round,
            nanoseconds: nanoseconds,
            // Counts are not taken at one moment, and one that is taken back is none.
            entries: entries - min(before.entries, entries),
            bytes: bytes - min(before.bytes, bytes),
            load: TuneLoad(
                processors: Self.share(before.processors, processors),
                source: Self.share(before.source, source, nanoseconds),
                destination: Self.share(before.destination, destination, nanoseconds)
            )
        )
    }

    private static func share(_ before: ProcessorTime?, _ now: ProcessorTime?) -> Double? {
        guard let before, let now, now.all > before.all, now.busy >= before.busy else { return nil }
        return min(Double(now.busy - before.busy) / Double(now.all - before.all), 1)
    }

    private static func share(
        _ before: DeviceTraffic?,
        _ now: DeviceTraffic?,
        _ nanoseconds: UInt64
    ) -> Double? {
        guard let before = before?.busyMilliseconds, let now = now?.busyMilliseconds, now >= before,
            nanoseconds > 0
        else { return nil }
        return min(Double(now - before) * 1e6 / Double(nanoseconds), 1)
    }
}

/// Tries numbers of workers on one running pass.
///
/// `start` and `end` are called by the thread of the pass, `stop` and `outcome` by any.
final class Tuning: Sendable {
    /// What it does to the pass; quick, and from any thread.
    struct Steering: Sendable {
        /// Lets at most so many work; nil: as many as are wanted.
        var limit: @Sendable (Int?) -> Void
        /// How many a person wants.
        var wanted: @Sendable () -> Int
        /// Has so many wanted for the rest of the pass.
        var take: @Sendable (Int) -> Void
    }

    private let plan: TunePlan
    private let steering: Steering
    private let measure: @Sendable () -> TuneSample?
    private let tell: @Sendable (TuneStep) -> Void
    private let control: Lock<TuneControl>
    private let woken = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let isStopped = Atomic<Bool>(false)
    private let isRunning = Atomic<Bool>(false)

    /// `most`: there are so many workers; `measure`: what is counted now; nil: nothing is copied any more, and nothing more
    /// is tried.
    init(
        _ plan: TunePlan,
        most: Int,
        _ steering: Steering,
        measure: @escaping @Sendable () -> TuneSample?,
        tell: @escaping @Sendable (TuneStep) -> Void
    ) {
        self.plan = plan
        self.steering = steering
        self.measure = measure
        self.tell = tell
        control = Lock(TuneControl(plan, most: most))
    }

    /// Begins, with the first number in force when it returns; where no thread can be had nothing is tried.
    func start() {
        if let next = control.withLock({ $0.next }) { steering.limit(next.workers) }
        do throws(SystemError) {
            isRunning.store(true, ordering: .relaxed)
            try BlockingThread.start { [self] in
                goOn()
                ended.signal()
            }
        } catch {
            // The last thread was taken by others since they were counted: the summary says that nothing was measured.
            isRunning.store(false, ordering: .relaxed)
            steering.limit(nil)
        }
    }

    /// The run is being ended: the step in hand does not count, and none begins.
    func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        woken.signal()
    }

    /// The work is done: the step in hand does not count, and none runs any more.
    func end() {
        stop()
        if isRunning.exchange(false, ordering: .relaxed) { ended.wait() }
    }

    /// What is known so far.
    var outcome: TuneOutcome { control.withLock { $0 }.outcome }

    private func goOn() {
        while let next = control.withLock({ $0.next }) {
            steering.limit(next.workers)
            guard waits(plan.settleNanoseconds) else { return }
            guard let before = measure() else { return steering.limit(nil) }
            guard waits(plan.stepNanoseconds - plan.settleNanoseconds) else { return }
            guard let after = measure() else { return steering.limit(nil) }
            let step = after.step(workers: next.workers, round: next.round, since: before)
            // A person's signals count more: what fewer workers did is no step of this number.
            let counts = steering.wanted() >= next.workers
            let told = control.withLock { $0.note(counts ? step : nil) }
            if let told { tell(told) }
        }
        if let choice = outcome.choice { steering.take(choice.workers) }
        steering.limit(nil)
    }

    /// Waits so long; false: it was stopped meanwhile.
    private func waits(_ nanoseconds: UInt64) -> Bool {
        let isLate = woken.wait(timeout: .now() + .nanoseconds(Int(clamping: nanoseconds)))
        return isLate == .timedOut && !isStopped.load(ordering: .sequentiallyConsistent)
    }
}
