// When a verification began: what changed after that says nothing of the copy.

import LinuxIO

/// A moment before anything was read.
struct VerificationClock: Sendable {
    /// Nanoseconds since 1970, at the kernel's tick: what changes from then on bears a ctime not before it.
    let nanoseconds = coarseTimeNanoseconds()

    /// Whether an entry changed after this moment, by its time of change, which nobody can set.
    ///
    /// Times are as fine as the kernel's tick, so what bears the very time of the beginning may be of either
    /// side; it counts as older, for a difference that is told as wrong is looked at. So does what bears a time
    /// still to come: a clock that was set back since, or another host's. Nothing that changes now can bear it.
    func showsChange(of status: FileStatus) -> Bool {
        let changed = status.changed.nanosecondsSince1970
        return changed > nanoseconds && changed <= Int64(WallClock.nanoseconds)
    }
}
