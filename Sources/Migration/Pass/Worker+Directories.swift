// A directory's life: opened on both sides, listed, paired; extras first, then contents; its own
// attributes when its last piece is done (S23).

import LinuxIO

extension Worker {
    /// Entries handled by one piece of work.
    ///
    /// Small enough to spread a directory over all workers, large enough that handing out costs
    /// nothing beside the calls for its entries.
    static var pieceEntries: Int { 64 }

    /// Does a directory's own task: everything up to handing out what is in it.
    func process(_ node: Directory) {
        if !context.isInterrupted {
            switch node.purpose {
            case .pair: if open(node) { list(node) } else { node.abandon() }
            case .removal: processRemoval(node)
            }
        }
        finishPiece(of: node)
    }

    /// One piece of `node` is done; moves it on if it was the last, and its parents after it.
    func finishPiece(of node: Directory) {
        var node = node
        while node.finishPiece() {
            if let contents = takeContents(of: node) {
                node.addPiece()
                handOut(contents, of: node)
                continue
            }
            finish(node)
            guard let parent = node.parent else { return }
            node = parent
        }
    }

    private func takeContents(of node: Directory) -> Pairing? {
        node.facts.withLock { facts in
            guard facts.stage == .extras else { return nil }
            facts.stage = .contents
            defer { facts.contents = nil }
            return facts.contents
        }
    }

    /// Cuts a directory's entries into pieces for all workers; a small one is handled at once.
    private func handOut(_ contents: Pairing, of node: Directory) {
        let count = contents.listing.count
        if count <= Self.pieceEntries {
            handle(EntryPiece(directory: node, entries: contents, range: 0..<count))
            return
        }
        // Pushed last to first: this lane takes its newest work first and goes through them in order.
        var end = count
        while end > 0 {
            let start = (end - 1) / Self.pieceEntries * Self.pieceEntries
            node.addPiece()
            push(.entries(EntryPiece(directory: node, entries: contents, range: start..<end)))
            end = start
        }
    }

    // MARK: Listing

