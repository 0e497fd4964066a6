// Passes in a loop: what comes after what, and what ends it.
//
//     hours? ─▶ --before ─▶ look ─▶ pass, and a look after it ─▶ row, READY? ─▶ --after ─▶ pause ─┐
//       ▲                                                                                        │
//       └────────────────────────────────────────────────────────────────────────────────────────┘
//
// Kept true: between passes nothing of the volumes is open and nothing is locked, so the host can unmount them; each pass
// opens and judges them anew. What must not be waited for, a volume that went away, is not: something else may come in
// its place.

import LinuxIO
import Migration
import Reporting
import Synchronization

/// The loop of `cutover follow`; used by the main thread.
final class FollowLoop {
    private let plan: FollowPlan
    private let session: Session
    private let supervision: Supervision
    private let streams: ReportStreams
    private let reporter: FollowReporter
    private var commands: FollowCommands?
    private var backOff: BackOff?
    private let metFiles = MetFiles()
    private let metrics: PassMetrics?

    private var passes = 0
    private var lastStatus: ExitStatus?
    private var lastPass: Int64?
    private var next: SwitchEstimate?
    /// When `next` was found, by `monotonicNanoseconds`.
    private var lookedAt: UInt64 = 0
    private var isNewPair: Bool
    /// As many as a person wants now.
    private var workers: Int
    /// Seconds of the last passes, the newest first.
    private var took: [Double] = []
    private var toldConvergence: Set<String> = []

    private static let second: UInt64 = 1_000_000_000
    /// Between two looks whether DESTINATION has room again, and how often.
    private static let roomSeconds: UInt64 = 600
    private static let roomLooksMax = 6
    /// Between two attempts at a pass where another one runs.
    private static let lockSeconds: UInt64 = 5
    /// A look that is so young needs no other one.
    private static let freshNanoseconds = second / 2
    /// A scan takes as long as it takes, but not for ever.
    private static let lookSecondsMax = 1_800

    init(
        _ plan: FollowPlan,
        _ session: Session,
        _ supervision: Supervision,
        _ streams: ReportStreams,
        _ reporter: FollowReporter
    ) {
        self.plan = plan
        self.session = session
        self.supervision = supervision
        self.streams = streams
        self.reporter = reporter
        isNewPair = plan.pass.isNewPair
        workers = plan.pass.workers
        metrics = PassMetrics(
            plan.reporting.metrics,
            plan.names,
            stateFolder: plan.pass.stateFolder
        )
    }

    /// What the run's thread hands over when its pass has ended.
    private final class Handed: Sendable {
        private let values: Lock<(workers: Int, held: HeldBack?)>
        init(workers: Int) { values = Lock((workers, nil)) }
        var workers: Int { values.withLock { $0.workers } }
        var held: HeldBack? { values.withLock { $0.held } }
        func set(_ workers: Int, _ held: HeldBack?) { values.withLock { $0 = (workers, held) } }
    }

    /// Why the loop goes on no more.
    struct End: Error {
        let status: ExitStatus
        let reason: FollowEnd

        init(_ status: ExitStatus, _ reason: FollowEnd) {
            (self.status, self.reason) = (status, reason)
        }
    }

    /// Goes on until something ends it; gives the status to exit with.
    func run() -> ExitStatus {
        do throws(End) {
            do throws(Refusal) { try begin() } catch { throw refuse(error) }
            while true { try turn() }
        } catch {
            backOff?.stop()
            metrics?.file.change { values in
                values.set(.passRunning, 0)
                if error.status == .refused { values.set(.passLastStatus, 3) }
            }
            metrics?.file.finish()
            return reporter.finish(error.reason, error.status, passes: passes)
        }
    }

    private func begin() throws(Refusal) {
        // Before there are other threads: they inherit which signals they hear.
        try supervision.beginListening()
        supervision.expectMore(true)
        let mask = try session.makeReady()
        commands = FollowCommands(plan, supervision, reporter, mask: mask)
        guard plan.givesWay else { return }
        var settings = BackOffSettings(source: plan.names.source)
        settings.probe = plan.probe
        settings.probeLimitSeconds = plan.probeLimitSeconds
        settings.mask = mask
        do throws(SystemError) {
            backOff = try BackOff(settings, metFiles: metFiles) { [reporter] in
                reporter.tell(backOff: $0)
            }
        } catch {
            throw .tooFewThreads
        }
    }

