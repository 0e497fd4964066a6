// What earlier passes prove of an entry, and what this one writes down of it for the next one.

import History
import LinuxIO

/// The record of the last whole pass, as one worker reads it, and that worker's notes for the next.
///
/// Belongs to one worker.
final class EvidenceBook {
    private let context: PassContext
    private let earlier: EarlierPasses
    /// Nil: there is none.
    private let record: RecordCursor?
    /// Nil: nothing is written down.
    private let notes: NoteBuffer?

    init(_ context: PassContext) {
        self.context = context
        earlier = context.memory.earlier
        record = context.memory.recordTable.withLock { $0 }.map(RecordCursor.init)
        notes = context.memory.recorder?.makeBuffer()
    }

    /// Whether this pass writes anything down.
    var isWriting: Bool { notes != nil }

    // MARK: What is known

    /// What the record says of an entry that is no directory, looked up once.
    func evidence(
        of status: FileStatus,
        _ nameHash: UInt32,
        in directory: DirectoryEvidence,
        _ destination: FileStatus
    ) -> Evidence {
        if earlier.mayBeForeign(destination) { return .doubtful }
        if earlier.mayBeRolledBack(status) { return .doubtful }
        switch directory.evidence {
        case .none: return earlier.isRacy(status) ? .doubtful : .none
        case .doubtful: return .doubtful
        case .proven: break
        }
        return isRecorded(status, nameHash, in: directory.inode) ? .proven : .doubtful
    }

    /// Whether the record has this name of this inode, unchanged since it was examined and not racy then (S7).
    ///
    /// Equal times and not earlier ones, so it holds whatever the clock did. The name matters for names that
    /// were exchanged (RENAME_EXCHANGE), which leaves the times of both inodes alone.
    private func isRecorded(_ status: FileStatus, _ nameHash: UInt32, in parent: UInt64) -> Bool {
        // A record that cannot be read proves nothing.
        guard let record, let known = try? record.inode(status.inode),
            known.changedNanoseconds == status.changed.nanosecondsSince1970,
            known.birth == InodeNote.birth(status.birth?.nanosecondsSince1970 ?? 0)
        else { return false }
        if known.parent == parent, known.nameHash == nameHash { return true }
        guard known.hasSeveralNames else { return false }
        let name = NameRecord(parent: parent, nameHash: nameHash)
        return (try? record.hasName(name, of: status.inode)) ?? false
    }

    /// What is known of a directory, and in a scan pass what is looked at in it; nil: not this time.
    func knowledge(of pair: EntryPair) -> (evidence: Evidence, visit: Visit?)? {
        if earlier.mayBeRolledBack(pair.source) { return (.doubtful, nil) }
        let directory = pair.place.known
        guard directory.evidence == .proven else { return (directory.evidence, nil) }
        guard pair.destination?.kind == .directory else { return (.doubtful, nil) }
        if let visit = directory.visit { return knowledge(of: pair, visit) }
        // Shards change what they share, and move nothing.
        let isShared = pair.place.spine?.child(pair.entry.name) != nil
        if !isShared, earlier.mayHaveMoved(pair.destination) { return (.doubtful, nil) }
        return isRecordedDirectory(pair) ? (.proven, nil) : (.doubtful, nil)
    }

    /// The same in a scan pass.
    private func knowledge(
        of pair: EntryPair,
        _ visit: Visit
    ) -> (evidence: Evidence, visit: Visit?)? {
        let inode = pair.source.inode
        let name = pair.entry.nameRecord
        if let node = visit.node.children[inode], node.name == pair.entry.name,
            !visit.marks.isOther(name, than: inode)
        {
            return (.proven, Visit(node: node, marks: visit.marks))
        }
        // Not what the plan has there, nor what is compared as a whole by the plan: it came since.
        if !visit.marks.whole.contains(inode) { context.memory.noteDisturbance() }
        return visit.node.isListed ? (.doubtful, nil) : nil
    }

    private func isRecordedDirectory(_ pair: EntryPair) -> Bool {
        let status = pair.source
        // A record that cannot be read proves nothing.
        guard let record, let known = try? record.inode(status.inode), known.isDirectory,
            known.birth == InodeNote.birth(status.birth?.nanosecondsSince1970 ?? 0)
        else { return false }
        let (place, index) = (pair.place, pair.index)
        let name = place.entries.listing.nameBytes(index)
        return (try? record.hasDirectory(status.inode, in: place.known.inode, named: name))
            ?? false
    }

    /// Whether nobody has changed an entry of DESTINATION, nor moved it, since a whole walk compared it.
    func isUntouched(_ destination: FileStatus, in directory: DirectoryEvidence) -> Bool {
        directory.isPathUntouched && earlier.isUntouchedSinceWalk(destination)
    }

    /// Whether nothing of a directory itself has changed on either side.
    func isUnchanged(
        _ node: PassDirectory,
        _ facts: PassDirectoryState.Facts,
        _ source: FileStatus,
        _ destination: FileStatus
    ) -> Bool {
        guard facts.evidence == .proven, facts.isPathUntouched,
            earlier.isUntouchedSinceWalk(destination)
        else { return false }
        return isRecorded(node, source)
    }

    /// Whether the record has this directory of SOURCE, at this place and unchanged: then it has the names in it, too.
    func isRecorded(_ node: PassDirectory, _ source: FileStatus) -> Bool {
        let parent = node.parent?.state.facts.withLock { $0.source?.inode } ?? 0
        return isRecorded(source, InodeNote.hash(node.name.bytes), in: parent)
    }

    /// Whether DESTINATION's directory has the very names that a whole walk left in it for these of SOURCE: it need
    /// not be listed.
    ///
    /// If that walk failed to remove something it should have, it marked the directory as unproven. In a
    /// scan pass only directories are listed in which something has changed; the roots are one directory each.
    func hasNamesAsLeft(_ node: PassDirectory) -> Bool {
        let facts = node.state.facts.withLock { $0 }
        // Of the spine a walk of this run has left a part of the names.
        guard !node.isRoot, node.state.spine == nil, facts.visit == nil, !facts.isNew,
            !facts.isProtected,
            let source = facts.source, let destination = facts.destination
        else { return false }
        return isUnchanged(node, facts, source, destination)
    }

    // MARK: What is written down

    /// Writes down a name that was examined.
    func writeDown(_ status: FileStatus, _ nameHash: UInt32, in directory: DirectoryEvidence) {
        notes?.add(status, parent: directory.inode, nameHash: nameHash)
    }

    /// Writes down a directory that is about to be listed on both sides.
    func writeDown(_ node: PassDirectory) {
        guard let notes, let recorder = context.memory.recorder else { return }
        guard let status = node.state.facts.withLock({ $0.source }) else { return }
        let parent = node.parent?.state.facts.withLock { $0.source?.inode } ?? 0
        recorder.noteDirectory(status, parent: parent, name: node.name, in: notes)
    }

    /// Something was not done as it should be: the next pass looks at it again, and at its directory (S52).
    func doubt(_ affected: AffectedEntry) {
        guard let notes, let recorder = context.memory.recorder else { return }
        for inode in affected.inodes { recorder.doubt(inode, in: notes) }
    }
}
