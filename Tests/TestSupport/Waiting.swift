// Waiting for conditions, and not for times.

import Glibc
package import Testing

/// Waits until something has become true, for at most `seconds`.
package func waitUntil(
    seconds: Int = 30,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ isTrue: () throws -> Bool
) rethrows {
    let end = monotonicSeconds() + Double(seconds)
    while try !isTrue() {
        if monotonicSeconds() > end {
            Issue.record("it did not become true in \(seconds) s", sourceLocation: sourceLocation)
            return
        }
        usleep(2000)
    }
}

/// Seconds within which something ends that was told to end, or it hangs.
///
/// No measure of how fast it is: a machine with much to do takes its time. What such a test waits for would take far
/// longer by itself.
package let hangSeconds = 40.0

/// Seconds of the monotonic clock.
package func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
