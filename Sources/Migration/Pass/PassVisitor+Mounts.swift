// What is mounted below the roots (S4, S46, S56): it stays where it is, is listed, and is asked nothing.

import LinuxIO

extension PassVisitor {
    /// S4: another filesystem on SOURCE stays where it is.
    ///
    /// The directory that it is mounted on is made, empty, so that it can be mounted there after
    /// the cutover; one that is there is left alone.
    func handleMountPoint(
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
            try rooms.changes.prepare(entry.directory, open)
            let made = try rooms.changes.makeDirectory(
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
    func hasMount(
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
