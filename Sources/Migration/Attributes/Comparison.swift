// Comparison is pure: an entry of SOURCE, what DESTINATION has of that name, and the rules in; what to
// do out. No call, no clock, no state: every delta bug can be tested without a disk. Attributes
// beyond the inode (xattrs, ACLs) are compared elsewhere, for entries that are kept.

package import LinuxIO

/// What becomes of an entry of DESTINATION that is no directory in the way.
package enum Change: Equatable, Sendable {
    /// Nothing has the name: make it.
    case create
    /// The same type, but other contents: put a new inode in its place (S12, S27).
    case replace(Differences)
    /// Another type has the name and goes away for it at once (S26, S28).
    case replaceType(was: EntryKind)
    /// Up to date but for these attributes, to be repaired in place (S8); empty: nothing to do so far.
    case upToDate(Differences)

    /// What differed; nil: all is new.
    var differences: Differences? {
        switch self {
        case .create, .replaceType: nil
        case .replace(let found), .upToDate(let found): found
        }
    }
}

/// What one entry of SOURCE asks for at DESTINATION.
package enum Action: Equatable, Sendable {
    case change(Change)
    /// A directory has the name and its tree goes first (S26; needs deletion).
    case removeTree
    /// A directory has the name and deletion is off: a failure (S26).
    case refuse(was: EntryKind)
}

/// What the comparison says of an entry: it is asked once.
package enum Verdict: Equatable, Sendable {
    case decided(Action)
    /// Type and size agree; contents, or targets of symlinks, must be read, and decide.
    case contents(ifEqual: Change, ifDifferent: Change)
}

/// The rules of comparison that hold for a whole pass.
package struct Comparison: Sendable {
    package var preserved: PassOptions.Preserved
    package var changeTest: PassOptions.ChangeTest
    package var deletesExtras: Bool
    /// Whether this process is root; others cannot set owners (S31).
    package var isRoot: Bool
    package var times: TimeStorage
    /// The groups that this process is in; nil: not known, so each is tried.
    package var groups: Set<UInt32>?

    package init(  // One for each field.
        preserved: PassOptions.Preserved,
        changeTest: PassOptions.ChangeTest,
        deletesExtras: Bool,
        isRoot: Bool,
        times: TimeStorage,
        groups: Set<UInt32>? = nil
    ) {
        self.preserved = preserved
        self.changeTest = changeTest
        self.deletesExtras = deletesExtras
        self.isRoot = isRoot
        self.times = times
        self.groups = groups
    }

    /// Judges `source`, whose name DESTINATION gives to `destination` or to nothing.
    ///
    /// `isDoubtful`: contents may differ though size and time agree (S7, or a power cut). `isUnsafe`: the disk may
    /// have lost them, which counts also where only sizes are compared.
    package func verdict(
        source: FileStatus,
        destination: FileStatus?,
        isDoubtful: Bool = false,
        isUnsafe: Bool = false
    ) -> Verdict {
        guard let destination else { return .decided(.change(.create)) }
        let kind = source.kind
        let was = destination.kind
        guard kind == was else {
            if was != .directory { return .decided(.change(.replaceType(was: was))) }
            return .decided(deletesExtras ? .removeTree : .refuse(was: .directory))
        }
        let attributes = attributeDifferences(source: source, destination: destination)
        let upToDate = Change.upToDate(attributes)
        let replace = Change.replace(attributes.union(.contents))
        switch kind {
        case .regular:
            return fileVerdict(source, destination, attributes, isDoubtful, isUnsafe)
        case .symlink:
            if source.sizeBytes != destination.sizeBytes { return .decided(.change(replace)) }
            return .contents(ifEqual: upToDate, ifDifferent: replace)
        case .characterDevice, .blockDevice:
            let isSame =
                source.specialMajor == destination.specialMajor
                && source.specialMinor == destination.specialMinor
            return .decided(.change(isSame ? upToDate : replace))
        case .directory, .fifo, .socket, .unknown:
            return .decided(.change(upToDate))
        }
    }

    private func fileVerdict(
        _ source: FileStatus,
        _ destination: FileStatus,
        _ attributes: Differences,
        _ isDoubtful: Bool,
        _ isUnsafe: Bool
    ) -> Verdict {
        if source.sizeBytes != destination.sizeBytes {
            // Contents of another length are other contents; said where contents are what is asked for.
            let found: Differences = changeTest == .contents ? [.size, .contents] : .size
            return .decided(.change(.replace(attributes.union(found))))
        }
        let isRead: Bool
        switch changeTest {
        case .sizeOnly: isRead = isUnsafe
        case .contents: isRead = true
        case .always: return .decided(.change(.replace(attributes)))
        case .sizeAndTime:
            guard times.agree(source: source.modified, destination: destination.modified) else {
                return .decided(.change(.replace(attributes.union(.times))))
            }
            isRead = isDoubtful
        }
        let upToDate = Change.upToDate(attributes)
        if !isRead { return .decided(.change(upToDate)) }
        return .contents(ifEqual: upToDate, ifDifferent: .replace(attributes.union(.contents)))
    }

    /// Owner, group, mode, times and visible flags that differ and that this pass would set.
    package func attributeDifferences(source: FileStatus, destination: FileStatus) -> Differences {
        var differences: Differences = []
        let kind = source.kind
        let setsOwner = isRoot && preserved.contains(.owner)
        let setsGroup = preserved.contains(.group) && mayGive(source.group)
        if setsOwner, source.owner != destination.owner { differences.insert(.owner) }
        if setsGroup, source.group != destination.group { differences.insert(.group) }
        let mode = mode(
            of: source,
            owner: setsOwner ? source.owner : destination.owner,
            group: setsGroup ? source.group : destination.group
        )
        if preserved.contains(.mode), kind != .symlink, mode != destination.mode {
            differences.insert(.mode)
        }
        if preserved.contains(.times),
            !times.agree(source: source.modified, destination: destination.modified)
        {
            differences.insert(.times)
        }
        if isRoot, kind == .regular || kind == .directory,
            source.visibleFlags != destination.visibleFlags
        {
            differences.insert(.flags)
        }
        return differences
    }

    /// Whether an entry's time is one that DESTINATION cannot hold, and counts as equal to what it makes of it (S64).
    package func clampsTime(of source: FileStatus) -> Bool {
        preserved.contains(.times) && times.clamps(source.modified)
    }

    /// SOURCE's mode for an entry that in the end belongs to `owner` and `group`: setuid and setgid lend the
    /// rights of SOURCE's owner and group, and of nobody else (S14).
    package func mode(of source: FileStatus, owner: UInt32, group: UInt32) -> UInt32 {
        var mode = source.mode
        if owner != source.owner { mode &= ~0o4000 }
        if group != source.group { mode &= ~0o2000 }
        return mode
    }

    /// Root gives every group; others those that they are in (chown(2)).
    private func mayGive(_ group: UInt32) -> Bool {
        isRoot || groups?.contains(group) ?? true
    }
}
