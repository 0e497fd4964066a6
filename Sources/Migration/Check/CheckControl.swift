// How a check is ended from outside.

import Synchronization

/// Shared by whoever runs a check and whoever stops it.
package final class CheckControl: Sendable {
    private let stop = Atomic<Bool>(false)

    package init() {}

    /// Ends the check as soon as what it tries out on DESTINATION is taken away again.
    ///
    /// Any thread.
    package func interrupt() { stop.store(true, ordering: .relaxed) }

    package var isInterrupted: Bool { stop.load(ordering: .relaxed) }
}
