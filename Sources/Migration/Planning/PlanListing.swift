// Lists SOURCE for a plan, with all workers: every directory that may have to be cut, every entry's size. A visitor of
// the walk with one side, as the census of a check is.
//
// It keeps true: nothing is written, no symlink followed, no other filesystem entered; what cannot be read is
// counted and told, and goes to some shard, whose pass tells it again.

package import LinuxIO
import Synchronization

/// Directories and entries that could not be looked at.
package struct PlanUnread: Equatable, Sendable {
    package var count: UInt64 = 0
    /// One of them, below SOURCE, and why.
    package var example: [UInt8]?
    package var error: SystemError?

    package init() {}
}

/// One listing.
///
/// Shared by its lanes.
final class PlanListing: Sendable {
    fileprivate let roots: Roots
    fileprivate let filter: Filter
    private let crossesMounts: Bool
    /// What top-level directories hold, by an earlier pass, that are too light to be cut.
    fileprivate let known: [Name: PlanWeight]
    fileprivate let weigher: TreeWeigher
    fileprivate let control: RunControl
    private let unreadEntries = Lock(PlanUnread())

    init(
        _ roots: Roots,
        _ options: PassOptions,
        known: [Name: PlanWeight],
        _ weigher: TreeWeigher,
        _ control: RunControl
    ) {
        self.roots = roots
        filter = options.filter
        crossesMounts = options.crossesMounts
        self.known = known
        self.weigher = weigher
        self.control = control
    }

    var unread: PlanUnread { unreadEntries.withLock { $0 } }

    /// Lists; blocks.
    func run(_ supply: WorkerSupply) throws(SystemError) -> WeighedDirectory {
        let budget = supply.budget(batchFilesMax: 0)
        let directories = OpenDirectories<ListedDirectory>(
            budget,
            crossesMounts: crossesMounts
        )
        let root = DirectoryNode(parent: nil, name: Name("."), state: ListedDirectory())
        try directories.installSource(of: roots, in: root)
        let walk = TreeWalk<PlanVisitor>(
            workers: supply.workers,
            workersMax: budget.workersMax,
            directories: directories,
            makeVisitor: { [self] lane in PlanVisitor(self, lane) }
        )
        walk.run(root)
        return root.state.closed(weigher)
    }

    fileprivate func count(_ error: SystemError, _ path: [UInt8]) {
        unreadEntries.withLock { unread in
            unread.count += 1
            // The first by its path: the same each time.
            if let example = unread.example, !path.lexicographicallyPrecedes(example) { return }
            unread.example = path
            unread.error = error
        }
    }
}

/// What a listing keeps of a directory.
private final class ListedDirectory: Sendable {
    private let weighing = Lock<WeighingDirectory?>(nil)

    /// Nil: it was not listed yet, or cannot be.
    var entries: WeighingDirectory? { weighing.withLock { $0 } }

    func begin(_ directory: WeighingDirectory) { weighing.withLock { $0 = directory } }

    /// All of it, once; one that could not be listed is an entry and no more.
    func closed(_ weigher: TreeWeigher) -> WeighedDirectory {
        let done = weighing.withLock { $0.take() }
        return (done ?? WeighingDirectory(weigher, entries: 0, subdirectories: 0)).close()
    }
}

/// Lists what one lane comes to.
private final class PlanVisitor: TreeVisitor {
    let lane: WalkLane<ListedDirectory, Never>
    private let listing: PlanListing

    init(_ listing: PlanListing, _ lane: WalkLane<ListedDirectory, Never>) {
        self.listing = listing
        self.lane = lane
    }

    func perform(_ task: Never) {}

    func leave(_ node: DirectoryNode<ListedDirectory>) {
        guard let parent = node.parent else { return }
        parent.state.entries?.adopt(node.state.closed(listing.weigher), name: node.name)
    }

    func enter(_ node: DirectoryNode<ListedDirectory>) {
        guard !listing.control.isInterrupted else { return }
        do throws(SystemError) {
            guard try lane.openSource(node, listing.roots.sourceBoundary) else { return }
            let open = try lane.use(node)
            defer { lane.directories.release(node) }
            guard let source = open.source else { return }
            var names = Listing()
            // One that went away holds nothing.
            guard try lane.read(&names, of: node, source.descriptor) else { return }
            try select(&names, of: node, source.descriptor)
            node.state.begin(
                WeighingDirectory(
                    listing.weigher,
                    entries: names.count,
                    subdirectories: names.records.count { $0.isDirectory != false }
                )
            )
            names.sortByInode()
            node.setContents(names)
        } catch {
            listing.count(error, node.path)
        }
    }

    /// Leaves out what a pass does not look at.
    private func select(
        _ names: inout Listing,
        of node: DirectoryNode<ListedDirectory>,
        _ directory: borrowing Descriptor
    ) throws(SystemError) {
        let filter = listing.filter
        guard node.isRoot || !filter.isEmpty else { return }
        let boundary = listing.roots.sourceBoundary
        var kept = [Bool](repeating: true, count: names.count)
        for index in kept.indices {
            let name = names.name(index)
            if node.isRoot,
                try ReservedNames.contains(
                    name,
                    isDirectory: { () throws(SystemError) in
                        try boundary.isDirectory(index, of: names, in: directory)
                    }
                )
            {
                kept[index] = false
            } else if !filter.isEmpty {
                kept[index] = !filter.excludes(
                    path: node.path(of: name),
                    isDirectory: try boundary.isDirectory(index, of: names, in: directory)
                )
            }
        }
        names.retain { kept[$0] }
    }

    func visit(_ piece: EntryPiece<ListedDirectory>) {
        guard !listing.control.isInterrupted else { return }
        do throws(SystemError) {
            let open = try lane.use(piece.directory)
            defer { lane.directories.release(piece.directory) }
            guard let source = open.source else { return }
            for index in piece.range { look(at: Entry(index, of: piece), in: source) }
        } catch {
            listing.count(error, piece.directory.path)
        }
    }

    private func look(at entry: Entry<ListedDirectory>, in source: SharedDescriptor) {
        if entry.directory.isRoot, let weight = listing.known[entry.name] {
            entry.directory.state.entries?.adopt(weight, name: entry.name)
            return
        }
        let boundary = listing.roots.sourceBoundary
        do throws(SystemError) {
            // What is listed as a directory need not be asked for more.
            var isDirectory = entry.record.isDirectory ?? false
            var weight = PlanWeight(entries: 1)
            if !isDirectory {
                guard let status = try boundary.status(of: entry.pointer, in: source.descriptor),
                    !boundary.isOutside(status)
                else { return }
                isDirectory = status.kind == .directory
                weight.bytes = Self.bytes(of: status)
            }
            if isDirectory {
                lane.handOn(
                    DirectoryNode(
                        parent: entry.directory,
                        name: entry.name,
                        state: ListedDirectory()
                    )
                )
                return
            }
            let bytes = UnsafeBufferPointer(
                rebasing: entry.entries.listing.nameBytes(entry.index)
                    .bindMemory(to: UInt8.self)[...]
            )
            entry.directory.state.entries?.add(weight, hash: listing.weigher.hash(bytes)) {
                entry.name
            }
        } catch {
            listing.count(error, entry.path)
        }
    }

    /// What is to be read of a file: no holes, and of an inode with several names its part for each.
    private static func bytes(of status: FileStatus) -> UInt64 {
        guard status.kind == .regular else { return 0 }
        return min(status.sizeBytes, status.allocatedBytes) / UInt64(max(status.linkCount, 1))
    }
}
