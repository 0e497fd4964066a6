// One thread's questions to the record, entry by entry.
//
// An object for each thread: counting references to the one table that all threads share would cost more than the
// answers, for its count would go from processor to processor.

/// Asks the record; used by one thread.
package final class RecordCursor {
    private let table: RecordTable
    /// The chunk of the last answer.
    private var near = 0

    package init(_ table: RecordTable) { self.table = table }

    /// What is recorded of an inode; nil: nothing.
    /// - Throws: `failed`.
    package func inode(_ inode: UInt64) throws(HistoryProblem) -> InodeRecord? {
        guard table.isRead else { return try table.history.inode(inode) }
        guard let place = table.place(of: inode, near: &near) else { return nil }
        return try table.record(at: place)
    }

    /// Whether an inode with several names has this one.
    /// - Throws: `failed`.
    package func hasName(_ name: NameRecord, of inode: UInt64) throws(HistoryProblem) -> Bool {
        try table.hasName(name, of: inode)
    }

    /// Whether a directory is recorded in this one under this name.
    /// - Throws: `failed`.
    package func hasDirectory(
        _ inode: UInt64,
        in parent: UInt64,
        named name: UnsafeRawBufferPointer
    ) throws(HistoryProblem) -> Bool {
        try table.hasDirectory(inode, in: parent, named: name)
    }
}
