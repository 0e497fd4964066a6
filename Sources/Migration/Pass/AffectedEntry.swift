// What a step of a pass is about, as a value that goes with the step: a failure is reported of it, and it is what the
// next pass looks at again (S52). No variable says which entry is the present one, so none can still mean the one before.

import LinuxIO

/// What is affected when a step fails, or is left undone.
enum AffectedEntry {
    /// A listed name of SOURCE, and the inode that it meant when it was examined; nil: it was not examined.
    case entry(PassEntry, UInt64?)
    /// A directory: its listing, its own attributes, or the way to it.
    case directory(PassDirectory)
    /// A name in a directory, whatever inode it means: on DESTINATION only, or of a mount point.
    case name(Name, PassDirectory)

    init(_ entry: PassEntry, _ status: FileStatus) { self = .entry(entry, status.inode) }

    /// The path below the roots, for people and records.
    var path: [UInt8] {
        switch self {
        case .entry(let entry, _): entry.path
        case .directory(let directory): directory.path
        case .name(let name, let directory): directory.path(of: name)
        }
    }

    /// The inodes of SOURCE to look at again, each once or more often.
    ///
    /// Of an entry the one that its name meant when it was listed is among them: it is known even if it could not be
    /// examined.
    var inodes: [UInt64] {
        switch self {
        case .entry(let entry, let inode):
            var own = [entry.record.inode]
            if let inode, inode != own[0] { own.append(inode) }
            return own + Self.inodes(of: entry.directory)
        case .directory(let directory):
            let parent = directory.state.purpose == .pair ? directory.parent : nil
            return Self.inodes(of: directory) + (parent.map(Self.inodes) ?? [])
        case .name(_, let directory): return Self.inodes(of: directory)
        }
    }

    /// The inode of a directory.
    ///
    /// A tree of DESTINATION that is being removed has none on SOURCE, but for an entry that waits for its name and
    /// stays out (S26): that one, and the directory that all of it lies in.
    private static func inodes(of directory: PassDirectory) -> [UInt64] {
        var inodes: [UInt64] = []
        var next: PassDirectory? = directory
        while let node = next {
            if let inode = node.state.facts.withLock({ $0.source?.inode }) { inodes.append(inode) }
            next = node.state.purpose == .removal ? node.parent : nil
        }
        return inodes
    }
}
