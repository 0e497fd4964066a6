// How a database is found, judged, set aside and made.
//
// It keeps true: a database under its name is whole, for it is made under another name and renamed; one
// that cannot be used is renamed with its journal, and its journal is never beside another; all this
// happens under both of the pair's locks. A read-only opening makes, changes and renames nothing.

import LinuxIO

/// One opening.
struct Opening {
    let folder: StateFolder
    let names: FileNames
    let pair: PairIdentity
    let isReadOnly: Bool
    /// The pair's lock is somebody else's, who may have the database open.
    var isBesideOthers = false

    /// Longer than any other one has the opening's lock: it writes one row, on a disk that may be busy.
    static let patienceSeconds = 60

    private enum Found {
        case usable(Connection)
        case missing
        case unfit(SetAside)
    }

    /// The opening's lock; nil: read-only, and nobody has ever locked.
    private func lock() throws(HistoryProblem) -> PairLock? {
        try PairLock.take(
            in: folder,
            name: names.openingLock,
            isReadOnly: isReadOnly,
            waiting: Self.patienceSeconds
        )
    }

    /// Opens what is there, or what is made instead.
    func run() throws(HistoryProblem) -> (connection: Connection?, setAside: SetAside?) {
        let openingLock = try lock()
        defer { openingLock?.release() }
        let found = try examine()
        switch found {
        case .usable(let connection):
            return (connection, nil)
        case .missing where isReadOnly:
            return (nil, nil)
        case .unfit(let reason) where isReadOnly:
            return (nil, reason)
        case .missing:
            return (try make(), nil)
        case .unfit(let reason):
            try setAside()
            return (try make(), reason)
        }
    }

    /// Opens what is there to be written, for as long as `body` needs, and makes and sets aside nothing; nil: nothing is
    /// there.
    /// - Throws: `failed` also where what is there cannot be used: the next pass sees to that. `busy` beside others,
    ///   where who has the pair's lock must see to the database first.
    func withExisting<Result>(
        _ body: (Connection) throws(HistoryProblem) -> Result
    ) throws(HistoryProblem) -> Result? {
        let openingLock = try lock()
        defer { openingLock?.release() }
        switch try examine() {
        case .usable(let connection):
            defer { connection.close() }
            return try body(connection)
        case .missing: return nil
        case .unfit(let reason): throw .failed(reason.sentence)
        }
    }

    // MARK: Judging

    private func examine() throws(HistoryProblem) -> Found {
        switch try folder.kind(of: names.database) {
        case .missing: return .missing
        case .other: return .unfit(.corrupt("it is not a file"))
        case .file: break
        }
        if let reason = try folder.damage(of: names) { return .unfit(.corrupt(reason)) }
        let hasHotJournal = try folder.hasHotJournal(names)
        // A running pass writes, or a killed one has left it.
        if hasHotJournal && isBesideOthers { throw .busy }
        do {
            return try examineTwice(hasHotJournal)
        } catch {
            switch error {
            case .damaged(let text):
                return .unfit(.corrupt(text))
            case .interrupted where isReadOnly:
                return .unfit(
                    .corrupt("a pass was killed while writing it; the next pass puts it right")
                )
            default:
                throw unusable(error)
            }
        }
    }

    /// Damage counts when it is met again: SQLite calls a read that failed (EIO, ENXIO) corruption as well, and
    /// a disk that fails once must not cost the record.
    private func examineTwice(_ hadJournal: Bool) throws(StorageError) -> Found {
        do throws(StorageError) { return try examineTables(hadJournal) } catch {
            guard case .damaged = error else { throw error }
        }
        return try examineTables(hadJournal)
    }

