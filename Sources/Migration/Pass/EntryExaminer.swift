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
    private let changes: DirectoryChanges
    /// Of the context, at hand: they are asked for each entry.
    private let sourceBoundary: MountBoundary
    private let comparison: Comparison

    init(_ rooms: LaneRooms) {
        context = rooms.context
        lane = rooms.lane
        book = rooms.book
        reports = rooms.reports
        changes = rooms.changes
        sourceBoundary = rooms.context.volumes.sourceBoundary
        comparison = rooms.context.plan.comparison
    }

    /// Both sides of a name; nil when there is nothing to be done, or nothing that can be, which was told.
    func pair(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        isFirstTime: Bool,
        mayWait: Bool
    ) -> EntryPair? {
        guard let source = open.source else { return nil }
        let status: FileStatus
        do throws(SystemError) {
            guard let found = try sourceBoundary.status(of: entry.pointer, in: source.descriptor) else {
                reports.noteVanished(.entry(entry, nil))
                return nil
            }
            status = found
        } catch {
            reports.of(.entry(entry, nil)).fail(.examine, .source, error)
            return nil
        }
        if isFirstTime {
            count(entry, status)
            if comparison.clampsTime(of: status) {
                context.clampedTimes.note(entry.path)
            }
        }
        let branch =
            entry.directory.isRoot && status.kind == .directory
            ? context.log.addBranch(entry.name) : nil
        if let crossing = sourceBoundary.crossing(at: status) {
            handleMountPoint(entry, status, crossing, open)
            return nil
        }
        let known = entry.known
        if isFirstTime, status.kind != .directory { book.writeDown(entry, in: known, status) }
        let destination: FileStatus?
        do throws(SystemError) {
            destination = try destinationStatus(of: entry, open)
        } catch {
            reports.of(AffectedEntry(entry, status)).fail(.examine, .destination, error)
            return nil
        }
        if let destination, hasMount(destination, over: entry, status, source) { return nil }
        // What is not there needs no proof, and a directory is asked for as such.
        var evidence = Evidence.none
        var isUntouched = false
        if let destination {
            if status.kind != .directory {
                evidence = book.evidence(of: entry, in: known, status, destination)
            }
            isUntouched = book.isUntouched(destination, in: known)
        }
        return EntryPair(
            entry: entry,
            open: open,
            source: status,
            destination: destination,
            evidence: evidence,
            isUntouched: isUntouched,
            branch: branch,
            mayWait: mayWait
        )
    }

    private func count(_ entry: PassEntry, _ status: FileStatus) {
        if !context.memory.isCountedByScan.load(ordering: .relaxed) {
            context.log.counters.entriesSeen.count()
        }
        context.log.counters.bytesSeen.count(status.allocatedBytes)
        if let branch = entry.directory.state.branch {
            branch.entries.count()
            branch.bytes.count(status.allocatedBytes)
        }
    }

    private func destinationStatus(
        of entry: PassEntry,
        _ open: OpenDirectory
    ) throws(SystemError) -> FileStatus? {
        guard let destination = open.destination, entry.isOnDestination else { return nil }
        if entry.treeIsRemoved, context.plan.options.isDryRun { return nil }
        return try context.volumes.destinationStatus(of: entry.pointer, in: destination.descriptor)
    }

    // MARK: Mounts

    /// S4: another filesystem on SOURCE stays where it is.
    ///
    /// The directory that it is mounted on is made, empty, so that it can be mounted there after
    /// the cutover; one that is there is left alone.
    private func handleMountPoint(
        _ entry: PassEntry,
        _ status: FileStatus,
        _ crossing: MountBoundary.Crossing,
        _ open: OpenDirectory
    ) {
        // Not its inode: that is of what is mounted, of another filesystem.
        reports.noteMount(.name(entry.name, entry.directory), crossing)
        // DT_DIR; a filesystem that tells nothing but its mount is known by what the directory above lists.
        guard
            status.kind == .directory
                || status.kind == .unknown && entry.record.isDirectory == true,
            !entry.isOnDestination, context.log.mayWrite, let destination = open.destination
        else { return }
        do throws(SystemError) {
            try changes.prepare(entry.directory, open)
            let made = try changes.makeDirectory(
                entry.name,
                in: destination.descriptor,
                inherited: entry.directory.state.facts.withLock { $0.inherited }
            )
            context.log.counters.directoriesMade.count()
            guard status.kind == .directory else { return }
            if context.plan.isRoot {
                try made.descriptor.setOwner(status.owner, group: status.group)
            }
            try made.descriptor.setMode(status.mode)
            try made.descriptor.setModified(status.modified)
        } catch {
            let name = AffectedEntry.name(entry.name, entry.directory)
            reports.of(name).failWrite(.makeDirectory, error)
        }
    }

    /// Whether something is mounted on DESTINATION where an entry belongs, which then stays out.
    ///
    /// That is a failure if anything of SOURCE is left out by it; an empty directory is no more than the place
    /// that it is mounted on.
    private func hasMount(
        _ destination: FileStatus,
        over entry: PassEntry,
        _ status: FileStatus,
        _ source: SharedDescriptor
    ) -> Bool {
        guard !context.plan.options.crossesMounts,
            let crossing = context.volumes.crossingOfDestination(destination)
        else { return false }
        let affected = AffectedEntry(entry, status)
        do throws(SystemError) {
            if status.kind == .directory,
                try lane.isEmptyDirectory(entry.name, in: source.descriptor)
            {
                reports.noteMount(affected, crossing, .destination)
            } else {
                reports.of(affected).fail(.enter, .destination, nil)
            }
        } catch {
            reports.of(affected).fail(.list, .source, error)
        }
        return true
    }
}
