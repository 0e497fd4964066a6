// File calls by path for building and changing test trees: each throws what failed, by name.
//
// Paths are fine here and only here: no test tree is hostile to the test that builds it. The
// attribute calls are looked up with dlsym because `import Glibc` lacks them and TestSupport
// imports no target of Sources: what checks the product must not be built from it.

package import Glibc

/// A system call of a test that failed.
package struct CallError: Error, CustomStringConvertible {
    /// The call's C name.
    package let call: String
    /// What it was applied to, for messages.
    package let name: String
    /// The error number.
    package let errno: Int32

    package init(call: String, name: String, errno: Int32) {
        self.call = call
        self.name = name
        self.errno = errno
    }

    package var description: String { "\(call) \(name): \(String(cString: strerror(errno)))" }
}

@discardableResult
private func checked<R: SignedInteger>(_ call: String, _ path: [UInt8], _ result: R) throws -> R {
    if result < 0 { throw CallError(call: call, name: shown(path), errno: errno) }
    return result
}

/// What `lstat` says, and the extended attributes, by path.
package enum Files {
    /// Calls `lstat()`.
    package static func status(_ path: [UInt8]) throws -> stat {
        var result = stat()
        try checked("lstat", path, withBytes(path) { lstat($0, &result) })
        return result
    }

    /// True when `lstat()` finds the name.
    package static func exists(_ path: [UInt8]) -> Bool {
        (try? status(path)) != nil
    }

    /// Makes a directory with exactly `mode`, whatever the umask: `mkdir()`, `chmod()`.
    package static func makeDirectory(_ path: [UInt8], mode: mode_t = 0o755) throws {
        try checked("mkdir", path, withBytes(path) { mkdir($0, mode) })
        try changeMode(path, mode)
    }

    /// Makes or truncates a file and writes `contents` into it: `open()`, `write()`.
    package static func write(_ path: [UInt8], _ contents: [UInt8]) throws {
        let file = try checked(
            "open",
            path,
            withBytes(path) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644) }
        )
        defer { close(file) }
        try put(file, contents, at: 0, path)
    }

    /// Writes over a part of an existing file: `open()`, `pwrite()`.
    package static func overwrite(_ path: [UInt8], _ contents: [UInt8], at offset: Int) throws {
        let file = try checked(
            "open",
            path,
            withBytes(path) { open($0, O_WRONLY | O_NOFOLLOW | O_NONBLOCK) }
        )
        defer { close(file) }
        try put(file, contents, at: offset, path)
    }

    private static func put(
        _ file: Int32,
        _ contents: [UInt8],
        at offset: Int,
        _ path: [UInt8]
    ) throws {
        var written = 0
        while written < contents.count {
            written += try contents[written...].withUnsafeBytes { rest in
                try checked(
                    "pwrite",
                    path,
                    pwrite(file, rest.baseAddress, rest.count, offset + written)
                )
            }
        }
    }

    /// Reads a whole file.
    package static func read(_ path: [UInt8]) throws -> [UInt8] {
        let file = try checked(
            "open",
            path,
            withBytes(path) { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) }
        )
        defer { close(file) }
        return contents(of: file)
    }

    /// Sets a file's size: `truncate()`.
    package static func truncate(_ path: [UInt8], to size: Int) throws {
        try checked("truncate", path, withBytes(path) { Glibc.truncate($0, size) })
    }

    /// Makes a symbolic link whose target is `target`: `symlink()`.
    package static func link(symbolic path: [UInt8], to target: [UInt8]) throws {
        try checked(
            "symlink",
            path,
            withBytes(target) { target in withBytes(path) { symlink(target, $0) } }
        )
    }

    /// Gives an existing file one more name: `link()`.
    package static func link(_ path: [UInt8], to existing: [UInt8]) throws {
        try checked(
            "link",
            path,
            withBytes(existing) { existing in
                withBytes(path) { linkat(AT_FDCWD, existing, AT_FDCWD, $0, 0) }
            }
        )
    }

    /// Makes a FIFO, socket or device; `mode` holds the type: `mknod()`.
    package static func makeNode(_ path: [UInt8], _ mode: mode_t, device: dev_t = 0) throws {
        try checked("mknod", path, withBytes(path) { mknod($0, mode, device) })
        try changeMode(path, mode & 0o7777)
    }

    /// Calls `rename()`.
    package static func rename(_ path: [UInt8], to new: [UInt8]) throws {
        try checked(
            "rename",
            path,
            withBytes(path) { old in withBytes(new) { Glibc.rename(old, $0) } }
        )
    }

    /// Removes a name that is no directory: `unlink()`.
    package static func unlink(_ path: [UInt8]) throws {
        try checked("unlink", path, withBytes(path) { Glibc.unlink($0) })
    }

    /// Removes a whole tree, or one entry; a name that is missing is fine.
    package static func removeTree(_ path: [UInt8]) throws {
        guard let status = try? status(path) else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(path) { try removeTree(joined(path, name)) }
            try checked("rmdir", path, withBytes(path) { rmdir($0) })
        } else {
            try unlink(path)
        }
    }

    /// The names in a directory, sorted by bytes, without `.` and `..`.
    package static func names(_ path: [UInt8]) throws -> [[UInt8]] {
        guard let stream = withBytes(path, { opendir($0) }) else {
            throw CallError(call: "opendir", name: shown(path), errno: errno)
        }
        defer { closedir(stream) }
        var found: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = nameBytes(of: entry)
            if name != [0x2e] && name != [0x2e, 0x2e] { found.append(name) }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    // The record is shorter than `dirent`: copying the whole structure would read past it.
    static func nameBytes(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
        let start = UnsafeRawPointer(entry) + offset
        let length = strlen(start.assumingMemoryBound(to: CChar.self))
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// Every entry below a directory as a relative path, parents first; what vanishes meanwhile is
    /// left out.
    package static func tree(_ path: [UInt8]) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        for name in try names(path) {
            guard let status = try? status(joined(path, name)) else { continue }
            found.append(name)
            if status.st_mode & S_IFMT == S_IFDIR {
                found += try tree(joined(path, name)).map { joined(name, $0) }
            }
        }
        return found
    }
}

