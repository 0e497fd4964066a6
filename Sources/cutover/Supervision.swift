// A command runs on a thread of its own, and this one waits for it: so the process can end in time though a call does
// not come back (S59).
//
//   main      waits: for the end, or for a signal or the time limit (TimeLimitSteps.swift) and then some seconds more
//   signals   hears them (Signals.swift); after its last moment it ends the process
//   watch     tells calls that do not come back, and that a signal was heard
//   run       opens the roots, carries worker 0, commits
//
// All four are there before anything is touched, or the command is refused.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Reporting
import Synchronization

/// What a command runs, once it is there; to be given up by the main thread.
final class Begun<Run: Sendable>: Sendable {
    private let run = Lock<Run?>(nil)
    var value: Run? { run.withLock { $0 } }
    func set(_ value: Run) { run.withLock { $0 = value } }
    func clear() { run.withLock { $0 = nil } }
}

/// Runs one command so that signals can steer it, and end it.
final class Supervision: Sendable {
    /// After the first signal the run has so long to end by itself: files in hand are given back within a second or
    /// two where every call comes back.
    private static let patienceSeconds = 5
    /// After so long the process ends, whatever has become of the summary.
    static let lastSeconds = 9

    let watch = CallWatch()
    private let notice: String
    private let limit: @Sendable () -> TimeLimit?
    private let hearsContinue: Bool
    /// The time limit of the present run has been reached.
    private let isTimeUp = Atomic<Bool>(false)
    /// SIGCONT came since somebody last waited.
    private let isContinued = Atomic<Bool>(false)
    private let tell: @Sendable (WaitingCall) -> Void
    private let service: ServiceNotifier?
    private let isBegun = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    /// The run has come back: only what is told of it is left.
    private let isOver = Atomic<Bool>(false)
    private let hasLimitOfHours = Atomic<Bool>(false)
    /// There is no run, and the next one is waited for.
    private let isWaiting = Atomic<Bool>(false)
    /// Others come after this run, so there is something to stop though it is over.
    private let hasMore = Atomic<Bool>(false)
    /// What SIGUSR1 and SIGUSR2 asked for while no run had a use for it.
    private let workersMore = Atomic<Int>(0)
    private let changed = DispatchSemaphore(value: 0)
    /// A person was told that a signal stops this process.
    private let hasTold = DispatchSemaphore(value: 0)
    /// For so long that is waited for at the end: a terminal may be stopped (^S).
    private static let tellMilliseconds = 200
    private let steered = Lock<Steered?>(nil)

    /// What signals do to a run.
    struct Steered: Sendable {
        /// False: it has no use for them, and the next one gets them.
        var changeWorkers: @Sendable (Int) -> Bool = { _ in false }
        /// False: it came too late to stop anything.
        var interrupt: @Sendable () -> Bool
        /// What a time limit ends it by; nil: nothing does.
        var control: RunControl?
        var isSynchronizing: @Sendable () -> Bool = { false }
    }

    /// - Parameters:
    ///   - notice: what is done before a run ends.
    ///   - limit: asked when a run begins.
    ///   - hearsContinue: whether SIGCONT ends a `wait`.
    ///   - service: hears that a signal came.
    ///   - tell: given calls that do not come back.
    init(
        notice: String,
        limit: @escaping @Sendable () -> TimeLimit? = { nil },
        hearsContinue: Bool = false,
        service: ServiceNotifier? = nil,
        tell: @escaping @Sendable (WaitingCall) -> Void
    ) {
        self.notice = notice
        self.limit = limit
        self.hearsContinue = hearsContinue
        self.service = service
        self.tell = tell
    }

    /// Whether a signal has said to stop.
    var isStopping: Bool { isStopped.load(ordering: .sequentiallyConsistent) }

    /// Whether the last run's limit was the end of the hours of work.
    var isLimitOfHours: Bool { hasLimitOfHours.load(ordering: .relaxed) }

    /// What ended a wait between two runs.
    enum Wake { case timeIsUp, stopped, continued }

