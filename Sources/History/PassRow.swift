// Rows of the tables of passes, branches and failures: what goes in and out, and the limits.

import GRDB
import GRDBSQLite

/// Statements on passes, inside an access.
enum PassRow {
    private static let mostPasses: Int64 = 1000
    /// A pass in which everything fails keeps 10,000 failures of some 150 bytes: 75 MB of 50 such.
    private static let mostPassesWithDetails: Int64 = 50
    private static let mostFailures = 10000
    private static let mostBranches = 1000

    private static let columns = [
        "id", "started", "ended", "boot", "started_boot", "ended_boot", "options", "method",
        "reason", "workers", "is_partial", "status", "is_complete", "watermark",
        "destination_inodes", "destination_mount", "destination_sectors", "destination_changed",
        "entries_seen",
        "files_copied", "bytes_copied",
        "attributes_repaired", "directories_made", "directories_moved", "links_made",
        "extras_deleted", "failures", "vanished", "version", "destination_instance",
        "rolled_back_to",
    ]

    private static let ofVersion2: Set = ["destination_instance", "rolled_back_to"]

    /// In the order of `columns`.
    private static func values(_ pass: PassRecord) -> [SQLValue] {
        let counts = pass.counts
        return [
            SQLValue(pass.id), SQLValue(pass.startNanoseconds), SQLValue(pass.endNanoseconds),
            SQLValue(pass.bootIdentifier), SQLValue(pass.startBootNanoseconds),
            SQLValue(pass.endBootNanoseconds), SQLValue(pass.options), SQLValue(pass.method),
            SQLValue(pass.reason), SQLValue(pass.workers), SQLValue(pass.isPartial),
            SQLValue(pass.status), SQLValue(pass.isComplete), SQLValue(pass.watermarkNanoseconds),
            SQLValue(pass.destinationInodes), SQLValue(pass.destinationMount),
            SQLValue(pass.destinationSectorsWritten),
            SQLValue(pass.destinationChangedNanoseconds), SQLValue(counts.entriesSeen),
            SQLValue(counts.filesCopied), SQLValue(counts.bytesCopied),
            SQLValue(counts.attributesRepaired), SQLValue(counts.directoriesMade),
            SQLValue(counts.directoriesMoved), SQLValue(counts.linksMade),
            SQLValue(counts.extrasDeleted), SQLValue(counts.failures), SQLValue(counts.vanished),
            SQLValue(pass.cutoverVersion), SQLValue(pass.destinationInstance),
            SQLValue(pass.rolledBackToNanoseconds),
        ]
    }

    /// The present row, in the order of `columns`.
    private static func pass(_ row: Query) -> PassRecord {
        var pass = PassRecord(
            startNanoseconds: row.integer(1),
            bootIdentifier: row.text(3),
            startBootNanoseconds: row.integer(4),
            options: row.text(6),
            method: row.text(7),
            reason: row.optionalText(8),
            workers: Int(row.integer(9)),
            isPartial: row.integer(10) != 0,
            cutoverVersion: row.text(28)
        )
        pass.id = row.integer(0)
        pass.destinationInstance = row.optionalText(29)
        pass.rolledBackToNanoseconds = row.optionalInteger(30)
        pass.endNanoseconds = row.optionalInteger(2)
        pass.endBootNanoseconds = row.optionalInteger(5)
        pass.status = row.optionalInteger(11).map { Int($0) }
        pass.isComplete = row.integer(12) != 0
        pass.watermarkNanoseconds = row.optionalInteger(13)
        pass.destinationInodes = row.optionalBits(14)
        pass.destinationMount = row.optionalBits(15)
        pass.destinationSectorsWritten = row.optionalBits(16)
        pass.destinationChangedNanoseconds = row.optionalInteger(17)
        pass.counts.entriesSeen = row.bits(18)
        pass.counts.filesCopied = row.bits(19)
        pass.counts.bytesCopied = row.bits(20)
        pass.counts.attributesRepaired = row.bits(21)
        pass.counts.directoriesMade = row.bits(22)
        pass.counts.directoriesMoved = row.bits(23)
        pass.counts.linksMade = row.bits(24)
        pass.counts.extrasDeleted = row.bits(25)
        pass.counts.failures = row.bits(26)
        pass.counts.vanished = row.bits(27)
        return pass
    }

    static func select(
        _ database: Database,
        _ condition: String,
        _ values: SQLValue...
    ) throws -> [PassRecord] {
        // A database of version 1 that is only read.
        let isOld = try !Schema.has(2, database)
        let list = columns.map { isOld && ofVersion2.contains($0) ? "NULL" : $0 }
            .joined(separator: ", ")
        let query = try Query(database, "SELECT \(list) FROM passes \(condition)")
        try query.bind(values)
        defer { query.end() }
        var passes: [PassRecord] = []
        while try query.step() { passes.append(pass(query)) }
        return passes
    }

    static func insert(_ database: Database, _ pass: PassRecord) throws {
        let list = columns.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let query = try Query(database, "INSERT INTO passes (\(list)) VALUES (\(marks))")
        try query.bind(values(pass))
        try query.run()
    }

    static func update(_ database: Database, _ pass: PassRecord) throws {
        let list = columns.dropFirst().map { "\($0) = ?" }.joined(separator: ", ")
        let query = try Query(database, "UPDATE passes SET \(list) WHERE id = ?")
        try query.bind(values(pass).dropFirst() + [SQLValue(pass.id)])
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
        for table in ["branches", "failures"] {
            let condition = "pass <= ? AND pass NOT IN (\(lastWhole), \(lastComplete))"
            try Query(database, "DELETE FROM \(table) WHERE \(condition)")
                .run(SQLValue(newest - mostPassesWithDetails))
        }
    }
}
