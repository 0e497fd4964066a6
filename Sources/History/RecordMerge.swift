// Merges what a pass found into the record of SOURCE's inodes, chunk by chunk, in one transaction.
//
// It keeps true: what it does not hear of stays; rows of directories and of several names do not
// outlive the inode that they belong to.

import GRDB

/// One merge, inside a transaction.
struct RecordMerge {
    private let replacesAll: Bool
    private let readChunk: Query
    private let writeChunk: Query
    private let removeChunk: Query
    private let removeDirectory: Query
    private let writeDirectory: Query
    private let removeNames: Query
    private let writeName: Query

    /// The present chunk: what is to stand in it, by offset.
    private var chunk: Int64 = -1
    private var slots = [InodeRecord?](repeating: nil, count: Chunk.span)
    /// Offsets of which a change was given, and of those that were removed.
    private var changed: UInt64 = 0
    private var last: UInt64?
    /// The bytes of a chunk, used again for each.
    private var bytes: [UInt8] = []

    init(_ database: Database, replacesAll: Bool) throws {
        self.replacesAll = replacesAll
        if replacesAll {
            for table in ["inodes", "directories", "names"] {
                try Query(database, "DELETE FROM \(table)").run()
            }
        }
        readChunk = try Query(database, "SELECT records FROM inodes WHERE chunk = ?")
        writeChunk = try Query(database, "REPLACE INTO inodes VALUES (?, ?)")
        removeChunk = try Query(database, "DELETE FROM inodes WHERE chunk = ?")
        removeDirectory = try Query(database, "DELETE FROM directories WHERE inode = ?")
        writeDirectory = try Query(database, "REPLACE INTO directories VALUES (?, ?, ?)")
        removeNames = try Query(database, "DELETE FROM names WHERE inode = ?")
        writeName = try Query(database, "INSERT INTO names VALUES (?, ?, ?, ?)")
        bytes.reserveCapacity(Chunk.largest)
    }

    /// Applies all, and empties the three sources.
    mutating func run(_ changes: RecordChanges) throws {
        while let change = try changes.nextInode() {
            switch change {
            case .put(let record): try set(record.inode, record)
            case .remove(let inode): try set(inode, nil)
            }
        }
        try flush()
        while let directory = try changes.nextDirectory() {
            try writeDirectory.run(
                SQLValue(directory.inode),
                SQLValue(directory.parent),
                .bytes(directory.name)
            )
        }
        last = nil
        while let (inode, names) = try changes.nextNames() {
            try checkOrder(inode)
            try removeNames.run(SQLValue(inode))
            for (position, name) in names.enumerated() {
                try writeName.run(
                    SQLValue(inode),
                    SQLValue(position),
                    SQLValue(name.parent),
                    .integer(Int64(name.nameHash))
                )
            }
        }
    }

    private mutating func checkOrder(_ inode: UInt64) throws {
        if let last, inode <= last {
            throw HistoryProblem.failed("inode \(inode) was given after \(last)")
        }
        last = inode
    }

    private mutating func set(_ inode: UInt64, _ record: InodeRecord?) throws {
        try checkOrder(inode)
        if Chunk.number(of: inode) != chunk {
            try flush()
            chunk = Chunk.number(of: inode)
        }
        let offset = Chunk.offset(of: inode)
        slots[offset] = record
        changed |= 1 << UInt64(offset)
    }

    /// Writes the present chunk.
    private mutating func flush() throws {
        if changed == 0 { return }
        if !replacesAll { try addStored() }
        Chunk.begin(&bytes)
        for offset in slots.indices {
            if let record = slots[offset] { Chunk.append(record, to: &bytes) }
            slots[offset] = nil
        }
        changed = 0
        if bytes.count == Chunk.headerSize {
            try removeChunk.run(.integer(chunk))
            return
        }
        Chunk.finish(&bytes, chunk: chunk)
        try bytes.withUnsafeBytes { try writeChunk.bind(2, $0) }
        try writeChunk.bind(1, chunk)
        try writeChunk.run()
    }

    /// Fills the slots that were not changed with what is stored, and removes what hung on those that
    /// were.
    private mutating func addStored() throws {
        try readChunk.bind(.integer(chunk))
        defer { readChunk.end() }
        var left = changed
        if try readChunk.step() {
            let records = try Chunk.records(of: readChunk.blob(0), chunk: chunk)
            for index in 0..<records.count / Chunk.recordSize {
                let old = Chunk.record(records, at: index, chunk: chunk)
                let offset = Chunk.offset(of: old.inode)
                if changed & 1 << UInt64(offset) == 0 {
                    slots[offset] = old
                    continue
                }
                left &= ~(1 << UInt64(offset))
                let new = slots[offset]
                if old.isDirectory && new?.isDirectory != true {
                    try removeDirectory.run(SQLValue(old.inode))
                }
                if old.hasSeveralNames && new?.hasSeveralNames != true {
                    try removeNames.run(SQLValue(old.inode))
                }
            }
        }
        try removeUnrecorded(left)
    }

    /// Of an inode without a record, rows may be stored all the same, by a caller that gave only those.
    private func removeUnrecorded(_ offsets: UInt64) throws {
        for offset in slots.indices where offsets & 1 << UInt64(offset) != 0 && slots[offset] == nil
        {
            let inode = UInt64(chunk) << 6 | UInt64(offset)
            try removeDirectory.run(SQLValue(inode))
            try removeNames.run(SQLValue(inode))
        }
    }
}
