// What a pass and a verification are to who runs them: begun once, steered from other threads while they run, and
// given up if they do not come back.

/// A run that others hold back while it is under way.
package protocol HeldRun: AnyObject, Sendable {
    /// How many workers a person wants it to have: what it began with, and what signals made of that since.
    var workersWanted: Int { get }

    /// At most so many workers, whatever a person wants; 0: none, which is a pause. Nil: no such limit.
    ///
    /// Any thread, at any time, before and after the run, too; returns at once. Lanes that are too many stop after the
    /// piece in hand, in a pause already before its next entry or chunk. A run that is being ended has no limit, and
    /// takes none: it has to come to its end.
    ///
    /// `isMeasuring`: not for others' sake, but to measure them without it; such time is none of what the run took.
    func limitWorkers(to most: Int?, isMeasuring: Bool)
}

extension HeldRun {
    /// The same, for others' sake.
    package func limitWorkers(to most: Int?) { limitWorkers(to: most, isMeasuring: false) }
}

/// One run whose roots are open.
package protocol SteeredRun<Summary>: AnyObject, Sendable {
    associatedtype Summary: Sendable

    /// Does everything and returns how it ended; blocks its thread, and may be called once.
    ///
    /// After it nothing of the run is locked: the next one of the same process may begin.
    func run() -> Summary

    /// Stops within a second or two: what is in hand is given back, nothing new is begun.
    ///
    /// Any thread; not within a handler that interrupts one. False: the run had come to its end, and how it ends may
    /// have been settled without this.
    func interrupt() -> Bool

    /// What ends it at a time limit.
    var control: RunControl { get }

    /// Whether all is written and DESTINATION's disk is waited for, which cannot be cut short.
    var isSynchronizing: Bool { get }

    /// What is known of a run that was interrupted, or has a time limit, and does not come back (S59).
    ///
    /// Its workers may still run, and may be in the middle of anything. Called by another thread than `run`; the process
    /// has to end soon after. `waiting`: what does not come back.
    func giveUp(waiting: [WaitingCall]) -> Summary

    /// Adds workers, or takes some away; at least one stays.
    ///
    /// That is what a person wants; a limit stays as it is. False: no work of the kind is under way here, so nothing was
    /// changed, and what comes next has to take it.
    func changeWorkers(by difference: Int) -> Bool
}
