// What SOURCE holds, as far as it can be told: sums, and the entries that DESTINATION may not hold as they are.
// Made by InodeCensus (all inodes of an XFS), by TreeCensus (a walk), or of the volume's own counts alone.
//
// What it doesn't know: how much of the contents is zeros, which become holes (S21). Reading everything would
// tell, and is the copy itself; so its sums are what a copy needs at most.

package import LinuxIO

/// What DESTINATION holds at most, where that is known; beyond it an entry is notable.
package struct CensusLimits: Sendable, Equatable {
    package var blockBytes: UInt64 = 4096
    package var linkCountMax: UInt32?
    package var fileBytesMax: UInt64?
    /// Bytes of entries in one directory.
    package var directoryBytesMax: UInt64?
    package var times: TimeStorage?
    /// Whether attributes have to be measured: DESTINATION does not take large ones.
    package var measuresAttributes = false
    /// Whether DESTINATION refuses inode flags, and project ids: then who has any is to be named.
    package var refusesFlags = false
    package var refusesProjects = false

    package init() {}
}

/// One entry, counted.
struct CountedEntry {
    var inode: UInt64
    var generation: UInt32 = 0
    var kind: EntryKind
    var sizeBytes: UInt64
    var heldBytes: UInt64
    var linkCount: UInt32
    var modified: Timestamp
    var hasAttributeBlocks = false
    var path: [UInt8]?

    /// The same as a notable entry.
    func notable(_ value: some BinaryInteger) -> NotableEntry {
        NotableEntry(
            inode: inode,
            generation: generation,
            kind: kind,
            value: Int64(clamping: value),
            path: path
        )
    }
}

