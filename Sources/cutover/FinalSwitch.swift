// `cutover sync --final`: a look at what there is to do, the last pass, a second look that must find nothing, and a
// comparison, one after the other in one process. Each is a run of the session as it is alone: signals and time limits
// end the one that runs, and what would come after it is left out.
//
//   FinalPlan    what is asked for, and whether it may begin
//   FinalSwitch  this file: the runs
//   FinalOutcome (Migration) what they found, the worst status; FinalReporter, FinalText tell

import LinuxIO
import Migration
import Reporting

/// The runs.
final class FinalSwitch: Sendable {
    private let plan: SyncPlan
    private let names: RootNames
    private let stateFolder: Name
    private let allowsWriters: Bool
    private let streams: ReportStreams
    private let reporter: FinalReporter
    private let session: Session
    private let metrics: PassMetrics?
    private let supervision: Supervision
    /// Made on the thread of the first run, whose refusals are told.
    private let decided = Begun<FinalPlan>()
    private let foreseen = Begun<SwitchEstimate>()
    /// Who tells of calls that do not come back.
    private let teller: Teller

    /// What the pass will take is looked at for so long at most: the night is short.
    private static let lookSeconds = 60

    /// The run that tells.
    private final class Teller: Sendable {
        private let tell = Lock<(@Sendable (WaitingCall) -> Void)?>(nil)
        func set(_ tell: @escaping @Sendable (WaitingCall) -> Void) {
            self.tell.withLock { $0 = tell }
        }
        func receive(_ call: WaitingCall) { tell.withLock { $0 }?(call) }
    }

    init(_ options: SyncOptions, _ plan: SyncPlan) {
        self.plan = plan
        names = options.volumes.names
        stateFolder = options.how.work.place.folder
        allowsWriters = options.last.allowWriters
        metrics = PassMetrics(
            plan.reporting.metrics,
            names,
            stateFolder: stateFolder
        )
        let service = ServiceNotifier.taken()
        streams = ReportStreams(plan.reporting, run: "the last pass", service: service)
        reporter = FinalReporter(streams)
        let teller = Teller()
        self.teller = teller
        supervision = Supervision(
            notice: "what is in hand is given back",
            limit: { plan.limit },
            service: service
        ) { teller.receive($0) }
        session = Session(
            streams,
            reports: options.telling.files,
            writesTrees: true,
            supervision
        )
    }

    /// Does all of it and returns the status to exit with; called by the main thread.
    func run() -> ExitStatus {
        let begin = monotonicNanoseconds()
        supervision.expectMore(true)
        let counters = Counters()
        let passReporter = Reporter(streams, counters: counters)
        teller.set { passReporter.receive(.waiting($0)) }
        let refusal = lookAhead()
        guard refusal == nil, let decided = decided.value else { return refusal ?? .refused }
        defer { metrics?.file.finish() }
        var done: (pass: FinalOutcome.Pass, id: Int64?)?
        let status = runPass(decided, counters, passReporter) { done = ($0, $1) }
        guard let (pass, id) = done else { return status }
        var outcome = FinalOutcome(pass: pass, wasReadOnly: decided.source.isStill)
        outcome.foreseen = foreseen.value
        if FinalOutcome.looksTwice(after: pass.status) {
            outcome.secondLook = lookAgain(decided)
            outcome.isStepRefused = outcome.secondLook == nil
        }
        if FinalOutcome.compares(after: pass.status), !outcome.isStepRefused,
            !Self.isCut(outcome.secondLook?.status)
        {
            supervision.expectMore(false)
            outcome.comparison = compare(decided)
            outcome.isStepRefused = outcome.comparison == nil
        }
        if outcome.wasReadOnly {
            // A SOURCE that cannot even be asked any more is not known to be.
            let use = try? SourceUse.look(
                at: names.source,
                crossesMounts: decided.pass.crossesMounts
            )
            outcome.isReadOnly = use?.isStill == true
        }
        if FinalOutcome.compares(after: pass.status) {
            outcome.standing = LastWholePass.standing(of: id, names, stateFolder: stateFolder)
        }
        outcome.tookNanoseconds = monotonicNanoseconds() - begin
        return reporter.finish(outcome) { SwitchAdvice.read(names) }
    }

    private static func isCut(_ status: ExitStatus?) -> Bool {
        status == .interrupted || status == .timeLimit
    }

    // MARK: Steps

