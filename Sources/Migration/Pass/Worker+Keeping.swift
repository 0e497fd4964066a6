// An entry that is up to date but for attributes: repaired in place, without rewriting data (S8).

import LinuxIO

/// What became of an entry that was to be kept.
enum KeepResult {
    case kept
    case failed
    /// It is no copy of SOURCE's file but what was salvaged of it: its contents are to be copied.
    case isDamagedCopy
    /// It differs in these, and cannot be repaired without parting it from its other names.
    case mustBeNew(Differences)
}

extension Worker {
    /// Repairs an up-to-date entry in place (S8).
    func keep(
        _ entry: Entry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus,
        _ found: Differences
    ) -> KeepResult {
        guard let source = open.source, let target = open.destination else { return .failed }
        let evidence = evidence(of: entry, status, destination)
        if found.isEmpty, evidence == .proven, isSettled(destination) { return .kept }
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
            // What was never recorded is opened only where there are project ids about: that is every entry of a first
            // pass that goes on where another was cut off.
            if status.kind == .regular, context.isRoot, evidence != .none || place.hasProjects {
                let isOther = try haveOtherSettings(entry, source, target, status, destination)
                guard let isOther else {
                    noteVanished(entry.path)
                    return .failed
                }
                if isOther { needs.insert(.flags) }
            }
        } catch {
            if error.error.code == .noEntry {
                noteVanished(entry.path)
            } else {
                fail(error.activity, error.side, error.error, path: entry.path)
            }
            return .failed
        }
        // With attributes of `user` left out the mark was not looked at.
        let mayBeMarked = needs.contains(.attributes) || !attributes.comparesDamageMark
        if status.kind == .regular, mayBeMarked, damageMark(entry, open) != nil {
            return .isDamagedCopy
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

    private func repair(
        _ entry: Entry,
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
                noteVanished(entry.path)
                return false
            }
            side = .destination
            let targetHandle = try target.descriptor.openHandle(entry.pointer)
            guard try targetHandle.status().identity == destination.identity else {
                noteVanished(entry.path)
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
                    path: entry.path
                )
            else {
                if !frozen.isEmpty { try setFrozenFlags(frozen, of: targetHandle) }
                return false
            }
            counters.attributesRepaired.count()
            return true
        } catch {
            if error.code == .noEntry {
                noteVanished(entry.path)
            } else {
                fail(.open, side, error, isWrite: side == .destination, path: entry.path)
            }
            return false
        }
    }
}
