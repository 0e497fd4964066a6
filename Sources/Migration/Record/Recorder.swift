// What a pass writes down for the next one: notes on inodes, and SOURCE's directories with their names. Nothing
// of it counts before `History.finish` has committed it with the end of the pass.

package import History
package import LinuxIO

/// One worker's notes on their way to the spool.
///
/// Sendable though it is mutable: one worker writes to it, and the recorder reads it when no worker runs.
package final class NoteBuffer: @unchecked Sendable {
    private var notes: [InodeNote] = []
    private let spool: NoteSpool
    private let roll: MetInodes?
    private let racyFrom: Int64
    /// Where the inode before stood in the record.
    private var near = 0
    private static let capacity = 1_024

    fileprivate init(spool: NoteSpool, roll: MetInodes?, racyFrom: Int64) {
        self.spool = spool
        self.roll = roll
        self.racyFrom = racyFrom
    }

    /// Notes a name that was examined.
    func add(_ status: FileStatus, parent: UInt64, nameHash: UInt32) {
        let changed = status.changed.nanosecondsSince1970
        add(
            InodeNote(
                status,
                parent: parent,
                nameHash: nameHash,
                changed: changed >= racyFrom ? InodeNote.mustRecheck : changed
            )
        )
    }

    /// Takes a note, unless the record says it already and is told from.
    package func add(_ note: InodeNote) {
        if let roll, roll.tick(note, near: &near) { return }
        if notes.isEmpty { notes.reserveCapacity(Self.capacity) }
        notes.append(note)
        if notes.count == Self.capacity { flush() }
    }

    fileprivate func flush() {
        spool.add(notes)
        notes.removeAll(keepingCapacity: true)
    }
}