    /// `hadJournal`: a change that was not finished has to be rolled back first.
    private func examineTables(_ hadJournal: Bool) throws(StorageError) -> Found {
        let connection = try Connection(
            folder: folder,
            name: names.database,
            for: isReadOnly ? .lookups : isBesideOthers ? .writingBesideOthers : .writing
        )
        do throws(StorageError) {
            if !isReadOnly, !connection.isReadOnly,
                try connection.access({ try Schema.isOlder($0) })
            {
                if isBesideOthers { throw StorageError.problem(.busy) }
                try connection.transaction { try Schema.upgrade($0) }
            }
            let unfit = try connection.access { try Schema.examine($0, for: pair) }
            if hadJournal { try expectRolledBack() }
            if unfit == nil && !isReadOnly {
                // SQLite opens a file that it may not write for reading, and says nothing.
                if connection.isReadOnly { throw StorageError.failed("the file cannot be written") }
                try connection.transaction { try Schema.setPaths($0, of: pair) }
            }
            guard let unfit else { return .usable(connection) }
            connection.close()
            return .unfit(unfit)
        } catch {
            connection.close()
            throw error
        }
    }

    /// SQLite takes any error of looking for a journal (EIO, ENOMEM) to mean that there is none, and would read
    /// a database that is half changed.
    private func expectRolledBack() throws(StorageError) {
        let isStillThere: Bool
        do throws(HistoryProblem) { isStillThere = try folder.hasHotJournal(names) } catch {
            throw .problem(error)
        }
        if isStillThere { throw .failed("its journal could not be looked at") }
    }

    // MARK: Making

    private func make() throws(HistoryProblem) -> Connection {
        // What such a journal belonged to is gone; SQLite would roll it back into the new database.
        try setAside()
        try removeUnfinished()
        try folder.create(names.unfinished)
        do {
            let maker = try Connection(folder: folder, name: names.unfinished, for: .writing)
            defer { maker.close() }
            try maker.transaction { try Schema.create($0, for: pair) }
        } catch {
            // On a full disk it is in the way; the next opening tries again.
            try? removeUnfinished()
            throw unusable(error)
        }
        try folder.rename(names.unfinished, to: names.database)
        try folder.sync()
        do {
            return try Connection(folder: folder, name: names.database, for: .writing)
        } catch {
            throw unusable(error)
        }
    }

    /// Removes what a killed process left of a database that it was making.
    private func removeUnfinished() throws(HistoryProblem) {
        for suffix in [""] + FileNames.companions {
            try folder.removeUnused(names.unfinished + suffix)
        }
    }

    private func unusable(_ error: StorageError) -> HistoryProblem {
        switch error {
        case .damaged(let text), .failed(let text): folder.unusable(text)
        case .interrupted: folder.unusable("the file cannot be written")
        case .problem(let problem): problem
        }
    }

    // MARK: Setting aside

    /// Renames the database and whatever SQLite may keep beside it; what is not there is no error.
    private func setAside() throws(HistoryProblem) {
        let suffixes = try ([""] + FileNames.companions).filterThrowing {
            suffix throws(HistoryProblem) in
            try folder.kind(of: names.database + suffix) != .missing
        }
        if !suffixes.isEmpty {
            let new = try freeName()
            // The database goes first. Were the journal first and the process killed in between, a
            // database in the middle of a change would stay and look whole.
            for suffix in suffixes {
                try folder.rename(names.database + suffix, to: new + suffix)
            }
            try folder.sync()
        }
        try folder.removeUnused(names.damage)
    }

    /// NAME.set-aside-20380119T031407Z; with a number where there is such a one.
    private func freeName() throws(HistoryProblem) -> String {
        let base = "\(names.database).set-aside-\(Self.utcTime())"
        for number in 1...999 {
            let name = number == 1 ? base : "\(base)-\(number)"
            let taken = try ([""] + FileNames.companions).filterThrowing {
                suffix throws(HistoryProblem) in
                try folder.kind(of: name + suffix) != .missing
            }
            if taken.isEmpty { return name }
        }
        throw folder.unusable("\(base): \(ErrorCode.exists.sentence)")
    }

    private static func utcTime() -> String {
        let now = CalendarTime(utc: coarseTimeNanoseconds())
        let digits = (now.date + "T" + now.seconds).filter { $0 != "-" && $0 != ":" }
        return digits + "Z"
    }
}

extension Sequence {
    /// `filter`, with the type of what is thrown.
    fileprivate func filterThrowing<Failure: Error>(
        _ isIncluded: (Element) throws(Failure) -> Bool
    ) throws(Failure) -> [Element] {
        var kept: [Element] = []
        for element in self where try isIncluded(element) { kept.append(element) }
        return kept
    }
}
