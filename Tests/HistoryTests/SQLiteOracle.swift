// A database file seen without our own code, through GRDB: whether it is whole, and made into what it
// must not be.

import GRDB
import TestSupport

enum SQLiteOracle {
    /// What SQLite's own full check says; `ok`.
    static func integrity(_ path: [UInt8]) throws -> String {
        try run(path) { try String.fetchAll($0, sql: "PRAGMA integrity_check").joined() }
    }

    /// Runs SQL on the file.
    static func execute(_ path: [UInt8], _ sql: String) throws {
        try run(path) { try $0.execute(sql: sql) }
    }

    static func number(_ path: [UInt8], _ sql: String) throws -> Int? {
        try run(path) { try Int.fetchOne($0, sql: sql) }
    }

    static func text(_ path: [UInt8], _ sql: String) throws -> String? {
        try run(path) { try String.fetchOne($0, sql: sql) }
    }

    private static func run<Result>(
        _ path: [UInt8],
        _ body: (Database) throws -> Result
    ) throws -> Result {
        let queue = try DatabaseQueue(path: String(decoding: path, as: UTF8.self))
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }
}
