// The calls of users that Files does not need for building trees: names exchanged in one call,
// stores through mappings, and trees listed without asking for a status.
//
// By path, as in Files.

package import Glibc

extension Files {
    /// Exchanges two names in one call: `renameat2()` with RENAME_EXCHANGE (Linux 3.15).
    ///
    /// On XFS neither ctime moves but those of directories that get another parent.
    package static func exchange(_ one: [UInt8], _ other: [UInt8]) throws {
        let exchangeFlag: UInt32 = 2
        let result = withBytes(one) { one in
            withBytes(other) { renameAt(AT_FDCWD, one, AT_FDCWD, $0, exchangeFlag) }
        }
        if result != 0 {
            throw CallError(
                call: "renameat2",
                name: "\(shown(one)) \(shown(other))",
                errno: errno
            )
        }
    }

    private typealias RenameAt =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32

    private static let renameAt: RenameAt = {
        guard let found = dlsym(nil, "renameat2") else { fatalError("no renameat2") }
        return unsafeBitCast(found, to: RenameAt.self)
    }()

    /// Removes an empty directory: `rmdir()`.
    package static func removeDirectory(_ path: [UInt8]) throws {
        if withBytes(path, { rmdir($0) }) != 0 {
            throw CallError(call: "rmdir", name: shown(path), errno: errno)
        }
    }

    /// The time of the last change, which nobody can set, in nanoseconds since 1970.
    package static func changeNanoseconds(_ path: [UInt8]) throws -> Int {
        let time = try status(path).st_ctim
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Stores bytes into a file through a mapping of its own, with or without `msync()`.
    package static func store(
        _ path: [UInt8],
        _ contents: [UInt8],
        at offset: Int,
        synchronizes: Bool
    ) throws {
        let mapping = try Mapping(path)
        mapping.store(contents, at: offset)
        if synchronizes { try mapping.synchronize() }
    }

    /// Every entry below a directory with its type (`S_IFMT` bits), parents first, sorted by bytes
    /// in each directory: `readdir()` alone, for trees that are listed thousands of times.
    package static func typedTree(_ root: [UInt8]) throws -> [(path: [UInt8], type: mode_t)] {
        var found: [(path: [UInt8], type: mode_t)] = []
        try appendTypedTree(root, prefix: [], &found)
        return found
    }

    private static func appendTypedTree(
        _ directory: [UInt8],
        prefix: [UInt8],
        _ found: inout [(path: [UInt8], type: mode_t)]
    ) throws {
        guard let stream = withBytes(directory, { opendir($0) }) else {
            throw CallError(call: "opendir", name: shown(directory), errno: errno)
        }
        var entries: [(name: [UInt8], type: mode_t)] = []
        while let entry = readdir(stream) {
            let name = nameBytes(of: entry)
            if name == [0x2e] || name == [0x2e, 0x2e] { continue }
            // DT_DIR and its kin are the type bits of a mode, shifted by twelve (dirent.h).
            entries.append((name, mode_t(entry.pointee.d_type) << 12))
        }
        closedir(stream)
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        for entry in entries {
            let path = prefix.isEmpty ? entry.name : joined(prefix, entry.name)
            found.append((path, entry.type))
            if entry.type == S_IFDIR {
                try appendTypedTree(joined(directory, entry.name), prefix: path, &found)
            }
        }
    }
}

/// A whole file mapped with MAP_SHARED, for as long as the object lives: its owner may store into
/// it between and during passes.
package final class Mapping {
    private let memory: UnsafeMutableRawPointer
    private let size: Int
    private let name: String

    /// Maps a file that is not empty.
    ///
    /// - Throws: `CallError`; EINVAL for an empty file.
    package init(_ path: [UInt8]) throws {
        name = shown(path)
        let file = withBytes(path) { open($0, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        if file < 0 { throw CallError(call: "open", name: name, errno: errno) }
        defer { close(file) }
        size = Int(try Files.status(path).st_size)
        let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapped, mapped != MAP_FAILED else {
            throw CallError(call: "mmap", name: name, errno: errno)
        }
        memory = mapped
    }

    deinit { munmap(memory, size) }

    /// Stores bytes; what would lie beyond the file's end is left out.
    package func store(_ contents: [UInt8], at offset: Int) {
        for (index, byte) in contents.enumerated() where offset + index < size {
            memory.storeBytes(of: byte, toByteOffset: offset + index, as: UInt8.self)
        }
    }

    /// Writes back what was stored and waits for it: `msync()` with MS_SYNC.
    package func synchronize() throws {
        if msync(memory, size, MS_SYNC) != 0 {
            throw CallError(call: "msync", name: name, errno: errno)
        }
    }
}