/// The attributes of entries, by path, symlinks not followed.
extension Files {
    /// Calls `chmod()`; not for symlinks.
    package static func changeMode(_ path: [UInt8], _ mode: mode_t) throws {
        try checked("chmod", path, withBytes(path) { chmod($0, mode & 0o7777) })
    }

    /// Calls `lchown()`.
    package static func changeOwner(_ path: [UInt8], _ user: uid_t, _ group: gid_t) throws {
        try checked("lchown", path, withBytes(path) { lchown($0, user, group) })
    }

    /// Sets atime and mtime, in seconds and nanoseconds: `utimensat()`.
    package static func changeTime(_ path: [UInt8], seconds: Int, nanoseconds: Int = 0) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        try checked(
            "utimensat",
            path,
            withBytes(path) { utimensat(AT_FDCWD, $0, [time, time], AT_SYMLINK_NOFOLLOW) }
        )
    }

    /// Gives `path` the mtime of `other`, to the nanosecond.
    package static func changeTime(_ path: [UInt8], like other: [UInt8]) throws {
        let time = try status(other).st_mtim
        try changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// Sets one extended attribute: `lsetxattr()`.
    package static func setAttribute(_ path: [UInt8], _ name: String, _ value: [UInt8]) throws {
        let result = withBytes(path) { path in
            withBytes(bytes(name)) { name in
                value.withUnsafeBytes { XattrCalls.set(path, name, $0.baseAddress, $0.count, 0) }
            }
        }
        try checked("lsetxattr \(name)", path, result)
    }

    /// Removes one extended attribute: `lremovexattr()`.
    package static func removeAttribute(_ path: [UInt8], _ name: String) throws {
        let result = withBytes(path) { path in
            withBytes(bytes(name)) { XattrCalls.remove(path, $0) }
        }
        try checked("lremovexattr \(name)", path, result)
    }

    /// One extended attribute's value, nil when there is none: `lgetxattr()`.
    package static func attribute(_ path: [UInt8], _ name: String) throws -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 65536)
        let result = withBytes(path) { path in
            withBytes(bytes(name)) { name in
                value.withUnsafeMutableBytes {
                    XattrCalls.get(path, name, $0.baseAddress, $0.count)
                }
            }
        }
        if result < 0 && errno == ENODATA { return nil }
        return Array(value.prefix(try checked("lgetxattr \(name)", path, result)))
    }

    /// Sets an access ACL, or a directory's default ACL.
    package static func setACL(_ path: [UInt8], _ list: AccessList, isDefault: Bool = false) throws
    {
        try setAttribute(
            path,
            isDefault ? AccessList.defaultName : AccessList.accessName,
            list.value
        )
    }
}

