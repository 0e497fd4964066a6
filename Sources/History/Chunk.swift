// How records of inodes are stored: those of 64 inodes in one row, in 26 bytes each.
//
// XFS allocates inodes by 64 (ext4's tables are longer still), so inodes lie close together; a row and
// a B-tree key for each would cost more than the record. A chunk is
//
//     checksum u32 | { offset u8 | flags u8 | birth u32 | name hash u32 | changed i64 | parent u64 }...
//
// all little-endian, in ascending order of the offset, which is the inode's place among the 64. The
// checksum covers the chunk's number, too: SQLite has none of its own, and a bit that was turned on the
// disk must not become another inode's parent.

/// Numbers of the layout.
enum Chunk {
    static let span = 64
    static let headerSize = 4
    static let recordSize = 26
    static let largest = headerSize + span * recordSize

    private static let severalNames: UInt8 = 1
    private static let directory: UInt8 = 2

    /// The chunk that an inode is in; not negative, so it orders as SQLite's integers do.
    static func number(of inode: UInt64) -> Int64 { Int64(inode >> 6) }

    /// The place of an inode in its chunk.
    static func offset(of inode: UInt64) -> Int { Int(inode & 63) }

    /// Appends one record.
    static func append(_ record: InodeRecord, to bytes: inout [UInt8]) {
        bytes.append(UInt8(offset(of: record.inode)))
        bytes.append(
            (record.hasSeveralNames ? severalNames : 0) | (record.isDirectory ? directory : 0)
        )
        append(record.birth, to: &bytes)
        append(record.nameHash, to: &bytes)
        append(UInt64(bitPattern: record.changedNanoseconds), to: &bytes)
        append(record.parent, to: &bytes)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Begins a chunk; `finish` completes it.
    static func begin(_ bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        append(UInt32(0), to: &bytes)
    }

    /// Puts the checksum before the records.
    static func finish(_ bytes: inout [UInt8], chunk: Int64) {
        let sum = bytes.withUnsafeBytes {
            checksum(chunk, UnsafeRawBufferPointer(rebasing: $0[headerSize...]))
        }
        withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(..<headerSize, with: $0) }
    }

    /// Each step loses nothing of the state, so one turned bit always changes all 64 bits of it.
    static func checksum(_ chunk: Int64, _ records: UnsafeRawBufferPointer) -> UInt32 {
        // Odd numbers without a pattern: the golden ratio's fraction, and one of MurmurHash3.
        var state = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: chunk) ^ UInt64(records.count) << 58
        func mix(_ word: UInt64) {
            state = (state ^ word) &* 0xff51_afd7_ed55_8ccd
            state ^= state >> 32
        }
        var position = 0
        while position + 8 <= records.count {
            let word = records.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            mix(UInt64(littleEndian: word))
            position += 8
        }
        var rest: UInt64 = 0
        while position < records.count {
            rest = rest << 8 | UInt64(records[position])
            position += 1
        }
        mix(rest)
        mix(UInt64(records.count))
        return UInt32(truncatingIfNeeded: state)
    }

    /// A record of a chunk that was checked.
    static func record(_ records: UnsafeRawBufferPointer, at index: Int, chunk: Int64)
        -> InodeRecord
    {
        let start = index * recordSize
        func load<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) -> Value {
            Value(
                littleEndian: records.loadUnaligned(fromByteOffset: start + offset, as: Value.self)
            )
        }
        let flags = records[start + 1]
        return InodeRecord(
            inode: UInt64(chunk) << 6 | UInt64(records[start]),
            parent: load(18, UInt64.self),
            changedNanoseconds: load(10, Int64.self),
            birth: load(2, UInt32.self),
            nameHash: load(6, UInt32.self),
            hasSeveralNames: flags & severalNames != 0,
            isDirectory: flags & directory != 0
        )
    }

    /// The records of a stored chunk; empty where none is stored.
    /// - Throws: `damaged`.
    static func records(
        of stored: UnsafeRawBufferPointer,
        chunk: Int64
    ) throws(StorageError) -> UnsafeRawBufferPointer {
        if stored.isEmpty { return stored }
        let isWhole =
            stored.count > headerSize && stored.count <= largest
            && (stored.count - headerSize) % recordSize == 0
            && chunk >= 0 && chunk < 1 << 58
        guard isWhole else { throw .damaged("chunk \(chunk) has \(stored.count) bytes") }
        let records = UnsafeRawBufferPointer(rebasing: stored[headerSize...])
        let sum = UInt32(littleEndian: stored.loadUnaligned(as: UInt32.self))
        guard sum == checksum(chunk, records) else {
            throw .damaged("the checksum of chunk \(chunk) is wrong")
        }
        var least = 0
        for index in 0..<records.count / recordSize {
            let offset = Int(records[index * recordSize])
            guard offset >= least, offset < span else {
                throw .damaged("chunk \(chunk) is not in order")
            }
            least = offset + 1
        }
        return records
    }

    /// The record of one inode among those of its chunk.
    static func find(_ inode: UInt64, in records: UnsafeRawBufferPointer) -> InodeRecord? {
        var low = 0
        var high = records.count / recordSize
        while low < high {
            let middle = (low + high) / 2
            if records[middle * recordSize] < UInt8(offset(of: inode)) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let found =
            low < records.count / recordSize
            && records[low * recordSize] == UInt8(offset(of: inode))
        return found ? record(records, at: low, chunk: number(of: inode)) : nil
    }
}
