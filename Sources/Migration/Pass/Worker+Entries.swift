// One entry: the status of both sides, the comparison, the action.

import LinuxIO
import Synchronization

extension Worker {
    /// Handles a run of entries of one directory.
    func visit(_ piece: PassPiece) {
        let open: OpenDirectory
        do throws(SystemError) {
            open = try lane.directories.use(piece.directory)
        } catch {
            noteUnusable(error, piece.directory)
            piece.directory.state.abandon()
            return
        }
        defer { lane.directories.release(piece.directory) }
        isCollecting = piece.range.count > 1
        defer {
            copyCollected(open)
            isCollecting = false
        }
        for index in piece.range {
            if context.isInterrupted { return }
            // No group has decided about it yet, so none waits to hear of it.
            _ = handle(PassEntry(index, of: piece), open, role: nil)
        }
    }

    /// Handles an entry whose link group has decided.
    func handleLinked(_ entry: PassEntry, _ role: LinkRole) {
        if context.isInterrupted { return }
        var hasToldGroup = false
        do throws(SystemError) {
            let open = try lane.directories.use(entry.directory)
            defer { lane.directories.release(entry.directory) }
            hasToldGroup = handle(entry, open, role: role)
        } catch {
            noteUnusable(error, entry.directory)
            // The other entries of the directory were handled; this one was not.
            doubt(.entry(entry, nil))
        }
        // Whatever way the entry took, or the names that wait would wait for ever.
        if case .lead(let source) = role, !hasToldGroup { leaderFailed(source) }
    }

    /// Handles one entry.
    ///
    /// With a role its link group has decided already what it is to be. Returns whether the group of a `lead` knows,
    /// or will be told by who completes the file, how it went.
    private func handle(_ entry: PassEntry, _ open: OpenDirectory, role: LinkRole?) -> Bool {
        guard let source = open.source else { return false }
        let status: FileStatus
        do throws(SystemError) {
            let boundary = context.sourceBoundary
            guard let found = try boundary.status(of: entry.pointer, in: source.descriptor) else {
                noteVanished(.entry(entry, nil))
                return false
            }
            status = found
        } catch {
            fail(.examine, .source, error, of: .entry(entry, nil))
            return false
        }
        if role == nil, !entry.treeIsRemoved {
            noteSeen(entry, status)
            if context.comparison.clampsTime(of: status) { context.clampedTimes.note(entry.path) }
        }
        let branch =
            entry.directory.isRoot && status.kind == .directory
            ? context.addBranch(entry.name) : nil
        if let crossing = context.sourceBoundary.crossing(at: status) {
            handleMountPoint(entry, status, crossing, open)
            return false
        }
        if role == nil, !entry.treeIsRemoved, status.kind != .directory {
            writeDown(entry, status)
        }
        let destination: FileStatus?
        do throws(SystemError) {
            destination = try destinationStatus(of: entry, open)
        } catch {
            fail(.examine, .destination, error, of: AffectedEntry(entry, status))
            return false
        }
        if let destination, hasMount(destination, over: entry, status, source) { return false }
        // A name that waited may mean another inode by now: then its group's decision is not about it.
        let isDecided = role?.group == nil || role?.group == status.identity
        let hasToldGroup = decide(
            entry,
            open,
            status,
            destination,
            role: isDecided ? role : nil,
            branch: branch
        )
        return isDecided && hasToldGroup
    }

    private func noteSeen(_ entry: PassEntry, _ status: FileStatus) {
        if !context.isCountedByScan.load(ordering: .relaxed) { counters.entriesSeen.count() }
        counters.bytesSeen.count(status.allocatedBytes)
        if let branch = entry.directory.state.branch {
            branch.entries.count()
            branch.bytes.count(status.allocatedBytes)
        }
    }

    private func destinationStatus(
        of entry: PassEntry,
        _ open: OpenDirectory
    ) throws(SystemError) -> FileStatus? {
        guard let destination = open.destination, entry.isOnDestination
        else { return nil }
        if entry.treeIsRemoved, context.options.isDryRun { return nil }
        return try context.destinationStatus(of: entry.pointer, in: destination.descriptor)
    }

    // MARK: Deciding

