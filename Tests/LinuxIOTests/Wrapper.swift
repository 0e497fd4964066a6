// The wrappers of LinuxIO as a table: which fault belongs to each, and how it is called once. Every
// call runs in a process of its own, on entries that the parent made without the code under test.

import Glibc
import LinuxIO
import TestSupport

/// A wrapper of one system call.
enum Wrapper: String, CaseIterable, Codable, Sendable {
    case openRoot, openDirectory, openHandle, reopenForReading, openRegularFile
    case reopenForWriting, openOrCreateRegularFile, lock, inputFileOpen, inputFileRead
    case createFile, createUnnamedFile
    case duplicate, statusOfName, status, makeDirectory, makeSymlink, makeSpecial, makeLink
    case removeFile, removeDirectory, rename, readSymlink, listing
    case directReadAlignment, readCached, read, write, truncate, dataStart, dataEnd, synchronize
    case synchronizeFile
    case setOwner, setMode, setModified, attributeNames, attribute, setAttribute, removeAttribute
    case attributeNamesOfName, attributeOfName, readFlags, setFlags
    case readAccessControl, setAccessControl
    case effectiveCapabilities
    case renameDirectory, exchange, readGeometry, scan, filesystemIdentifier, inodeGeneration

    /// The shim's operation, and which of its calls in `call` is the wrapper's own.
    private var shim: (operation: String, call: Int) {
        switch self {
        case .openRoot: ("openat", 1)
        case .openDirectory, .openHandle, .createFile, .createUnnamedFile: ("openat", 2)
        case .reopenForReading, .openRegularFile, .reopenForWriting: ("openat", 3)
        case .openOrCreateRegularFile: ("openat", 4)
        case .lock: ("flock", 1)
        case .inputFileOpen: ("open", 1)
        case .inputFileRead: ("read", 1)
        case .duplicate: ("fcntl", 1)
        case .statusOfName, .status: ("statx", 1)
        case .makeDirectory: ("mkdirat", 1)
        case .makeSymlink: ("symlinkat", 1)
        case .makeSpecial: ("mknodat", 1)
        case .makeLink: ("linkat", 1)
        case .removeFile, .removeDirectory: ("unlinkat", 1)
        case .rename: ("renameat", 1)
        case .readSymlink: ("readlinkat", 1)
        case .listing: ("getdents64", 1)
        case .directReadAlignment: ("statx_alignment", 1)
        case .readCached: ("preadv2", 1)
        case .read: ("pread", 1)
        case .write: ("pwrite", 1)
        case .truncate: ("ftruncate", 1)
        case .dataStart: ("lseek", 1)
        case .dataEnd: ("lseek", 2)
        case .synchronize: ("syncfs", 1)
        case .synchronizeFile: ("fsync", 1)
        case .setOwner: ("fchown", 1)
        case .setMode: ("fchmod", 1)
        case .setModified: ("utimensat", 1)
        case .attributeNames, .attributeNamesOfName: ("listxattr", 1)
        case .attribute, .attributeOfName: ("getxattr", 1)
        case .setAttribute: ("setxattr", 1)
        case .removeAttribute: ("removexattr", 1)
        case .readFlags: ("fsgetxattr", 1)
        case .setFlags: ("fssetxattr", 1)
        case .readAccessControl: ("acl_get", 1)
        case .setAccessControl: ("acl_set", 1)
        case .renameDirectory, .exchange: ("renameat", 1)
        case .readGeometry: ("xfs_geometry", 1)
        case .scan: ("xfs_bulkstat", 1)
        case .filesystemIdentifier: ("getfsuuid", 1)
        case .inodeGeneration: ("getversion", 1)
        case .effectiveCapabilities: ("capget", 1)
        }
    }

