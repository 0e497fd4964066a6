// Renames on DESTINATION the directories that moved on SOURCE, so that nothing below them is copied again. Before
// the workers begin, on one thread.
//
// It rests on what the record says: each recorded directory stands on DESTINATION where the record has it, with
// what it held then. So a renamed one is as SOURCE's was, and only what changed since is looked at.
//
// Where a name is taken, the two entries change places (RENAME_EXCHANGE): nothing is ever replaced or removed
// here. What then stands in the old place is judged by the worker that lists it, like everything else.
//
// Not done, and the directory is then compared as a whole: without --delete (the old place would have to stay), in
// a dry run and with --itemize (there is no line for it, and both must print the same), with filters (the old
// place may be protected), and for every error.

import History
import LinuxIO

/// Renames directories on DESTINATION.
struct DirectoryMover {
    private let context: PassContext
    private let history: History
    private let root: SharedDescriptor
    private let rootInode: UInt64
    private let made: [UInt64: DirectoryMove]
    /// Where directories stand on DESTINATION that do not stand where the record has them.
    private var places: [UInt64: DirectoryMove] = [:]
    private let moves: [DirectoryMove]
    /// The names of DESTINATION that were changed, and the inode of SOURCE whose directory each has now; 0: none, or
    /// unknown.
    private var changedNames: [NameRecord: UInt64] = [:]

    init(
        _ context: PassContext,
        _ history: History,
        _ moves: [DirectoryMove],
        made: [UInt64: DirectoryMove],
        destination: SharedDescriptor,
        rootInode: UInt64
    ) {
        self.context = context
        self.history = history
        self.moves = moves
        self.made = made
        root = destination
        self.rootInode = rootInode
    }

    /// Whether directories are renamed in this pass at all.
    static func isAllowed(_ options: PassOptions) -> Bool {
        options.deletesExtras && options.deletionsMax == nil && !options.isDryRun
            && !options.itemizes && options.filter.isEmpty
    }

    /// What became of the moves.
    struct Outcome {
        /// The inodes whose directories stand where SOURCE has them.
        var inPlace: Set<UInt64> = []
        var changedNames: [NameRecord: UInt64] = [:]
    }

    /// Renames what can be renamed.
    ///
    /// Again and again while one succeeds: what lies in the way may be about to move itself.
    mutating func run() -> Outcome {
        var inPlace: Set<UInt64> = []
        var hasMoved = true
        while hasMoved, !context.isInterrupted {
            hasMoved = false
            for move in moves where !inPlace.contains(move.inode) {
                guard context.mayWrite, stand(move) else { continue }
                inPlace.insert(move.inode)
                hasMoved = true
            }
        }
        return Outcome(inPlace: inPlace, changedNames: changedNames)
    }

    /// Whether the directory stands at its new place now.
    private mutating func stand(_ move: DirectoryMove) -> Bool {
        guard let now = place(of: move.inode) else { return false }
        if now.parent == move.parent, now.name == move.name { return true }
        do throws(SystemError) {
            guard let from = try directory(now.parent, mayMake: false),
                let to = try directory(move.parent, mayMake: true)
            else { return false }
            guard try isPlainDirectory(now.name, in: from) else { return false }
            try rename(now, from, move, to)
            places[move.inode] = move
            changedNames[NameRecord(move)] = move.inode
            context.counters.directoriesMoved.count()
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
        try now.name.withPointer { old throws(SystemError) in
            try move.name.withPointer { new throws(SystemError) in
                try from.descriptor.exchange(old, with: new, in: to.descriptor)
            }
        }
        changedNames[NameRecord(now)] = 0
        // If that was a directory which moves as well, it stands here now.
        let other = moves.first { candidate in
            guard candidate.inode != move.inode, let place = place(of: candidate.inode) else {
                return false
            }
            return place.parent == move.parent && place.name == move.name
        }
        if let other {
            places[other.inode] = DirectoryMove(
                inode: other.inode,
                parent: now.parent,
                name: now.name
            )
            changedNames[NameRecord(now)] = other.inode
        }
    }

    /// Where a directory of SOURCE stands on DESTINATION now; nil when that is not known.
    private func place(of inode: UInt64) -> DirectoryMove? {
        if let place = places[inode] { return place }
        guard made[inode] == nil, let record = try? history.directory(inode) else { return nil }
        return DirectoryMove(inode: inode, parent: record.parent, name: Name(record.name))
    }

    /// Opens DESTINATION's directory for one of SOURCE, by name from the root.
    ///
    /// `mayMake`: where it is new on SOURCE it is made. What is moved out of it must be known to be in it: a
    /// directory that the record lacks has a name on DESTINATION that may be another's.
    /// Nil when it has no place.
    private mutating func directory(
        _ inode: UInt64,
        mayMake: Bool
    ) throws(SystemError) -> SharedDescriptor? {
        var steps: [DirectoryMove] = []
        var current = inode
        while current != rootInode {
            guard let step = place(of: current) ?? (mayMake ? made[current] : nil),
                steps.count < Self.depthMax
            else { return nil }
            steps.append(step)
            current = step.parent
        }
        var directory = root
        for step in steps.reversed() {
            if made[step.inode] != nil, places[step.inode] == nil { try make(step, in: directory) }
            directory = SharedDescriptor(try directory.descriptor.openDirectory(step.name))
            if try context.isForeignDestination(directory.descriptor.status()) {
                throw SystemError(.rename, .busy)
            }
        }
        return directory
    }

    /// No tree is so deep by its names; a circle of moves is.
    private static let depthMax = 100_000

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
            // What has the name is opened as a directory next, or refused there.
            guard error.code == .exists else { throw error }
        }
        places[step.inode] = step
    }

    private func isPlainDirectory(
        _ name: Name,
        in parent: SharedDescriptor
    ) throws(SystemError) -> Bool {
        let status = try name.withPointer { name throws(SystemError) in
            try parent.descriptor.status(of: name)
        }
        guard let status, status.kind == .directory else { return false }
        return !context.isForeignDestination(status)
    }

    private func isForeign(
        _ name: Name,
        in parent: SharedDescriptor
    ) throws(SystemError) -> Bool {
        let status = try name.withPointer { name throws(SystemError) in
            try parent.descriptor.status(of: name)
        }
        return status.map(context.isForeignDestination) ?? false
    }
}

extension NameRecord {
    /// The name that a directory has after a move.
    init(_ move: DirectoryMove) {
        self.init(parent: move.parent, nameHash: InodeNote.hash(move.name.bytes))
    }
}
