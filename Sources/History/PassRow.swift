// Rows of the tables of passes, branches and failures: what goes in and out, and the limits.

/// Statements on passes, inside an access.
enum PassRow {
    private static let mostPasses: Int64 = 1000
    /// A pass in which everything fails keeps 10,000 failures of some 150 bytes: 75 MB of 50 such.
    private static let mostPassesWithDetails: Int64 = 50
    private static let mostFailures = 10000
    private static let mostBranches = 1000

    /// A column of the table: its name, and where its value stands in a pass.
    private struct Column: Sendable {
        let name: String
        /// The version of the format that brought it.
        let version: Int64
        let value: @Sendable (PassRecord) -> SQLValue
        /// Takes the value from a column of the present row.
        let read: @Sendable (inout PassRecord, Query, Int32) -> Void

        init<Value: ColumnValue>(
            _ name: String,
            since version: Int64 = 1,
            _ path: any WritableKeyPath<PassRecord, Value> & Sendable
        ) {
            self.name = name
            self.version = version
            value = { $0[keyPath: path].stored }
            read = { $0[keyPath: path] = Value(in: $1, $2) }
        }
    }

    private static let id = Column("id", \.id)

    private static let columns = [id] + others

    /// Values are bound and read in this order, whatever that of the table is.
    private static let others =
        [
            Column("started", \.startNanoseconds), Column("ended", \.endNanoseconds),
            Column("boot", \.bootIdentifier), Column("started_boot", \.startBootNanoseconds),
            Column("ended_boot", \.endBootNanoseconds), Column("options", \.options),
            Column("method", \.method), Column("reason", \.reason),
            Column("workers", \.workers), Column("is_partial", \.isPartial),
            Column("status", \.status), Column("is_complete", \.isComplete),
            Column("watermark", \.watermarkNanoseconds),
            Column("destination_inodes", \.destinationInodes),
            Column("destination_mount", \.destinationMount),
            Column("destination_sectors", \.destinationSectorsWritten),
            Column("destination_changed", \.destinationChangedNanoseconds),
            Column("version", \.cutoverVersion),
            Column("destination_instance", since: 2, \.destinationInstance),
            Column("rolled_back_to", since: 2, \.rolledBackToNanoseconds),
            Column("open_time", since: 4, \.times.open),
            Column("changes_time", since: 4, \.times.changes),
            Column("work_time", since: 4, \.times.work),
            Column("synchronize_time", since: 4, \.times.synchronize),
            Column("commit_time", since: 4, \.times.commit),
            Column("foreseen_time", since: 4, \.foreseenNanoseconds),
            Column("is_held_back", since: 4, \.isHeldBack),
            Column("entries_touched", since: 4, \.entriesTouched),
            Column("machine", since: 4, \.machine),
            Column("costs_full", since: 4, \.costsAtFullPower),
            Column("costs_held", since: 4, \.costsHeldBack),
            Column("arguments", since: 4, \.arguments),
            Column("foreseen_low", since: 5, \.foreseenLowNanoseconds),
            Column("foreseen_high", since: 5, \.foreseenHighNanoseconds),
            Column("source_type", since: 5, \.sourceType),
            Column("destination_type", since: 5, \.destinationType),
            Column("source_features", since: 5, \.sourceFeatures),
            Column("destination_features", since: 5, \.destinationFeatures),
            Column("source_mount_options", since: 5, \.sourceMountOptions),
            Column("destination_mount_options", since: 5, \.destinationMountOptions),
            Column("host", since: 5, \.host),
        ]
        + PassCounter.recorded.map { counter, version in
            Column(counter.row.key, since: version, \.counts[counter])
        }

    static func select(
        _ database: Database,
        _ condition: String,
        _ values: SQLValue...
    ) throws -> [PassRecord] {
        // A database of an older version that is only read.
        let version = try Schema.version(of: database)
        let list = columns.map { $0.version > version ? "NULL" : $0.name }.joined(separator: ", ")
        let query = try Query(database, "SELECT \(list) FROM passes \(condition)")
        try query.bind(values)
        defer { query.end() }
        var passes: [PassRecord] = []
        while try query.step() {
            var pass = PassRecord.blank
            for (index, column) in columns.enumerated() { column.read(&pass, query, Int32(index)) }
            if let damage = pass.damage { throw StorageError.damaged(damage) }
            passes.append(pass)
        }
        return passes
    }

    static func insert(_ database: Database, _ pass: PassRecord) throws {
        let list = columns.map(\.name).joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let query = try Query(database, "INSERT INTO passes (\(list)) VALUES (\(marks))")
        try query.bind(columns.map { $0.value(pass) })
        try query.run()
    }

    static func update(_ database: Database, _ pass: PassRecord) throws {
        let list = others.map { "\($0.name) = ?" }.joined(separator: ", ")
        let query = try Query(database, "UPDATE passes SET \(list) WHERE id = ?")
        try query.bind((others + [id]).map { $0.value(pass) })
        try query.run()
        try checkChanged(database, pass.id)
    }

    /// Throws when the last statement changed no row.
    static func checkChanged(_ database: Database, _ id: Int64) throws {
        if database.changesCount == 0 { throw StorageError.failed("there is no pass \(id)") }
    }

