// A directory of both sides: opened, its own attributes compared, listed, paired, its entries handed out. A
// node is closed when the last piece of it is done.

import LinuxIO

extension Verifier {
    /// Does a directory's own task.
    func process(_ node: Directory) {
        guard let statuses = open(node) else { return }
        let open: OpenDirectory
        do throws(SystemError) { open = try context.budget.use(node) } catch {
            note(error, .open, .source, path: node.path)
            return
        }
        defer { context.budget.release(node) }
        guard let source = open.source, let destination = open.destination else { return }
        if !node.isRoot || context.options.branches.isEmpty {
            compareDirectory(node, source.descriptor, destination.descriptor, statuses)
        }
        if let contents = list(node, source.descriptor, destination.descriptor) {
            handOut(contents, of: node)
        }
    }

    /// One piece of `node` is done; closes it if it was the last, and its parents after it.
    func finishPiece(of node: Directory) {
        var node = node
        while node.finishPiece() {
            context.budget.openParent(of: node)
            context.budget.close(node)
            guard let parent = node.parent else { return }
            node = parent
        }
    }

    // MARK: Opening

    /// Opens both sides and returns their statuses; nil when that failed, which was recorded.
    private func open(
        _ node: Directory
    ) -> (source: FileStatus, destination: FileStatus)? {
        // The roots were opened at the start.
        guard let parent = node.parent else { return context.roots }
        let parentOpen: OpenDirectory
        do throws(SystemError) { parentOpen = try context.budget.use(parent) } catch {
            note(error, .open, .source, path: node.path)
            return nil
        }
        defer { context.budget.release(parent) }
        guard let source = open(node, .source, in: parentOpen.source),
            let destination = open(node, .destination, in: parentOpen.destination)
        else { return nil }
        context.budget.install(
            OpenDirectory(source: source.handle, destination: destination.handle),
            identities: (source.status.identity, destination.status.identity),
            in: node
        )
        context.budget.release(node)
        return (source.status, destination.status)
    }

    private func open(
        _ node: Directory,
        _ side: Failure.Side,
        in parent: SharedDescriptor?
    ) -> (handle: SharedDescriptor, status: FileStatus)? {
        guard let parent else { return nil }
        do throws(SystemError) {
            let descriptor = try parent.descriptor.openDirectory(node.name)
            let status = try descriptor.status()
            if let crossing = context.boundary(side).crossing(at: status) {
                noteMount(crossing, side, path: node.path)
                return nil
            }
            try descriptor.checkNames(status)
            return (SharedDescriptor(descriptor), status)
        } catch {
            if error.code == .crossDevice {
                noteMount(.mount, side, path: node.path)
            } else {
                note(error, .open, side, path: node.path)
            }
            return nil
        }
    }

    /// S4: what is mounted on SOURCE was not copied; what is mounted on DESTINATION hides the copy.
    private func noteMount(
        _ crossing: MountBoundary.Crossing,
        _ side: Failure.Side,
        path: [UInt8]
    ) {
        if side == .destination {
            fail(.enter, .destination, nil, path: path)
        } else {
            noteSkippedMount(crossing, .source, path: path)
        }
    }

    /// A mount point that nothing of SOURCE is hidden by.
    func noteSkippedMount(
        _ crossing: MountBoundary.Crossing,
        _ side: Failure.Side,
        path: [UInt8]
    ) {
        counters.mountsSkipped.count()
        log.emit(.mountSkipped(path: path, side: side, crossing: crossing))
    }

    /// What is mounted on DESTINATION over an entry: it hides the copy, unless that is an empty directory.
    func noteMountOver(
        _ entry: Entry,
        _ crossing: MountBoundary.Crossing,
        _ status: FileStatus,
        _ source: borrowing Descriptor
    ) {
        do throws(SystemError) {
            var listing = Listing()
            if status.kind == .directory,
                try !listing.read(try source.openDirectory(entry.name), buffer: listingBuffer)
                    || listing.count == 0
            {
                noteSkippedMount(crossing, .destination, path: entry.path)
            } else {
                fail(.enter, .destination, nil, path: entry.path)
            }
        } catch {
            note(error, .list, .source, path: entry.path)
        }
    }

