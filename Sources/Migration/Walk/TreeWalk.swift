// The walk through a tree, which belongs to nobody: pass, verification and census are its visitors.
//
//   TreeWalk         runs a pool of lanes over a tree, from its root to the last directory that is left
//   TreeVisitor      what one lane does with a directory, a run of entries, a task of its own
//   WalkLane         what the walk gives a visitor: work to push, scratch to list with, descriptors
//   DirectoryNode    a directory under way; DirectoryContents: its entries
//   Entry            one entry; EntryPiece: a run of them
//   OpenDirectories  lends out the descriptors of nodes; DescriptorBudget says how many there are
//   MountBoundary+Entering  opening a directory below another, or why not
//   OneSidedWalk     a walk of SOURCE alone: its root, its directories
//   NamePairs        which names both sides have
//   SpineDirectory   whose a name is, in a run of a plan
//   Scope            which names of the roots are looked at; ReservedNames: which never are
//   FileRanges       ranges of one large file for several workers; LargeFileSlots: how many at a time
//   TemporaryName    names of what is not in place yet
//
// Shape of the work: a directory is entered by one worker, which lists it; its entries are cut into pieces that any
// worker visits; whoever ends the last piece leaves it, and then perhaps its parents.

import LinuxIO
import Synchronization

/// One piece of work of a walk; any worker can do any of them.
package enum WalkWork<State: Sendable, Task: Sendable>: Sendable {
    /// Open and list a directory, and do what comes before its entries.
    case directory(DirectoryNode<State>)
    /// Visit a run of entries.
    case entries(EntryPiece<State>)
    /// What the visitor hands on of its own; it ends the piece of the directory that it counted for it.
    case task(Task)
}

/// One lane's visitor.
///
/// Made and used on that lane's thread only.
protocol TreeVisitor: AnyObject, SendableMetatype {
    /// What it keeps of each directory.
    associatedtype State: Sendable
    /// Work of its own.
    associatedtype Task: Sendable

    var lane: WalkLane<State, Task> { get }

    /// Does a directory's own task: opens and lists it, and hands on its entries by `setContents`, if there are any.
    func enter(_ node: DirectoryNode<State>)
    /// Visits a run of entries; those that are directories are handed on.
    func visit(_ piece: EntryPiece<State>)
    /// Does a task of its own.
    func perform(_ task: Task)
    /// Everything in a directory is done; it is closed after this.
    func leave(_ node: DirectoryNode<State>)
    /// Does one piece of work: `walk(work)`, unless there is something to do around it.
    func take(_ work: WalkWork<State, Task>)
}

extension TreeVisitor {
    func take(_ work: WalkWork<State, Task>) { walk(work) }

    /// Does one piece of work, to its end.
    func walk(_ work: WalkWork<State, Task>) {
        switch work {
        case .directory(let node):
            enter(node)
            finishPiece(of: node)
        case .entries(let piece):
            visit(piece)
            finishPiece(of: piece.directory)
        case .task(let task): perform(task)
        }
    }

    /// One piece of `node` is done; moves it on if it was the last, and its parents after it.
    func finishPiece(of node: DirectoryNode<State>) {
        var node = node
        while node.finishPiece() {
            if let contents = node.takeContents() {
                node.addPiece()
                handOut(contents, of: node)
                continue
            }
            leave(node)
            lane.directories.openParent(of: node)
            lane.directories.close(node)
            guard let parent = node.parent else { return }
            node = parent
        }
    }

    /// Cuts a directory's entries into pieces for all workers; a small one is visited at once.
    private func handOut(_ contents: DirectoryContents, of node: DirectoryNode<State>) {
        let count = contents.listing.count
        let most = WalkLane<State, Task>.pieceEntries
        if count <= most {
            visit(EntryPiece(directory: node, entries: contents, range: 0..<count))
            return
        }
        // Pushed last to first: this lane takes its newest work first and goes through them in order.
        var end = count
        while end > 0 {
            let start = (end - 1) / most * most
            lane.handOn(EntryPiece(directory: node, entries: contents, range: start..<end))
            end = start
        }
    }
}