    static func replaceBranches(
        _ database: Database,
        _ id: Int64,
        _ branches: [BranchRecord]
    ) throws {
        try Query(database, "DELETE FROM branches WHERE pass = ?").run(SQLValue(id))
        let insert = try Query(database, "INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?)")
        let slowest = branches.sorted { $0.workNanoseconds > $1.workNanoseconds }
        for (position, branch) in slowest.prefix(mostBranches).enumerated() {
            try insert.run(
                SQLValue(id),
                SQLValue(position),
                .bytes(branch.name),
                SQLValue(branch.workNanoseconds),
                SQLValue(branch.entries),
                SQLValue(branch.bytes)
            )
        }
    }

    static func replaceFailures(
        _ database: Database,
        _ id: Int64,
        _ failures: [FailureRecord]
    ) throws {
        try Query(database, "DELETE FROM failures WHERE pass = ?").run(SQLValue(id))
        let insert = try Query(
            database,
            "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        for (position, failure) in failures.prefix(mostFailures).enumerated() {
            try insert.run(
                SQLValue(id),
                SQLValue(position),
                .bytes(failure.path),
                SQLValue(failure.side),
                SQLValue(failure.activity),
                SQLValue(failure.errorNumber),
                SQLValue(failure.firstByte),
                SQLValue(failure.endByte),
                SQLValue(failure.detail)
            )
        }
    }

    /// Removes what is over the limits.
    ///
    /// A pass that did not complete stays until one of the whole SOURCE with its options has completed:
    /// `unsafeSince` needs it. They are many only where no pass ever completes.
    static func prune(_ database: Database, newest: Int64) throws {
        let lastWhole = """
            (SELECT coalesce(max(id), 0) FROM passes WHERE is_complete = 1 AND is_partial = 0)
            """
        let lastComplete = "(SELECT coalesce(max(id), 0) FROM passes WHERE is_complete = 1)"
        let isCompared = """
            EXISTS (SELECT 1 FROM passes AS later WHERE later.id > passes.id \
            AND later.is_complete = 1 AND later.is_partial = 0 AND later.options = passes.options)
            """
        let condition = "id <= ? AND id < \(lastWhole) AND (is_complete = 1 OR \(isCompared))"
        try Query(database, "DELETE FROM passes WHERE \(condition)")
            .run(SQLValue(newest - mostPasses))
        // Of all branches only a walk tells how much space they take.
        let lastWalk = """
            (SELECT coalesce(max(id), 0) FROM passes WHERE is_complete = 1 AND is_partial = 0 \
            AND method = 'walk')
            """
        for (table, kept) in [
            ("branches", "\(lastWhole), \(lastComplete), \(lastWalk)"),
            ("failures", "\(lastWhole), \(lastComplete)"),
        ] {
            let condition = "pass <= ? AND pass NOT IN (\(kept))"
            try Query(database, "DELETE FROM \(table) WHERE \(condition)")
                .run(SQLValue(newest - mostPassesWithDetails))
        }
    }
}

/// A value that a column holds; SQLite gives some value whatever is stored.
private protocol ColumnValue: Sendable {
    var stored: SQLValue { get }
    /// Reads a column of the present row.
    init(in row: Query, _ column: Int32)
}

extension Int64: ColumnValue {
    fileprivate var stored: SQLValue { SQLValue(self) }
    fileprivate init(in row: Query, _ column: Int32) { self = row.integer(column) }
}

extension Int: ColumnValue {
    fileprivate var stored: SQLValue { SQLValue(self) }
    fileprivate init(in row: Query, _ column: Int32) {
        self.init(truncatingIfNeeded: row.integer(column))
    }
}

extension UInt64: ColumnValue {
    fileprivate var stored: SQLValue { SQLValue(self) }
    fileprivate init(in row: Query, _ column: Int32) { self = row.bits(column) }
}

extension Bool: ColumnValue {
    fileprivate var stored: SQLValue { SQLValue(self) }
    fileprivate init(in row: Query, _ column: Int32) { self = row.integer(column) != 0 }
}

extension String: ColumnValue {
    fileprivate var stored: SQLValue { SQLValue(self) }
    fileprivate init(in row: Query, _ column: Int32) { self = row.text(column) }
}

extension Array: ColumnValue where Element == UInt8 {
    fileprivate var stored: SQLValue { .bytes(self) }
    fileprivate init(in row: Query, _ column: Int32) { self = row.bytes(column) }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    fileprivate var stored: SQLValue { self?.stored ?? .null }
    fileprivate init(in row: Query, _ column: Int32) {
        self = row.isNull(column) ? nil : Wrapped(in: row, column)
    }
}

extension PassRecord {
    /// Moments from 1896 to 2116: of two such, and of one and a margin, the difference is a number.
    private static let moments = -(Int64(1) << 61)...(Int64(1) << 62)

    /// What no pass can have; nil: nothing.
    ///
    /// SQLite keeps no checksums, so one bit that a disk turned is read as it is.
    fileprivate var damage: String? {
        let known = [
            startNanoseconds, endNanoseconds, startBootNanoseconds, endBootNanoseconds,
            safeUntilNanoseconds, rolledBackToNanoseconds,
        ]
        guard Self.moments.contains(id) else { return "a pass has the number \(id)" }
        guard known.allSatisfy({ $0.map(Self.moments.contains) ?? true }) else {
            return "pass \(id) was at a moment that none can be at"
        }
        return nil
    }

    /// Nothing is known yet: each column is read into it.
    fileprivate static var blank: PassRecord {
        PassRecord(
            startNanoseconds: 0,
            bootIdentifier: "",
            startBootNanoseconds: 0,
            options: "",
            method: "",
            workers: 0,
            isPartial: false,
            cutoverVersion: ""
        )
    }
}
