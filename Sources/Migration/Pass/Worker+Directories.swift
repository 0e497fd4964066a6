// A directory's life: opened on both sides, listed, paired; extras first, then contents; its own
// attributes when its last piece is done (S23).

import LinuxIO

extension Worker {
    /// Does a directory's own task: everything up to handing on what is in it.
    func enter(_ node: PassDirectory) {
        if context.isInterrupted { return }
        switch node.state.purpose {
        case .pair: if open(node) { list(node) } else { node.state.abandon() }
        case .removal: processRemoval(node)
        }
    }

    // MARK: Listing

    /// Lists and pairs both sides, removes extras that are no directories and hands on the others.
    private func list(_ node: PassDirectory) {
        let open: OpenDirectory
        do throws(SystemError) {
            open = try lane.directories.use(node)
        } catch {
            noteUnusable(error, node)
            noteProtected(node)
            node.state.abandon()
            return
        }
        defer { lane.directories.release(node) }
        guard let sourceHandle = open.source else { return }
        carryProject(of: node, open)
        let visit = node.state.facts.withLock { $0.visit }
        if let visit, !visit.node.isListed {
            pass(node, visit)
            return
        }
        counters.directoriesListed.count()
        // Before it is read: what then fails casts its doubt on this note.
        writeDown(node)
        var source = Listing()
        do throws(SystemError) {
            if try !lane.read(&source, of: node, sourceHandle.descriptor) {
                // It is going away; what DESTINATION has of it is the next pass's business.
                noteVanished(.directory(node))
                node.state.facts.withLock { $0.isProtected = true }
            }
        } catch {
            fail(.list, .source, error, of: .directory(node))
            noteProtected(node)
            node.state.facts.withLock { $0.isProtected = true }
        }
        select(&source, of: node, sourceHandle)
        if source.count > 1 { source.sortByInode() }
        if hasNamesAsLeft(node) {
            for index in 0..<source.count { source.mark(index) }
            setContents(source, of: node)
            return
        }
        var destination = Listing()
        let isNew = node.state.facts.withLock { $0.isNew }
        if !isNew, let handle = open.destination {
            do throws(SystemError) {
                destination = try lane.names(in: handle.descriptor)
            } catch {
                // Which names it has is then unknown: each is asked for, none is deleted.
                fail(.list, .destination, error, of: .directory(node))
                for index in 0..<source.count { source.mark(index) }
                setContents(source, of: node)
                return
            }
        }
        let pairs = NamePairs(source: source, destination: destination)
        var contents = pairs.source
        if let visit { keepUnproven(&contents, of: node, visit) }
        setContents(contents, of: node)
        handleExtras(pairs.extras, of: destination, in: node, open)
    }

    /// Hands on the entries of a directory, for when its extras are gone.
    func setContents(_ listing: Listing, of node: PassDirectory) {
        node.state.fixEvidence()
        node.setContents(listing)
    }

    /// Leaves out what this pass does not look at: reserved names at the root (S5, S62), other branches, and what
    /// a filter excludes.
    private func select(_ source: inout Listing, of node: PassDirectory, _ handle: SharedDescriptor)
    {
        let filter = context.options.filter
        guard node.isRoot || !filter.isEmpty else { return }
        let listing = source
        let boundary = context.sourceBoundary
        source.keep { index in
            let name = listing.name(index)
            let isDirectory = { () throws(SystemError) in
                try boundary.isDirectory(index, of: listing, in: handle.descriptor)
            }
            do throws(SystemError) {
                if node.isRoot, try !context.scope.holds(name, isDirectory: isDirectory) {
                    return false
                }
                guard !filter.isEmpty else { return true }
                return !filter.excludes(path: node.path(of: name), isDirectory: try isDirectory())
            } catch {
                // Whether it is left out is not known: it is neither copied nor, as an extra, deleted.
                fail(.examine, .source, error, of: .name(name, node))
                node.state.facts.withLock { $0.isProtected = true }
                return false
            }
        }
    }

    func noteProtected(_ node: PassDirectory) {
        guard context.options.deletesExtras else { return }
        counters.directoriesProtected.count()
        context.emit(.directoryProtected(path: node.path))
    }

    // MARK: Finishing

    /// Everything in a directory is done: its own attributes, or its removal.
    func leave(_ node: PassDirectory) {
        if let visit = node.state.facts.withLock({ $0.visit }), !visit.node.isListed,
            !node.state.wasChanged
        {
            return
        }
        if node.state.wasAbandoned
            || context.isInterrupted && node.state.facts.withLock({ $0.isNew })
        {
            if node.state.purpose == .removal { finishRemoval(node) }
            return
        }
        switch node.state.purpose {
        case .removal: finishRemoval(node)
        case .pair:
            do throws(SystemError) {
                let open = try lane.directories.use(node)
                defer { lane.directories.release(node) }
                finishAttributes(of: node, open)
            } catch {
                noteUnusable(error, node)
            }
        }
    }

