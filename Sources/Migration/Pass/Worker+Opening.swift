// Opening the two sides of a directory, and making DESTINATION's where it is missing.

import LinuxIO

extension Worker {
    /// Opens both sides, making DESTINATION's where it is missing.
    ///
    /// False when nothing below can be done (S24).
    func open(_ node: PassDirectory) -> Bool {
        // The roots were opened at the start.
        guard let parent = node.parent else { return true }
        let parentOpen: OpenDirectory
        do throws(SystemError) {
            parentOpen = try lane.directories.use(parent)
        } catch {
            noteUnusable(error, node)
            noteProtected(node)
            return false
        }
        defer { lane.directories.release(parent) }
        guard let source = openSource(node, in: parentOpen) else { return false }
        node.state.facts.withLock { facts in
            if facts.source?.inode != source.status.inode, facts.evidence == .proven {
                // Another directory has the name since it was looked up: nothing is known of this one here.
                context.noteDisturbance()
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
            fail(.makeDirectory, .destination, error, isWrite: true, of: .directory(node))
            // When this has ended all writing, what is below is still to be counted (S18).
            guard context.phase == .counting, node.state.facts.withLock({ $0.isNew }) else {
                return false
            }
            tally(source.status)
        }
        lane.install(source, destination.opened, in: node)
        return true
    }

    private func openSource(_ node: PassDirectory, in parent: OpenDirectory) -> OpenedDirectory? {
        guard let parentSource = parent.source else { return nil }
        do throws(NotEntered) {
            let opened = try context.sourceBoundary.enter(node.name, in: parentSource.descriptor)
            if opened.status.identity == context.destinationRoot?.identity {
                // S2 again: DESTINATION has come to lie inside SOURCE since the roots were judged.
                fail(.enter, .source, SystemError(.open, .symlinkLoop), of: .directory(node))
                return nil
            }
            return opened
        } catch {
            switch error {
            case .crossing(let crossing): noteMount(.directory(node), crossing)
            case .failed(let cause):
                switch cause.code {
                case .noEntry, .notDirectory, .symlinkLoop: noteVanished(.directory(node))
                default:
                    fail(.open, .source, cause, of: .directory(node))
                    noteProtected(node)
                }
            }
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
            return try openExisting(node, in: parentDestination)
        }
        node.state.facts.withLock { facts in
            facts.isNew = true
            facts.destination = nil
        }
        guard context.mayWrite, let parentNode = node.parent,
            let parentDestination = parent.destination
        else {
            if context.options.isDryRun { counters.directoriesMade.count() }
            tally(node.state.facts.withLock { $0.source })
            return OpenedDestination()
        }
        try prepareForChange(of: parentNode, parent)
        if let before {
            // S26, S28: what has the name and is no directory goes; a symlink is never followed.
            try node.name.withPointer { name throws(SystemError) in
                try withoutFlags(of: name, parentDestination.descriptor, isThawing: false) {
                    () throws(SystemError) in
                    try parentDestination.descriptor.removeFile(name)
                }
            }
            context.links.noteUnlinked(before)
        }
        let handle = try makeDirectory(
            node.name,
            in: parentDestination.descriptor,
            inherited: parentNode.state.facts.withLock { $0.inherited }
        )
        let inherited = parentNode.state.facts.withLock { $0.inherited }
        node.state.facts.withLock { $0.inherited = inherited.intersection(.project) }
        counters.directoriesMade.count()
        let status = try handle.descriptor.status()
        return OpenedDestination(opened: OpenedDirectory(handle: handle, status: status))
    }

    private func openExisting(
        _ node: PassDirectory,
        in parent: SharedDescriptor
    ) throws(SystemError) -> OpenedDestination? {
        let descriptor: Descriptor
        do throws(SystemError) {
            descriptor =
                context.options.crossesMounts
                ? try parent.descriptor.openDirectoryAcrossMounts(node.name)
                : try parent.descriptor.openDirectory(node.name)
        } catch {
            guard error.code == .crossDevice else { throw error }
            // Mounted since it was looked up.
            fail(.enter, .destination, nil, of: .directory(node))
            return nil
        }
        let status = try descriptor.status()
        if !context.options.crossesMounts, context.isForeignDestination(status) {
            fail(.enter, .destination, nil, of: .directory(node))
            return nil
        }
        do throws(SystemError) { try descriptor.checkNames(status) } catch {
            // What it holds would look like extras.
            fail(.open, .destination, error, of: .directory(node))
            return nil
        }
        node.state.facts.withLock { $0.destination = status }
        return OpenedDestination(
            opened: OpenedDirectory(handle: SharedDescriptor(descriptor), status: status)
        )
    }

    /// What is made in a directory of DESTINATION gets from it (S25).
    static func inherited(from directory: borrowing Descriptor) throws(SystemError) -> Inherited {
        var inherited: Inherited = []
        if try directory.hasDefaultAccessControl() { inherited.insert(.accessControl) }
        if ProcessLimits.isRoot, let settings = try InodeSettings(of: directory),
            settings.flags.contains(.projectInherit)
        {
            inherited.insert(.project)
        }
        return inherited
    }

    /// Makes a directory as 0700; it gets its attributes after its contents (S23).
    ///
    /// What is opened under the name is checked to be what was made: the owner of the directory above could
    /// have put another in its place, which must not get contents, owner and mode.
    func makeDirectory(
        _ name: Name,
        in parent: borrowing Descriptor,
        inherited: Inherited
    ) throws(SystemError) -> SharedDescriptor {
        try name.withPointer { name throws(SystemError) in
            try parent.makeDirectory(name, mode: 0o700)
        }
        let descriptor = try parent.openDirectory(name)
        let status = try descriptor.status()
        guard status.owner == ProcessLimits.effectiveUser, status.mode & 0o077 == 0 else {
            throw SystemError(.open, .stale)
        }
        if inherited.contains(.accessControl) {
            // S25: what is made in it from now on must not inherit what it inherited itself.
            try removeInheritedAccessControl(from: descriptor)
            // A default ACL can also have taken from the owner's own bits.
            try descriptor.setMode(0o700)
        }
        return SharedDescriptor(descriptor)
    }
}
