// One entry of SOURCE and what DESTINATION has of its name, as a value that goes down the line: list, pair, judge, do,
// note, tell. Made once, with one look into the record; no variable says which entry is the present one.

import History
import LinuxIO

/// Both sides of one name, as they were examined.
struct EntryPair {
    let entry: PassEntry
    /// The two directories that it is in, open.
    var open: OpenDirectory
    /// SOURCE's status.
    var source: FileStatus
    /// What DESTINATION has of the name; nil: nothing.
    let destination: FileStatus?
    /// What the record proves of it; nothing for directories, which are asked for as such.
    let evidence: Evidence
    /// Whether nobody has changed DESTINATION's, nor moved it, since a whole walk compared it.
    let isUntouched: Bool
    /// Of a top-level directory: the branch that it begins.
    let branch: Branch?
    /// Whether it may be put off until others of its run are read together with it.
    let mayWait: Bool

    var kind: EntryKind { source.kind }
    var directory: PassDirectory { entry.directory }
    /// Valid while its listing is.
    var pointer: NamePointer { entry.pointer }
    /// The same to be looked at again, if something of it fails.
    var affected: AffectedEntry { AffectedEntry(entry, source) }
    /// Its inode is of a group of names that are to be one inode on DESTINATION, too.
    func isGrouped(_ preserved: PassOptions.Preserved) -> Bool {
        kind != .directory && source.linkCount > 1 && preserved.contains(.hardLinks)
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
