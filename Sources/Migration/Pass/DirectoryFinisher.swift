// A directory's own attributes, when everything in it is done (S23).

import LinuxIO

/// Finishes directories.
///
/// Belongs to one worker.
final class DirectoryFinisher {
    private let context: PassContext
    private let book: EvidenceBook
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let carrier: AttributeCarrier

    init(_ rooms: LaneRooms) {
        context = rooms.context
        book = rooms.book
        reports = rooms.reports
        changes = rooms.changes
        carrier = rooms.carrier
    }

    func finish(_ node: PassDirectory, _ open: OpenDirectory) {
        let facts = node.state.facts.withLock { $0 }
        guard let source = facts.source, let sourceHandle = open.source else { return }
        if facts.isNew {
            finishNew(node, source, facts.inherited, sourceHandle, open.destination)
            return
        }
        if node.isRoot, !context.plan.scope.hasRoots {
            restoreTimes(of: node, facts.destination, open)
            if let destination = open.destination { giveBack(node, destination) }
            return
        }
        guard let before = facts.destination, let destination = open.destination else { return }
        var needs = context.plan.comparison.attributeDifferences(
            source: source,
            destination: before
        )
        if facts.hasOtherSettings { needs.insert(.flags) }
        if needs.isEmpty, !node.state.wasChanged, book.isUnchanged(node, facts, source, before) {
            return
        }
        do throws(AttributeFailure) {
            needs.formUnion(
                try carrier.comparer.differences(
                    sourceHandle.descriptor,
                    destination.descriptor,
                    kind: .directory
                )
            )
        } catch {
            reports.of(.directory(node)).fail(error)
            giveBack(node, destination)
            return
        }
        if !needs.isEmpty {
            reports.itemize(
                Itemization(
                    action: .repaired,
                    kind: .directory,
                    differences: needs,
                    path: node.path
                )
            )
        }
        guard !context.plan.options.isDryRun,
            context.log.phase != .counting || node.state.wasChanged
        else {
            if !needs.isEmpty, context.plan.options.isDryRun {
                context.log.counters.attributesRepaired.count()
            }
            return
        }
        repair(node, source, needs, sourceHandle, destination)
    }

    /// Gives a new directory its attributes: its contents are in, so it need no longer be 0700 for root alone.
    private func finishNew(
        _ node: PassDirectory,
        _ source: FileStatus,
        _ inheritedByRoot: Inherited,
        _ sourceHandle: SharedDescriptor,
        _ destination: SharedDescriptor?
    ) {
        reports.itemize(
            Itemization(action: .changed, kind: .directory, isNew: true, path: node.path)
        )
        guard let destination, context.log.phase != .counting else { return }
        // A failure was recorded, and the directory stays closed until the next pass.
        _ = carrier.carry(
            CarriedAttributes(
                status: source,
                needs: carrier.rules.newEntryNeeds,
                isNew: true,
                inherited: node.parent?.state.facts.withLock { $0.inherited } ?? inheritedByRoot
            ),
            from: sourceHandle.descriptor,
            to: destination.descriptor,
            reports.of(.directory(node))
        )
    }

    /// S67: without --perms a directory keeps the mode that it had before writing to it was lent.
    private func returnMode(of node: PassDirectory, _ destination: SharedDescriptor) {
        if node.state.wasChanged, !carrier.rules.preserved.contains(.mode) {
            setMode(of: node, destination)
        }
    }

    /// Repairs a directory that was there, and sets again what changes in it moved.
    private func repair(
        _ node: PassDirectory,
        _ source: FileStatus,
        _ differences: Differences,
        _ sourceHandle: SharedDescriptor,
        _ destination: SharedDescriptor
    ) {
        var needs = differences
        defer { returnMode(of: node, destination) }
        if node.state.wasChanged {
            if carrier.rules.preserved.contains(.times) { needs.insert(.times) }
            // Others than root lent themselves the right to write.
            if !context.plan.isRoot, carrier.rules.preserved.contains(.mode) { needs.insert(.mode) }
        }
        if needs.isEmpty {
            // What statx(2) does not show, and both ends are open anyway.
            let isChanged =
                context.plan.isRoot
                && carrier.settings.carry(
                    from: sourceHandle.descriptor,
                    to: destination.descriptor,
                    without: [],
                    inherited: .project,
                    reports.of(.directory(node))
                )
            if isChanged { context.log.counters.attributesRepaired.count() }
            return
        }
        if context.plan.isRoot { needs.insert(.flags) }
        // An immutable or append-only directory takes no attributes; its flags are set last (S14).
        if context.plan.isRoot, !node.state.wasChanged,
            let before = node.state.facts.withLock({ $0.destination })
        {
            do throws(SystemError) {
                try carrier.settings.thaw(destination.descriptor, before)
            } catch {
                reports.of(.directory(node)).failWrite(.setFlags, error)
                return
            }
        }
        let isDone = carrier.carry(
            CarriedAttributes(status: source, needs: needs, isNew: false),
            from: sourceHandle.descriptor,
            to: destination.descriptor,
            reports.of(.directory(node))
        )
        if isDone, !differences.isEmpty { context.log.counters.attributesRepaired.count() }
        if !isDone { refreeze(node, destination) }
    }

    /// A directory that was made ready for changes and is not finished gets back what it had.
    func giveBack(_ node: PassDirectory, _ destination: SharedDescriptor) {
        guard node.state.wasChanged else { return }
        setMode(of: node, destination)
        refreeze(node, destination)
    }

    /// The mode that a directory had before the right to write to it was lent.
    private func setMode(of node: PassDirectory, _ destination: SharedDescriptor) {
        guard let before = node.state.facts.withLock({ $0.destination }),
            changes.lendsWriting(before)
        else { return }
        do throws(SystemError) { try destination.descriptor.setMode(before.mode) } catch {
            reports.of(.directory(node)).failWrite(.setMode, error)
        }
    }

    /// A directory that could not be repaired keeps the flags that it had.
    private func refreeze(_ node: PassDirectory, _ destination: SharedDescriptor) {
        let flags = node.state.facts.withLock {
            $0.destination?.visibleFlags.intersection(.frozen) ?? []
        }
        if flags.isEmpty { return }
        do throws(SystemError) {
            try carrier.settings.setFrozenFlags(flags, of: destination.descriptor)
        } catch {
            reports.of(.directory(node)).failWrite(.setFlags, error)
        }
    }

    /// A directory that is not compared only gets back the time that changes in it moved: with `--branch` the root.
    func restoreTimes(of node: PassDirectory, _ before: FileStatus?, _ open: OpenDirectory) {
        guard node.state.wasChanged, let before, let destination = open.destination else { return }
        do throws(SystemError) {
            try destination.descriptor.setModified(before.modified)
        } catch {
            reports.of(.directory(node)).failWrite(.setTimes, error)
        }
    }
}
