// Tells of one pass while it runs and when it ends: the receiver of its events and the reader of its
// counters.
//
//     workers --events--> Reporter --lines--> Console (standard output, standard error)
//     counters <--ticker--/      \--JSON----> --json, --failures
//
// Kept true: standard output carries itemized lines or JSON and nothing else; a failure is in
// `--failures` before `receive` returns; a reader that went away (EPIPE on standard output) disturbs
// nothing; any other output that was lost is told once and changes the exit status.

import Dispatch
import LinuxIO
package import Migration

/// The reporter of one pass.
///
/// `receive` is called by any worker; the others by the thread that runs the pass: `begin`, then the
/// pass, then `finish`.
package final class Reporter: Sendable {
    private let configuration: ReporterConfiguration
    private let counters: Counters
    private let console: Console
    private let queue = DispatchQueue(label: "cutover.reporter")
    private let ticker: Ticker
    private let state: Lock<State>
    /// Escapes for standard error and for standard output.
    private let shown: ShownName
    private let shownOnOutput: ShownName

    /// What changes while the pass runs; guarded by `state`, which is never held while writing.
    private struct State: Sendable {
        var progress = Progress()
        var asides = PassAsides()
        var began: UInt64
        var jsonDue: UInt64 = 0
        var linesDue: UInt64
        var isSynchronizing = false
        var toldErrors: Set<String> = []
    }

    private static let second: UInt64 = 1_000_000_000

    /// - Parameters:
    ///   - configuration: what is told, and where.
    ///   - counters: the counts of the pass, read by the ticker.
    package init(configuration: ReporterConfiguration, counters: Counters) {
        self.configuration = configuration
        self.counters = counters
        console = Console(output: configuration.standardOutput, error: configuration.standardError)
        // Ten redraws a second are smooth and cost nothing; nobody looks elsewhere.
        let isWatched =
            configuration.progressStyle == .redrawn || configuration.standardOutput.isTerminal
        ticker = Ticker(queue: queue, milliseconds: isWatched ? 100 : 500)
        let now = DispatchTime.now().uptimeNanoseconds
        state = Lock(State(began: now, linesDue: Self.linesInterval))
        shown = ShownName(isForTerminal: true, isUTF8: configuration.isUTF8)
        shownOnOutput = ShownName(
            isForTerminal: configuration.standardOutput.isTerminal,
            isUTF8: configuration.isUTF8
        )
    }

    /// Elsewhere than on a terminal progress is a line so often.
    private static let linesInterval = 10 * second

    /// Starts the clock and the ticker.
    package func begin() {
        state.withLock { $0.began = DispatchTime.now().uptimeNanoseconds }
        ticker.start { [weak self] in self?.tick() }
    }

    /// Takes note of an event, and tells it where that was asked for.
    package func receive(_ event: PassEvent) {
        switch event {
        case .changed(let itemization):
            if configuration.itemizes, !isJSONOnOutput {
                console.print(shownOnOutput.escaped(itemization.line) + [0x0A])
            }
        case .failed(let failure):
            // Written at once: rare, and it must survive a crash.
            configuration.failures?.write(
                EventJSON.failure(failure, time: WallClock.nanoseconds).line
            )
        default: break
        }
        if configuration.json != nil {
            emit(EventJSON.line(event, time: WallClock.nanoseconds), isRare: !event.isChange)
        }
        note(event)
        if !configuration.isQuiet { console.tell(messages(event)) }
    }

    /// Ends the reports: the ticker stops, all that was gathered is written, the summary is told.
    ///
    /// - Returns: the status to exit with: the summary's, or 23 where the pass went well and a report
    ///   that was asked for is incomplete.
    package func finish(_ summary: PassSummary) -> PassStatus {
        ticker.stop()
        console.erase()
        console.flush()
        configuration.failures?.finish()
        emit(
            EventJSON.summary(summary, status: status(of: summary), time: WallClock.nanoseconds),
            isRare: true
        )
        if !isJSONOnOutput { configuration.json?.finish() }
        tellOutputErrors()
        let failuresFile = configuration.failures.map { _ in shown.path(configuration.failuresName)
        }
        let text = SummaryText(
            summary,
            asides: state.withLock { $0.asides },
            shown: shown,
            failuresFile: failuresFile
        )
        console.tell(configuration.isQuiet ? text.quietLines : text.lines)
        return status(of: summary)
    }

    /// Tells why nothing was begun, in one line, `-q` or not.
    ///
    /// - Parameters:
    ///   - reason: what is wrong and what to do, without a newline.
    ///   - path: the file or directory that it is about; shown before the reason.
    ///   - status: the status that the command exits with.
    package func refuse(_ reason: String, path: [UInt8]? = nil, status: PassStatus = .refused) {
        let prefix = path.map { shown.text($0) + ": " } ?? ""
        console.tell(["cutover: " + prefix + shown.text(Array(reason.utf8))])
        let time = WallClock.nanoseconds
        emit(EventJSON.refused(reason, path: path, status: status, time: time), isRare: true)
        tellOutputErrors()
    }

    /// Whether output that was asked for is incomplete, but for a reader of standard output that went
    /// away.
    package var hadOutputError: Bool { !outputErrors.isEmpty }

    // MARK: The ticker

    private func tick() {
        let now = DispatchTime.now().uptimeNanoseconds
        let (progress, isJSONDue, isLineDue, isSynchronizing) = state.withLock { state in
            let elapsed = now - min(state.began, now)
            state.progress.take(ProgressSample(nanoseconds: elapsed, counters: counters))
            let isJSONDue = elapsed >= state.jsonDue
            if isJSONDue { state.jsonDue = elapsed + Self.second }
            let isLineDue = elapsed >= state.linesDue
            if isLineDue { state.linesDue = elapsed + Self.linesInterval }
            return (state.progress, isJSONDue, isLineDue, state.isSynchronizing)
        }
        if isJSONDue, configuration.json != nil {
            emit(EventJSON.progress(progress, time: WallClock.nanoseconds), isRare: true)
        }
        if !isJSONOnOutput { configuration.json?.flush() }
        switch configuration.progressStyle {
        case .redrawn where !isSynchronizing:
            let columns = Terminal.columns(of: configuration.standardError.raw) ?? 80
            console.draw(progress.line(columns: columns))
        case .lines where isLineDue && !isSynchronizing:
            console.tell(["cutover: " + progress.line(columns: nil)])
        case .redrawn, .lines, .silent: break
        }
        console.flush()
        tellOutputErrors()
    }

    // MARK: Events

    private func note(_ event: PassEvent) {
        switch event {
        case .started(let start):
            state.withLock { state in state.progress = Progress(start) }
        case .workersChanged(let count): state.withLock { $0.progress.workers = count }
        case .mountSkipped(let path): state.withLock { $0.asides.addMount(path) }
        case .directoryProtected(let path): state.withLock { $0.asides.addProtected(path) }
        case .synchronizing: state.withLock { $0.isSynchronizing = true }
        case .failed(let failure):
            if failure.damage != nil { state.withLock { $0.asides.damaged.add(failure) } }
        case .vanished, .changed, .notice, .stopped: break
        }
    }

    /// The lines for people that an event is worth at once.
    private func messages(_ event: PassEvent) -> [String] {
        let isVerbose = configuration.isVerbose
        switch event {
        case .started(let start):
            let line =
                "cutover: \(shown.path(start.sourcePath)) (\(start.sourceType)) to "
                + "\(shown.path(start.destinationPath)) (\(start.destinationType)), "
                + Quantity.count(UInt64(max(start.workers, 0)), "worker", "workers")
            return [start.isDryRun ? line + ", dry run" : line]
        case .failed(let failure): return isVerbose ? [FailureText(failure).line(shown)] : []
        case .vanished(let path):
            return isVerbose ? ["\(shown.path(path)): vanished from SOURCE"] : []
        case .mountSkipped(let path):
            return isVerbose
                ? ["\(shown.path(path)): another filesystem is mounted here; skipped"] : []
        case .directoryProtected(let path):
            let reason = "SOURCE's could not be listed to its end; nothing is deleted here"
            return isVerbose ? ["\(shown.path(path)): \(reason)"] : []
        case .changed: return []
        case .notice(let notice):
            if NoticeText.isDetail(notice), !isVerbose { return [] }
            return ["cutover: " + NoticeText.sentence(notice)]
        case .workersChanged(let count):
            return ["cutover: now \(Quantity.count(UInt64(max(count, 0)), "worker", "workers"))"]
        case .stopped(_, let failure):
            return [
                "cutover: stopping: \(shown.path(failure.path)): "
                    + shown.message(FailureText(failure).message),
                "cutover: now counting what is missing on DESTINATION",
            ]
        case .synchronizing:
            return ["cutover: all is written; waiting for DESTINATION's disk (syncfs)"]
        }
    }

    // MARK: Output

    private var isJSONOnOutput: Bool { configuration.json === configuration.standardOutput }

    /// Writes a line of JSON; changes, which come in thousands, wait for the ticker.
    private func emit(_ line: JSONLine, isRare: Bool) {
        guard let json = configuration.json else { return }
        if isJSONOnOutput {
            console.print(line.line)
            if isRare { console.flush() }
        } else if isRare {
            json.write(line.line)
        } else {
            json.append(line.line)
        }
    }

    /// Outputs that were asked for and failed, by the name to show.
    ///
    /// Standard error is not among them: it carries no result, and there is nowhere to tell of it.
    private var outputErrors: [(name: String, error: SystemError)] {
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

    private func tellOutputErrors() {
        for (name, error) in outputErrors
        where state.withLock({ $0.toldErrors.insert(name).inserted }) {
            console.tell([
                "cutover: cannot write \(name): \(error.code.sentence) (\(error.code.name)). "
                    + "What follows is lost there; the pass goes on, the exit status will tell."
            ])
        }
    }

    /// The summary's status, with what became of the reports.
    private func status(of summary: PassSummary) -> PassStatus {
        guard hadOutputError else { return summary.status }
        switch summary.status {
        case .done, .someVanished, .deletionLimit: return .someFailed
        case .different, .refused, .destinationStopped, .interrupted, .someFailed, .usage:
            return summary.status
        }
    }
}

extension PassEvent {
    /// Whether it is one of the events that come in thousands.
    fileprivate var isChange: Bool {
        if case .changed = self { true } else { false }
    }
}
