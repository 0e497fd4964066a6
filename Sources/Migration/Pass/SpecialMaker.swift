// Symlinks, devices, FIFOs and sockets: made under a temporary name, complete with attributes, then renamed
// over (S27, S39).

import LinuxIO

/// Makes entries that are neither regular files nor directories.
///
/// Belongs to one worker.
final class SpecialMaker {
    private let context: PassContext
    private let reports: PassReports
    private let projects: ProjectCarrier
    private let carrier: AttributeCarrier
    private let publisher: Publisher
    private let inspector: ContentInspector

    init(_ rooms: LaneRooms, _ inspector: ContentInspector) {
        context = rooms.context
        reports = rooms.reports
        projects = rooms.projects
        carrier = rooms.carrier
        publisher = rooms.publisher
        self.inspector = inspector
    }

    /// What was made, held by a handle.
    private struct MadeNode {
        let handle: SharedDescriptor
        let identity: InodeIdentity
    }

    func make(_ pair: EntryPair) -> ActionResult {
        guard let target = pair.open.destination else { return .failed }
        let isDirect =
            pair.destination == nil && pair.directory.state.facts.withLock { $0.isNew }
        let name = isDirect ? pair.entry.name : context.temporaryNames.next()
        guard let handle = openSource(pair) else { return .failed }
        let made: MadeNode
        do throws(SystemError) {
            guard let found = try makeNode(name, pair, in: target.descriptor) else {
                reports.reportVanished(pair)
                return .failed
            }
            made = found
        } catch {
            let activity: Failure.Activity = pair.kind == .symlink ? .makeSymlink : .makeSpecial
            if error.operation == .readlink || error.operation == .bulkStatus {
                reports.of(pair).fail(activity, .source, error)
            } else {
                reports.of(pair).failWrite(activity, error)
            }
            // Made, but not as expected or not to be opened.
            if error.operation == .open || error.operation == .statx {
                publisher.remove(name, in: target.descriptor, of: pair.directory)
            }
            return .failed
        }
        return finish(pair, from: handle.descriptor, made, isDirect ? nil : name)
    }

    /// A handle on the entry whose status was taken; nil when it vanished or that failed.
    private func openSource(_ pair: EntryPair) -> SharedDescriptor? {
        if let handle = pair.handle { return handle }
        guard let source = pair.open.source else { return nil }
        do throws(SystemError) {
            let handle = try source.descriptor.openHandle(pair.pointer)
            guard try handle.status().identity == pair.source.identity else {
                reports.reportVanished(pair)
                return nil
            }
            return SharedDescriptor(handle)
        } catch {
            reports.reportUnread(error, .open, pair)
            return nil
        }
    }

    /// Makes the node and takes a handle on it; nil when SOURCE's symlink is gone.
    private func makeNode(
        _ name: Name,
        _ pair: EntryPair,
        in target: borrowing Descriptor
    ) throws(SystemError) -> MadeNode? {
        guard let source = pair.open.source else { return nil }
        if pair.kind == .symlink {
            guard let text = try inspector.target(pair) else { return nil }
            try projects.makeWithProject(pair, source, target) { () throws(SystemError) in
                try name.withPointer { pointer throws(SystemError) in
                    try target.makeSymlink(pointer, target: text)
                }
            }
        } else {
            try projects.makeWithProject(pair, source, target) { () throws(SystemError) in
                try name.withPointer { pointer throws(SystemError) in
                    try target.makeSpecial(
                        pointer,
                        kind: pair.kind,
                        mode: 0o600,
                        major: pair.source.specialMajor,
                        minor: pair.source.specialMinor
                    )
                }
            }
        }
        let handle = try target.openHandle(name)
        let found = try handle.status()
        // The name could have been given to something else meanwhile; that must not get our owner and mode.
        guard found.kind == pair.kind, found.linkCount == 1,
            found.owner == ProcessLimits.effectiveUser
        else { throw SystemError(.open, .stale) }
        return MadeNode(handle: SharedDescriptor(handle), identity: found.identity)
    }

    /// Attributes and the name; `temporary`: the one that it has now, if that is not its own.
    private func finish(
        _ pair: EntryPair,
        from source: borrowing Descriptor,
        _ made: MadeNode,
        _ temporary: Name?
    ) -> ActionResult {
        guard let target = pair.open.destination else { return .failed }
        let own = temporary ?? pair.entry.name
        let wanted = CarriedAttributes(
            status: pair.source,
            needs: carrier.rules.newEntryNeeds,
            isNew: true,
            inherited: pair.kind == .symlink
                ? [] : pair.directory.state.facts.withLock { $0.inherited }
        )
        guard carrier.carry(wanted, from: source, to: made.handle.descriptor, reports.of(pair))
        else {
            publisher.remove(own, in: target.descriptor, of: pair.directory)
            return .failed
        }
        do throws(SystemError) {
            if let temporary {
                try publisher.publish(temporary, as: pair, in: target.descriptor)
            }
            reports.countMade(pair.source)
            return .done(made.identity)
        } catch {
            reports.of(pair).failWrite(.publish, error)
            publisher.remove(own, in: target.descriptor, of: pair.directory)
            return .failed
        }
    }
}