    /// Waits, with no run there, for so long or for a signal.
    ///
    /// Called by the main thread. `hearsContinue`: SIGCONT ends it; else that is kept for who asks next.
    func wait(nanoseconds: UInt64, hearsContinue: Bool = true) -> Wake {
        isWaiting.store(true, ordering: .sequentiallyConsistent)
        defer { isWaiting.store(false, ordering: .sequentiallyConsistent) }
        let end = DispatchTime.now() + .nanoseconds(Int(clamping: nanoseconds))
        while true {
            if isStopped.load(ordering: .sequentiallyConsistent) {
                tellService()
                // Or the process may end before it is told why.
                if hasTold.wait(timeout: .now() + .milliseconds(Self.tellMilliseconds)) == .success
                {
                    hasTold.signal()
                }
                return .stopped
            }
            if hearsContinue, takeContinue() { return .continued }
            // A signal of an earlier run's end may be left.
            if changed.wait(timeout: end) == .timedOut { return .timeIsUp }
        }
    }

    /// Whether SIGCONT came since somebody last asked; what it asks for is done now.
    @discardableResult
    func takeContinue() -> Bool { isContinued.exchange(false, ordering: .sequentiallyConsistent) }

    /// Makes ready to hear signals, before the first run and before there are other threads.
    func beginListening() throws(Refusal) {
        do throws(SystemError) { try begin() } catch { throw .tooFewThreads }
    }

    /// From now on signals steer this; one that has come already does at once.
    func steer(_ steered: Steered) {
        self.steered.withLock { $0 = steered }
        if isTimeUp.load(ordering: .sequentiallyConsistent) { steered.control?.reachTimeLimit() }
        if isStopped.load(ordering: .sequentiallyConsistent) {
            // What was told when the signal came holds.
            _ = steered.interrupt()
        }
    }

    /// The run has ended: signals steer nothing any more.
    func steerNothing() {
        isOver.store(true, ordering: .sequentiallyConsistent)
        steered.withLock { $0 = nil }
    }

