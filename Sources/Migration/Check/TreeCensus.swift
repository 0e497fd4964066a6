// The census of a tree by a walk: every directory is listed, every entry looked at (`--deep`). For what is no
// whole XFS, and for what only names and contents of directories tell exactly. It is a visitor of
// the same walk as a pass, with one side.
//
// What is kept true: other filesystems mounted below are not entered (S4), no symlink is followed, no access
// time moves where O_NOATIME is allowed; an inode with several names is counted once.

import LinuxIO
import Synchronization

/// A census by a walk, with one side.
///
/// Shared by its lanes.
final class TreeCensus: Sendable {
    fileprivate let roots: Roots
    fileprivate let limits: CensusLimits
    fileprivate let measure: AttributeMeasure
    fileprivate let control: RunControl
    private let budget: DescriptorBudget
    private let sum = Lock(Census(method: .walk))
    /// Inodes with several names that were counted under one of them.
    private let counted = Lock<Set<InodeIdentity>>([])

    init(
        roots: Roots,
        limits: CensusLimits,
        measure: AttributeMeasure,
        budget: DescriptorBudget,
        control: RunControl
    ) {
        self.roots = roots
        self.limits = limits
        self.measure = measure
        self.budget = budget
        self.control = control
        sum.withLock { $0.attributed = 0 }
    }

    /// Walks; blocks.
    func run(workers: Int) -> Census {
        let directories = OpenDirectories<CensusDirectory>(budget)
        let root = DirectoryNode(
            parent: nil,
            name: Name("."),
            state: CensusDirectory(inode: roots.sourceStatus.inode)
        )
        do throws(SystemError) {
            try directories.installSource(of: roots, in: root)
        } catch {
            countUnread()
            return sum.withLock { $0 }
        }
        add(roots.sourceStatus, attributes: nil, path: [])
        let walk = TreeWalk<CensusVisitor>(
            workers: workers,
            workersMax: budget.workersMax,
            directories: directories,
            makeVisitor: { [self] lane in CensusVisitor(self, lane) }
        )
        walk.run(root)
        return sum.withLock { $0 }
    }

    /// Whether an inode is met for the first time; one with a single name always is.
    fileprivate func isFirstName(of status: FileStatus) -> Bool {
        status.kind == .directory || status.linkCount == 1
            || counted.withLock { $0.insert(status.identity).inserted }
    }

    fileprivate func add(_ status: FileStatus, attributes: CensusAttributes?, path: [UInt8]) {
        let entry = CountedEntry(
            inode: status.inode,
            kind: status.kind,
            sizeBytes: status.sizeBytes,
            heldBytes: status.allocatedBytes,
            linkCount: status.linkCount,
            modified: status.modified,
            hasAttributeBlocks: attributes?.excessBytes != nil,
            path: path
        )
        sum.withLock { sum in
            sum.count(entry, limits)
            guard let attributes else { return }
            sum.attributed = (sum.attributed ?? 0) + 1
            if let bytes = attributes.excessBytes {
                sum.largeAttributes.note(entry.notable(bytes))
            }
        }
    }

    /// Exactly what ext4 needs for the entries: 8 bytes and the name, in fours (struct ext4_dir_entry_2).
    fileprivate func noteSize(of listing: Listing, _ node: DirectoryNode<CensusDirectory>) {
        guard let most = limits.directoryBytesMax else { return }
        let bytes = listing.records.reduce(UInt64(0)) {
            $0 + 8 + (UInt64($1.nameLength) + 3) / 4 * 4
        }
        guard bytes > most else { return }
        let entry = NotableEntry(
            inode: node.state.inode,
            kind: .directory,
            value: Int64(clamping: bytes),
            path: node.path
        )
        sum.withLock { $0.largeDirectories.note(entry) }
    }

    fileprivate func countUnread() { sum.withLock { $0.unread += 1 } }
}

/// What the census keeps of a directory: its inode on SOURCE.
private struct CensusDirectory: Sendable {
    let inode: UInt64
}

/// What was found of an entry's attributes.
private struct CensusAttributes {
    var excessBytes: Int?
}

/// Counts the entries that one lane comes to.
private final class CensusVisitor: TreeVisitor {
    let lane: WalkLane<CensusDirectory, Never>
    private let census: TreeCensus
    /// Room for names of attributes: XATTR_LIST_MAX.
    private let names = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 65_536)

    init(_ census: TreeCensus, _ lane: WalkLane<CensusDirectory, Never>) {
        self.census = census
        self.lane = lane
    }

    deinit { names.deallocate() }

    func perform(_ task: Never) {}

    func leave(_ node: DirectoryNode<CensusDirectory>) {}

    func enter(_ node: DirectoryNode<CensusDirectory>) {
        guard !census.control.isInterrupted else { return }
        do throws(SystemError) {
            guard try lane.openSource(node, census.roots.sourceBoundary) else { return }
            let open = try lane.use(node)
            defer { lane.directories.release(node) }
            guard let source = open.source else { return }
            var listing = Listing()
            // One that went away holds nothing.
            guard try lane.read(&listing, of: node, source.descriptor) else { return }
            census.noteSize(of: listing, node)
            listing.sortByInode()
            node.setContents(listing)
        } catch {
            census.countUnread()
        }
    }

    func visit(_ piece: EntryPiece<CensusDirectory>) {
        guard !census.control.isInterrupted else { return }
        do throws(SystemError) {
            let open = try lane.use(piece.directory)
            defer { lane.directories.release(piece.directory) }
            guard let source = open.source else { return }
            for index in piece.range { look(at: Entry(index, of: piece), in: source) }
        } catch {
            census.countUnread()
        }
    }

    private func look(at entry: Entry<CensusDirectory>, in source: SharedDescriptor) {
        let boundary = census.roots.sourceBoundary
        do throws(SystemError) {
            guard let status = try boundary.status(of: entry.pointer, in: source.descriptor),
                !boundary.isOutside(status)
            else { return }
            let isDirectory = status.kind == .directory
            if entry.directory.isRoot,
                ReservedNames.contains(entry.name, isDirectory: { isDirectory })
            {
                return
            }
            guard census.isFirstName(of: status) else { return }
            let attributes = try self.attributes(of: entry.pointer, in: source)
            census.add(status, attributes: attributes, path: entry.path)
            if isDirectory {
                lane.handOn(
                    DirectoryNode(
                        parent: entry.directory,
                        name: entry.name,
                        state: CensusDirectory(inode: status.inode)
                    )
                )
            }
        } catch {
            if error.code != .noEntry { census.countUnread() }
        }
    }

    /// Nil when it has none.
    private func attributes(
        of name: NamePointer,
        in source: SharedDescriptor
    ) throws(SystemError) -> CensusAttributes? {
        let length = try source.descriptor.attributeNames(of: name, into: names) ?? 0
        guard length > 0 else { return nil }
        guard census.limits.measuresAttributes else { return CensusAttributes() }
        let list = UnsafeBufferPointer(rebasing: names[..<length])
        return CensusAttributes(
            excessBytes: try census.measure.excess(of: name, in: source.descriptor, names: list)
        )
    }
}
