// What back-off needs to know of a loop, and its clock.

import Dispatch
package import LinuxIO

/// Moments and waits of back-off; tests let it go faster.
package struct BackOffClock: Sendable {
    /// So many seconds of back-off pass in one.
    private let scale: UInt64

    package init(scale: UInt64 = 1) { self.scale = max(scale, 1) }

    func now() -> UInt64 { monotonicNanoseconds() &* scale }

    func deadline(after nanoseconds: UInt64) -> DispatchTime {
        .now() + .nanoseconds(Int(clamping: nanoseconds / scale))
    }
}

/// What back-off needs to know.
package struct BackOffSettings: Sendable {
    /// As a person named it; opened anew for each read.
    package var source: Name
    /// The command of `--probe`, for `sh -c`; nil: none.
    package var probe: [UInt8]?
    /// `--probe-limit`; nil: three times what the probe takes at first.
    package var probeLimitSeconds: Double?
    /// So long a pass waits for each of the probe's first runs, which is killed then, in seconds.
    package var firstProbeSecondsMax: UInt64 = 10
    /// The umask of the probe: that of who started us, which a pass clears.
    package var mask: UInt32?
    package var clock = BackOffClock()

    package init(source: Name) { self.source = source }
}