    /// Runs `body` to its end and returns what it made; nil when it was stopped and does not come back.
    ///
    /// Called by the main thread; the first time before there are others.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(Refusal) -> Value
    ) throws(Refusal) -> Value? {
        let outcome = Lock<Result<Value, Refusal>?>(nil)
        let share = Share(outcome)
        do throws(SystemError) {
            try begin()
            isOver.store(false, ordering: .sequentiallyConsistent)
            isTimeUp.store(false, ordering: .sequentiallyConsistent)
            try BlockingThread.start { [self] in
                let result = Result { () throws(Refusal) in try body() }
                isOver.store(true, ordering: .sequentiallyConsistent)
                share.outcome.withLock { $0 = result }
                changed.signal()
            }
        } catch {
            throw .tooFewThreads
        }
        let limit = limit()
        hasLimitOfHours.store(limit?.isOfHours == true, ordering: .relaxed)
        var steps = TimeLimitSteps(limit)
        while true {
            let isPatient = !isStopped.load(ordering: .sequentiallyConsistent)
            let isWoken = changed.wait(timeout: deadline(isPatient, steps)) == .success
            if let outcome = share.outcome.withLock({ $0 }) {
                // A run that has ended is steered no more, nor kept.
                steered.withLock { $0 = nil }
                tellService()
                return try outcome.get()
            }
            if isWoken { continue }
            if !isPatient || !advance(&steps) {
                tellService()
                return nil
            }
        }
    }

    private func deadline(_ isPatient: Bool, _ steps: TimeLimitSteps) -> DispatchTime {
        if !isPatient { return .now() + .seconds(Self.patienceSeconds) }
        guard let wait = steps.wait else { return .distantFuture }
        return .now() + .nanoseconds(Int(clamping: wait))
    }

    /// Does what the time limit asks for; false: the run does not come back.
    private func advance(_ steps: inout TimeLimitSteps) -> Bool {
        // First: a run that begins meanwhile asks for it.
        if steps.isReached { isTimeUp.store(true, ordering: .sequentiallyConsistent) }
        return steps.advance(steered.withLock { $0 }) { sentence in
            if isOver.load(ordering: .sequentiallyConsistent) { return }
            write("\ncutover: \(sentence).\n")
        }
    }

    /// Says whether other runs come after the one that runs, or is begun next.
    func expectMore(_ hasMore: Bool) { self.hasMore.store(hasMore, ordering: .relaxed) }

    /// How a run ends that is given up before it has begun.
    var statusIfGivenUp: ExitStatus {
        isStopped.load(ordering: .sequentiallyConsistent) ? .interrupted : .timeLimit
    }

    /// The threads that are there for all runs.
    private func begin() throws(SystemError) {
        if isBegun.load(ordering: .relaxed) { return }
        BlockingThread.shareArena()
        try Signals.begin(hearsContinue: hearsContinue) { [self] in receive($0) }
        try watch.start(tell)
        isBegun.store(true, ordering: .relaxed)
    }

    /// What the run's thread and this one share.
    private final class Share<Value: Sendable>: Sendable {
        let outcome: Lock<Result<Value, Refusal>?>
        init(_ outcome: consuming sending Lock<Result<Value, Refusal>?>) { self.outcome = outcome }
    }

    /// Ends the process at once: threads that do not come back would hold up a usual end.
    func end(_ status: ExitStatus) -> Never { _exit(status.rawValue) }

    /// Why there is no answer, of a run that was given up with this status before it had begun.
    static func reason(_ waiting: [WaitingCall], _ status: ExitStatus) -> String {
        reason(waiting, status == .timeLimit ? "the time limit was reached" : "interrupted")
    }

    /// Why there is no answer, of a run that was stopped and has nothing to sum up.
    static func reason(
        _ waiting: [WaitingCall],
        _ what: String = "interrupted",
        _ when: String = " before anything was begun"
    ) -> String {
        let shown = ShownName(isForTerminal: true)
        let call = waiting.first.map { ": " + WaitingText.what($0, shown) } ?? ""
        return what + when + call
    }

    private func receive(_ number: Int32) {
        let steered = steered.withLock { $0 }
        switch number {
        case SIGUSR1: changeWorkers(by: 1, steered)
        case SIGUSR2: changeWorkers(by: -1, steered)
        case SIGCONT:
            // Amid a run it means nothing: a shell sends it to who was stopped and goes on.
            if steered != nil { return }
            isContinued.store(true, ordering: .sequentiallyConsistent)
            changed.signal()
        default: stop(steered)
        }
    }

    private func changeWorkers(by difference: Int, _ steered: Steered?) {
        if steered?.changeWorkers(difference) == true { return }
        workersMore.wrappingAdd(difference, ordering: .relaxed)
    }

    /// By how many workers signals changed the next run, since this was last asked.
    func takeWorkersMore() -> Int { workersMore.exchange(0, ordering: .relaxed) }

    private func stop(_ steered: Steered?) {
        if isStopped.exchange(true, ordering: .sequentiallyConsistent) {
            _exit(ExitStatus.interrupted.rawValue)
        }
        let isInTime = steered?.interrupt() ?? true
        let isTold =
            isInTime && !isOver.load(ordering: .sequentiallyConsistent)
            || hasMore.load(ordering: .relaxed)
        let what =
            isWaiting.load(ordering: .sequentiallyConsistent)
            ? "stopping"
            : isTold
                ? "stopping; \(notice)" : "the run is at its end, and nothing is left to stop"
        changed.signal()
        // First: what it says is waited for by nobody.
        watch.perform { [self] in tellService(what) }
        write("\ncutover: \(what) (once more: stop at once).\n")
        watch.perform { [hasTold] in hasTold.signal() }
    }

    /// That this process stops, if a signal said so; and that more time is needed, where it waits for a disk.
    ///
    /// Also by the main thread, before it goes on to the end: the watch may come too late. And before a run is given up: a
    /// call that waits for a disk keeps a process there which has ended, and then nobody can say so any more.
    private func tellService(_ what: String = "stopping") {
        guard let service, isStopping else { return }
        let isSynchronizing = steered.withLock { $0 }?.isSynchronizing() ?? false
        service.stop(isSynchronizing: isSynchronizing, what)
    }

    /// Not on this thread: a terminal that is stopped (^S) or a pipe that nobody reads holds up who writes, and the
    /// second signal, or the end of the time, must still be heard.
    private func write(_ text: String) {
        watch.perform { OutputFile.standardError.write(Array(text.utf8)) }
    }
}
