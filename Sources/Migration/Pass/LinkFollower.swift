// Hard links (S40-S42): what an entry with several names does in its group.

import LinuxIO

/// Leads link groups, and links their names.
///
/// Belongs to one worker.
final class LinkFollower {
    private let context: PassContext
    /// Of the context, at hand: it is asked for each entry.
    private let registry: LinkRegistry
    private let lane: PassLane
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let projects: ProjectCarrier
    private let settings: SettingsCarrier
    private let publisher: Publisher
    private let salvager: Salvager
    private let maker: EntryMaker

    init(_ rooms: LaneRooms, _ maker: EntryMaker) {
        context = rooms.context
        registry = rooms.context.links
        lane = rooms.lane
        reports = rooms.reports
        changes = rooms.changes
        projects = rooms.projects
        settings = rooms.carrier.settings
        publisher = rooms.publisher
        salvager = rooms.salvager
        self.maker = maker
    }

    /// S42: an inode of DESTINATION is never written to for two inodes of SOURCE.
    ///
    /// One that another inode of SOURCE uses, or that must change though it has names which are not known to
    /// belong to this group, is left to them: this entry gets a new one. Names that this pass itself removed
    /// still count, so that a dry run decides as the real pass does.
    func separated(_ change: Change, _ pair: EntryPair) -> Change {
        guard case .upToDate(let differences) = change, let destination = pair.destination else {
            return change
        }
        let names = destination.linkCount + registry.unlinked(destination.identity)
        guard names > 1 else { return change }
        let isOurs = registry.claim(destination.identity, for: pair.source.identity)
        // Of a plan: another run may have the other names, as those of another inode of SOURCE, and what is set here would
        // be set for these, too.
        var sharesInode =
            !differences.isEmpty
            && (registry.keepsOpenGroups || names != pair.source.linkCount)
        if registry.keepsOpenGroups, names > pair.source.linkCount {
            // Whose the other names are only closing can tell, and only where those of nobody are gone by then.
            let options = context.plan.options
            if !options.deletesExtras || !options.filter.isEmpty
                || registry.isStrange(pair.source, destination)
            {
                sharesInode = true
            }
            if isOurs, !sharesInode, pair.source.linkCount == 1 {
                registry.noteKept(pair.entry.path, pair.source, destination)
            }
        }
        return isOurs && !sharesInode ? change : .replace(differences)
    }

    /// Handles one name of an inode that has several.
    ///
    /// Returns whether it led its group and that was told how it went, or will be.
    func handle(_ pair: EntryPair, _ change: Change, role: LinkRole?) -> Bool {
        let decided = decide(pair, change, role)
        follow(decided, pair, change)
        // It was counted while its run is being visited, so this is not the last piece.
        if role == nil, !decided.waits { pair.directory.dropPiece() }
        if case .lead = decided { return true }
        return false
    }

    private func decide(_ pair: EntryPair, _ change: Change, _ role: LinkRole?) -> LinkRole {
        let isUpToDate: Bool
        if case .upToDate = change { isUpToDate = true } else { isUpToDate = false }
        let identity = pair.destination.flatMap { $0.kind == pair.kind ? $0.identity : nil }
        switch role {
        case .link(let leader):
            return registry.followed(
                source: pair.source,
                leader: leader,
                destination: identity,
                isUpToDate: isUpToDate
            )
        case .some(let given): return given
        case nil:
            // Counted before the registry can hand the entry to another worker.
            pair.directory.addPiece()
            if registry.keepsOpenGroups {
                registry.note(pair.entry.path, pair.source, pair.destination)
            }
            let arrival = registry.arrive(
                pair.entry,
                source: pair.source,
                destination: identity,
                isUpToDate: isUpToDate
            )
            // Something moved while the pass ran: the group may be torn, and the next pass looks at all its names.
            if arrival.isSurplus { reports.doubt(pair.affected) }
            return arrival.role
        }
    }

    private func follow(_ role: LinkRole, _ pair: EntryPair, _ change: Change) {
        switch role {
        case .lead: lead(pair, change)
        case .further:
            // What failed was recorded.
            _ = maker.act(pair, change, isLeader: false)
        case .linked:
            // Where its contents are not SOURCE's though it shares the leader's inode, the leader is about to
            // be judged by its own name, so this can only be a change meanwhile.
            break
        case .link(let leader): link(pair, to: leader)
        case .wait: break
        case .promote(let other): lane.handOn(.linked(other, .lead(pair.source.identity)))
        }
    }

    private func lead(_ pair: EntryPair, _ change: Change) {
        tell(maker.act(pair, change, isLeader: true), of: pair)
    }

    /// Tells the group how its leader fared.
    func tell(_ result: ActionResult, of leader: EntryPair) {
        switch result {
        case .done(let identity): establish(leader, identity)
        // Whoever completes the file tells the group.
        case .underWay: break
        case .failed: leaderFailed(leader.source.identity)
        }
    }

    /// Tells the group that its leader is in place, and hands on the names that waited.
    private func establish(_ pair: EntryPair, _ identity: InodeIdentity?) {
        let leader = LinkLeader(
            source: pair.source.identity,
            directory: pair.directory,
            name: pair.entry.name,
            identity: identity
        )
        for (waiting, role) in registry.establish(pair.source, leader: leader) {
            lane.handOn(.linked(waiting, role))
        }
    }

