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
    /// The pass that found it; 0 before it is recorded.
    package var pass: Int64 = 0
    /// All numbers that were tried, by the number.
    package var rates: [Rate]
    /// Rates are of bytes, for no entry was met.
    package var isOfBytes: Bool

    /// How fast one number was.
    package struct Rate: Equatable, Sendable {
        package var workers: Int
        /// Entries, or bytes, a second.
        package var rate: Double
        /// Half of what lies between the slowest and the fastest step, in parts of the best rate.
        package var spread: Double
        /// How often it was measured.
        package var steps: Int

        package init(workers: Int, rate: Double, spread: Double, steps: Int) {
            self.workers = workers
            self.rate = rate
            self.spread = spread
            self.steps = steps
        }

        /// As it is stored: `16:10870.25:0.02:3`.
        fileprivate var text: String { "\(workers):\(rate):\(spread):\(steps)" }

        /// Nil: damaged.
        fileprivate init?(text: Substring) {
            let parts = text.split(separator: ":")
            guard parts.count == 4, let workers = Int(parts[0]), workers > 0,
                let rate = Double(parts[1]), rate.isFinite, rate >= 0,
                let spread = Double(parts[2]), spread.isFinite, spread >= 0,
                let steps = Int(parts[3])
            else { return nil }
            self.init(workers: workers, rate: rate, spread: spread, steps: steps)
        }
    }

    package init(  // One for each field.
        workers: Int,
        topWorkers: Int,
        limit: String?,
        machine: String?,
        momentNanoseconds: Int64,
        rates: [Rate] = [],
        isOfBytes: Bool = false
    ) {
        self.workers = workers
        self.topWorkers = topWorkers
        self.limit = limit
        self.machine = machine
        self.momentNanoseconds = momentNanoseconds
        self.rates = rates
        self.isOfBytes = isOfBytes
    }
}

extension History {
    /// What was found last; nil: nothing was, or the record is of an earlier version.
    /// - Throws: `failed`.
    package func tunedWorkers() throws(HistoryProblem) -> TunedWorkers? {
        try read { try TunedRow.newest(1, $0).first ?? nil }
    }

    /// All that were found and are kept, the oldest first; none in a record of an earlier version.
    /// - Throws: `failed`.
    package func tunings() throws(HistoryProblem) -> [TunedWorkers] {
        try read { try TunedRow.newest(TunedRow.mostRows, $0).compactMap { $0 }.reversed() }
    }
}

/// Rows of the table of numbers that were found, inside an access.
enum TunedRow {
    /// The version of the format that brought the table.
    static let version: Int64 = 5
    static let mostRows: Int64 = 100
    private static let columns =
        "pass, moment, workers, top_workers, limited_by, machine, rates, is_of_bytes"

    static let statement = """
        CREATE TABLE tunings (id INTEGER PRIMARY KEY, pass INTEGER, moment INTEGER, \
        workers INTEGER, top_workers INTEGER, limited_by TEXT, machine TEXT, rates TEXT, \
        is_of_bytes INTEGER)
        """

    static func insert(_ database: Database, _ row: TunedWorkers, pass: Int64) throws {
        let query = try Query(
            database,
            "INSERT INTO tunings (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        try query.run(
            SQLValue(pass),
            SQLValue(row.momentNanoseconds),
            SQLValue(row.workers),
            SQLValue(row.topWorkers),
            SQLValue(row.limit),
            SQLValue(row.machine),
            SQLValue(row.rates.map(\.text).joined(separator: " ")),
            SQLValue(row.isOfBytes)
        )
        try Schema.keep(mostRows, newestOf: "tunings", in: database)
    }

    /// So many, the newest first; nil: a number that no pass can have, which is damage, and worth no more than none.
    static func newest(_ count: Int64, _ database: Database) throws -> [TunedWorkers?] {
        guard try Schema.has(version, in: database) else { return [] }
        let query = try Query(
            database,
            "SELECT \(columns) FROM tunings ORDER BY id DESC LIMIT ?"
        )
        try query.bind(SQLValue(count))
        defer { query.end() }
        var rows: [TunedWorkers?] = []
        while try query.step() { rows.append(row(query)) }
        return rows
    }

    private static func row(_ query: Query) -> TunedWorkers? {
        guard let workers = Int(exactly: query.integer(2)), workers > 0,
            let top = Int(exactly: query.integer(3)), top > 0
        else { return nil }
        var row = TunedWorkers(
            workers: workers,
            topWorkers: top,
            limit: query.optionalText(4),
            machine: query.optionalText(5),
            momentNanoseconds: query.integer(1),
            rates: query.text(6).split(separator: " ").compactMap(TunedWorkers.Rate.init(text:)),
            isOfBytes: query.integer(7) != 0
        )
        row.pass = query.integer(0)
        return row
    }
}
