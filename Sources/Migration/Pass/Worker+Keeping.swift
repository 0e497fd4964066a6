// An entry that is up to date but for attributes: repaired in place, without rewriting data (S8).

import LinuxIO

/// What became of an entry that was to be kept.
enum KeepResult {
    case kept
    case failed
    /// It is no copy of SOURCE's file but what was salvaged of it: its contents are to be copied.
    case isDamagedCopy
    /// It differs in these, and cannot be repaired: not without parting it from its other names, or for its birth.
    case mustBeNew(Differences)
}

extension Worker {
    /// Repairs an up-to-date entry in place (S8).
    func keep(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus,
        _ found: Differences
    ) -> KeepResult {
        guard let source = open.source, let target = open.destination else { return .failed }
        let evidence = evidence(of: entry, status, destination)
        if found.isEmpty, evidence == .proven, isSettled(entry, destination) { return .kept }
        var needs = found
        do throws(AttributeFailure) {
            needs.formUnion(
                try attributes.differences(
                    entry.pointer,
                    source.descriptor,
                    target.descriptor,
                    kind: status.kind
                )
            )
            // With attributes of `user` left out the mark was not looked at.
            let mayBeMarked = needs.contains(.attributes) || !attributes.comparesDamageMark
            if status.kind == .regular, mayBeMarked, try damageMark(entry, open) != nil {
                return .isDamagedCopy
            }
            // Q18: of what is proven they were compared; and what was never recorded is opened only where there are
            // project ids about, for that is every entry of a first pass that goes on where another was cut off.
            if status.kind == .regular, context.isRoot,
                evidence == .doubtful || entry.known.hasProjects
            {
                let isOther = try haveOtherSettings(entry, source, target, status, destination)
                guard let isOther else {
                    noteVanished(AffectedEntry(entry, status))
                    return .failed
                }
                if isOther { needs.insert(.flags) }
            } else if status.kind != .regular, evidence != .proven {
                let mayDiffer = evidence == .doubtful || !needs.isEmpty
                if try hasOtherBirth(entry, open, status, destination, mayDiffer: mayDiffer) {
                    return .mustBeNew(needs.union(.flags))
                }
            }
        } catch {
            failAttributes(error, entry, status)
            return .failed
        }
        if needs.isEmpty { return .kept }
        // An overlay filesystem would copy the inode up under this name alone; its other names would keep the old one.
        if context.destinationCopiesUp, destination.linkCount > 1, status.kind != .directory {
            return .mustBeNew(needs)
        }
        if context.itemizes {
            context.emit(
                .changed(
                    Itemization(
                        action: .repaired,
                        kind: status.kind,
                        differences: needs,
                        path: entry.path,
                        target: symlinkTarget(entry, open, status)
                    )
                )
            )
        }
        guard context.mayWrite else {
            if context.options.isDryRun { counters.attributesRepaired.count() }
            return .kept
        }
        return repair(entry, source, target, status, destination, needs) ? .kept : .failed
    }

    /// Records that attributes of an entry could not be read, or that it vanished.
    func failAttributes(_ failure: AttributeFailure, _ entry: PassEntry, _ status: FileStatus) {
        let affected = AffectedEntry(entry, status)
        if failure.error.code == .noEntry {
            noteVanished(affected)
        } else {
            fail(failure.activity, failure.side, failure.error, of: affected)
        }
    }

    private func repair(
        _ entry: PassEntry,
        _ source: SharedDescriptor,
        _ target: SharedDescriptor,
        _ status: FileStatus,
        _ destination: FileStatus,
        _ differences: Differences
    ) -> Bool {
        var needs = differences
        var side = Failure.Side.source
        do throws(SystemError) {
            let sourceHandle = try source.descriptor.openHandle(entry.pointer)
            guard try sourceHandle.status().identity == status.identity else {
                noteVanished(AffectedEntry(entry, status))
                return false
            }
            side = .destination
            let targetHandle = try target.descriptor.openHandle(entry.pointer)
            guard try targetHandle.status().identity == destination.identity else {
                noteVanished(AffectedEntry(entry, status))
                return false
            }
            let frozen =
                status.kind == .regular ? destination.visibleFlags.intersection(.frozen) : []
            if !frozen.isEmpty {
                try setFrozenFlags([], of: targetHandle)
                needs.insert(.flags)
            }
            if !needs.isDisjoint(with: [.owner, .group]) {
                // chown(2) clears setuid, setgid and file capabilities: all are set again.
                needs.formUnion([.mode, .attributes])
            }
            guard
                carryAttributes(
                    from: sourceHandle,
                    to: targetHandle,
                    status: status,
                    needs: needs.intersection(newEntryNeeds),
                    isNew: false,
                    inherited: [],
                    of: AffectedEntry(entry, status)
                )
            else {
                if !frozen.isEmpty { try setFrozenFlags(frozen, of: targetHandle) }
                return false
            }
            counters.attributesRepaired.count()
            return true
        } catch {
            if error.code == .noEntry {
                noteVanished(AffectedEntry(entry, status))
            } else {
                fail(
                    .open,
                    side,
                    error,
                    isWrite: side == .destination,
                    of: AffectedEntry(entry, status)
                )
            }
            return false
        }
    }
}
