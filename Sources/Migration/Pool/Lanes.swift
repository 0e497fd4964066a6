// Blocking lanes: the caller's own thread, and a thread each for the others (docs/design/workers.md).

import Dispatch
import LinuxIO

/// The lanes that run now; none begins when all is done.
///
/// Thread-safe.
final class LaneRoll: Sendable {
    private struct State: Sendable {
        var running = 0
        var isClosed = false
    }

    private let state = Lock(State())
    private let left = DispatchSemaphore(value: 0)

    /// Starts a thread for each lane and returns how many there are: those before the first for which there is
    /// no thread (S58).
    func start(_ lanes: Range<Int>, _ body: @escaping @Sendable (Int) -> Void) -> Int {
        for lane in lanes {
            guard enter() else { return lane - lanes.lowerBound }
            do throws(SystemError) {
                try BlockingThread.start { [self] in
                    body(lane)
                    leave()
                }
            } catch {
                leave()
                return lane - lanes.lowerBound
            }
        }
        return lanes.count
    }

    private func enter() -> Bool {
        state.withLock { state in
            if !state.isClosed { state.running += 1 }
            return !state.isClosed
        }
    }

    private func leave() {
        let isLast = state.withLock { state in
            state.running -= 1
            return state.isClosed && state.running == 0
        }
        if isLast { left.signal() }
    }

    /// Lets no more begin, and waits for those that run.
    func close() {
        let isWaiting = state.withLock { state in
            state.isClosed = true
            return state.running > 0
        }
        if isWaiting { left.wait() }
    }
}

/// Runs `body` in so many lanes at the same time, or as many as there are threads for, and returns when all have
/// ended; blocks.
///
/// Lane 0 runs on the calling thread, so it always does; each has to go on until nothing is left, whatever others
/// do (S58).
func inLanes(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard count > 0 else { return }
    let roll = LaneRoll()
    // Fewer than that do the same work.
    _ = roll.start(1..<count, body)
    body(0)
    roll.close()
}
