// Makes the plan of a scan pass out of the inodes that changed.
//
//   1. Directories to list: those that changed, and those that hold a changed inode, under all its names.
//   2. Those that changed are listed here already, on SOURCE only, opened by handle: a name that means another
//      inode than the record says has moved. Files are then compared, under all their names; directories are
//      moved. New directories are listed likewise, for old ones may have been moved into them.
//   3. Moved directories are renamed on DESTINATION where that can be done (`DirectoryMover`). Of those that
//      are not, everything is compared, and inodes that have a name inside and another outside are compared
//      under all names, or their group would be torn (S40).
//   4. The tree: from each directory up to the root, by the names that SOURCE has now (`VisitTree`).
//
// What the steps cost, in looks into the record: the first is O(c), c changed inodes and the names of those with
// several; the second two for each name in a directory that changed; the third stands at the mover, and
// `compareGroups` takes O(d), d directories below those that are compared as a whole, each once; the fourth
// stands at the tree. Parents in the record may lead in a circle, and no step follows them twice.
//
// A directory that cannot be found any more was moved or removed after the scan. It is left out: its record is
// not touched, and the next scan finds it, and the directories that it left and came to, changed again.

import Dispatch
import History
package import LinuxIO
import Synchronization

/// A directory with another parent or name than the record has.
package struct DirectoryMove: Sendable {
    package let inode: UInt64
    package let parent: UInt64
    package let name: Name

    package init(inode: UInt64, parent: UInt64, name: Name) {
        self.inode = inode
        self.parent = parent
        self.name = name
    }
}

/// Plans one scan pass.
final class VisitPlanner: Sendable {
    private struct State: Sendable {
        /// Directories to list, with their generation.
        var queue: [(inode: UInt64, generation: UInt32)]
        var next = 0
        var underWay = 0
        var compared: Set<UInt64> = []
        /// Those of them whose names were all asked for.
        var grouped: Set<UInt64> = []
        var listed: Set<UInt64> = []
        var moves: [DirectoryMove] = []
        /// Directories that the record lacks.
        var made: [UInt64: DirectoryMove] = [:]
        var problem: WalkReason?
    }

    private let history: History
    private let recorder: Recorder?
    private let control: RunControl
    private let source: SharedDescriptor
    private let rootInode: UInt64
    private let reused: Set<UInt64>
    private let state: Lock<State>
    /// Lanes without work wait for it; a signal too many lets one look in vain.
    private let changed = DispatchSemaphore(value: 0)

    init(  // Six: what a pass, its record and its scan each have.
        _ history: History,
        _ recorder: Recorder?,
        _ control: RunControl,
        changed: [ChangedInode],
        source: SharedDescriptor,
        rootInode: UInt64
    ) throws(WalkReason) {
        self.history = history
        self.recorder = recorder
        self.control = control
        self.source = source
        self.rootInode = rootInode
        reused = Set(changed.lazy.filter(\.isReused).map(\.inode))
        var state = State(queue: [])
        for inode in changed {
            if inode.isReused {
                state.compared.insert(inode.inode)
            } else if inode.isDirectory {
                state.listed.insert(inode.inode)
                state.queue.append((inode.inode, inode.generation))
            } else {
                state.compared.insert(inode.inode)
                state.listed.insert(inode.parent)
            }
            guard inode.hasSeveralNames else { continue }
            state.listed.formUnion(try Self.parents(of: inode.inode, history))
        }
        self.state = Lock(state)
    }

    /// The plan; `move` renames on DESTINATION what it can.
    ///
    /// Lists in so many lanes.
    func plan(
        lanes: Int,
        moving move: ([DirectoryMove], [UInt64: DirectoryMove]) -> MovedDirectories
    ) throws(WalkReason) -> VisitPlan {
        // Without it nothing below would be looked at.
        guard try history.recordedMove(rootInode) != nil, try history.hasDirectory(rootInode) else {
            throw WalkReason(.lastPassUnfinished)
        }
        inLanes(lanes) { _ in self.listAll() }
        if let problem = state.withLock({ $0.problem }) { throw problem }
        let (moves, made) = state.withLock { ($0.moves, $0.made) }
        let outcome = move(moves, made)
        let inPlace = outcome.inPlace
        if let recorder {
            // The record must not say that it stands where it stood, should it never be listed.
            let buffer = recorder.makeBuffer()
            for move in moves { recorder.noteRemoved(move.inode, in: buffer) }
            for inode in outcome.displaced { recorder.noteRemoved(inode, in: buffer) }
        }
        let left = moves.filter { !inPlace.contains($0.inode) }
        try compareGroups(below: left.map(\.inode))
        let (listed, compared) = state.withLock { ($0.listed, $0.compared) }
        recorder?.noteCompared(compared)
        let whole = Set(left.map(\.inode)).union(made.keys)
        var tree = VisitTree(
            rootInode: rootInode,
            moved: Dictionary(
                moves.map { ($0.inode, $0) },
                uniquingKeysWith: { first, _ in first }
            ),
            whole: whole,
            history: history
        )
        for inode in listed where control.mayBegin { try tree.list(inode) }
        let marks = VisitRules(
            compared: compared,
            reused: reused,
            whole: whole,
            changedNames: outcome.changedNames,
            history: history
        )
        return VisitPlan(root: tree.root, marks: marks)
    }

    private static func parents(
        of inode: UInt64,
        _ history: History
    ) throws(WalkReason) -> [UInt64] {
        do throws(HistoryProblem) { return try history.names(of: inode).map(\.parent) } catch {
            throw .recordFailed(error.sentence)
        }
    }

