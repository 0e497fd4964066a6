// The tables, the numbers that mark a database as ours, and the check that it is as we made it.
//
// A change of anything here that an older cutover could misread gets a new `version`. A database of an older
// version is brought to this one by ALTER TABLE and CREATE TABLE, in one transaction, when a pass opens it
// (`upgrade`); one of a version that is not known here is set aside.

/// The format of the database.
enum Schema {
    /// The newest version that brought a column or a table.
    static let version = (columnsAdded.map(\.version) + tablesAdded.map(\.version)).reduce(2, max)
    /// In the header, for file(1) and for us: `cuto`.
    static let application: Int64 = 0x6375_746f
    /// Chunks of inodes have up to 1.7 kB: nine of them fill a page to 92 %, of 4 kB two to 82 %.
    static let pageSize: Int64 = 16384

    /// Set on each connection; `cacheKiB` is what it may keep of the file in memory.
    static func pragmas(cacheKiB: Int) -> [String] {
        [
            "PRAGMA page_size = \(pageSize)",
            // FULL, and the folder is synced after the journal was unlinked: else a power cut brings the
            // journal back, and with it the state before a transaction that was reported as durable.
            "PRAGMA synchronous = EXTRA",
            "PRAGMA cache_size = -\(cacheKiB)",
            // No names of users' files in /tmp.
            "PRAGMA temp_store = MEMORY",
            // The file is root's alone; Debian's SQLite would overwrite what is deleted.
            "PRAGMA secure_delete = OFF",
            "PRAGMA trusted_schema = OFF",
            // Damage is found when a page is read, not when it is used.
            "PRAGMA cell_size_check = ON",
        ]
    }

    /// Whether a database has what a version brought; one of an earlier version that is only read has not.
    static func has(_ version: Int64, in database: Database) throws -> Bool {
        try self.version(of: database) >= version
    }

    /// Lets go of all rows of a table but the newest, by its `id`.
    static func keep(_ rows: Int64, newestOf table: String, in database: Database) throws {
        try Query(database, "DELETE FROM \(table) WHERE id <= (SELECT max(id) FROM \(table)) - ?")
            .run(SQLValue(rows))
    }

    /// Each statement as SQLite stores it, compared with what a database holds when it is opened.
    static let statements =
        statementsOfVersion2.map { statement in
            guard statement.hasPrefix("CREATE TABLE passes ") else { return statement }
            return statement.dropLast() + text(of: columnsAdded.filter { $0.version > 2 }) + ")"
        } + tablesAdded.map(\.statement)

    private static let statementsOfVersion2 = [
        """
        CREATE TABLE roots (side INTEGER PRIMARY KEY, filesystem BLOB, inode INTEGER, \
        birth INTEGER, path BLOB)
        """,
        """
        CREATE TABLE passes (id INTEGER PRIMARY KEY, started INTEGER, ended INTEGER, boot TEXT, \
        started_boot INTEGER, ended_boot INTEGER, options TEXT, method TEXT, reason TEXT, \
        workers INTEGER, is_partial INTEGER, status INTEGER, is_complete INTEGER, \
        watermark INTEGER, destination_inodes INTEGER, destination_mount INTEGER, \
        destination_sectors INTEGER, destination_changed INTEGER, entries_seen INTEGER, \
        files_copied INTEGER, bytes_copied INTEGER, attributes_repaired INTEGER, \
        directories_made INTEGER, directories_moved INTEGER, links_made INTEGER, \
        extras_deleted INTEGER, failures INTEGER, vanished INTEGER, version TEXT, \
        destination_instance TEXT, rolled_back_to INTEGER)
        """,
        """
        CREATE TABLE branches (pass INTEGER, position INTEGER, name BLOB, work INTEGER, \
        entries INTEGER, bytes INTEGER, PRIMARY KEY (pass, position)) WITHOUT ROWID
        """,
        """
        CREATE TABLE failures (pass INTEGER, position INTEGER, path BLOB, side TEXT, \
        activity TEXT, error INTEGER, first_byte INTEGER, end_byte INTEGER, detail TEXT, \
        PRIMARY KEY (pass, position)) WITHOUT ROWID
        """,
        "CREATE TABLE inodes (chunk INTEGER PRIMARY KEY, records BLOB)",
        "CREATE TABLE directories (inode INTEGER PRIMARY KEY, parent INTEGER, name BLOB)",
        "CREATE INDEX directories_by_parent ON directories (parent)",
        """
        CREATE TABLE names (inode INTEGER, position INTEGER, parent INTEGER, hash INTEGER, \
        PRIMARY KEY (inode, position)) WITHOUT ROWID
        """,
        "CREATE INDEX names_by_parent ON names (parent)",
        // An inode can have 65,000 names and more, and each of them is asked for.
        "CREATE INDEX names_by_name ON names (inode, parent, hash)",
    ]

