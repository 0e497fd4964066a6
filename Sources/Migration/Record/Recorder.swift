// What a pass writes down for the next one: notes on inodes, and SOURCE's directories with their names. Nothing
// of it counts before `History.finish` has committed it with the end of the pass.

import History
import LinuxIO

/// One worker's notes on their way to the spool.
///
/// Sendable though it is mutable: one worker writes to it, and the recorder reads it when no worker runs.
final class NoteBuffer: @unchecked Sendable {
    private var notes: [InodeNote] = []
    private let spool: NoteSpool
    private static let capacity = 1_024

    fileprivate init(spool: NoteSpool) {
        self.spool = spool
        notes.reserveCapacity(Self.capacity)
    }

    func add(_ note: InodeNote) {
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
        /// Where the notes of a pass are merged into that looks at a part of SOURCE only; nil: they replace all.
        ///
        /// Then a doubt must find the row that it is about.
        var record: History?
        var spool: NoteSpool
        var directories: DirectorySpool
        var buffers: [NoteBuffer] = []
        /// Directories of a scan pass whose listings were read and handled.
        var listed: Set<UInt64> = []
        /// Inodes that were doubted already: the 65,000 names of one may all fail.
        var doubted: Set<UInt64> = []
        var recordFailure: HistoryProblem?
    }

    /// An inode whose ctime is not older may change once more without a later time to show it (S7).
    let racyFrom: Int64
    private let folder: SharedDescriptor
    private let parts: Lock<Parts>

    /// `folder` is where spools are made.
    init(racyFrom: Int64, folder: SharedDescriptor) {
        self.racyFrom = racyFrom
        self.folder = folder
        parts = Lock(Self.parts(nil, folder))
    }

    private static func parts(_ record: History?, _ folder: SharedDescriptor) -> Parts {
        Parts(
            record: record,
            spool: NoteSpool(folder: folder),
            directories: DirectorySpool(folder: folder)
        )
    }

    /// Forgets all notes and begins anew: those of a scan are merged into `record`, those of a walk replace it.
    ///
    /// Before any worker has a buffer.
    func begin(mergingInto record: History?) {
        parts.withLock { $0 = Self.parts(record, folder) }
    }

    /// A buffer for one worker.
    func makeBuffer() -> NoteBuffer {
        parts.withLock { parts in
            let buffer = NoteBuffer(spool: parts.spool)
            parts.buffers.append(buffer)
            return buffer
        }
    }

    /// What the record shall hold as the time of change of an entry with this status.
    func settledChange(_ status: FileStatus) -> Int64 {
        let changed = status.changed.nanosecondsSince1970
        return changed >= racyFrom ? InodeNote.unsettled : changed
    }

    /// A directory is about to be listed on both sides, and its entries to be handed out.
    func noteDirectory(_ status: FileStatus, parent: UInt64, name: Name, in buffer: NoteBuffer) {
        buffer.add(
            InodeNote(
                status,
                parent: parent,
                nameHash: InodeNote.hash(name.bytes),
                changed: settledChange(status)
            )
        )
        let directories = parts.withLock { parts in
            if parts.record != nil { parts.listed.insert(status.inode) }
            return parts.directories
        }
        directories.add(inode: status.inode, parent: parent, name: name.bytes)
    }

    /// Something of this inode failed or was left undone: the next pass looks at it again.
    func doubt(_ inode: UInt64, in buffer: NoteBuffer) {
        let (isFirst, record) = parts.withLock { parts in
            (parts.doubted.insert(inode).inserted, parts.record)
        }
        guard isFirst else { return }
        buffer.add(InodeNote(inode: inode, .doubt))
        guard let record else { return }
        do throws(HistoryProblem) {
            guard let known = try record.inode(inode) else { return }
            let names =
                known.hasSeveralNames
                ? try record.names(of: inode)
                : [NameRecord(parent: known.parent, nameHash: known.nameHash)]
            for name in names { buffer.add(InodeNote(known, name)) }
        } catch {
            parts.withLock { $0.recordFailure = error }
        }
    }

