// What back-off tells, on a thread of its own: a terminal that was stopped (Ctrl-S) blocks whoever writes to it, and
// who decides must go on deciding, or a paused pass stays paused.

import Dispatch
import LinuxIO

/// Events on their way to who tells them.
///
/// Thread-safe. Where telling is blocked the newest 64 are kept: what is dropped is only words.
final class BackOffTelling: Sendable {
    private static let most = 64

    private struct State: Sendable {
        var events: [BackOffEvent] = []
        var isEnded = false
    }

    private let tell: @Sendable (BackOffEvent) -> Void
    private let state = Lock(State())
    private let woken = DispatchSemaphore(value: 0)

    init(_ tell: @escaping @Sendable (BackOffEvent) -> Void) { self.tell = tell }

    /// Begins to tell.
    ///
    /// EAGAIN where there is no thread.
    func start() throws(SystemError) {
        try BlockingThread.start { [self] in
            while let event = next() { tell(event) }
        }
    }

    /// Has it told soon, after those before it; returns at once.
    func post(_ event: BackOffEvent) {
        state.withLock { state in
            if state.events.count == Self.most { state.events.removeFirst() }
            state.events.append(event)
        }
        woken.signal()
    }

    /// What was posted is still told; then the thread ends.
    func end() {
        state.withLock { $0.isEnded = true }
        woken.signal()
    }

    /// Waits for the next event; nil: there will be none.
    private func next() -> BackOffEvent? {
        while true {
            let (event, isEnded) = state.withLock { state in
                (state.events.isEmpty ? nil : state.events.removeFirst(), state.isEnded)
            }
            if let event { return event }
            if isEnded { return nil }
            woken.wait()
        }
    }
}
