// Owner and mode, in the order in which nobody has more rights at any instant than in the end (S14, S67).

import LinuxIO

extension AttributeCarrier {
    /// Sets both, as far as they are needed, and takes off the ACL that the entry must not have.
    ///
    /// Returns the mode that the entry is to have in the end; nil where it keeps the one that it has.
    func setOwnerAndMode(
        _ wanted: CarriedAttributes,
        _ set: borrowing SourceAttributes,
        of target: borrowing Descriptor
    ) throws(AttributeFailure) -> UInt32? {
        let needs = wanted.needs
        try setOwner(wanted, of: target)
        guard wanted.status.kind != .symlink,
            wanted.isNew || !needs.isDisjoint(with: [.accessControl, .mode, .owner, .group])
        else { return nil }
        let mode = try finalMode(wanted, of: target)
        if wanted.hasItsMode { return mode }
        let isCleared =
            wanted.inherited.contains(.accessControl)
            || !wanted.isNew && needs.contains(.accessControl)
        if isCleared, !set.hasAccessControl {
            try removeAccessControl(target, mode, isNew: wanted.isNew)
        }
        if let mode { try setMode(mode, set, needs, of: target) }
        return mode
    }

    /// The mode that a file can be made with in a directory that nobody but root can enter, so that it need not be set;
    /// nil: as 0600, for something has to come before it.
    ///
    /// Setuid, setgid and sticky come after the owner, and the group's bits of an entry with an ACL come with that. What
    /// inherits an ACL loses that first. Others than root need the right to write to it for the attributes.
    func modeAtBirth(
        _ status: FileStatus,
        _ survey: SourceSurvey,
        _ inherited: Inherited
    ) -> UInt32? {
        guard rules.isRoot, !inherited.contains(.accessControl) else { return nil }
        let mode =
            rules.preserved.contains(.mode) ? status.mode : status.mode & 0o777 & ~rules.mask
        return mode & 0o7000 == 0 ? mode & ~withheld(survey.hasAccessControl) : nil
    }

    /// The group bits of an entry with an ACL are its mask: with them, but without the ACL, the owning group could have
    /// more rights than the ACL gives it.
    private func withheld(_ getsAccessControl: Bool) -> UInt32 { getsAccessControl ? 0o070 : 0 }

    private func setOwner(
        _ wanted: CarriedAttributes,
        of target: borrowing Descriptor
    ) throws(AttributeFailure) {
        let status = wanted.status
        guard !wanted.needs.isDisjoint(with: [.owner, .group]) else { return }
        let made: UInt32 = status.kind == .directory ? 0o700 : 0o600
        let keepsMode = rules.preserved.contains(.mode)
        do throws(SystemError) {
            // At no instant has the new owner more rights than in the end.
            if wanted.hasItsMode {
                // It was made with them.
            } else if wanted.isNew, status.kind != .symlink, made & ~status.mode != 0, keepsMode {
                try target.setMode(made & status.mode)
            } else if !wanted.isNew, status.kind != .symlink, keepsMode {
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
                wanted.needs.contains(.owner) ? status.owner : .max,
                group: wanted.needs.contains(.group) ? status.group : .max
            )
        } catch {
            // S31: others than root set the group where they may, and it is no failure where they may not.
            if !rules.isRoot, error.code == .notPermitted { return }
            throw AttributeFailure(.setOwner, .destination, error)
        }
    }

    /// The mode that the entry is to have in the end, now that its owner is what it will be; nil when it keeps
    /// the one that it has.
    private func finalMode(
        _ wanted: CarriedAttributes,
        of target: borrowing Descriptor
    ) throws(AttributeFailure) -> UInt32? {
        let mode = wanted.status.mode
        guard rules.preserved.contains(.mode) else {
            if let kept = wanted.keptMode { return kept }
            return wanted.isNew ? mode & 0o777 & ~rules.mask : nil
        }
        // Only setuid and setgid depend on the owner.
        guard mode & 0o6000 != 0 else { return mode }
        do throws(SystemError) {
            let actual = try target.status()
            return rules.comparison.mode(
                of: wanted.status,
                owner: actual.owner,
                group: actual.group
            )
        } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
    }

    /// S54: chmod(2) and setting an ACL drop setgid without an error for those who lack CAP_FSETID and are not in
    /// the group (setattr_prepare in fs/attr.c), so special bits are read back.
    ///
    /// Only of entries that are to have some: all others pay nothing.
    func confirmSpecialBits(
        of target: borrowing Descriptor,
        _ mode: UInt32?,
        _ report: some StepReporting
    ) {
        guard let mode, mode & 0o7000 != 0 else { return }
        do throws(SystemError) {
            let actual = try target.status().mode
            if actual & 0o7000 == mode & 0o7000 { return }
            let octal = (String(mode, radix: 8), String(actual, radix: 8))
            report.fail(
                .setMode,
                .destination,
                nil,
                detail: "set to \(octal.0), and it is \(octal.1)"
            )
        } catch {
            report.fail(.setMode, .destination, error)
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
        _ mode: UInt32,
        _ set: borrowing SourceAttributes,
        _ needs: Differences,
        of target: borrowing Descriptor
    ) throws(AttributeFailure) {
        let withheld = withheld(set.hasAccessControl && needs.contains(.accessControl))
        // Others than root set attributes only on what they may write to; the final mode follows.
        let lent: UInt32 = rules.isRoot ? 0 : 0o200
        do throws(SystemError) { try target.setMode(mode & ~withheld | lent) } catch {
            throw AttributeFailure(.setMode, .destination, error)
        }
    }
}
