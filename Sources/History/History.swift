// What is known between passes: one SQLite database per pair of roots.
//
// Read here first. `Opening` finds, judges, sets aside and makes the file in its `StateFolder`;
// `Connection` and `Query` speak SQLite; `Passes` keeps passes with their branches and failures;
// `Lookups`, `InodeReader` and `RecordMerge` read and change the record of SOURCE's inodes, which is
// stored by the `Chunk`.
//
// It keeps true: what a pass changes is one transaction, so the record is that of the pass before or
// of this one, whenever the process or the machine stops; two passes of one pair never run together;
// a record that is damaged, of another format or of another pair is never believed and never deleted.
// It does not promise that there is a record: every pass can do without.

import LinuxIO

/// The record of one pair of roots, open.
///
/// Any thread may call it.
package final class History: Sendable {
    /// The database file, for people.
    package let path: String

    /// It can be asked, and nothing written.
    package let isReadOnly: Bool
    let folder: StateFolder
    let names: FileNames
    let connection: Connection
    let cache = ChunkCache()
    /// Held until the connection is closed.
    private let lock: PairLock?

    /// Opens the record of `pair` in `folder`, or makes it.
    ///
    /// `history` is nil when it is to be read only and there is none, or none that can be used. A
    /// read-only opening (a dry run) makes and changes no file. A folder that is missing is made, with
    /// all above it, for its owner alone (0700).
    /// - Throws: `cannotUseFolder`, and `busy` when another pass on this pair holds the lock.
    package static func open(
        folder: [UInt8],
        pair: PairIdentity,
        isReadOnly: Bool
    ) throws(HistoryProblem) -> (history: History?, setAside: SetAside?) {
        for root in [pair.source, pair.destination] {
            precondition((1...32).contains(root.filesystem.count), "an id is of 1 to 32 bytes")
        }
        guard let place = try StateFolder.open(folder, makesMissing: !isReadOnly) else {
            return (nil, nil)
        }
        let names = FileNames(pair)
        let lock = try PairLock.take(
            in: place,
            name: names.lock,
            isReadOnly: isReadOnly,
            waiting: 1
        )
        let opening = Opening(folder: place, names: names, pair: pair, isReadOnly: isReadOnly)
        let (connection, setAside) = try opening.run()
        guard let connection else { return (nil, setAside) }
        let history = History(
            folder: place,
            names: names,
            connection: connection,
            lock: lock,
            isReadOnly: isReadOnly
        )
        return (history, setAside)
    }

    /// Whether there may be a record of `pair` in `folder`, usable or not: one that could not be opened is no
    /// proof that there is none.
    ///
    /// False only where the folder or the database is seen to be missing; another error is a maybe.
    package static func mayExist(folder: [UInt8], pair: PairIdentity) -> Bool {
        if folder.isEmpty { return false }
        do throws(SystemError) {
            let place = try Descriptor.openRoot(Name(folder))
            return try place.status(of: FileNames(pair).database) != nil
        } catch {
            return error.code != .noEntry && error.code != .notDirectory
        }
    }

    /// Without a lock only for who looks on (`Archive`).
    init(
        folder: StateFolder,
        names: FileNames,
        connection: Connection,
        lock: PairLock?,
        isReadOnly: Bool
    ) {
        self.folder = folder
        self.names = names
        self.connection = connection
        self.lock = lock
        self.isReadOnly = isReadOnly
        path = folder.path(of: names.database)
    }

    deinit {
        // Before the lock goes.
        connection.close()
    }

    /// Closes the record, and lets another pass on this pair have it; nothing can be asked of it any more.
    package func close() {
        connection.close()
        lock?.release()
    }

    /// What an error is to a pass.
    ///
    /// Damage is noted beside the database: the next pass sets it aside, where the checks of an
    /// opening alone might let it through again and again.
    func problem(_ error: StorageError) -> HistoryProblem {
        switch error {
        case .problem(let problem): return problem
        case .failed(let text): return .failed(text)
        case .interrupted: return .failed("a pass was killed while writing it")
        case .damaged(let text):
            if isReadOnly { return .failed(text) }
            do throws(HistoryProblem) { try folder.note(names.damage, text) } catch {
                return .failed(
                    "\(text); this could not be noted for the next pass: \(error.sentence)"
                )
            }
            return .failed("\(text); the next pass sets the record aside and begins a new one")
        }
    }
}
