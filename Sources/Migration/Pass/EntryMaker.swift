// Doing what was decided of an entry that is no directory: repaired in place, made, or replaced by a new inode.

import LinuxIO

/// Makes entries of DESTINATION what SOURCE's are.
///
/// Belongs to one worker.
final class EntryMaker {
    private let context: PassContext
    private let reports: PassReports
    private let changes: DirectoryChanges
    private let comparer: AttributeComparer
    private let inspector: ContentInspector
    private let repairer: Repairer
    private let specials: SpecialMaker
    let files: FileCopier

    init(_ rooms: LaneRooms) {
        context = rooms.context
        reports = rooms.reports
        changes = rooms.changes
        comparer = rooms.carrier.comparer
        inspector = rooms.inspector
        repairer = Repairer(rooms, rooms.salvager, rooms.inspector)
        specials = SpecialMaker(rooms, rooms.inspector)
        files = FileCopier(rooms, FileMaker(rooms, rooms.copier, rooms.salvager))
    }

    /// Does what the comparison decided.
    ///
    /// Returns the identity that the entry has on DESTINATION then, if it has one and it is known;
    /// a leader's always is, but in a dry run.
    func act(_ pair: EntryPair, _ change: Change, isLeader: Bool) -> ActionResult {
        guard case .upToDate(let differences) = change else {
            return make(pair, change.differences, isLeader: isLeader)
        }
        switch repairer.repair(pair, differences) {
        case .kept: return .done(pair.destination?.identity)
        case .failed: return .failed
        case .mustBeNew(let all): return make(pair, all, isLeader: isLeader)
        case .isDamagedCopy:
            return make(pair, differences.union(.contents), isLeader: isLeader)
        }
    }

    /// Makes an entry, or puts a new inode in the place of an old one (`differences` not nil).
    private func make(
        _ pair: EntryPair,
        _ differences: Differences?,
        isLeader: Bool
    ) -> ActionResult {
        guard context.log.mayWrite else {
            if context.plan.options.isDryRun { return pretend(pair, differences) }
            reports.tally(pair.source)
            return .failed
        }
        guard pair.open.destination != nil else { return .failed }
        do throws(SystemError) { try changes.prepare(pair.directory, pair.open) } catch {
            reports.of(pair).failWrite(.setFlags, error)
            reports.conclude(.failed, pair, line: nil)
            return .failed
        }
        // Before it is made: afterwards the old attributes are gone.
        let line = context.log.itemizes ? self.line(of: pair, differences) : nil
        let result =
            pair.kind == .regular
            ? files.copy(pair, CopyTask(line: line, isLeader: isLeader)) : specials.make(pair)
        reports.conclude(result, pair, line: line)
        return result
    }

    /// What a dry run does.
    private func pretend(_ pair: EntryPair, _ differences: Differences?) -> ActionResult {
        // The real pass would have to read it, too.
        if pair.kind == .symlink, inspector.targetText(pair) == nil { return .failed }
        reports.countMade(pair.source)
        reports.itemize(line(of: pair, differences))
        return .done(nil)
    }

    /// The line of an entry that is made or replaced.
    private func line(of pair: EntryPair, _ differences: Differences?) -> Itemization {
        var all = differences ?? []
        if differences != nil, let target = pair.open.destination, let source = pair.open.source {
            // What cannot be compared now is not worth a failure of its own: the entry is replaced anyway.
            let more = try? comparer.differences(
                pair.pointer,
                source.descriptor,
                target.descriptor,
                kind: pair.kind
            )
            all.formUnion(more ?? [])
        }
        return Itemization(
            action: pair.kind == .regular ? .transferred : .changed,
            kind: pair.kind,
            isNew: differences == nil,
            differences: all,
            hasTimeOfNow: !context.plan.options.preserved.contains(.times),
            path: pair.entry.path,
            target: inspector.targetText(pair)
        )
    }
}
