// Hard links across shards (S40-S42), joined by closing. Each shard has made the names that it met of one inode of SOURCE
// one inode of DESTINATION; here they become one. One of these inodes leads, the names of the others are linked over:
// a link beside the name, renamed into its place, so that a reader sees the one inode or the other.
//
// Nothing is guessed: a name is changed only if SOURCE still has the inode under it that was met, and DESTINATION one
// that a shard left there. The leader is of the run that met the inode last, by its time of change on SOURCE.
//
// An inode of DESTINATION that shards took for two inodes of SOURCE, which neither could see, leads none of them as long
// as another can; where none can, and where one has names at the end that nobody told of, that is a failure.

import LinuxIO

/// Joins the groups that shards left open.
///
/// Called by one thread, when no worker runs.
final class GroupJoiner {
    /// All that is known of the names of one inode of SOURCE.
    private struct Group {
        let source: UInt64
        var parts: [OpenGroup]
        /// What its names are linked to; nil: not chosen yet.
        var leader: UInt64?
        /// Inodes that took all names that they can (S41).
        var full: Set<UInt64> = []
        var hasFailed = false

        /// The inodes of DESTINATION that its names have, the best to lead first.
        var candidates: [UInt64] {
            var seen: Set<UInt64> = []
            return parts.sorted { $0.changed > $1.changed }.flatMap(\.destinations).filter {
                seen.insert($0).inserted
            }
        }

        /// Those that a run left which met the inode last: what others left may be an older copy.
        var leaders: [UInt64] {
            let newest = parts.map(\.changed).max()
            return parts.filter { $0.changed == newest }.flatMap(\.destinations)
        }

        var names: Int { parts.reduce(0) { $0 + $1.paths.count } }
    }

    /// One name that is to be looked at.
    private struct Job {
        let group: Int
        let directory: ArraySlice<UInt8>
        let name: ArraySlice<UInt8>
    }

    private let context: PassContext
    private let roots: Roots
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let links: LinkFollower
    private let finisher: DirectoryFinisher
    private let leftovers: LeftoverRemover
    private let lane: PassLane
    /// An earlier closing was killed, perhaps between a link beside a name and its renaming.
    private let mayHaveLeftovers: Bool
    private var groups: [Group]
    /// Which inodes of SOURCE have an inode of DESTINATION.
    private var claims: [UInt64: Set<UInt64>] = [:]
    private var held: (path: ArraySlice<UInt8>, place: JoinPlace)?
    private var leader: (inode: UInt64, handle: SharedDescriptor)?

    init(
        _ context: PassContext,
        _ roots: Roots,
        _ open: [OpenGroup],
        mayHaveLeftovers: Bool
    ) {
        self.context = context
        self.roots = roots
        self.mayHaveLeftovers = mayHaveLeftovers
        lane = PassLane(directories: context.directories, push: { _ in }, workers: { 1 })
        let rooms = LaneRooms(context, lane)
        reports = rooms.reports
        changes = rooms.changes
        links = LinkFollower(rooms, EntryMaker(rooms))
        finisher = DirectoryFinisher(rooms)
        leftovers = LeftoverRemover(rooms)
        let bySource = Dictionary(grouping: open, by: \.source)
        groups = bySource.sorted { $0.key < $1.key }.map { Group(source: $0.key, parts: $0.value) }
        for group in groups {
            for inode in group.candidates { claims[inode, default: []].insert(group.source) }
        }
    }

    /// Joins all of them; what cannot be joined is told.
    func run() {
        var waiting = Array(groups.indices)
        while !waiting.isEmpty, context.log.mayWrite {
            let ready = waiting.filter { index in
                let group = groups[index]
                let free = group.leaders.first { claims[$0] == [group.source] }
                groups[index].leader = free
                return free != nil
            }
            // Each of the rest shares all its inodes.
            if ready.isEmpty { break }
            join(ready)
            for index in ready { releaseClaims(of: index) }
            waiting.removeAll { groups[$0].leader != nil }
        }
        guard context.log.mayWrite else { return }
        for index in waiting { tellShared(groups[index]) }
        checkNames()
    }

    // MARK: Linking

    /// Links the names of these groups, directory by directory.
    private func join(_ ready: [Int]) {
        var jobs: [Job] = []
        for index in ready {
            let group = groups[index]
            for part in group.parts where part.destinations != group.leader.map({ [$0] }) {
                jobs += part.paths.map { Self.job(index, $0) }
            }
        }
        jobs.sort { one, other in
            if one.directory.elementsEqual(other.directory) { return one.group < other.group }
            return one.directory.lexicographicallyPrecedes(other.directory)
        }
        for job in jobs where context.log.mayWrite { handle(job) }
        leave()
    }

    private static func job(_ group: Int, _ path: [UInt8]) -> Job {
        guard let slash = path.lastIndex(of: 0x2F) else {
            return Job(group: group, directory: [], name: path[...])
        }
        return Job(group: group, directory: path[..<slash], name: path[(slash + 1)...])
    }

