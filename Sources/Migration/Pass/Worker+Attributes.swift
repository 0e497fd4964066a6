// Carrying attributes from SOURCE to DESTINATION. `carryAttributes` is the one place that owns their
// order (S14):
//
//   owner ─▶ mode ─▶ xattrs ─▶ ACLs ─▶ flags that do not freeze ─▶ times ─▶ flags that freeze
//
// chown(2) clears setuid and setgid and file capabilities fall to it, so it comes first; an ACL widens
// what the mode's group bits allow, so until it is set they are withheld; a frozen inode takes no times.

import LinuxIO
import Synchronization

extension Worker {
    /// Everything that a new entry gets.
    var newEntryNeeds: Differences {
        var needs: Differences = [.flags]
        if preserved.contains(.owner), context.isRoot { needs.insert(.owner) }
        if preserved.contains(.group) { needs.insert(.group) }
        if preserved.contains(.times) { needs.insert(.times) }
        if preserved.contains(.attributes) { needs.insert(.attributes) }
        if preserved.contains(.accessControl) { needs.insert(.accessControl) }
        // Without --perms too: an entry is made with 0600 or 0700.
        needs.insert(.mode)
        return needs
    }

    /// Gives `target` the attributes in `needs`.
    ///
    /// False when it must not be published, which was recorded.
    ///
    /// `isNew`: this worker has just made it, for nobody else. `inherits`: it may have got an ACL from its
    /// directory. Descriptors are open ones for files and directories, handles for the other types.
    func carryAttributes(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        status: FileStatus,
        needs: Differences,
        isNew: Bool,
        inherits: Bool,
        path: @autoclosure () -> [UInt8]
    ) -> Bool {
        let set: SourceAttributes
        do throws(AttributeFailure) {
            set = try readSource(source, kind: status.kind, needs)
        } catch {
            // S34: an entry whose attributes cannot be read keeps its old DESTINATION.
            fail(error.activity, error.side, error.error, path: path())
            return false
        }
        do throws(AttributeFailure) {
            try setOwner(target, status, needs, isNew: isNew)
            if isNew || !needs.isDisjoint(with: [.accessControl, .mode, .owner, .group]),
                status.kind != .symlink
            {
                try setMode(target, status, set, needs, isNew: isNew, inherits: inherits)
            }
        } catch {
            fail(error.activity, .destination, error.error, isWrite: true, path: path())
            return false
        }
        // From here on a refusal costs the attribute and not the data (S35).
        if needs.contains(.attributes) {
            setAttributes(target, set, isNew: isNew, path: path())
        }
        if needs.contains(.accessControl), status.kind != .symlink {
            setAccessControl(
                source,
                target,
                status,
                set,
                isNew: isNew,
                inherits: inherits,
                path: path()
            )
        }
        return finishAttributes(source, target, status, needs, isNew: isNew, path: path())
    }