    // MARK: Listing what changed

    /// One lane: lists directories until none is left and no other lane can find more.
    private func listAll() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let (next, isDone) = state.withLock { state -> ((UInt64, UInt32)?, Bool) in
                if state.problem != nil { return (nil, true) }
                guard state.next < state.queue.count else { return (nil, state.underWay == 0) }
                if !control.mayBegin { return (nil, true) }
                state.next += 1
                state.underWay += 1
                return (state.queue[state.next - 1], false)
            }
            if isDone {
                // Each that waits lets the next one know.
                changed.signal()
                return
            }
            guard let (inode, generation) = next else {
                // Another lane lists a directory in which it may find new ones. Nobody signals an interruption.
                _ = changed.wait(timeout: .now() + .milliseconds(100))
                continue
            }
            do throws(WalkReason) {
                try list(inode, generation, buffer)
                state.withLock { $0.underWay -= 1 }
            } catch {
                state.withLock { state in
                    state.underWay -= 1
                    state.problem = state.problem ?? error
                }
            }
        }
    }

    private func list(
        _ inode: UInt64,
        _ generation: UInt32,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(WalkReason) {
        var listing = Listing()
        let directory: SharedDescriptor
        do throws(SystemError) {
            let opened = try source.descriptor.openDirectory(inode: inode, generation: generation)
            directory = SharedDescriptor(opened)
            try listing.read(directory.descriptor, buffer: buffer)
        } catch {
            switch error.code {
            // Gone since the scan: see the head of this file.
            case .stale, .noEntry: return
            // The worker that visits it meets the error, too, and records it.
            case .inputOutput: return
            default: throw .scanFailed(error)
            }
        }
        listing.sortByInode()
        for index in 0..<listing.count where control.mayBegin {
            try examine(index, of: listing, in: inode, directory)
        }
    }

    /// Looks whether one name of a directory that changed means what the record says.
    private func examine(
        _ index: Int,
        of listing: Listing,
        in parent: UInt64,
        _ directory: SharedDescriptor
    ) throws(WalkReason) {
        let entry = listing.records[index]
        let hash = InodeNote.hash(listing.nameBytes(index))
        do throws(HistoryProblem) {
            if try history.hasName(inode: entry.inode, nameHash: hash, in: parent, except: reused) {
                return
            }
            let known = reused.contains(entry.inode) ? nil : try history.inode(entry.inode)
            let move = DirectoryMove(inode: entry.inode, parent: parent, name: listing.name(index))
            guard let known else {
                noteNew(move, directory, listing.namePointer(index), entry)
                return
            }
            if known.isDirectory {
                state.withLock { state in
                    state.moves.append(move)
                    // Exchanged within one directory it has kept its own times.
                    state.listed.insert(move.inode)
                }
                return
            }
            // A link may have been made of one that has not changed as far as the scan saw: all names, or the
            // record would keep the new one alone.
            try compareAllNames(of: entry.inode) { () throws(HistoryProblem) in
                try history.names(of: known)
            }
        } catch {
            throw .recordFailed(error.sentence)
        }
    }

    /// A new directory is listed as well: old ones may have been moved into it.
    private func noteNew(
        _ move: DirectoryMove,
        _ directory: SharedDescriptor,
        _ name: NamePointer,
        _ record: Listing.Record
    ) {
        // What no listing tells is asked.
        guard record.isDirectory != false else { return }
        do throws(SystemError) {
            let opened = try directory.descriptor.openDirectory(name)
            let generation = try opened.inodeGeneration()
            state.withLock { state in
                guard state.made.updateValue(move, forKey: move.inode) == nil else { return }
                state.queue.append((move.inode, generation))
            }
            changed.signal()
        } catch {
            // No directory, or gone, or another filesystem: the worker that compares it finds out.
        }
    }

    /// Compares an inode in all directories that have a name of it; its names are asked for once, for it can
    /// have 65,000, each in another directory that was moved.
    private func compareAllNames(
        of inode: UInt64,
        _ names: () throws(HistoryProblem) -> [NameRecord]
    ) throws(HistoryProblem) {
        guard state.withLock({ $0.grouped.insert(inode).inserted }) else { return }
        let parents = try names().map(\.parent)
        state.withLock { state in
            state.compared.insert(inode)
            state.listed.formUnion(parents)
        }
    }

    // MARK: Moved, and not renamed

    /// Inodes with a name below a directory that is compared as a whole, and others outside.
    ///
    /// Each directory below any of them once, though they may lie in each other, or in a circle.
    private func compareGroups(below inodes: [UInt64]) throws(WalkReason) {
        var stack = inodes
        var met: Set<UInt64> = []
        do throws(HistoryProblem) {
            while let directory = stack.popLast() {
                guard control.mayBegin else { return }
                guard met.insert(directory).inserted else { continue }
                stack += try history.directories(in: directory)
                for inode in try history.inodesWithSeveralNames(in: directory) {
                    try compareAllNames(of: inode) { () throws(HistoryProblem) in
                        try history.names(of: inode)
                    }
                }
            }
        } catch {
            throw .recordFailed(error.sentence)
        }
    }
}

/// What became of the directories that were to be renamed on DESTINATION.
struct MovedDirectories {
    /// The inodes whose directories stand where SOURCE has them.
    var inPlace: Set<UInt64> = []
    var changedNames: [NameRecord: UInt64] = [:]
    /// Directories that have lost the place that the record has for them, and were not seen at another.
    var displaced: Set<UInt64> = []
}
