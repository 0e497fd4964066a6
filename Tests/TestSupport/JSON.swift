// A strict reader of JSON (RFC 8259): what a test asks of a line is what any reader would find in it.
//
// Refused is what the standard leaves to the reader as well: two keys of one name, halves of surrogate pairs, bytes
// that are not UTF-8. Numbers stay as they are written, for a double cannot hold all of them.

/// A value of JSON.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number as it is written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// Reads one value with nothing but blanks around it.
    package init(parsing text: [UInt8]) throws(JSONError) {
        var reader = JSONReader(text)
        self = try reader.document()
    }
}

/// Why a text is no JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let reason: String
    /// Bytes before the place.
    package let offset: Int

    package init(reason: String, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "no JSON: \(reason) at byte \(offset)" }
}

private struct JSONReader {
    private static let depthMax = 64
    private let text: [UInt8]
    private var next = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value(depth: 0)
        if peek() != nil { throw error("something after the end") }
        return value
    }

    private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: next) }

    /// The next character that is no blank; nil at the end.
    private mutating func peek() -> Unicode.Scalar? {
        while skip(" ") || skip("\n") || skip("\r") || skip("\t") {}
        return next < text.count ? Unicode.Scalar(text[next]) : nil
    }

    /// Reads this character behind blanks, if it is the next one.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        peek() == character && skip(character)
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth <= Self.depthMax else { throw error("nested too deeply") }
        switch peek() {
        case "{": return .object(try object(depth))
        case "[": return .array(try array(depth))
        case "\"": return .string(try string())
        case "t": return try word("true", .bool(true))
        case "f": return try word("false", .bool(false))
        case "n": return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        guard text[next...].starts(with: word.utf8) else { throw error("no value") }
        next += word.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> [String: JSON] {
        next += 1
        var members: [String: JSON] = [:]
        if take("}") { return members }
        repeat {
            guard peek() == "\"" else { throw error("no key") }
            let key = try string()
            guard take(":") else { throw error("no colon") }
            guard members[key] == nil else { throw error("the key \(key) comes twice") }
            members[key] = try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw error("no end of the object") }
        return members
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> [JSON] {
        next += 1
        var elements: [JSON] = []
        if take("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw error("no end of the array") }
        return elements
    }

    private mutating func number() throws(JSONError) -> String {
        let start = next
        skip("-")
        let beginsWithZero = skip("0")
        let wholeDigits = skipDigits()
        guard beginsWithZero ? wholeDigits == 0 : wholeDigits > 0 else { throw error("no value") }
        if skip("."), skipDigits() == 0 { throw error("no digit") }
        if skip("e") || skip("E") {
            if !skip("+") { skip("-") }
            if skipDigits() == 0 { throw error("no digit") }
        }
        return String(decoding: text[start..<next], as: UTF8.self)
    }

    /// Reads this byte, if it is the next one.
    @discardableResult
    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next < text.count, text[next] == UInt8(ascii: byte) else { return false }
        next += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = next
        while next < text.count, (0x30...0x39).contains(text[next]) { next += 1 }
        return next - start
    }

    private mutating func string() throws(JSONError) -> String {
        let start = next
        next += 1
        var found: [UInt8] = []
        while next < text.count, text[next] != UInt8(ascii: "\"") {
            guard text[next] >= 0x20 else { throw error("a control character") }
            if text[next] == UInt8(ascii: "\\") {
                found += String(Character(try escape())).utf8
            } else {
                found.append(text[next])
                next += 1
            }
        }
        guard next < text.count else { throw error("no end of the string") }
        next += 1
        guard let string = String(validating: found, as: UTF8.self) else {
            throw JSONError(reason: "not UTF-8", offset: start)
        }
        return string
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let plain: [UInt8: Unicode.Scalar] = [
            0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n",
            0x72: "\r", 0x74: "\t",
        ]
        if next + 1 < text.count, let character = plain[text[next + 1]] {
            next += 2
            return character
        }
        let first = try unit()
        guard (0xD800...0xDBFF).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw error("half of a pair") }
            return scalar
        }
        let second = try unit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw error("half of a pair") }
        return scalar
    }

    /// The code unit of a `\uXXXX`.
    private mutating func unit() throws(JSONError) -> UInt32 {
        let digits = text[next...].dropFirst(2).prefix(4)
        guard text[next...].starts(with: "\\u".utf8), digits.count == 4,
            digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("no escape") }
        next += 6
        return unit
    }
}
