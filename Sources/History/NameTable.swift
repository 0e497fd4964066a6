// The names of inodes that have several, as they are recorded, in memory. Made by `RecordTable` only.

/// All recorded names of such inodes, in the order of inode, parent and hash.
///
/// An inode can have 65,000 names, and each is asked for: so they are sorted, and none is searched for.
struct NameTable: Sendable {
    /// By their bits, as SQLite orders them.
    private var inodes: [Int64] = []
    private var names: [NameRecord] = []

    /// Nil where they would take more than `bytesMax`.
    init?(_ database: Database, bytesMax: Int) throws {
        let query = try Query(database, "SELECT inode, parent, hash FROM names ORDER BY inode")
        defer { query.end() }
        var start = 0
        while try query.step() {
            let inode = query.integer(0)
            if inode != inodes.last {
                names[start...].sort()
                start = names.count
            }
            inodes.append(inode)
            let hash = UInt32(truncatingIfNeeded: query.integer(2))
            names.append(NameRecord(parent: query.bits(1), nameHash: hash))
            guard byteCount <= bytesMax else { return nil }
        }
        names[start...].sort()
    }

    var byteCount: Int { inodes.count * 24 }

    func has(_ name: NameRecord, of inode: UInt64) -> Bool {
        let own = names[range(of: inode)]
        let index = own.lowerBound(name)
        return index < own.endIndex && own[index] == name
    }

    /// In their order.
    func all(of inode: UInt64) -> [NameRecord] { Array(names[range(of: inode)]) }

    private func range(of inode: UInt64) -> Range<Int> {
        let key = Int64(bitPattern: inode)
        return inodes.lowerBound(key)..<inodes.bound { $0 <= key }
    }
}
