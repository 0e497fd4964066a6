// How many large files may be under way at a time.

import Synchronization

/// A number of places, as many as there are workers: each file that several workers have in hand holds descriptors
/// that `DescriptorBudget.perWorker` has room for.
///
/// Thread-safe.
final class LargeFileSlots: Sendable {
    private let taken = Atomic<Int>(0)

    /// Takes a place; false where there is none: such a file is left to one worker alone.
    func take(of workers: Int) -> Bool {
        if taken.wrappingAdd(1, ordering: .relaxed).newValue <= workers { return true }
        giveBack()
        return false
    }

    func giveBack() { taken.wrappingSubtract(1, ordering: .relaxed) }
}
