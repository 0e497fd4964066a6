// Whether the extended attributes and ACLs of one entry find room on DESTINATION: ext4 without `ea_inode` has the
// rest of the inode and one block for them (S35). What is surely small enough is known by adding up; all else is
// tried out on a file without a name, with attributes of the same sizes.

import LinuxIO

/// The sizes of one entry's attributes, in the order in which a pass sets them: names without the part before
/// the first dot, which ext4 does not store, and values.
struct AttributeSizes: Hashable, Sendable {
    struct Size: Hashable, Sendable {
        var name: Int
        var value: Int
    }

    var sizes: [Size] = []

    init(_ sizes: [Size] = []) { self.sizes = sizes }

    mutating func add(_ name: Name, valueBytes: Int) {
        let dot = name.bytes.firstIndex(of: 0x2E) ?? name.bytes.startIndex - 1
        sizes.append(Size(name: name.bytes[(dot + 1)...].count, value: valueBytes))
    }

    /// What ext4 needs for them: 16 bytes for each, names and values in fours (struct ext4_xattr_entry).
    ///
    /// ACLs count as the kernel shows them, a little more than ext4 stores.
    var ext4Bytes: Int {
        sizes.reduce(0) { $0 + 16 + ($1.name + 3) / 4 * 4 + ($1.value + 3) / 4 * 4 }
    }

    /// Whether one block holds them whatever is in the inode: 32 bytes of head, 4 at the end.
    func fit(blockBytes: UInt64) -> Bool { ext4Bytes <= Int(clamping: blockBytes) - 36 }
}

/// Tries out sizes on DESTINATION.
///
/// Any thread; each set of sizes is tried once.
final class AttributeTrial: Sendable {
    private let root: SharedDescriptor
    private let known = Lock<[AttributeSizes: Bool]>([:])

    init(on root: SharedDescriptor) { self.root = root }

    /// Whether DESTINATION takes all of them for one file; nil where that cannot be tried.
    func takes(_ sizes: AttributeSizes) -> Bool? {
        // Held while it is tried: the trials of several threads would only wait for each other's journal.
        known.withLock { known in
            if let answer = known[sizes] { return answer }
            let answer = attempt(sizes)
            if known.count < Self.knownMax { known[sizes] = answer }
            return answer
        }
    }

    private static let knownMax = 10_000

    private func attempt(_ sizes: AttributeSizes) -> Bool? {
        do throws(SystemError) {
            let file = try root.descriptor.createUnnamedFile()
            for (index, size) in sizes.sizes.enumerated() {
                do throws(SystemError) {
                    try Self.name(index, length: size.name).withPointer {
                        name throws(SystemError) in
                        try file.setAttribute(name, [UInt8](repeating: 0x78, count: size.value))
                    }
                } catch {
                    switch error.code {
                    case .noSpace, .argumentsTooLong, .outOfRange: return false
                    default: throw error
                    }
                }
            }
            return true
        } catch {
            return nil
        }
    }

    /// A name of `user.` with so many bytes behind the dot, another for each index where there is room.
    private static func name(_ index: Int, length: Int) -> Name {
        let digits = Array(String(index, radix: 36).utf8)
        let rest = [UInt8](repeating: 0x2D, count: max(length - digits.count, 0))
        return Name(Array("user.".utf8) + digits + rest)
    }
}

/// Reads the sizes of what SOURCE has.
struct AttributeMeasure {
    let limits: CensusLimits
    let trial: AttributeTrial?
    let scope: AttributeScope

    /// Whether DESTINATION may not hold the attributes of the entry behind a handle, and their bytes.
    func excess(of entry: borrowing Descriptor) throws(SystemError) -> Int? {
        let list = try entry.attributeNames()
        guard !list.isEmpty else { return nil }
        let names = list.withUnsafeBufferPointer { AttributeNames($0, scope) }
        var sizes = AttributeSizes()
        for name in Self.all(names) {
            let value = try name.withPointer { pointer throws(SystemError) in
                try entry.attribute(pointer)
            }
            if let value { sizes.add(name, valueBytes: value.count) }
        }
        return excess(sizes)
    }

    /// The same for the entry `name` of a directory.
    func excess(
        of name: NamePointer,
        in directory: borrowing Descriptor,
        names list: UnsafeBufferPointer<CChar>
    ) throws(SystemError) -> Int? {
        let names = AttributeNames(list, scope)
        var sizes = AttributeSizes()
        for attribute in Self.all(names) {
            let value = try attribute.withPointer { pointer throws(SystemError) in
                try directory.attribute(pointer, of: name)
            }
            if let value { sizes.add(attribute, valueBytes: value.count) }
        }
        return excess(sizes)
    }

    private static func all(_ names: AttributeNames) -> [Name] {
        names.copied + (names.hasAccess ? [AttributeNames.access] : [])
            + (names.hasDefault ? [AttributeNames.defaults] : [])
    }

    private func excess(_ sizes: AttributeSizes) -> Int? {
        if sizes.fit(blockBytes: limits.blockBytes) { return nil }
        return trial?.takes(sizes) == true ? nil : sizes.ext4Bytes
    }
}