    /// Decides what is asked for, and looks how long it will take; gives the status of a refusal, which was told.
    ///
    /// A run of its own, so that a signal ends it. The pass begins all the same, ends at once, and tells so.
    private func lookAhead() -> ExitStatus? {
        var hasLooked = false
        let status = session.run(
            prepare: { [self] setting throws(Refusal) in
                let decided = try FinalPlan(
                    plan.pass,
                    names,
                    stateFolder: stateFolder,
                    allowsWriters: allowsWriters
                )
                self.decided.set(decided)
                let look = PendingLook(
                    setting.process,
                    names,
                    decided.pass,
                    limitSeconds: Self.lookSeconds
                )
                return .init(run: look, hasJudged: false) {}
            },
            finish: { (estimate: SwitchEstimate?) in
                hasLooked = true
                if let estimate { foreseen.set(estimate) }
                // That of a look which does not come back; else others follow.
                return supervision.statusIfGivenUp
            }
        )
        return hasLooked ? nil : status
    }

    /// The pass; `done` is not called where it was refused, which was told.
    private func runPass(
        _ decided: FinalPlan,
        _ counters: Counters,
        _ passReporter: Reporter,
        _ done: (FinalOutcome.Pass, _ id: Int64?) -> Void
    ) -> ExitStatus {
        session.run(
            prepare: { [names, foreseen, reporter, metrics] setting throws(Refusal) in
                var asked = decided.pass
                asked.foreseen = foreseen.value?.foreseen
                let pass = try Pass(
                    setting.process,
                    names,
                    asked,
                    counters: counters,
                    opened: { setting.watch.know($0) },
                    emit: { passReporter.receive($0) }
                )
                return .init(run: pass) {
                    metrics?.begin()
                    passReporter.begin { running in
                        var running = running
                        running.note(foreseen.value)
                        pass.publish(running)
                    }
                    reporter.begin(decided.origin, decided.options, decided.source)
                }
            },
            finish: { (summary: PassSummary) in
                let told = passReporter.finish(summary)
                metrics?.end(summary)
                metrics?.file.publish()
                // Not the one that is told: a report that was lost leaves no step out.
                done(
                    FinalOutcome.Pass(
                        status: summary.status,
                        files: counters.filesCopied.value(),
                        bytes: counters.bytesCopied.value(),
                        nanoseconds: summary.durationNanoseconds
                    ),
                    summary.recordedPass
                )
                return told
            }
        )
    }

    /// The second look; nil: it was refused.
    private func lookAgain(_ decided: FinalPlan) -> FinalOutcome.SecondLook? {
        let lookReporter = SecondLookReporter(streams)
        teller.set { lookReporter.receive(.waiting($0)) }
        var found: FinalOutcome.SecondLook?
        // The status is that of what is found, or of a refusal, which was told.
        _ = session.run(
            prepare: { [names] setting throws(Refusal) in
                let pass = try Pass(
                    setting.process,
                    names,
                    decided.secondLook,
                    counters: Counters(),
                    opened: { setting.watch.know($0) },
                    emit: { lookReporter.receive($0) }
                )
                return .init(run: pass) {}
            },
            finish: { summary in
                found = lookReporter.finish(summary)
                return summary.status
            }
        )
        return found
    }

    /// The comparison; nil: it was refused.
    private func compare(_ decided: FinalPlan) -> FinalOutcome.Comparison? {
        let counters = VerificationCounters()
        let verifyReporter = VerificationReporter(streams, counters: counters, manifest: nil)
        teller.set { verifyReporter.receive(.waiting($0)) }
        var found: FinalOutcome.Comparison?
        // As above.
        _ = session.run(
            prepare: { [names] setting throws(Refusal) in
                let run = try Verification(
                    setting.process,
                    names,
                    decided.comparison,
                    counters: counters,
                    manifest: nil,
                    emit: { verifyReporter.receive($0) }
                )
                setting.watch.know(run.places)
                return .init(run: run) { verifyReporter.begin() }
            },
            finish: { [metrics] summary in
                metrics?.end(summary)
                let told = verifyReporter.finish(summary)
                found = FinalOutcome.Comparison(
                    status: summary.status,
                    entries: counters.entriesSeen.value(),
                    differences: counters.differences.value(),
                    nanoseconds: summary.durationNanoseconds
                )
                found?.aside = summary.aside
                return told
            }
        )
        return found
    }
}
