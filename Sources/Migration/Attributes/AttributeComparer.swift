// What entries have beyond their inodes, of both sides: extended attributes and ACLs, read and compared (S32-S38).
// Which attributes there are to compare is libattr's rule (S33); ACLs are compared by libacl.

import LinuxIO

/// Reads and compares extended attributes and ACLs.
///
/// Belongs to one worker: it holds that worker's buffers.
final class AttributeComparer {
    private let scope: AttributeScope
    /// Whether the mark of a salvaged file is among what is compared; asked for each unchanged file.
    let comparesDamageMark: Bool
    private var preserved: PassOptions.Preserved { scope.preserved }
    /// Names of attributes of both sides; what does not fit is read anew with more room.
    private let sourceNames = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1024)
    private let destinationNames = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1024)
    /// Whether the entries looked at last had any.
    private var sourceHadAttributes = false
    private var destinationHadAttributes = false
    /// What lists of names mean, of both sides.
    private var sourceNamesCache = AttributeNamesCache()
    private var destinationNamesCache = AttributeNamesCache()
    /// Values of attributes of both sides; what does not fit is read anew with more room.
    private let sourceValue = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 4096,
        alignment: 16
    )
    private let destinationValue = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 4096,
        alignment: 16
    )

    /// `scope`: attributes, ACLs, or both, and of attributes which (S32, S54).
    init(_ scope: AttributeScope) {
        self.scope = scope
        comparesDamageMark = scope.isCopied(DamageMark.attribute)
    }

    deinit {
        sourceNames.deallocate()
        destinationNames.deallocate()
        sourceValue.deallocate()
        destinationValue.deallocate()
    }

    /// Whether xattrs and ACLs of one name differ on the two sides, without opening either.
    ///
    /// The common case, no attributes on either side, costs two system calls and no allocation.
    func differences(
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
        return try differences(
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
            ? sourceNamesCache.names(list, scope)
            : destinationNamesCache.names(list, scope)
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
    func differences(
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
        if left.hasAccess || right.hasAccess,
            try !areEqual(.access, source, target, areListed: (left.hasAccess, right.hasAccess))
        {
            differences.insert(.accessControl)
        }
        if left.hasDefault || right.hasDefault,
            try !areEqual(
                .defaults,
                source,
                target,
                areListed: (left.hasDefault, right.hasDefault)
            )
        {
            differences.insert(.accessControl)
        }
        return differences
    }

    /// The names of an open entry's attributes, sorted by what they are.
    func names(
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
                AttributeNames($0, scope)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// The value of one of them; nil when it is gone.
    func value(
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
