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
    /// When the command began, by `monotonicNanoseconds`.
    private let began = monotonicNanoseconds()
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
        supervision.expectMore(true)
        let counters = Counters()
        let passReporter = Reporter(streams, counters: counters)
        teller.set { passReporter.receive(.waiting($0)) }
        guard let decided = lookAhead(),
            let (begun, id) = runPass(decided, counters, passReporter)
        else { return .refused }
        var outcome = begun
        let status = outcome.pass.status
        if FinalOutcome.looksTwice(after: status) {
            outcome.secondLook = lookAgain(decided, outcome)
            outcome.isStepRefused = outcome.secondLook == nil
        }
        if FinalOutcome.compares(after: status), !outcome.isStepRefused,
            !Self.isCut(outcome.secondLook?.status)
        {
            supervision.expectMore(false)
            outcome.comparison = compare(decided, outcome)
            outcome.isStepRefused = outcome.comparison == nil
        }
        if outcome.wasReadOnly {
            // A SOURCE that cannot even be asked any more is not known to be.
            outcome.sourceAtEnd = try? SourceUse.look(
                at: names.source,
                crossesMounts: decided.pass.crossesMounts
            )
            outcome.isReadOnly = outcome.sourceAtEnd?.isStill == true
        }
        if FinalOutcome.compares(after: status) {
            outcome.standing = LastWholePass.standing(of: id, names, stateFolder: stateFolder)
        }
        return tell(outcome)
    }

    /// Tells the verdict, and gives the status to exit with.
    private func tell(_ outcome: FinalOutcome) -> ExitStatus {
        var outcome = outcome
        outcome.tookNanoseconds = monotonicNanoseconds() - began
        return reporter.finish(outcome) { SwitchAdvice.read(names) }
    }

    private typealias Prepare<Summary: Sendable> =
        @Sendable (Session.RunSetting) throws(Refusal) -> Session.Prepared<Summary>

    /// One run; nil: it was refused, which was told.
    ///
    /// Where it does not come back the process ends here: `giveUp` tells what is known, and gives the status.
    private func step<Summary: Sendable>(
        prepare: @escaping Prepare<Summary>,
        giveUp: (Summary) -> ExitStatus
    ) -> Summary? {
        do throws(Refusal) {
            return try session.attempt(prepare: prepare) { [supervision] summary, _ in
                summary.map(giveUp) ?? supervision.statusIfGivenUp
            }
        } catch {
            let text = RefusalText(error)
            streams.refuse(text.reason, path: text.path, error)
            return nil
        }
    }

    private static func isCut(_ status: ExitStatus?) -> Bool {
        status == .interrupted || status == .timeLimit
    }

    // MARK: Steps

    /// Decides what is asked for, and looks how long it will take; nil: it was refused, which was told.
    ///
    /// A run of its own, so that a signal ends it. The pass begins all the same, ends at once, and tells so.
    private func lookAhead() -> FinalPlan? {
        let looked: SwitchEstimate?? = step(
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
                    limitSeconds: Self.lookSeconds,
                    isWithoutUsers: decided.source.isStill
                )
                return .init(run: look, hasJudged: false) {}
            },
            giveUp: { _ in
                let status = supervision.statusIfGivenUp
                let waiting = supervision.watch.stuck()
                streams.refuse(Supervision.reason(waiting, status), status: status)
                return status
            }
        )
        guard let looked else { return nil }
        if let looked { foreseen.set(looked) }
        return decided.value
    }

    /// The pass, with which the verdict begins, and its number in the record; nil: it was refused, which was told.
    private func runPass(
        _ decided: FinalPlan,
        _ counters: Counters,
        _ passReporter: Reporter
    ) -> (FinalOutcome, id: Int64?)? {
        let finish: (PassSummary) -> FinalOutcome = { [foreseen, metrics] summary in
            // Its status goes into the verdict as it is: a report that was lost leaves no step out, and is told with all.
            _ = passReporter.finish(summary)
            metrics?.end(summary)
            var outcome = FinalOutcome(
                pass: FinalOutcome.Pass(
                    status: summary.status,
                    files: counters.filesCopied.value(),
                    bytes: counters.bytesCopied.value(),
                    nanoseconds: summary.durationNanoseconds
                ),
                wasReadOnly: decided.source.isStill
            )
            outcome.foreseen = foreseen.value
            return outcome
        }
        let summary = step(
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
                    metrics?.passBegins()
                    passReporter.begin { running in
                        var running = running
                        running.note(foreseen.value)
                        pass.publish(running)
                    }
                    reporter.begin(decided.origin, decided.options, decided.source)
                }
            },
            giveUp: { tell(finish($0)) }
        )
        return summary.map { (finish($0), id: $0.recordedPass) }
    }

    /// The second look; nil: it was refused.
    private func lookAgain(
        _ decided: FinalPlan,
        _ outcome: FinalOutcome
    ) -> FinalOutcome.SecondLook? {
        let lookReporter = SecondLookReporter(streams)
        teller.set { lookReporter.receive(.waiting($0)) }
        let summary = step(
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
            giveUp: { (summary: PassSummary) in
                var outcome = outcome
                outcome.secondLook = lookReporter.finish(summary)
                return tell(outcome)
            }
        )
        return summary.map { lookReporter.finish($0) }
    }

    /// The comparison; nil: it was refused.
    private func compare(
        _ decided: FinalPlan,
        _ outcome: FinalOutcome
    ) -> FinalOutcome.Comparison? {
        let counters = VerificationCounters()
        let verifyReporter = VerificationReporter(streams, counters: counters, manifest: nil)
        teller.set { verifyReporter.receive(.waiting($0)) }
        let finish: (VerificationSummary) -> FinalOutcome.Comparison = { [metrics] summary in
            metrics?.end(summary)
            // As that of the pass.
            _ = verifyReporter.finish(summary)
            var found = FinalOutcome.Comparison(
                status: summary.status,
                entries: counters.entriesSeen.value(),
                differences: counters.differences.value(),
                nanoseconds: summary.durationNanoseconds
            )
            found.aside = summary.aside
            return found
        }
        let summary = step(
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
            giveUp: { (summary: VerificationSummary) in
                var outcome = outcome
                outcome.comparison = finish(summary)
                return tell(outcome)
            }
        )
        return summary.map(finish)
    }
}