/// What a walk gives the visitor of one lane.
///
/// Belongs to that lane's thread.
package final class WalkLane<State: Sendable, Task: Sendable> {
    /// Entries visited by one piece of work.
    ///
    /// Small enough to spread a directory over all workers, large enough that handing out costs
    /// nothing beside the calls for its entries.
    static var pieceEntries: Int { 64 }

    let directories: OpenDirectories<State>
    private let push: (WalkWork<State, Task>) -> Void
    private let workerCount: () -> Int
    /// Scratch for getdents64(2): 64 KiB hold about 1,500 names of usual length.
    private let listingBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 65_536,
        alignment: 16
    )

    init(
        directories: OpenDirectories<State>,
        push: @escaping (WalkWork<State, Task>) -> Void,
        workers: @escaping () -> Int
    ) {
        self.directories = directories
        self.push = push
        workerCount = workers
    }

    deinit { listingBuffer.deallocate() }

    /// Lends out a directory's descriptors as `directories` does, for who tells of either side in the same words.
    func use(_ node: DirectoryNode<State>) throws(SystemError) -> OpenDirectory {
        do throws(LostDirectory) { return try directories.use(node) } catch { throw error.error }
    }

    /// How many workers a person wants; a large file is cut for that many, also while the walk is held back, which ends
    /// sooner than the file.
    var workers: Int { workerCount() }

    // MARK: Handing on

    /// Hands on a directory; its parent is not left before it is.
    func handOn(_ child: DirectoryNode<State>) {
        child.parent?.addPiece()
        push(.directory(child))
    }

    /// Hands on a run of entries.
    func handOn(_ piece: EntryPiece<State>) {
        piece.directory.addPiece()
        push(.entries(piece))
    }

    /// Hands on a task whose piece is counted already, and is ended by whoever performs it.
    func handOn(_ task: Task) { push(.task(task)) }

    // MARK: Directories

    /// Puts the first descriptors of a directory in place, in use by nobody.
    func install(
        _ source: OpenedDirectory?,
        _ destination: OpenedDirectory?,
        in node: DirectoryNode<State>
    ) {
        directories.install(
            OpenDirectory(source: source?.handle, destination: destination?.handle),
            identities: (source?.status.identity, destination?.status.identity),
            in: node
        )
        directories.release(node)
    }

    /// Reads an open directory to its end.
    ///
    /// False when it was removed meanwhile: that happens to entries, and a root that goes away is an error (ENOENT). On
    /// an error what was read so far stays in the listing.
    func read(
        _ listing: inout Listing,
        of node: DirectoryNode<State>,
        _ descriptor: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        if try listing.read(descriptor, buffer: listingBuffer) { return true }
        if node.isRoot { throw SystemError(.getdents64, .noEntry) }
        return false
    }

    /// The entries of a directory that is about to be removed, or compared by names alone; none when it is gone.
    func names(in descriptor: borrowing Descriptor) throws(SystemError) -> Listing {
        var listing = Listing()
        try listing.read(descriptor, buffer: listingBuffer)
        return listing
    }

    /// Whether a directory that is not open has no entries; one that is going away has none.
    func isEmptyDirectory(
        _ name: Name,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        try names(in: try directory.openDirectory(name)).count == 0
    }
}

/// A walk that can be run once.
///
/// `run` blocks its thread; the other methods may be called from any thread meanwhile.
final class TreeWalk<Visitor: TreeVisitor>: Sendable {
    private let pool: WorkerPool<WalkWork<Visitor.State, Visitor.Task>>
    private let workersMost: Int

    /// A walk that is not running yet.
    ///
    /// - Parameters:
    ///   - workers: lanes at first.
    ///   - workersMax: lanes at most, for which there are descriptors.
    ///   - directories: lends out the descriptors of nodes.
    ///   - makeVisitor: called once on each lane's thread.
    ///   - whenQuiet: called when all work is done; what it returns is done next, nothing ends the walk.
    init(
        workers: Int,
        workersMax: Int,
        directories: OpenDirectories<Visitor.State>,
        makeVisitor: @escaping @Sendable (WalkLane<Visitor.State, Visitor.Task>) -> Visitor,
        whenQuiet: @escaping @Sendable () -> [Visitor.Task] = { [] }
    ) {
        workersMost = workersMax
        pool = WorkerPool(
            workers: workers,
            makeLane: { pool, lane in
                let visitor = makeVisitor(
                    WalkLane(
                        directories: directories,
                        push: { pool.push($0, lane: lane) },
                        workers: { pool.workers }
                    )
                )
                return visitor.take
            },
            whenQuiet: { whenQuiet().map { .task($0) } }
        )
    }

    /// Walks from `root`, which is open, to the end.
    func run(_ root: DirectoryNode<Visitor.State>) { pool.run(.directory(root)) }

    /// The most lanes that had work at the same time.
    var workersBusyMax: Int { pool.workersBusyMax }

    /// Adds workers, or takes some away; at least one stays.
    ///
    /// Returns the new number, and whether threads kept it down.
    func changeWorkers(by difference: Int) -> (workers: Int, lacksThreads: Bool) {
        pool.change(by: difference, most: workersMost)
    }

    /// See `HeldRun`.
    var workersWanted: Int { pool.workers }

    /// Lets at most so many lanes work; 0: none, nil: no limit.
    func limitWorkers(to most: Int?) { pool.limitWorkers(to: most) }

    /// From when `control` ends the run the walk has no limit.
    func endLimits(with control: RunControl) {
        // Not kept by it: it is kept by all that the walk does.
        control.whenEnding { [weak self] in self?.pool.endLimits() }
    }
}
