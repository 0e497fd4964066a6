// Who looks on from outside: what both volumes hold and what is left to do between them, by calls of its own (readdir,
// lstat, llistxattr, SEEK_DATA, statvfs) and by clocks of its own. Nothing of what the program tells is read here.

import Glibc
import TestSupport

/// One entry, as it is seen from outside.
struct SeenEntry: Equatable {
    var kind: mode_t
    var mode: mode_t
    var owner: uid_t
    var group: gid_t
    var size: Int
    var modified: [Int]
    var device: dev_t
    var target: [UInt8]
    var attributes: [String: [UInt8]]
    /// Which names share it; differs from volume to volume.
    var inode: UInt64
    var allocatedBytes: Int

    init(_ path: [UInt8]) throws {
        let status = try Files.status(path)
        kind = status.st_mode & S_IFMT
        mode = status.st_mode & 0o7777
        (owner, group) = (status.st_uid, status.st_gid)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        let isDirectory = kind == S_IFDIR
        size = isDirectory ? 0 : Int(status.st_size)
        device = kind == S_IFCHR || kind == S_IFBLK ? status.st_rdev : 0
        target = kind == S_IFLNK ? try Files.target(path) : []
        attributes = try Files.attributes(path)
        inode = UInt64(status.st_ino)
        allocatedBytes = Int(status.st_blocks) * 512
    }

    /// What makes a copy of it stand: type, contents as far as size and time tell, target, device.
    func isUpToDate(_ copy: SeenEntry) -> Bool {
        guard kind == copy.kind else { return false }
        switch kind {
        case S_IFREG: return size == copy.size && modified == copy.modified
        case S_IFLNK: return target == copy.target
        default: return device == copy.device
        }
    }

    /// What is set beside that.
    func hasSameAttributes(_ copy: SeenEntry) -> Bool {
        mode == copy.mode && owner == copy.owner && group == copy.group
            && attributes == copy.attributes && modified == copy.modified
    }
}

/// A whole tree at one moment, without `lost+found` at its root.
struct SeenTree {
    let root: [UInt8]
    /// By the path below the root, which is empty for the root itself.
    private(set) var entries: [[UInt8]: SeenEntry] = [:]

    /// Looks at all of it; what users take away meanwhile is left out.
    init(_ root: [UInt8]) throws {
        self.root = root
        entries[[]] = try SeenEntry(root)
        try look(into: [])
    }

    private mutating func look(into directory: [UInt8]) throws {
        guard let names = try Self.ifThere({ try Files.names(joined(root, directory)) }) else {
            return
        }
        for name in names where directory != [] || name != bytes("lost+found") {
            let path = directory.isEmpty ? name : joined(directory, name)
            guard let entry = try Self.ifThere({ try SeenEntry(joined(root, path)) }) else {
                continue
            }
            entries[path] = entry
            if entry.kind == S_IFDIR { try look(into: path) }
        }
    }

    /// Nil: users took it away meanwhile.
    static func ifThere<R>(_ body: () throws -> R) throws -> R? {
        do { return try body() } catch let error as CallError where error.errno == ENOENT {
            return nil
        }
    }

    /// Entries below the root.
    var names: Int { entries.count - 1 }
    /// Inodes, that of the root among them.
    var inodes: Int { Set(entries.values.map(\.inode)).count }
    /// One name of each regular file.
    var files: [[UInt8]] { groups.values.filter { entries[$0[0]]?.kind == S_IFREG }.map { $0[0] } }

    /// The sorted names of each inode that is no directory.
    var groups: [UInt64: [[UInt8]]] {
        var groups: [UInt64: [[UInt8]]] = [:]
        for (path, entry) in entries where entry.kind != S_IFDIR {
            groups[entry.inode, default: []].append(path)
        }
        return groups.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
    }

    /// Bytes of a regular file that are no holes.
    func dataBytes(_ path: [UInt8]) throws -> Int {
        let full = joined(root, path)
        let file = withBytes(full) { open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
        if file < 0 { throw CallError(call: "open", name: shown(full), errno: errno) }
        defer { close(file) }
        // Of fcntl.h and unistd.h, which Swift does not see.
        let (data, hole): (Int32, Int32) = (3, 4)
        var (sum, place) = (0, 0)
        while true {
            // ENXIO: nothing but a hole follows.
            let begin = lseek(file, place, data)
            if begin < 0 { return sum }
            let end = lseek(file, begin, hole)
            if end < 0 { return sum }
            sum += end - begin
            place = end
        }
    }
}

/// What a copy lacks, counted as a pass would do it.
struct SeenWork: Equatable, CustomStringConvertible {
    var files = 0
    var bytes = 0
    var directories = 0
    var symlinks = 0
    var specials = 0
    var links = 0
    var repaired = 0
    var extras = 0
    /// Names that are missing or not up to date, those of further links among them, and their space.
    var missing = 0
    var missingBytes = 0
    /// Names of files that share an inode of the copy with names of others: what has to change there gets an inode of its
    /// own (S42), or not if the others went first.
    var entangled = 0
    var entangledBytes = 0

