// Carrying attributes from SOURCE to DESTINATION. `carryAttributes` is the one place that owns their
// order (S14):
//
//   owner ─▶ mode ─▶ (mark of a salvaged file ─▶) xattrs ─▶ ACLs ─▶ flags that do not freeze ─▶ times ─▶ flags that freeze
//
// chown(2) clears setuid and setgid and file capabilities fall to it, so it comes first; an ACL widens
// what the mode's group bits allow, so until it is set they are withheld; a frozen inode takes no times.

import LinuxIO

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
    /// False when it must not be published, which was recorded. Descriptors are open ones for new files and for
    /// directories, handles otherwise. `isNew`: this worker has just made it, for nobody else. `inherited`: what it
    /// may have got from its directory. `keptMode`: without --perms, the mode of what it replaces (S67). `mark`: that
    /// of a salvaged file, which is not published without it.
    func carryAttributes(
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        status: FileStatus,
        needs: Differences,
        isNew: Bool,
        inherited: Inherited,
        keptMode: UInt32? = nil,
        mark: String? = nil,
        of affected: AffectedEntry
    ) -> Bool {
        var set: SourceAttributes
        context.noteChangeOfDestination()
        do throws(AttributeFailure) {
            set = try readSource(source, kind: status.kind, needs)
        } catch {
            // S34: an entry whose attributes cannot be read keeps its old DESTINATION.
            fail(error.activity, error.side, error.error, of: affected)
            return false
        }
        let setsMode =
            status.kind != .symlink
            && (isNew || !needs.isDisjoint(with: [.accessControl, .mode, .owner, .group]))
        var mode: UInt32?
        do throws(AttributeFailure) {
            try setOwner(target, status, needs, isNew: isNew)
            if setsMode {
                mode = try finalMode(target, status, isNew: isNew, kept: keptMode)
                let isCleared =
                    inherited.contains(.accessControl) || !isNew && needs.contains(.accessControl)
                if isCleared, !set.hasAccessControl {
                    try removeAccessControl(target, mode, isNew: isNew)
                }
                try setMode(target, mode, set, needs)
            }
        } catch {
            fail(error.activity, .destination, error.error, isWrite: true, of: affected)
            return false
        }
        if let mark {
            // Before the others, for there may be little room; SOURCE's own of that name gives way.
            set.values.removeAll { $0.name == DamageMark.attribute }
            guard setMark(mark, on: target, of: affected) else { return false }
        }
        // From here on a refusal costs the attribute and not the data (S35).
        if needs.contains(.attributes) {
            setAttributes(target, set, isNew: isNew, of: affected)
        }
        var final = mode
        if needs.contains(.accessControl), status.kind != .symlink {
            final = setAccessControl(source, target, status, set, mode, isNew: isNew, of: affected)
        }
        if let final, !context.isRoot {
            do throws(SystemError) { try target.setMode(final) } catch {
                fail(.setMode, .destination, error, isWrite: true, of: affected)
                return false
            }
        }
        confirmSpecialBits(of: target, mode, affected)
        return finishAttributes(
            source,
            target,
            status,
            needs,
            isNew: isNew,
            inherited: inherited,
            of: affected
        )
    }

    private func finishAttributes(
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        _ needs: Differences,
        isNew: Bool,
        inherited: Inherited,
        of affected: AffectedEntry
    ) -> Bool {
        let hasSettings = status.kind == .regular || status.kind == .directory
        if isNew, hasSettings {
            carrySettings(
                from: source,
                to: target,
                without: .frozen,
                inherited: inherited,
                of: affected
            )
        }
        do throws(SystemError) {
            if needs.contains(.times) { try target.setModified(status.modified) }
        } catch {
            fail(.setTimes, .destination, error, isWrite: true, of: affected)
            return false
        }
        // A new file is frozen after it was published: a frozen inode cannot be renamed.
        guard needs.contains(.flags), hasSettings, !(isNew && status.kind == .regular),
            context.isRoot
        else { return true }
        if status.kind == .directory {
            carrySettings(from: source, to: target, without: [], inherited: .project, of: affected)
        } else {
            carryHandleSettings(from: source, to: target, of: affected)
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

    /// The mode that the entry is to have in the end, now that its owner is what it will be; nil when it keeps
    /// the one that it has.
    private func finalMode(
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        isNew: Bool,
        kept: UInt32?
    ) throws(AttributeFailure) -> UInt32? {
        guard preserved.contains(.mode) else {
            if let kept { return kept }
            return isNew ? status.mode & 0o777 & ~context.options.mask : nil
        }
        // Only setuid and setgid depend on the owner.
        guard status.mode & 0o6000 != 0 else { return status.mode }
        do throws(SystemError) {
            let actual = try target.status()
            return context.comparison.mode(of: status, owner: actual.owner, group: actual.group)
        } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
    }

    /// S54: chmod(2) and setting an ACL drop setgid without an error for those who lack CAP_FSETID and are not in
    /// the group (setattr_prepare in fs/attr.c), so special bits are read back.
    ///
    /// Only of entries that are to have some: all others pay nothing.
    private func confirmSpecialBits(
        of target: borrowing Descriptor,
        _ mode: UInt32?,
        _ affected: AffectedEntry
    ) {
        guard let mode, mode & 0o7000 != 0 else { return }
        do throws(SystemError) {
            let actual = try target.status().mode
            if actual & 0o7000 == mode & 0o7000 { return }
            let octal = (String(mode, radix: 8), String(actual, radix: 8))
            fail(
                .setMode,
                .destination,
                nil,
                detail: "set to \(octal.0), and it is \(octal.1)",
                of: affected
            )
        } catch {
            fail(.setMode, .destination, error, of: affected)
        }
    }

    /// S25, S36: an ACL that SOURCE does not have, inherited or old, goes before the mode is set, which would
    /// only change its mask; and rights of the group before the ACL, which may have held them back.
    private func removeAccessControl(
        _ target: borrowing Descriptor,
        _ mode: UInt32?,
        isNew: Bool
    ) throws(AttributeFailure) {
        do throws(SystemError) {
            if isNew { return try target.removeAccessControl(.access) }
            if let mode {
                try target.setMode(mode & ~0o070)
                return try target.removeAccessControl(.access)
            }
            // S67: it keeps its mode, of which the ACL has held some back.
            guard let list = try AccessControlList(.access, of: target), !list.isModeOnly else {
                return
            }
            let current = try target.status().mode
            let narrowed = list.narrowed(current)
            try target.setMode(narrowed & ~0o070)
            try target.removeAccessControl(.access)
            try target.setMode(narrowed)
        } catch {
            throw AttributeFailure(.setAccessControl, .destination, error)
        }
    }

    private func setMode(
        _ target: borrowing Descriptor,
        _ mode: UInt32?,
        _ set: borrowing SourceAttributes,
        _ needs: Differences
    ) throws(AttributeFailure) {
        guard let mode else { return }
        // The group bits of an entry with an ACL are its mask: with them, but without the ACL, the owning
        // group could have more rights than the ACL gives it.
        let withheld: UInt32 = set.hasAccessControl && needs.contains(.accessControl) ? 0o070 : 0
        // Others than root set attributes only on what they may write to; the final mode follows.
        let lent: UInt32 = context.isRoot ? 0 : 0o200
        do throws(SystemError) { try target.setMode(mode & ~withheld | lent) } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
    }
}
