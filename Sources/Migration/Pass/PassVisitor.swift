// One lane of a pass, as a visitor of the walk: what happens to a directory and to an entry, in order.
//
//   PassVisitor           an entry: both statuses, the verdict, who does it
//   PassVisitor+Opening   both sides of a directory, made where DESTINATION lacks it
//   PassVisitor+Listing   list, pair, leave out, hand on
//   PassVisitor+Mounts    what is mounted below the roots
//
// What it is made of, each with its own state (LaneRooms):
//
//   EvidenceBook       what earlier passes prove of an entry, and what this one writes down
//   PassReports        failures, and doubt with each of them; lines; counts
//   EntryMaker         does what was decided: Repairer, FileCopier, SpecialMaker
//   FileCopier         which way contents take: FileCopier+Batch, FileCopier+Ranges, alone
//   FileMaker          a regular file beside its place, complete; Publisher gives it its name
//   Salvager           what SOURCE's disk does not give whole
//   ContentInspector   contents and targets that the comparison must know
//   LinkFollower       hard links
//   ExtraRemover       extras, leftovers, trees that are in the way
//   DirectoryChanges   directories of DESTINATION made ready, and made
//   DirectoryFinisher  a directory's own attributes, last
//   ProjectCarrier     project ids that differ from what a directory gives
//
// Below them, in Attributes: AttributeCarrier (the order of attributes, S14), AttributeComparer, SettingsCarrier.

import LinuxIO
import Synchronization