    /// Tells the group that its leader could not be made; the next name tries.
    func leaderFailed(_ source: InodeIdentity) {
        if let next = registry.fail(source) { lane.handOn(.linked(next, .lead(source))) }
    }

    // MARK: Linking

    /// Makes the entry one more name of the leader's inode.
    private func link(_ pair: EntryPair, to leader: LinkLeader) {
        let line = Itemization(
            action: .linked,
            kind: pair.kind,
            isNew: pair.destination == nil,
            path: pair.entry.path,
            target: leader.directory.path(of: leader.name)
        )
        guard context.log.mayWrite else {
            if context.plan.options.isDryRun {
                context.log.counters.linksMade.count()
                reports.itemize(line)
            } else {
                reports.tally(pair.source)
            }
            return
        }
        guard pair.open.destination != nil else { return }
        if salvager.keepsItsFile(pair) { return }
        let found: SharedDescriptor?
        do throws(SystemError) { found = try handle(on: leader) } catch {
            reports.of(pair).fail(.open, .destination, error)
            reports.tally(pair.source)
            return
        }
        guard let handle = found else {
            // Its directory or its name was changed meanwhile. The copy that leads in its stead may tear the group:
            // the next pass looks at all its names.
            reports.doubt(pair.affected)
            reports.reportVanished(.name(leader.name, leader.directory))
            leadAnew(pair, insteadOf: leader)
            return
        }
        do throws(SystemError) {
            try changes.prepare(pair.directory, pair.open)
            try makeLink(pair, to: handle.descriptor)
            if let destination = pair.destination { registry.noteUnlinked(destination) }
            context.log.counters.linksMade.count()
            reports.itemize(line)
            salvager.reportLinkedDamage(pair)
        } catch {
            if error.code == .tooManyLinks, error.operation == .link {
                context.log.say(.linkLimitReached(Int(registry.linkCountMax)))
                leadAnew(pair, insteadOf: leader)
                return
            }
            reports.of(pair).failWrite(.link, error)
            reports.tally(pair.source)
        }
    }

    /// A handle on the leader's inode at DESTINATION; nil when its name no longer leads there.
    ///
    /// Only what says so counts as gone (S53). With any other error the inode may be there: a copy in its stead
    /// would tear the group, and nothing would show that it is torn.
    private func handle(on leader: LinkLeader) throws(SystemError) -> SharedDescriptor? {
        do throws(SystemError) {
            // Of both sides: where SOURCE's directory has gone, what DESTINATION has of it is told as the name that the
            // group rested on, and the next pass looks at all its names (S40).
            let open = try lane.use(leader.directory)
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

    func makeLink(
        _ pair: EntryPair,
        to handle: borrowing Descriptor
    ) throws(SystemError) {
        guard !pair.source.visibleFlags.isDisjoint(with: .frozen) else {
            try makeThawedLink(pair, to: handle, isThawing: false)
            return
        }
        // An inode that is immutable takes no name: thawed for the call, frozen again after it.
        try settings.whileThawed(handle, refreeze: { refreeze(pair, handle) }) {
            () throws(SystemError) in
            try makeThawedLink(pair, to: handle, isThawing: true)
        }
    }

    private func makeThawedLink(
        _ pair: EntryPair,
        to handle: borrowing Descriptor,
        isThawing: Bool
    ) throws(SystemError) {
        guard let target = pair.open.destination else { return }
        guard pair.destination != nil else {
            try projects.across(into: pair.directory, target.descriptor) { () throws(SystemError) in
                try target.descriptor.makeLink(pair.pointer, to: handle)
            }
            return
        }
        let temporary = context.temporaryNames.next()
        try projects.across(into: pair.directory, target.descriptor) { () throws(SystemError) in
            try temporary.withPointer { name throws(SystemError) in
                try target.descriptor.makeLink(name, to: handle)
            }
        }
        do throws(SystemError) {
            try publisher.publish(temporary, as: pair, in: target.descriptor, isThawing: isThawing)
        } catch {
            publisher.remove(temporary, in: target.descriptor, of: pair.directory)
            throw error
        }
    }

    private func refreeze(_ pair: EntryPair, _ handle: borrowing Descriptor) {
        do throws(SystemError) {
            let flags = pair.source.visibleFlags.intersection(.frozen)
            try settings.setFrozenFlags(flags, of: handle)
        } catch {
            reports.of(pair).failWrite(.setFlags, error)
        }
    }

    /// S41: the leader takes no more names, or cannot be found.
    ///
    /// A fresh copy leads from here on.
    private func leadAnew(_ pair: EntryPair, insteadOf leader: LinkLeader) {
        pair.directory.addPiece()
        let role = registry.overflow(pair.source, of: leader, pair.entry)
        switch role {
        case .lead: lead(pair, pair.destination == nil ? .create : .replace([]))
        case .link(let next): link(pair, to: next)
        case .further, .linked, .wait, .promote: break
        }
        if !role.waits { pair.directory.dropPiece() }
    }
}

extension LinkRole {
    /// Whether the entry stays with its group and comes back as work.
    var waits: Bool {
        switch self {
        case .wait, .promote: true
        case .lead, .further, .link, .linked: false
        }
    }
}
