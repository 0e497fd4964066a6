// Counts of a running pass: relaxed atomics that workers add to and a ticker reads. Each is exact at
// the end; while workers run, two of them need not fit together.

package import Synchronization

/// The counts of one pass.
///
/// Sizes are in bytes.
package final class Counters: Sendable {
    /// Entries of SOURCE that were examined, whatever became of them.
    package let entriesSeen = Atomic<UInt64>(0)
    /// Space on SOURCE of what was examined; reaches the volume's used bytes at the end.
    package let bytesSeen = Atomic<UInt64>(0)
    /// Directories of SOURCE whose names were read.
    package let directoriesListed = Atomic<UInt64>(0)
    /// Regular files whose contents were copied, and the bytes read for that (holes not counted).
    package let filesCopied = Atomic<UInt64>(0)
    package let bytesCopied = Atomic<UInt64>(0)
    package let directoriesMade = Atomic<UInt64>(0)
    /// Directories renamed on DESTINATION as they were on SOURCE.
    package let directoriesMoved = Atomic<UInt64>(0)
    package let symlinksMade = Atomic<UInt64>(0)
    package let specialsMade = Atomic<UInt64>(0)
    package let linksMade = Atomic<UInt64>(0)
    /// Up-to-date entries whose owner, mode, times, ACL, xattrs or flags were repaired.
    package let attributesRepaired = Atomic<UInt64>(0)
    package let extrasDeleted = Atomic<UInt64>(0)
    /// Extras left alone since `deletionsMax` was reached.
    package let deletionsRefused = Atomic<UInt64>(0)
    package let failures = Atomic<UInt64>(0)
    /// Files of SOURCE that its disk does not give whole, and the bytes of their unreadable ranges; a file with
    /// several names counts once.
    package let filesDamaged = Atomic<UInt64>(0)
    package let bytesUnreadable = Atomic<UInt64>(0)
    /// Those that were written to DESTINATION with holes there.
    package let filesSalvaged = Atomic<UInt64>(0)
    package let vanished = Atomic<UInt64>(0)
    package let mountsSkipped = Atomic<UInt64>(0)
    /// Devices, FIFOs and sockets that were not made: not root, or asked not to.
    package let specialsSkipped = Atomic<UInt64>(0)
    package let leftoversRemoved = Atomic<UInt64>(0)
    /// Directories of DESTINATION in which nothing was deleted as SOURCE's could not be listed to its end (S44).
    package let directoriesProtected = Atomic<UInt64>(0)
    /// After DESTINATION stopped the pass: what is missing there (S18).
    package let entriesMissing = Atomic<UInt64>(0)
    package let bytesMissing = Atomic<UInt64>(0)

    package init() {}
}

extension Atomic<UInt64> {
    /// Adds to a count that orders nothing else.
    package borrowing func count(_ amount: UInt64 = 1) {
        wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count now.
    package borrowing func value() -> UInt64 { load(ordering: .relaxed) }
}
