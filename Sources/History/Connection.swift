// One connection to one database file.
//
// It keeps true: one thread uses SQLite at a time (a mutex, held for a whole access); no lock on the file
// outlives an access; what a transaction did is on the disk when it returns.

import CSQLite
import LinuxIO

/// A database file that is open.
///
/// `@unchecked Sendable`: `database` is reached under `mutex` only.
final class Connection: @unchecked Sendable {
    /// SQLite's, for it is recursive: an access may lie in another one.
    private let mutex: OpaquePointer
    private let database: Database

    /// What a connection is for.
    enum Purpose {
        case writing, lookups
        /// A pass may be in the middle of a transaction.
        case writingBesideOthers
        /// Reads each page once.
        case streaming

        fileprivate var isReadOnly: Bool { self == .lookups || self == .streaming }
        // There may be as many streaming connections as workers.
        fileprivate var cacheKiB: Int { self == .streaming ? 512 : 16384 }
    }

    /// Opens the existing file `name` of `folder`.
    ///
    /// The folder is handed over as its descriptor: it is the one that was judged, whatever bears its name now. The
    /// file was looked at before, it is no symbolic link (SQLite opens with O_NOFOLLOW, but reads links first), and
    /// nobody else may write in the folder.
    init(folder: StateFolder, name: String, for purpose: Purpose) throws(StorageError) {
        // Nothing but in builds for tests.
        cl_sqlite_prepare_faults()
        do {
            database = try Database(
                path: folder.descriptor.path(toEntry: name),
                isReadOnly: purpose.isReadOnly,
                // A reader of another process may hold its lock for a moment; a pass that ends, for as long as it writes.
                busyMilliseconds: purpose == .writingBesideOthers ? 60_000 : 10_000
            )
            for pragma in Schema.pragmas(cacheKiB: purpose.cacheKiB) {
                try Query(database, pragma).run()
            }
            // Whether it is a database is not asked before something is read.
            let first = try Query(database, "SELECT * FROM sqlite_master LIMIT 1")
            defer { first.end() }
            // What there is, if anything, is judged later.
            _ = try first.step()
        } catch {
            throw StorageError(error)
        }
        guard let mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_RECURSIVE) else {
            throw .failed("SQLite has no mutex: it was built for one thread, or there is no memory")
        }
        self.mutex = mutex
    }

    deinit { sqlite3_mutex_free(mutex) }

    /// Runs statements of which each is a transaction of its own.
    ///
    /// May be called inside of another access of the same connection: then they are part of that.
    func access<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        sqlite3_mutex_enter(mutex)
        defer { sqlite3_mutex_leave(mutex) }
        do {
            return try body(database)
        } catch {
            throw StorageError(error)
        }
    }

    /// Runs statements of which all are done or none, and on the disk when this returns.
    func transaction<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        try access { database in
            // Immediate: who else writes is met here, not in the middle.
            try Query(database, "BEGIN IMMEDIATE TRANSACTION").run()
            do {
                let result = try body(database)
                // Some errors roll back by themselves; then there is nothing to commit.
                guard database.isInsideTransaction else {
                    throw StorageError.failed("SQLite rolled the transaction back")
                }
                try Query(database, "COMMIT TRANSACTION").run()
                return result
            } catch {
                if database.isInsideTransaction {
                    // What failed first is told. If this fails as well, the journal stays, and whoever
                    // opens the file next rolls it back.
                    try? Query(database, "ROLLBACK TRANSACTION").run()
                }
                throw error
            }
        }
    }

    /// Whether SQLite could not open the file for writing.
    var isReadOnly: Bool {
        sqlite3_mutex_enter(mutex)
        defer { sqlite3_mutex_leave(mutex) }
        return database.isReadOnly
    }

    /// Closes the file; an access after it fails.
    func close() {
        sqlite3_mutex_enter(mutex)
        defer { sqlite3_mutex_leave(mutex) }
        database.close()
    }
}
