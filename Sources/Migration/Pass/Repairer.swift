// An entry that is up to date but for attributes: repaired in place, without rewriting data (S8).

import LinuxIO

/// What became of an entry that was to be kept.
enum RepairResult {
    case kept
    case failed
    /// It is no copy of SOURCE's file but what was salvaged of it: its contents are to be copied.
    case isDamagedCopy
    /// It differs in these, and cannot be repaired: not without parting it from its other names, or for its birth.
    case mustBeNew(Differences)
}

/// Repairs attributes of entries that stay.
///
/// Belongs to one worker.
final class Repairer {
    private let context: PassContext
    private let reports: PassReports
    private let projects: ProjectCarrier
    private let carrier: AttributeCarrier
    private let salvager: Salvager
    private let inspector: ContentInspector

    init(_ rooms: LaneRooms, _ salvager: Salvager, _ inspector: ContentInspector) {
        context = rooms.context
        reports = rooms.reports
        projects = rooms.projects
        carrier = rooms.carrier
        self.salvager = salvager
        self.inspector = inspector
    }

    /// Repairs an up-to-date entry in place, which differs in `found` and perhaps in what statx(2) does not show.
    func repair(_ pair: EntryPair, _ found: Differences) -> RepairResult {
        guard let destination = pair.destination, pair.open.source != nil,
            pair.open.destination != nil
        else { return .failed }
        if found.isEmpty, pair.evidence == .proven, pair.isUntouched { return .kept }
        let needs: Differences
        do throws(AttributeFailure) {
            switch try examine(pair, found) {
            case .differs(let all): needs = all
            case .result(let result): return result
            }
        } catch {
            reports.reportUnread(error, pair)
            return .failed
        }
        if needs.isEmpty { return .kept }
        // An overlay filesystem would copy the inode up under this name alone; its other names would keep the old one.
        if context.volumes.destinationCopiesUp, destination.linkCount > 1 {
            return .mustBeNew(needs)
        }
        if context.log.itemizes {
            context.log.emit(
                .changed(
                    Itemization(
                        action: .repaired,
                        kind: pair.kind,
                        differences: needs,
                        path: pair.entry.path,
                        target: inspector.targetText(pair)
                    )
                )
            )
        }
        guard context.log.mayWrite else {
            if context.plan.options.isDryRun { context.log.counters.attributesRepaired.count() }
            return .kept
        }
        return apply(needs, to: pair) ? .kept : .failed
    }

    private enum Examined {
        case differs(Differences)
        case result(RepairResult)
    }

    /// All that differs, with what only the entry itself tells.
    private func examine(
        _ pair: EntryPair,
        _ found: Differences
    ) throws(AttributeFailure) -> Examined {
        guard let source = pair.open.source, let target = pair.open.destination else {
            return .result(.failed)
        }
        var needs = found
        needs.formUnion(
            try carrier.comparer.differences(
                pair.pointer,
                source.descriptor,
                target.descriptor,
                kind: pair.kind
            )
        )
        if pair.kind == .regular {
            // With attributes of `user` left out the mark was not looked at.
            let mayBeMarked = needs.contains(.attributes) || !carrier.comparer.comparesDamageMark
            if mayBeMarked, try salvager.mark(of: pair) != nil { return .result(.isDamagedCopy) }
            // Q18: of what is proven they were compared; and what was never recorded is opened only where there are
            // project ids about, for that is every entry of a first pass that goes on where another was cut off.
            if context.plan.isRoot, pair.evidence == .doubtful || pair.place.known.hasProjects {
                guard let isOther = try projects.haveOtherSettings(pair) else {
                    reports.reportVanished(pair)
                    return .result(.failed)
                }
                if isOther { needs.insert(.flags) }
            }
        } else if pair.evidence != .proven {
            let mayDiffer = pair.evidence == .doubtful || !needs.isEmpty
            if try projects.hasOtherBirth(pair, mayDiffer: mayDiffer) {
                return .result(.mustBeNew(needs.union(.flags)))
            }
        }
        return .differs(needs)
    }

    private func apply(_ differences: Differences, to pair: EntryPair) -> Bool {
        var side = Failure.Side.source
        do throws(SystemError) {
            guard let source = pair.open.source, let target = pair.open.destination,
                let destination = pair.destination
            else { return false }
            let sourceHandle = try source.descriptor.openHandle(pair.pointer)
            guard try sourceHandle.status().identity == pair.source.identity else {
                reports.reportVanished(pair)
                return false
            }
            side = .destination
            let targetHandle = try target.descriptor.openHandle(pair.pointer)
            // Somebody else writes to DESTINATION.
            guard try targetHandle.status().identity == destination.identity else {
                throw SystemError(.open, .noEntry)
            }
            return apply(differences, pair, destination, from: sourceHandle, to: targetHandle)
        } catch {
            if error.code == .noEntry, side == .source {
                reports.reportVanished(pair)
            } else {
                reports.of(pair).fail(.open, side, error)
            }
            return false
        }
    }

    private func apply(
        _ differences: Differences,
        _ pair: EntryPair,
        _ destination: FileStatus,
        from source: borrowing Descriptor,
        to target: borrowing Descriptor
    ) -> Bool {
        var needs = differences
        let frozen =
            pair.kind == .regular ? destination.visibleFlags.intersection(.frozen) : []
        if !frozen.isEmpty {
            guard setFrozen([], of: target, pair) else { return false }
            needs.insert(.flags)
        }
        if !needs.isDisjoint(with: [.owner, .group]) {
            // chown(2) clears setuid, setgid and file capabilities: all are set again.
            needs.formUnion([.mode, .attributes])
        }
        let wanted = CarriedAttributes(
            status: pair.source,
            needs: needs.intersection(carrier.rules.newEntryNeeds),
            isNew: false
        )
        guard carrier.carry(wanted, from: source, to: target, reports.of(pair)) else {
            // What could not be repaired keeps the flags that it had; if not even that, it was told.
            if !frozen.isEmpty { _ = setFrozen(frozen, of: target, pair) }
            return false
        }
        context.log.counters.attributesRepaired.count()
        return true
    }

    private func setFrozen(
        _ flags: InodeFlags,
        of target: borrowing Descriptor,
        _ pair: EntryPair
    ) -> Bool {
        do throws(SystemError) {
            try carrier.settings.setFrozenFlags(flags, of: target)
            return true
        } catch {
            reports.of(pair).failWrite(.setFlags, error)
            return false
        }
    }
}