    /// The tables that a version brought.
    private static let tablesAdded: [(version: Int64, statement: String)] = [
        (
            VerificationRow.version,
            """
            CREATE TABLE verifications (id INTEGER PRIMARY KEY, \(VerificationRow.columnTexts))
            """
        ),
        (TunedRow.version, TunedRow.statement),
    ]

    /// What a version has in the table of passes at the end of what the one before it had.
    ///
    /// SQLite keeps the text of a table that was changed as it would have been written.
    /// Counters bring their own (`PassCounter`); those of one version stand in the order of their names.
    private static let columnsAdded: [(version: Int64, column: String)] =
        ([
            (2, "destination_instance TEXT"), (2, "rolled_back_to INTEGER"),
            (4, "changes_time INTEGER"), (4, "commit_time INTEGER"), (4, "costs_full TEXT"),
            (4, "costs_held TEXT"), (4, "entries_touched INTEGER"), (4, "foreseen_time INTEGER"),
            (4, "is_held_back INTEGER"), (4, "machine TEXT"), (4, "open_time INTEGER"),
            (4, "synchronize_time INTEGER"), (4, "work_time INTEGER"),
            (4, "arguments BLOB"), (5, "destination_features TEXT"),
            (5, "destination_mount_options TEXT"), (5, "destination_type TEXT"),
            (PassTotals.version, "earlier_totals TEXT"), (5, "foreseen_high INTEGER"),
            (5, "foreseen_low INTEGER"), (5, "host TEXT"), (5, "source_features TEXT"),
            (5, "source_mount_options TEXT"), (5, "source_type TEXT"),
        ]
        + PassCounter.recorded.filter { $0.version > 1 }.map { counter, version in
            (version, "\(counter.row.key) INTEGER")
        }).sorted { $0 < $1 }

    /// Columns as they stand at the end of a table's statement.
    private static func text(of columns: [(version: Int64, column: String)]) -> String {
        columns.map { ", \($0.column)" }.joined()
    }

    /// The statements of an older version.
    private static func statements(ofVersion version: Int64) -> Set<String> {
        let end = text(of: columnsAdded.filter { $0.version > version }) + ")"
        let later = Set(tablesAdded.filter { $0.version > version }.map(\.statement))
        return Set(
            statements.filter { !later.contains($0) }.map { statement in
                guard statement.hasPrefix("CREATE TABLE passes "), statement.hasSuffix(end) else {
                    return statement
                }
                return statement.dropLast(end.count) + ")"
            }
        )
    }

    /// Whether `upgrade` would change a database.
    static func isOlder(_ database: Database) throws -> Bool {
        guard try number(database, "PRAGMA application_id") == application else { return false }
        let old = try number(database, "PRAGMA user_version")
        return try old > 0 && old < version && stored(database) == statements(ofVersion: old)
    }

