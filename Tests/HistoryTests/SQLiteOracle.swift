// A database file seen without our own code, through SQLite alone: whether it is whole, and made into what it
// must not be.

import CSQLite
import TestSupport

/// What SQLite said.
struct SQLiteOracleError: Error {
    let text: String
}

enum SQLiteOracle {
    /// What SQLite's own full check says; `ok`.
    static func integrity(_ path: [UInt8]) throws -> String {
        try rows(path, "PRAGMA integrity_check").compactMap(\.self).joined()
    }

    /// Runs SQL on the file, one statement or several.
    static func execute(_ path: [UInt8], _ sql: String) throws {
        try open(path) { handle in
            let code = sqlite3_exec(handle, sql, nil, nil, nil)
            if code != SQLITE_OK { throw error(handle) }
        }
    }

    static func number(_ path: [UInt8], _ sql: String) throws -> Int? {
        try text(path, sql).flatMap { Int($0) }
    }

    /// The first column of the first row.
    static func text(_ path: [UInt8], _ sql: String) throws -> String? {
        try rows(path, sql).first.flatMap(\.self)
    }

    /// The first column of all rows.
    private static func rows(_ path: [UInt8], _ sql: String) throws -> [String?] {
        try open(path) { handle in
            var statement: OpaquePointer?
            guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
                throw error(handle)
            }
            defer { sqlite3_finalize(statement) }
            var rows: [String?] = []
            while true {
                switch sqlite3_step(statement) {
                case SQLITE_ROW:
                    rows.append(sqlite3_column_text(statement, 0).map { String(cString: $0) })
                case SQLITE_DONE: return rows
                default: throw error(handle)
                }
            }
        }
    }

    private static func open<Result>(
        _ path: [UInt8],
        _ body: (OpaquePointer?) throws -> Result
    ) throws -> Result {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        let opened = sqlite3_open_v2(
            String(decoding: path, as: UTF8.self),
            &handle,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
            nil
        )
        guard opened == SQLITE_OK else { throw error(handle) }
        return try body(handle)
    }

    private static func error(_ handle: OpaquePointer?) -> SQLiteOracleError {
        SQLiteOracleError(text: sqlite3_errmsg(handle).map { String(cString: $0) } ?? "no text")
    }
}