    /// One pass and what belongs to it.
    private func turn() throws(End) {
        try waitForHours()
        if try runsBefore() {
            try foresee()
            // Looks and commands take their time.
            if !isWithinHours { return }
            try checkLimit()
            if let (summary, began) = try pass() { try end(summary, began) }
        }
        if let most = plan.passesMax, passes >= most { throw End(lastStatus ?? .done, .passes) }
        try wait(.pause, nanoseconds: plan.pauseNanoseconds)
    }

    private var isWithinHours: Bool { plan.hours.allow(Int64(clamping: WallClock.nanoseconds)) }

    /// Runs `--before`; whether the pass may begin.
    private func runsBefore() throws(End) -> Bool {
        switch commands?.before() {
        case .mayBegin, nil: return true
        case .isLeftOut: return false
        case .failsAlways: throw End(.refused, .before)
        case .isStopped: throw End(lastStatus ?? .interrupted, .signal)
        }
    }

    // MARK: The pass

    /// A look right before the pass: it is held against what the pass takes.
    private func foresee() throws(End) {
        let age = monotonicNanoseconds() &- lookedAt
        if next == nil || age < Self.freshNanoseconds { return }
        switch try look() {
        case .found(let estimate): note(estimate)
        // Of what another pass is just changing nothing can be said, and READY is not taken back for that.
        case .busy: next = nil
        }
    }

    /// What came of a look.
    private enum Foresight {
        case found(SwitchEstimate?)
        /// Another pass runs on this pair.
        case busy
    }

    private func look() throws(End) -> Foresight {
        let (names, options) = (plan.names, plan.pass)
        let begun = Begun<PendingLook>()
        let found: SwitchEstimate?
        do throws(Refusal) {
            found = try session.attempt(
                prepare: { setting throws(Refusal) in
                    let look = PendingLook(
                        setting.process,
                        names,
                        options,
                        limitSeconds: Self.lookSecondsMax
                    )
                    begun.set(look)
                    return .init(run: look, hasJudged: false) {}
                },
                giveUp: { _ in supervision.statusIfGivenUp }
            )
        } catch {
            throw refuse(error)
        }
        // What ended the look ends the loop, too.
        if supervision.isStopping { throw End(lastStatus ?? .interrupted, .signal) }
        try checkLimit()
        return begun.value?.metAnotherPass == true ? .busy : .found(found)
    }

    private func note(_ estimate: SwitchEstimate?) {
        next = estimate
        lookedAt = monotonicNanoseconds()
        isReadyNow = reporter.tell(estimate, pass: lastPass)
        metrics?.file.note(estimate)
        if plan.readyBelowSeconds != nil {
            metrics?.file.change { $0.set(.ready, isReadyNow ? 1 : 0) }
        }
        metrics?.file.publish()
    }

    private var isReadyNow = false
    /// Of the last pass.
    private var heldBack: HeldBack?

    /// Makes a pass, and gives when it began; nil: the hours were over before another process' pass was, or that one
    /// counts in place of one of ours.
    private func pass() throws(End) -> (summary: PassSummary, began: Int64)? {
        var isWaiting = false
        var looks = true
        while isWithinHours {
            let began = Int64(clamping: WallClock.nanoseconds)
            if let summary = try attempt() { return (summary, began) }
            let before = newestWhole()?.id
            try waitForOthers(isTold: isWaiting)
            isWaiting = true
            // What was foreseen was foreseen of what the other pass is doing.
            next = nil
            // A pass of another pair onto this DESTINATION is met by no look: one is enough.
            while isWithinHours, looks || newestWhole()?.id != before {
                if case .found(let estimate) = try look() {
                    if try counts(othersAfter: before, estimate) { return nil }
                    looks = false
                    break
                }
                try waitForOthers(isTold: true)
            }
        }
        return nil
    }

    /// The newest whole pass of this pair, whoever made it.
    private func newestWhole() -> (id: Int64, isWell: Bool)? {
        plan.pass.stateFolder.flatMap { LastWholePass.newest(plan.names, stateFolder: $0) }
    }

