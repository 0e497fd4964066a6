// The outputs of one run: both standard streams, `--json`, `--failures`, and what became of them.
//
// Kept true: standard output carries what was asked for and nothing else; a reader that went away (EPIPE on standard
// output) disturbs nothing; any other output that was lost is told once and changes the exit status.

import LinuxIO
package import Migration

/// Where the runs of one process report to, one after the other.
///
/// Called by any thread.
package final class ReportStreams: Sendable {
    package let configuration: ReporterConfiguration
    let console: Console
    /// The service manager that started this process; nil: none did.
    package let service: ServiceNotifier?
    /// Escapes for standard error and for standard output.
    let shown: ShownName
    let shownOnOutput: ShownName
    /// What goes on when an output fails: "the pass".
    private let run: String
    private let toldErrors = Lock<Set<String>>([])
    /// That figures cannot be written.
    private let hasToldMetrics = Lock(false)
    private let hasToldTimeLimit = Lock(false)

    /// `run`: what goes on when an output fails: "the pass"; `service`: hears of the runs, too.
    package init(
        _ configuration: ReporterConfiguration,
        run: String,
        service: ServiceNotifier? = nil
    ) {
        self.configuration = configuration
        self.service = service
        self.run = run
        console = Console(output: configuration.standardOutput, error: configuration.standardError)
        shown = ShownName(isForTerminal: true, isUTF8: configuration.isUTF8)
        shownOnOutput = ShownName(
            isForTerminal: configuration.standardOutput.isTerminal,
            isUTF8: configuration.isUTF8
        )
    }

    var isJSONOnOutput: Bool { configuration.json === configuration.standardOutput }

    /// The name of the failures' file, as it is shown; nil: there is none.
    var failuresFile: String? {
        configuration.failures.map { _ in shown.path(configuration.failuresName) }
    }

    /// Empties the files for reports, once: the first run begins, and was not refused.
    func begin() {
        if !isJSONOnOutput { configuration.json?.begin() }
        configuration.failures?.begin()
    }

    /// Tells when the run ends by itself, done or not, once for all runs of the process; after its first event.
    func tellTimeLimit() {
        guard let limit = configuration.timeLimit,
            hasToldTimeLimit.withLock({ hasTold in
                defer { hasTold = true }
                return !hasTold
            })
        else { return }
        emit(EventJSON.timeLimit(limit.moment, time: WallClock.nanoseconds), isRare: true)
        if configuration.isQuiet { return }
        let time = CalendarTime(local: limit.moment)
        let left = limit.nanoseconds
        // A day and more: the time of day alone would mislead.
        let moment = left < 86_400_000_000_000 ? time.minutes : "\(time.date) \(time.minutes)"
        console.tell(["cutover: stops at \(moment) (in \(Quantity.duration(left)))"])
    }

    /// Writes a line of JSON, if any are wanted; those that come in thousands wait for the ticker.
    func emit(_ line: @autoclosure () -> JSONLine, isRare: Bool) {
        guard let json = configuration.json else { return }
        if isJSONOnOutput {
            console.print(line().line)
            if isRare { console.flush() }
        } else if isRare {
            json.write(line().line)
        } else {
            json.append(line().line)
        }
    }

    /// Prints what was asked for, a line without its newline, unless standard output carries JSON.
    func print(_ line: @autoclosure () -> [UInt8]) {
        if !isJSONOnOutput { console.print(shownOnOutput.escaped(line()) + [0x0A]) }
    }

    /// Writes a failure down at once: rare, and it must survive a crash.
    func writeFailure(_ failure: Failure, in run: FailureText.Run) {
        let line = EventJSON.failure(failure, in: run, time: WallClock.nanoseconds)
        configuration.failures?.write(line.line)
    }

    /// Adds failures of other runs, lines of JSON, to its own; before the first of these.
    package func takeFailures(_ lines: [UInt8]) { configuration.failures?.append(lines) }

    /// To be called before a run that is given up is summed up: an output that nobody reads must not hold up the summary.
    package func stopWaiting() {
        let files = [configuration.standardOutput, configuration.json, configuration.failures]
        for file in files { file?.stopWaiting() }
    }

    /// Writes what was gathered.
    func flush() {
        if !isJSONOnOutput { configuration.json?.flush() }
        console.flush()
    }

    /// Before the last line of JSON: nothing comes to standard output or to the failures any more.
    func closeEvents() {
        console.erase()
        console.flush()
        configuration.failures?.finish()
    }

    /// After it.
    func close() {
        if !isJSONOnOutput { configuration.json?.finish() }
        tellErrors()
    }

    /// Tells why nothing was begun, in one line, `-q` or not.
    ///
    /// - Parameters:
    ///   - reason: what is wrong and what to do, without a newline.
    ///   - path: the file or directory that it is about; shown before the reason.
    ///   - status: the status that the command exits with.
    ///   - refusal: what refused the roots, for programs.
    package func refuse(
        _ reason: String,
        path: [UInt8]? = nil,
        status: ExitStatus = .refused,
        _ refusal: Refusal? = nil
    ) {
        let prefix = path.map { shown.text($0) + ": " } ?? ""
        let text = prefix + shown.text(Array(reason.utf8))
        console.tell(["cutover: " + text])
        tellService(status, text)
        let time = WallClock.nanoseconds
        emit(
            EventJSON.refused(reason, path: path, status: status, refusal, time: time),
            isRare: true
        )
        tellErrors()
    }

    /// Has the service manager know how the run ended, or why it was refused.
    func tellService(_ status: ExitStatus, _ reason: String? = nil) {
        service?.show(.ended, ServiceText.ended(run, status, reason))
    }

    /// Whether output that was asked for is incomplete, but for a reader of standard output that went away.
    ///
    /// Figures are complete again when they are written again.
    var hadError: Bool { !errors.isEmpty || configuration.metrics?.error != nil }

    /// Outputs that were asked for and lost something, by the name to show.
    ///
    /// Standard error is not among them: it carries no result, and there is nowhere to tell of it.
    private var errors: [(name: String, error: SystemError)] {
        var errors: [(String, SystemError)] = []
        let output = configuration.standardOutput
        if let error = output.error, !output.isClosedPipe {
            errors.append(("standard output", error))
        }
        if let json = configuration.json, !isJSONOnOutput, let error = json.error {
            errors.append(("--json", error))
        }
        if let error = configuration.failures?.error { errors.append(("--failures", error)) }
        return errors
    }

    func tellErrors() {
        for (name, error) in errors where toldErrors.withLock({ $0.insert(name).inserted }) {
            console.tell([
                "cutover: cannot write \(name): \(error.code.sentence) (\(error.code.name)). "
                    + "What follows is lost there; \(run) goes on, the exit status will tell."
            ])
        }
        let error = configuration.metrics?.error
        let isNews = hasToldMetrics.withLock { hasTold in
            defer { hasTold = error != nil }
            return hasTold != (error != nil)
        }
        guard isNews else { return }
        if let error {
            console.tell([
                "cutover: cannot write --metrics: \(error.code.sentence) (\(error.code.name)). "
                    + "It is tried again while passes run; \(run) goes on, and ends with 23 where that fails to the last."
            ])
        } else {
            console.tell(["cutover: --metrics is written again."])
        }
    }
}
