// The pieces into which a pass is cut; any worker can do any of them.

import LinuxIO

/// One entry of SOURCE by its place in a listing: no allocation until its name or path is asked for.
package struct Entry: Sendable {
    package let directory: Directory
    package let entries: Pairing
    package let index: Int
    /// The directory of DESTINATION that had this name was removed; in a dry run it only seems to be there.
    package let treeIsRemoved: Bool

    package init(
        directory: Directory,
        entries: Pairing,
        index: Int,
        treeIsRemoved: Bool = false
    ) {
        self.directory = directory
        self.entries = entries
        self.index = index
        self.treeIsRemoved = treeIsRemoved
    }

    /// Valid while `entries` is.
    var pointer: NamePointer { entries.listing.namePointer(index) }
    var name: Name { entries.listing.name(index) }
    package var path: [UInt8] { directory.path(of: name) }
}

/// One piece of work.
enum Work: Sendable {
    /// Open and list a directory of either purpose, remove what is extra, hand out its contents.
    case directory(Directory)
    /// Handle a run of entries.
    case entries(EntryPiece)
    /// Decide anew about an entry that waited for the leader of its link group.
    case linked(Entry, LinkRole)
    /// Copy ranges of a large file until none is left.
    case ranges(LargeFile)

    /// Whose time it counts as.
    var branch: Branch? {
        switch self {
        case .directory(let directory): directory.branch
        case .entries(let piece): piece.directory.branch
        case .linked(let entry, _): entry.directory.branch
        case .ranges(let file): file.entry.directory.branch
        }
    }
}