/// Sums and notable entries of one SOURCE.
package struct Census: Sendable, Equatable {
    /// How it was made.
    package enum Method: String, Sendable {
        /// All inodes of the volume, by XFS_IOC_BULKSTAT.
        case bulkstat
        /// Each entry by name (`--deep`).
        case walk
        /// The volume's own counts; nothing is known of single entries.
        case counts
    }

    package var method: Method
    /// Inodes with a name: what DESTINATION needs of them.
    package var inodes: UInt64 = 0
    /// Space that they hold on SOURCE, shared blocks counted in each.
    package var heldBytes: UInt64 = 0
    /// Space that copies of them need on DESTINATION at most.
    package var neededBytes: UInt64 = 0
    /// Inodes with extended attributes or ACLs, at most; nil where that was not looked at.
    package var attributed: UInt64?
    /// Inodes with a project id, with flags that both sides may have, and with what only XFS has; nil where
    /// that was not looked at.
    package var projects: UInt64?
    package var flagged: UInt64?
    package var realtime: UInt64?
    package var directAccess: UInt64?
    package var extentSizes: UInt64?
    /// Entries that could not be examined.
    package var unread: UInt64 = 0
    /// Inodes with attributes that were not measured, for there are too many.
    package var unmeasured: UInt64 = 0
    /// Directories of each user, group and project; empty where they were not counted.
    package var directories: [QuotaOwner: UInt64] = [:]
    package var manyNames = NotableEntries()
    package var largeFiles = NotableEntries()
    package var largeDirectories = NotableEntries()
    package var largeAttributes = NotableEntries()
    package var farTimes = NotableEntries()
    package var damaged = NotableEntries()
    /// Entries with flags or a project id, where DESTINATION refuses them; and with what only XFS has, by the bits of
    /// `XFSOnly`.
    package var flaggedEntries = NotableEntries()
    package var projectEntries = NotableEntries()
    package var xfsOnlyEntries = NotableEntries()

    /// What ext4 has no place for; the value of a notable entry.
    package struct XFSOnly: OptionSet, Sendable {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }

        package static let realtime = XFSOnly(rawValue: 1)
        package static let directAccess = XFSOnly(rawValue: 2)
        package static let extentSize = XFSOnly(rawValue: 4)
    }

    package init(method: Method) { self.method = method }

    /// Adds the sums and notable entries of one entry that has not been counted yet.
    mutating func count(_ entry: CountedEntry, _ limits: CensusLimits) {
        inodes += 1
        heldBytes += entry.heldBytes
        neededBytes += Self.needed(entry, limits.blockBytes)
        // Directories count their subdirectories; ext4 knows a way out of its limit for them.
        if entry.kind != .directory, let most = limits.linkCountMax, entry.linkCount > most {
            manyNames.note(entry.notable(entry.linkCount))
        }
        if entry.kind == .regular, let most = limits.fileBytesMax, entry.sizeBytes > most {
            largeFiles.note(entry.notable(entry.sizeBytes))
        }
        if let times = limits.times,
            entry.modified.seconds < times.earliestSeconds
                || entry.modified.seconds > times.latestSeconds
        {
            farTimes.note(entry.notable(entry.modified.seconds))
        }
    }

    /// Adds what one inode of XFS has beside that.
    mutating func count(_ inode: InodeDetails, _ entry: CountedEntry, _ limits: CensusLimits) {
        count(entry, limits)
        attributed = (attributed ?? 0) + (inode.hasAttributes ? 1 : 0)
        projects = (projects ?? 0) + (inode.project != 0 ? 1 : 0)
        flagged = (flagged ?? 0) + (inode.flags.isDisjoint(with: .carried) ? 0 : 1)
        realtime = (realtime ?? 0) + (inode.isRealtime ? 1 : 0)
        directAccess = (directAccess ?? 0) + (inode.isDirectAccess ? 1 : 0)
        extentSizes = (extentSizes ?? 0) + (inode.hasExtentSize ? 1 : 0)
        noteSettings(inode, entry, limits)
        if entry.kind == .directory {
            directories[QuotaOwner(.user, inode.owner), default: 0] += 1
            directories[QuotaOwner(.group, inode.group), default: 0] += 1
            directories[QuotaOwner(.project, inode.project), default: 0] += 1
        }
        if inode.isSick { damaged.note(entry.notable(inode.identity.inode)) }
        // The blocks of an XFS directory are the upper limit of what its entries take on ext4: each is larger
        // here, and what was deleted leaves room.
        if entry.kind == .directory, let most = limits.directoryBytesMax, entry.sizeBytes > most {
            largeDirectories.note(entry.notable(entry.sizeBytes))
        }
    }

    private mutating func noteSettings(
        _ inode: InodeDetails,
        _ entry: CountedEntry,
        _ limits: CensusLimits
    ) {
        if limits.refusesProjects, inode.project != 0 {
            projectEntries.note(entry.notable(inode.project))
        }
        let flags = inode.flags.intersection(.carried)
        if limits.refusesFlags, !flags.isEmpty {
            flaggedEntries.note(entry.notable(flags.rawValue))
        }
        var only: XFSOnly = []
        if inode.isRealtime { only.insert(.realtime) }
        if inode.isDirectAccess { only.insert(.directAccess) }
        if inode.hasExtentSize { only.insert(.extentSize) }
        if !only.isEmpty { xfsOnlyEntries.note(entry.notable(only.rawValue)) }
    }

    /// Space that a copy needs: blocks for what is held, at most for what the size covers (space that was
    /// allocated behind the end is not copied), and one for attributes that do not fit into an inode.
    static func needed(_ entry: CountedEntry, _ blockBytes: UInt64) -> UInt64 {
        func rounded(_ bytes: UInt64) -> UInt64 {
            let (blocks, rest) = bytes.quotientAndRemainder(dividingBy: blockBytes)
            return (blocks + (rest > 0 ? 1 : 0)) &* blockBytes
        }
        let attributes = entry.hasAttributeBlocks ? blockBytes : 0
        switch entry.kind {
        case .regular: return rounded(min(entry.heldBytes, rounded(entry.sizeBytes))) + attributes
        // Indexed directories are three quarters full.
        case .directory: return max(rounded(entry.sizeBytes / 3 * 4), blockBytes) + attributes
        case .symlink where entry.sizeBytes >= 60: return blockBytes + attributes
        default: return attributes
        }
    }

    /// Adds what another part of the same SOURCE has.
    mutating func merge(_ other: Census) {
        func sum(_ left: UInt64?, _ right: UInt64?) -> UInt64? {
            left == nil && right == nil ? nil : (left ?? 0) + (right ?? 0)
        }
        inodes += other.inodes
        heldBytes += other.heldBytes
        neededBytes += other.neededBytes
        attributed = sum(attributed, other.attributed)
        projects = sum(projects, other.projects)
        flagged = sum(flagged, other.flagged)
        realtime = sum(realtime, other.realtime)
        directAccess = sum(directAccess, other.directAccess)
        extentSizes = sum(extentSizes, other.extentSizes)
        directories.merge(other.directories, uniquingKeysWith: +)
        unread += other.unread
        unmeasured += other.unmeasured
        for path in Self.notable { self[keyPath: path].merge(other[keyPath: path]) }
    }

    /// All notable entries, to be merged and named.
    static var notable: [WritableKeyPath<Census, NotableEntries>] {
        [
            \.manyNames, \.largeFiles, \.largeDirectories, \.largeAttributes, \.farTimes, \.damaged,
            \.flaggedEntries, \.projectEntries, \.xfsOnlyEntries,
        ]
    }
}
