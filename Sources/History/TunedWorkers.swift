// The number of workers that was found best for a pair, by a pass that tried several. It lies in the state of the pair
// and nowhere else: volumes that are others have a number of their own, or none.

import LinuxIO

/// What one pass found.
package struct TunedWorkers: Equatable, Sendable {
    /// What later passes take.
    package var workers: Int
    /// The fastest of all that were tried.
    package var topWorkers: Int
    /// What kept more workers from being faster, as a word; nil: not known.
    package var limit: String?
    /// As in `PassRecord`: a number that was measured on another machine says nothing.
    package var machine: String?
    /// When the pass ended, in nanoseconds since 1970.
    package var momentNanoseconds: Int64

    package init(
        workers: Int,
        topWorkers: Int,
        limit: String?,
        machine: String?,
        momentNanoseconds: Int64
    ) {
        self.workers = workers
        self.topWorkers = topWorkers
        self.limit = limit
        self.machine = machine
        self.momentNanoseconds = momentNanoseconds
    }
}

extension History {
    /// What was found last; nil: nothing was, or the record is of an earlier version.
    /// - Throws: `failed`.
    package func tunedWorkers() throws(HistoryProblem) -> TunedWorkers? {
        try read { try TunedRow.newest($0) }
    }
}

/// Rows of the table of numbers that were found, inside an access.
enum TunedRow {
    /// The version of the format that brought the table.
    static let version: Int64 = 5
    private static let mostRows: Int64 = 100
    private static let columns = "pass, moment, workers, top_workers, limited_by, machine"

    static let statement = """
        CREATE TABLE tunings (id INTEGER PRIMARY KEY, pass INTEGER, moment INTEGER, \
        workers INTEGER, top_workers INTEGER, limited_by TEXT, machine TEXT)
        """

    static func insert(_ database: Database, _ row: TunedWorkers, pass: Int64) throws {
        let query = try Query(
            database,
            "INSERT INTO tunings (\(columns)) VALUES (?, ?, ?, ?, ?, ?)"
        )
        try query.run(
            SQLValue(pass),
            SQLValue(row.momentNanoseconds),
            SQLValue(row.workers),
            SQLValue(row.topWorkers),
            SQLValue(row.limit),
            SQLValue(row.machine)
        )
        try Schema.keep(mostRows, newestOf: "tunings", in: database)
    }

    static func newest(_ database: Database) throws -> TunedWorkers? {
        guard try Schema.has(version, in: database) else { return nil }
        let query = try Query(
            database,
            "SELECT \(columns) FROM tunings ORDER BY id DESC LIMIT 1"
        )
        try query.bind()
        defer { query.end() }
        guard try query.step() else { return nil }
        // A number that no pass can have is damage, and worth no more than none.
        guard let workers = Int(exactly: query.integer(2)), workers > 0,
            let top = Int(exactly: query.integer(3)), top > 0
        else { return nil }
        return TunedWorkers(
            workers: workers,
            topWorkers: top,
            limit: query.optionalText(4),
            machine: query.optionalText(5),
            momentNanoseconds: query.integer(1)
        )
    }
}
