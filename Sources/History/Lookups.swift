// Single questions to the record of SOURCE's inodes.
//
// They may be asked from many threads. What is damaged is an error, never an answer.

extension History {
    /// What is recorded of an inode; nil: nothing.
    ///
    /// Costs no system call where its chunk was read lately.
    /// - Throws: `failed`.
    package func inode(_ inode: UInt64) throws(HistoryProblem) -> InodeRecord? {
        switch cache.look(for: inode) {
        case .known(let record):
            return record
        case .unknown(let generation):
            let chunk = Chunk.number(of: inode)
            let (bytes, isFinal) = try read { database in
                let query = try Query(database, "SELECT records FROM inodes WHERE chunk = ?")
                try query.bind(.integer(chunk))
                defer { query.end() }
                let stored =
                    try query.step()
                    ? query.blob(0)
                    : UnsafeRawBufferPointer(
                        start: nil,
                        count: 0
                    )
                let records = Array(try Chunk.records(of: stored, chunk: chunk))
                return (records, !database.isInsideTransaction)
            }
            if isFinal { cache.store(bytes, chunk: chunk, generation: generation) }
            return bytes.withUnsafeBytes { Chunk.find(inode, in: $0) }
        }
    }

    /// Where a directory was; nil: it is not recorded.
    /// - Throws: `failed`.
    package func directory(_ inode: UInt64) throws(HistoryProblem) -> DirectoryRecord? {
        try read { database in
            let query = try Query(database, "SELECT parent, name FROM directories WHERE inode = ?")
            try query.bind(SQLValue(inode))
            defer { query.end() }
            guard try query.step() else { return nil }
            return DirectoryRecord(inode: inode, parent: query.bits(0), name: query.bytes(1))
        }
    }

    /// The directories that a name in a directory stands for: one, unless the record is out of date.
    ///
    /// O(d), d directories recorded in that parent.
    /// - Throws: `failed`.
    package func directories(
        named name: [UInt8],
        in parent: UInt64
    ) throws(HistoryProblem) -> [UInt64] {
        try read { database in
            let query = try Query(
                database,
                "SELECT inode FROM directories WHERE parent = ? AND name = ?"
            )
            try query.bind(SQLValue(parent), .bytes(name))
            defer { query.end() }
            var inodes: [UInt64] = []
            while try query.step() { inodes.append(query.bits(0)) }
            return inodes
        }
    }

    /// The directories in a directory, in no order; without itself (a root may be its own parent).
    /// - Throws: `failed`.
    package func directories(in parent: UInt64) throws(HistoryProblem) -> [UInt64] {
        try inodes("SELECT inode FROM directories WHERE parent = ?", parent).filter { $0 != parent }
    }

    /// All names of an inode as recorded, one or several; none where its place is not known.
    /// - Throws: `failed`.
    package func names(of record: InodeRecord) throws(HistoryProblem) -> [NameRecord] {
        if record.hasSeveralNames { return try names(of: record.inode) }
        return record.hasPlace ? [record.name] : []
    }

    /// All recorded names of an inode that has several; none for any other.
    /// - Throws: `failed`.
    package func names(of inode: UInt64) throws(HistoryProblem) -> [NameRecord] {
        try read { database in
            let query = try Query(
                database,
                "SELECT parent, hash FROM names WHERE inode = ? ORDER BY position"
            )
            try query.bind(SQLValue(inode))
            defer { query.end() }
            var names: [NameRecord] = []
            while try query.step() {
                let hash = UInt32(truncatingIfNeeded: query.integer(1))
                names.append(NameRecord(parent: query.bits(0), nameHash: hash))
            }
            return names
        }
    }

    /// Whether an inode with several names has this one.
    ///
    /// In time that does not grow with the number of its names.
    /// - Throws: `failed`.
    package func isRecorded(
        _ name: NameRecord,
        of inode: UInt64
    ) throws(HistoryProblem) -> Bool {
        try read { database in
            let query = try Query(
                database,
                "SELECT 1 FROM names WHERE inode = ? AND parent = ? AND hash = ? LIMIT 1"
            )
            try query.bind(SQLValue(inode), SQLValue(name.parent), SQLValue(Int64(name.nameHash)))
            defer { query.end() }
            return try query.step()
        }
    }

    /// The inodes that have several names, of which at least one is in this directory; in no order.
    /// - Throws: `failed`.
    package func inodesWithSeveralNames(in directory: UInt64) throws(HistoryProblem) -> [UInt64] {
        try inodes("SELECT DISTINCT inode FROM names WHERE parent = ?", directory)
    }

    /// The hashes of all names in this directory that are of inodes with several names; one for each such name.
    /// - Throws: `failed`.
    package func hashesOfSeveralNames(in directory: UInt64) throws(HistoryProblem) -> Set<UInt32> {
        try read { database in
            let query = try Query(database, "SELECT hash FROM names WHERE parent = ?")
            try query.bind(SQLValue(directory))
            defer { query.end() }
            var hashes: Set<UInt32> = []
            while try query.step() { hashes.insert(UInt32(truncatingIfNeeded: query.integer(0))) }
            return hashes
        }
    }

    private func inodes(_ sql: String, _ key: UInt64) throws(HistoryProblem) -> [UInt64] {
        try read { database in
            let query = try Query(database, sql)
            try query.bind(SQLValue(key))
            defer { query.end() }
            var inodes: [UInt64] = []
            while try query.step() { inodes.append(query.bits(0)) }
            return inodes
        }
    }

    /// One access that changes nothing.
    func read<Result>(_ body: (Database) throws -> Result) throws(HistoryProblem) -> Result {
        do {
            return try connection.access(body)
        } catch {
            throw problem(error)
        }
    }

    /// One transaction.
    func write<Result>(_ body: (Database) throws -> Result) throws(HistoryProblem) -> Result {
        if isReadOnly { throw .failed("it is open for reading only") }
        do {
            return try connection.transaction(body)
        } catch {
            throw problem(error)
        }
    }
}
