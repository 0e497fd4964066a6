// One lane of a pass, as a visitor of the walk: what happens to a directory and to an entry, in order.
//
// A directory is opened, listed, its entries are visited, and it is left: its own attributes come last. An entry is
// examined, judged and done. Who does that, each with its own state (LaneRooms makes those that others rest on):
//
//   DirectoryOpener    both sides of a directory, made where DESTINATION lacks it
//   DirectoryLister    list, pair, leave out, hand on
//   EntryExaminer      both statuses of a name as an EntryPair; what is mounted on either side
//   MountPointMaker    directories that other filesystems are mounted on
//   EntryJudge         what is to become of it
//   EvidenceBook       what earlier passes prove of an entry, and what this one writes down
//   PassReports        failures, and doubt with each of them; lines; counts
//   EntryMaker         does what was decided: Repairer, FileCopier, SpecialMaker
//   FileCopier         which way contents take: FileCopier+Batch, FileCopier+Ranges, alone
//   FileMaker          a regular file beside its place, complete; Publisher gives it its name
//   Salvager           what SOURCE's disk does not give whole
//   ContentInspector   contents and targets that the comparison must know
//   LinkFollower       hard links
//   ExtraRemover       extras, and trees of them
//   LeftoverRemover    what killed runs left
//   TreeReplacer       a tree that is in the way of an entry of another type
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
    private let context: PassContext
    let lane: PassLane
    private let book: EvidenceBook
    private let reports: PassReports
    private let opener: DirectoryOpener
    private let lister: DirectoryLister
    private let examiner: EntryExaminer
    private let judge: EntryJudge
    private let maker: EntryMaker
    private let remover: ExtraRemover
    private let replacer: TreeReplacer
    private let links: LinkFollower
    private let finisher: DirectoryFinisher

    init(context: PassContext, lane: PassLane) {
        self.context = context
        self.lane = lane
        let rooms = LaneRooms(context, lane)
        book = rooms.book
        reports = rooms.reports
        remover = ExtraRemover(rooms)
        replacer = TreeReplacer(rooms, remover)
        opener = DirectoryOpener(rooms)
        lister = DirectoryLister(rooms, remover)
        examiner = EntryExaminer(rooms)
        judge = EntryJudge(rooms)
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
        guard context.log.mayBegin else { return }
        switch node.state.purpose {
        case .pair: if opener.open(node) { lister.list(node) } else { node.state.abandon() }
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
            replacer.finish(node)
            return
        }
        // Others are at work in it; closing gives it what it is to have.
        if node.state.spine?.isShared == true { return }
        let isNew = node.state.facts.withLock { $0.isNew }
        if isNew, context.log.isInterrupted { return }
        if node.state.wasAbandoned {
            giveBack(node)
            return
        }
        do throws(LostDirectory) {
            let open = try lane.directories.use(node)
            defer { lane.directories.release(node) }
            finisher.finish(node, open)
        } catch {
            reports.reportUnusable(error, node)
            if error.side == .source { giveBack(node) }
        }
    }

    /// What was made ready for changes and then given up keeps neither open flags nor a lent mode.
    private func giveBack(_ node: PassDirectory) {
        guard node.state.wasChanged, !node.state.facts.withLock({ $0.isNew }) else { return }
        do throws(LostDirectory) {
            if let destination = try lane.directories.destination(of: node) {
                finisher.giveBack(node, destination)
            }
        } catch {
            reports.reportUnusable(error, node)
        }
    }

    // MARK: Entries

    /// Handles a run of entries of one directory.
    func visit(_ piece: PassPiece) {
        let open: OpenDirectory
        do throws(LostDirectory) {
            open = try lane.directories.use(piece.directory)
        } catch {
            reports.reportUnusable(error, piece.directory)
            piece.directory.state.abandon()
            return
        }
        defer { lane.directories.release(piece.directory) }
        let place = EntryPlace(of: piece, open)
        for index in piece.range {
            // Not held open in a pause: what waits to be read together is finished first.
            if context.log.control.isPaused { maker.files.copyCollected() }
            guard context.log.mayBegin else { continue }
            // No group has decided about it yet, so none waits to hear of it.
            _ = handle(index, in: place, role: nil)
        }
        maker.files.copyCollected()
    }

    /// Handles an entry whose link group has decided.
    private func handleLinked(_ entry: PassEntry, _ role: LinkRole) {
        guard context.log.mayBegin else {
            if case .lead(let source) = role { links.leaderFailed(source) }
            return
        }
        var hasToldGroup = false
        do throws(LostDirectory) {
            let open = try lane.directories.use(entry.directory)
            defer { lane.directories.release(entry.directory) }
            hasToldGroup = handle(entry.index, in: EntryPlace(of: entry, open), role: role)
        } catch {
            reports.reportUnusable(error, entry.directory)
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
        _ index: Int,
        in place: EntryPlace,
        role: LinkRole?
    ) -> Bool {
        let isFirstTime = role == nil && !place.treeIsRemoved
        guard let pair = examiner.pair(index, in: place, isFirstTime: isFirstTime) else {
            return false
        }
        if let spine = place.spine,
            !spine.mayHandle(pair.entry.name, isDirectory: pair.kind == .directory)
        {
            // A directory of the spine when it was listed.
            reports.reportVanished(pair)
            return false
        }
        if pair.kind == .directory {
            handleDirectory(pair)
            return false
        }
        // A name that waited may mean another inode by now: then its group's decision is not about it.
        let isDecided = role?.group == nil || role?.group == pair.source.identity
        let hasToldGroup = decide(pair, role: isDecided ? role : nil)
        return isDecided && hasToldGroup
    }

    // MARK: Deciding

    /// Judges an entry that is no directory, and has it done; returns whether a group that the entry leads was told.
    private func decide(_ pair: EntryPair, role: LinkRole?) -> Bool {
        guard let action = judge.judge(pair) else { return false }
        guard judge.isWanted(pair.kind) else {
            context.log.counters.specialsSkipped.count()
            return false
        }
        switch action {
        case .removeTree:
            replacer.replace(pair)
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

    private func handleDirectory(_ pair: EntryPair) {
        let parent = pair.directory
        let name = pair.entry.name
        let branch = parent.isRoot ? context.log.addBranch(name) : parent.state.branch
        guard let known = book.knowledge(of: pair) else { return }
        let child = PassDirectory(
            parent: parent,
            name: name,
            state: PassDirectoryState(
                purpose: .pair,
                branch: branch,
                spine: parent.state.spine?.child(name)
            )
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
}
