// Progress as it is told: a line that redraws, a line every 10 s, JSON every second; by a ticker that reads counters.

import Dispatch
import LinuxIO

/// Tells the progress of one run until it is stopped.
///
/// `start` and `stop` by one thread; the others by any.
final class ProgressTeller: Sendable {
    private let streams: ReportStreams
    private let ticker: Ticker
    private let state: Lock<State>
    /// The counts so many nanoseconds after the start.
    private let sample: @Sendable (UInt64) -> ProgressSample
    private let json: @Sendable (Progress) -> JSONLine

    /// Never held while writing.
    private struct State: Sendable {
        var progress = Progress()
        var began: UInt64
        var jsonDue: UInt64 = 0
        var linesDue: UInt64
        var isHidden = false
    }

    private static let second: UInt64 = 1_000_000_000
    /// Elsewhere than on a terminal progress is a line so often.
    private static let linesInterval = 10 * second

    init(
        _ streams: ReportStreams,
        sample: @escaping @Sendable (UInt64) -> ProgressSample,
        json: @escaping @Sendable (Progress) -> JSONLine
    ) {
        self.streams = streams
        self.sample = sample
        self.json = json
        let configuration = streams.configuration
        // Ten redraws a second are smooth and cost nothing; nobody looks elsewhere.
        let isWatched =
            configuration.progressStyle == .redrawn || configuration.standardOutput.isTerminal
        ticker = Ticker(milliseconds: isWatched ? 100 : 500)
        let now = DispatchTime.now().uptimeNanoseconds
        state = Lock(State(began: now, linesDue: Self.linesInterval))
    }

    /// Starts the clock and the ticker.
    func start() {
        state.withLock { $0.began = DispatchTime.now().uptimeNanoseconds }
        ticker.start { [weak self] in self?.tick() }
    }

    func stop() { ticker.stop() }

    /// The totals are known.
    func set(_ progress: Progress) { state.withLock { $0.progress = progress } }
    func set(workers: Int) { state.withLock { $0.progress.workers = workers } }
    /// Something else is under way, of which counts say nothing.
    func hide() { state.withLock { $0.isHidden = true } }

    private func tick() {
        let now = DispatchTime.now().uptimeNanoseconds
        let (progress, isJSONDue, isLineDue, isHidden) = state.withLock { state in
            let elapsed = now - min(state.began, now)
            state.progress.take(sample(elapsed))
            let isJSONDue = elapsed >= state.jsonDue
            if isJSONDue { state.jsonDue = elapsed + Self.second }
            let isLineDue = elapsed >= state.linesDue
            if isLineDue { state.linesDue = elapsed + Self.linesInterval }
            return (state.progress, isJSONDue, isLineDue, state.isHidden)
        }
        if isJSONDue { streams.emit(json(progress), isRare: true) }
        let configuration = streams.configuration
        switch configuration.progressStyle {
        case .redrawn where !isHidden:
            let columns = Terminal.columns(of: configuration.standardError.raw) ?? 80
            streams.console.draw(progress.line(columns: columns))
        case .lines where isLineDue && !isHidden:
            streams.console.tell(["cutover: " + progress.line(columns: nil)])
        case .redrawn, .lines, .silent: break
        }
        streams.flush()
        streams.tellErrors()
    }
}