    /// Entries that are touched.
    var entries: Int {
        files + directories + symlinks + specials + links + repaired + extras
    }

    /// - Parameters:
    ///   - source: the tree that is right.
    ///   - copy: the other one.
    ///   - mayLookAlike: files whose contents have to be compared, whatever size and time say.
    /// - Throws: `CallError` where a file cannot be read.
    init(
        from source: SeenTree,
        to copy: SeenTree,
        mayLookAlike: ([UInt8]) -> Bool = { _ in false }
    ) throws {
        for (path, entry) in source.entries where entry.kind == S_IFDIR {
            guard let other = copy.entries[path] else {
                directories += 1
                missing += 1
                missingBytes += entry.allocatedBytes
                continue
            }
            if !entry.hasSameAttributes(other) { repaired += 1 }
        }
        let copies = copy.groups
        for names in source.groups.values {
            try add(names, source, copy, copies, mayLookAlike)
        }
        extras = copy.entries.keys.count { source.entries[$0] == nil }
    }

    private mutating func add(
        _ names: [[UInt8]],
        _ source: SeenTree,
        _ copy: SeenTree,
        _ copies: [UInt64: [[UInt8]]],
        _ mayLookAlike: ([UInt8]) -> Bool
    ) throws {
        guard let entry = source.entries[names[0]] else { return }
        let good = try names.filter { name in
            guard let other = copy.entries[name], entry.isUpToDate(other) else { return false }
            guard entry.kind == S_IFREG, mayLookAlike(name) else { return true }
            return try SeenTree.ifThere { try Files.read(joined(source.root, name)) }
                == Files.read(joined(copy.root, name))
        }
        missing += names.count - good.count
        guard let first = good.first, let other = copy.entries[first] else {
            missingBytes += entry.allocatedBytes
            links += names.count - 1
            switch entry.kind {
            case S_IFREG:
                files += 1
                bytes += try SeenTree.ifThere { try source.dataBytes(names[0]) } ?? 0
            case S_IFLNK: symlinks += 1
            default: specials += 1
            }
            return
        }
        links += names.count - good.count
        if !entry.hasSameAttributes(other) { repaired += 1 }
        let inodes = Set(good.compactMap { copy.entries[$0]?.inode })
        let outside = inodes.flatMap { copies[$0] ?? [] }.filter { !names.contains($0) }
        let isClaimed = outside.contains { source.entries[$0] != nil }
        if inodes.count > 1 || isClaimed || !outside.isEmpty && !entry.hasSameAttributes(other) {
            entangled += names.count
            entangledBytes += entry.size
        }
    }

    var description: String {
        "\(files) files of \(bytes) bytes, \(directories) directories, \(symlinks) symlinks, "
            + "\(specials) specials, \(links) links, \(repaired) repaired, \(extras) extras, "
            + "\(missing) missing of \(missingBytes) bytes"
    }
}

/// What statvfs says of a volume.
struct SeenRoom {
    var availableBytes: Int
    var freeBytes: Int
    var usedBytes: Int
    var usedInodes: Int
    var freeInodes: Int

    init(_ path: [UInt8]) throws {
        var room = statvfs()
        if withBytes(path, { statvfs($0, &room) }) != 0 {
            throw CallError(call: "statvfs", name: shown(path), errno: errno)
        }
        let unit = Int(room.f_frsize)
        availableBytes = Int(room.f_bavail) * unit
        freeBytes = Int(room.f_bfree) * unit
        usedBytes = Int(room.f_blocks - room.f_bfree) * unit
        usedInodes = Int(room.f_files - room.f_ffree)
        freeInodes = Int(room.f_ffree)
    }
}

/// Both clocks at one moment.
struct SeenMoment: Sendable {
    /// Seconds since 1970.
    let wall: Double
    /// Seconds of the monotonic clock.
    let monotonic: Double

    init() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        wall = Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
        monotonic = monotonicSeconds()
    }
}
