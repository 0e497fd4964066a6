// Deleting: extras (S43-S46), trees in the way of another type (S26). This
// file is the one place that removes what SOURCE lacks, and every guard stands here:
//
//   deletion was asked for (for a tree in the way by Comparison) · SOURCE's listing was read to its end · the name is
//   not reserved at the root (ReservedNames), no other branch, by a plan not another run's, not excluded by a filter · the limit is not reached · no
//   mount point is crossed · no symlink is followed (unlinkat(2) and O_NOFOLLOW) · the pass may still write
//
// What a killed run left is no extra: LeftoverRemover.

import LinuxIO

/// Removes what SOURCE lacks.
///
/// Belongs to one worker.
final class ExtraRemover {
    private let context: PassContext
    private let lane: PassLane
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let leftovers: LeftoverRemover
    private var counters: Counters { context.log.counters }

    init(_ rooms: LaneRooms) {
        context = rooms.context
        lane = rooms.lane
        reports = rooms.reports
        changes = rooms.changes
        leftovers = LeftoverRemover(rooms)
    }

    /// Removes the extras of a directory: names at once, directories as work of their own.
    func removeExtras(
        _ extras: [Int],
        of listing: Listing,
        in node: PassDirectory,
        _ open: OpenDirectory
    ) {
        guard let destination = open.destination else { return }
        let isProtected = node.state.facts.withLock { $0.isProtected }
        for index in extras {
            if context.log.isInterrupted { return }
            let name = listing.name(index)
            let isMine =
                node.state.spine.map { $0.hasExtra(name) }
                ?? (!node.isRoot || context.plan.scope.selects(name))
            let isLookedAt = !isProtected && isMine
            if listing.records[index].isDirectory != true, TemporaryNames.matches(name.bytes) {
                if node.state.spine?.mayRemoveLeftover(name) == false { continue }
                guard context.log.mayBegin else { return }
                leftovers.remove(name, in: node, open, isLookedAt: isLookedAt)
                continue
            }
            guard isLookedAt, context.plan.options.deletesExtras else { continue }
            guard let status = examineExtra(name, in: node, destination) else { continue }
            let isDirectory = status.kind == .directory
            if node.isRoot, ReservedNames.contains(name, isDirectory: { isDirectory }) { continue }
            if isFiltered(name, status.kind, in: node) { continue }
            // Asked of what would go only: who is told no leaves something.
            guard context.log.mayBegin else { return }
            remove(name, status, in: node, open)
        }
    }

    private func examineExtra(
        _ name: Name,
        in node: PassDirectory,
        _ destination: SharedDescriptor
    ) -> FileStatus? {
        do throws(SystemError) {
            // Gone already: that is what was wanted.
            return try name.withPointer { pointer throws(SystemError) in
                try context.volumes.destinationStatus(of: pointer, in: destination.descriptor)
            }
        } catch {
            reports.of(.name(name, node)).fail(.examine, .destination, error)
            return nil
        }
    }

    private func isFiltered(_ name: Name, _ kind: EntryKind, in node: PassDirectory) -> Bool {
        let filter = context.plan.options.filter
        return !filter.isEmpty
            && filter.excludes(path: node.path(of: name), isDirectory: kind == .directory)
    }

    /// Removes one extra, or hands on its tree.
    private func remove(
        _ name: Name,
        _ status: FileStatus,
        in node: PassDirectory,
        _ open: OpenDirectory
    ) {
        if let crossing = context.volumes.crossingOfDestination(status) {
            keepMount(crossing, of: .name(name, node))
            node.state.abandonRemoval()
        } else if status.kind == .directory {
            removeTree(name, status, in: node)
        } else if context.log.reserveDeletion() {
            removeFile(name, status, in: node, open)
        } else {
            reports.doubt(.name(name, node))
            node.state.abandonRemoval(byLimit: true)
        }
    }

    /// S46: what is mounted on DESTINATION stays, and so does all that holds it.
    private func keepMount(_ crossing: MountBoundary.Crossing, of affected: AffectedEntry) {
        if context.plan.options.crossesMounts {
            // Entered all the same: its extras should have gone.
            reports.of(affected).fail(.remove, .destination, SystemError(.unlink, .busy))
        } else {
            reports.reportMount(affected, crossing, .destination)
        }
    }

    /// Hands the tree of one directory of DESTINATION to whoever has time.
    ///
    /// `afterRemoval` is the entry that needs its name, and `source` that entry's status.
    func removeTree(
        _ name: Name,
        _ status: FileStatus,
        in node: PassDirectory,
        afterRemoval: PassPiece? = nil,
        for source: FileStatus? = nil
    ) {
        let child = PassDirectory(
            parent: node,
            name: name,
            state: PassDirectoryState(
                purpose: .removal,
                branch: node.state.branch,
                afterRemoval: afterRemoval
            )
        )
        child.state.facts.withLock { facts in
            facts.source = source
            facts.destination = status
        }
        lane.handOn(child)
    }

