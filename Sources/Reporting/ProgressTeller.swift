// Progress as it is told: a line that redraws, a line every 10 s and later every minute, JSON every second; by a ticker that reads counters.

import Dispatch
import LinuxIO
import Migration

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
    private let status: @Sendable (Progress, _ isHidden: Bool) -> String

    /// Never held while writing.
    private struct State: Sendable {
        var progress = Progress()
        var began: UInt64
        var jsonDue: UInt64 = 0
        var linesDue: UInt64
        var publishDue = ProgressTeller.publishInterval
        var isHidden = false
    }

    private static let second: UInt64 = 1_000_000_000
    /// Others are told so often; of a pass that is shorter they need not know.
    private static let publishInterval = 2 * second

    /// `status`: what a service manager is told, of the progress and whether counts say nothing now.
    init(
        _ streams: ReportStreams,
        sample: @escaping @Sendable (UInt64) -> ProgressSample,
        json: @escaping @Sendable (Progress) -> JSONLine,
        status: @escaping @Sendable (Progress, _ isHidden: Bool) -> String
    ) {
        self.streams = streams
        self.sample = sample
        self.json = json
        self.status = status
        let configuration = streams.configuration
        // Ten redraws a second are smooth and cost nothing; nobody looks elsewhere.
        let isWatched =
            configuration.progressStyle == .redrawn || configuration.standardOutput.isTerminal
        ticker = Ticker(milliseconds: isWatched ? 100 : 500)
        let now = DispatchTime.now().uptimeNanoseconds
        state = Lock(State(began: now, linesDue: Progress.lineInterval(after: 0)))
    }

    /// Starts the clock and the ticker; `publish` is called every two seconds, with whether counts say nothing now.
    func start(publish: @escaping @Sendable (Progress, _ isHidden: Bool) -> Void = { _, _ in }) {
        state.withLock { $0.began = DispatchTime.now().uptimeNanoseconds }
        ticker.start { [weak self] in self?.tick(publish) }
    }

    func stop() { ticker.stop() }

    /// The totals are known.
    ///
    /// `limit`: so long after the command's start the run ends, done or not.
    func set(_ progress: Progress, limit: ReporterConfiguration.TimeLimit? = nil) {
        let now = DispatchTime.now().uptimeNanoseconds
        state.withLock { state in
            state.progress = progress
            // The command's start is the run's, but for what opening the roots took.
            state.progress.limit = limit.map {
                Progress.Limit(
                    nanoseconds: now - min(state.began, now) &+ $0.nanoseconds,
                    moment: CalendarTime(local: $0.moment).minutes
                )
            }
        }
    }
    /// As it was when counts were read last.
    var present: Progress { state.withLock { $0.progress } }
    func set(workers: Int) { state.withLock { $0.progress.workers = workers } }
    /// Something else is under way, of which counts say nothing.
    func hide() { state.withLock { $0.isHidden = true } }

    /// What is due in one tick.
    private struct Due {
        var progress: Progress
        var isJSON: Bool
        var isLine: Bool
        var isPublishing: Bool
        var isHidden: Bool
    }

    private func take() -> Due {
        let now = DispatchTime.now().uptimeNanoseconds
        return state.withLock { state in
            let elapsed = now - min(state.began, now)
            state.progress.take(sample(elapsed))
            let due = Due(
                progress: state.progress,
                isJSON: elapsed >= state.jsonDue,
                isLine: elapsed >= state.linesDue,
                isPublishing: elapsed >= state.publishDue,
                isHidden: state.isHidden
            )
            if due.isJSON { state.jsonDue = elapsed + Self.second }
            if due.isLine { state.linesDue = elapsed + Progress.lineInterval(after: elapsed) }
            if due.isPublishing { state.publishDue = elapsed + Self.publishInterval }
            return due
        }
    }

    private func tick(_ publish: @Sendable (Progress, Bool) -> Void) {
        let due = take()
        let progress = due.progress
        // First: a terminal that is stopped (^S) holds up all that follows.
        if due.isPublishing { publish(progress, due.isHidden) }
        streams.service?.show(
            due.isHidden ? .synchronizing : .running,
            status(progress, due.isHidden)
        )
        if due.isJSON { streams.emit(json(progress), isRare: true) }
        let configuration = streams.configuration
        switch configuration.progressStyle {
        case .redrawn where !due.isHidden:
            let columns = configuration.standardError.columns ?? 80
            streams.console.draw(progress.line(columns: columns))
        case .lines where due.isLine && !due.isHidden:
            let time = CalendarTime(local: Int64(clamping: WallClock.nanoseconds)).seconds
            streams.console.tell(["\(time) cutover: " + progress.line(columns: nil)])
        case .redrawn, .lines, .silent: break
        }
        streams.flush()
        streams.tellErrors()
    }
}
