// Inode flags (chattr(1)) and project ids: carried where both filesystems have them; those that freeze an
// entry are set last and taken off before an update.

import LinuxIO

/// What a new entry may have got from its directory on DESTINATION without being asked (S25).
package struct Inherited: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// An ACL, from a default ACL.
    package static let accessControl = Inherited(rawValue: 1 << 0)
    /// A project id, from a directory that passes its own on.
    package static let project = Inherited(rawValue: 1 << 1)
}

extension Worker {
    /// Carries project id and flags of an open file or directory; what fails is recorded.
    ///
    /// Returns whether anything was changed. Project ids that DESTINATION does not hold are said once.
    @discardableResult
    func carrySettings(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        without: InodeFlags,
        inherited: Inherited,
        of affected: AffectedEntry
    ) -> Bool {
        let wanted: InodeSettings
        do throws(SystemError) {
            guard let found = try InodeSettings(of: source) else { return false }
            wanted = found
        } catch {
            fail(.readAttributes, .source, error, of: affected)
            return false
        }
        let flags = wanted.flags.subtracting(without)
        // Most entries have none, and what was just made has none either unless it inherits.
        if flags.isEmpty, wanted.project == 0, !inherited.contains(.project) { return false }
        do throws(SystemError) {
            return try apply(wanted, flags, without, to: target)
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: affected)
            return false
        }
    }

    private func apply(
        _ wanted: InodeSettings,
        _ flags: InodeFlags,
        _ without: InodeFlags,
        to target: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard let current = try InodeSettings(of: target) else {
            if !flags.isEmpty { context.say(.flagsNotKept) }
            return false
        }
        var settings = current
        settings.flags = flags.union(current.flags.intersection(without))
        settings.project = wanted.project
        if settings == current { return false }
        context.noteChangeOfDestination()
        do throws(SystemError) {
            try settings.apply(to: target)
            return true
        } catch {
            guard error.code == .notSupported || error.code == .invalid else { throw error }
        }
        // ext4 without `-O project` refuses the id; the flags are worth a second try.
        context.say(.projectsNotKept)
        settings.project = current.project
        settings.flags.remove(.projectInherit)
        if settings == current { return false }
        try settings.apply(to: target)
        return true
    }

    /// The same for handles of regular files.
    func carryHandleSettings(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        of affected: AffectedEntry
    ) {
        var side = Failure.Side.source
        do throws(SystemError) {
            let openSource = try source.reopenForReading()
            side = .destination
            let openTarget = try target.reopenForReading()
            carrySettings(
                from: openSource,
                to: openTarget,
                without: [],
                inherited: .project,
                of: affected
            )
        } catch {
            fail(.setFlags, side, error, isWrite: side == .destination, of: affected)
        }
    }

    /// Sets the flags that freeze, on a file that has just been published.
    func freeze(_ entry: PassEntry, _ status: FileStatus, _ target: borrowing Descriptor) {
        let flags = status.visibleFlags.intersection(.frozen)
        guard !flags.isEmpty, context.isRoot else { return }
        do throws(SystemError) {
            let handle = try target.openHandle(entry.pointer)
            guard try handle.status().kind == .regular else { throw SystemError(.open, .stale) }
            try setFrozenFlags(flags, of: handle)
        } catch {
            fail(.setFlags, .destination, error, isWrite: true, of: AffectedEntry(entry, status))
        }
    }

    /// Makes the flags that freeze a regular file or a directory exactly these.
    func setFrozenFlags(_ flags: InodeFlags, of handle: borrowing Descriptor) throws(SystemError) {
        let opened = try handle.reopenForReading()
        guard var settings = try InodeSettings(of: opened) else {
            if !flags.isEmpty { context.say(.flagsNotKept) }
            return
        }
        settings.flags = settings.flags.subtracting(.frozen).union(flags)
        context.noteChangeOfDestination()
        try settings.apply(to: opened)
    }

    /// Does what an immutable or append-only file of DESTINATION refuses for its flags: replacing or removing one of its
    /// names.
    ///
    /// Without them first; where that is refused and the file is frozen, it is thawed for the call. It gets its flags
    /// back when the call fails (S16), and when it lives on under another name. `isThawing`: the caller has thawed
    /// another inode, and holds the lock for that.
    func withoutFlags(
        of name: NamePointer,
        _ target: borrowing Descriptor,
        isThawing: Bool,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        do throws(SystemError) {
            try body()
            return
        } catch {
            guard error.code == .notPermitted else { throw error }
            let handle = try target.openHandle(name)
            guard try handle.status().kind == .regular else { throw error }
            if isThawing {
                try withoutFlags(of: handle, body)
            } else {
                try context.links.frozenInodes.withLock { _ throws(SystemError) in
                    try withoutFlags(of: handle, body)
                }
            }
        }
    }

    /// The same under the lock: what thaws inodes holds it, so the flags are those that are to stay.
    private func withoutFlags(
        of handle: borrowing Descriptor,
        _ body: () throws(SystemError) -> Void
    ) throws(SystemError) {
        let flags = try handle.status().visibleFlags.intersection(.frozen)
        // Thawed by another worker when it was refused, or refused for another reason.
        if flags.isEmpty { return try body() }
        try setFrozenFlags([], of: handle)
        do throws(SystemError) { try body() } catch {
            try setFrozenFlags(flags, of: handle)
            throw error
        }
        if try handle.status().linkCount > 0 { try setFrozenFlags(flags, of: handle) }
    }

    /// Takes those flags from a directory that is open.
    func thaw(_ directory: borrowing Descriptor, _ before: FileStatus) throws(SystemError) {
        if before.visibleFlags.isDisjoint(with: .frozen) { return }
        try setFrozenFlags([], of: directory)
    }

    /// To be called before anything is made, renamed or removed in a directory of DESTINATION.
    ///
    /// Its times are to be set again (S23), and what would stop the change is taken off until then: flags that
    /// freeze it, and for others than root a mode that forbids writing. What new entries inherit from it is known
    /// from then on (S25). A directory that is to go itself keeps its flags, and what is in it stays (S46); its mode
    /// it does not keep (S67).
    func prepareForChange(of node: PassDirectory, _ open: OpenDirectory) throws(SystemError) {
        if node.state.wasChanged { return }
        context.noteChangeOfDestination()
        let before = node.state.facts.withLock { $0.destination }
        if let before, let destination = open.destination, lendsWriting(before) {
            try destination.descriptor.setMode(before.mode | 0o700)
        }
        if node.state.purpose == .pair, let before, let destination = open.destination {
            try thaw(destination.descriptor, before)
            let inherited = try Self.inherited(from: destination.descriptor)
            node.state.facts.withLock { $0.inherited = inherited }
        }
        node.state.noteChange()
    }

    /// Whether others than root have to give themselves the right to write to a directory of their own.
    func lendsWriting(_ before: FileStatus) -> Bool {
        !context.isRoot && before.mode & 0o300 != 0o300
            && before.owner == ProcessLimits.effectiveUser
    }
}
