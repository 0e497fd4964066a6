// Hard links across workers and branches (S40-S42). Memory grows with multiply-linked inodes only.
//
// The names of one SOURCE inode are a group. One name leads: its entry of DESTINATION is compared, copied or
// kept like any file; every further name is made a link to the leader's inode. A group waits for a
// leader that is worth linking to:
//   - a name whose DESTINATION file is up to date leads at once: nothing need be copied;
//   - on a first copy (DESTINATION was empty) the first name leads at once;
//   - otherwise names wait until one of these comes, all names of the inode were seen, or the walk is at
//     its end (`leaderless`): then the first by path leads and is copied.
// With `holdsUntilComplete` (itemized passes) all names wait so, and what is printed does not depend on
// which worker was faster: a dry run and the real pass print the same lines (S49).
//
// Names are counted and not arrivals: while a pass runs, users can move a directory to where it is met once more. What
// was met more often than it has names is told to the caller (`Arrival.isSurplus`), for its group may be torn then.
//
// `claim` guards the other direction (S42): one DESTINATION inode serves one SOURCE inode. Where two
// SOURCE inodes find the same DESTINATION inode, the second gets a new one and never writes into the first.

import History
package import LinuxIO
import Synchronization

/// The link groups of one pass.
///
/// Thread-safe.
package final class LinkRegistry: Sendable {
    private struct Group: Sendable {
        let source: InodeIdentity
        var linkCount: UInt32
        /// The names that were met.
        ///
        /// Two names of one directory with one hash count as one: then the group is kept to the end of the pass.
        var names: Set<NameRecord> = []
        var leader: LinkLeader?
        var isBeingLed = false
        var waiting = WaitingNames()
        /// Further inodes of a group too large for one (S41), by inode number.
        var furtherInodes: Set<InodeIdentity> = []
        /// Where its names are, for closing; nil: this is no run of a plan.
        var part: PartOfGroup?
    }

    /// What a run of a plan keeps of a group, of which other runs may have further names.
    private struct PartOfGroup: Sendable {
        var changed: Int64
        var paths: [[UInt8]] = []
        /// Of each inode that its names have on DESTINATION how many names that has, and how many of them were met.
        var destinations: [UInt64: (names: UInt32, met: UInt32)] = [:]

        /// An inode is of another device than its root: its number does not say which one it is.
        var isStrange = false

        /// Whether an inode of DESTINATION has names that are none of this run's.
        var isShared: Bool { destinations.values.contains { $0.names > $0.met } }
    }

    private struct Groups: Sendable {
        var open: [InodeIdentity: Group] = [:]
        /// Those whose names were all met and served: nothing but that is remembered of them.
        var complete: Set<InodeIdentity> = []
    }

    private let groups = Lock(Groups())
    private let claims = Lock<[InodeIdentity: InodeIdentity]>([:])
    /// Names that this pass took from inodes of DESTINATION which had several.
    private let unlinkedNames = Lock<[InodeIdentity: UInt32]>([:])
    /// Whether there are any: every entry asks, and mostly there are none.
    private let hasUnlinked = Atomic<Bool>(false)
    /// Inodes of SOURCE with several names that are missing at DESTINATION, after it stopped the pass.
    private let missing = Lock<Set<InodeIdentity>>([])
    /// Names of inodes that have one name on SOURCE and several on DESTINATION, which stay so; of a run of a plan only.
    private let kept = Lock<[OpenGroup]>([])
    /// Of a run of a plan: which inodes others know by their number.
    private let devices: RootDevices?
    private let isFirstCopy: Bool
    private let holdsUntilComplete: Bool
    /// This is a run of a plan: groups of which it does not meet all names are kept for closing.
    var keepsOpenGroups: Bool { devices != nil }
    /// Names of one inode that DESTINATION holds at most.
    package let linkCountMax: UInt32

    package init(
        isFirstCopy: Bool,
        holdsUntilComplete: Bool,
        linkCountMax: UInt32,
        devices: RootDevices? = nil
    ) {
        self.devices = devices
        self.isFirstCopy = isFirstCopy
        self.holdsUntilComplete = holdsUntilComplete
        self.linkCountMax = linkCountMax
    }

    /// Whether the SOURCE inode may use this DESTINATION inode: nobody does yet, or it does itself.
    package func claim(_ destination: InodeIdentity, for source: InodeIdentity) -> Bool {
        claims.withLock { claims in
            if let owner = claims[destination] { return owner == source }
            claims[destination] = source
            return true
        }
    }

    /// This pass took a name from an entry of DESTINATION.
    package func noteUnlinked(_ destination: FileStatus) {
        guard destination.linkCount > 1, destination.kind != .directory else { return }
        // Set before the table: any worker that must see this unlink receives its work from us later, so it sees both
        // stores.
        hasUnlinked.store(true, ordering: .relaxed)
        unlinkedNames.withLock { $0[destination.identity, default: 0] += 1 }
    }

    /// How many names this pass took from an inode of DESTINATION that had several.
    package func unlinked(_ destination: InodeIdentity) -> UInt32 {
        guard hasUnlinked.load(ordering: .relaxed) else { return 0 }
        return unlinkedNames.withLock { $0[destination] ?? 0 }
    }

    /// Whether this is the first name of its inode that is missing at DESTINATION.
    package func isFirstMissing(_ source: FileStatus) -> Bool {
        missing.withLock { $0.insert(source.identity).inserted }
    }

    // MARK: Runs of plans

    /// A name of a group is about to arrive: where it is, and what it has on DESTINATION.
    func note(_ path: [UInt8], _ source: FileStatus, _ destination: FileStatus?) {
        groups.withLock { groups in
            let new = Group(source: source.identity, linkCount: source.linkCount)
            let changed = source.changed.nanosecondsSince1970
            var part =
                groups.open[source.identity, default: new].part ?? PartOfGroup(changed: changed)
            // Not to copy all paths for each.
            groups.open[source.identity]?.part = nil
            if isStrange(source, destination) { part.isStrange = true }
            part.changed = min(part.changed, changed)
            part.paths.append(path)
            if let destination, destination.kind == source.kind {
                part.destinations[destination.inode, default: (destination.linkCount, 0)].met += 1
            }
            groups.open[source.identity, default: new].part = part
        }
    }

    /// Whether other runs of the plan could take one of the two inodes for another.
    func isStrange(_ source: FileStatus, _ destination: FileStatus?) -> Bool {
        devices.map { !$0.hold(source.identity, destination?.identity) } ?? false
    }

    /// A name of an inode with one name keeps its inode of DESTINATION, which has further names.
    func noteKept(_ path: [UInt8], _ source: FileStatus, _ destination: FileStatus) {
        let group = OpenGroup(
            source: source.inode,
            changed: source.changed.nanosecondsSince1970,
            linkCount: source.linkCount,
            destinations: [destination.inode],
            paths: [path]
        )
        kept.withLock { $0.append(group) }
    }

    /// What closing has to join, when all work is done: groups of which not all names were met, or which share an inode of
    /// DESTINATION with names that this run does not have.
    ///
    /// One without a leader is not among them: none of its names is in place, and that was told.
    func openGroups() -> [OpenGroup] {
        let open = groups.withLock { Array($0.open.values) }
        let groups = open.compactMap { group -> OpenGroup? in
            guard let part = group.part, let leader = group.leader?.identity, !isStrange(group)
            else { return nil }
            let further = group.furtherInodes.map(\.inode).filter { $0 != leader.inode }
            return OpenGroup(
                source: group.source.inode,
                changed: part.changed,
                linkCount: group.linkCount,
                destinations: [leader.inode] + further.sorted(),
                paths: part.paths
            )
        }
        return (groups + kept.withLock { $0 }).sorted { $0.source < $1.source }
    }

    /// A name of each group that closing would have to join and cannot, in the order of paths.
    func strangers() -> [[UInt8]] {
        groups.withLock { Array($0.open.values) }
            .compactMap {
                isStrange($0) ? $0.part?.paths.min { $0.lexicographicallyPrecedes($1) } : nil
            }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func isStrange(_ group: Group) -> Bool {
        guard let devices, let part = group.part else { return false }
        return part.isStrange || !devices.hold(group.source, group.leader?.identity)
    }

    /// The names that still wait.
    ///
    /// None, when all work is done: anything else is a defect, and is told.
    package func stranded() -> [PassEntry] {
        groups.withLock { groups in groups.open.values.flatMap(\.waiting.all) }
    }

    /// One more name of a group was met.
    ///
    /// The caller has counted a piece for it, should it wait. `destination` is the inode that the name has on
    /// DESTINATION, if any; `isUpToDate` tells that its contents are SOURCE's.
    package func arrive(
        _ entry: PassEntry,
        source: FileStatus,
        destination: InodeIdentity?,
        isUpToDate: Bool
    ) -> Arrival {
        groups.withLock { groups in
            // In its place: a copy would copy all names that wait, each time.
            let new = Group(source: source.identity, linkCount: source.linkCount)
            let isNew = groups.open[source.identity, default: new].names.insert(entry.nameRecord)
                .inserted
            let role = role(
                in: &groups.open[source.identity, default: new],
                entry,
                destination,
                isUpToDate
            )
            let isSurplus = !isNew || groups.complete.contains(source.identity)
            forgetIfComplete(source.identity, &groups)
            return Arrival(role: role, isSurplus: isSurplus)
        }
    }

    private func role(
        in group: inout Group,
        _ entry: PassEntry,
        _ destination: InodeIdentity?,
        _ isUpToDate: Bool
    ) -> LinkRole {
        if group.leader != nil, !holdsUntilComplete {
            return follow(&group, destination, isUpToDate: isUpToDate)
        }
        if holdsUntilComplete, isUpToDate { group.waiting.noteUpToDate(entry.path) }
        let mayLead = !group.isBeingLed && !holdsUntilComplete && (isUpToDate || isFirstCopy)
        if mayLead {
            group.isBeingLed = true
            return .lead(group.source)
        }
        group.waiting.add(entry)
        guard group.names.count >= group.linkCount, !group.isBeingLed else { return .wait }
        return promote(&group).map(LinkRole.promote) ?? .wait
    }

    /// The role of a name in a group that has a leader.
    private func follow(
        _ group: inout Group,
        _ destination: InodeIdentity?,
        isUpToDate: Bool
    ) -> LinkRole {
        guard let leader = group.leader else { return .lead(group.source) }
        guard let destination else { return .link(leader) }
        if destination == leader.identity || group.furtherInodes.contains(destination) {
            return .linked
        }
        if isUpToDate, group.linkCount > linkCountMax {
            // More names than one inode holds: a second inode that is right stays, or names would be
            // moved from one to the other on every pass.
            group.furtherInodes.insert(destination)
            return .further
        }
        return .link(leader)
    }

    /// The role of a name that waited, now that its group has a leader.
    package func followed(
        source: FileStatus,
        leader: LinkLeader,
        destination: InodeIdentity?,
        isUpToDate: Bool
    ) -> LinkRole {
        groups.withLock { groups in
            guard let index = groups.open.index(forKey: source.identity),
                groups.open.values[index].leader != nil
            else {
                // Complete and forgotten, or about to get a further leader: the one it was given serves.
                return destination != nil && destination == leader.identity
                    ? .linked : .link(leader)
            }
            return follow(&groups.open.values[index], destination, isUpToDate: isUpToDate)
        }
    }

    /// The leader is in place.
    ///
    /// Returns the names that waited for it.
    package func establish(_ source: FileStatus, leader: LinkLeader) -> [(PassEntry, LinkRole)] {
        groups.withLock { groups in
            let new = Group(source: source.identity, linkCount: source.linkCount)
            groups.open[source.identity, default: new].leader = leader
            groups.open[source.identity, default: new].isBeingLed = false
            let waiting = groups.open[source.identity, default: new].waiting.takeAll()
            forgetIfComplete(source.identity, &groups)
            return waiting.map { ($0, .link(leader)) }
        }
    }

    /// The leader could not be made.
    ///
    /// Returns another name that leads now.
    package func fail(_ source: InodeIdentity) -> PassEntry? {
        groups.withLock { groups in
            guard let index = groups.open.index(forKey: source) else { return nil }
            groups.open.values[index].isBeingLed = false
            return promote(&groups.open.values[index])
        }
    }

    /// The leader's inode takes no more names (EMLINK): the caller leads with a fresh copy, or follows the
    /// one that somebody else has made meanwhile (S41).
    package func overflow(_ source: FileStatus, of full: LinkLeader, _ entry: PassEntry) -> LinkRole
    {
        groups.withLock { groups in
            // One that was complete is open again, and now to the end of the pass.
            var group =
                groups.open[source.identity]
                ?? Group(source: source.identity, linkCount: source.linkCount)
            defer { groups.open[source.identity] = group }
            if let leader = group.leader, leader.identity != full.identity { return .link(leader) }
            if group.isBeingLed {
                group.waiting.add(entry)
                return .wait
            }
            if let inode = full.identity { group.furtherInodes.insert(inode) }
            group.leader = nil
            group.isBeingLed = true
            return .lead(source.identity)
        }
    }

    /// For each group whose names wait though the walk is over, the name that leads now.
    package func leaderless() -> [(PassEntry, LinkRole)] {
        groups.withLock { groups in
            groups.open.indices.compactMap { index in
                let group = groups.open.values[index]
                guard !group.isBeingLed, group.leader == nil else { return nil }
                return promote(&groups.open.values[index]).map { ($0, .lead(group.source)) }
            }
        }
    }

    /// Takes the name that shall lead out of those that wait.
    private func promote(_ group: inout Group) -> PassEntry? {
        guard let entry = group.waiting.takeFirst() else { return nil }
        group.isBeingLed = true
        return entry
    }

    private func forgetIfComplete(_ source: InodeIdentity, _ groups: inout Groups) {
        guard let group = groups.open[source], isComplete(group) else { return }
        groups.open[source] = nil
        groups.complete.insert(source)
    }

    /// Every name was seen and served: all but the fact can be forgotten.
    ///
    /// Not if one inode may prove too small.
    private func isComplete(_ group: Group) -> Bool {
        group.leader != nil && group.names.count >= group.linkCount && group.waiting.isEmpty
            && group.linkCount <= linkCountMax && group.part?.isShared != true
    }
}