    /// Lists and pairs both sides, removes extras that are no directories and hands on the others.
    private func list(_ node: Directory) {
        let open: OpenDirectory
        do throws(SystemError) {
            open = try context.budget.use(node)
        } catch {
            noteUnusable(error, node)
            noteProtected(node)
            node.abandon()
            return
        }
        defer { context.budget.release(node) }
        guard let sourceHandle = open.source else { return }
        carryProject(of: node, open)
        let visit = node.facts.withLock { $0.visit }
        if let visit, !visit.node.isListed {
            pass(node, visit)
            return
        }
        counters.directoriesListed.count()
        // Before it is read: what then fails casts its doubt on this note.
        writeDown(node)
        var source = Listing()
        do throws(SystemError) {
            if try !source.read(sourceHandle.descriptor, buffer: listingBuffer) {
                // An entry may go away meanwhile; SOURCE itself may not.
                if node.isRoot { throw SystemError(.getdents64, .noEntry) }
                // It is going away; what DESTINATION has of it is the next pass's business.
                noteVanished(.directory(node))
                node.facts.withLock { $0.isProtected = true }
            }
        } catch {
            fail(.list, .source, error, of: .directory(node))
            noteProtected(node)
            node.facts.withLock { $0.isProtected = true }
        }
        select(&source, of: node, sourceHandle)
        if source.count > 1 { source.sortByInode() }
        if hasNamesAsLeft(node) {
            for index in 0..<source.count { source.mark(index) }
            setContents(source, of: node)
            return
        }
        var destination = Listing()
        let isNew = node.facts.withLock { $0.isNew }
        if !isNew, let handle = open.destination {
            do throws(SystemError) {
                try destination.read(handle.descriptor, buffer: listingBuffer)
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
    func setContents(_ listing: Listing, of node: Directory) {
        let contents = Pairing(listing, DirectoryEvidence(node))
        node.facts.withLock { $0.contents = contents }
    }

    /// Leaves out what this pass does not look at: reserved names at the root (S5, S62), other branches, and what
    /// a filter excludes.
    private func select(_ source: inout Listing, of node: Directory, _ handle: SharedDescriptor) {
        let options = context.options
        guard node.isRoot || !options.filter.isEmpty else { return }
        let listing = source
        source.keep { index in
            let name = listing.name(index)
            do throws(SystemError) {
                if node.isRoot, try !isSelected(index, of: listing, handle) { return false }
                guard !options.filter.isEmpty else { return true }
                return !options.filter.excludes(
                    path: node.path(of: name),
                    isDirectory: try isDirectory(index, of: listing, handle)
                )
            } catch {
                // Whether it is left out is not known: it is neither copied nor, as an extra, deleted.
                fail(.examine, .source, error, of: .name(name, node))
                node.facts.withLock { $0.isProtected = true }
                return false
            }
        }
    }

    /// Whether a listed name is a directory's.
    ///
    /// XFS made without ftype lists all as unknown (DT_UNKNOWN). One that is gone is none.
    private func isDirectory(
        _ index: Int,
        of listing: Listing,
        _ handle: SharedDescriptor
    ) throws(SystemError) -> Bool {
        let type = listing.records[index].type
        guard type == 0 else { return type == 4 }
        let status = try context.sourceBoundary.status(
            of: listing.namePointer(index),
            in: handle.descriptor
        )
        return status?.kind == .directory
    }

    /// Whether a top-level entry of SOURCE is looked at by this pass.
    private func isSelected(
        _ index: Int,
        of listing: Listing,
        _ handle: SharedDescriptor
    ) throws(SystemError) -> Bool {
        let name = listing.name(index)
        var isDirectory = false
        if ReservedNames.quotaFiles.contains(name) {
            isDirectory = try self.isDirectory(index, of: listing, handle)
        }
        if ReservedNames.contains(name, isDirectory: isDirectory) { return false }
        return isBranchSelected(name)
    }

    /// Whether a top-level name belongs to what this pass looks at.
    func isBranchSelected(_ name: Name) -> Bool {
        let branches = context.options.branches
        return branches.isEmpty || branches.contains(name)
    }

    func noteProtected(_ node: Directory) {
        guard context.options.deletesExtras else { return }
        counters.directoriesProtected.count()
        context.emit(.directoryProtected(path: node.path))
    }

    // MARK: Finishing

    /// Everything in a directory is done: its own attributes, or its removal.
    private func finish(_ node: Directory) {
        defer {
            context.budget.openParent(of: node)
            context.budget.close(node)
        }
        if let visit = node.facts.withLock({ $0.visit }), !visit.node.isListed, !node.wasChanged {
            return
        }
        if node.wasAbandoned || context.isInterrupted && node.facts.withLock({ $0.isNew }) {
            if node.purpose == .removal { finishRemoval(node) }
            return
        }
        switch node.purpose {
        case .removal: finishRemoval(node)
        case .pair:
            do throws(SystemError) {
                let open = try context.budget.use(node)
                defer { context.budget.release(node) }
                finishAttributes(of: node, open)
            } catch {
                noteUnusable(error, node)
            }
        }
    }

    private func finishAttributes(of node: Directory, _ open: OpenDirectory) {
        let facts = node.facts.withLock { $0 }
        guard let source = facts.source, let sourceHandle = open.source else { return }
        if facts.isNew {
            finishNew(node, source, facts.inherited, sourceHandle, open.destination)
            return
        }
        if node.isRoot, !context.options.branches.isEmpty {
            restoreTimes(of: node, facts.destination, open)
            return
        }
        guard let before = facts.destination, let destination = open.destination else { return }
        var needs = context.comparison.attributeDifferences(source: source, destination: before)
        if facts.hasOtherSettings { needs.insert(.flags) }
        if needs.isEmpty, !node.wasChanged, isUnchanged(node, facts, source, before) {
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
            if node.wasChanged { refreeze(node, destination) }
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
        guard !context.options.isDryRun, context.phase != .counting || node.wasChanged else {
            if !needs.isEmpty, context.options.isDryRun { counters.attributesRepaired.count() }
            return
        }
        repair(node, source, needs, sourceHandle, destination)
    }

    /// Gives a new directory its attributes: its contents are in, so it need no longer be 0700 for root alone.
    private func finishNew(
        _ node: Directory,
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
            inherited: node.parent?.facts.withLock { $0.inherited } ?? inheritedByRoot,
            of: .directory(node)
        )
    }

    /// S67: without --perms a directory keeps the mode that it had before writing to it was lent.
    private func returnMode(of node: Directory, _ destination: SharedDescriptor) {
        guard node.wasChanged, !preserved.contains(.mode),
            let before = node.facts.withLock({ $0.destination }), lendsWriting(before)
        else { return }
        do throws(SystemError) { try destination.descriptor.setMode(before.mode) } catch {
            fail(.setMode, .destination, error, isWrite: true, of: .directory(node))
        }
    }

    /// Repairs a directory that was there, and sets again what changes in it moved.
    private func repair(
        _ node: Directory,
        _ source: FileStatus,
        _ differences: Differences,
        _ sourceHandle: SharedDescriptor,
        _ destination: SharedDescriptor
    ) {
        var needs = differences
        defer { returnMode(of: node, destination) }
        if node.wasChanged {
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
        if context.isRoot, !node.wasChanged, let before = node.facts.withLock({ $0.destination }) {
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
    private func refreeze(_ node: Directory, _ destination: SharedDescriptor) {
        let flags = node.facts.withLock { $0.destination?.visibleFlags.intersection(.frozen) ?? [] }
        if flags.isEmpty { return }
        do throws(SystemError) { try setFrozenFlags(flags, of: destination.descriptor) } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: .directory(node))
        }
    }

    /// With `--branch` the root is not compared; it only gets back the time that changes in it moved.
    private func restoreTimes(of node: Directory, _ before: FileStatus?, _ open: OpenDirectory) {
        guard node.wasChanged, let before, let destination = open.destination else { return }
        do throws(SystemError) {
            try destination.descriptor.setModified(before.modified)
        } catch {
            fail(.setTimes, .destination, error, isWrite: true, of: .directory(node))
        }
    }
}