    private func handle(_ job: Job) {
        guard let place = place(of: job.directory) else { return }
        let name = Name(job.name)
        let affected = AffectedEntry.name(name, place.node)
        let group = groups[job.group]
        let source: FileStatus?
        let destination: FileStatus?
        var side = Failure.Side.source
        do throws(SystemError) {
            source = try name.withPointer { pointer throws(SystemError) in
                try context.volumes.sourceBoundary.status(of: pointer, in: place.source.descriptor)
            }
            side = .destination
            destination = try name.withPointer { pointer throws(SystemError) in
                try context.volumes.destinationStatus(
                    of: pointer,
                    in: place.destination.descriptor
                )
            }
        } catch {
            reports.of(affected).fail(.examine, side, error)
            return
        }
        guard let source, source.inode == group.source else {
            // Users gave the name to another inode, or took it away: the next pass sees to that.
            reports.reportVanished(affected)
            return
        }
        guard let destination, group.candidates.contains(destination.inode),
            destination.kind == source.kind
        else {
            groups[job.group].hasFailed = true
            reports.of(affected).fail(
                .link,
                .destination,
                nil,
                detail: "it is not what its shard left there; run the shard again, then closing"
            )
            return
        }
        if destination.inode == group.leader || group.full.contains(destination.inode) { return }
        link(name, source, destination, in: place, job.group)
    }

    private func link(
        _ name: Name,
        _ source: FileStatus,
        _ destination: FileStatus,
        in place: JoinPlace,
        _ index: Int
    ) {
        let affected = AffectedEntry.name(name, place.node)
        do throws(SystemError) {
            guard let leader = try leaderHandle(index) else {
                groups[index].hasFailed = true
                reports.of(affected).fail(
                    .link,
                    .destination,
                    nil,
                    detail: "what it is to be linked to is not what its shard left there"
                )
                return
            }
            let pair = try Self.pair(name, source, destination, in: place)
            try changes.prepare(place.node, place.open)
            try links.makeLink(pair, to: leader.descriptor)
            context.log.counters.linksMade.count()
            reports.itemize(
                Itemization(
                    action: .linked,
                    kind: source.kind,
                    isNew: false,
                    path: affected.path,
                    target: groups[index].parts[0].paths[0]
                )
            )
        } catch {
            if error.code == .tooManyLinks, error.operation == .link,
                let full = groups[index].leader
            {
                // S41: this name's inode takes the further ones.
                context.log.say(.linkLimitReached(Int(context.links.linkCountMax)))
                groups[index].full.insert(full)
                groups[index].leader = destination.inode
                return
            }
            groups[index].hasFailed = true
            reports.of(affected).failWrite(.link, error)
        }
    }

    /// The inode that leads a group; nil: no name that was told of has it any more.
    private func leaderHandle(_ index: Int) throws(SystemError) -> SharedDescriptor? {
        let group = groups[index]
        guard let wanted = group.leader else { return nil }
        if let leader, leader.inode == wanted { return leader.handle }
        for part in group.parts where part.destinations.contains(wanted) {
            for path in part.paths {
                guard let handle = try handle(on: path),
                    try handle.descriptor.status().inode == wanted
                else { continue }
                leader = (wanted, handle)
                return handle
            }
        }
        return nil
    }

    /// What has a path below DESTINATION; nil: nothing of its filesystem.
    private func handle(on path: [UInt8]) throws(SystemError) -> SharedDescriptor? {
        guard var directory = roots.destination else { return nil }
        let names = path.split(separator: 0x2F).map { Name($0) }
        do throws(SystemError) {
            for name in names.dropLast() {
                directory = SharedDescriptor(try directory.descriptor.openDirectory(name))
            }
            guard let last = names.last else { return nil }
            let handle = SharedDescriptor(try directory.descriptor.openHandle(last))
            let status = try handle.descriptor.status()
            return context.volumes.isForeignDestination(status) ? nil : handle
        } catch {
            switch error.code {
            case .noEntry, .notDirectory, .symlinkLoop, .crossDevice: return nil
            default: throw error
            }
        }
    }

    private static func pair(
        _ name: Name,
        _ source: FileStatus,
        _ destination: FileStatus,
        in place: JoinPlace
    ) throws(SystemError) -> EntryPair {
        var listing = Listing()
        try listing.append(onBothSides: name, inode: source.inode)
        let entry = PassEntry(
            directory: place.node,
            entries: DirectoryContents(listing),
            index: 0
        )
        return EntryPair(
            place: EntryPlace(of: entry, place.open),
            index: 0,
            kind: source.kind,
            source: source,
            destination: destination,
            evidence: .none,
            isUntouched: false,
            handle: nil
        )
    }

    // MARK: Directories

