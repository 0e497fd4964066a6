// Extended attributes and ACLs: reading, comparing, setting (S32-S38). Which attributes there are to copy is
// libattr's rule (S33); ACLs are read, compared and set by libacl.

import LinuxIO

/// An attribute call that failed, and on which side.
struct AttributeFailure: Error {
    let activity: Failure.Activity
    let side: Failure.Side
    let error: SystemError

    init(_ activity: Failure.Activity, _ side: Failure.Side, _ error: SystemError) {
        self.activity = activity
        self.side = side
        self.error = error
    }
}

/// What an entry of SOURCE has beyond its inode.
struct SourceAttributes {
    /// Those that are copied, in the order in which they were listed.
    var values: [(name: Name, value: [UInt8])] = []
    /// Whether the kernel lists an access ACL, or a default ACL, that says more than the mode.
    var hasAccessControl = false
    var hasDefaultAccessControl = false
}

extension Worker {
    // MARK: Comparing

    /// Whether xattrs and ACLs of one name differ on the two sides, without opening either.
    ///
    /// The common case, no attributes on either side, costs two system calls and no allocation.
    func attributeDifferences(
        _ name: NamePointer,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        kind: EntryKind
    ) throws(AttributeFailure) -> Differences {
        guard !preserved.isDisjoint(with: [.attributes, .accessControl]) else { return [] }
        let sourceLength: Int?
        let targetLength: Int?
        do throws(SystemError) {
            sourceLength = try listAttributes(of: name, source, sourceNames, &sourceHadAttributes)
        } catch {
            throw AttributeFailure(.readAttributes, .source, error)
        }
        do throws(SystemError) {
            targetLength = try listAttributes(
                of: name,
                target,
                destinationNames,
                &destinationHadAttributes
            )
        } catch {
            throw AttributeFailure(.readAttributes, .destination, error)
        }
        if sourceLength == 0, targetLength == 0 { return [] }
        // Lists too long for the buffers, and ACLs that are not the same to the byte, need descriptors.
        if let sourceLength, let targetLength {
            let left = attributeNames(.init(rebasing: sourceNames[..<sourceLength]), .source)
            let right = attributeNames(
                .init(rebasing: destinationNames[..<targetLength]),
                .destination
            )
            if let differences = try compareByName(name, source, target, left, right) {
                return differences
            }
        }
        var side = Failure.Side.source
        let handles: (source: SharedDescriptor, target: SharedDescriptor)
        do throws(SystemError) {
            let sourceHandle = SharedDescriptor(try source.openHandle(name))
            side = .destination
            handles = (sourceHandle, SharedDescriptor(try target.openHandle(name)))
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
        return try attributeDifferences(
            handles.source.descriptor,
            handles.target.descriptor,
            kind: kind
        )
    }

    /// Lists the attributes of a name; nil when the buffer is too small.
    ///
    /// Where the one before had none this one is only asked whether it has any: with a buffer of no size the
    /// kernel allocates none of its own (4 % of a warm pass over unchanged entries).
    private func listAttributes(
        of name: NamePointer,
        _ directory: borrowing Descriptor,
        _ buffer: UnsafeMutableBufferPointer<CChar>,
        _ hadAttributes: inout Bool
    ) throws(SystemError) -> Int? {
        if !hadAttributes {
            let none = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)
            if try directory.attributeNames(of: name, into: none) == 0 { return 0 }
        }
        let length = try directory.attributeNames(of: name, into: buffer)
        hadAttributes = length != 0
        return length
    }

    private func attributeNames(
        _ list: UnsafeMutableBufferPointer<CChar>,
        _ side: Failure.Side
    ) -> AttributeNames {
        let list = UnsafeBufferPointer(list)
        return side == .source
            ? sourceNamesCache.names(list, isRoot: context.isRoot, preserved)
            : destinationNamesCache.names(list, isRoot: context.isRoot, preserved)
    }

    /// Compares values read by name; nil when ACLs must be asked of libacl.
    private func compareByName(
        _ name: NamePointer,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ left: AttributeNames,
        _ right: AttributeNames
    ) throws(AttributeFailure) -> Differences? {
        var differences: Differences = []
        if !left.hasSameCopied(as: right) {
            differences.insert(.attributes)
        } else {
            for attribute in left.copied
            where try !isEqual(attribute, of: name, source, target) {
                differences.insert(.attributes)
                break
            }
        }
        guard left.hasAccess == right.hasAccess, left.hasDefault == right.hasDefault else {
            return nil
        }
        // Equal bytes are equal ACLs; others may still be, with their entries in another order.
        if left.hasAccess, try !isEqual(AttributeNames.access, of: name, source, target) {
            return nil
        }
        if left.hasDefault, try !isEqual(AttributeNames.defaults, of: name, source, target) {
            return nil
        }
        return differences
    }

