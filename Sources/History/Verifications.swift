// Verifications that came to an end: a row each, which a later reader finds beside the passes.
//
// It keeps true: who records a verification makes no database, and sets none aside; only where passes are recorded are
// verifications, too.

import LinuxIO

/// One verification of two trees.
package struct RecordedVerification: Equatable, Sendable {
    /// 0 before it is recorded.
    package var id: Int64 = 0
    /// In nanoseconds since 1970, by the clock of that moment.
    package var startNanoseconds: Int64
    package var durationNanoseconds: UInt64
    /// In nanoseconds since 1970, as if nobody had set the clock meanwhile.
    package var endNanoseconds: Int64 { startNanoseconds &+ Int64(clamping: durationNanoseconds) }
    /// Exit status.
    package var status: Int
    package var comparesContents: Bool
    /// Of how many files contents were read, in percent as it was given; nil: of all.
    package var samplePercent: String?
    /// Only some branches were compared.
    package var isPartial: Bool
    /// It left out what was said for it alone, and not what passes leave out: entries, attributes or quotas.
    package var isFiltered: Bool
    /// Neither a signal nor a time limit ended it.
    package var isComplete: Bool
    /// What users changed since the last pass counted as different.
    package var isStrict: Bool
    /// The whole pass since which users may have changed something; nil: no record told.
    package var lastPass: Int64?
    package var counts = Counts()
    /// As in `PassRecord`.
    package var machine: String?
    package var cutoverVersion: String
    /// Who had logged in, by number (/proc/self/loginuid); nil: nobody had, or it is not told.
    package var loginUser: UInt32?
    /// Options by which it left out attributes or quotas, as in `PassRecord.arguments`; those of entries are not among them.
    ///
    /// What is recorded `isFiltered` where the last whole pass did not leave out the same.
    package var leftAside: [UInt8] = []

    /// What it counted.
    package struct Counts: Equatable, Sendable {
        package var entriesSeen: UInt64 = 0
        package var filesCompared: UInt64 = 0
        /// On both sides together.
        package var bytesRead: UInt64 = 0
        package var differences: UInt64 = 0
        package var pending: UInt64 = 0
        package var changed: UInt64 = 0
        package var failures: UInt64 = 0
        package var vanished: UInt64 = 0

        package init() {}
    }

    package init(  // One for each field.
        startNanoseconds: Int64,
        durationNanoseconds: UInt64,
        status: Int,
        comparesContents: Bool,
        samplePercent: String? = nil,
        isPartial: Bool = false,
        isFiltered: Bool = false,
        isComplete: Bool = true,
        isStrict: Bool = false,
        lastPass: Int64? = nil,
        machine: String? = nil,
        cutoverVersion: String,
        loginUser: UInt32? = nil
    ) {
        self.startNanoseconds = startNanoseconds
        self.durationNanoseconds = durationNanoseconds
        self.status = status
        self.comparesContents = comparesContents
        self.samplePercent = samplePercent
        self.isPartial = isPartial
        self.isFiltered = isFiltered
        self.isComplete = isComplete
        self.isStrict = isStrict
        self.lastPass = lastPass
        self.machine = machine
        self.cutoverVersion = cutoverVersion
        self.loginUser = loginUser
    }
}

extension History {
    /// Records a verification where passes of `pair` are recorded, durably; false: none are.
    ///
    /// A pass of the pair may run meanwhile. Where its record has to be put right first (it is of an earlier format, or
    /// a killed pass left it), that waits for the pair's lock, about so many `seconds`.
    /// - Throws: `busy` where that lock did not become free, `cannotUseFolder`, and `failed` where the database is of no
    ///   use or cannot be written.
    package static func add(
        _ verification: RecordedVerification,
        folder: [UInt8],
        pair: PairIdentity,
        waiting seconds: Int = 60
    ) throws(HistoryProblem) -> Bool {
        guard let place = try StateFolder.open(folder, makesMissing: false) else { return false }
        let names = FileNames(pair)
        if try place.kind(of: names.database) == .missing { return false }
        var opening = Opening(folder: place, names: names, pair: pair, isReadOnly: false)
        var triesLeft = max(seconds, 1)
        while true {
            opening.isBesideOthers = true
            do throws(HistoryProblem) { return try opening.add(verification) } catch {
                if error != .busy { throw error }
            }
            opening.isBesideOthers = false
            triesLeft -= 1
            do throws(HistoryProblem) {
                // A second for each try.
                let lock = try PairLock.take(
                    in: place,
                    name: names.lock,
                    isReadOnly: false,
                    waiting: 1
                )
                defer { lock?.release() }
                return try opening.add(verification)
            } catch {
                if error != .busy || triesLeft == 0 { throw error }
            }
        }
    }

    /// The verifications that are kept, the oldest first; none in a record of an earlier version.
    /// - Throws: `failed`.
    package func verifications() throws(HistoryProblem) -> [RecordedVerification] {
        try read { try VerificationRow.all($0) }
    }
}

