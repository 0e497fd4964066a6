// Hard links (S40-S42): what an entry with several names does in its group.

import LinuxIO

extension Worker {
    /// Handles one name of an inode that has several.
    ///
    /// Returns whether it led its group and that was told how it went, or will be.
    func handleGrouped(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ action: Action,
        role: LinkRole?
    ) -> Bool {
        let isUpToDate: Bool
        if case .keep = action { isUpToDate = true } else { isUpToDate = false }
        let identity = destination.flatMap { $0.kind == status.kind ? $0.identity : nil }
        let decided: LinkRole
        switch role {
        case .link(let leader):
            decided = context.links.followed(
                source: status,
                leader: leader,
                destination: identity,
                isUpToDate: isUpToDate
            )
        case .some(let given): decided = given
        case nil:
            // Counted before the registry can hand the entry to another worker.
            entry.directory.addPiece()
            let arrival = context.links.arrive(
                entry,
                source: status,
                destination: identity,
                isUpToDate: isUpToDate
            )
            // Something moved while the pass ran: the group may be torn, and the next pass looks at all its names.
            if arrival.isSurplus { doubt(AffectedEntry(entry, status)) }
            decided = arrival.role
        }
        follow(decided, entry, open, status, destination, action)
        if role == nil, !decided.waits { finishPiece(of: entry.directory) }
        if case .lead = decided { return true }
        return false
    }

    private func follow(
        _ role: LinkRole,
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ action: Action
    ) {
        switch role {
        case .lead: lead(entry, open, status, destination, action)
        case .keep, .linked:
            guard case .keep = action else {
                // Its contents are not SOURCE's though it shares the leader's inode: the leader is about to
                // be judged by its own name, so this can only be a change meanwhile.
                if case .linked = role { return }
                // What failed was recorded.
                _ = act(entry, open, status, destination, action, isLeader: false)
                return
            }
            if case .keep = role {
                // What failed was recorded.
                _ = act(entry, open, status, destination, action, isLeader: false)
            }
        case .link(let leader): link(entry, open, status, destination, to: leader)
        case .wait: break
        case .promote(let other): lane.handOn(.linked(other, .lead(status.identity)))
        }
    }

    private func lead(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ action: Action
    ) {
        switch act(entry, open, status, destination, action, isLeader: true) {
        case .done(let identity): establish(entry, status, identity)
        // Whoever completes the file tells the group.
        case .underWay: break
        case .failed: leaderFailed(status.identity)
        }
    }

    /// Tells the group that its leader is in place, and hands on the names that waited.
    func establish(_ entry: PassEntry, _ status: FileStatus, _ identity: InodeIdentity?) {
        let leader = LinkLeader(
            source: status.identity,
            directory: entry.directory,
            name: entry.name,
            identity: identity
        )
        for (waiting, role) in context.links.establish(status, leader: leader) {
            lane.handOn(.linked(waiting, role))
        }
    }

    /// Tells the group that its leader could not be made; the next name tries.
    func leaderFailed(_ source: InodeIdentity) {
        if let next = context.links.fail(source) { lane.handOn(.linked(next, .lead(source))) }
    }

