// Reads JSON that anybody may have written: no depth, number or string of it does harm.

/// A reader at one place of some bytes.
struct PlanJSONReader {
    /// Far more than any file of a plan nests, and far less than a thread's stack holds.
    private static let depthMax = 64

    private let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Whether nothing but blanks is left.
    mutating func isAtEnd() -> Bool {
        skipBlanks()
        return place == bytes.count
    }

    /// The value that begins here; nil: none does.
    mutating func value(depth: Int) -> PlanJSON? {
        guard depth < Self.depthMax else { return nil }
        skipBlanks()
        guard place < bytes.count else { return nil }
        switch bytes[place] {
        case 0x7B: return object(depth: depth)
        case 0x5B: return list(depth: depth)
        case 0x22: return string().map { .string($0) }
        case 0x30...0x39: return number().map { .number($0) }
        default: return word()
        }
    }

    private mutating func object(depth: Int) -> PlanJSON? {
        place += 1
        var members: [PlanJSON.Member] = []
        if take(0x7D) { return .object(members) }
        while true {
            skipBlanks()
            guard let key = string().flatMap({ String(validating: $0, as: UTF8.self) }),
                take(0x3A), let value = value(depth: depth + 1)
            else { return nil }
            members.append(PlanJSON.Member(key, value))
            if take(0x7D) { return .object(members) }
            guard take(0x2C) else { return nil }
        }
    }

    private mutating func list(depth: Int) -> PlanJSON? {
        place += 1
        var values: [PlanJSON] = []
        if take(0x5D) { return .list(values) }
        while true {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
            if take(0x5D) { return .list(values) }
            guard take(0x2C) else { return nil }
        }
    }

    /// A string, its escapes resolved; nil also for one that is no UTF-8.
    private mutating func string() -> [UInt8]? {
        guard place < bytes.count, bytes[place] == 0x22 else { return nil }
        place += 1
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case 0x22: return String(validating: text, as: UTF8.self) == nil ? nil : text
            case 0x5C:
                guard let escaped = escape() else { return nil }
                text += escaped
            case 0x00...0x1F: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> [UInt8]? {
        guard place < bytes.count else { return nil }
        let letter = bytes[place]
        place += 1
        switch letter {
        case 0x22, 0x5C, 0x2F: return [letter]
        case 0x62: return [0x08]
        case 0x66: return [0x0C]
        case 0x6E: return [0x0A]
        case 0x72: return [0x0D]
        case 0x74: return [0x09]
        case 0x75:
            guard let unit = unit() else { return nil }
            return scalar(unit)
        default: return nil
        }
    }

    /// Four digits.
    private mutating func unit() -> UInt32? {
        guard place + 4 <= bytes.count,
            let text = String(validating: bytes[place..<place + 4], as: UTF8.self),
            text.allSatisfy(\.isHexDigit), let unit = UInt32(text, radix: 16)
        else { return nil }
        place += 4
        return unit
    }

    /// The character that one unit of UTF-16 is, or begins.
    private mutating func scalar(_ unit: UInt32) -> [UInt8]? {
        var value = unit
        if (0xD800...0xDBFF).contains(unit) {
            guard place + 2 <= bytes.count, bytes[place] == 0x5C, bytes[place + 1] == 0x75 else {
                return nil
            }
            place += 2
            guard let low = self.unit(), (0xDC00...0xDFFF).contains(low) else { return nil }
            value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        return Unicode.Scalar(value).map { Array(String(Character($0)).utf8) }
    }

    /// Digits without a sign, a fraction or zeros before them.
    private mutating func number() -> UInt64? {
        let start = place
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
        if place - start > 1, bytes[start] == 0x30 { return nil }
        return UInt64(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func word() -> PlanJSON? {
        for (word, value) in [
            ("true", PlanJSON.bool(true)), ("false", .bool(false)), ("null", .null),
        ]
        where bytes[place...].starts(with: word.utf8) {
            place += word.utf8.count
            return value
        }
        return nil
    }

    /// Goes behind a byte if it comes next.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func skipBlanks() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }
}
