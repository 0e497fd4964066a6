// What entries have beyond their inodes, of both sides: extended attributes and ACLs, compared (S32-S38). Attributes
// are read by AttributeReader; ACLs are compared by libacl.

import LinuxIO

/// Compares extended attributes and ACLs.
///
/// Belongs to one worker, as its readers do.
final class AttributeComparer {
    let source: AttributeReader
    let destination: AttributeReader
    private let preserved: PassOptions.Preserved
    /// Whether the mark of a salvaged file is among what is compared; asked for each unchanged file.
    let comparesDamageMark: Bool

    /// `scope`: attributes, ACLs, or both, and of attributes which (S32, S54).
    init(_ scope: AttributeScope) {
        source = AttributeReader(.source, scope)
        destination = AttributeReader(.destination, scope)
        preserved = scope.preserved
        comparesDamageMark = scope.isCopied(DamageMark.attribute)
    }

    /// Whether any attribute or ACL is looked at.
    var readsAttributes: Bool { !preserved.isDisjoint(with: [.attributes, .accessControl]) }

    /// Whether xattrs and ACLs of one name differ on the two sides, without opening either.
    ///
    /// The common case, no attributes on either side, costs two system calls and no allocation.
    func differences(
        _ name: NamePointer,
        _ sourceDirectory: borrowing Descriptor,
        _ target: borrowing Descriptor,
        kind: EntryKind
    ) throws(AttributeFailure) -> Differences {
        guard readsAttributes else { return [] }
        let left = try source.names(of: name, in: sourceDirectory)
        let right = try destination.names(of: name, in: target)
        // Lists too long for the buffers, and ACLs that are not the same to the byte, need descriptors.
        if let left, let right {
            if left.isEmpty, right.isEmpty { return [] }
            if let differences = try compareByName(name, sourceDirectory, target, left, right) {
                return differences
            }
        }
        let handles = try Self.openHandles(on: name, sourceDirectory, target)
        return try differences(
            handles.source.descriptor,
            handles.destination.descriptor,
            kind: kind
        )
    }

    /// Handles on both entries of a name, through which attributes can be read.
    static func openHandles(
        on name: NamePointer,
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor
    ) throws(AttributeFailure) -> (source: SharedDescriptor, destination: SharedDescriptor) {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = SharedDescriptor(try source.openHandle(name))
            side = .destination
            return (left, SharedDescriptor(try destination.openHandle(name)))
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// Compares values read by name; nil when ACLs must be asked of libacl.
    private func compareByName(
        _ name: NamePointer,
        _ sourceDirectory: borrowing Descriptor,
        _ target: borrowing Descriptor,
        _ left: AttributeNames,
        _ right: AttributeNames
    ) throws(AttributeFailure) -> Differences? {
        var differences: Differences = []
        if !left.hasSameCopied(as: right) {
            differences.insert(.attributes)
        } else {
            for attribute in left.copied
            where try !isEqual(attribute, of: name, sourceDirectory, target) {
                differences.insert(.attributes)
                break
            }
        }
        guard left.hasAccess == right.hasAccess, left.hasDefault == right.hasDefault else {
            return nil
        }
        // Equal bytes are equal ACLs; others may still be, with their entries in another order.
        if left.hasAccess, try !isEqual(AttributeNames.access, of: name, sourceDirectory, target) {
            return nil
        }
        if left.hasDefault,
            try !isEqual(AttributeNames.defaults, of: name, sourceDirectory, target)
        {
            return nil
        }
        return differences
    }

    /// Whether an attribute has the same value on both sides, or is missing on both.
    private func isEqual(
        _ attribute: Name,
        of name: NamePointer,
        _ sourceDirectory: borrowing Descriptor,
        _ target: borrowing Descriptor
    ) throws(AttributeFailure) -> Bool {
        let left = try source.shortValue(attribute, of: name, in: sourceDirectory)
        let right = try destination.shortValue(attribute, of: name, in: target)
        switch (left, right) {
        case (.bytes(let left), .bytes(let right)): return haveSameBytes(left, right)
        case (.gone, .gone): return true
        case (.gone, .bytes), (.bytes, .gone): return false
        case (.long, _), (_, .long):
            return try source.value(attribute, of: name, in: sourceDirectory)
                == destination.value(attribute, of: name, in: target)
        }
    }

    /// The same for two open entries.
    func differences(
        _ sourceEntry: borrowing Descriptor,
        _ target: borrowing Descriptor,
        kind: EntryKind
    ) throws(AttributeFailure) -> Differences {
        guard !preserved.isDisjoint(with: [.attributes, .accessControl]) else { return [] }
        let left = try source.names(of: sourceEntry)
        let right = try destination.names(of: target)
        var differences: Differences = []
        if !left.hasSameCopied(as: right) {
            differences.insert(.attributes)
        } else {
            for attribute in left.copied
            where try source.value(attribute, of: sourceEntry)
                != destination.value(attribute, of: target)
            {
                differences.insert(.attributes)
                break
            }
        }
        guard kind != .symlink, preserved.contains(.accessControl) else { return differences }
        for list in AccessControlKind.allCases {
            let areListed = (left.has(list), right.has(list))
            if areListed.0 || areListed.1,
                try !areEqual(list, sourceEntry, target, areListed: areListed)
            {
                differences.insert(.accessControl)
            }
        }
        return differences
    }

    /// Whether both sides' ACLs say the same; one that says no more than the mode counts as none (S36).
    ///
    /// `areListed`: on which sides the kernel lists one; there ENOTSUP is an error.
    func areEqual(
        _ kind: AccessControlKind,
        _ source: borrowing Descriptor,
        _ target: borrowing Descriptor,
        areListed: (source: Bool, target: Bool)
    ) throws(AttributeFailure) -> Bool {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = try AccessControlList(kind, of: source)
            if left == nil, areListed.source { throw SystemError(.getACL, .notSupported) }
            side = .destination
            let right = try AccessControlList(kind, of: target)
            if right == nil, areListed.target { throw SystemError(.getACL, .notSupported) }
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
}

extension AccessControlList {
    /// Whether it says nothing beyond the mode, or as a default ACL nothing at all.
    func isTrivial(_ kind: AccessControlKind) -> Bool { kind == .access ? isModeOnly : isEmpty }
}
