// The thread on which watermarks are written down while a pass runs.

import Dispatch

/// Watermarks that are written down on a thread of their own.
final class Watermarks: Sendable {
    private let stopped = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// The life of that thread: until `end`, or until `move` says that it was the last.
    func `repeat`(every seconds: Int, _ move: () -> Bool) {
        while stopped.wait(timeout: .now() + .seconds(seconds)) == .timedOut, move() {}
        ended.signal()
    }

    /// Ends it; none is written down after that.
    func end() {
        stopped.signal()
        // One that is under way waits for the disk, as the pass is about to.
        ended.wait()
    }
}
