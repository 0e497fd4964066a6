// What the loop of `follow` hands around: why it ends, and what it shares with the thread that runs a pass.

import LinuxIO
import Migration

/// Why a loop goes on no more.
struct FollowLoopEnd: Error {
    let status: ExitStatus
    let reason: FollowEnd

    init(_ status: ExitStatus, _ reason: FollowEnd) {
        (self.status, self.reason) = (status, reason)
    }
}

/// What the run's thread hands over when its pass has ended.
///
/// Thread-safe.
final class HandedOver: Sendable {
    private let values = Lock<(workersMore: Int, held: HeldBack?)>((0, nil))

    /// By how many signals changed the number of workers in the pass.
    var workersMore: Int { values.withLock { $0.workersMore } }
    /// How long it gave way to others; nil: it gave none.
    var held: HeldBack? { values.withLock { $0.held } }

    func set(_ workersMore: Int, _ held: HeldBack?) {
        values.withLock { $0 = (workersMore, held) }
    }
}

/// A run that others keep: who waits for its begin must not keep a volume open.
///
/// Thread-safe.
final class WeakRun: Sendable {
    private struct Kept: Sendable { weak var run: EstimatedPass? }
    private let kept = Lock(Kept())

    var value: EstimatedPass? { kept.withLock { $0.run } }
    func set(_ run: EstimatedPass) { kept.withLock { $0.run = run } }
}