    // MARK: Listing

    /// Lists and pairs both sides, and tells what only DESTINATION has; nil when SOURCE cannot be listed at all.
    private func list(
        _ node: Directory,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) -> Pairing? {
        var left = Listing()
        var isWhole = true
        do throws(SystemError) {
            if try !left.read(source, buffer: listingBuffer) {
                // An entry may go away meanwhile; SOURCE itself may not.
                if node.isRoot { throw SystemError(.getdents64, .noEntry) }
                log.noteVanished(node.path)
                return nil
            }
        } catch {
            fail(.list, .source, error, path: node.path)
            isWhole = false
        }
        if node.isRoot {
            let all = left
            left.keep { isSelected(all.name($0), type: all.records[$0].type, source) }
        }
        if left.count > 1 { left.sortByInode() }
        var right = Listing()
        do throws(SystemError) {
            try right.read(destination, buffer: listingBuffer)
        } catch {
            // Which names it has is then unknown: each is asked for, none is called missing for that.
            fail(.list, .destination, error, path: node.path)
            for index in 0..<left.count { left.mark(index) }
            return Pairing(left)
        }
        let pairs = NamePairs(source: left, destination: right)
        // What SOURCE has beyond the place where its listing failed is not known.
        if isWhole {
            for index in pairs.extras { noteExtra(index, of: right, in: node, source, destination) }
        }
        return Pairing(pairs.source)
    }

    private func noteExtra(
        _ index: Int,
        of listing: Listing,
        in node: Directory,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) {
        if context.isInterrupted { return }
        let name = listing.name(index)
        if node.isRoot, !isSelected(name, type: listing.records[index].type, destination) {
            return
        }
        do throws(SystemError) {
            let boundary = context.boundary(.destination)
            guard let status = try boundary.status(of: listing.namePointer(index), in: destination)
            else {
                log.noteVanished(node.path(of: name))
                return
            }
            if let crossing = boundary.crossing(at: status) {
                noteSkippedMount(crossing, .destination, path: node.path(of: name))
                return
            }
            // It came meanwhile, or SOURCE's was removed or renamed meanwhile, which only its directory shows.
            let isChanged: Bool
            if context.isRecent(status) {
                isChanged = true
            } else {
                isChanged = context.isRecent(try source.status())
            }
            log.tell(
                FoundDifference(path: node.path(of: name), kind: status.kind, aspect: .extra),
                isChanged: isChanged
            )
        } catch {
            fail(.examine, .destination, error, path: node.path(of: name))
        }
    }

    /// Whether a top-level name is compared: not a reserved one (S5, S62), and not another branch.
    private func isSelected(
        _ name: Name,
        type: UInt8,
        _ root: borrowing Descriptor
    ) -> Bool {
        if ReservedNames.contains(
            name,
            isDirectory: type == 4 || type == 0 && isDirectory(name, root)
        ) {
            return false
        }
        let branches = context.options.branches
        return branches.isEmpty || branches.contains(name)
    }

    /// XFS made without ftype lists all types as unknown (DT_UNKNOWN).
    private func isDirectory(_ name: Name, _ root: borrowing Descriptor) -> Bool {
        // What cannot be examined now is met again, and its failure recorded, when it is compared.
        (try? name.withPointer { name throws(SystemError) in try root.status(of: name) })??.kind
            == .directory
    }

    /// Cuts a directory's entries into pieces for all workers; a small one is handled at once.
    private func handOut(_ contents: Pairing, of node: Directory) {
        let count = contents.listing.count
        if count <= Worker.pieceEntries {
            handle(EntryPiece(directory: node, entries: contents, range: 0..<count))
            return
        }
        // Pushed last to first: this lane takes its newest work first and goes through them in order.
        var end = count
        while end > 0 {
            let start = (end - 1) / Worker.pieceEntries * Worker.pieceEntries
            node.addPiece()
            push(.entries(EntryPiece(directory: node, entries: contents, range: start..<end)))
            end = start
        }
    }
}
