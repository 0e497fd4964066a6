// What a state folder holds, for who looks on: passes may run meanwhile.
//
// It keeps true: nothing is made, changed or put aside, and no lock is held that a pass would meet; a
// database that cannot be read is told of with its reason, never passed over. What it does not
// promise: that two questions to one record are answered of the same moment.

import LinuxIO

/// Why a database of the folder cannot be shown.
package enum ArchiveProblem: Error, Equatable, Sendable {
    /// With the reason.
    case damaged(String)
    /// Of another format, with its number.
    case otherVersion(Int)
    /// A pass was killed while it wrote its end; the next one of this pair puts it right.
    case interrupted
    /// With the reason.
    case unreadable(String)

    fileprivate init(_ problem: HistoryProblem) {
        self = .unreadable(problem.sentence)
    }
}

/// One record of the folder.
package struct ArchivedRecord: Sendable {
    /// The database file, for people.
    package let path: String
    package let contents: Result<Contents, ArchiveProblem>
    /// The pair was begun by `--new-pair`, and no whole pass since then did without.
    package let isDeclared: Bool
    fileprivate let names: FileNames

    /// Whether the file is called as that of this pair, whatever is in it.
    package func isNamed(for pair: PairIdentity) -> Bool { FileNames(pair).base == names.base }

    package struct Contents: Sendable {
        /// The roots with the paths that they had at the last pass.
        package let pair: PairIdentity
        package let history: History
    }
}

/// A state folder, open to be looked at.
package struct Archive: Sendable {
    /// The folder, for people.
    package let path: String
    let folder: StateFolder

    /// Opens the folder; nil: there is none.
    /// - Throws: `cannotUseFolder`.
    package init?(folder bytes: [UInt8]) throws(HistoryProblem) {
        guard let folder = try StateFolder.open(bytes, makesMissing: false) else { return nil }
        self.folder = folder
        path = folder.path
    }

    /// Whether databases can be opened at all: they are reached through /proc/self/fd.
    package var hasDescriptorPaths: Bool { ProcessLimits.hasDescriptorPaths(folder.descriptor) }

    /// All records, in the order of their files' names, each of them open.
    /// - Throws: `cannotUseFolder`.
    package func records() throws(HistoryProblem) -> [ArchivedRecord] {
        try map { $0 }
    }

    /// What each record gives, one after the other: none stays open that the result does not hold.
    /// - Throws: `cannotUseFolder`.
    package func map<Value>(
        _ body: (ArchivedRecord) -> Value?
    ) throws(HistoryProblem) -> [Value] {
        var values: [Value] = []
        for names in try folder.names().compactMap(FileNames.init(database:)) {
            if let value = body(try record(names)) { values.append(value) }
        }
        return values
    }

    /// The record of one pair; nil: there is none.
    /// - Throws: `cannotUseFolder`.
    package func record(of pair: PairIdentity) throws(HistoryProblem) -> ArchivedRecord? {
        let names = FileNames(pair)
        return try folder.kind(of: names.database) == .missing ? nil : try record(names)
    }

    private func record(_ names: FileNames) throws(HistoryProblem) -> ArchivedRecord {
        ArchivedRecord(
            path: folder.path(of: names.database),
            contents: open(names),
            isDeclared: try folder.status(of: names.declared) != nil,
            names: names
        )
    }

    private func open(_ names: FileNames) -> Result<ArchivedRecord.Contents, ArchiveProblem> {
        do throws(HistoryProblem) {
            if let damage = try damage(of: names) { return .failure(.damaged(damage)) }
        } catch {
            return .failure(ArchiveProblem(error))
        }
        do throws(StorageError) {
            return try openDatabase(names)
        } catch {
            switch error {
            case .damaged(let text): return .failure(.damaged(text))
            case .interrupted: return .failure(.interrupted)
            case .failed(let text): return .failure(.unreadable(text))
            case .problem(let problem): return .failure(ArchiveProblem(problem))
            }
        }
    }

    private func damage(of names: FileNames) throws(HistoryProblem) -> String? {
        guard try folder.kind(of: names.database) == .file else { return "it is not a file" }
        return try folder.damage(of: names)
    }

    private func openDatabase(
        _ names: FileNames
    ) throws(StorageError) -> Result<ArchivedRecord.Contents, ArchiveProblem> {
        let connection = try Connection(folder: folder, name: names.database, for: .lookups)
        let (unfit, roots) = try connection.access { database in
            let unfit = try Schema.examine(database)
            return (unfit, unfit == nil ? try Schema.roots(database) : [])
        }
        switch unfit {
        case .corrupt(let reason): return .failure(.damaged(reason))
        case .otherVersion(let version): return .failure(.otherVersion(version))
        case .otherPair, nil: break
        }
        guard roots.count == 2 else { return .failure(.damaged("it names \(roots.count) roots")) }
        let history = History(
            folder: folder,
            names: names,
            connection: connection,
            lock: nil,
            isReadOnly: true
        )
        let pair = PairIdentity(source: roots[0], destination: roots[1])
        return .success(ArchivedRecord.Contents(pair: pair, history: history))
    }
}

extension History {
    /// The newest passes, the newest first, and the id of the one that runs now, if one does.
    ///
    /// Only the newest can run: whoever begins one holds the pair's lock until its end.
    /// - Throws: `failed`.
    package func observedPasses(
        newest limit: Int
    ) throws(HistoryProblem) -> (passes: [PassRecord], running: Int64?) {
        let before = try lastPass()
        // Looked at only where it tells something: for a moment the lock is shared.
        let isLocked = before.map { $0.endNanoseconds == nil } == true ? try isLocked() : false
        let passes = try passes(newest: max(limit, 1))
        guard let newest = passes.first, newest.endNanoseconds == nil else { return (passes, nil) }
        // A pass without an end and without the lock is dead, but one that began after the look at the lock.
        let isRunning = isLocked || newest.id != before?.id
        return (passes, isRunning ? newest.id : nil)
    }

    /// One pass; nil: there is none of that id.
    /// - Throws: `failed`.
    package func pass(_ id: Int64) throws(HistoryProblem) -> PassRecord? {
        try read { try PassRow.select($0, "WHERE id = ?", SQLValue(id)).first }
    }

    /// How many passes are recorded.
    /// - Throws: `failed`.
    package func passCount() throws(HistoryProblem) -> Int {
        try read { database in
            let query = try Query(database, "SELECT count(*) FROM passes")
            defer { query.end() }
            return try query.step() ? Int(query.integer(0)) : 0
        }
    }

    private func isLocked() throws(HistoryProblem) -> Bool {
        do throws(HistoryProblem) {
            // Given back at once; a pass that begins in that moment tries again.
            _ = try PairLock.take(in: folder, name: names.lock, isReadOnly: true, waiting: 0)
            return false
        } catch {
            if error == .busy { return true }
            throw error
        }
    }
}

extension FileNames {
    /// The names that go with a database file; nil: no pair's database is called so.
    init?(database name: String) {
        guard name.hasSuffix(".sqlite") else { return nil }
        let base = name.dropLast(".sqlite".count)
        // Two ids and two inodes, in hexadecimal.
        let parts = base.split(separator: "-", omittingEmptySubsequences: false)
        let isOurs = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { Self.digits.contains($0) }
        }
        guard parts.count == 4, isOurs else { return nil }
        self.base = String(base)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
