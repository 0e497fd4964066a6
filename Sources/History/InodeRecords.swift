// What a pass remembers of SOURCE: plain values, without a trace of how they are stored.
//
// A record says what an inode was when it was last examined and copied. It may be missing or old (then
// the inode is examined again), never newer than what DESTINATION was given.

/// One inode of SOURCE as it was last examined.
package struct InodeRecord: Equatable, Sendable {
    /// The time of change of an inode that is to be examined again, whatever its time.
    package static let mustRecheck = Int64.min
    /// The parent of a directory whose place is not known: it was met at two while one pass ran.
    ///
    /// No inode of XFS has this number (NULLFSINO). Such a directory has no row in the table of directories.
    package static let nowhere = UInt64.max

    package var inode: UInt64
    /// The directory of the name that it was found by; with several names one of them.
    package var parent: UInt64
    /// Time of change as examined, nanoseconds since 1970, or `mustRecheck`: it counts as changed.
    package var changedNanoseconds: Int64
    /// Low 32 bits of the time of birth in nanoseconds, folded with the high ones: tells a number used
    /// again from the inode that had it before.
    package var birth: UInt32
    package var nameHash: UInt32
    /// Its names are in the table of names, too.
    package var hasSeveralNames: Bool
    /// It has a row in the table of directories, if it has a place.
    package var isDirectory: Bool

    /// Whether it is known where it is.
    package var hasPlace: Bool { parent != Self.nowhere }

    var name: NameRecord { NameRecord(parent: parent, nameHash: nameHash) }

    package init(  // One for each field.
        inode: UInt64,
        parent: UInt64,
        changedNanoseconds: Int64,
        birth: UInt32,
        nameHash: UInt32,
        hasSeveralNames: Bool,
        isDirectory: Bool
    ) {
        self.inode = inode
        self.parent = parent
        self.changedNanoseconds = changedNanoseconds
        self.birth = birth
        self.nameHash = nameHash
        self.hasSeveralNames = hasSeveralNames
        self.isDirectory = isDirectory
    }
}

/// Where a directory of SOURCE was, and how it was called: paths are built from these.
package struct DirectoryRecord: Equatable, Sendable {
    package var inode: UInt64
    package var parent: UInt64
    /// Any bytes.
    package var name: [UInt8]

    package init(inode: UInt64, parent: UInt64, name: [UInt8]) {
        self.inode = inode
        self.parent = parent
        self.name = name
    }
}

/// One of the names of an inode that has several.
package struct NameRecord: Comparable, Hashable, Sendable {
    package var parent: UInt64
    package var nameHash: UInt32

    package init(parent: UInt64, nameHash: UInt32) {
        self.parent = parent
        self.nameHash = nameHash
    }

    package static func < (left: NameRecord, right: NameRecord) -> Bool {
        (left.parent, left.nameHash) < (right.parent, right.nameHash)
    }
}

/// What became of one inode since the record was written.
package enum InodeChange: Equatable, Sendable {
    /// New, or other than recorded.
    case put(InodeRecord)
    /// It is no more.
    case remove(UInt64)
}

/// What `History.finish` changes in the record, pulled piece by piece inside its transaction.
///
/// The four sources are emptied in the order in which they stand here; nil ends each. They may throw:
/// then nothing is changed at all. Of this `History` they may call lookups only; what those give is of
/// before or of after the changes given so far.
package struct RecordChanges {
    /// The record is emptied first: what follows is all there is (a walk).
    package var replacesAll: Bool
    /// Whoever gives them has met all of SOURCE: what is not spoken of has the name that it is recorded with, so no
    /// other can have been given that.
    package var isWhole: Bool
    /// In ascending order of inodes, one change per inode; any other order is refused.
    ///
    /// Removing an inode also removes its row of the directories and its several names; so does
    /// replacing a directory by what is none, or several names by one.
    package var nextInode: () throws -> InodeChange?
    /// In any order; each replaces what was recorded of that directory.
    package var nextDirectory: () throws -> DirectoryRecord?
    /// In ascending order of inodes; each replaces all recorded names of that inode, none removes them.
    package var nextNames: () throws -> (inode: UInt64, names: [NameRecord])?
    /// In ascending order: directories that are to be examined again, whatever was given of them before.
    ///
    /// Those that are not recorded are passed over.
    package var nextDoubted: () throws -> UInt64?

    package init(  // One for each field.
        replacesAll: Bool,
        isWhole: Bool = false,
        nextInode: @escaping () throws -> InodeChange?,
        nextDirectory: @escaping () throws -> DirectoryRecord? = { nil },
        nextNames: @escaping () throws -> (inode: UInt64, names: [NameRecord])? = { nil },
        nextDoubted: @escaping () throws -> UInt64? = { nil }
    ) {
        self.replacesAll = replacesAll
        self.isWhole = isWhole || replacesAll
        self.nextInode = nextInode
        self.nextDirectory = nextDirectory
        self.nextNames = nextNames
        self.nextDoubted = nextDoubted
    }
}
