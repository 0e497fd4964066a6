// A directory of a test's own on each filesystem that matters: XFS and ext4 on loop devices, and
// tmpfs. Wrappers are tried on all three: what one forgives, another does not.

import LinuxIO
import TestSupport
import Testing

/// A filesystem on which wrappers are tried.
enum Filesystem: String, CaseIterable, Sendable, Codable {
    case xfs, ext4, tmpfs
}

/// An empty directory, open; gone with the object.
final class Place {
    let path: [UInt8]
    /// Opened by the code under test.
    let directory: Descriptor

    private static let memory: Result<[UInt8], any Error> = Result {
        let path = joined(try Scratch.directory(), Scratch.uniqueName("memory"))
        // The watcher of Scratch unmounts it when the process ends.
        try Shell.run("mkdir -- \"$1\" && mount -t tmpfs -o size=512m none \"$1\"", path)
        return path
    }

    init(on filesystem: Filesystem) throws {
        let base: [UInt8]
        switch filesystem {
        case .xfs: base = try VolumePair.shared().xfs
        case .ext4: base = try VolumePair.shared().ext4
        case .tmpfs: base = try Self.memory.get()
        }
        path = joined(base, Scratch.uniqueName("place"))
        try Files.makeDirectory(path)
        directory = try Descriptor.openRoot(Name(path))
    }

    deinit { remove() }

    func remove() {
        // What a failing removal leaves goes with the scratch directory.
        try? Files.removeTree(path)
    }

    /// The path of an entry in it.
    func of(_ name: String) -> [UInt8] { joined(path, name) }

    /// Makes a file with these contents and returns a handle on it.
    func file(_ name: String, _ contents: [UInt8] = []) throws -> Descriptor {
        try Files.write(of(name), contents)
        return try directory.openHandle(Name(name))
    }

    /// The status of an entry, by the code under test.
    func status(_ name: String) throws -> FileStatus {
        try #require(try directory.status(of: name))
    }

    /// The value of an entry's attribute, by its handle.
    func attribute(_ attribute: String, of name: String) throws -> [UInt8]? {
        let handle = try directory.openHandle(Name(name))
        return try handle.attribute(attribute)
    }

    /// Makes an entry of each type: regular, directory, symlink, character, block, fifo, socket.
    func makeOneOfEach() throws {
        try Files.write(of("regular"), [1])
        try Files.makeDirectory(of("directory"))
        try Files.link(symbolic: of("symlink"), to: bytes("nowhere"))
        for kind in [EntryKind.characterDevice, .blockDevice, .fifo, .socket] {
            try directory.makeSpecial("\(kind)", kind: kind, mode: 0o600, major: 7, minor: 3)
        }
    }
}

/// The names in a list of attributes, sorted; the kernel's order is nobody's business.
func cut(_ list: [CChar]) -> [String] {
    list.split(separator: 0).map {
        String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    .sorted()
}

/// A moment.
func moment(_ seconds: Int64, _ nanoseconds: UInt32 = 0) -> Timestamp {
    Timestamp(seconds: seconds, nanoseconds: nanoseconds)
}

/// An ACL that must be there; `#require` takes no type that cannot be copied.
func accessControl(
    _ kind: AccessControlKind,
    of descriptor: borrowing Descriptor
) throws -> AccessControlList {
    guard let list = try AccessControlList(kind, of: descriptor) else {
        throw CallError(call: "acl_get_file", name: "\(kind)", errno: 95)
    }
    return list
}
