// All entries of one directory: names in one arena of bytes, one small record each, nothing on the
// heap per entry.
//
// A listing says what getdents64(2) said at one time, no more: entries come and go meanwhile.

import CLinux
import Glibc

/// The names of a directory, without `.` and `..`, in the order in which the filesystem gave them.
package struct Listing: Sendable {
    /// One entry: where its name starts in the arena, its length and its inode number.
    package struct Record: Sendable {
        package let inode: UInt64
        fileprivate var offset: UInt32
        package let nameLength: UInt16
        /// DT_* of readdir(3).
        fileprivate let type: UInt8
        /// A bit for the listing's owner; the engine notes here that DESTINATION has the name.
        package var isOnBothSides: Bool = false

        /// Whether it is a regular file, as the filesystem believes; false where it does not list that.
        package var isRegular: Bool { type == UInt8(DT_REG) }

        /// Whether it is a directory, as the filesystem believes; nil where it does not list that.
        ///
        /// statx(2) is the truth.
        package var isDirectory: Bool? {
            type == UInt8(DT_UNKNOWN) ? nil : type == UInt8(DT_DIR)
        }
    }

    /// The largest arena: offsets are 32 bits wide.
    ///
    /// 4 GiB is about 100 million names of 40 bytes.
    package static let arenaBytesMax = Int(UInt32.max)

    package private(set) var records: [Record] = []
    private let arena = Arena()

    package init() {}

    /// One entry of another listing, with its mark.
    package init(_ index: Int, of other: Listing) {
        var record = other.records[index]
        arena.append(other.namePointer(index), count: Int(record.nameLength) + 1)
        record.offset = 0
        records = [record]
    }

    package var count: Int { records.count }

    /// The name of record `index`, NUL-terminated; valid while this listing, or a copy of it, is.
    @inline(__always)
    package func namePointer(_ index: Int) -> NamePointer {
        NamePointer(arena.base + Int(records[index].offset))
    }

    /// The bytes of that name without the NUL; valid as long.
    package func nameBytes(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: namePointer(index), count: Int(records[index].nameLength))
    }

    /// A copy of the name of record `index`.
    package func name(_ index: Int) -> Name {
        Name(copying: namePointer(index), length: Int(records[index].nameLength))
    }

    package mutating func markOnBothSides(_ index: Int) { records[index].isOnBothSides = true }

    /// Adds a name that the caller knows of, marked.
    package mutating func append(onBothSides name: Name, inode: UInt64) throws(SystemError) {
        guard arena.count + name.count + 1 <= Self.arenaBytesMax else {
            throw SystemError(.getdents64, .noMemory)
        }
        var record = Record(
            inode: inode,
            offset: UInt32(arena.count),
            nameLength: UInt16(name.count),
            type: UInt8(DT_UNKNOWN)
        )
        record.isOnBothSides = true
        records.append(record)
        name.withPointer { arena.append($0, count: name.count + 1) }
    }

    /// Drops every record for which `isKept` says no.
    package mutating func retain(where isKept: (Int) -> Bool) {
        var kept: [Record] = []
        for index in records.indices where isKept(index) { kept.append(records[index]) }
        records = kept
    }

    /// Orders by inode number: on XFS and ext4 that is nearly the order of inodes on the disk.
    package mutating func sortByInode() {
        records.sort { $0.inode < $1.inode }
    }

    /// Reads a directory to its end, with scratch space of its own: for who lists one now and then.
    ///
    /// `read` with a buffer that is kept is for those that list thousands.
    package init(of directory: borrowing Descriptor) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        try read(directory, buffer: buffer)
    }

    /// Reads the directory behind `descriptor` to its end.
    ///
    /// `buffer` (32 KiB or more) is scratch space of the caller. On an error what was read so far stays in
    /// the listing. False when the directory was removed meanwhile (ENOENT): then it has no entries any more.
    /// The corresponding system call is `getdents64`.
    @discardableResult
    package mutating func read(
        _ descriptor: borrowing Descriptor,
        buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Bool {
        let fd = descriptor.raw
        while true {
            let count: Int
            do throws(SystemError) {
                count = try retrying(.getdents64) {
                    cl_getdents64(fd, buffer.baseAddress, buffer.count)
                }
            } catch {
                if error.code == .noEntry { return false }
                throw error
            }
            if count == 0 { return true }
            try append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Takes over the records of struct linux_dirent64 (getdents(2)): inode 8 bytes, offset 8, length of
    /// the record 2, type 1, then the name.
    private mutating func append(_ block: UnsafeRawBufferPointer) throws(SystemError) {
        guard arena.count + block.count <= Self.arenaBytesMax else {
            throw SystemError(.getdents64, .noMemory)
        }
        let nameOffset = 19
        var position = 0
        while position < block.count {
            let length = Int(block.loadUnaligned(fromByteOffset: position + 16, as: UInt16.self))
            let type = block[position + 18]
            let inode = block.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            guard let base = block.baseAddress else { return }
            let name = (base + position + nameOffset).assumingMemoryBound(to: CChar.self)
            position += length
            let nameLength = strnlen(name, length - nameOffset)
            if name[0] == 0x2E, nameLength == 1 || (nameLength == 2 && name[1] == 0x2E) { continue }
            records.append(
                Record(
                    inode: inode,
                    offset: UInt32(arena.count),
                    nameLength: UInt16(nameLength),
                    type: type
                )
            )
            arena.append(name, count: nameLength + 1)
        }
    }
}

/// Bytes that only grow: the names of one listing.
///
/// A class, so that pointers into it stay good while any copy of the listing lives.
///
/// Sendable though it is mutable: only `Listing.read` appends, on a listing that its maker has not handed on
/// yet; after that nobody writes.
private final class Arena: @unchecked Sendable {
    private(set) var base: UnsafeMutablePointer<CChar>
    private(set) var count = 0
    private var capacity = 512

    init() { base = .allocate(capacity: capacity) }

    deinit { base.deallocate() }

    func append(_ bytes: UnsafePointer<CChar>, count added: Int) {
        if count + added > capacity {
            capacity = max(capacity * 2, count + added)
            let larger = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
            larger.update(from: base, count: count)
            base.deallocate()
            base = larger
        }
        (base + count).update(from: bytes, count: added)
        count += added
    }
}
