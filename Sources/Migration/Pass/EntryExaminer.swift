// Both sides of one name, examined: counted, written down for the next pass, and turned away where something is
// mounted on either side (S4, S46, S56): that stays where it is, is listed, and is asked nothing.

import LinuxIO
import Synchronization

/// Makes the one value that an entry goes down the line as.
///
/// Belongs to one worker.
final class EntryExaminer {
    private let context: PassContext
    private let lane: PassLane
    private let book: EvidenceBook
    private let reports: PassReports
    private let mountPoints: MountPointMaker
    /// Of the context, at hand: they are asked for each entry, and reaching through an object that all workers share
    /// costs a count of references that their processors hand each other.
    private let volumes: PassVolumes
    private let memory: PassMemory
    private let sourceBoundary: MountBoundary
    private let comparison: Comparison
    private let entriesSeen: Counters.Counter
    private let bytesSeen: Counters.Counter
    /// Nil where nobody wants to know which files there are.
    private var sampler: MetFilesPicker?

    init(_ rooms: LaneRooms) {
        context = rooms.context
        lane = rooms.lane
        book = rooms.book
        reports = rooms.reports
        mountPoints = MountPointMaker(rooms)
        volumes = rooms.context.volumes
        memory = rooms.context.memory
        sourceBoundary = rooms.context.volumes.sourceBoundary
        comparison = rooms.context.plan.comparison
        entriesSeen = rooms.context.log.counters.entriesSeen
        bytesSeen = rooms.context.log.counters.bytesSeen
        sampler = rooms.context.plan.options.metFiles.map(MetFilesPicker.init)
    }

    /// Both sides of a name; nil when there is nothing to be done, or nothing that can be, which was told.
    func pair(_ index: Int, in place: EntryPlace, isFirstTime: Bool) -> EntryPair? {
        guard let source = place.open.source else { return nil }
        let name = place.entries.listing.namePointer(index)
        let held = hold(index, in: place, source)
        let status: FileStatus
        do throws(SystemError) {
            if let held {
                status = held.status
            } else if let found = try sourceBoundary.status(of: name, in: source.descriptor) {
                status = found
            } else {
                reports.reportVanished(.entry(place.entry(index), nil))
                return nil
            }
        } catch {
            reports.of(.entry(place.entry(index), nil)).fail(.examine, .source, error)
            return nil
        }
        if isFirstTime {
            count(status, in: place, index)
            if comparison.clampsTime(of: status) {
                context.clampedTimes.note(place.entry(index).path)
            }
        }
        if let crossing = sourceBoundary.crossing(at: status) {
            // Not its inode: that is of what is mounted, of another filesystem.
            let entry = place.entry(index)
            reports.reportMount(.name(entry.name, entry.directory), crossing)
            mountPoints.make(entry, status, place.open)
            return nil
        }
        let kind = status.kind
        if isFirstTime, kind == .regular { sampler?.offer(status) { place.entry(index).path } }
        let nameHash = InodeNote.hash(place.entries.listing.nameBytes(index))
        if isFirstTime, kind != .directory { book.writeDown(status, nameHash, in: place.known) }
        let destination: FileStatus?
        do throws(SystemError) {
            destination = try destinationStatus(of: index, in: place)
        } catch {
            let affected = AffectedEntry(place.entry(index), status)
            reports.of(affected).fail(.examine, .destination, error)
            return nil
        }
        // What is not there needs no proof, and a directory is asked for as such.
        var evidence = Evidence.none
        var isUntouched = false
        if let destination {
            if hasMount(destination, over: index, in: place, status) { return nil }
            if kind != .directory {
                evidence = book.evidence(of: status, nameHash, in: place.known, destination)
            }
            isUntouched = book.isUntouched(destination, in: place.known)
        }
        return EntryPair(
            place: place,
            index: index,
            kind: kind,
            source: status,
            destination: destination,
            evidence: evidence,
            isUntouched: isUntouched,
            handle: kind == .directory ? nil : held?.handle
        )
    }

    /// What is certain to be made, and so to be opened, is opened first: its status then comes from the very inode that is
    /// copied.
    private func hold(
        _ index: Int,
        in place: EntryPlace,
        _ source: SharedDescriptor
    ) -> HeldEntry? {
        guard place.isNew, place.entries.listing.records[index].isDirectory == false else {
            return nil
        }
        return sourceBoundary.hold(
            place.entries.listing.namePointer(index),
            in: source.descriptor
        )
    }

    private func count(_ status: FileStatus, in place: EntryPlace, _ index: Int) {
        // Each shard enters it; closing counts it.
        if let spine = place.spine, spine.isShared, status.kind == .directory,
            spine.child(place.entry(index).name) != nil
        {
            return
        }
        if !memory.isCountedByScan.load(ordering: .relaxed) { entriesSeen.count() }
        bytesSeen.count(status.allocatedBytes)
        if let branch = place.directory.state.branch {
            branch.entries.count()
            branch.bytes.count(status.allocatedBytes)
        }
    }

    private func destinationStatus(
        of index: Int,
        in place: EntryPlace
    ) throws(SystemError) -> FileStatus? {
        guard let destination = place.open.destination,
            place.entries.listing.records[index].isOnBothSides
        else { return nil }
        if place.treeIsRemoved, context.plan.options.isDryRun { return nil }
        return try volumes.destinationStatus(
            of: place.entries.listing.namePointer(index),
            in: destination.descriptor
        )
    }

    // MARK: Mounts

    /// Whether something is mounted on DESTINATION where an entry belongs, which then stays out.
    ///
    /// That is a failure if anything of SOURCE is left out by it; an empty directory is no more than the place
    /// that it is mounted on.
    private func hasMount(
        _ destination: FileStatus,
        over index: Int,
        in place: EntryPlace,
        _ status: FileStatus
    ) -> Bool {
        guard !context.plan.options.crossesMounts,
            let crossing = context.volumes.crossingOfDestination(destination)
        else { return false }
        let entry = place.entry(index)
        let affected = AffectedEntry(entry, status)
        do throws(SystemError) {
            if status.kind == .directory, let source = place.open.source,
                try lane.isEmptyDirectory(entry.name, in: source.descriptor)
            {
                reports.reportMount(affected, crossing, .destination)
            } else {
                reports.of(affected).fail(.enter, .destination, nil)
            }
        } catch {
            reports.of(affected).fail(.list, .source, error)
        }
        return true
    }
}
