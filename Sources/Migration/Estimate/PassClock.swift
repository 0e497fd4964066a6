// What the parts of a pass take, one after the other without a gap.

import History
import LinuxIO

/// Measures the parts of one pass.
struct PassClock {
    /// A part that begins where the one before ends.
    enum Part { case open, changes, work, synchronize }

    private var times = PassTimes()
    private var part = Part.open
    private var since: UInt64

    /// `since`: when the pass was made, by `monotonicNanoseconds`.
    init(since: UInt64) { self.since = since }

    /// The present part ends, and `next` begins.
    mutating func begin(_ next: Part) {
        let now = monotonicNanoseconds()
        let took = now &- since
        switch part {
        case .open: times.open = took
        case .changes: times.changes = took
        case .work: times.work = took
        case .synchronize: times.synchronize = took
        }
        part = next
        since = now
    }

    /// The present part ends, and none begins.
    mutating func end() -> PassTimes {
        begin(part)
        return times
    }
}
