// Opening the two sides of a directory, and making DESTINATION's where it is missing.

import LinuxIO

/// Opens directories for a pass.
///
/// Belongs to one worker.
final class DirectoryOpener {
    private let context: PassContext
    private let lane: PassLane
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let settings: SettingsCarrier

    init(_ rooms: LaneRooms) {
        context = rooms.context
        lane = rooms.lane
        reports = rooms.reports
        changes = rooms.changes
        settings = rooms.carrier.settings
    }

    /// Opens both sides, making DESTINATION's where it is missing.
    ///
    /// False when nothing below can be done (S24).
    func open(_ node: PassDirectory) -> Bool {
        // The roots were opened at the start.
        guard let parent = node.parent else { return true }
        let parentOpen: OpenDirectory
        do throws(LostDirectory) {
            parentOpen = try lane.directories.use(parent)
        } catch {
            reports.reportUnusable(error, node)
            reports.reportProtected(node)
            return false
        }
        defer { lane.directories.release(parent) }
        guard let source = openSource(node, in: parentOpen) else { return false }
        node.state.facts.withLock { facts in
            if facts.source?.inode != source.status.inode, facts.evidence == .proven {
                // Another directory has the name since it was looked up: nothing is known of this one here.
                context.memory.noteDisturbance()
                facts.evidence = .doubtful
                facts.visit = nil
            }
            facts.source = source.status
        }
        var destination = OpenedDestination()
        do throws(SystemError) {
            guard let opened = try openDestination(node, in: parentOpen) else { return false }
            destination = opened
        } catch {
            reports.of(.directory(node)).failWrite(.makeDirectory, error)
            // When this has ended all writing, what is below is still to be counted (S18).
            guard context.log.phase == .counting, node.state.facts.withLock({ $0.isNew }) else {
                return false
            }
            reports.tally(source.status)
        }
        lane.install(source, destination.opened, in: node)
        return true
    }

    private func openSource(_ node: PassDirectory, in parent: OpenDirectory) -> OpenedDirectory? {
        guard let parentSource = parent.source else { return nil }
        do throws(NotEntered) {
            let opened = try context.volumes.sourceBoundary.enter(
                node.name,
                in: parentSource.descriptor
            )
            if opened.status.identity == context.volumes.destinationRoot?.identity {
                // S2 again: DESTINATION has come to lie inside SOURCE since the roots were judged.
                reports.of(.directory(node)).fail(.enter, .source, SystemError(.open, .symlinkLoop))
                return nil
            }
            return opened
        } catch {
            if reports.reportNotEntered(error, node) { reports.reportProtected(node) }
            return nil
        }
    }

    /// A DESTINATION that is open; without a handle nothing is there and nothing is to be made.
    private struct OpenedDestination {
        var opened: OpenedDirectory?
    }

    /// Nil when a failure was recorded.
    private func openDestination(
        _ node: PassDirectory,
        in parent: OpenDirectory
    ) throws(SystemError) -> OpenedDestination? {
        let before = node.state.facts.withLock { $0.destination }
        if let before, before.kind == .directory, let parentDestination = parent.destination {
            return openExisting(node, in: parentDestination)
        }
        if node.state.spine?.isShared == true { return try openShared(node, before, in: parent) }
        node.state.facts.withLock { facts in
            facts.isNew = true
            facts.destination = nil
        }
        guard context.log.mayWrite, let parentNode = node.parent,
            let parentDestination = parent.destination
        else {
            if context.plan.options.isDryRun { context.log.counters.directoriesMade.count() }
            reports.tally(node.state.facts.withLock { $0.source })
            return OpenedDestination()
        }
        try changes.prepare(parentNode, parent)
        if let before {
            // S26, S28: what has the name and is no directory goes; a symlink is never followed.
            try node.name.withPointer { name throws(SystemError) in
                try settings.withoutFlags(
                    of: name,
                    parentDestination.descriptor,
                    isThawing: false
                ) {
                    () throws(SystemError) in
                    try parentDestination.descriptor.removeFile(name)
                }
            }
            context.links.noteUnlinked(before)
        }
        let inherited = parentNode.state.facts.withLock { $0.inherited }
        let opened = try changes.makeDirectory(
            node.name,
            in: parentDestination.descriptor,
            inherited: inherited
        )
        node.state.facts.withLock { $0.inherited = inherited.intersection(.settings) }
        context.log.counters.directoriesMade.count()
        return OpenedDestination(opened: opened)
    }

    /// Opens a directory of the spine that DESTINATION lacked when a shard came to it: several may come at once, so it is
    /// made, or was made by another meanwhile.
    ///
    /// Nil when a failure was recorded: what has the name and is no directory is closing's to replace.
    private func openShared(
        _ node: PassDirectory,
        _ before: FileStatus?,
        in parent: OpenDirectory
    ) throws(SystemError) -> OpenedDestination? {
        if let before {
            reports.of(.directory(node)).fail(
                .makeDirectory,
                .destination,
                nil,
                detail:
                    "a \(before.kind.noun) has the name of a directory that several shards share; run closing "
                    + "(--close --accept-failed) or a pass without --plan first, then this shard again"
            )
            return nil
        }
        guard context.log.mayWrite, let parentNode = node.parent,
            let target = parent.destination
        else {
            // Nothing of it is there; what is below is told, or counted, as missing.
            node.state.facts.withLock { $0.isNew = true }
            return OpenedDestination()
        }
        try changes.prepare(parentNode, parent)
        let inherited = parentNode.state.facts.withLock { $0.inherited }
        do throws(SystemError) {
            // Closed again: what is there is looked at as what others made is.
            _ = try changes.makeDirectory(node.name, in: target.descriptor, inherited: inherited)
            context.log.counters.directoriesMade.count()
        } catch {
            // Another shard was first.
            guard error.code == .exists, error.operation == .mkdir else { throw error }
        }
        return openExisting(node, in: target)
    }

    /// Opens a directory that DESTINATION has; nil when a failure was recorded.
    private func openExisting(
        _ node: PassDirectory,
        in parent: SharedDescriptor
    ) -> OpenedDestination? {
        let opened: OpenedDirectory
        do throws(SystemError) {
            let descriptor =
                context.plan.options.crossesMounts
                ? try parent.descriptor.openDirectoryAcrossMounts(node.name)
                : try parent.descriptor.openDirectory(node.name)
            let status = try descriptor.status()
            opened = OpenedDirectory(handle: SharedDescriptor(descriptor), status: status)
        } catch {
            // EXDEV: mounted since it was looked up. Nothing was to be written: no error here is the whole volume's.
            let isMounted = error.code == .crossDevice
            reports.of(.directory(node)).fail(
                isMounted ? .enter : .open,
                .destination,
                isMounted ? nil : error
            )
            return nil
        }
        let status = opened.status
        if !context.plan.options.crossesMounts, context.volumes.isForeignDestination(status) {
            reports.of(.directory(node)).fail(.enter, .destination, nil)
            return nil
        }
        do throws(SystemError) { try opened.handle.descriptor.checkNames(status) } catch {
            // What it holds would look like extras.
            reports.of(.directory(node)).fail(.open, .destination, error)
            return nil
        }
        node.state.facts.withLock { $0.destination = status }
        return OpenedDestination(opened: opened)
    }
}
