// Back-off: a loop of passes beside live users gives way to them.
//
//   BackOff          the threads: when what is measured, and what a run is told
//   BackOffSettings  what it needs to know
//   BackOffControl   what follows from what is observed; BackOffMeasurement: when a pass stops to learn the usual
//   BackOffSignals   ReadLatency, PressureShares, ProbeTimes: what was measured, and what it says
//   SourceReads      single reads of SOURCE, of files in MetFiles
//   GroupPressure    `io.pressure` of others' cgroups
//   BackOffEvent     what is observed, answered, told
//   BackOffTelling   a thread that tells
//
// Threads: `ticks` looks once a second, reads pressure and steers the run; `reads` and `probes` measure, and whatever
// hangs there hangs nowhere else: how long it has been under way is seen by `ticks`.
//
// Kept true: once a run is known here only `ticks` sets its limit, so the last one set is the last one decided.

import Dispatch
package import LinuxIO

/// Holds runs back while others are disturbed.
///
/// All methods may be called from any thread and return at once. `stop` has to be called, or its threads stay.
///
///     let backOff = try BackOff(settings, metFiles: metFiles) { event in ... }
///     loop: backOff.passBegins(pass); pass.run(); let held = backOff.passEnds()
///           backOff.waitBegins(); wait; backOff.waitEnds()
///     backOff.stop()
///
/// `metFiles` is what each pass is given as `PassOptions.metFiles`. Between `waitEnds` and `passBegins` (the hours in
/// which nothing is done) nothing is read at all.
package final class BackOff: Sendable {
    /// Reads one block of SOURCE, or says that it could not; may block.
    package typealias ReadSource = @Sendable (_ isPass: Bool) -> ReadOutcome
    /// As `GroupPressure.totals`.
    package typealias ReadPressure = @Sendable () -> [String: UInt64]

    private enum Phase: Equatable {
        case resting
        case waiting(since: UInt64)
        case passing
    }

    private struct State: Sendable {
        var phase = Phase.resting
        var run: (any HeldRun)?
        var control = BackOffControl()
        var measurement: BackOffMeasurement?
        var answer = BackOffAnswer.free
        var held = HeldBack()
        var lastTick: UInt64 = 0
        var hasToldAllDay = false
        var reads = ReadLatency()
        var pressure = PressureShares()
        var probe: ProbeTimes
        /// Since when nothing of ours works; nil while a pass does.
        var aloneSince: UInt64?
        var runningProbe: ShellCommand?
        var saidLacks: Set<BackOffLack> = []
        var isStopped = false
        /// A command is given.
        let hasProbe: Bool

        /// Whether a pass has to wait until it is known how long the probe takes without it.
        var isLearning: Bool { hasProbe && probe.isLearning }
    }

    /// What `ticks` has to do when it has let go of the lock.
    private struct Step: Sendable {
        var run: any HeldRun
        var answer: BackOffAnswer
        var ceiling: Int
        var isChanged: Bool
        var heldAllDay: HeldBack?
    }

    private static let tickNanoseconds = BackOffControl.second

    private let settings: BackOffSettings
    private let clock: BackOffClock
    private let metFiles: MetFiles
    private let telling: BackOffTelling
    private let state: Lock<State>
    private let ticksWoken = DispatchSemaphore(value: 0)
    private let readsWoken = DispatchSemaphore(value: 0)
    private let probesWoken = DispatchSemaphore(value: 0)

    /// Begins to look; a probe is timed three times at once.
    ///
    /// - Parameters:
    ///   - settings: what is looked at.
    ///   - metFiles: files of SOURCE, which passes note.
    ///   - reads: another source of reads for tests; nil: SOURCE's.
    ///   - pressure: another one of others' pressure, likewise; nil: this machine's.
    ///   - tell: called on a thread of its own, and may block: nothing else is late then, and of what is to be told
    ///     meanwhile the last 64 events are.
    /// - Throws: EAGAIN where there are no threads for it; then nothing goes on.
    package init(
        _ settings: BackOffSettings,
        metFiles: MetFiles,
        reads: ReadSource? = nil,
        pressure: ReadPressure? = nil,
        tell: @escaping @Sendable (BackOffEvent) -> Void
    ) throws(SystemError) {
        self.settings = settings
        self.metFiles = metFiles
        telling = BackOffTelling(tell)
        clock = settings.clock
        state = Lock(
            State(
                probe: ProbeTimes(limitSeconds: settings.probeLimitSeconds),
                aloneSince: settings.clock.now(),
                hasProbe: settings.probe != nil
            )
        )
        // Before a probe is in our group, too.
        let groups: Result<ReadPressure, BackOffFault> =
            if let pressure { .success(pressure) } else {
                GroupPressure.find().map { groups in { groups.totals() } }
            }
        do throws(SystemError) {
            try telling.start()
            try BlockingThread.start { [self] in goOnTicking(groups) }
            try BlockingThread.start { [self] in goOnReading(reads) }
            if let command = settings.probe {
                try BlockingThread.start { [self] in goOnProbing(command) }
            }
        } catch {
            stop()
            throw error
        }
    }

    // MARK: What the loop does

    /// A pass begins, held back by nothing; it is kept until `passEnds`.
    ///
    /// Where the probe's first runs are still under way it begins in a pause, which ends with them.
    package func passBegins(_ run: any HeldRun) {
        endWait()
        let isLearning = state.withLock { $0.isLearning && !$0.isStopped }
        let answer = isLearning ? BackOffAnswer(.measuring, most: 0) : .free
        if isLearning {
            run.limitWorkers(to: answer.most, isMeasuring: true)
            telling.post(.changed(answer, workers: 0))
        }
        let isStopped = state.withLock { state in
            let now = clock.now()
            state.phase = .passing
            state.run = run
            state.control.beginPass(at: now)
            state.measurement = BackOffMeasurement(at: now, knowsBase: state.reads.base != nil)
            state.answer = answer
            if !isLearning { state.aloneSince = nil }
            state.held = HeldBack()
            state.lastTick = now
            state.hasToldAllDay = false
            return state.isStopped
        }
        // Nobody else lets it go any more.
        if isStopped { run.limitWorkers(to: nil) }
        wakeAll()
    }

    /// The pass has ended; how long it was held back.
    ///
    /// One more event of it may be on its way.
    package func passEnds() -> HeldBack {
        state.withLock { state in
            guard state.phase == .passing else { return state.held }
            let now = clock.now()
            state.held.add(now - min(state.lastTick, now), state.answer)
            state.phase = .resting
            state.run = nil
            state.aloneSince = state.aloneSince ?? now
            state.pressure.endBase()
            return state.held
        }
    }

    /// What the present pass may do, and how long it has been held back so far; of the last one in a wait.
    package var standing: (state: BackOffAnswer.State, held: HeldBack) {
        state.withLock { ($0.answer.state, $0.held) }
    }

    /// Seconds of single reads of SOURCE as they are judged: of the last ten seconds the 90th percentile, and where others
    /// use its device the slowest twentieth; nil: it is not known.
    package var readSeconds: Double? {
        state.withLock { $0.reads.observation(at: clock.now(), since: 0)?.value }
    }

    /// Nothing of ours runs from now on: what is measured is what users have without us.
    package func waitBegins() {
        state.withLock { state in
            let now = clock.now()
            state.phase = .waiting(since: now)
            state.pressure.beginBase(at: now)
        }
        wakeAll()
    }

    /// Something of ours is about to run, or nothing is to be read either.
    package func waitEnds() { endWait() }

    private func endWait() {
        state.withLock { state in
            guard case .waiting(let since) = state.phase else { return }
            state.reads.takeBase(since: since, until: clock.now())
            state.pressure.endBase()
            state.phase = .resting
        }
    }

    /// Ends it for good.
    ///
    /// A probe that runs is killed, a run that is held back goes on. Threads end soon after, but for one whose read hangs.
    package func stop() {
        let probe = state.withLock { state in
            state.isStopped = true
            return state.runningProbe
        }
        probe?.stop()
        telling.end()
        wakeAll()
    }

    private func wakeAll() {
        for woken in [ticksWoken, readsWoken, probesWoken] { woken.signal() }
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func say(_ lack: BackOffLack) {
        if state.withLock({ $0.saidLacks.insert(lack).inserted }) { telling.post(.lacks(lack)) }
    }

    // MARK: Ticks

    private func goOnTicking(_ found: Result<ReadPressure, BackOffFault>) {
        var pressure: ReadPressure?
        switch found {
        case .success(let read): pressure = read
        case .failure(let fault): say(fault.lack)
        }
        while !isStopped {
            if state.withLock({ $0.phase == .resting }) {
                ticksWoken.wait()
                continue
            }
            if let step = step(pressure?()) { take(step) }
            // A change of phase wakes it, and a look that comes early does no harm.
            _ = ticksWoken.wait(timeout: clock.deadline(after: Self.tickNanoseconds))
        }
        state.withLock { $0.run }?.limitWorkers(to: nil)
    }

    private func take(_ step: Step) {
        if step.isChanged {
            step.run.limitWorkers(
                to: step.answer.most,
                isMeasuring: step.answer.state == .measuring
            )
            telling.post(
                .changed(step.answer, workers: min(step.answer.most ?? step.ceiling, step.ceiling))
            )
        }
        if let held = step.heldAllDay { telling.post(.heldNearlyAllDay(held)) }
    }

    /// Takes note of pressure, and decides.
    private func step(_ totals: [String: UInt64]?) -> Step? {
        state.withLock { state -> Step? in
            let now = clock.now()
            if let totals { state.pressure.note(totals, at: now) }
            guard state.phase == .passing, let run = state.run else { return nil }
            state.held.add(now - min(state.lastTick, now), state.answer)
            state.lastTick = now
            let ceiling = run.workersWanted
            let canMeasure = totals != nil || metFiles.any() != nil
            let answer = Self.decide(&state, at: now, ceiling: ceiling, canMeasure: canMeasure)
            let isChanged =
                answer.state != state.answer.state || answer.most != state.answer.most
            if answer.state == .measuring {
                // What is in hand then is not done at once.
                state.aloneSince =
                    state.aloneSince ?? now + BackOffMeasurement.settleNanoseconds
            } else {
                state.aloneSince = nil
            }
            state.answer = answer
            var allDay: HeldBack?
            if !state.hasToldAllDay, state.held.isNearlyAllDay {
                state.hasToldAllDay = true
                allDay = state.held
            }
            return Step(
                run: run,
                answer: answer,
                ceiling: ceiling,
                isChanged: isChanged,
                heldAllDay: allDay
            )
        }
    }

    private static func decide(
        _ state: inout State,
        at now: UInt64,
        ceiling: Int,
        canMeasure: Bool
    ) -> BackOffAnswer {
        if state.isLearning {
            state.pressure.endBase()
            // Its own stops are counted from when the pass works.
            state.measurement = BackOffMeasurement(at: now, knowsBase: state.reads.base != nil)
            return BackOffAnswer(.measuring, most: 0)
        }
        switch state.measurement?.advance(to: now, isPossible: canMeasure) {
        case .hold?:
            if state.answer.state != .measuring { state.pressure.beginBase(at: now) }
            return BackOffAnswer(.measuring, most: 0)
        case .done(let since)?:
            state.reads.takeBase(since: since, until: now)
            state.pressure.endBase()
            if state.reads.base == nil { state.measurement?.tryAgain(after: now) }
        case .goOn?, nil: break
        }
        let since = state.control.knownFrom
        let observations = [
            state.reads.observation(at: now, since: since),
            state.pressure.observation(since: since),
            state.probe.observation(at: now),
        ]
        let answer = state.control.advance(
            to: now,
            ceiling: ceiling,
            observations.compactMap { $0 }
        )
        if state.answer.state == .paused, answer.state != .paused {
            takeBase(ofPauseSince: since, &state, at: now)
        }
        return answer
    }

    /// What a pause says of others: where users have become more, their reads are slower without us, too.
    ///
    /// Its second half, for what was written before it may still be on its way to the disk. Where others' traffic is not
    /// known the base stays, or those who keep SOURCE busy would be taken for the usual.
    private static func takeBase(ofPauseSince begin: UInt64, _ state: inout State, at now: UInt64) {
        let half = begin + (now - begin) / 2
        if state.reads.takeBase(since: half, until: now, needsTraffic: true) {
            state.measurement?.wasSpared(at: now)
        }
    }

    // MARK: Reads

    private func goOnReading(_ given: ReadSource?) {
        behaveAsUser()
        var source = SourceReads(settings.source, metFiles)
        while true {
            // What is read in a rest would keep SOURCE busy for nothing.
            let (phase, isStopped) = state.withLock { ($0.phase, $0.isStopped) }
            if isStopped { return }
            let begin = clock.now()
            guard Self.isReading(phase, at: begin) else {
                readsWoken.wait()
                continue
            }
            state.withLock { $0.reads.begin(at: begin) }
            let isPass = phase == .passing
            let outcome = given?(isPass) ?? source.read(isPass: isPass)
            let end = clock.now()
            let others = source.othersBytes()
            var took: UInt64?
            if case .took(let nanoseconds) = outcome { took = nanoseconds }
            state.withLock { $0.reads.end(at: end, took: took, othersBytes: others) }
            if outcome == .noDirectReads {
                say(.noDirectReads)
                return
            }
            let next = begin + ReadLatency.intervalNanoseconds
            // A wake-up is a change of phase.
            if next > end { _ = readsWoken.wait(timeout: clock.deadline(after: next - end)) }
        }
    }

    /// A minute of a wait is a base: after it SOURCE is left alone, and can be unmounted.
    private static func isReading(_ phase: Phase, at now: UInt64) -> Bool {
        switch phase {
        case .resting: false
        case .waiting(let since): now < since + ReadLatency.baseNanoseconds
        case .passing: true
        }
    }

    /// Workers may be of the idle class, and threads inherit that; what is measured must be what users get.
    private func behaveAsUser() {
        // Who may not take back a nice value measures with it: on a busy processor that reads a little more.
        try? ProcessLimits.setUsualPriority()
    }

    // MARK: Probes

    private func goOnProbing(_ command: [UInt8]) {
        behaveAsUser()
        while let probe = beginProbe(command) {
            let begin = clock.now()
            let (counts, lack) = Self.run(probe.command, isFirst: probe.isFirst)
            let end = clock.now()
            let (isLearning, wasAlone) = state.withLock { state in
                state.runningProbe = nil
                let since = state.aloneSince
                state.probe.end(at: end, counts: counts, aloneSince: since)
                return (state.probe.isLearning, since.map { $0 <= begin } ?? false)
            }
            if isStopped { return }
            if let lack { say(lack) }
            // Lets a pass go on, or stops it.
            ticksWoken.signal()
            // The first ones are timed one right after the other.
            if isLearning, wasAlone { continue }
            if isLearning {
                // The pass is being stopped for them, and what is in hand has to end.
                waitForProbe(until: end + 2 * BackOffMeasurement.settleNanoseconds)
            } else {
                waitForProbe(until: begin + ProbeTimes.intervalNanoseconds)
            }
        }
    }

    /// The next run, and whether a pass waits for it; nil: none follows.
    private func beginProbe(_ command: [UInt8]) -> (command: ShellCommand, isFirst: Bool)? {
        state.withLock { state in
            if state.isStopped { return nil }
            let isFirst = state.isLearning
            let probe = ShellCommand(
                command,
                mask: settings.mask,
                limitNanoseconds: isFirst
                    ? settings.firstProbeSecondsMax * BackOffControl.second
                    : ProbeTimes.longestNanoseconds
            )
            state.runningProbe = probe
            state.probe.begin(at: clock.now())
            return (probe, isFirst)
        }
    }

    /// Whether it says anything, and what is wrong with it.
    private static func run(
        _ probe: ShellCommand,
        isFirst: Bool
    ) -> (counts: Bool, lack: BackOffLack?) {
        do throws(SystemError) {
            let end = try probe.run()
            switch end {
            // Of no use as what is usual; a later one that hangs says that the disk does.
            case .timedOut where isFirst: return (false, .probeTooSlow)
            case .exited(0), .timedOut: return (true, nil)
            case .stopped: return (false, nil)
            case .exited, .killed: return (false, .probeFailed(status: end.status))
            }
        } catch {
            return (false, .probeNotRun("\(error.operation.rawValue): \(error.code.sentence)"))
        }
    }

    private func waitForProbe(until next: UInt64) {
        while true {
            let (phase, isStopped) = state.withLock { ($0.phase, $0.isStopped) }
            let now = clock.now()
            if isStopped || (now >= next && phase != .resting) { return }
            if phase == .resting {
                probesWoken.wait()
            } else {
                // A wake-up is a change of phase.
                _ = probesWoken.wait(timeout: clock.deadline(after: next - now))
            }
        }
    }
}
