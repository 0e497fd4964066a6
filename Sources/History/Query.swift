// One prepared statement: values bound, rows stepped through, columns read, without an object per row.
//
// Columns are read with SQLite's own conversions, which give some value whatever is stored: a damaged
// database must not end the process. Statements are kept by the connection and used again.

import CSQLite

/// A value to bind.
enum SQLValue {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    /// Numbers of 64 bits are stored by their bits: SQLite's integers have a sign.
    init(_ value: UInt64?) { self = value.map { .integer(Int64(bitPattern: $0)) } ?? .null }
    init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }
    init(_ value: Int32?) { self = value.map { .integer(Int64($0)) } ?? .null }
    init(_ value: Bool) { self = .integer(value ? 1 : 0) }
    init(_ value: String?) { self = value.map { .text($0) } ?? .null }
}

/// A statement of one connection, used only inside the access that made it.
struct Query {
    /// Keeps `handle` alive.
    private let database: Database
    private let handle: OpaquePointer

    /// Prepares `sql`, or takes it from those that the connection has prepared before.
    init(_ database: Database, _ sql: String) throws {
        self.database = database
        handle = try database.statement(sql)
        // A step that failed left its error here, which was thrown then.
        _ = sqlite3_reset(handle)
    }

    /// Binds all parameters, ready for the first step.
    func bind(_ values: SQLValue...) throws { try bind(values) }

    func bind(_ values: [SQLValue]) throws {
        // As in `init`: the status is that of the last step.
        _ = sqlite3_reset(handle)
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            switch value {
            case .null: try check(sqlite3_bind_null(handle, position))
            case .integer(let number): try check(sqlite3_bind_int64(handle, position, number))
            case .text(let text):
                try check(sqlite3_bind_text(handle, position, text, -1, Self.copied))
            case .bytes(let bytes):
                try bytes.withUnsafeBytes { try bind(position, $0) }
            }
        }
    }

    /// Binds bytes, which are copied.
    ///
    /// None are a blob of length 0, not NULL.
    func bind(_ position: Int32, _ bytes: UnsafeRawBufferPointer) throws {
        if let base = bytes.baseAddress, !bytes.isEmpty {
            try check(
                sqlite3_bind_blob64(handle, position, base, UInt64(bytes.count), Self.copied)
            )
        } else {
            try check(sqlite3_bind_zeroblob(handle, position, 0))
        }
    }

    func bind(_ position: Int32, _ number: Int64) throws {
        try check(sqlite3_bind_int64(handle, position, number))
    }

    /// Goes to the next row; false: there is none, and the statement is ready for other values.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            // After SQLITE_DONE the status is that of success.
            _ = sqlite3_reset(handle)
            return false
        case let code: throw database.error(code)
        }
    }

    /// Steps to the end.
    func run() throws {
        while try step() {}
    }

    func run(_ values: SQLValue...) throws {
        try bind(values)
        try run()
    }

    /// Ends a query before its last row: until then the connection holds a lock on the file.
    func end() {
        // The status is that of the last step, which was thrown then.
        _ = sqlite3_reset(handle)
    }

    // MARK: Columns of the present row

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func bits(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }
    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    func optionalBits(_ column: Int32) -> UInt64? { isNull(column) ? nil : bits(column) }
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func text(_ column: Int32) -> String {
        guard let text = sqlite3_column_text(handle, column) else { return "" }
        // Texts of our own making: methods, versions, options. Names are blobs.
        return String(cString: text)
    }

    func bytes(_ column: Int32) -> [UInt8] { Array(blob(column)) }

    /// The bytes of a blob, valid until the next step.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        // In this order: the call for the blob may convert, which changes the length.
        let base = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column)))
    }

    // MARK: -

    /// SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies what is bound.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func check(_ code: Int32) throws { try database.check(code) }
}
