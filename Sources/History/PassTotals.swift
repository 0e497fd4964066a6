// What all passes of a pair came to. Each pass keeps the sum of those before it, so that the sums stay when old passes
// are forgotten (`PassRow.prune`), and never fall while the record lasts.

/// Sums over passes, by words that stay.
package struct PassTotals: Equatable, Sendable {
    /// Passes by exit status; nil is the key of those that were killed.
    package private(set) var passes: [Int?: UInt64] = [:]
    /// Walks by the word of their reason.
    package private(set) var walks: [String: UInt64] = [:]
    package private(set) var counts = PassRecord.Counts()

    package init() {}

    /// Adds a pass that runs no more.
    mutating func add(_ pass: PassRecord) {
        passes[pass.status, default: 0] += 1
        if pass.method == "walk" {
            let word = pass.reason.flatMap { $0.split(separator: " ").first } ?? "unknown"
            walks[String(word), default: 0] += 1
        }
        for (counter, _) in PassCounter.recorded { counts[counter] &+= pass.counts[counter] }
    }

    /// `KEY=NUMBER`, separated by blanks.
    var text: String {
        let passes = passes.map { status, count in
            "passes:\(status.map { "\($0)" } ?? "killed")=\(count)"
        }
        let walks = walks.map { "walks:\($0)=\($1)" }
        let counts = PassCounter.recorded.compactMap { counter, _ in
            self.counts[counter] == 0 ? nil : "\(counter.row.key)=\(self.counts[counter])"
        }
        return (passes.sorted() + walks.sorted() + counts).joined(separator: " ")
    }

    /// Takes what it knows of such a text.
    init(text: String) {
        var known: [String: UInt64] = [:]
        for part in text.split(separator: " ") {
            let parts = part.split(separator: "=")
            guard parts.count == 2, let number = UInt64(parts[1]) else { continue }
            let key = String(parts[0])
            known[key] = number
            if key.hasPrefix("passes:") { passes[Int(key.dropFirst(7))] = number }
            if key.hasPrefix("walks:") { walks[String(key.dropFirst(6))] = number }
        }
        for (counter, _) in PassCounter.recorded { counts[counter] = known[counter.row.key] ?? 0 }
    }

    /// Writes down what all passes before one came to.
    func keep(_ database: Database, before id: Int64) throws {
        let update = try Query(database, "UPDATE passes SET earlier_totals = ? WHERE id = ?")
        try update.run(SQLValue(text), SQLValue(id))
    }

    /// Nil: it was made by an earlier version.
    private static func kept(_ database: Database, before id: Int64) throws -> String? {
        guard try Schema.has(version, in: database) else { return nil }
        let query = try Query(database, "SELECT earlier_totals FROM passes WHERE id = ?")
        try query.bind(SQLValue(id))
        defer { query.end() }
        return try query.step() ? query.optionalText(0) : nil
    }

    /// Of the record's format, which brought it.
    static let version: Int64 = 5

    /// Of all passes, forgotten ones too; `isOver`: the newest runs no more, even without an end.
    static func ofAll(_ database: Database, isOver: Bool) throws -> PassTotals {
        guard let newest = try PassRow.select(database, "ORDER BY id DESC LIMIT 1").first else {
            return PassTotals()
        }
        var totals = PassTotals()
        if let text = try kept(database, before: newest.id) {
            totals = PassTotals(text: text)
        } else {
            // Passes of an earlier format.
            for pass in try PassRow.select(database, "WHERE id < ?", SQLValue(newest.id)) {
                totals.add(pass)
            }
        }
        if isOver || newest.endNanoseconds != nil { totals.add(newest) }
        return totals
    }
}

extension History {
    /// What all passes came to that have ended; one that was killed counts from the next one on.
    /// - Throws: `failed`.
    package func totals() throws(HistoryProblem) -> PassTotals {
        try read { try PassTotals.ofAll($0, isOver: false) }
    }

    /// The newest pass that came to its end, whatever that was.
    /// - Throws: `failed`.
    package func lastEnded() throws(HistoryProblem) -> PassRecord? {
        try read {
            try PassRow.select($0, "WHERE ended IS NOT NULL ORDER BY id DESC LIMIT 1").first
        }
    }

    /// The newest pass of all of SOURCE in which nothing failed: beside users something vanishes in most (24).
    /// - Throws: `failed`.
    package func lastSuccess() throws(HistoryProblem) -> PassRecord? {
        let wanted = "WHERE status IN (0, 24) AND is_partial = 0 ORDER BY id DESC LIMIT 1"
        return try read { try PassRow.select($0, wanted).first }
    }
}
