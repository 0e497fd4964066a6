// What a pass told in JSON lines (`--json FILE`), for tests that ask for its counts and failures.
//
// Not a JSON parser: every line is one object without nested keys of the same name before the one
// asked for, which docs/OUTPUT.md promises. A key that is missing answers nil.

/// The JSON lines of one pass.
package struct JSONReport: Sendable {
    /// All lines, in the order in which they were written.
    package let lines: [String]

    /// Reads a file of JSON lines; a line that is not finished is left out.
    ///
    /// - Throws: `CallError` when it cannot be read.
    package init(_ path: [UInt8]) throws {
        var cut = try Files.read(path).split(
            separator: UInt8(ascii: "\n"),
            omittingEmptySubsequences: false
        )
        cut.removeLast()
        lines = cut.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The lines of one type.
    package func of(_ type: String) -> [String] {
        lines.filter { $0.hasPrefix("{\"type\":\"\(type)\"") }
    }

    /// A number of the summary.
    package func summary(_ key: String) -> Int? {
        of("summary").last.flatMap { JSONReport.number(key, in: $0) }
    }

    /// The number of a key.
    package static func number(_ key: String, in line: String) -> Int? {
        value(key, in: line).flatMap { Int($0.prefix { $0.isNumber || $0 == "-" }) }
    }

    /// The text of a key, with its escapes.
    package static func text(_ key: String, in line: String) -> String? {
        guard let value = value(key, in: line), value.first == "\"" else { return nil }
        return String(value.dropFirst().prefix { $0 != "\"" })
    }

    /// The path that a line is about, as bytes.
    package static func path(in line: String) -> [UInt8]? {
        guard let hex = text("path_bytes", in: line) else {
            return text("path", in: line).map { bytes($0) }
        }
        var result: [UInt8] = []
        var rest = Substring(hex)
        while rest.count >= 2 {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            result.append(byte)
            rest = rest.dropFirst(2)
        }
        return result
    }

    private static func value(_ key: String, in line: String) -> Substring? {
        guard let found = line.firstRange(of: "\"\(key)\":") else { return nil }
        return line[found.upperBound...]
    }
}
