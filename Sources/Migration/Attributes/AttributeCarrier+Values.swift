// Extended attributes and ACLs: reading and setting (S32-S38). Comparing them is AttributeComparer's.

import LinuxIO

/// What an entry of SOURCE has beyond its inode.
struct SourceAttributes {
    /// Those that are copied, in the order in which they were listed.
    var values: [(name: Name, value: [UInt8])] = []
    /// Whether the kernel lists an access ACL, or a default ACL, that says more than the mode.
    var hasAccessControl = false
    var hasDefaultAccessControl = false
}

extension AttributeCarrier {
    // MARK: Reading

    /// Reads what is to be carried from SOURCE.
    func readSource(
        _ source: borrowing Descriptor,
        _ wanted: CarriedAttributes
    ) throws(AttributeFailure) -> SourceAttributes {
        var set = SourceAttributes()
        let needs = wanted.needs
        guard !needs.isDisjoint(with: [.attributes, .accessControl, .mode]) else { return set }
        let names: AttributeNames
        if let survey = wanted.survey {
            guard let found = survey.names else { return set }
            names = found
        } else {
            names = try comparer.source.names(of: source)
        }
        set.hasAccessControl = names.hasAccess && wanted.status.kind != .symlink
        set.hasDefaultAccessControl = names.hasDefault
        guard needs.contains(.attributes) else { return set }
        for name in names.copied {
            // Gone since it was listed: then there is none to copy.
            if let value = try comparer.source.value(name, of: source) {
                set.values.append((name, value))
            }
        }
        return set
    }

    // MARK: Setting

    /// Makes the target's attributes those of SOURCE; each that is refused is one failure (S35).
    func setValues(
        _ wanted: CarriedAttributes,
        _ set: borrowing SourceAttributes,
        of target: borrowing Descriptor,
        _ report: some StepReporting
    ) {
        // A new inode has at most what its filesystem gives every inode.
        if wanted.isNew, set.values.isEmpty { return }
        if !wanted.isNew { removeExtraAttributes(target, set, report) }
        for (name, value) in set.values {
            do throws(SystemError) {
                if !wanted.isNew, try current(name, of: target) == value { continue }
                try name.withPointer { pointer throws(SystemError) in
                    try target.setAttribute(pointer, value)
                }
            } catch {
                report.failWrite(
                    .setAttribute,
                    error,
                    detail: "\(String(decoding: name.bytes, as: UTF8.self)), \(value.count) bytes"
                )
            }
        }
    }

    private func current(
        _ name: Name,
        of target: borrowing Descriptor
    ) throws(SystemError) -> [UInt8]? {
        try name.withPointer { pointer throws(SystemError) in try target.attribute(pointer) }
    }

    /// S32: what SOURCE lacks goes; first, for it may hold the room that others need.
    private func removeExtraAttributes(
        _ target: borrowing Descriptor,
        _ set: borrowing SourceAttributes,
        _ report: some StepReporting
    ) {
        var wanted: Set<Name> = []
        for (name, _) in set.values { wanted.insert(name) }
        do throws(AttributeFailure) {
            for name in try comparer.destination.names(of: target).copied
            where !wanted.contains(name) {
                do throws(SystemError) {
                    try name.withPointer { pointer throws(SystemError) in
                        try target.removeAttribute(pointer)
                    }
                } catch {
                    report.failWrite(
                        .setAttribute,
                        error,
                        detail: String(decoding: name.bytes, as: UTF8.self)
                    )
                }
            }
        } catch {
            report.fail(error)
        }
    }

    /// Sets the ACLs that SOURCE has and removes those that it lacks (S36).
    ///
    /// The access ACL that an entry must not have was removed before its mode was set. `mode`: nil where the entry keeps
    /// its own. Returns the mode that the entry has now, or nil as `mode` is.
    func setAccessControl(  // Six: both ends, what is wanted of them, and where failures go.
        _ wanted: CarriedAttributes,
        _ set: borrowing SourceAttributes,
        _ mode: UInt32?,
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        _ report: some StepReporting
    ) -> UInt32? {
        let modes = (wanted: mode, source: wanted.status.mode)
        var final = mode
        if set.hasAccessControl {
            final = copyAccessControl(.access, modes, from: source, to: target, report)
        }
        guard wanted.status.kind == .directory else { return final }
        if set.hasDefaultAccessControl {
            // No mode depends on it.
            _ = copyAccessControl(.defaults, modes, from: source, to: target, report)
        } else if !wanted.isNew {
            do throws(SystemError) {
                // A filesystem without ACLs refuses to remove one, too.
                if try target.hasDefaultAccessControl() {
                    try target.removeAccessControl(.defaults)
                }
            } catch {
                report.failWrite(.setAccessControl, error)
            }
        }
        return final
    }

    /// Returns the mode that the entry has with it: where it could not be set, without what it would have held back.
    private func copyAccessControl(
        _ kind: AccessControlKind,
        _ modes: (wanted: UInt32?, source: UInt32),
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        _ report: some StepReporting
    ) -> UInt32? {
        let list: AccessControlList
        do throws(SystemError) {
            // It was listed: a filesystem without ACLs is no answer then.
            guard let found = try AccessControlList(kind, of: source) else {
                throw SystemError(.getACL, .notSupported)
            }
            list = found
        } catch {
            report.fail(.readAccessControl, .source, error)
            return modes.wanted.map { $0 & ~0o070 }
        }
        do throws(SystemError) {
            if list.isTrivial(kind) {
                // S38: the mode says the same, and it gets back the bits that were withheld.
                if kind == .access, let mode = modes.wanted { try target.setMode(mode) }
                return modes.wanted
            }
            guard kind == .access else {
                try list.apply(kind, to: target)
                return modes.wanted
            }
            let own: UInt32
            if let wanted = modes.wanted { own = wanted } else { own = try target.status().mode }
            try list.apply(kind, to: target)
            // Setting an ACL can take setgid from those who may not set it. The other bits are the ACL's (S67).
            let final = own & 0o7000 | modes.source & 0o777
            if own & 0o7000 != 0 { try target.setMode(final) }
            return modes.wanted == nil ? nil : final
        } catch {
            let text = list.text
            report.failWrite(.setAccessControl, error, detail: text.isEmpty ? nil : text)
            return modes.wanted.map { $0 & ~0o070 }
        }
    }
}
