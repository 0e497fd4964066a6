// How a run is ended from outside: by a signal, or at a time limit.
//
// A signal gives back what is in hand. At a time limit nothing new is begun, what is in hand may end, and is given back
// some time later. Kept true: whoever asks here and then leaves something undone is noted, for that makes the
// difference between a run that was cut and one that was done in time.

import Synchronization

/// Shared by all who work on a pass, a verification or a check, and by who stops it.
package final class RunControl: Sendable {
    /// What ended a run before it was done.
    package enum Cause: Sendable { case signal, timeLimit }

    /// How far a run is ended; it only grows.
    private static let running: UInt8 = 0
    private static let beginsNothing: UInt8 = 1
    private static let givesBack: UInt8 = 2

    private let stage = Atomic<UInt8>(running)
    private let isSignalled = Atomic<Bool>(false)
    private let hasLeft = Atomic<Bool>(false)
    private let givesWay = Atomic<Bool>(false)

    package init() {}

    /// Whether the run is held back, as it gives way to others; what it takes then says nothing of its full power.
    ///
    /// Any thread.
    package var isHeldBack: Bool { givesWay.load(ordering: .relaxed) }
    package func holdBack(_ isHeldBack: Bool) { givesWay.store(isHeldBack, ordering: .relaxed) }

    /// Ends the run within a second or two: what is in hand is given back, nothing new is begun.
    ///
    /// Any thread; safe to call from a signal source's handler.
    package func interrupt() {
        isSignalled.store(true, ordering: .sequentiallyConsistent)
        stage.max(Self.givesBack, ordering: .sequentiallyConsistent)
    }

    /// The time limit is reached: nothing new is begun.
    package func reachTimeLimit() {
        stage.max(Self.beginsNothing, ordering: .sequentiallyConsistent)
    }

    /// What is in hand since the time limit is given back.
    package func endGrace() { stage.max(Self.givesBack, ordering: .sequentiallyConsistent) }

    /// Whether something new may be begun; who is told no leaves it.
    package var mayBegin: Bool {
        if stage.load(ordering: .relaxed) == Self.running { return true }
        hasLeft.store(true, ordering: .relaxed)
        return false
    }

    /// Whether what is in hand is to be given back; who is told yes does so.
    package var isInterrupted: Bool {
        if stage.load(ordering: .relaxed) < Self.givesBack { return false }
        hasLeft.store(true, ordering: .relaxed)
        return true
    }

    /// The same, only to know.
    package var isGivingBack: Bool { stage.load(ordering: .relaxed) == Self.givesBack }

    /// What ended the run before it was done; nil: nothing did, so far.
    package var cause: Cause? {
        if isSignalled.load(ordering: .sequentiallyConsistent) { return .signal }
        return hasLeft.load(ordering: .sequentiallyConsistent) ? .timeLimit : nil
    }

    /// How a run ends that does not come back.
    package var statusIfGivenUp: ExitStatus {
        isSignalled.load(ordering: .sequentiallyConsistent) ? .interrupted : .timeLimit
    }
}
