// What becomes of the record when a pass is whole: one change for each inode, in ascending order.
//
//   a scan    what its notes say; and those are taken out that it looked for and did not find
//   a walk    where its notes say something else than the record; and those are taken out that it did not meet

import History
import LinuxIO

/// The changes of one pass; used by one thread.
final class InodeChanges {
    /// Where a scan pass looked.
    struct Looked {
        /// Directories whose listings were read and handled.
        var listed: Set<UInt64>
        /// Directories that are no more.
        var gone: Set<UInt64>
        /// Inodes that it had planned to compare, under all names.
        var compared: Set<UInt64>
    }

    private var stream: NoteStream
    private let changed: [ChangedInode]
    private let looked: Looked
    /// What a scan pass rests on; nil for a walk.
    private let record: History?
    private let roll: MetInodes?
    private var absent: MetInodes.Absent?
    private var position = 0
    private var notes: [InodeNote] = []
    private var hasNotes = false
    private var near = 0
    /// The names of inodes with several, met while inodes are written, written after them.
    private var names: [(inode: UInt64, names: [NameRecord])] = []
    private var namesPosition = 0
    /// Inodes that were met at two places, or as two things: the record has no place for them.
    private var ambiguous: Set<UInt64> = []
    /// The directories that those were met in.
    private var doubted: Set<UInt64> = []
    private var doubtedInOrder: ArraySlice<UInt64>?

    init(
        _ stream: NoteStream,
        changed: [ChangedInode],
        looked: Looked,
        record: History?,
        roll: MetInodes?
    ) {
        self.stream = stream
        self.changed = changed
        self.looked = looked
        self.record = record
        self.roll = roll
        absent = roll.map(MetInodes.Absent.init)
    }

    func next() throws -> InodeChange? {
        while true {
            if !hasNotes { hasNotes = try stream.nextInode(into: &notes) }
            let noted = hasNotes ? notes.first?.inode : nil
            if let gone = nextGone(before: noted) { return .remove(gone) }
            guard let noted else { return nil }
            hasNotes = false
            if let change = try change(of: noted) { return change }
        }
    }

    /// The names of the next inode with several; when `next` has given all inodes.
    func nextNames() -> (inode: UInt64, names: [NameRecord])? {
        guard namesPosition < names.count else { return nil }
        namesPosition += 1
        return names[namesPosition - 1]
    }

    /// Whether a directory has a place in the record; when `next` has given all inodes.
    func hasPlace(_ directory: DirectoryRecord) -> Bool { !ambiguous.contains(directory.inode) }

    /// The next directory that must be listed again, for something in it has no place in the record; in ascending
    /// order, when `next` has given all inodes.
    func nextDoubted() -> UInt64? {
        var left = doubtedInOrder ?? doubted.sorted()[...]
        defer { doubtedInOrder = left }
        return left.popFirst()
    }

    /// What the notes on one inode change in the record; nil: nothing.
    private func change(of inode: UInt64) throws(HistoryProblem) -> InodeChange? {
        let known = try roll?.answer(for: inode, near: &near)
        // It is as if this had been noted, too.
        if let known, known.isMet { notes.append(InodeNote(known.record)) }
        if let record { try keepNames(of: inode, record) }
        guard let noted = NotedInode(notes[...]) else {
            return known == nil ? nil : .remove(inode)
        }
        if !noted.doubtedParents.isEmpty {
            ambiguous.insert(inode)
            doubted.formUnion(noted.doubtedParents)
        }
        guard case .put(let record) = noted.change else { return noted.change }
        if let known, known.record == record {
            if noted.names.isEmpty { return nil }
            let names = try roll?.table.names(of: inode)
            if names == noted.names { return nil }
        }
        if !noted.names.isEmpty { names.append((inode, noted.names)) }
        return noted.change
    }

    /// Adds the recorded names of an inode of which a scan pass does not know whether they are still there.
    ///
    /// Users make links and rename while it runs. It meets an inode in a directory that it lists for another reason,
    /// where it passes over names that are recorded: then it knows nothing of the others. Or it had planned the
    /// inode, and did not come to a directory that has another name of it. The names stay, and the inode is looked at
    /// again, under all of them.
    private func keepNames(of inode: UInt64, _ record: History) throws(HistoryProblem) {
        guard let met = notes.first(where: \.isName), !met.isDirectory,
            var known = try record.inode(inode), known.birth == met.birth, !known.isDirectory
        else { return }
        let names = try record.names(of: known)
        // An inode can have 65,000 names.
        let here = Set(
            notes.lazy.filter(\.isName).map {
                NameRecord(parent: $0.parent, nameHash: $0.nameHash)
            }
        )
        // One that was renamed has two here, and both directories are to be listed.
        known.hasSeveralNames = true
        let isPlanned = looked.compared.contains(inode)
        for name in names where !here.contains(name) && !looked.gone.contains(name.parent) {
            if isPlanned, looked.listed.contains(name.parent) { continue }
            notes.append(InodeNote(mustRecheck: known, name))
        }
    }

    /// The next inode below `noted` that is recorded, was looked for, and was not found.
    private func nextGone(before noted: UInt64?) -> UInt64? {
        if absent != nil { return absent?.next(before: noted) }
        while position < changed.count {
            let candidate = changed[position]
            if let noted, candidate.inode >= noted {
                if candidate.inode > noted { return nil }
                position += 1
                continue
            }
            position += 1
            if !candidate.hasSeveralNames, looked.listed.contains(candidate.parent) {
                return candidate.inode
            }
        }
        return nil
    }
}