    /// Compares and acts; returns whether a group that the entry leads was told.
    private func decide(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        role: LinkRole?,
        branch: Branch?
    ) -> Bool {
        guard var action = judge(entry, open, status, destination) else { return false }
        if status.kind == .directory {
            handleDirectory(entry, status, destination, action, branch)
            return false
        }
        guard isWanted(status.kind) else {
            counters.specialsSkipped.count()
            return false
        }
        switch action {
        case .removeTree:
            if let destination { replaceTree(entry, status, destination) }
            return false
        case .refuse(let was):
            fail(
                .replaceType,
                .destination,
                nil,
                detail: "\(was.noun) by \(status.kind.noun)",
                of: AffectedEntry(entry, status)
            )
            return false
        default: break
        }
        action = separated(action, status, destination)
        if status.linkCount > 1, preserved.contains(.hardLinks) {
            return handleGrouped(entry, open, status, destination, action, role: role)
        }
        // What failed was recorded.
        _ = act(entry, open, status, destination, action, isLeader: false)
        return false
    }

    /// What is to be done, contents read where that depends on them; nil when what decides could not be read, which
    /// was recorded, or the pass is interrupted.
    private func judge(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?
    ) -> Action? {
        let evidence = evidence(of: entry, status, destination)
        let isUnsafe = destination.map(context.earlier.isUnsafe) ?? false
        var action = context.comparison.action(
            source: status,
            destination: destination,
            isDoubtful: evidence == .doubtful || isUnsafe,
            isUnsafe: isUnsafe
        )
        do throws(AttributeFailure) {
            if let destination, try isDamagedCopy(entry, open, status, destination, action) {
                let others = context.comparison.attributeDifferences(
                    source: status,
                    destination: destination
                )
                action = .replace(others.union(.contents))
            }
        } catch {
            failAttributes(error, entry, status)
            return nil
        }
        if action == .compareContents {
            let isTarget = status.kind == .symlink && evidence == .proven
            guard
                let knowledge = isTarget && (destination.map { isSettled(entry, $0) } ?? false)
                    ? .equal : compareContents(entry, open, status, destination)
            else { return nil }
            action = context.comparison.action(
                source: status,
                destination: destination,
                contents: knowledge
            )
        }
        return action
    }

    /// S42: an inode of DESTINATION is never written to for two inodes of SOURCE.
    ///
    /// One that another inode of SOURCE uses, or that must change though it has names which are not known to
    /// belong to this group, is left to them: this entry gets a new one. Names that this pass itself removed
    /// still count, so that a dry run decides as the real pass does.
    private func separated(_ action: Action, _ status: FileStatus, _ destination: FileStatus?)
        -> Action
    {
        guard case .keep(let differences) = action, let destination else { return action }
        let names = destination.linkCount + context.links.unlinked(destination.identity)
        guard names > 1 else { return action }
        let isOurs = context.links.claim(destination.identity, for: status.identity)
        let sharesInode = !differences.isEmpty && names != status.linkCount
        return isOurs && !sharesInode ? action : .replace(differences)
    }

    private func isWanted(_ kind: EntryKind) -> Bool {
        switch kind {
        case .characterDevice, .blockDevice: context.isRoot && preserved.contains(.devices)
        case .fifo, .socket: preserved.contains(.specials)
        case .unknown: false
        default: true
        }
    }

    private func handleDirectory(
        _ entry: PassEntry,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ action: Action,
        _ branch: Branch?
    ) {
        guard let known = knowledge(of: entry, status, destination) else { return }
        let hasSettledWay = destination.map { isSettled(entry, $0) } ?? false
        let child = PassDirectory(
            parent: entry.directory,
            name: entry.name,
            state: PassDirectoryState(
                purpose: .pair,
                branch: branch ?? entry.directory.state.branch
            )
        )
        child.state.facts.withLock { facts in
            facts.source = status
            facts.destination = destination
            facts.evidence = known.evidence
            facts.hasSettledWay = hasSettledWay
            facts.visit = known.visit
        }
        lane.handOn(child)
    }

