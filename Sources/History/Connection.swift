// One connection to one database file.
//
// It keeps true: one thread uses SQLite at a time (GRDB's queue, which runs the work on the caller's
// thread); no lock on the file outlives an access; what a transaction did is on the disk when it
// returns.

import CSQLite
import Dispatch
import GRDB
import GRDBSQLite
import LinuxIO

/// A database file that is open.
final class Connection: Sendable {
    private let queue: DatabaseQueue

    /// What a connection is for.
    enum Purpose {
        case writing, lookups
        /// Reads each page once.
        case streaming

        // There may be as many streaming connections as workers.
        fileprivate var cacheKiB: Int { self == .streaming ? 512 : 16384 }
    }

    /// Opens the existing file `name` of `folder`.
    ///
    /// The folder is handed over as its descriptor: GRDB takes paths as text only, and a folder's name
    /// may be any bytes. The file was looked at before, it is no symbolic link (SQLite opens with
    /// O_NOFOLLOW, but reads links first), and nobody else may write in the folder.
    init(folder: StateFolder, name: String, for purpose: Purpose) throws(StorageError) {
        // Nothing but in builds for tests.
        cl_sqlite_prepare_faults()
        var configuration = Configuration()
        configuration.readonly = purpose != .writing
        configuration.foreignKeysEnabled = false
        // A reader of another process may hold its lock for a moment.
        configuration.busyMode = .timeout(10)
        configuration.label = "history"
        // A quality of service becomes a nice value on Linux.
        configuration.qos = .unspecified
        configuration.prepareDatabase { database in
            for pragma in Schema.pragmas(cacheKiB: purpose.cacheKiB) {
                try Query(database, pragma).run()
            }
        }
        do {
            queue = try DatabaseQueue(
                path: folder.descriptor.path(toEntry: name),
                configuration: configuration
            )
        } catch {
            throw StorageError(error, connection: nil)
        }
    }

    /// Runs statements of which each is a transaction of its own.
    ///
    /// May be called inside of another access of the same connection: then they are part of that.
    func access<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        var outcome: Swift.Result<Result, StorageError>?
        queue.unsafeReentrantRead { database in
            do {
                outcome = .success(try body(database))
            } catch {
                outcome = .failure(StorageError(error, connection: database.sqliteConnection))
            }
        }
        guard let outcome else { throw .failed("nothing was read") }
        return try outcome.get()
    }

    /// Runs statements of which all are done or none, and on the disk when this returns.
    func transaction<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        try access { database in
            var result: Result?
            do {
                // Immediate: who else writes is met here, not in the middle.
                try database.inTransaction(.immediate) {
                    do {
                        result = try body(database)
                    } catch {
                        // Here, not below: rolling back may set another errno.
                        throw StorageError(error, connection: database.sqliteConnection)
                    }
                    return .commit
                }
            } catch {
                throw StorageError(error, connection: database.sqliteConnection)
            }
            guard let result else { throw StorageError.failed("nothing was done") }
            return result
        }
    }

    /// Whether SQLite could not open the file for writing.
    var isReadOnly: Bool {
        queue.unsafeReentrantRead { sqlite3_db_readonly($0.sqliteConnection, "main") == 1 }
    }

    /// Closes the file.
    ///
    /// What is still open then is closed by the end of this object.
    func close() {
        // It fails when statements are in use, of which none outlives its access.
        try? queue.close()
    }
}