    /// What became of a directory that moved on SOURCE: in place on DESTINATION as well, or to be compared as a
    /// whole.
    ///
    /// Before it is listed, for it may never be: the record must not say that it stands where it stood.
    func noteMove(_ move: DirectoryMove, isInPlace: Bool) {
        let buffer = makeBuffer()
        guard isInPlace, let record = parts.withLock({ $0.record }) else {
            buffer.add(InodeNote(inode: move.inode, .removed))
            return
        }
        do throws(HistoryProblem) {
            guard let known = try record.inode(move.inode) else { return }
            let name = NameRecord(
                parent: move.parent,
                nameHash: InodeNote.hash(move.name.bytes)
            )
            buffer.add(InodeNote(known, name, .provisional))
            let directories = parts.withLock { $0.directories }
            directories.add(inode: move.inode, parent: move.parent, name: move.name.bytes)
        } catch {
            parts.withLock { $0.recordFailure = error }
        }
    }

    /// The inode is in the record and no longer on SOURCE.
    func noteRemoved(_ inode: UInt64, in buffer: NoteBuffer) {
        buffer.add(InodeNote(inode: inode, .removed))
    }

    /// Why the notes are not whole, if they are not: then nothing of the pass is remembered.
    var failure: String? {
        let parts = parts.withLock { $0 }
        if let problem = parts.recordFailure { return "\(problem)" }
        let error = parts.spool.failure ?? parts.directories.failure
        return error.map { "\($0.operation.rawValue): \($0.code.sentence)" }
    }

    /// The changes of the record; when no worker runs any more, once.
    ///
    /// `changed`: the inodes that a scan found changed, in ascending order. One of them that is in none of
    /// the directories where it had names, all of which were read, has left SOURCE.
    func changes(after changed: [ChangedInode]) -> RecordChanges {
        let parts = parts.withLock { $0 }
        for buffer in parts.buffers { buffer.flush() }
        let names = NamesOfInodes()
        let inodes = InodeChanges(
            parts.spool.merged(),
            changed: changed,
            listed: parts.listed,
            names: names
        )
        let directories = parts.directories.reader()
        return RecordChanges(
            replacesAll: parts.record == nil,
            nextInode: { try inodes.next() },
            nextDirectory: { try directories.next() },
            nextNames: { names.next() }
        )
    }
}

extension InodeNote {
    /// A name as the record has it, of an inode that is to be looked at again.
    fileprivate init(_ record: InodeRecord, _ name: NameRecord, _ more: Kind = []) {
        inode = record.inode
        parent = name.parent
        changed = Self.unsettled
        birth = record.birth
        nameHash = name.nameHash
        var kind = more
        if record.isDirectory { kind.insert(.directory) }
        if record.hasSeveralNames { kind.insert(.severalNames) }
        self.kind = kind
    }
}

/// The names of inodes with several, met while inodes are written, written after them.
private final class NamesOfInodes {
    var all: [(inode: UInt64, names: [NameRecord])] = []
    private var position = 0

    func next() -> (inode: UInt64, names: [NameRecord])? {
        guard position < all.count else { return nil }
        position += 1
        return all[position - 1]
    }
}

/// One change for each inode, in ascending order: what the notes say, and what they do not say of those that
/// were looked for and not found.
private final class InodeChanges {
    private var stream: NoteStream
    private let changed: [ChangedInode]
    private let listed: Set<UInt64>
    private let names: NamesOfInodes
    private var position = 0
    private var notes: [InodeNote] = []
    private var hasNotes = false

    init(
        _ stream: NoteStream,
        changed: [ChangedInode],
        listed: Set<UInt64>,
        names: NamesOfInodes
    ) {
        self.stream = stream
        self.changed = changed
        self.listed = listed
        self.names = names
    }

    func next() throws(SystemError) -> InodeChange? {
        while true {
            if !hasNotes { hasNotes = try stream.nextInode(into: &notes) }
            let noted = hasNotes ? notes.first?.inode : nil
            if let gone = nextGone(before: noted) { return .remove(gone) }
            guard noted != nil else { return nil }
            hasNotes = false
            guard let inode = NotedInode(notes[...]) else { continue }
            if case .put(let record) = inode.change, !inode.names.isEmpty {
                names.all.append((record.inode, inode.names))
            }
            return inode.change
        }
    }

    /// The next inode below `noted` that was looked for where it was and is not there.
    private func nextGone(before noted: UInt64?) -> UInt64? {
        while position < changed.count {
            let candidate = changed[position]
            if let noted, candidate.inode >= noted {
                if candidate.inode > noted { return nil }
                position += 1
                continue
            }
            position += 1
            if !candidate.hasSeveralNames, listed.contains(candidate.parent) {
                return candidate.inode
            }
        }
        return nil
    }
}