    /// The name that its errors carry.
    var operation: SystemError.Operation {
        switch self {
        case .openRoot, .openDirectory, .openHandle, .reopenForReading, .openRegularFile,
            .reopenForWriting, .openOrCreateRegularFile, .inputFileOpen,
            .createFile, .createUnnamedFile, .duplicate:
            .open
        case .lock: .flock
        case .statusOfName, .status, .directReadAlignment: .statx
        case .makeDirectory: .mkdir
        case .makeSymlink: .symlink
        case .makeSpecial: .mknod
        case .makeLink: .link
        case .removeFile: .unlink
        case .removeDirectory: .rmdir
        case .rename: .rename
        case .readSymlink: .readlink
        case .listing: .getdents64
        case .read, .readCached, .inputFileRead: .read
        case .write: .write
        case .truncate: .ftruncate
        case .dataStart, .dataEnd: .lseek
        case .synchronize: .syncfs
        case .synchronizeFile: .fsync
        case .setOwner: .chown
        case .setMode: .chmod
        case .setModified: .utimensat
        case .attributeNames, .attributeNamesOfName: .listxattr
        case .attribute, .attributeOfName: .getxattr
        case .setAttribute: .setxattr
        case .removeAttribute: .removexattr
        case .readFlags: .getFlags
        case .setFlags: .setFlags
        case .readAccessControl: .getACL
        case .setAccessControl: .setACL
        case .renameDirectory, .exchange: .rename
        case .readGeometry: .getGeometry
        case .scan: .bulkStatus
        case .filesystemIdentifier: .getIdentifier
        case .inodeGeneration: .getGeneration
        case .effectiveCapabilities: .capget
        }
    }

    /// The value of CUTOVER_FAULTS that makes `count` calls fail, the wrapper's own first.
    func fault(_ error: String, count: Int) -> String {
        "\(shim.operation):\(shim.call):\(error):\(count)"
    }

    /// A new directory with what the calls need, on ext4 where the wrapper is not XFS's own; the watcher of
    /// Scratch removes it.
    func makePlace() throws -> [UInt8] {
        let pair = try VolumePair.shared()
        let volume = [.readGeometry, .scan].contains(self) ? pair.xfs : pair.ext4
        let path = joined(volume, Scratch.uniqueName("wrapper"))
        try Files.makeDirectory(path)
        try Files.write(joined(path, "file"), [1, 2, 3])
        try Files.makeDirectory(joined(path, "directory"))
        try Files.link(symbolic: joined(path, "link"), to: bytes("target"))
        try Files.setAttribute(joined(path, "file"), "trusted.x", [4, 5])
        return path
    }

    /// Calls the wrapper once and says `done`.
    func call(_ path: [UInt8]) throws -> String {
        _ = try answer(path)  // What it answers is asked elsewhere; here only whether it throws.
        return "done"
    }

    /// What a body returned, or the call and errno that it threw.
    static func result(_ body: () throws -> String) -> String {
        do { return try body() } catch let error as SystemError {
            return "\(error.operation.rawValue): \(error.code.name)"
        } catch { return "\(error)" }
    }

    /// Calls the wrapper once and describes what came out.
    func answer(_ path: [UInt8]) throws -> String {
        let root = try Descriptor.openRoot(Name(path))
        switch self {
        case .openRoot: break
        case .openDirectory: try root.openDirectory(Name("directory")).close()
        case .openHandle: try root.openHandle(Name("file")).close()
        case .reopenForReading: try root.openHandle(Name("file")).reopenForReading().close()
        case .openRegularFile:
            return try root.openRegularFile("file", isDirect: false) == nil ? "nil" : "done"
        case .reopenForWriting: try root.openHandle(Name("file")).reopenForWriting().close()
        case .openOrCreateRegularFile:
            let file = try root.openOrCreateRegularFile(Name("file"), mode: 0o600)
            return file == nil ? "nil" : "done"
        case .lock: return try root.lock(.exclusive) ? "done" : "nil"
        case .inputFileOpen: try InputFile.open(Name(joined(path, "file"))).close()
        case .inputFileRead:
            return "\(try InputFile.contents(of: Name(joined(path, "file")), bytesMax: 9).count)"
        case .createFile: try root.createFile(Name("new"), mode: 0o600).close()
        case .createUnnamedFile: try root.createUnnamedFile().close()
        case .duplicate: try root.duplicate().close()
        case .statusOfName: return try root.status(of: "file") == nil ? "nil" : "status"
        case .status: return "\(try root.status().kind)"
        case .makeDirectory: try root.makeDirectory("new", mode: 0o700)
        case .makeSymlink: try root.makeSymlink("new", target: "somewhere")
        case .makeSpecial:
            try root.makeSpecial("new", kind: .fifo, mode: 0o600, major: 0, minor: 0)
        case .makeLink: try root.makeLink("new", to: root.openHandle(Name("file")))
        case .removeFile: try root.removeFile("file")
        case .removeDirectory: try root.removeDirectory("directory")
        case .rename: try root.rename("file", to: "new")
        case .readSymlink: return try readSymlink(root)
        case .listing: return try list(root)
        case .renameDirectory:
            try root.renameDirectory("directory", to: root.openDirectory(Name(".")), "new")
        case .exchange:
            try root.exchange("file", with: "directory", in: root.openDirectory(Name(".")))
        case .readGeometry: return "\(try XFSGeometry(of: root).uuid.count)"
        case .scan:
            var scan = InodeScan(group: 0, geometry: try XFSGeometry(of: root))
            return try scan.next(root).map { "\($0.kind)" } ?? "nil"
        case .filesystemIdentifier: return "\(try root.filesystemIdentifier().count)"
        case .effectiveCapabilities: return "\(try Capabilities.effective().names.count > 0)"
        case .inodeGeneration: return try root.inodeGeneration() == 0 ? "0" : "generation"
        default: return try answerOfFile(root)
        }
        return "done"
    }