    /// The directory with this path, open on both sides until the next one is asked for; nil: that was told.
    private func place(of path: ArraySlice<UInt8>) -> JoinPlace? {
        if let held, held.path.elementsEqual(path) { return held.place }
        leave()
        guard let destination = roots.destination else { return nil }
        let root = PassDirectory(
            parent: nil,
            name: Name("."),
            state: PassDirectoryState(purpose: .pair, branch: nil)
        )
        var place = JoinPlace(node: root, source: roots.source, destination: destination)
        root.state.facts.withLock { facts in
            facts.source = roots.sourceStatus
        }
        for name in path.split(separator: 0x2F) {
            guard let next = enter(Name(name), in: place) else { return nil }
            place = next
        }
        do throws(SystemError) {
            let status = try place.destination.descriptor.status()
            place.node.state.facts.withLock { $0.destination = status }
        } catch {
            reports.of(.directory(place.node)).fail(.examine, .destination, error)
            return nil
        }
        held = (path, place)
        if mayHaveLeftovers { removeLeftovers(in: place) }
        return place
    }

    /// Removes what a killed closing left in a directory of shards, which no other run lists before they begin anew.
    private func removeLeftovers(in place: JoinPlace) {
        let listing: Listing
        do throws(SystemError) { listing = try lane.names(in: place.destination.descriptor) } catch
        {
            reports.of(.directory(place.node)).fail(.list, .destination, error)
            return
        }
        for index in 0..<listing.count where listing.records[index].isDirectory != true {
            let name = listing.name(index)
            guard TemporaryNames.matches(name.bytes), TemporaryNames.shard(of: name.bytes) == nil
            else { continue }
            leftovers.remove(name, in: place.node, place.open, isLookedAt: false)
        }
    }

    private func enter(_ name: Name, in parent: JoinPlace) -> JoinPlace? {
        let node = PassDirectory(
            parent: parent.node,
            name: name,
            state: PassDirectoryState(purpose: .pair, branch: nil)
        )
        let source: OpenedDirectory
        do throws(NotEntered) {
            source = try context.volumes.sourceBoundary.enter(name, in: parent.source.descriptor)
        } catch {
            // A failure is recorded; nothing is deleted here that it could protect.
            _ = reports.reportNotEntered(error, node)
            return nil
        }
        do throws(SystemError) {
            let opened = SharedDescriptor(
                try parent.destination.descriptor.openDirectory(name)
            )
            let status = try opened.descriptor.status()
            if context.volumes.isForeignDestination(status) {
                throw SystemError(.open, .crossDevice)
            }
            node.state.facts.withLock { facts in
                facts.source = source.status
                facts.destination = status
            }
            return JoinPlace(node: node, source: source.handle, destination: opened)
        } catch {
            reports.of(.directory(node)).fail(.open, .destination, error)
            return nil
        }
    }

    /// The directory in hand gets back the time that changes in it moved, and what it was lent.
    private func leave() {
        guard let place = held?.place else { return }
        held = nil
        let before = place.node.state.facts.withLock { $0.destination }
        finisher.restoreTimes(of: place.node, before, place.open)
        finisher.giveBack(place.node, place.destination)
    }

    // MARK: What cannot be joined

    private func releaseClaims(of index: Int) {
        let group = groups[index]
        // A name that stays where it was keeps its claim.
        if group.hasFailed { return }
        for inode in group.candidates where inode != group.leader && !group.full.contains(inode) {
            claims[inode]?.remove(group.source)
        }
    }

    /// All inodes that its names have on DESTINATION are others' as well.
    private func tellShared(_ group: Group) {
        fail(
            group,
            "it shares its inode at DESTINATION with another file, of another shard; "
                + "a pass without --plan separates them"
        )
    }

    private func fail(_ group: Group, _ detail: String) {
        guard let path = group.parts.first?.paths.first else { return }
        context.log.record(
            Failure(path: path, side: .destination, activity: .link, detail: detail)
        )
    }

    /// Whether an inode has more names at the end than were told of: then it is another file's, too, which no shard saw.
    ///
    /// Only where extras go and no filter keeps any, and all was done.
    private func checkNames() {
        let options = context.plan.options
        guard options.deletesExtras, options.filter.isEmpty,
            context.log.counters.deletionsRefused.value() == 0
        else { return }
        for (index, group) in groups.enumerated()
        where group.leader != nil && !group.hasFailed && group.full.isEmpty {
            do throws(SystemError) {
                guard let handle = try leaderHandle(index) else { continue }
                let status = try handle.descriptor.status()
                if status.linkCount > group.names { tellShared(group) }
            } catch {
                fail(group, "how many names it has cannot be told: \(error.code.sentence)")
            }
        }
    }
}

/// A directory in which names are linked.
private struct JoinPlace {
    let node: PassDirectory
    let source: SharedDescriptor
    let destination: SharedDescriptor

    var open: OpenDirectory { OpenDirectory(source: source, destination: destination) }
}
