// Which inodes of the record a walk has met, just as they are recorded. Of those it notes nothing; at its end the
// record is changed where notes differ from it, and inodes are taken out that were not met. So a walk that
// finds nothing changed writes nothing but its own row, and comes to the same record as if all were written anew.
//
// An inode with several names is never ticked off but noted with all of them: one of them may be gone.

import History
import Synchronization

/// The record at hand, and one bit for each inode of it.
///
/// Thread-safe. Sendable though it has a pointer: to atomics, which stay where they are.
final class MetInodes: @unchecked Sendable {
    let table: RecordTable
    private let met: UnsafeMutablePointer<Atomic<UInt64>>

    init(_ table: RecordTable) {
        self.table = table
        met = .allocate(capacity: table.chunkCount)
        for index in 0..<table.chunkCount { (met + index).initialize(to: Atomic(0)) }
    }

    deinit {
        met.deinitialize(count: table.chunkCount)
        met.deallocate()
    }

    /// Ticks off the inode of a note, if the record says the same of it; whether it does.
    ///
    /// `near` is as in `RecordTable.place`.
    func tick(_ note: InodeNote, near: inout Int) -> Bool {
        guard note.kind.isSubset(of: .directory),
            let place = table.place(of: note.inode, near: &near),
            // What cannot be read is written anew.
            let known = try? table.record(at: place), note.says(known)
        else { return false }
        met[place.chunk].bitwiseOr(place.bit, ordering: .relaxed)
        return true
    }

    /// Whether the record has this directory in that one under this name.
    func hasDirectory(_ inode: UInt64, in parent: UInt64, named name: ArraySlice<UInt8>) -> Bool {
        // As above.
        name.withUnsafeBytes { name in
            (try? table.hasDirectory(inode, in: parent, named: name)) ?? false
        }
    }

    // MARK: When all notes are there

    /// What the record says of an inode, and whether that was met.
    func answer(
        for inode: UInt64,
        near: inout Int
    ) throws(HistoryProblem) -> (record: InodeRecord, isMet: Bool)? {
        guard let place = table.place(of: inode, near: &near) else { return nil }
        let isMet = met[place.chunk].load(ordering: .relaxed) & place.bit != 0
        return (try table.record(at: place), isMet)
    }

    /// The inodes that were not met, in ascending order, one after the other.
    struct Absent {
        private let roll: MetInodes
        private var chunk = 0
        private var left: UInt64 = 0

        init(_ roll: MetInodes) {
            self.roll = roll
            left = missing(0)
        }

        /// The next one below `limit`; one that is `limit` is left out, for it has notes.
        mutating func next(before limit: UInt64?) -> UInt64? {
            while chunk < roll.table.chunkCount {
                guard left != 0 else {
                    chunk += 1
                    left = missing(chunk)
                    continue
                }
                let bit = left & (~left &+ 1)
                let inode = roll.table.inode(at: RecordTable.Place(chunk: chunk, bit: bit))
                if let limit, inode > limit { return nil }
                left &= ~bit
                if inode != limit { return inode }
            }
            return nil
        }

        private func missing(_ chunk: Int) -> UInt64 {
            guard chunk < roll.table.chunkCount else { return 0 }
            return roll.table.recorded(inChunk: chunk)
                & ~roll.met[chunk].load(ordering: .relaxed)
        }
    }
}
