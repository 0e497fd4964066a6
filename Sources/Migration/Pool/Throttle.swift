// `--bwlimit`: one budget of bytes a second for all workers together.

import Dispatch
import LinuxIO

/// A limit on the bytes that all workers read in a second.
///
/// Each request is given the next free stretch of time and its worker sleeps until that begins; so the rate
/// holds over any second but for one buffer per worker at the start.
package final class Throttle: Sendable {
    private let bytesPerSecond: UInt64
    /// When the last stretch that was given away ends (monotonic nanoseconds).
    private let free: Lock<UInt64>

    package init(bytesPerSecond: UInt64) {
        precondition(bytesPerSecond > 0)
        self.bytesPerSecond = bytesPerSecond
        free = Lock(monotonicNanoseconds())
    }

    /// Waits until `byteCount` more bytes may be read; looks every 100 ms whether the pass was stopped.
    package func wait(for byteCount: Int, isStopped: () -> Bool) {
        let nanoseconds = UInt64(Double(byteCount) * 1e9 / Double(bytesPerSecond))
        let start = free.withLock { free in
            let start = max(free, monotonicNanoseconds())
            free = start + nanoseconds
            return start
        }
        while !isStopped() {
            let now = monotonicNanoseconds()
            if now >= start { return }
            pauseThread(nanoseconds: min(start - now, 100_000_000))
        }
    }
}
