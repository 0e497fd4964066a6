// Symlinks, devices, FIFOs and sockets: made under a temporary name, complete with attributes, then renamed
// over (S27, S39).

import LinuxIO

extension Worker {
    /// Makes an entry that is neither a regular file nor a directory.
    func makeSpecial(
        _ entry: PassEntry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus?
    ) -> ActionResult {
        guard let source = open.source, let target = open.destination else { return .failed }
        let isDirect = destination == nil && entry.directory.state.facts.withLock { $0.isNew }
        let name = isDirect ? entry.name : context.temporaryNames.next()
        let activity: Failure.Activity = status.kind == .symlink ? .makeSymlink : .makeSpecial
        guard let handle = handle(on: entry, source, status) else { return .failed }
        let made: SharedDescriptor
        do throws(SystemError) {
            guard let found = try makeNode(name, entry, source, target.descriptor, status) else {
                noteVanished(AffectedEntry(entry, status))
                return .failed
            }
            made = found
        } catch {
            let isRead = error.operation == .readlink || error.operation == .bulkStatus
            fail(
                activity,
                isRead ? .source : .destination,
                error,
                isWrite: !isRead,
                of: AffectedEntry(entry, status)
            )
            // Made, but not as expected or not to be opened.
            if error.operation == .open || error.operation == .statx {
                removeTemporary(name, target.descriptor, entry)
            }
            return .failed
        }
        return finishSpecial(
            entry,
            status,
            from: handle.descriptor,
            made.descriptor,
            name,
            isDirect: isDirect,
            target.descriptor
        )
    }

    /// A handle on the entry whose status was taken; nil when it vanished or that failed.
    private func handle(
        on entry: PassEntry,
        _ source: SharedDescriptor,
        _ status: FileStatus
    ) -> SharedDescriptor? {
        do throws(SystemError) {
            let handle = try source.descriptor.openHandle(entry.pointer)
            guard try handle.status().identity == status.identity else {
                noteVanished(AffectedEntry(entry, status))
                return nil
            }
            return SharedDescriptor(handle)
        } catch {
            if error.code == .noEntry {
                noteVanished(AffectedEntry(entry, status))
            } else {
                fail(.open, .source, error, of: AffectedEntry(entry, status))
            }
            return nil
        }
    }

    /// Makes the node and takes a handle on it; nil when SOURCE's symlink is gone.
    private func makeNode(
        _ name: Name,
        _ entry: PassEntry,
        _ source: SharedDescriptor,
        _ target: borrowing Descriptor,
        _ status: FileStatus
    ) throws(SystemError) -> SharedDescriptor? {
        if status.kind == .symlink {
            let length: Int
            do throws(SystemError) {
                length = try source.descriptor.readSymlink(entry.pointer, into: sourceTarget)
            } catch {
                // Gone, or no symlink any more.
                if error.code == .noEntry || error.code == .invalid { return nil }
                throw error
            }
            sourceTarget[min(length, sourceTarget.count - 1)] = 0
            guard let text = sourceTarget.baseAddress else { return nil }
            try makeWithProject(status, in: entry.directory, source, target) {
                () throws(SystemError) in
                try name.withPointer { pointer throws(SystemError) in
                    try target.makeSymlink(pointer, target: text)
                }
            }
        } else {
            try makeWithProject(status, in: entry.directory, source, target) {
                () throws(SystemError) in
                try name.withPointer { pointer throws(SystemError) in
                    try target.makeSpecial(
                        pointer,
                        kind: status.kind,
                        mode: 0o600,
                        major: status.specialMajor,
                        minor: status.specialMinor
                    )
                }
            }
        }
        let handle = try target.openHandle(name)
        let found = try handle.status()
        // The name could have been given to something else meanwhile; that must not get our owner and mode.
        guard found.kind == status.kind, found.linkCount == 1,
            found.owner == ProcessLimits.effectiveUser
        else { throw SystemError(.open, .stale) }
        return SharedDescriptor(handle)
    }

    private func finishSpecial(
        _ entry: PassEntry,
        _ status: FileStatus,
        from handle: borrowing Descriptor,
        _ made: borrowing Descriptor,
        _ name: Name,
        isDirect: Bool,
        _ target: borrowing Descriptor
    ) -> ActionResult {
        let inherited =
            status.kind == .symlink ? [] : entry.directory.state.facts.withLock { $0.inherited }
        guard
            carryAttributes(
                from: handle,
                to: made,
                status: status,
                needs: newEntryNeeds,
                isNew: true,
                inherited: inherited,
                of: AffectedEntry(entry, status)
            )
        else {
            removeTemporary(name, target, entry)
            return .failed
        }
        do throws(SystemError) {
            let identity = try made.status().identity
            if !isDirect { try publish(name, entry, target) }
            countMade(status)
            return .done(identity)
        } catch {
            fail(.publish, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
            removeTemporary(name, target, entry)
            return .failed
        }
    }
}