    /// S26: the tree that has the name goes first; then the entry is handled again.
    private func replaceTree(_ entry: PassEntry, _ status: FileStatus, _ destination: FileStatus) {
        if entry.treeIsRemoved {
            // It was removed, and another directory has the name already. Once more would be for ever.
            fail(
                .replaceType,
                .destination,
                SystemError(.rmdir, .exists),
                of: AffectedEntry(entry, status)
            )
            return
        }
        if context.isForeignDestination(destination) {
            fail(
                .replaceType,
                .destination,
                SystemError(.rmdir, .busy),
                of: AffectedEntry(entry, status)
            )
            return
        }
        let piece = PassPiece(
            directory: entry.directory,
            entries: entry.entries,
            range: entry.index..<entry.index + 1,
            treeIsRemoved: true
        )
        removeTree(entry.name, destination, in: entry.directory, afterRemoval: piece, for: status)
    }

    /// Does what the comparison decided for anything but a directory.
    ///
    /// Returns the identity that the entry has on DESTINATION then, if it has one and it is known;
    /// a leader's always is, but in a dry run.
    func act(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        _ action: Action,
        isLeader: Bool
    ) -> ActionResult {
        switch action {
        case .keep(let differences):
            guard let destination else { return .failed }
            switch keep(entry, open, status, destination, differences) {
            case .kept: return .done(destination.identity)
            case .failed: return .failed
            case .mustBeNew(let all):
                return make(entry, open, status, destination, differences: all, isLeader)
            case .isDamagedCopy:
                let all = differences.union(.contents)
                return make(entry, open, status, destination, differences: all, isLeader)
            }
        case .create, .replaceType:
            return make(entry, open, status, destination, differences: nil, isLeader)
        case .replace(let differences):
            return make(entry, open, status, destination, differences: differences, isLeader)
        case .removeTree, .refuse, .compareContents: return .failed
        }
    }

    /// Makes an entry, or puts a new inode in the place of an old one (`differences` not nil).
    private func make(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?,
        differences: Differences?,
        _ isLeader: Bool
    ) -> ActionResult {
        guard context.mayWrite else {
            if context.options.isDryRun {
                // The real pass would have to read it, too.
                if status.kind == .symlink, symlinkTarget(entry, open, status) == nil {
                    return .failed
                }
                countMade(status)
                itemizeMade(entry, open, status, destination, differences)
                return .done(nil)
            }
            tally(status)
            return .failed
        }
        guard open.destination != nil else { return .failed }
        do throws(SystemError) { try prepareForChange(of: entry.directory, open) } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
            return .failed
        }
        // Before it is made: afterwards the old attributes are gone.
        let line =
            context.itemizes
            ? madeLine(entry, open, status, destination, differences) : nil
        let result: ActionResult
        switch status.kind {
        case .regular:
            if !isLeader, collect(entry, open, status, destination, line: line) { return .underWay }
            result = copyFile(entry, open, status, destination, line: line, isLeader: isLeader)
        default: result = makeSpecial(entry, open, status, destination)
        }
        settle(result, status, replacing: destination, line: line)
        return result
    }

    /// Tells and counts what became of an entry that was to be made.
    func settle(
        _ result: ActionResult,
        _ status: FileStatus,
        replacing destination: FileStatus?,
        line: Itemization?
    ) {
        switch result {
        case .done:
            if let line { context.emit(.changed(line)) }
            if let destination { context.links.noteUnlinked(destination) }
        case .failed: tally(status)
        case .underWay: break
        }
    }

    /// Counts one entry that was made, or in a dry run would be.
    func countMade(_ status: FileStatus) {
        switch status.kind {
        case .regular:
            counters.filesCopied.count()
            if context.options.isDryRun {
                counters.bytesCopied.count(min(status.sizeBytes, status.allocatedBytes))
            }
        case .directory: counters.directoriesMade.count()
        case .symlink: counters.symlinksMade.count()
        default: counters.specialsMade.count()
        }
    }

    /// Counts what a stopped pass leaves out (S18).
    func tally(_ status: FileStatus?) {
        guard context.phase == .counting, let status else { return }
        counters.entriesMissing.count()
        // The names of one inode share its space.
        if status.kind == .directory || status.linkCount == 1
            || context.links.isFirstMissing(status)
        {
            counters.bytesMissing.count(status.allocatedBytes)
        }
    }
}

/// What became of an entry.
enum ActionResult {
    /// In place, with this identity on DESTINATION if it is known.
    case done(InodeIdentity?)
    /// It is done later: a large file by several workers, a small one with others.
    case underWay
    /// A failure was recorded, or the entry vanished, or nothing may be written any more.
    case failed
}