    private func finishAttributes(
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        _ needs: Differences,
        isNew: Bool,
        path: @autoclosure () -> [UInt8]
    ) -> Bool {
        do throws(SystemError) {
            if isNew, status.kind == .regular || status.kind == .directory {
                try carrySettings(from: source, to: target, without: .frozen)
            }
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, path: path())
        }
        do throws(SystemError) {
            if needs.contains(.times) { try target.setModified(status.modified) }
        } catch {
            fail(.setTimes, .destination, error, isWrite: true, path: path())
            return false
        }
        // A file is frozen after it was published: a frozen inode cannot be renamed.
        guard needs.contains(.flags), !(isNew && status.kind == .regular), context.isRoot else {
            return true
        }
        do throws(SystemError) {
            switch status.kind {
            case .directory: try carrySettings(from: source, to: target, without: [])
            case .regular: try carryHandleSettings(from: source, to: target)
            default: break
            }
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, path: path())
        }
        return true
    }

    // MARK: Owner and mode

    private func setOwner(
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        _ needs: Differences,
        isNew: Bool
    ) throws(AttributeFailure) {
        guard !needs.isDisjoint(with: [.owner, .group]) else { return }
        let made: UInt32 = status.kind == .directory ? 0o700 : 0o600
        do throws(SystemError) {
            // At no instant has the new owner more rights than in the end.
            if isNew, status.kind != .symlink, made & ~status.mode != 0, preserved.contains(.mode) {
                try target.setMode(made & status.mode)
            } else if !isNew, status.kind != .symlink, preserved.contains(.mode) {
                let current = try target.status().mode
                if current & ~(status.mode & 0o777) != 0 {
                    try target.setMode(current & status.mode & 0o777)
                }
            }
        } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
        do throws(SystemError) {
            try target.setOwner(
                needs.contains(.owner) ? status.owner : .max,
                group: needs.contains(.group) ? status.group : .max
            )
        } catch {
            // S31: others than root set the group where they may, and it is no failure where they may not.
            if !context.isRoot, error.code == .notPermitted { return }
            throw AttributeFailure(.setOwner, .destination, error)
        }
    }

    private func setMode(
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        _ set: borrowing SourceAttributes,
        _ needs: Differences,
        isNew: Bool,
        inherits: Bool
    ) throws(AttributeFailure) {
        let name = Name(AccessControlKind.access.attributeName)
        do throws(SystemError) {
            // S25, S36: an ACL that SOURCE does not have, inherited or old, goes before the mode is set, which
            // would only change its mask.
            let mayHaveOne = inherits || !isNew && needs.contains(.accessControl)
            if mayHaveOne, !set.hasAccessControl {
                try name.withPointer { pointer throws(SystemError) in
                    try target.removeAttribute(pointer)
                }
            }
        } catch {
            throw AttributeFailure(.setAccessControl, .destination, error)
        }
        guard preserved.contains(.mode) else {
            if isNew { try apply(status.mode & 0o777 & ~context.options.mask, to: target) }
            return
        }
        // The group bits of an entry with an ACL are its mask: with them, but without the ACL, the owning
        // group could have more rights than the ACL gives it.
        let withheld: UInt32 = set.hasAccessControl && needs.contains(.accessControl) ? 0o070 : 0
        try apply(status.mode & ~withheld, to: target)
    }

    private func apply(
        _ mode: UInt32,
        to target: borrowing Descriptor
    ) throws(AttributeFailure) {
        do throws(SystemError) { try target.setMode(mode) } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
    }

    // MARK: Flags and projects

    /// Carries project id and flags of an open file or directory, where both filesystems have them.
    private func carrySettings(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        without: InodeFlags
    ) throws(SystemError) {
        guard let wanted = try InodeSettings(of: source) else { return }
        let flags = wanted.flags.subtracting(without)
        // Most entries have none, and what was just made has none either.
        if flags.isEmpty, wanted.project == 0, without == .frozen { return }
        guard var settings = try InodeSettings(of: target) else {
            if !flags.isEmpty { context.say(.flagsNotKept) }
            return
        }
        if settings.flags == flags, settings.project == wanted.project { return }
        settings.flags = flags.union(settings.flags.intersection(without))
        settings.project = wanted.project
        do throws(SystemError) {
            try settings.apply(to: target)
        } catch {
            guard error.code == .notSupported || error.code == .invalid else { throw error }
            // ext4 without `-O project` refuses the id; the flags are worth a second try.
            context.say(.projectsNotKept)
            settings.project = 0
            settings.flags.remove(.projectInherit)
            try settings.apply(to: target)
        }
    }

    /// The same for handles of regular files.
    private func carryHandleSettings(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor
    ) throws(SystemError) {
        let openSource = try source.reopenForReading()
        let openTarget = try target.reopenForReading()
        try carrySettings(from: openSource, to: openTarget, without: [])
    }

    /// Sets the flags that freeze, on a file that has just been published.
    func freeze(_ entry: Entry, _ status: FileStatus, _ target: borrowing Descriptor) {
        let flags = status.visibleFlags.intersection(.frozen)
        guard !flags.isEmpty, context.isRoot else { return }
        do throws(SystemError) {
            let handle = try target.openHandle(entry.pointer)
            guard try handle.status().kind == .regular else { throw SystemError(.open, .stale) }
            try setFrozenFlags(flags, of: handle)
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, path: entry.path)
        }
    }

    /// Makes the flags that freeze a regular file or a directory exactly these.
    func setFrozenFlags(_ flags: InodeFlags, of handle: borrowing Descriptor) throws(SystemError) {
        let opened = try handle.reopenForReading()
        guard var settings = try InodeSettings(of: opened) else { return }
        settings.flags = settings.flags.subtracting(.frozen).union(flags)
        try settings.apply(to: opened)
    }

    /// Takes from an old entry the flags that would stop its update (immutable, append only).
    func thaw(
        _ entry: Entry,
        _ status: FileStatus,
        _ target: borrowing Descriptor
    ) throws(SystemError) {
        guard !status.visibleFlags.isDisjoint(with: .frozen), status.kind == .regular else {
            return
        }
        let handle = try target.openHandle(entry.pointer)
        guard try handle.status().identity == status.identity else { return }
        try setFrozenFlags([], of: handle)
    }

    /// To be called before anything is made, renamed or removed in a directory of DESTINATION: its times are to
    /// be set again (S23), and flags that would stop the change are taken off until then.
    func prepareForChange(of node: Directory, _ open: OpenDirectory) throws(SystemError) {
        if node.wasChanged { return }
        let flags = node.facts.withLock { $0.destination?.visibleFlags ?? [] }
        if !flags.isDisjoint(with: .frozen), let destination = open.destination,
            var settings = try InodeSettings(of: destination.descriptor)
        {
            settings.flags = settings.flags.subtracting(.frozen)
            try settings.apply(to: destination.descriptor)
        }
        node.noteChange()
    }

    // MARK: Keeping

    /// Repairs an up-to-date entry in place (S8).
    ///
    /// False when that failed.
    func keep(
        _ entry: Entry,
        _ open: OpenDirectory,
        _ status: FileStatus,
        _ destination: FileStatus,
        _ found: Differences
    ) -> Bool {
        guard let source = open.source, let target = open.destination else { return false }
        var needs = found
        do throws(AttributeFailure) {
            needs.formUnion(
                try attributeDifferences(
                    entry.pointer,
                    source.descriptor,
                    target.descriptor,
                    kind: status.kind
                )
            )
        } catch {
            if error.error.code == .noEntry {
                noteVanished(entry.path)
            } else {
                fail(error.activity, error.side, error.error, path: entry.path)
            }
            return false
        }
        if needs.isEmpty { return true }
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
        guard context.mayWrite else { return true }
        return repair(entry, source, target, status, destination, needs)
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
        do throws(SystemError) {
            let sourceHandle = try source.descriptor.openHandle(entry.pointer)
            let targetHandle = try target.descriptor.openHandle(entry.pointer)
            guard try sourceHandle.status().identity == status.identity,
                try targetHandle.status().identity == destination.identity
            else {
                noteVanished(entry.path)
                return false
            }
            if !destination.visibleFlags.isDisjoint(with: .frozen), status.kind == .regular {
                try setFrozenFlags([], of: targetHandle)
                needs.insert(.flags)
            }
            if !needs.isDisjoint(with: [.owner, .group]) {
                // chown(2) has cleared setuid, setgid and file capabilities: all are set again.
                needs.formUnion([.mode, .attributes])
            }
            guard
                carryAttributes(
                    from: sourceHandle,
                    to: targetHandle,
                    status: status,
                    needs: needs.intersection(newEntryNeeds),
                    isNew: false,
                    inherits: false,
                    path: entry.path
                )
            else { return false }
            counters.attributesRepaired.count()
            return true
        } catch {
            if error.code == .noEntry {
                noteVanished(entry.path)
            } else {
                fail(.open, .destination, error, path: entry.path)
            }
            return false
        }
    }
}