    private func finishAttributes(of node: PassDirectory, _ open: OpenDirectory) {
        let facts = node.state.facts.withLock { $0 }
        guard let source = facts.source, let sourceHandle = open.source else { return }
        if facts.isNew {
            finishNew(node, source, facts.inherited, sourceHandle, open.destination)
            return
        }
        if node.isRoot, !context.scope.isWhole {
            restoreTimes(of: node, facts.destination, open)
            return
        }
        guard let before = facts.destination, let destination = open.destination else { return }
        var needs = context.comparison.attributeDifferences(source: source, destination: before)
        if facts.hasOtherSettings { needs.insert(.flags) }
        if needs.isEmpty, !node.state.wasChanged, isUnchanged(node, facts, source, before) {
            return
        }
        do throws(AttributeFailure) {
            needs.formUnion(
                try attributes.differences(
                    sourceHandle.descriptor,
                    destination.descriptor,
                    kind: .directory
                )
            )
        } catch {
            fail(error.activity, error.side, error.error, of: .directory(node))
            if node.state.wasChanged { refreeze(node, destination) }
            return
        }
        if !needs.isEmpty {
            itemize(
                Itemization(
                    action: .repaired,
                    kind: .directory,
                    differences: needs,
                    path: node.path
                )
            )
        }
        guard !context.options.isDryRun, context.phase != .counting || node.state.wasChanged else {
            if !needs.isEmpty, context.options.isDryRun { counters.attributesRepaired.count() }
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
        itemize(Itemization(action: .changed, kind: .directory, isNew: true, path: node.path))
        guard let destination, context.phase != .counting else { return }
        // A failure was recorded, and the directory stays closed until the next pass.
        _ = carryAttributes(
            from: sourceHandle.descriptor,
            to: destination.descriptor,
            status: source,
            needs: newEntryNeeds,
            isNew: true,
            inherited: node.parent?.state.facts.withLock { $0.inherited } ?? inheritedByRoot,
            of: .directory(node)
        )
    }

    /// S67: without --perms a directory keeps the mode that it had before writing to it was lent.
    private func returnMode(of node: PassDirectory, _ destination: SharedDescriptor) {
        guard node.state.wasChanged, !preserved.contains(.mode),
            let before = node.state.facts.withLock({ $0.destination }), lendsWriting(before)
        else { return }
        do throws(SystemError) { try destination.descriptor.setMode(before.mode) } catch {
            fail(.setMode, .destination, error, isWrite: true, of: .directory(node))
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
            if preserved.contains(.times) { needs.insert(.times) }
            // Others than root lent themselves the right to write.
            if !context.isRoot, preserved.contains(.mode) { needs.insert(.mode) }
        }
        if needs.isEmpty {
            // What statx(2) does not show, and both ends are open anyway.
            let isChanged =
                context.isRoot
                && carrySettings(
                    from: sourceHandle.descriptor,
                    to: destination.descriptor,
                    without: [],
                    inherited: .project,
                    of: .directory(node)
                )
            if isChanged { counters.attributesRepaired.count() }
            return
        }
        if context.isRoot { needs.insert(.flags) }
        // An immutable or append-only directory takes no attributes; its flags are set last (S14).
        if context.isRoot, !node.state.wasChanged,
            let before = node.state.facts.withLock({ $0.destination })
        {
            do throws(SystemError) { try thaw(destination.descriptor, before) } catch {
                fail(.setFlags, .destination, error, isWrite: true, of: .directory(node))
                return
            }
        }
        let isDone = carryAttributes(
            from: sourceHandle.descriptor,
            to: destination.descriptor,
            status: source,
            needs: needs,
            isNew: false,
            inherited: [],
            of: .directory(node)
        )
        if isDone, !differences.isEmpty { counters.attributesRepaired.count() }
        if !isDone { refreeze(node, destination) }
    }

    /// A directory that could not be repaired keeps the flags that it had.
    private func refreeze(_ node: PassDirectory, _ destination: SharedDescriptor) {
        let flags = node.state.facts.withLock {
            $0.destination?.visibleFlags.intersection(.frozen) ?? []
        }
        if flags.isEmpty { return }
        do throws(SystemError) { try setFrozenFlags(flags, of: destination.descriptor) } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: .directory(node))
        }
    }

    /// With `--branch` the root is not compared; it only gets back the time that changes in it moved.
    private func restoreTimes(of node: PassDirectory, _ before: FileStatus?, _ open: OpenDirectory)
    {
        guard node.state.wasChanged, let before, let destination = open.destination else { return }
        do throws(SystemError) {
            try destination.descriptor.setModified(before.modified)
        } catch {
            fail(.setTimes, .destination, error, isWrite: true, of: .directory(node))
        }
    }
}