/// An ACL in the form in which the kernel's attribute holds it (linux/posix_acl_xattr.h, version
/// 2).
package struct AccessList: Sendable {
    /// The attribute of the access ACL.
    package static let accessName = "system.posix_acl_access"
    /// The attribute of a directory's default ACL.
    package static let defaultName = "system.posix_acl_default"
    /// The attribute's value.
    package let value: [UInt8]

    /// An ACL with named users and groups; permissions are `rwx` bits, 0 to 7.
    package init(
        owner: Int = 7,
        users: [(id: Int, bits: Int)] = [],
        group: Int = 5,
        groups: [(id: Int, bits: Int)] = [],
        mask: Int = 7,
        other: Int = 0
    ) {
        func little(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        func entry(_ tag: Int, _ bits: Int, _ id: Int) -> [UInt8] {
            little(tag, 2) + little(bits, 2) + little(id, 4)
        }
        let nobody = 0xffff_ffff
        var result = little(2, 4) + entry(0x01, owner, nobody)
        for user in users { result += entry(0x02, user.bits, user.id) }
        result += entry(0x04, group, nobody)
        for group in groups { result += entry(0x08, group.bits, group.id) }
        value = result + entry(0x10, mask, nobody) + entry(0x20, other, nobody)
    }
}

private enum XattrCalls {
    typealias Set =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32
        ) -> Int32
    typealias Get =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int
        ) -> Int
    typealias Remove = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32

    static let set = unsafeBitCast(symbol("lsetxattr"), to: Set.self)
    static let get = unsafeBitCast(symbol("lgetxattr"), to: Get.self)
    static let remove = unsafeBitCast(symbol("lremovexattr"), to: Remove.self)

    private static func symbol(_ name: String) -> UnsafeMutableRawPointer {
        guard let found = dlsym(nil, name) else { fatalError("no \(name) in the C library") }
        return found
    }
}

/// Reads a file that `stat` calls empty, as those of /proc are.
package func readFile(_ path: String) throws -> [UInt8] { try Files.read(bytes(path)) }

/// Everything in an open file from its start, its position left alone: `pread()`.
func contents(of file: Int32) -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = pread(file, &buffer, buffer.count, result.count)
        if count <= 0 { return result }
        result += buffer[..<count]
    }
}

/// Files without names, for the input and output of children.
enum ScratchFile {
    /// What the paths of these files begin with, where strace shows them.
    static let prefix = Environment.temporaryFolder + "/cutover-output-"

    static func open(containing bytes: [UInt8]? = []) throws -> Int32 {
        guard let bytes else {
            return try checked("open", [], Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC))
        }
        var template = Array((prefix + "XXXXXX\0").utf8).map(CChar.init(bitPattern:))
        let file = try checked("mkostemp", [], mkstemp(&template))
        // Append mode: standard output and error of one child may share a file by 2>&1 in a script.
        let flags = fcntl(file, F_SETFL, O_APPEND)
        try checked("fcntl", [], flags)
        try checked("fcntl", [], fcntl(file, F_SETFD, FD_CLOEXEC))
        try checked("unlink", [], Glibc.unlink(template))
        if !bytes.isEmpty {
            try checked("write", [], Glibc.write(file, bytes, bytes.count))
            try checked("lseek", [], Int(lseek(file, 0, SEEK_SET)))
        }
        return file
    }
}