    /// Whether an attribute has the same value on both sides, or is missing on both.
    private func isEqual(
        _ attribute: Name,
        of name: NamePointer,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor
    ) throws(AttributeFailure) -> Bool {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = try attribute.withPointer { pointer throws(SystemError) in
                try source.attribute(pointer, of: name, into: sourceValue)
            }
            side = .destination
            let right = try attribute.withPointer { pointer throws(SystemError) in
                try target.attribute(pointer, of: name, into: destinationValue)
            }
            guard let left, let right else { return left == right }
            return haveSameBytes(
                UnsafeRawBufferPointer(rebasing: sourceValue[..<left]),
                UnsafeRawBufferPointer(rebasing: destinationValue[..<right])
            )
        } catch {
            guard error.code == .outOfRange else {
                throw AttributeFailure(.readAttributes, side, error)
            }
        }
        return try value(attribute, of: name, source, .source)
            == value(attribute, of: name, target, .destination)
    }

    private func value(
        _ attribute: Name,
        of name: NamePointer,
        _ directory: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) {
            return try attribute.withPointer { pointer throws(SystemError) in
                try directory.attribute(pointer, of: name)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// The same for two open entries.
    func attributeDifferences(
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        kind: EntryKind
    ) throws(AttributeFailure) -> Differences {
        guard !preserved.isDisjoint(with: [.attributes, .accessControl]) else { return [] }
        let left = try names(of: source, .source)
        let right = try names(of: target, .destination)
        var differences: Differences = []
        if !left.hasSameCopied(as: right) {
            differences.insert(.attributes)
        } else {
            for attribute in left.copied
            where try value(attribute, of: source, .source)
                != value(attribute, of: target, .destination)
            {
                differences.insert(.attributes)
                break
            }
        }
        guard kind != .symlink, preserved.contains(.accessControl) else { return differences }
        if left.hasAccess || right.hasAccess, try !areEqual(.access, source, target) {
            differences.insert(.accessControl)
        }
        if left.hasDefault || right.hasDefault, try !areEqual(.defaults, source, target) {
            differences.insert(.accessControl)
        }
        return differences
    }

    private func names(
        of entry: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(AttributeFailure) -> AttributeNames {
        do throws(SystemError) {
            let buffer = side == .source ? sourceNames : destinationNames
            if let length = try entry.attributeNames(into: buffer) {
                return attributeNames(.init(rebasing: buffer[..<length]), side)
            }
            // Longer lists are rare and are not remembered.
            return try entry.attributeNames().withUnsafeBufferPointer {
                AttributeNames($0, isRoot: context.isRoot, preserved)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    private func value(
        _ attribute: Name,
        of entry: borrowing Descriptor,
        _ side: Failure.Side
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) {
            return try attribute.withPointer { pointer throws(SystemError) in
                try entry.attribute(pointer)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Whether both sides' ACLs say the same; one that says no more than the mode counts as none (S36).
    private func areEqual(
        _ kind: AccessControlKind,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor
    ) throws(AttributeFailure) -> Bool {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = try AccessControlList(kind, of: source)
            side = .destination
            let right = try AccessControlList(kind, of: target)
            return Self.areEqual(kind, left, right)
        } catch {
            throw AttributeFailure(.readAccessControl, side, error)
        }
    }

    private static func areEqual(
        _ kind: AccessControlKind,
        _ left: borrowing AccessControlList?,
        _ right: borrowing AccessControlList?
    ) -> Bool {
        switch left {
        case .none:
            switch right {
            case .none: return true
            case .some(let right): return right.isTrivial(kind)
            }
        case .some(let left):
            switch right {
            case .none: return left.isTrivial(kind)
            case .some(let right):
                return left.isTrivial(kind) && right.isTrivial(kind) || left.isEqual(to: right)
            }
        }
    }

    // MARK: Reading

    /// Reads what is to be carried from SOURCE.
    func readSource(
        _ source: borrowing Descriptor,
        kind: EntryKind,
        _ needs: Differences
    ) throws(AttributeFailure) -> SourceAttributes {
        var set = SourceAttributes()
        guard !needs.isDisjoint(with: [.attributes, .accessControl, .mode]) else { return set }
        let names = try names(of: source, .source)
        set.hasAccessControl = names.hasAccess && kind != .symlink
        set.hasDefaultAccessControl = names.hasDefault
        guard needs.contains(.attributes) else { return set }
        for name in names.copied {
            // Gone since it was listed: then there is none to copy.
            if let value = try value(name, of: source, .source) { set.values.append((name, value)) }
        }
        return set
    }

    /// Takes from a new directory what it inherited.
    func removeInheritedAccessControl(from directory: borrowing Descriptor) throws(SystemError) {
        for kind in AccessControlKind.allCases {
            try Name(kind.attributeName).withPointer { name throws(SystemError) in
                try directory.removeAttribute(name)
            }
        }
    }

    // MARK: Setting

    /// Makes the target's attributes those of SOURCE; each that is refused is one failure (S35).
    func setAttributes(
        _ target: borrowing Descriptor,
        _ set: borrowing SourceAttributes,
        isNew: Bool,
        path: @autoclosure () -> [UInt8]
    ) {
        // A new inode has at most what its filesystem gives every inode.
        if isNew, set.values.isEmpty { return }
        if !isNew { removeExtraAttributes(target, set, path: path()) }
        for (name, value) in set.values {
            do throws(SystemError) {
                if !isNew, try current(name, of: target) == value { continue }
                try name.withPointer { pointer throws(SystemError) in
                    try target.setAttribute(pointer, value)
                }
            } catch {
                fail(
                    .setAttribute,
                    .destination,
                    error,
                    isWrite: true,
                    detail: "\(String(decoding: name.bytes, as: UTF8.self)), \(value.count) bytes",
                    path: path()
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
        path: @autoclosure () -> [UInt8]
    ) {
        var wanted: Set<Name> = []
        for (name, _) in set.values { wanted.insert(name) }
        do throws(AttributeFailure) {
            for name in try names(of: target, .destination).copied where !wanted.contains(name) {
                do throws(SystemError) {
                    try name.withPointer { pointer throws(SystemError) in
                        try target.removeAttribute(pointer)
                    }
                } catch {
                    throw AttributeFailure(.setAttribute, .destination, error)
                }
            }
        } catch {
            fail(error.activity, error.side, error.error, isWrite: true, path: path())
        }
    }

    /// Sets the ACLs that SOURCE has and removes those that it lacks (S36).
    ///
    /// The access ACL that an entry must not have was removed before its mode was set.
    func setAccessControl(
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ status: FileStatus,
        _ set: borrowing SourceAttributes,
        _ mode: UInt32?,
        isNew: Bool,
        path: @autoclosure () -> [UInt8]
    ) {
        let mode = mode ?? status.mode
        if set.hasAccessControl {
            copyAccessControl(.access, source, target, mode, path: path())
        }
        guard status.kind == .directory else { return }
        if set.hasDefaultAccessControl {
            copyAccessControl(.defaults, source, target, mode, path: path())
        } else if !isNew {
            do throws(SystemError) {
                try Name(AccessControlKind.defaults.attributeName).withPointer {
                    name throws(SystemError) in
                    try target.removeAttribute(name)
                }
            } catch {
                fail(.setAccessControl, .destination, error, isWrite: true, path: path())
            }
        }
    }

    private func copyAccessControl(
        _ kind: AccessControlKind,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ mode: UInt32,
        path: @autoclosure () -> [UInt8]
    ) {
        var side = Failure.Side.source
        var text = ""
        do throws(SystemError) {
            guard let list = try AccessControlList(kind, of: source) else { return }
            text = list.text
            side = .destination
            if list.isTrivial(kind) {
                // S38: the mode says the same, and it gets back the bits that were withheld.
                if kind == .access { try target.setMode(mode) }
                return
            }
            try list.apply(kind, to: target)
            // Setting an ACL can take setgid from those who may not set it.
            if kind == .access, mode & 0o7000 != 0 { try target.setMode(mode) }
        } catch {
            fail(
                side == .source ? .readAccessControl : .setAccessControl,
                side,
                error,
                isWrite: side == .destination,
                detail: text.isEmpty ? nil : text,
                path: path()
            )
        }
    }
}

extension AccessControlList {
    /// Whether it says nothing beyond the mode, or as a default ACL nothing at all.
    func isTrivial(_ kind: AccessControlKind) -> Bool { kind == .access ? isModeOnly : isEmpty }
}