/// Collects what one pass learns.
///
/// Thread-safe.
package final class Recorder: Sendable {
    private struct Parts: Sendable {
        /// Where the notes of a pass are merged into that looks at a part of SOURCE only; nil: at all of it.
        ///
        /// Then a doubt must find the row that it is about.
        var record: History?
        /// What a walk compares its notes with; nil: they replace what was recorded.
        var roll: MetInodes?
        var spool: NoteSpool
        var directories: DirectorySpool
        var buffers: [NoteBuffer] = []
        /// Directories of a scan pass whose listings were read and handled.
        var listed: Set<UInt64> = []
        /// Directories that a scan did not find any more.
        var gone: Set<UInt64> = []
        /// Inodes that a scan pass compares under all names that it knows of.
        var compared: Set<UInt64> = []
        /// Inodes that were doubted already: the 65,000 names of one may all fail.
        var doubted: Set<UInt64> = []
        var recordFailure: HistoryProblem?
    }

    /// An inode whose ctime is not older may change once more without a later time to show it (S7).
    private let racyFrom: Int64
    private let folder: SharedDescriptor
    private let parts: Lock<Parts>

    /// `folder` is where spools are made.
    package init(racyFrom: Int64, folder: SharedDescriptor) {
        self.racyFrom = racyFrom
        self.folder = folder
        parts = Lock(Self.parts(nil, nil, folder))
    }

    private static func parts(
        _ record: History?,
        _ roll: MetInodes?,
        _ folder: SharedDescriptor
    ) -> Parts {
        Parts(
            record: record,
            roll: roll,
            spool: NoteSpool(folder: folder),
            directories: DirectorySpool(folder: folder)
        )
    }

    /// Forgets all notes and begins anew, for a scan: they are merged into `record`.
    ///
    /// Before any worker has a buffer.
    package func begin(mergingInto record: History) {
        parts.withLock { $0 = Self.parts(record, nil, folder) }
    }

    /// A directory of the record is gone from SOURCE: so are the names in it.
    package func noteGone(directory: UInt64) {
        parts.withLock { parts in _ = parts.gone.insert(directory) }  // It may be told twice.
    }

    /// Inodes that are compared wherever they are met, and for whose recorded names all directories are to be listed: of
    /// them what is not met is no more.
    package func noteCompared(_ inodes: Set<UInt64>) { parts.withLock { $0.compared = inodes } }

    /// The same for a walk: what it notes is the record then, whether `table` knows what it was or not.
    package func begin(comparingWith table: RecordTable?) {
        let roll = table.flatMap { $0.isRead ? MetInodes($0) : nil }
        parts.withLock { $0 = Self.parts(nil, roll, folder) }
    }

    /// A buffer for one worker.
    package func makeBuffer() -> NoteBuffer {
        parts.withLock { parts in
            let buffer = NoteBuffer(
                spool: parts.spool,
                roll: parts.roll,
                racyFrom: racyFrom
            )
            parts.buffers.append(buffer)
            return buffer
        }
    }

    /// A directory is about to be listed on both sides, and its entries to be handed out.
    func noteDirectory(_ status: FileStatus, parent: UInt64, name: Name, in buffer: NoteBuffer) {
        buffer.add(status, parent: parent, nameHash: InodeNote.hash(name.bytes))
        notePlace(of: status.inode, parent: parent, name: name)
    }

    /// Where a directory is, and how it is called, beside the note on its inode.
    package func notePlace(of inode: UInt64, parent: UInt64, name: Name) {
        let (directories, roll) = parts.withLock { parts in
            if parts.record != nil { parts.listed.insert(inode) }
            return (parts.directories, parts.roll)
        }
        if let roll, roll.hasDirectory(inode, in: parent, named: name.bytes) { return }
        directories.add(inode: inode, parent: parent, name: name.bytes)
    }

    /// Something of this inode failed or was left undone: the next pass looks at it again.
    package func doubt(_ inode: UInt64, in buffer: NoteBuffer) {
        let (isFirst, record) = parts.withLock { parts in
            (parts.doubted.insert(inode).inserted, parts.record)
        }
        guard isFirst else { return }
        buffer.add(InodeNote(inode: inode, .doubt))
        guard let record else { return }
        do throws(HistoryProblem) {
            guard let known = try record.inode(inode) else { return }
            for name in try record.names(of: known) {
                buffer.add(InodeNote(mustRecheck: known, name))
            }
        } catch {
            parts.withLock { $0.recordFailure = error }
        }
    }

    /// The inode is in the record and no longer on SOURCE, or not where it was: a note that it was met since
    /// counts more.
    func noteRemoved(_ inode: UInt64, in buffer: NoteBuffer) {
        buffer.add(InodeNote(inode: inode, .removed))
    }

    /// Why the notes are not whole, if they are not: then nothing of the pass is remembered.
    var failure: String? {
        let parts = parts.withLock { $0 }
        if let problem = parts.recordFailure { return problem.sentence }
        let error = parts.spool.failure ?? parts.directories.failure
        return error.map { "\($0.operation.rawValue): \($0.code.sentence)" }
    }

    /// The changes of the record; when no worker runs any more, once.
    ///
    /// `changed`: the inodes that a scan found changed, in ascending order. One of them that is in none of
    /// the directories where it had names, all of which were read, has left SOURCE.
    package func changes(after changed: [ChangedInode]) -> RecordChanges {
        let parts = parts.withLock { $0 }
        for buffer in parts.buffers { buffer.flush() }
        let inodes = InodeChanges(
            parts.spool.merged(),
            changed: changed,
            looked: InodeChanges.Looked(
                listed: parts.listed,
                gone: parts.gone,
                compared: parts.compared
            ),
            record: parts.record,
            roll: parts.roll
        )
        let directories = parts.directories.reader()
        return RecordChanges(
            replacesAll: parts.record == nil && parts.roll == nil,
            isWhole: parts.record == nil,
            nextInode: { try inodes.next() },
            nextDirectory: {
                while let directory = try directories.next() {
                    if inodes.hasPlace(directory) { return directory }
                }
                return nil
            },
            nextNames: { inodes.nextNames() },
            nextDoubted: { inodes.nextDoubted() }
        )
    }
}
