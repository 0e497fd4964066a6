// `--before` and `--after`: commands of the person's, run by sh beside the passes of a loop.

import LinuxIO
import Migration
import Reporting

/// Runs both; used by the main thread.
final class FollowCommands {
    private let plan: FollowPlan
    private let supervision: Supervision
    private let reporter: FollowReporter
    /// How often `--before` has failed running.
    private var failures = 0
    /// The umask of who started us.
    private let mask: UInt32

    /// A command that takes longer is killed, with all that it started.
    private static let limitSeconds: UInt64 = 600
    private static let failuresMax = 3
    private static let patienceNanoseconds: UInt64 = 5_000_000_000
    private static let stepNanoseconds: UInt64 = 50_000_000

    init(
        _ plan: FollowPlan,
        _ supervision: Supervision,
        _ reporter: FollowReporter,
        mask: UInt32
    ) {
        self.plan = plan
        self.mask = mask
        self.supervision = supervision
        self.reporter = reporter
    }

    /// What `--before` means for the pass.
    enum Before { case mayBegin, isLeftOut, failsAlways, isStopped }

    /// Runs `--before`, if there is one.
    func before() -> Before {
        guard let command = plan.before else { return .mayBegin }
        switch run(command, [], note: "before") {
        case nil:
            failures = 0
            return .mayBegin
        case .isStopped: return .isStopped
        case .failed(let problem):
            failures += 1
            reporter.tell(command: "--before", problem + "; the pass is left out")
            return failures < Self.failuresMax ? .isLeftOut : .failsAlways
        }
    }

    /// Runs `--after`; its failure is told and ends nothing.
    func after(_ summary: PassSummary, isReady: Bool) {
        guard let command = plan.after else { return }
        let variables: [(String, String)] =
            [
                ("CUTOVER_PASS", summary.recordedPass.map { "\($0)" } ?? ""),
                ("CUTOVER_STATUS", "\(summary.status.rawValue)"),
                ("CUTOVER_OUTCOME", summary.status.word),
                ("CUTOVER_FAILURES", "\(summary.counters.failures.value())"),
                ("CUTOVER_SECONDS", Quantity.decimal(nanoseconds: summary.durationNanoseconds)),
                ("CUTOVER_READY", isReady ? "1" : "0"),
            ] + EstimateText.variables(summary.next)
        switch run(command, variables, note: "after") {
        case nil: break
        case .isStopped: reporter.tell(command: "--after", "was stopped")
        case .failed(let problem): reporter.tell(command: "--after", problem)
        }
    }

    /// What went wrong with a command.
    private enum Problem {
        case failed(String)
        /// By the signal that stops the loop.
        case isStopped
    }

    /// Runs one; nil: it went well.
    private func run(
        _ command: [UInt8],
        _ variables: [(String, String)],
        note type: String
    ) -> Problem? {
        let environment =
            variables.map { (name: $0.0, value: Array($0.1.utf8)) } + [
                (name: "CUTOVER_SOURCE", value: Self.absolute(plan.names.source)),
                (name: "CUTOVER_DESTINATION", value: Self.absolute(plan.names.destination)),
            ]
        let shell = ShellCommand(
            command,
            environment: environment,
            mask: mask,
            limitNanoseconds: Self.limitSeconds * 1_000_000_000
        )
        let began = monotonicNanoseconds()
        // Before the first pass a service manager still waits for the start.
        reporter.extendStart(seconds: Self.limitSeconds)
        let end = wait(for: shell)
        let seconds = Double(monotonicNanoseconds() &- began) / 1e9
        switch end {
        case .success(let end):
            reporter.note(command: type, status: end.status, seconds: seconds)
            return Self.problem(end)
        case .failure(let error):
            reporter.note(command: type, status: nil, seconds: seconds)
            return .failed("cannot be run: \(error.code.sentence)")
        }
    }

    /// A name as it is from `/`, where commands run.
    private static func absolute(_ name: Name) -> [UInt8] {
        let bytes = Array(name.bytes)
        if bytes.first == 0x2F { return bytes }
        // Where this directory has gone there is no such name.
        guard let here = try? Descriptor.openRoot(Name(".")).path() else { return bytes }
        return here + [0x2F] + bytes
    }

    /// Runs it on another thread, so that a signal to us ends it.
    private func wait(for command: ShellCommand) -> Result<ShellCommand.End, SystemError> {
        let ended = Ended()
        do throws(SystemError) {
            try BlockingThread.start {
                let result = Result { () throws(SystemError) in
                    // Passes may be idle; what a person runs beside them is not, unless nobody may take that back
                    // (CAP_SYS_NICE).
                    try? ProcessLimits.setUsualPriority()
                    return try command.run()
                }
                ended.result.withLock { $0 = result }
            }
        } catch {
            return .failure(error)
        }
        // What tells of a pass that a signal ended has a moment for that.
        let patience = supervision.isStopping ? Self.patienceNanoseconds : 0
        let began = monotonicNanoseconds()
        while true {
            if let result = ended.result.withLock({ $0 }) { return result }
            // SIGCONT means the next pass, and is for the pause that comes.
            let wake = supervision.wait(nanoseconds: Self.stepNanoseconds, hearsContinue: false)
            guard wake == .stopped else { continue }
            if monotonicNanoseconds() &- began >= patience { command.stop() }
            pauseThread(nanoseconds: Self.stepNanoseconds)
        }
    }

    /// What both threads know.
    private final class Ended: Sendable {
        let result = Lock<Result<ShellCommand.End, SystemError>?>(nil)
    }

    private static func problem(_ end: ShellCommand.End) -> Problem? {
        switch end {
        case .exited(0): nil
        case .exited(let status): .failed("ended with \(status)")
        case .killed(let signal): .failed("was killed by signal \(signal)")
        case .timedOut: .failed("was killed after \(limitSeconds / 60) min")
        case .stopped: .isStopped
        }
    }
}
