// How a run is ended from outside.

import Synchronization

/// Shared by all who work on a pass, a verification or a check, and by who stops it.
package final class RunControl: Sendable {
    private let stop = Atomic<Bool>(false)

    package init() {}

    /// Ends the run within a second or two: what is in hand is given back, nothing new is begun.
    ///
    /// Any thread; safe to call from a signal source's handler.
    package func interrupt() { stop.store(true, ordering: .sequentiallyConsistent) }

    package var isInterrupted: Bool { stop.load(ordering: .relaxed) }
}
