// What entries of one side have beyond their inodes: the names and values of extended attributes, by name without
// opening the entry, or of one that is open. Which names are looked at is libattr's rule (S33).

import LinuxIO

/// Reads the attributes of entries of one side.
///
/// Belongs to one worker: it holds that worker's buffers.
final class AttributeReader {
    let side: Failure.Side
    private let scope: AttributeScope
    /// Names, as the kernel lists them; what does not fit is read anew with more room.
    private let listed = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1024)
    /// A value; what does not fit is read anew with more room.
    private let value = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    /// Whether the entry looked at last had any.
    private var hadAttributes = false
    /// What lists of names mean.
    private var cache = AttributeNamesCache()

    init(_ side: Failure.Side, _ scope: AttributeScope) {
        self.side = side
        self.scope = scope
    }

    deinit {
        listed.deallocate()
        value.deallocate()
    }

    /// The names of the attributes of an entry that is not open; nil: too many to tell without opening it.
    ///
    /// Where the one before had none this one is only asked whether it has any: with a buffer of no size the
    /// kernel allocates none of its own (4 % of a warm pass over unchanged entries). The corresponding system call is
    /// `llistxattr`.
    func names(
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(AttributeFailure) -> AttributeNames? {
        do throws(SystemError) {
            if !hadAttributes {
                let none = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)
                if try directory.attributeNames(of: name, into: none) == 0 {
                    return AttributeNames()
                }
            }
            let length = try directory.attributeNames(of: name, into: listed)
            hadAttributes = length != 0
            guard let length else { return nil }
            return cache.names(UnsafeBufferPointer(rebasing: listed[..<length]), scope)
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// The same of an open entry, however many it has.
    func names(of entry: borrowing Descriptor) throws(AttributeFailure) -> AttributeNames {
        do throws(SystemError) {
            if let length = try entry.attributeNames(into: listed) {
                return cache.names(UnsafeBufferPointer(rebasing: listed[..<length]), scope)
            }
            // Longer lists are rare and are not remembered.
            return try entry.attributeNames().withUnsafeBufferPointer { AttributeNames($0, scope) }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// The value of one of them; nil when it is gone.
    func value(
        _ attribute: Name,
        of entry: borrowing Descriptor
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) {
            return try attribute.withPointer { pointer throws(SystemError) in
                try entry.attribute(pointer)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// The same of an entry that is not open.
    func value(
        _ attribute: Name,
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(AttributeFailure) -> [UInt8]? {
        do throws(SystemError) {
            return try attribute.withPointer { pointer throws(SystemError) in
                try directory.attribute(pointer, of: name)
            }
        } catch {
            throw AttributeFailure(.readAttributes, side, error)
        }
    }

    /// A value in this reader's memory, which is good until its next one.
    enum ShortValue {
        case bytes(UnsafeRawBufferPointer)
        case gone
        /// More than there is room for.
        case long
    }

    /// The same without an allocation.
    func shortValue(
        _ attribute: Name,
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(AttributeFailure) -> ShortValue {
        do throws(SystemError) {
            let length = try attribute.withPointer { pointer throws(SystemError) in
                try directory.attribute(pointer, of: name, into: value)
            }
            guard let length else { return .gone }
            return .bytes(UnsafeRawBufferPointer(rebasing: value[..<length]))
        } catch {
            if error.code == .outOfRange { return .long }
            throw AttributeFailure(.readAttributes, side, error)
        }
    }
}
