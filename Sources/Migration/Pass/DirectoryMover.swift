// Renames on DESTINATION the directories that moved on SOURCE, so that nothing below them is copied again. Before
// the workers begin, on one thread.
//
// It rests on what the record says: each directory that is recorded with a place stands there on DESTINATION,
// with what it held then. So a renamed one is as SOURCE's was, and only what changed since is looked at. One
// that is recorded without a place is never renamed.
//
// Where a name is taken, the two entries change places (RENAME_EXCHANGE): nothing is ever replaced or removed
// here. What then stands in the old place is judged by the worker that lists it, like everything else.
//
// Not done, and the directory is then compared as a whole: without --delete (the old place would have to stay) and
// with --max-delete, in a dry run and with --itemize (there is no line for it, and both must print the same), with
// filters (the old place may be protected), and for every error.
//
// Worst case: O(m + w) attempts, m moves, w the sum over those that fail of the moving directories on their ways
// (each of which, once moved, allows one attempt more); an attempt takes O(d) looks into the record and openings, d
// directories on its two ways. Each directory is looked up once, one that has no way to the root is known
// not to have any, and directories that were opened lately are not opened again from the root.

import History
import LinuxIO

/// Renames directories on DESTINATION.
struct DirectoryMover {
    private let context: PassContext
    private let root: SharedDescriptor
    private let moves: [DirectoryMove]
    private let moving: Set<UInt64>
    private var places: DirectoryPlaces
    /// DESTINATION's directories that were opened for those of SOURCE: renaming does not make them others.
    private var opened: [UInt64: SharedDescriptor] = [:]
    /// No worker runs yet, so there is room for them; moves of one directory lie side by side.
    private static let openedMax = 16
    /// The names of DESTINATION that were changed, and the inode of SOURCE whose directory each has now; 0: none, or
    /// unknown.
    private var changedNames: [NameRecord: UInt64] = [:]
    /// Directories that have lost the place that the record has for them, and were not seen at another.
    private var displaced: Set<UInt64> = []

    /// `places`: before any of the moves is made.
    init(
        _ context: PassContext,
        _ moves: [DirectoryMove],
        places: DirectoryPlaces,
        destination: SharedDescriptor
    ) {
        self.context = context
        self.moves = moves
        moving = Set(moves.map(\.inode))
        self.places = places
        root = destination
    }

    /// Whether directories are renamed in this pass at all.
    static func isAllowed(_ options: PassOptions) -> Bool {
        options.deletesExtras && options.deletionsMax == nil && !options.isDryRun
            && !options.itemizes && options.filter.isEmpty
    }

    /// Renames what can be renamed.
    ///
    /// What fails is tried again when a directory has moved that stood on one of its ways: it may have lain in
    /// the way, or below what was to be moved.
    mutating func run() -> MovedDirectories {
        for move in moves { places.noteRecorded(move) }
        var pending = moving
        var queue = moves
        var next = 0
        var waiting: [UInt64: [DirectoryMove]] = [:]
        while next < queue.count, context.log.mayBegin, context.log.mayWrite {
            let move = queue[next]
            next += 1
            guard pending.contains(move.inode) else { continue }
            if stand(move) {
                pending.remove(move.inode)
                queue += waiting.removeValue(forKey: move.inode) ?? []
            } else {
                for inode in onWays(of: move) where pending.contains(inode) && inode != move.inode {
                    waiting[inode, default: []].append(move)
                }
            }
        }
        let inPlace = moving.subtracting(pending)
        return MovedDirectories(
            inPlace: inPlace,
            changedNames: changedNames,
            displaced: displaced.subtracting(inPlace)
        )
    }

    /// The directories above the place of a move, now and then; none where it cannot ever be made.
    private mutating func onWays(of move: DirectoryMove) -> Set<UInt64> {
        guard let now = places.place(of: move.inode) else { return [] }
        var inodes: Set<UInt64> = []
        for (parent, mayMake) in [(now.parent, false), (move.parent, true)] {
            guard let steps = places.way(to: parent, mayMake: mayMake) else { return [] }
            inodes.formUnion(steps.lazy.map(\.inode))
        }
        return inodes
    }

