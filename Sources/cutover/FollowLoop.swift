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
    typealias End = FollowLoopEnd

    let plan: FollowPlan
    private let session: Session
    let supervision: Supervision
    private let streams: ReportStreams
    let reporter: FollowReporter
    private var commands: FollowCommands?
    var backOff: BackOff?
    private let metFiles = MetFiles()
    private let metrics: PassMetrics?

    private var passes = 0
    /// The last pass: one of ours, or of another process where that took the place of one.
    private var last: LastPass?
    private var wholePasses: WholePasses
    var next: SwitchEstimate?
    /// When `next` was found, by `monotonicNanoseconds`.
    private var lookedAt: UInt64 = 0
    private var isNewPair: Bool
    /// As many as a person wants now.
    private var workers: WorkersWanted
    /// Seconds of the last passes, the newest first.
    private var took: [Double] = []
    private var toldConvergence: Set<String> = []
    /// Of the last pass.
    private var heldBack: HeldBack?
    /// What another pass was met by.
    var busy: Refusal?
    /// DESTINATION had no room for an hour, and a pass was tried all the same.
    var hasTriedWithoutRoom = false

    /// A look that is so young needs no other one.
    private static let freshNanoseconds: UInt64 = 500_000_000
    /// Nor does a pass so soon after one that found nothing: on a quiet volume scans are all that a loop costs.
    private static let quietNanoseconds: UInt64 = 600_000_000_000
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
        wholePasses = WholePasses(plan.names, stateFolder: plan.pass.stateFolder)
    }

    private struct LastPass {
        let id: Int64?
        let status: ExitStatus
        /// A scan of ours saw that there was nothing to do.
        var foundNothing = false
        /// Nothing failed in it.
        var isWell: Bool { status == .done || status == .someVanished }
    }

    /// Goes on until something ends it; gives the status to exit with.
    func run() -> ExitStatus {
        do throws(End) {
            do throws(Refusal) { try begin() } catch { throw refuse(error) }
            while true { try turn() }
        } catch {
            backOff?.stop()
            metrics?.loopEnds(error.status)
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
        var step = FollowStep.goesOn
        if try runsBefore() {
            try foresee()
            // Looks and commands take their time.
            if !isWithinHours { return }
            try checkLimit()
            switch try pass() {
            case .ours(let summary, let began): step = try end(summary, began)
            case .others: break
            case .hoursAreOver: return
            }
        }
        if let most = plan.passesMax, passes >= most { throw end(.passes) }
        switch step {
        case .goesOn: try wait(.pause, nanoseconds: plan.pauseNanoseconds)
        // What ends these two begins the next pass: no pause comes before it.
        case .waitsForRoom(let bytes, let inodes): try waitForRoom(bytes, inodes)
        case .waitsForHours:
            reporter.tellHoursOver()
            try waitForHours()
        case .ends(let status, let reason): throw End(status, reason)
        }
    }

    /// The end between two passes, or in a look.
    func end(_ reason: FollowEnd) -> End {
        End(reason.status(last: last?.status, awaitsReady: plan.endsWhenReady), reason)
    }

    private var isWithinHours: Bool { plan.hours.allow(Int64(clamping: WallClock.nanoseconds)) }

    /// Runs `--before`; whether the pass may begin.
    private func runsBefore() throws(End) -> Bool {
        switch commands?.before() {
        case .mayBegin, nil: return true
        case .isLeftOut: return false
        case .failsAlways: throw End(.refused, .before)
        case .isStopped: throw end(.signal)
        }
    }

    // MARK: The pass

    /// The options of the next pass, and of a look at what it would do: earlier passes tell of one with the same.
    private func nextOptions() -> PassOptions {
        var options = plan.pass
        options.isNewPair = isNewPair
        takeSignals()
        options.workers = workers
        options.metFiles = backOff == nil ? nil : metFiles
        options.foreseen = next?.foreseen
        return options
    }

    /// What SIGUSR1 and SIGUSR2 asked for meanwhile counts from now on.
    private func takeSignals() { workers.change(by: supervision.takeWorkersMore()) }

    /// A look right before the pass: it is held against what the pass takes.
    private func foresee() throws(End) {
        let age = monotonicNanoseconds() &- lookedAt
        // Looked for another number of workers, it was of another pass.
        let expected = workers
        takeSignals()
        let isFresh = age < Self.freshNanoseconds
        if next == nil || isFresh && workers == expected { return }
        if last?.foundNothing == true, age < Self.quietNanoseconds {
            // Nobody knows what came since: nothing is held against the pass.
            next = nil
            return
        }
        switch try look() {
        case .found(let estimate):
            note(estimate)
            try endIfReady()
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

    private static func pendingLook(
        _ setting: Session.RunSetting,
        _ names: RootNames,
        _ options: PassOptions
    ) -> PendingLook {
        PendingLook(setting.process, names, options, limitSeconds: lookSecondsMax)
    }

    private func look() throws(End) -> Foresight {
        let (names, options) = (plan.names, nextOptions())
        let begun = Begun<PendingLook>()
        let found: SwitchEstimate?
        do throws(Refusal) {
            found = try session.attempt(
                prepare: { setting throws(Refusal) in
                    let look = Self.pendingLook(setting, names, options)
                    begun.set(look)
                    return .init(run: look, hasJudged: false) {}
                },
                giveUp: { summary, waiting in
                    if summary != nil { reporter.tell(givenUp: waiting) }
                    return giveUp(waiting)
                }
            )
        } catch {
            throw refuse(error)
        }
        // What ended the look ends the loop, too.
        if supervision.isStopping { throw end(.signal) }
        try checkLimit()
        return begun.value?.metAnotherPass == true ? .busy : .found(found)
    }

    /// Ends the reports of a loop in which a call does not come back; gives the status to exit with.
    private func giveUp(_ waiting: [WaitingCall]) -> ExitStatus {
        let end: FollowEnd =
            supervision.isStopping ? .signal : supervision.isLimitOfHours ? .hours : .stopAt
        return reporter.finish(
            end,
            end.statusIfGivenUp(last: last?.status),
            passes: passes,
            waiting: waiting
        )
    }

    private func note(_ estimate: SwitchEstimate?) {
        next = estimate
        lookedAt = monotonicNanoseconds()
        reporter.tell(estimate, pass: last?.id)
        let isReady = plan.readyBelowSeconds.map { _ in reporter.isReady && last?.isWell == true }
        metrics?.note(estimate, isReady: isReady)
    }

    /// After a pass in which something failed the switch would leave that behind, be it as short as it may.
    private func endIfReady() throws(End) {
        if plan.endsWhenReady, reporter.isReady, last?.isWell == true {
            throw End(.done, .untilReady)
        }
    }

    /// What came of the attempts at a pass.
    private enum Made {
        case ours(PassSummary, began: Int64)
        /// That of another process counts in place of one of ours.
        case others
        /// Before another process' pass was.
        case hoursAreOver
    }

    private func pass() throws(End) -> Made {
        var isWaiting = false
        var looks = true
        while isWithinHours {
            let began = Int64(clamping: WallClock.nanoseconds)
            if let summary = try attempt(began) { return .ours(summary, began: began) }
            wholePasses.catchUp()
            try waitForOthers(isTold: isWaiting)
            isWaiting = true
            // What was foreseen was foreseen of what the other pass is doing.
            next = nil
            // A pass of another pair onto this DESTINATION is met by no look: one is enough.
            while isWithinHours, looks || wholePasses.new() != nil {
                if case .found(let estimate) = try look() {
                    if try countsOthers(estimate) { return .others }
                    looks = false
                    break
                }
                try waitForOthers(isTold: true)
            }
        }
        return .hoursAreOver
    }

    /// Another process' pass is over: a whole one takes the place of ours, and the pause begins; false: there was none.
    ///
    /// What it left to do was just looked at.
    private func countsOthers(_ estimate: SwitchEstimate?) throws(End) -> Bool {
        guard let newest = wholePasses.new() else {
            // A dry run, or one that was cut or of some branches: ours follows at once.
            note(estimate)
            return false
        }
        wholePasses.know(newest.id)
        last = LastPass(id: newest.id, status: newest.status)
        reporter.tell(others: newest.id)
        note(estimate)
        try endIfReady()
        return true
    }

    /// Nil: another pass runs.
    private func attempt(_ began: Int64) throws(End) -> PassSummary? {
        let counters = Counters()
        let told = reporter.reporter(counters, foreseen: next)
        let (names, options, backOff, foreseen) = (plan.names, nextOptions(), self.backOff, next)
        heldBack = nil
        // It has what it asks for.
        supervision.takeContinue()
        // What a person wants by signals stays from pass to pass.
        let handed = HandedOver()
        do throws(Refusal) {
            let summary = try session.attempt(
                prepare: { [metrics] setting throws(Refusal) in
                    let begins = WeakRun()
                    let run = try Pass(
                        setting.process,
                        names,
                        options,
                        counters: counters,
                        opened: { setting.watch.know($0) },
                        emit: { event in
                            told.receive(event)
                            // Not before: what back-off tells of this pass comes after its first line.
                            if case .started = event, let whole = begins.value {
                                backOff?.passBegins(whole)
                            }
                        }
                    )
                    let begun = run.workersWanted
                    let look = Self.pendingLook(setting, names, options)
                    let whole = EstimatedPass(run, look: look, takesUncounted: true) {
                        [weak run] in
                        // Before it looks: nothing of the look is held back, or counted as such.
                        let held = backOff?.passEnds()
                        let more = (run?.workersWanted ?? begun) - begun
                        handed.set(more, held)
                        var wanted = options.workers
                        wanted.change(by: more)
                        look.expect(workers: wanted)
                    }
                    begins.set(whole)
                    return .init(run: whole) {
                        metrics?.passBegins()
                        told.begin(publish: Self.publish(run, foreseen, backOff, metrics))
                    }
                },
                giveUp: { summary, waiting in
                    if let summary { tellGivenUp(summary, began, told, handed.held) }
                    return giveUp(waiting)
                }
            )
            // Its status is that of the summary: what became of reports is asked at the end of the loop.
            _ = told.finish(summary)
            heldBack = handed.held
            workers.change(by: handed.workersMore)
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

    /// Tells others how far a pass is; weakly, for who publishes must not keep a volume open.
    private static func publish(
        _ run: Pass,
        _ foreseen: SwitchEstimate?,
        _ backOff: BackOff?,
        _ metrics: PassMetrics?
    ) -> @Sendable (RunningPass) -> Void {
        { [weak run] running in
            var running = running
            metrics?.file.note(readSeconds: backOff?.readSeconds)
            running.note(foreseen)
            if let (state, held) = backOff?.standing {
                running.note(state, heldNanoseconds: held.heldNanoseconds)
            }
            run?.publish(running)
        }
    }

    private func tellGivenUp(
        _ summary: PassSummary,
        _ began: Int64,
        _ told: Reporter,
        _ held: HeldBack?
    ) {
        note(ended: summary)
        // As above.
        _ = told.finish(summary)
        reporter.end(summary, began: began, held)
    }

    private func note(ended summary: PassSummary) {
        passes += 1
        last = LastPass(
            id: summary.recordedPass,
            status: summary.status,
            foundNothing: summary.foundNothing
        )
        if let id = summary.recordedPass { wholePasses.know(id) }
        if summary.isRemembered { isNewPair = false }
        metrics?.end(summary, isOfLoop: true, heldBack)
    }

    /// What a pass that has ended means for the loop; what ends it is thrown.
    private func end(_ summary: PassSummary, _ began: Int64) throws(End) -> FollowStep {
        note(ended: summary)
        reporter.end(summary, began: began, heldBack)
        note(summary.next)
        noteConvergence(summary)
        commands?.after(summary, isReady: reporter.isReady)
        reporter.passIsOver()
        let step = FollowStep(after: summary, isCutByHours: supervision.isLimitOfHours)
        if case .ends(let status, let reason) = step { throw End(status, reason) }
        if summary.recordedPass == nil || summary.hasLostRecord {
            // It was told why. Each further pass would walk, and nothing could be foreseen.
            throw End(.refused, .refused)
        }
        try endIfReady()
        if case .waitsForRoom = step { return step }
        hasTriedWithoutRoom = false
        return step
    }

    private func noteConvergence(_ summary: PassSummary) {
        guard summary.isRemembered else { return }
        took.insert(Double(summary.durationNanoseconds) / 1e9, at: 0)
        took = Array(took.prefix(8))
        let found = Convergence(
            took,
            changes: summary.changesSeconds,
            copying: summary.copyingSeconds,
            pace: summary.pace
        )
        if let kind = found.kind, toldConvergence.insert(kind).inserted { reporter.tell(found) }
    }

    /// Tells a refusal, and makes an end of it.
    func refuse(_ refusal: Refusal) -> End {
        let text = RefusalText(refusal)
        streams.refuse(text.reason, path: text.path, refusal)
        return End(.refused, .refused)
    }
}
