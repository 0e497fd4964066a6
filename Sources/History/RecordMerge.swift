// Merges what a pass found into the record of SOURCE's inodes, chunk by chunk, in one transaction.
//
// It keeps true: what it does not hear of stays, but for records whose name another inode was given
// (`NameOwners`); rows of directories and of several names do not outlive the inode that they belong to.

/// One merge, inside a transaction.
struct RecordMerge {
    /// Whether what is stored is to be dropped; once that is done, nothing more is.
    private var replacesAll: Bool
    /// Whether names given to one inode may still be recorded for another.
    private let checksNames: Bool
    private let readChunk: Query
    private let writeChunk: Query
    private let removeChunk: Query
    private let removeDirectory: Query
    private let writeDirectory: Query
    private let removeNames: Query
    private let writeName: Query
    private let hasName: Query
    private let allChunks: Query
    private let allNames: Query
    private let parents: Query

    /// The present chunk: what is to stand in it, by offset.
    private var chunk: Int64 = -1
    private var slots = [InodeRecord?](repeating: nil, count: Chunk.span)
    /// Offsets of which a change was given, and of those that were removed.
    private var changed: UInt64 = 0
    private var last: UInt64?
    private var given = NameOwners()
    /// The bytes of a chunk, used again for each.
    private var bytes: [UInt8] = []

    init(_ database: Database, _ changes: RecordChanges) throws {
        replacesAll = changes.replacesAll
        checksNames = !changes.isWhole
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
        hasName = try Query(
            database,
            "SELECT 1 FROM names WHERE inode = ? AND parent = ? AND hash = ?"
        )
        allChunks = try Query(database, "SELECT chunk, records FROM inodes")
        allNames = try Query(database, "SELECT inode, parent, hash FROM names")
        parents = try Query(database, "SELECT parent FROM names WHERE inode = ?")
        bytes.reserveCapacity(Chunk.largest)
    }

    /// Applies all, and empties the four sources.
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
            if checksNames { try noteGiven(names, to: inode) }
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
        // What was given so far is stored now, and stays.
        replacesAll = false
        if !given.isEmpty { try removeDenied() }
        try unsettle(changes)
    }

    /// Makes directories count as changed.
    private mutating func unsettle(_ changes: RecordChanges) throws {
        last = nil
        while let inode = try changes.nextDoubted() {
            guard var record = try stored(inode), record.isDirectory else { continue }
            record.changedNanoseconds = InodeRecord.mustRecheck
            try set(inode, record)
        }
        try flush()
    }

    // MARK: Names that others were given

    private mutating func noteGiven(_ names: [NameRecord], to inode: UInt64) throws {
        for name in names {
            try hasName.bind(
                SQLValue(inode),
                SQLValue(name.parent),
                .integer(Int64(name.nameHash))
            )
            defer { hasName.end() }
            if try !hasName.step() { given.add(name, to: inode) }
        }
    }

    /// Takes out all records with a name that this pass gave to another inode; their directories count as changed.
    private mutating func removeDenied() throws {
        let denied = try deniedRecords()
        if denied.isEmpty { return }
        var changes: [UInt64: InodeRecord?] = [:]
        for record in denied.values {
            var directories: Set = [record.parent]
            if record.hasSeveralNames {
                try parents.bind(SQLValue(record.inode))
                while try parents.step() { directories.insert(parents.bits(0)) }
            }
            for directory in directories where denied[directory] == nil {
                guard var parent = try stored(directory) else { continue }
                parent.changedNanoseconds = InodeRecord.mustRecheck
                changes[directory] = parent
            }
            changes.updateValue(nil, forKey: record.inode)
        }
        last = nil
        for (inode, record) in changes.sorted(by: { $0.key < $1.key }) {
            try set(inode, record)
        }
        try flush()
    }

    private func deniedRecords() throws -> [UInt64: InodeRecord] {
        var denied: [UInt64: InodeRecord] = [:]
        try allChunks.bind()
        while try allChunks.step() {
            let chunk = allChunks.integer(0)
            let records = try Chunk.records(of: allChunks.blob(1), chunk: chunk)
            for index in 0..<records.count / Chunk.recordSize {
                let record = Chunk.record(records, at: index, chunk: chunk)
                if record.hasPlace, given.denies(record.name, to: record.inode) {
                    denied[record.inode] = record
                }
            }
        }
        var others: Set<UInt64> = []
        try allNames.bind()
        while try allNames.step() {
            let name = NameRecord(
                parent: allNames.bits(1),
                nameHash: UInt32(truncatingIfNeeded: allNames.integer(2))
            )
            if given.denies(name, to: allNames.bits(0)) { others.insert(allNames.bits(0)) }
        }
        for inode in others where denied[inode] == nil { denied[inode] = try stored(inode) }
        return denied
    }

    private func stored(_ inode: UInt64) throws -> InodeRecord? {
        let chunk = Chunk.number(of: inode)
        try readChunk.bind(.integer(chunk))
        defer { readChunk.end() }
        guard try readChunk.step() else { return nil }
        return Chunk.find(inode, in: try Chunk.records(of: readChunk.blob(0), chunk: chunk))
    }

    // MARK: Inodes

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
                if checksNames, let new, new.hasPlace, new.name != old.name {
                    given.add(new.name, to: new.inode)
                }
                if old.isDirectory && new.map({ $0.isDirectory && $0.hasPlace }) != true {
                    try removeDirectory.run(SQLValue(old.inode))
                }
                if old.hasSeveralNames && new?.hasSeveralNames != true {
                    try removeNames.run(SQLValue(old.inode))
                }
            }
        }
        for offset in slots.indices where checksNames && left & 1 << UInt64(offset) != 0 {
            if let new = slots[offset], new.hasPlace { given.add(new.name, to: new.inode) }
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
