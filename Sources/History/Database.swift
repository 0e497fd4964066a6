// SQLite's handle of one open file, with the statements that were prepared on it.
//
// It keeps true: statements are finalised before the handle is closed; an error is read, with SQLite's text and errno,
// at the call that gave it, before another one.

import CSQLite

/// What a call of SQLite gave.
struct DatabaseError: Error {
    /// The extended result code.
    let code: Int32
    /// For people; SQLite's own.
    let message: String
    /// The errno of the last file call that failed; 0: none did.
    let systemError: Int32

    /// The result code without what extends it.
    var primaryCode: Int32 { code & 0xff }
}

/// One handle, used by one thread at a time (`Connection` sees to it).
final class Database {
    /// Nil once it is closed.
    private var handle: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]

    /// Opens an existing file; of one that cannot be written, for reading.
    ///
    /// A read of it shows whether it is a database at all.
    init(path: String, isReadOnly: Bool, busyMilliseconds: Int32) throws(DatabaseError) {
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        // NOMUTEX: it is guarded as a whole.
        let opened = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX, nil)
        guard opened == SQLITE_OK else {
            let error = self.error(opened)
            close()
            throw error
        }
        try check(sqlite3_extended_result_codes(handle, 1))
        try check(sqlite3_busy_timeout(handle, busyMilliseconds))
    }

    deinit { close() }

    /// Finalises all statements and closes the file.
    func close() {
        for statement in statements.values {
            // The status is that of the last step, which was thrown then.
            _ = sqlite3_finalize(statement)
        }
        statements = [:]
        // It fails for nothing but statements that are left, of which there are none.
        _ = sqlite3_close(handle)
        handle = nil
    }

    /// Prepares `sql`, or takes what was prepared before: one statement for each text.
    func statement(_ sql: String) throws(DatabaseError) -> OpaquePointer {
        if let known = statements[sql] { return known }
        guard handle != nil else { throw error(SQLITE_MISUSE) }
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        try check(sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil))
        // Text without a statement gives none.
        guard let statement else { throw error(SQLITE_MISUSE) }
        statements[sql] = statement
        return statement
    }

    /// How many rows the last statement changed.
    var changesCount: Int { handle.map { Int(sqlite3_changes($0)) } ?? 0 }

    var isInsideTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    /// Whether SQLite could not open the file for writing.
    var isReadOnly: Bool { handle.map { sqlite3_db_readonly($0, "main") == 1 } ?? false }

    func check(_ code: Int32) throws(DatabaseError) {
        if code != SQLITE_OK { throw error(code) }
    }

    /// What the last call says of itself, which gave `code`.
    func error(_ code: Int32) -> DatabaseError {
        let text = handle.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        return DatabaseError(
            code: code,
            // SQLite's own text, in UTF-8.
            message: text.map { String(cString: $0) } ?? "SQLite gives \(code)",
            systemError: handle.map { sqlite3_system_errno($0) } ?? 0
        )
    }
}