    /// Makes the entry one more name of the leader's inode.
    private func link(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        to leader: LinkLeader
    ) {
        let line = Itemization(
            action: .linked,
            kind: status.kind,
            isNew: destination == nil,
            path: entry.path,
            target: leader.directory.path(of: leader.name)
        )
        guard context.mayWrite else {
            if context.options.isDryRun {
                counters.linksMade.count()
                itemize(line)
            } else {
                tally(status)
            }
            return
        }
        guard let target = open.destination else { return }
        if keepsItsFile(entry, open, status, destination) { return }
        let found: SharedDescriptor?
        do throws(SystemError) { found = try handle(on: leader) } catch {
            fail(.open, .destination, error, of: AffectedEntry(entry, status))
            tally(status)
            return
        }
        guard let handle = found else {
            // Its directory or its name was changed meanwhile. The copy that leads in its stead may tear the group:
            // the next pass looks at all its names.
            doubt(AffectedEntry(entry, status))
            noteVanished(.name(leader.name, leader.directory))
            leadAnew(entry, open, status, destination, insteadOf: leader)
            return
        }
        do throws(SystemError) {
            try prepareForChange(of: entry.directory, open)
            try makeLink(
                entry,
                target.descriptor,
                replaces: destination != nil,
                status,
                handle.descriptor
            )
            if let destination { context.links.noteUnlinked(destination) }
            counters.linksMade.count()
            itemize(line)
            noteLinkedDamage(entry, status)
        } catch {
            if error.code == .tooManyLinks, error.operation == .link {
                context.say(.linkLimitReached(Int(context.links.linkCountMax)))
                leadAnew(entry, open, status, destination, insteadOf: leader)
                return
            }
            fail(.link, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
            tally(status)
        }
    }

    /// A handle on the leader's inode at DESTINATION; nil when its name no longer leads there.
    ///
    /// Only what says so counts as gone (S53). With any other error the inode may be there: a copy in its stead
    /// would tear the group, and nothing would show that it is torn.
    private func handle(on leader: LinkLeader) throws(SystemError) -> SharedDescriptor? {
        do throws(SystemError) {
            let open = try lane.directories.use(leader.directory)
            defer { lane.directories.release(leader.directory) }
            guard let directory = open.destination else { return nil }
            let handle = try directory.descriptor.openHandle(leader.name)
            guard try handle.status().identity == leader.identity else { return nil }
            return SharedDescriptor(handle)
        } catch {
            switch error.code {
            case .noEntry, .notDirectory, .symlinkLoop: return nil
            default: throw error
            }
        }
    }

    private func makeLink(
        _ entry: PassEntry,
        _ target: borrowing Descriptor,
        replaces: Bool,
        _ status: FileStatus,
        _ handle: borrowing Descriptor
    ) throws(SystemError) {
        guard !status.visibleFlags.isDisjoint(with: .frozen) else {
            try makeThawedLink(entry, target, replaces: replaces, handle, isThawing: false)
            return
        }
        // An inode that is immutable takes no name: thawed for the call, frozen again after it.
        try context.links.frozenInodes.withLock { _ throws(SystemError) in
            try setFrozenFlags([], of: handle)
            defer { refreeze(entry, handle, status) }
            try makeThawedLink(entry, target, replaces: replaces, handle, isThawing: true)
        }
    }

    private func makeThawedLink(
        _ entry: PassEntry,
        _ target: borrowing Descriptor,
        replaces: Bool,
        _ handle: borrowing Descriptor,
        isThawing: Bool
    ) throws(SystemError) {
        guard replaces else {
            try acrossProjects(into: entry.directory, target) { () throws(SystemError) in
                try target.makeLink(entry.pointer, to: handle)
            }
            return
        }
        let temporary = context.temporaryNames.next()
        try acrossProjects(into: entry.directory, target) { () throws(SystemError) in
            try temporary.withPointer { name throws(SystemError) in
                try target.makeLink(name, to: handle)
            }
        }
        do throws(SystemError) { try publish(temporary, entry, target, isThawing: isThawing) } catch
        {
            removeTemporary(temporary, target, entry)
            throw error
        }
    }

    private func refreeze(_ entry: PassEntry, _ handle: borrowing Descriptor, _ status: FileStatus)
    {
        do throws(SystemError) {
            try setFrozenFlags(status.visibleFlags.intersection(.frozen), of: handle)
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
        }
    }

    /// S41: the leader takes no more names, or cannot be found.
    ///
    /// A fresh copy leads from here on.
    private func leadAnew(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        insteadOf leader: LinkLeader
    ) {
        entry.directory.addPiece()
        let role = context.links.overflow(status, of: leader, entry)
        switch role {
        case .lead:
            lead(entry, open, status, destination, destination == nil ? .create : .replace([]))
        case .link(let next): link(entry, open, status, destination, to: next)
        case .keep, .linked, .wait, .promote: break
        }
        if !role.waits { finishPiece(of: entry.directory) }
    }
}

extension LinkRole {
    /// Whether the entry stays with its group and comes back as work.
    var waits: Bool {
        switch self {
        case .wait, .promote: true
        case .lead, .keep, .link, .linked: false
        }
    }
}