    private func removeFile(
        _ name: Name,
        _ status: FileStatus,
        in node: PassDirectory,
        _ open: OpenDirectory
    ) {
        guard let destination = open.destination else { return }
        if context.log.mayWrite {
            do throws(SystemError) {
                try changes.prepare(node, open)
                try name.withPointer { pointer throws(SystemError) in
                    try destination.descriptor.removeFile(pointer)
                }
            } catch {
                // Gone meanwhile, unless it is there all the same.
                if error.code == .noEntry, examineExtra(name, in: node, destination) == nil {
                    return
                }
                reports.of(.name(name, node)).failWrite(.remove, error)
                node.state.abandonRemoval()
                return
            }
        } else if !context.plan.options.isDryRun {
            node.state.abandonRemoval()
            return
        }
        // In a dry run the name is still there and counted by its inode.
        if context.log.mayWrite { context.links.noteUnlinked(status) }
        counters.extrasDeleted.count()
        reports.itemize(Itemization(action: .deleted, kind: status.kind, path: node.path(of: name)))
    }

    // MARK: Trees

    /// Opens and lists a directory that is to go, and removes what is in it.
    func enter(_ node: PassDirectory) {
        guard let parent = node.parent else { return }
        guard let parentDestination = destination(of: parent, for: node) else { return }
        let isOpen: Bool
        do throws(SystemError) {
            isOpen = try openRemoval(node, in: parentDestination)
        } catch {
            // Gone already, it seems: rmdir(2) will tell.
            if error.code == .noEntry { return }
            if error.code == .crossDevice {
                keepMount(.mount, of: .directory(node))
                node.state.abandonRemoval()
                return
            }
            reports.of(.directory(node)).fail(.remove, .destination, error)
            node.state.abandonRemoval()
            return
        }
        guard isOpen else { return }
        do throws(SystemError) {
            let open = try lane.use(node)
            defer { lane.directories.release(node) }
            guard let destination = open.destination else { return }
            removeContents(try lane.names(in: destination.descriptor), of: node, open)
        } catch {
            reports.of(.directory(node)).fail(.list, .destination, error)
            node.state.abandonRemoval()
        }
    }

    /// DESTINATION's directory that a tree lies in; nil where it cannot be had, which is told: then the tree stays.
    private func destination(
        of parent: PassDirectory,
        for node: PassDirectory
    ) -> SharedDescriptor? {
        do throws(LostDirectory) {
            if let found = try lane.directories.destination(of: parent) { return found }
        } catch {
            reports.of(.directory(node)).fail(.remove, .destination, error.error)
        }
        node.state.abandonRemoval()
        return nil
    }

    private func openRemoval(
        _ node: PassDirectory,
        in parent: SharedDescriptor
    ) throws(SystemError) -> Bool {
        let descriptor = try parent.descriptor.openDirectory(node.name)
        let status = try descriptor.status()
        // Asked of the open directory: what is mounted here since the listing is seen too (S46).
        if let crossing = context.volumes.crossingOfDestination(status) {
            keepMount(crossing, of: .directory(node))
            node.state.abandonRemoval()
            return false
        }
        node.state.facts.withLock { $0.destination = status }
        let opened = OpenedDirectory(handle: SharedDescriptor(descriptor), status: status)
        lane.install(nil, opened, in: node)
        return true
    }

    private func removeContents(_ listing: Listing, of node: PassDirectory, _ open: OpenDirectory) {
        guard let destination = open.destination else { return }
        for index in 0..<listing.count where context.log.mayBegin {
            let name = listing.name(index)
            guard let status = examineExtra(name, in: node, destination) else { continue }
            if isFiltered(name, status.kind, in: node) {
                context.log.say(.protectedByFilter)
                node.state.abandonRemoval()
            } else {
                remove(name, status, in: node, open)
            }
        }
    }

    /// The contents of a tree are gone, or what stays was noted: removes the directory itself.
    ///
    /// Whether it is gone, or in a dry run would be.
    func finish(_ node: PassDirectory) -> Bool {
        guard let parent = node.parent, context.log.mayBegin else { return false }
        let isRemoved = removeDirectory(node, in: parent)
        // Something in the parent stays, so it does too.
        if !isRemoved { parent.state.abandonRemoval(byLimit: !node.state.wasKeptOtherwise) }
        return isRemoved
    }

    /// Whether the directory is gone, or in a dry run would be.
    private func removeDirectory(_ node: PassDirectory, in parent: PassDirectory) -> Bool {
        guard !node.state.wasAbandoned, context.log.mayWrite || context.plan.options.isDryRun,
            context.log.reserveDeletion()
        else {
            reports.doubt(.directory(node))
            return false
        }
        if context.log.mayWrite {
            guard let destination = destination(of: parent, for: node) else { return false }
            do throws(SystemError) {
                let open = OpenDirectory(source: nil, destination: destination)
                try changes.prepare(parent, open)
                try node.name.withPointer { name throws(SystemError) in
                    try destination.descriptor.removeDirectory(name)
                }
            } catch {
                if error.code == .noEntry { return true }
                reports.of(.directory(node)).failWrite(.remove, error)
                node.state.abandonRemoval()
                return false
            }
        }
        reportDeleted(node)
        return true
    }

    private func reportDeleted(_ node: PassDirectory) {
        counters.extrasDeleted.count()
        // One that gives way to an entry of another type is told by that entry's line, as rsync does.
        if node.state.afterRemoval != nil { return }
        reports.itemize(Itemization(action: .deleted, kind: .directory, path: node.path))
    }
}