    private func readSymlink(_ root: borrowing Descriptor) throws -> String {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 64)
        defer { buffer.deallocate() }
        return "\(try root.readSymlink("link", into: buffer))"
    }

    private func list(_ root: borrowing Descriptor) throws -> String {
        var listing = Listing()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32_768, alignment: 16)
        defer { buffer.deallocate() }
        try listing.read(root, buffer: buffer)
        return "\(listing.count)"
    }

    /// The wrappers that act on an open file.
    private func answerOfFile(_ root: borrowing Descriptor) throws -> String {
        let file = try root.openHandle(Name("file")).reopenForReading()
        let writer = try root.createFile(Name("written"), mode: 0o600)
        var bytes: [UInt8] = [0, 0, 0]
        switch self {
        case .directReadAlignment:
            return try file.directReadAlignment() == nil ? "nil" : "alignment"
        case .readCached:
            let count = try bytes.withUnsafeMutableBytes { try file.readCached(into: $0, at: 0) }
            return count.map { "\($0)" } ?? "nil"
        case .read: return "\(try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) })"
        case .write: try bytes.withUnsafeBytes { try writer.write($0, at: 0) }
        case .truncate: try writer.truncate(to: 1 << 20)
        case .dataStart, .dataEnd:
            return try file.nextData(from: 0, sizeBytes: 3) == 0..<3 ? "data" : "wrong"
        case .synchronize: try file.synchronizeFilesystem()
        case .synchronizeFile: try file.synchronize()
        case .setOwner: try file.setOwner(1, group: 2)
        case .setMode: try file.setMode(0o600)
        case .setModified: try file.setModified(Timestamp(seconds: 1, nanoseconds: 2))
        default: return try answerOfAttributes(root, file)
        }
        return "done"
    }

    private func answerOfAttributes(
        _ root: borrowing Descriptor,
        _ file: borrowing Descriptor
    ) throws -> String {
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 1_024)
        defer { buffer.deallocate() }
        switch self {
        case .attributeNames: return "\(try file.attributeNames().count)"
        case .attribute: return try file.attribute("trusted.x").map { "\($0)" } ?? "nil"
        case .setAttribute: try file.setAttribute("trusted.y", [1])
        case .removeAttribute: try file.removeAttribute("trusted.x")
        case .attributeNamesOfName:
            return try root.attributeNames(of: "file", into: buffer).map { "\($0)" } ?? "nil"
        case .attributeOfName:
            return try root.attribute("trusted.x", of: "file").map { "\($0)" } ?? "nil"
        case .readFlags:
            let settings = try InodeSettings(of: file)
            return settings == nil ? "nil" : "settings"
        case .setFlags: try InodeSettings(of: file)?.apply(to: file)
        case .readAccessControl:
            let list = try AccessControlList(.access, of: file)
            return list == nil ? "nil" : "list"
        case .setAccessControl:
            try AccessControlList(.access, of: file)?.apply(.access, to: file)
        default: return "no row for \(self)"
        }
        return "done"
    }
}