    /// Brings a database of an older version to this one.
    ///
    /// In a transaction: whoever opens it has the old one or the new one.
    static func upgrade(_ database: Database) throws {
        let old = try number(database, "PRAGMA user_version")
        for (version, column) in columnsAdded where version > old {
            try Query(database, "ALTER TABLE passes ADD COLUMN \(column)").run()
        }
        for (version, statement) in tablesAdded where version > old {
            try Query(database, statement).run()
        }
        try Query(database, "PRAGMA user_version = \(version)").run()
    }

    /// The version of a database; one that is only read is not upgraded.
    static func version(of database: Database) throws -> Int64 {
        try number(database, "PRAGMA user_version")
    }

    private static func stored(_ database: Database) throws -> Set<String> {
        let stored = try Query(database, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        defer { stored.end() }
        var found: Set<String> = []
        while try stored.step() { found.insert(stored.text(0)) }
        return found
    }

    /// Fills an empty database; in a transaction.
    static func create(_ database: Database, for pair: PairIdentity) throws {
        for statement in statements { try Query(database, statement).run() }
        try Query(database, "PRAGMA application_id = \(application)").run()
        try Query(database, "PRAGMA user_version = \(version)").run()
        let insert = try Query(database, "INSERT INTO roots VALUES (?, ?, ?, ?, ?)")
        for (side, root) in [pair.source, pair.destination].enumerated() {
            try insert.run(
                SQLValue(side),
                .bytes(root.filesystem),
                SQLValue(root.inode),
                SQLValue(root.birthNanoseconds),
                .bytes(root.path)
            )
        }
    }

    /// Writes how the roots are called now; SQLite writes nothing where that is as before.
    static func setPaths(_ database: Database, of pair: PairIdentity) throws {
        let update = try Query(database, "UPDATE roots SET path = ? WHERE side = ?")
        for (side, root) in [pair.source, pair.destination].enumerated() {
            try update.run(.bytes(root.path), SQLValue(side))
        }
    }

    /// Why a database cannot be used for this pair; nil: it can.
    static func examine(_ database: Database, for pair: PairIdentity) throws -> SetAside? {
        if let reason = try examine(database) { return reason }
        return try roots(database) == [pair.source, pair.destination] ? nil : .otherPair
    }

    /// Why a database cannot be used at all; nil: it can.
    ///
    /// Cheap: the header, the schema, and of each table the pages from its root to its last row. Damage
    /// elsewhere is found when it is read.
    static func examine(_ database: Database) throws -> SetAside? {
        guard try number(database, "PRAGMA application_id") == application else {
            return .corrupt("it is not a database of cutover")
        }
        let version = try number(database, "PRAGMA user_version")
        // An older one is upgraded before, but where it is only read.
        guard version > 0, version <= Self.version else { return .otherVersion(Int(version)) }
        guard try number(database, "PRAGMA page_size") == pageSize else {
            return .corrupt("its page size is not \(pageSize)")
        }
        guard try stored(database) == statements(ofVersion: version) else {
            return .corrupt("its tables are others")
        }
        var tables = ["passes", "branches", "failures", "inodes", "directories", "names"]
        if version >= VerificationRow.version { tables.append("verifications") }
        if version >= TunedRow.version { tables.append("tunings") }
        for table in tables {
            let last = try Query(database, "SELECT * FROM \(table) ORDER BY 1 DESC LIMIT 1")
            try last.run()
        }
        return nil
    }

    /// The roots that are recorded: SOURCE, DESTINATION.
    static func roots(_ database: Database) throws -> [RootIdentity] {
        let rows = try Query(
            database,
            "SELECT filesystem, inode, birth, path FROM roots ORDER BY side"
        )
        var roots: [RootIdentity] = []
        while try rows.step() {
            roots.append(
                RootIdentity(
                    filesystem: rows.bytes(0),
                    inode: rows.bits(1),
                    birthNanoseconds: rows.integer(2),
                    path: rows.bytes(3)
                )
            )
        }
        return roots
    }

    private static func number(_ database: Database, _ sql: String) throws -> Int64 {
        let query = try Query(database, sql)
        defer { query.end() }
        return try query.step() ? query.integer(0) : -1
    }
}
