// One entry of SOURCE and what DESTINATION has of its name, as a value that goes down the line: list, pair, judge, do,
// note, tell. Made once, with one look into the record; no variable says which entry is the present one.

import LinuxIO

/// Where a run of entries is, as each of them is handled: one object for all, so that each costs one reference.
final class EntryPlace: Sendable {
    let directory: PassDirectory
    let entries: DirectoryContents
    /// See `Entry.treeIsRemoved`.
    let treeIsRemoved: Bool
    /// The two directories, open.
    let open: OpenDirectory
    /// What the entries rest on.
    let known: DirectoryEvidence
    /// Whether one may be put off until others of the run are read together with it.
    let mayWait: Bool
    /// Whether DESTINATION's directory was made by this pass: what is in it is to be made, too.
    let isNew: Bool
    /// See `PassDirectoryState.spine`.
    let spine: SpineDirectory?

    /// `piece` is of a directory that is in use while it is handled.
    init(of piece: PassPiece, _ open: OpenDirectory) {
        directory = piece.directory
        entries = piece.entries
        treeIsRemoved = piece.treeIsRemoved
        spine = piece.directory.state.spine
        self.open = open
        known = piece.directory.state.known
        mayWait = piece.range.count > 1
        isNew = open.destination != nil && piece.directory.state.facts.withLock { $0.isNew }
    }

    /// `open`: the two directories of one entry, which nothing is to wait for.
    init(of entry: PassEntry, _ open: OpenDirectory) {
        directory = entry.directory
        entries = entry.entries
        treeIsRemoved = entry.treeIsRemoved
        spine = entry.directory.state.spine
        self.open = open
        known = entry.known
        mayWait = false
        isNew = open.destination != nil && entry.directory.state.facts.withLock { $0.isNew }
    }

    func entry(_ index: Int) -> PassEntry {
        PassEntry(
            directory: directory,
            entries: entries,
            index: index,
            treeIsRemoved: treeIsRemoved
        )
    }
}

/// Both sides of one name, as they were examined.
struct EntryPair {
    private(set) var place: EntryPlace
    let index: Int
    /// SOURCE's.
    let kind: EntryKind
    /// SOURCE's status.
    var source: FileStatus
    /// What DESTINATION has of the name; nil: nothing.
    let destination: FileStatus?
    /// What the record proves of it; nothing for directories, which are asked for as such.
    let evidence: Evidence
    /// Whether nobody has changed DESTINATION's, nor moved it, since a whole walk compared it.
    let isUntouched: Bool
    /// A handle on SOURCE's, which its status was taken from; nil where it was asked for by its name.
    private(set) var handle: SharedDescriptor?

    var entry: PassEntry { place.entry(index) }
    var open: OpenDirectory { place.open }
    var directory: PassDirectory { place.directory }
    /// Valid while its listing is.
    var pointer: NamePointer { place.entries.listing.namePointer(index) }
    /// Whether it may be put off until others of its run are read together with it.
    var mayWait: Bool { place.mayWait }
    /// The same to be looked at again, if something of it fails.
    var affected: AffectedEntry { AffectedEntry(entry, source) }
    /// Its inode is of a group of names that are to be one inode on DESTINATION, too.
    func isGrouped(_ preserved: PassOptions.Preserved) -> Bool {
        kind != .directory && source.linkCount > 1 && preserved.contains(.hardLinks)
    }

    /// The same name, without its directory on SOURCE being held open.
    var withoutSource: EntryPair {
        var pair = self
        let open = OpenDirectory(source: nil, destination: open.destination)
        pair.place = EntryPlace(of: entry, open)
        pair.handle = nil
        return pair
    }

    /// The same without a handle being held open.
    var withoutHandle: EntryPair {
        var pair = self
        pair.handle = nil
        return pair
    }

    /// The same name with the file that was opened under it.
    func with(source status: FileStatus) -> EntryPair {
        var pair = self
        pair.source = status
        return pair
    }
}

/// What became of an entry.
enum ActionResult {
    /// In place, with this identity on DESTINATION if it is known.
    case done(InodeIdentity?)
    /// It is done later: a large file by several workers, a small one with others.
    case underWay
    /// A failure was recorded, or the entry vanished, or nothing may be written any more.
    case failed
}