    /// Another process' pass is over: a whole one takes the place of ours, and the pause begins; false: there was none.
    ///
    /// What it left to do was just looked at.
    private func counts(
        othersAfter before: Int64?,
        _ estimate: SwitchEstimate?
    ) throws(End) -> Bool {
        guard let newest = newestWhole(), newest.id != before else {
            // A dry run, or one that was cut or of some branches: ours follows at once.
            note(estimate)
            return false
        }
        lastPass = newest.id
        reporter.tell(others: newest.id)
        note(estimate)
        if isReadyNow, newest.isWell, plan.endsWhenReady { throw End(.done, .untilReady) }
        return true
    }

    /// Nil: another pass runs.
    private func attempt() throws(End) -> PassSummary? {
        let counters = Counters()
        let told = reporter.reporter(counters, foreseen: next)
        var options = plan.pass
        options.isNewPair = isNewPair
        workers = min(max(workers + supervision.takeWorkersMore(), 1), PassOptions.workersMax)
        options.workers = workers
        options.metFiles = backOff == nil ? nil : metFiles
        options.foreseen = next?.foreseen
        let (names, pass, backOff, foreseen) = (plan.names, options, self.backOff, next)
        heldBack = nil
        // What a person wants by signals stays from pass to pass.
        let handed = Handed(workers: options.workers)
        do throws(Refusal) {
            let summary = try session.attempt(
                prepare: { [metrics] setting throws(Refusal) in
                    let run = try Pass(
                        setting.process,
                        names,
                        pass,
                        counters: counters,
                        opened: { setting.watch.know($0) },
                        emit: { told.receive($0) }
                    )
                    let look = PendingLook(
                        setting.process,
                        names,
                        pass,
                        limitSeconds: Self.lookSecondsMax
                    )
                    let whole = EstimatedPass(run, look: look, takesUncounted: true) {
                        [weak run] in
                        // Before it looks: nothing of the look is held back, or counted as such.
                        let held = backOff?.passEnds()
                        handed.set(run?.workersWanted ?? pass.workers, held)
                    }
                    backOff?.passBegins(whole)
                    return .init(run: whole) {
                        metrics?.begin()
                        // Weakly: who publishes must not keep a volume open.
                        told.begin { [weak run] running in
                            var running = running
                            metrics?.file.note(readSeconds: backOff?.readSeconds)
                            running.note(foreseen)
                            if let (state, held) = backOff?.standing {
                                running.note(state, heldNanoseconds: held.heldNanoseconds)
                            }
                            run?.publish(running)
                        }
                    }
                },
                giveUp: { (summary: PassSummary) in
                    metrics?.end(summary, isLast: true)
                    return told.finish(summary)
                }
            )
            // Its status is that of the summary: what became of reports is asked at the end of the loop.
            _ = told.finish(summary)
            heldBack = handed.held
            workers = handed.workers
            return summary
        } catch {
            switch error {
            case .stateBusy, .destinationBusy:
                busy = error
                return nil
            default: throw refuse(error)
            }
        }
    }

    private func end(_ summary: PassSummary, _ began: Int64) throws(End) {
        passes += 1
        lastStatus = summary.status
        lastPass = summary.recordedPass
        if summary.isRemembered { isNewPair = false }
        metrics?.end(summary)
        if let heldBack { metrics?.file.note(heldBack) }
        reporter.end(summary, began: began, heldBack)
        note(summary.next)
        noteConvergence(summary)
        commands?.after(summary, isReady: isReadyNow)
        switch FollowStep(after: summary, isCutByHours: supervision.isLimitOfHours) {
        case .goesOn: hasTriedWithoutRoom = false
        case .waitsForRoom(let bytes, let inodes): try waitForRoom(bytes, inodes)
        case .waitsForHours:
            reporter.tellHoursOver()
            try waitForHours()
        case .ends(let status, let reason): throw End(status, reason)
        }
        if summary.recordedPass == nil || summary.hasLostRecord {
            // It was told why. Each further pass would walk, and nothing could be foreseen.
            throw End(.refused, .refused)
        }
        let isWell = summary.status == .done || summary.status == .someVanished
        if isReadyNow, isWell, plan.endsWhenReady { throw End(.done, .untilReady) }
    }

    private func noteConvergence(_ summary: PassSummary) {
        guard summary.isRemembered else { return }
        took.insert(Double(summary.durationNanoseconds) / 1e9, at: 0)
        took = Array(took.prefix(8))
        let found = Convergence(
            took,
            changes: summary.changesSeconds,
            pace: summary.pace
        )
        if let kind = found.kind, toldConvergence.insert(kind).inserted { reporter.tell(found) }
    }

