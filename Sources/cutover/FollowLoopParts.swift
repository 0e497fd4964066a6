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
    private let values: Lock<(workers: Int, held: HeldBack?)>

    /// `workers`: as many as a person wanted when it began.
    init(workers: Int) { values = Lock((workers, nil)) }

    /// As many as a person wanted when the pass ended.
    var workers: Int { values.withLock { $0.workers } }
    /// How long it gave way to others; nil: it gave none.
    var held: HeldBack? { values.withLock { $0.held } }

    func set(_ workers: Int, _ held: HeldBack?) { values.withLock { $0 = (workers, held) } }
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
