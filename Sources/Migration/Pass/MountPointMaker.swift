// A directory of SOURCE that another filesystem is mounted on (S4): it is made on DESTINATION, empty, so that the other
// one can be mounted there after the cutover. One that is there is left alone.

import LinuxIO

/// Makes the directories that filesystems are to be mounted on.
///
/// Belongs to one worker.
final class MountPointMaker {
    private let context: PassContext
    private let reports: PassReports
    private let changes: DirectoryChanges

    init(_ rooms: LaneRooms) {
        context = rooms.context
        reports = rooms.reports
        changes = rooms.changes
    }

    /// Makes it if it is a directory and DESTINATION lacks the name.
    ///
    /// Of what is mounted only what `status` tells is known: nothing more of it is asked.
    func make(_ entry: PassEntry, _ status: FileStatus, _ open: OpenDirectory) {
        // A filesystem that tells nothing but its mount is known by what the directory above lists.
        let isDirectory =
            status.kind == .directory
            || status.kind == .unknown && entry.record.isDirectory == true
        guard isDirectory, !entry.isOnDestination else { return }
        guard context.log.mayWrite, let destination = open.destination else {
            if context.plan.options.isDryRun { context.log.counters.directoriesMade.count() }
            return
        }
        do throws(SystemError) {
            try changes.prepare(entry.directory, open)
            let made = try changes.makeDirectory(
                entry.name,
                in: destination.descriptor,
                inherited: entry.directory.state.facts.withLock { $0.inherited }
            )
            context.log.counters.directoriesMade.count()
            guard status.kind == .directory else { return }
            // In the order of all attributes (S14); there are no others that may be asked for.
            if context.plan.isRoot {
                try made.handle.descriptor.setOwner(status.owner, group: status.group)
            }
            try made.handle.descriptor.setMode(status.mode)
            try made.handle.descriptor.setModified(status.modified)
        } catch {
            let name = AffectedEntry.name(entry.name, entry.directory)
            reports.of(name).failWrite(.makeDirectory, error)
        }
    }
}
