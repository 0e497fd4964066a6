// SOURCE's directories as they are recorded, in memory: inode, parent, name. Made by `RecordTable` only.

import LinuxIO

/// All recorded directories, in the order of their inodes.
struct DirectoryTable: Sendable {
    /// By their bits, as SQLite orders them.
    private var inodes: [Int64] = []
    private var parents: [UInt64] = []
    /// Where each name ends in `names`; it begins where the one before ends.
    private var ends: [Int] = []
    private var names: [UInt8] = []

    /// Nil where they would take more than `bytesMax`.
    init?(_ database: Database, bytesMax: Int) throws {
        let query = try Query(
            database,
            "SELECT inode, parent, name FROM directories ORDER BY inode"
        )
        defer { query.end() }
        while try query.step() {
            inodes.append(query.integer(0))
            parents.append(query.bits(1))
            names += query.blob(2)
            ends.append(names.count)
            guard byteCount <= bytesMax else { return nil }
        }
    }

    var byteCount: Int { inodes.count * 24 + names.count }

    func has(_ inode: UInt64, in parent: UInt64, named name: UnsafeRawBufferPointer) -> Bool {
        let key = Int64(bitPattern: inode)
        let index = inodes.lowerBound(key)
        guard index < inodes.count, inodes[index] == key, parents[index] == parent else {
            return false
        }
        let start = index == 0 ? 0 : ends[index - 1]
        return names.withUnsafeBytes { bytes in
            haveSameBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]]), name)
        }
    }
}
