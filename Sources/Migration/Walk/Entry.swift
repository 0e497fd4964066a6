// One entry of a directory under way, and runs of them: what workers are given.

import LinuxIO

/// One entry of SOURCE by its place in a listing: no allocation until its name or path is asked for.
package struct Entry<State: Sendable>: Sendable {
    package let directory: DirectoryNode<State>
    package let entries: DirectoryContents
    package let index: Int
    /// The directory of DESTINATION that had this name was removed; in a dry run it only seems to be there.
    package let treeIsRemoved: Bool

    package init(
        directory: DirectoryNode<State>,
        entries: DirectoryContents,
        index: Int,
        treeIsRemoved: Bool = false
    ) {
        self.directory = directory
        self.entries = entries
        self.index = index
        self.treeIsRemoved = treeIsRemoved
    }

    init(_ index: Int, of piece: EntryPiece<State>) {
        self.init(
            directory: piece.directory,
            entries: piece.entries,
            index: index,
            treeIsRemoved: piece.treeIsRemoved
        )
    }

    /// The same entry, which keeps few names of its directory in memory for as long as it is kept itself.
    var apart: Entry {
        if entries.listing.count <= WalkLane<State, Never>.pieceEntries { return self }
        return Entry(
            directory: directory,
            entries: DirectoryContents(Listing(index, of: entries.listing)),
            index: 0,
            treeIsRemoved: treeIsRemoved
        )
    }

    /// Valid while `entries` is.
    var pointer: NamePointer { entries.listing.namePointer(index) }
    var name: Name { entries.listing.name(index) }
    package var path: [UInt8] { directory.path(of: name) }
    /// What the listing of its directory said of it.
    var record: Listing.Record { entries.listing.records[index] }
    /// Whether DESTINATION's directory had its name when it was listed, or may have.
    var isOnDestination: Bool { record.isOnBothSides }
}

/// A run of entries of one directory, to be visited by one worker.
package struct EntryPiece<State: Sendable>: Sendable {
    let directory: DirectoryNode<State>
    let entries: DirectoryContents
    let range: Range<Int>
    /// See `Entry.treeIsRemoved`.
    var treeIsRemoved = false
}