    /// Tells a refusal, and makes an end of it.
    private func refuse(_ refusal: Refusal) -> End {
        let text = RefusalText(refusal)
        streams.refuse(text.reason, path: text.path, refusal)
        return End(.refused, .refused)
    }

    // MARK: Waiting

    private func waitForHours() throws(End) {
        var isTold = false
        while true {
            let now = Int64(clamping: WallClock.nanoseconds)
            if plan.hours.allow(now) { return }
            guard let opening = plan.hours.nextChange(after: now) else { return }
            if !isTold {
                let time = CalendarTime(local: opening).minutes
                reporter.wait(.hours, until: opening, told: "the hours of work begin at \(time)")
                isTold = true
            }
            // In steps: the wall clock may be set meanwhile.
            let left = UInt64(max(opening - now, 0))
            // A shell sends SIGCONT to who goes on in the foreground: outside of the hours it begins nothing.
            _ = try step(.hours, left: left, for: min(left, 10 * Self.second))
        }
    }

    /// What another pass was met by.
    private var busy: Refusal?

    private func waitForOthers(isTold: Bool) throws(End) {
        let text = isTold ? nil : busy.map { RefusalText($0).reason }
        let seconds = givenWaitSeconds.map { UInt64($0) } ?? Self.lockSeconds
        try wait(.lock, nanoseconds: seconds * Self.second) { _ in text }
    }

    private func waitForRoom(_ bytes: UInt64, _ inodes: UInt64) throws(End) {
        let seconds = givenWaitSeconds.map { UInt64($0) } ?? Self.roomSeconds
        for _ in 0..<Self.roomLooksMax {
            let isContinued = try wait(.full, nanoseconds: seconds * Self.second) {
                "DESTINATION is full; looking again at \(CalendarTime(local: $0).minutes)"
            }
            // SIGCONT: somebody knows that there is room.
            if isContinued { return }
            do throws(SystemError) {
                let room = try DestinationRoom(of: plan.names.destination)
                if room.holds(bytes: bytes, inodes: inodes) { return }
            } catch {
                throw refuse(
                    .cannotOpen(
                        .destination,
                        path: Array(plan.names.destination.bytes),
                        error
                    )
                )
            }
        }
        // What is missing may be less by now: the next pass tells, and is the last one if it is not.
        if hasTriedWithoutRoom { throw End(.destinationStopped, .destinationStopped) }
        hasTriedWithoutRoom = true
    }

    /// DESTINATION had no room for an hour, and a pass was tried all the same.
    private var hasTriedWithoutRoom = false

    /// Waits so long; whether SIGCONT ended it.
    ///
    /// `told`: said to people, of the moment until when, in nanoseconds since 1970.
    @discardableResult
    private func wait(
        _ reason: FollowReporter.WaitReason,
        nanoseconds: UInt64,
        told: (Int64) -> String? = { _ in nil }
    ) throws(End) -> Bool {
        let end = monotonicNanoseconds() &+ nanoseconds
        // Nothing of ours runs: what is measured now is what users have without us.
        if reason == .pause { backOff?.waitBegins() }
        defer { backOff?.waitEnds() }
        let until = Int64(clamping: WallClock.nanoseconds) &+ Int64(clamping: nanoseconds)
        reporter.wait(reason, until: until, told: told(until))
        while true {
            let now = monotonicNanoseconds()
            if now >= end { return false }
            if try step(reason, left: end - now, for: min(end - now, Self.second)) { return true }
        }
    }

    private func checkLimit() throws(End) {
        if plan.limit?.remaining == 0 { throw End(lastStatus ?? .timeLimit, .stopAt) }
    }

    /// Waits a little; true: the next pass is to begin now.
    private func step(
        _ reason: FollowReporter.WaitReason,
        left: UInt64,
        for nanoseconds: UInt64
    ) throws(End) -> Bool {
        try checkLimit()
        reporter.drawWaiting(reason, nanoseconds: left, next)
        switch supervision.wait(nanoseconds: nanoseconds) {
        case .stopped: throw End(lastStatus ?? .interrupted, .signal)
        case .continued: return true
        case .timeIsUp: return false
        }
    }
}