    /// Whether the directory stands at its new place now.
    private mutating func stand(_ move: DirectoryMove) -> Bool {
        guard let now = places.place(of: move.inode) else { return false }
        if places.isTaken(now) { return false }
        if now.parent == move.parent, now.name == move.name { return true }
        do throws(SystemError) {
            guard let from = try directory(now.parent, mayMake: false),
                let to = try directory(move.parent, mayMake: true)
            else { return false }
            guard try isPlainDirectory(now.name, in: from) else { return false }
            try rename(now, from, move, to)
            places.put(move)
            changedNames[NameRecord(move)] = move.inode
            context.log.counters.directoriesMoved.count()
            return true
        } catch {
            // Compared as a whole instead; an error that concerns the pass is met again there.
            return false
        }
    }

    private mutating func rename(
        _ now: DirectoryMove,
        _ from: SharedDescriptor,
        _ move: DirectoryMove,
        _ to: SharedDescriptor
    ) throws(SystemError) {
        do throws(SystemError) {
            try from.descriptor.renameDirectory(now.name, to: to.descriptor, move.name)
            changedNames[NameRecord(now)] = 0
            return
        } catch {
            guard error.code == .exists else { throw error }
        }
        guard try !isForeign(move.name, in: to) else { throw SystemError(.rename, .busy) }
        let others = try standing(at: move)
        try now.name.withPointer { old throws(SystemError) in
            try move.name.withPointer { new throws(SystemError) in
                try from.descriptor.exchange(old, with: new, in: to.descriptor)
            }
        }
        changedNames[NameRecord(now)] = 0
        for other in others where other != move.inode {
            // What was moved out of it is found where it stands now, and not in what has its name.
            places.put(DirectoryMove(inode: other, parent: now.parent, name: now.name))
            if moving.contains(other) {
                changedNames[NameRecord(now)] = other
            } else {
                displaced.insert(other)
            }
        }
    }

    private func standing(at place: DirectoryMove) throws(SystemError) -> [UInt64] {
        do throws(HistoryProblem) { return try places.standing(at: place) } catch {
            // Then nothing is exchanged: what was there would be lost sight of.
            throw SystemError(.rename, .busy)
        }
    }

    // MARK: Opening

    /// Opens DESTINATION's directory for one of SOURCE, by name from the root or from one that is open; nil when it
    /// has no place.
    private mutating func directory(
        _ inode: UInt64,
        mayMake: Bool
    ) throws(SystemError) -> SharedDescriptor? {
        guard let steps = places.way(to: inode, mayMake: mayMake) else { return nil }
        let start = steps.firstIndex { opened[$0.inode] != nil } ?? steps.endIndex
        var directory = start == steps.endIndex ? root : opened[steps[start].inode] ?? root
        for step in steps[..<start].reversed() {
            if places.isToBeMade(step.inode) { try make(step, in: directory) }
            directory = SharedDescriptor(try directory.descriptor.openDirectory(step.name))
            if try context.volumes.isForeignDestination(directory.descriptor.status()) {
                throw SystemError(.rename, .busy)
            }
        }
        if start > 0 {
            if opened.count == Self.openedMax { opened = [:] }
            opened[inode] = directory
        }
        return directory
    }

    /// Makes a directory that is new on SOURCE: 0700, and the worker that compares it gives it the rest.
    private mutating func make(
        _ step: DirectoryMove,
        in parent: SharedDescriptor
    ) throws(SystemError) {
        do throws(SystemError) {
            try step.name.withPointer { name throws(SystemError) in
                try parent.descriptor.makeDirectory(name, mode: 0o700)
            }
        } catch {
            // What has the name is opened as a directory next, or refused there. It is the new one's from now on.
            guard error.code == .exists else { throw error }
            for other in try standing(at: step) where other != step.inode {
                places.forget(other)
                displaced.insert(other)
            }
        }
        places.put(step)
    }

    private func isPlainDirectory(
        _ name: Name,
        in parent: SharedDescriptor
    ) throws(SystemError) -> Bool {
        guard let status = try status(of: name, in: parent), status.kind == .directory else {
            return false
        }
        return !context.volumes.isForeignDestination(status)
    }

    private func isForeign(
        _ name: Name,
        in parent: SharedDescriptor
    ) throws(SystemError) -> Bool {
        try status(of: name, in: parent).map(context.volumes.isForeignDestination) ?? false
    }

    private func status(
        of name: Name,
        in parent: SharedDescriptor
    ) throws(SystemError) -> FileStatus? {
        try name.withPointer { name throws(SystemError) in
            try context.volumes.destinationStatus(of: name, in: parent.descriptor)
        }
    }
}

extension NameRecord {
    /// The name that a directory has after a move.
    init(_ move: DirectoryMove) {
        self.init(parent: move.parent, nameHash: InodeNote.hash(move.name.bytes))
    }
}
