// Everything of a tree in memory, to compare many small trees within this process: hundreds of
// faults are too many for the tools that Oracle asks, so those see a sample and this sees all.
//
// Kept: type, mode, owner, size, mtime, device, target, contents, extended attributes with ACLs,
// and which names share an inode. `lost+found` at the root and trusted.SGI_ACL_* are left out (S5,
// S33).

import Glibc

/// A tree as it was when it was looked at.
package struct TreeImage: Sendable {
    private struct Entry: Sendable, Equatable {
        var inode: [Int]
        var target: [UInt8]
        var contents: [UInt8]
        var attributes: [String: [UInt8]]
        /// The first name of the same inode, by bytes; its own where there is no other.
        var firstName: [UInt8]
    }

    private let entries: [[UInt8]: Entry]

    /// Looks at a tree.
    ///
    /// - Throws: `CallError` when something of it cannot be read.
    package init(_ root: [UInt8]) throws {
        var found: [[UInt8]: Entry] = [:]
        var names: [UInt64: [UInt8]] = [:]
        for name in [[]] + (try Files.tree(root)) {
            if name.starts(with: bytes("lost+found")) { continue }
            let path = joined(root, name)
            let status = try Files.status(path)
            let kind = status.st_mode & S_IFMT
            let first = names[UInt64(status.st_ino)] ?? name
            names[UInt64(status.st_ino)] = first
            let hasDevice = kind == S_IFBLK || kind == S_IFCHR
            found[name] = Entry(
                inode: [
                    Int(status.st_mode), Int(status.st_uid), Int(status.st_gid),
                    kind == S_IFDIR ? 0 : Int(status.st_size),
                    status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                    hasDevice ? Int(status.st_rdev) : 0,
                ],
                target: kind == S_IFLNK ? try Files.target(path) : [],
                contents: kind == S_IFREG ? try Files.read(path) : [],
                attributes: try Files.attributes(path),
                firstName: first
            )
        }
        entries = found
    }

    /// The paths at which another tree differs, came short or has more; sorted.
    package func differences(_ other: TreeImage) -> [[UInt8]] {
        let all = Set(entries.keys).union(other.entries.keys)
        return all.filter { entries[$0] != other.entries[$0] }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether the tree has an entry of this path.
    package func contains(_ path: [UInt8]) -> Bool { entries[path] != nil }

    /// The first name, by bytes, of the inode that this path leads to; nil where there is no entry.
    package func firstName(of path: [UInt8]) -> [UInt8]? { entries[path]?.firstName }

    /// Files of `copy` with this tree's size and mtime and other contents: what no later pass would
    /// find again.
    package func falseCopies(in copy: TreeImage) -> [[UInt8]] {
        copy.entries.compactMap { name, entry in
            guard let mine = entries[name], mode_t(mine.inode[0]) & S_IFMT == S_IFREG,
                mode_t(entry.inode[0]) & S_IFMT == S_IFREG,
                mine.inode[3...5] == entry.inode[3...5], mine.contents != entry.contents
            else { return nil }
            return name
        }
    }

    /// What differs at one path, for messages; contents by a sum.
    package func explain(_ path: [UInt8], _ other: TreeImage) -> String {
        func sum(_ contents: [UInt8]) -> String {
            let sum = contents.reduce(UInt32(5381)) { ($0 &* 33) ^ UInt32($1) }
            return String(sum, radix: 16)
        }
        func text(_ entry: Entry?) -> String {
            guard let entry else { return "missing" }
            return "\(entry.inode) \(entry.contents.count) bytes \(sum(entry.contents)) "
                + "-> \(shown(entry.target)) \(entry.attributes.keys.sorted()) "
                + "first \(shown(entry.firstName))"
        }
        return "\(shown(path)): \(text(entries[path])) | \(text(other.entries[path]))"
    }
}

extension Files {
    /// The target of a symlink: `readlink()`.
    package static func target(_ path: [UInt8]) throws -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = withBytes(path) { readlink($0, &buffer, buffer.count) }
        if count < 0 { throw CallError(call: "readlink", name: shown(path), errno: errno) }
        return buffer.prefix(count).map(UInt8.init(bitPattern:))
    }

    /// All extended attributes of an entry, ACLs among them, but not XFS's shadows of ACLs.
    package static func attributes(_ path: [UInt8]) throws -> [String: [UInt8]] {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = withBytes(path) { listAttributes($0, &buffer, buffer.count) }
        if count < 0 { throw CallError(call: "llistxattr", name: shown(path), errno: errno) }
        var result: [String: [UInt8]] = [:]
        for name in records(buffer.prefix(count).map(UInt8.init(bitPattern:))) {
            let text = String(decoding: name, as: UTF8.self)
            if text.hasPrefix("trusted.SGI_ACL_") { continue }
            result[text] = try attribute(path, text)
        }
        return result
    }

    private typealias List =
        @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>, Int) -> Int

    private static let listAttributes: List = {
        guard let found = dlsym(nil, "llistxattr") else { fatalError("no llistxattr") }
        return unsafeBitCast(found, to: List.self)
    }()
}
