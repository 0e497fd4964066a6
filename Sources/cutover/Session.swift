// What a process has for all its runs, one after the other, which are passes or verifications: it was made ready for
// them once (ProcessSetup), signals steer the one that runs (Supervision), and the outputs stay open between them
// (ReportStreams). A run opens its roots and locks them, and has let go of the locks when it ends.

import LinuxIO
import Migration
import Reporting

/// Runs passes and verifications so that each can be steered, given up, and told of.
final class Session: Sendable {
    private let streams: ReportStreams
    private let reports: [ReportFile]
    private let writesTrees: Bool
    private let supervision: Supervision
    private let setup = Lock<ProcessSetup?>(nil)

    /// - Parameters:
    ///   - streams: where runs are told of.
    ///   - reports: the files among them, as options named them.
    ///   - writesTrees: whether runs make entries, so that the umask must not count.
    ///   - supervision: what steers the runs.
    init(
        _ streams: ReportStreams,
        reports: [ReportFile],
        writesTrees: Bool,
        _ supervision: Supervision
    ) {
        self.streams = streams
        self.reports = reports
        self.writesTrees = writesTrees
        self.supervision = supervision
    }

    /// What a run finds when its roots are opened.
    struct RunSetting: Sendable {
        let process: ProcessSetup
        let watch: CallWatch
    }

    /// A run whose roots are open, and what begins its reports.
    struct Prepared<Summary: Sendable>: Sendable {
        let run: any SteeredRun<Summary>
        /// Whether both roots are judged by now; a look opens them when it runs.
        var hasJudged = true
        /// What is written once nothing more can be refused but by this.
        let begin: @Sendable () throws(Refusal) -> Void
    }

    /// Does one run and tells how it ended, or why it was refused.
    ///
    /// Called by the main thread. A run that does not come back is given up, and the process ends here.
    /// - Parameters:
    ///   - prepare: opens the roots and judges them; what it refuses is told.
    ///   - finish: tells the summary.
    /// - Returns: the status to exit with.
    func run<Summary: Sendable>(
        prepare: @escaping @Sendable (RunSetting) throws(Refusal) -> Prepared<Summary>,
        finish: (Summary) -> ExitStatus
    ) -> ExitStatus {
        do throws(Refusal) {
            return finish(
                try attempt(prepare: prepare) { summary, _ in
                    summary.map(finish) ?? supervision.statusIfGivenUp
                }
            )
        } catch {
            let text = RefusalText(error)
            streams.refuse(text.reason, path: text.path, error)
            return .refused
        }
    }

    /// Does one run, and gives how it ended.
    ///
    /// Called by the main thread.
    /// - Parameters:
    ///   - prepare: opens the roots and judges them.
    ///   - giveUp: tells the summary of a run that does not come back, and what it waits for; the process ends here,
    ///     with its status. Nil: not even its roots could be opened, which has been told.
    /// - Returns: how the run ended.
    /// - Throws: what `prepare` refuses, and where there are too few threads or descriptors.
    func attempt<Summary: Sendable>(
        prepare: @escaping @Sendable (RunSetting) throws(Refusal) -> Prepared<Summary>,
        giveUp: (Summary?, [WaitingCall]) -> ExitStatus
    ) throws(Refusal) -> Summary {
        let begun = Begun<any SteeredRun<Summary>>()
        let setting = RunSetting(process: try process(), watch: supervision.watch)
        let summary = try supervision.run { [self] () throws(Refusal) in
            let prepared = try prepare(setting)
            // After the roots: that another pass runs on them says more than that it writes this report.
            try ReportFiles.judgeUse(of: reports, streams.configuration)
            let run = prepared.run
            begun.set(run)
            supervision.steer(
                .init(
                    changeWorkers: { run.changeWorkers(by: $0) },
                    interrupt: { run.interrupt() },
                    control: run.control,
                    isSynchronizing: { run.isSynchronizing }
                )
            )
            if prepared.hasJudged { streams.service?.ready() }
            // Let go of before the end is told: then nothing of its volumes is open any more.
            defer {
                supervision.steerNothing()
                begun.clear()
            }
            try prepared.begin()
            return run.run()
        }
        if let summary { return summary }
        let waiting = supervision.watch.stuck()
        streams.stopWaiting()
        if let run = begun.value { supervision.end(giveUp(run.giveUp(waiting: waiting), waiting)) }
        let status = supervision.statusIfGivenUp
        streams.refuse(Supervision.reason(waiting, status), status: status)
        supervision.end(giveUp(nil, waiting))
    }

    /// Makes the process ready for its first run, and gives the umask of who started it, where that was cleared.
    func makeReady() throws(Refusal) -> UInt32 { try process().mask }

    /// What this process was made ready with, before its first run.
    private func process() throws(Refusal) -> ProcessSetup {
        if let process = setup.withLock({ $0 }) { return process }
        let process = try ProcessSetup(writesTrees: writesTrees)
        setup.withLock { $0 = process }
        return process
    }
}