/// A pass's visitor of a tree: does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class PassVisitor: TreeVisitor {
    let context: PassContext
    let lane: PassLane
    let rooms: LaneRooms
    let remover: ExtraRemover
    private let maker: EntryMaker
    private let links: LinkFollower
    private let finisher: DirectoryFinisher
    var book: EvidenceBook { rooms.book }
    var reports: PassReports { rooms.reports }

    init(context: PassContext, lane: PassLane) {
        self.context = context
        self.lane = lane
        rooms = LaneRooms(context, lane)
        remover = ExtraRemover(rooms)
        maker = EntryMaker(rooms)
        links = LinkFollower(rooms, maker)
        finisher = DirectoryFinisher(rooms)
    }

    /// Does one piece of work, to its end or until the pass is interrupted.
    func take(_ work: PassWork) {
        let start = monotonicNanoseconds()
        walk(work)
        work.branch?.workNanoseconds.count(monotonicNanoseconds() &- start)
    }

    func perform(_ task: PassTask) {
        switch task {
        case .linked(let entry, let role):
            handleLinked(entry, role)
            finishPiece(of: entry.directory)
        case .ranges(let file):
            guard let result = maker.files.copyRanges(of: file) else { return }
            if file.isLeader { links.tell(result, of: file.pair) }
            finishPiece(of: file.pair.directory)
        }
    }

    // MARK: Directories

    /// Does a directory's own task: everything up to handing on what is in it.
    func enter(_ node: PassDirectory) {
        if context.log.isInterrupted { return }
        switch node.state.purpose {
        case .pair: if open(node) { list(node) } else { node.state.abandon() }
        case .removal: remover.enter(node)
        }
    }

    /// Everything in a directory is done: its own attributes, or its removal.
    func leave(_ node: PassDirectory) {
        if let visit = node.state.facts.withLock({ $0.visit }), !visit.node.isListed,
            !node.state.wasChanged
        {
            return
        }
        if node.state.purpose == .removal {
            remover.finish(node)
            return
        }
        if node.state.wasAbandoned
            || context.log.isInterrupted && node.state.facts.withLock({ $0.isNew })
        {
            return
        }
        do throws(SystemError) {
            let open = try lane.directories.use(node)
            defer { lane.directories.release(node) }
            finisher.finish(node, open)
        } catch {
            reports.noteUnusable(error, node)
        }
    }

    // MARK: Entries

    /// Handles a run of entries of one directory.
    func visit(_ piece: PassPiece) {
        let open: OpenDirectory
        do throws(SystemError) {
            open = try lane.directories.use(piece.directory)
        } catch {
            reports.noteUnusable(error, piece.directory)
            piece.directory.state.abandon()
            return
        }
        defer { lane.directories.release(piece.directory) }
        for index in piece.range where !context.log.isInterrupted {
            // No group has decided about it yet, so none waits to hear of it.
            _ = handle(
                PassEntry(index, of: piece),
                open,
                role: nil,
                mayWait: piece.range.count > 1
            )
        }
        maker.files.copyCollected()
    }

    /// Handles an entry whose link group has decided.
    private func handleLinked(_ entry: PassEntry, _ role: LinkRole) {
        if context.log.isInterrupted { return }
        var hasToldGroup = false
        do throws(SystemError) {
            let open = try lane.directories.use(entry.directory)
            defer { lane.directories.release(entry.directory) }
            hasToldGroup = handle(entry, open, role: role, mayWait: false)
        } catch {
            reports.noteUnusable(error, entry.directory)
            // The other entries of the directory were handled; this one was not.
            reports.doubt(.entry(entry, nil))
        }
        // Whatever way the entry took, or the names that wait would wait for ever.
        if case .lead(let source) = role, !hasToldGroup { links.leaderFailed(source) }
    }

    /// Handles one entry.
    ///
    /// With a role its link group has decided already what it is to be. Returns whether the group of a `lead` knows,
    /// or will be told by who completes the file, how it went.
    private func handle(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        role: LinkRole?,
        mayWait: Bool
    ) -> Bool {
        guard var pair = pair(entry, open, isFirstTime: role == nil && !entry.treeIsRemoved) else {
            return false
        }
        pair.mayWait = mayWait
        if pair.kind == .directory {
            handleDirectory(pair)
            return false
        }
        // A name that waited may mean another inode by now: then its group's decision is not about it.
        let isDecided = role?.group == nil || role?.group == pair.source.identity
        let hasToldGroup = decide(pair, role: isDecided ? role : nil)
        return isDecided && hasToldGroup
    }

    /// Both sides of a name; nil when there is nothing to be done, or nothing that can be, which was told.
    private func pair(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        isFirstTime: Bool
    ) -> EntryPair? {
        guard let source = open.source else { return nil }
        let status: FileStatus
        do throws(SystemError) {
            let boundary = context.volumes.sourceBoundary
            guard let found = try boundary.status(of: entry.pointer, in: source.descriptor) else {
                reports.noteVanished(.entry(entry, nil))
                return nil
            }
            status = found
        } catch {
            reports.of(.entry(entry, nil)).fail(.examine, .source, error)
            return nil
        }
        if isFirstTime {
            count(entry, status)
            if context.plan.comparison.clampsTime(of: status) {
                context.clampedTimes.note(entry.path)
            }
        }
        let branch =
            entry.directory.isRoot && status.kind == .directory
            ? context.log.addBranch(entry.name) : nil
        if let crossing = context.volumes.sourceBoundary.crossing(at: status) {
            handleMountPoint(entry, status, crossing, open)
            return nil
        }
        let known = entry.known
        if isFirstTime, status.kind != .directory { book.writeDown(entry, in: known, status) }
        let destination: FileStatus?
        do throws(SystemError) {
            destination = try destinationStatus(of: entry, open)
        } catch {
            reports.of(AffectedEntry(entry, status)).fail(.examine, .destination, error)
            return nil
        }
        if let destination, hasMount(destination, over: entry, status, source) { return nil }
        // What is not there needs no proof, and a directory is asked for as such.
        let isAsked = destination != nil && status.kind != .directory
        return EntryPair(
            entry: entry,
            open: open,
            source: status,
            destination: destination,
            evidence: isAsked
                ? book.evidence(of: entry, in: known, status, destination) : .none,
            isUntouched: destination.map { book.isUntouched($0, in: known) } ?? false,
            branch: branch
        )
    }

    private func count(_ entry: PassEntry, _ status: FileStatus) {
        if !context.memory.isCountedByScan.load(ordering: .relaxed) {
            context.log.counters.entriesSeen.count()
        }
        context.log.counters.bytesSeen.count(status.allocatedBytes)
        if let branch = entry.directory.state.branch {
            branch.entries.count()
            branch.bytes.count(status.allocatedBytes)
        }
    }

    private func destinationStatus(
        of entry: PassEntry,
        _ open: OpenDirectory
    ) throws(SystemError) -> FileStatus? {
        guard let destination = open.destination, entry.isOnDestination else { return nil }
        if entry.treeIsRemoved, context.plan.options.isDryRun { return nil }
        return try context.volumes.destinationStatus(of: entry.pointer, in: destination.descriptor)
    }

    // MARK: Deciding

    /// Judges an entry that is no directory, and has it done; returns whether a group that the entry leads was told.
    private func decide(_ pair: EntryPair, role: LinkRole?) -> Bool {
        guard let action = judge(pair) else { return false }
        guard isWanted(pair.kind) else {
            context.log.counters.specialsSkipped.count()
            return false
        }
        switch action {
        case .removeTree:
            replaceTree(pair)
            return false
        case .refuse(let was):
            reports.of(pair).fail(
                .replaceType,
                .destination,
                nil,
                detail: "\(was.noun) by \(pair.kind.noun)"
            )
            return false
        case .change(let change):
            let separated = links.separated(change, pair)
            if pair.isGrouped(context.plan.options.preserved) {
                return links.handle(pair, separated, role: role)
            }
            // What failed was recorded.
            _ = maker.act(pair, separated, isLeader: false)
            return false
        }
    }

    /// What is to be done, contents read where that depends on them; nil when what decides could not be read, which
    /// was recorded, or the pass is interrupted.
    private func judge(_ pair: EntryPair) -> Action? {
        let isUnsafe = pair.destination.map(context.memory.earlier.isUnsafe) ?? false
        let verdict = context.plan.comparison.verdict(
            source: pair.source,
            destination: pair.destination,
            isDoubtful: pair.evidence == .doubtful || isUnsafe,
            isUnsafe: isUnsafe
        )
        do throws(AttributeFailure) {
            if let destination = pair.destination, try rooms.salvager.isDamagedCopy(pair, verdict) {
                let others = context.plan.comparison.attributeDifferences(
                    source: pair.source,
                    destination: destination
                )
                return .change(.replace(others.union(.contents)))
            }
        } catch {
            reports.noteUnread(error, pair)
            return nil
        }
        switch verdict {
        case .decided(let action): return action
        case .contents(let ifEqual, let ifDifferent):
            let isProven =
                pair.kind == .symlink && pair.evidence == .proven && pair.isUntouched
            guard let areEqual = isProven ? true : rooms.inspector.areEqual(pair) else {
                return nil
            }
            return .change(areEqual ? ifEqual : ifDifferent)
        }
    }

    private func isWanted(_ kind: EntryKind) -> Bool {
        let preserved = context.plan.options.preserved
        switch kind {
        case .characterDevice, .blockDevice:
            return context.plan.isRoot && preserved.contains(.devices)
        case .fifo, .socket: return preserved.contains(.specials)
        case .unknown: return false
        default: return true
        }
    }

    private func handleDirectory(_ pair: EntryPair) {
        let entry = pair.entry
        guard let known = book.knowledge(of: entry, pair.source, pair.destination) else { return }
        let parent = entry.directory
        let child = PassDirectory(
            parent: parent,
            name: entry.name,
            state: PassDirectoryState(purpose: .pair, branch: pair.branch ?? parent.state.branch)
        )
        child.state.facts.withLock { facts in
            facts.source = pair.source
            facts.destination = pair.destination
            facts.evidence = known.evidence
            facts.isPathUntouched = pair.isUntouched
            facts.visit = known.visit
        }
        lane.handOn(child)
    }

    /// S26: the tree that has the name goes first; then the entry is handled again.
    private func replaceTree(_ pair: EntryPair) {
        guard let destination = pair.destination else { return }
        if pair.entry.treeIsRemoved {
            // It was removed, and another directory has the name already. Once more would be for ever.
            reports.of(pair).fail(.replaceType, .destination, SystemError(.rmdir, .exists))
            return
        }
        if context.volumes.isForeignDestination(destination) {
            reports.of(pair).fail(.replaceType, .destination, SystemError(.rmdir, .busy))
            return
        }
        let piece = PassPiece(
            directory: pair.directory,
            entries: pair.entry.entries,
            range: pair.entry.index..<pair.entry.index + 1,
            treeIsRemoved: true
        )
        remover.removeTree(
            pair.entry.name,
            destination,
            in: pair.directory,
            afterRemoval: piece,
            for: pair.source
        )
    }
}
