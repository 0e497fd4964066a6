// The clocks that passes are dated by, and the boot that a date belongs to. Durations within one run are
// `monotonicNanoseconds` (Volume.swift).

import Glibc

/// The time that filesystems stamp with: the time of day as of the last tick, up to 10 ms old (CONFIG_HZ).
///
/// Nanoseconds since 1970. Whatever changes after this call bears a ctime not before its result, on the
/// kernels with fine-grained stamps (Linux 6.13) too, unless the clock is set back; the time of day itself
/// (CLOCK_REALTIME) has no such promise. The corresponding system call is `clock_gettime` with
/// CLOCK_REALTIME_COARSE.
package func coarseTimeNanoseconds() -> Int64 { nanoseconds(of: CLOCK_REALTIME_COARSE) }

/// Nanoseconds since the machine started, suspended time included; nobody can set it.
///
/// The corresponding system call is `clock_gettime` with CLOCK_BOOTTIME.
package func bootNanoseconds() -> Int64 { nanoseconds(of: CLOCK_BOOTTIME) }

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    // It cannot fail for a clock that Linux always has.
    _ = clock_gettime(clock, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
        .nanosecondsSince1970
}

/// The UUID that the kernel made when it started, in its text form of 36 characters: equal as long as the
/// machine runs, different after every start.
///
/// ENODATA where it is anything else. Read from /proc/sys/kernel/random/boot_id (random(4)).
package func bootIdentifier() throws(SystemError) -> String {
    let text = try InputFile.contents(
        of: Name("/proc/sys/kernel/random/boot_id"),
        bytesMax: 64
    )
    let identifier = text.prefix { $0 != 0x0A }
    guard identifier.count == 36 else { throw SystemError(.read, .noData) }
    return String(decoding: identifier, as: UTF8.self)
}
