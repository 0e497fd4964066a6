// What the program told in JSON lines (`--json FILE`, `--failures FILE`), for tests that ask for its counts and
// failures. Every line is parsed: one that is no JSON fails the test, whatever it was about.

package import Testing

extension JSON {
    /// The value of a key; nil where there is none, or no object.
    package subscript(_ key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The elements of an array; none of anything else.
    package var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }

    /// The text of a key.
    package func text(_ key: String) -> String? {
        if case .string(let text) = self[key] { text } else { nil }
    }

    /// The whole number of a key.
    package func number(_ key: String) -> Int? {
        if case .number(let written) = self[key] { Int(written) } else { nil }
    }

    /// The number of a key, with its fraction.
    package func decimal(_ key: String) -> Double? {
        if case .number(let written) = self[key] { Double(written) } else { nil }
    }

    /// The name of a key as bytes, of which the text may be a likeness only (docs/OUTPUT.md, "Names in JSON").
    package func name(_ key: String) -> [UInt8]? {
        guard let digits = text(key + "_bytes") else { return text(key).map { bytes($0) } }
        let starts = stride(from: 0, to: digits.utf8.count, by: 2)
        let values = starts.compactMap { UInt8(digits.dropFirst($0).prefix(2), radix: 16) }
        return values.count * 2 == digits.utf8.count ? values : nil
    }

    /// The path that a line is about, as bytes.
    package var path: [UInt8]? { name("path") }
}

// So that a test writes what it expects as it stands in the line: `failure["ranges"] == [[0, 511]]`.
extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(String(value)) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: CustomStringConvertible {
    /// One line for messages, keys in alphabetical order; not JSON again, for nothing is escaped.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let written): written
        case .string(let text): "\"\(text)\""
        case .array(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", "))}"
        }
    }
}

extension Outcome {
    /// What a run with `--json -` printed.
    ///
    /// - Throws: `JSONError` when a line is no JSON.
    package func report() throws(JSONError) -> JSONReport { try JSONReport(printed: stdout) }
}

/// The JSON lines of one run.
package struct JSONReport: Sendable {
    /// All lines, in the order in which they were written.
    package let lines: [JSON]

    /// Reads a file of JSON lines; a line that is not finished is left out.
    ///
    /// - Throws: `CallError` when it cannot be read, `JSONError` when a line is no JSON.
    package init(_ path: [UInt8]) throws { try self.init(printed: try Files.read(path)) }

    /// Reads what was printed.
    ///
    /// - Throws: `JSONError`
    package init(printed: [UInt8]) throws(JSONError) {
        var lines: [JSON] = []
        for line in printed.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            lines.append(try JSON(parsing: Array(line)))
        }
        self.lines = lines
    }

    /// The lines of one type.
    package func of(_ type: String) -> [JSON] { lines.filter { $0.text("type") == type } }

    /// The notices of one kind.
    package func notices(_ kind: String) -> [JSON] {
        of("notice").filter { $0.text("notice") == kind }
    }

    /// A number of the summary.
    package func summary(_ key: String) -> Int? { of("summary").last?.number(key) }

    /// Expects that this mount point, and no other, was left alone.
    package func expectMountSkipped(
        path: String,
        side: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let skipped = of("mount_skipped")
        #expect(
            skipped.map(\.path) == [bytes(path)] && skipped.first?.text("side") == side,
            "\(skipped)",
            sourceLocation: sourceLocation
        )
    }

    /// Expects that one failure is told of an entry, and what failed there.
    ///
    /// - Parameters:
    ///   - path: the entry, relative to the roots.
    ///   - side: `source` or `destination`.
    ///   - activity: what was being done, in the words of docs/OUTPUT.md.
    ///   - errno: the name of the error; nil where no call failed.
    ///   - sourceLocation: who expects it.
    /// - Returns: the line, if there is one.
    @discardableResult
    package func expectFailure(
        path: String,
        side: String,
        activity: String,
        errno: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> JSON? {
        let failures = of("failure")
        let told = failures.filter { $0.path == bytes(path) }
        #expect(told.count == 1, "of \(path): \(failures)", sourceLocation: sourceLocation)
        guard let line = told.first else { return nil }
        #expect(
            line.text("side") == side && line.text("activity") == activity
                && line["errno_name"] == (errno.map { .string($0) } ?? .null),
            "\(line)",
            sourceLocation: sourceLocation
        )
        return line
    }
}
