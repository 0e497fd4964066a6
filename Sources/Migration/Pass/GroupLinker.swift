// One worker of closing that links names over: a link beside the name, renamed into its place, so that a reader sees the one
// inode or the other.

import LinuxIO

/// One name that is to be looked at.
struct LinkJob: Sendable {
    let group: Int
    let directory: ArraySlice<UInt8>
    let name: ArraySlice<UInt8>

    init(_ group: Int, _ path: [UInt8]) {
        self.group = group
        (directory, name) = Self.split(path)
    }

    /// The directory's path, which is empty for the root, and the name in it.
    static func split(_ path: [UInt8]) -> (directory: ArraySlice<UInt8>, name: ArraySlice<UInt8>) {
        guard let slash = path.lastIndex(of: 0x2F) else { return ([], path[...]) }
        return (path[..<slash], path[(slash + 1)...])
    }
}

/// Links the names of whole directories.
///
/// Belongs to one worker; no other is in the same directory.
final class GroupLinker {
    private let context: PassContext
    private let table: GroupTable
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let links: LinkFollower
    private let finisher: DirectoryFinisher
    private let leftovers: LeftoverRemover
    private let lane: PassLane
    /// An earlier closing was killed, perhaps between a link beside a name and its renaming.
    private let mayHaveLeftovers: Bool
    private let places: JoinPlaces
    private var leaders: GroupLeaders

    init(
        _ context: PassContext,
        _ roots: Roots,
        _ destination: SharedDescriptor,
        _ table: GroupTable,
        mayHaveLeftovers: Bool
    ) {
        self.context = context
        self.table = table
        self.mayHaveLeftovers = mayHaveLeftovers
        lane = PassLane(directories: context.directories, push: { _ in }, workers: { 1 })
        let rooms = LaneRooms(context, lane)
        reports = rooms.reports
        changes = rooms.changes
        links = LinkFollower(rooms, EntryMaker(rooms))
        finisher = DirectoryFinisher(rooms)
        leftovers = LeftoverRemover(rooms)
        places = JoinPlaces(rooms, roots, destination)
        leaders = GroupLeaders(context, table, destination)
    }

    /// Links names of one directory, which gets back the time that this moves, and what it was lent.
    func link(_ jobs: ArraySlice<LinkJob>) {
        guard let first = jobs.first, let place = places.open(first.directory) else { return }
        let before = place.node.state.facts.withLock { $0.destination }
        if mayHaveLeftovers { removeLeftovers(in: place) }
        for job in jobs where context.log.mayWrite {
            let leader = handle(job, in: place)
            if table.finishJob(of: job.group), let leader { noteLinkCount(leader, job.group) }
        }
        finisher.restoreTimes(of: place.node, before, place.open)
        finisher.giveBack(place.node, place.destination)
    }

    /// What the name was linked to; nil: it was not.
    private func handle(_ job: LinkJob, in place: JoinPlace) -> SharedDescriptor? {
        let name = Name(job.name)
        let affected = AffectedEntry.name(name, place.node)
        let group = table.groups[job.group]
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
            return nil
        }
        guard let source, source.inode == group.source else {
            // Users gave the name to another inode, or took it away: the next pass sees to that.
            reports.reportVanished(affected)
            return nil
        }
        guard let destination, group.candidates.contains(destination.inode),
            destination.kind == source.kind
        else {
            fail(
                job,
                affected,
                "it is not what its shard left there; run the shard again, then closing"
            )
            return nil
        }
        return link(job, name, source, destination, in: place)
    }

    private func link(
        _ job: LinkJob,
        _ name: Name,
        _ source: FileStatus,
        _ destination: FileStatus,
        in place: JoinPlace
    ) -> SharedDescriptor? {
        let affected = AffectedEntry.name(name, place.node)
        let progress = table.progress(of: job.group)
        var leader = progress.leader
        // One that is full keeps its names.
        if progress.full.contains(destination.inode) { return nil }
        while let wanted = leader, wanted != destination.inode {
            do throws(SystemError) {
                guard let handle = try leaders.handle(on: wanted, of: job.group) else {
                    fail(
                        job,
                        affected,
                        "what it is to be linked to is not what its shard left there"
                    )
                    return nil
                }
                let pair = try Self.pair(name, source, destination, in: place)
                try changes.prepare(place.node, place.open)
                try links.makeLink(pair, to: handle.descriptor)
                tellLinked(pair, job.group)
                return handle
            } catch {
                guard error.code == .tooManyLinks, error.operation == .link else {
                    table.noteFailure(of: job.group)
                    reports.of(affected).failWrite(.link, error)
                    return nil
                }
                // S41: this name's inode takes the further ones, or the one that another worker found.
                context.log.say(.linkLimitReached(Int(context.links.linkCountMax)))
                leader = table.leaderIsFull(wanted, of: job.group, next: destination.inode)
            }
        }
        return nil
    }

    /// Asked while the leader is open; where that fails, its name is opened once more at the end, and a failure told there.
    private func noteLinkCount(_ leader: SharedDescriptor, _ group: Int) {
        do throws(SystemError) {
            let count = try leader.descriptor.status().linkCount
            table.note(linkCount: count, of: group)
        } catch { return }
    }

    private func fail(_ job: LinkJob, _ affected: AffectedEntry, _ detail: String) {
        table.noteFailure(of: job.group)
        reports.of(affected).fail(.link, .destination, nil, detail: detail)
    }

    private func tellLinked(_ pair: EntryPair, _ group: Int) {
        context.log.counters.linksMade.count()
        reports.itemize(
            Itemization(
                action: .linked,
                kind: pair.kind,
                isNew: false,
                path: pair.entry.path,
                target: table.groups[group].parts[0].paths[0]
            )
        )
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
}
