// Where directories of SOURCE stand on DESTINATION while some of them are being renamed: what the record has, and what
// was done since. Neither volume is asked.

import History
import LinuxIO

/// The places of directories on DESTINATION.
///
/// A directory that the record lacks has none: what has its name there may be another's.
struct DirectoryPlaces {
    private let history: History
    private let rootInode: UInt64
    /// Directories that are new on SOURCE, and where they are to be made.
    private let made: [UInt64: DirectoryMove]
    /// Where directories stand that do not stand where the record has them.
    private var changed: [UInt64: DirectoryMove] = [:]
    /// Which of the moves has a directory that stands in a place now.
    private var standing: [Place: UInt64] = [:]
    /// Where the record has directories; nil: nowhere.
    private var recorded: [UInt64: DirectoryMove?] = [:]
    /// Directories without a way to the root.
    private var lost: Set<UInt64> = []

    /// A name in a directory of SOURCE.
    private struct Place: Hashable {
        let parent: UInt64
        let name: Name

        init(_ move: DirectoryMove) {
            parent = move.parent
            name = move.name
        }
    }

    init(_ history: History, rootInode: UInt64, made: [UInt64: DirectoryMove]) {
        self.history = history
        self.rootInode = rootInode
        self.made = made
    }

    /// The directory of a move stands where the record has it, as far as it has it.
    mutating func noteRecorded(_ move: DirectoryMove) {
        if let place = place(of: move.inode) { standing[Place(place)] = move.inode }
    }

    /// Where a directory of SOURCE stands now; nil when that is not known.
    mutating func place(of inode: UInt64) -> DirectoryMove? {
        if let place = changed[inode] { return place }
        if made[inode] != nil { return nil }
        if let known = recorded[inode] { return known }
        // A record that cannot be read has no place.
        let place = try? history.recordedMove(inode)
        recorded[inode] = .some(place)
        return place
    }

    /// Whether another directory was made or put where this one stood: what has the name is not this one's.
    func isTaken(_ place: DirectoryMove) -> Bool {
        standing[Place(place)].map { $0 != place.inode } ?? false
    }

    /// Whether a directory that is new on SOURCE is still to be made.
    func isToBeMade(_ inode: UInt64) -> Bool { made[inode] != nil && changed[inode] == nil }

    /// The directories of SOURCE that have a place on DESTINATION, as far as is known.
    ///
    /// One that does not move stands where the record has it. Users can have moved it where the scan or the plan did not
    /// look: out of SOURCE, or while they were made.
    func standing(at place: DirectoryMove) throws(HistoryProblem) -> [UInt64] {
        if let other = standing[Place(place)] { return [other] }
        let found = try history.directories(named: Array(place.name.bytes), in: place.parent)
        return found.filter { changed[$0] == nil && made[$0] == nil }
    }

    /// A directory has been put where SOURCE has it, or where another has left.
    mutating func put(_ place: DirectoryMove) {
        if let old = self.place(of: place.inode), standing[Place(old)] == place.inode {
            standing[Place(old)] = nil
        }
        changed[place.inode] = place
        standing[Place(place)] = place.inode
    }

    /// A directory has lost its place to one that is new, and is nowhere that is known.
    mutating func forget(_ inode: UInt64) {
        recorded[inode] = .some(nil)
        changed[inode] = nil
    }

    /// The steps from a directory of SOURCE up to the root, as DESTINATION has them; nil when it has no way there.
    ///
    /// `mayMake`: those that are new on SOURCE count as standing where they are to be made. What is moved out of
    /// one must be known to be in it.
    mutating func way(to inode: UInt64, mayMake: Bool) -> [DirectoryMove]? {
        let way = WayUp(
            from: inode,
            until: { $0 == rootInode || lost.contains($0) },
            place: { place(of: $0) ?? (mayMake ? made[$0] : nil) }
        )
        switch way.end {
        case .known(rootInode): return way.steps
        // It will have one once it is made.
        case .unplaced(let end) where made[end] != nil: return nil
        case .unplaced(let end): lost.insert(end)
        case .known, .circle: break
        }
        lost.formUnion(way.steps.lazy.map(\.inode))
        return nil
    }
}