extension Opening {
    /// False: no database is there.
    fileprivate func add(_ verification: RecordedVerification) throws(HistoryProblem) -> Bool {
        let added = try withExisting { connection throws(HistoryProblem) in
            let history = History(
                folder: folder,
                names: names,
                connection: connection,
                lock: nil,
                isReadOnly: false
            )
            try history.write { try VerificationRow.insert($0, verification) }
            return true
        }
        return added ?? false
    }
}

/// Rows of the table of verifications, inside an access.
enum VerificationRow {
    /// The version of the format that brought the table.
    static let version: Int64 = 5
    private static let mostRows: Int64 = 1_000

    private static let columns = [
        ("started", "INTEGER"), ("duration", "INTEGER"), ("status", "INTEGER"),
        ("is_content", "INTEGER"), ("sample", "TEXT"), ("is_partial", "INTEGER"),
        ("is_filtered", "INTEGER"), ("is_complete", "INTEGER"), ("is_strict", "INTEGER"),
        ("last_pass", "INTEGER"), ("machine", "TEXT"), ("version", "TEXT"),
        ("login_user", "INTEGER"), ("left_aside", "BLOB"),
    ]

    /// Counts, each in the column of its own name.
    private static let counts: [(name: String, path: Path)] = [
        ("entries_seen", \.entriesSeen), ("files_compared", \.filesCompared),
        ("bytes_read", \.bytesRead), ("differences", \.differences), ("pending", \.pending),
        ("changed", \.changed), ("failures", \.failures), ("vanished", \.vanished),
    ]
    private typealias Path = any WritableKeyPath<RecordedVerification.Counts, UInt64> & Sendable

    /// As they stand in the statement that makes the table.
    static let columnTexts =
        (columns + counts.map { ($0.name, "INTEGER") }).map { "\($0.0) \($0.1)" }
        .joined(separator: ", ")

    private static let names = columns.map(\.0) + counts.map(\.name)

    static func insert(_ database: Database, _ row: RecordedVerification) throws {
        let marks = names.map { _ in ", ?" }.joined()
        let query = try Query(database, "INSERT INTO verifications VALUES (NULL\(marks))")
        let values: [SQLValue] =
            [
                SQLValue(row.startNanoseconds), SQLValue(row.durationNanoseconds),
                SQLValue(row.status), SQLValue(row.comparesContents),
                SQLValue(row.samplePercent), SQLValue(row.isPartial),
                SQLValue(try row.isFiltered || leavesOutMore(database, row)),
                SQLValue(row.isComplete), SQLValue(row.isStrict), SQLValue(row.lastPass),
                SQLValue(row.machine), SQLValue(row.cutoverVersion),
                SQLValue(row.loginUser.map { Int64($0) }), .bytes(row.leftAside),
            ] + counts.map { SQLValue(row.counts[keyPath: $0.path]) }
        try query.bind(values)
        try query.run()
        try Schema.keep(mostRows, newestOf: "verifications", in: database)
    }

    /// Whether passes carry what it did not compare: the last whole one decides, and one that kept no words carries all.
    private static func leavesOutMore(
        _ database: Database,
        _ row: RecordedVerification
    ) throws -> Bool {
        if row.leftAside.isEmpty { return false }
        let whole = "WHERE is_complete = 1 AND is_partial = 0 ORDER BY id DESC LIMIT 1"
        let carried = try PassRow.select(database, whole).first?.arguments ?? []
        let words = Set(carried.split(separator: 0))
        return !row.leftAside.split(separator: 0).allSatisfy(words.contains)
    }

    static func all(_ database: Database) throws -> [RecordedVerification] {
        guard try Schema.has(version, in: database) else { return [] }
        let list = names.joined(separator: ", ")
        let query = try Query(database, "SELECT id, \(list) FROM verifications ORDER BY id")
        try query.bind()
        defer { query.end() }
        var rows: [RecordedVerification] = []
        while try query.step() {
            var row = RecordedVerification(
                startNanoseconds: query.integer(1),
                durationNanoseconds: query.bits(2),
                status: Int(truncatingIfNeeded: query.integer(3)),
                comparesContents: query.integer(4) != 0,
                samplePercent: query.optionalText(5),
                isPartial: query.integer(6) != 0,
                isFiltered: query.integer(7) != 0,
                isComplete: query.integer(8) != 0,
                isStrict: query.integer(9) != 0,
                lastPass: query.optionalInteger(10),
                machine: query.optionalText(11),
                cutoverVersion: query.text(12),
                loginUser: query.optionalInteger(13).flatMap { UInt32(exactly: $0) }
            )
            row.id = query.integer(0)
            row.leftAside = query.bytes(14)
            for (index, count) in counts.enumerated() {
                row.counts[keyPath: count.path] = query.bits(Int32(1 + columns.count + index))
            }
            rows.append(row)
        }
        return rows
    }
}
