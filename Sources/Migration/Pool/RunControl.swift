// How a run is ended from outside, by a signal or at a time limit, and how it is paused.
//
// A signal gives back what is in hand. At a time limit nothing new is begun, what is in hand may end, and is given back
// some time later. Kept true: whoever asks here and then leaves something undone is noted, for that makes the
// difference between a run that was cut and one that was done in time.
//
// In a pause whoever asks whether something new may be begun waits here for the answer. No wake-up is lost: a waiter
// looks whether there still is a pause and enters itself under the lock under which the pause is ended. And nobody can
// wait for ever beside an end: the end of a run ends its pause under that lock, too, and no later one can begin.

import Dispatch
import LinuxIO
import Synchronization

/// Shared by all who work on a pass, a verification or a check, and by who stops it.
package final class RunControl: Sendable {
    /// What ended a run before it was done.
    package enum Cause: Sendable { case signal, timeLimit }

    // In one number, so that who asks for each entry loads once.
    private static let paused: UInt8 = 1
    /// How far a run is ended; these only come.
    private static let beginsNothing: UInt8 = 2
    private static let givesBack: UInt8 = 4

    /// How much of its power a run has.
    package enum Power: UInt8, Sendable {
        case full
        /// It gives way to others: what it takes says nothing of its full power.
        case heldBack
        /// It stands still so that others can be measured without it: this time says nothing of it at all.
        case stopped
    }

    /// What a pause is made of; `flags` has its bit while `isPaused`.
    private struct Gate: Sendable {
        var isPaused = false
        var isEnding = false
        var waiting: [DispatchSemaphore] = []
        var whenEnding: [@Sendable () -> Void] = []
    }

    private let flags = Atomic<UInt8>(0)
    private let gate = Lock(Gate())
    private let isSignalled = Atomic<Bool>(false)
    private let hasLeft = Atomic<Bool>(false)
    private let usedPower = Atomic<UInt8>(Power.full.rawValue)

    package init() {}

    /// How much of its power the run has now.
    ///
    /// Any thread.
    package var power: Power { Power(rawValue: usedPower.load(ordering: .relaxed)) ?? .full }
    package func use(_ power: Power) { usedPower.store(power.rawValue, ordering: .relaxed) }

    /// Ends the run within a second or two: what is in hand is given back, nothing new is begun.
    ///
    /// Any thread; not within a handler that interrupts one.
    package func interrupt() {
        isSignalled.store(true, ordering: .sequentiallyConsistent)
        end(Self.beginsNothing | Self.givesBack)
    }

    /// The time limit is reached: nothing new is begun.
    package func reachTimeLimit() { end(Self.beginsNothing) }

    /// What is in hand since the time limit is given back.
    package func endGrace() { end(Self.beginsNothing | Self.givesBack) }

    private func end(_ how: UInt8) {
        let (waiting, handlers) = gate.withLock { gate in
            flags.bitwiseOr(how, ordering: .sequentiallyConsistent)
            flags.bitwiseAnd(~Self.paused, ordering: .sequentiallyConsistent)
            defer { gate = Gate(isEnding: true) }
            return (gate.waiting, gate.whenEnding)
        }
        for waiter in waiting { waiter.signal() }
        for handler in handlers { handler() }
    }

    /// Has something done once when the run begins to end; at once if it does already.
    ///
    /// On the thread that ends it, which must not be held up.
    package func whenEnding(_ handler: @escaping @Sendable () -> Void) {
        let isEnding = gate.withLock { gate in
            if !gate.isEnding { gate.whenEnding.append(handler) }
            return gate.isEnding
        }
        if isEnding { handler() }
    }

    // MARK: Pausing

    /// Begins or ends a pause; a run that is being ended has none.
    ///
    /// Any thread. It comes into force where workers ask next: before an entry, or between two chunks of a large file.
    package func pause(_ isPaused: Bool) {
        let waiting = gate.withLock { gate -> [DispatchSemaphore] in
            if gate.isEnding || gate.isPaused == isPaused { return [] }
            gate.isPaused = isPaused
            if isPaused {
                flags.bitwiseOr(Self.paused, ordering: .sequentiallyConsistent)
                return []
            }
            flags.bitwiseAnd(~Self.paused, ordering: .sequentiallyConsistent)
            defer { gate.waiting = [] }
            return gate.waiting
        }
        for waiter in waiting { waiter.signal() }
    }

    /// Whether there is a pause: time to let go of what need not be held in it.
    package var isPaused: Bool { flags.load(ordering: .relaxed) & Self.paused != 0 }

    /// Blocks the calling thread while there is a pause, and costs one load where there is none.
    package func waitWhilePaused() {
        while isPaused {
            let own = DispatchSemaphore(value: 0)
            let waits = gate.withLock { gate in
                if gate.isPaused { gate.waiting.append(own) }
                return gate.isPaused
            }
            if waits { own.wait() }
        }
    }

    // MARK: Asking

    /// Whether something new may be begun; who is told no leaves it.
    ///
    /// Blocks in a pause.
    package var mayBegin: Bool {
        if flags.load(ordering: .relaxed) == 0 { return true }
        waitWhilePaused()
        if flags.load(ordering: .relaxed) & Self.beginsNothing == 0 { return true }
        hasLeft.store(true, ordering: .relaxed)
        return false
    }

    /// Whether what is in hand is to be given back; who is told yes does so.
    package var isInterrupted: Bool {
        if !isGivingBack { return false }
        hasLeft.store(true, ordering: .relaxed)
        return true
    }

    /// The same, only to know.
    package var isGivingBack: Bool { flags.load(ordering: .relaxed) & Self.givesBack != 0 }

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
