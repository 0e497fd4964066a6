// As much of JSON (RFC 8259) as files of a plan's folder need: objects whose keys have an order, lists, strings,
// whole numbers, true, false and null. Written in one form; read strictly, and without trust in who wrote it.

/// A value of JSON.
package indirect enum PlanJSON: Equatable, Sendable {
    case object([Member])
    case list([PlanJSON])
    /// The text, in UTF-8.
    case string([UInt8])
    /// A whole number that is not negative.
    case number(UInt64)
    case bool(Bool)
    case null

    /// A key and its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package let value: PlanJSON

        package init(_ key: String, _ value: PlanJSON) {
            self.key = key
            self.value = value
        }
    }

    /// A text.
    package init(_ text: String) { self = .string(Array(text.utf8)) }

    // MARK: Names

    /// A name: its text under `key`; where it is no UTF-8, all of it in hexadecimal under `KEY_bytes`.
    package static func name(_ key: String, _ bytes: [UInt8]) -> Member {
        String(validating: bytes, as: UTF8.self) != nil
            ? Member(key, .string(bytes)) : Member(key + "_bytes", .init(PlanDigits.text(bytes)))
    }

    /// What `name` wrote; nil: neither key is there, or not with a name.
    package func name(_ key: String) -> [UInt8]? {
        switch (self[key], self[key + "_bytes"]) {
        case (.string(let bytes), nil): bytes
        case (nil, .string(let digits)): PlanDigits.bytes(digits)
        default: nil
        }
    }

    // MARK: Asking

    /// The value of a key; nil: this is no object, or has no such key, or several.
    package subscript(key: String) -> PlanJSON? {
        guard case .object(let members) = self else { return nil }
        var found: PlanJSON?
        for member in members where member.key == key {
            if found != nil { return nil }
            found = member.value
        }
        return found
    }

    package var list: [PlanJSON]? {
        guard case .list(let values) = self else { return nil }
        return values
    }

    package var number: UInt64? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    package var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    package var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    // MARK: Writing

    /// Its one form, appended: no blanks, keys in their order, escaped is what must be.
    package func write(to bytes: inout [UInt8]) {
        switch self {
        case .object(let members):
            bytes.append(0x7B)
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                Self.quote(Array(member.key.utf8), to: &bytes)
                bytes.append(0x3A)
                member.value.write(to: &bytes)
            }
            bytes.append(0x7D)
        case .list(let values):
            bytes.append(0x5B)
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                value.write(to: &bytes)
            }
            bytes.append(0x5D)
        case .string(let text): Self.quote(text, to: &bytes)
        case .number(let number): bytes += Array(String(number).utf8)
        case .bool(let flag): bytes += Array((flag ? "true" : "false").utf8)
        case .null: bytes += Array("null".utf8)
        }
    }

    private static func quote(_ text: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x00...0x1F, 0x7F: bytes += Array("\\u00".utf8) + PlanDigits.pair(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    /// Reads one value that is all of `bytes`, blanks around it allowed; nil: it is none.
    package init?(reading bytes: [UInt8]) {
        var reader = PlanJSONReader(bytes: bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd() else { return nil }
        self = value
    }
}

/// Numbers and bytes in hexadecimal, small letters.
package enum PlanDigits {
    private static let digits = Array("0123456789abcdef".utf8)

    static func pair(_ byte: UInt8) -> [UInt8] { [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }

    package static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap(pair), as: UTF8.self)
    }

    /// 16 digits.
    package static func text(_ number: UInt64) -> String {
        text((0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) })
    }

    /// The bytes that an even number of digits stands for; nil: it is something else.
    package static func bytes(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            guard let high = value(text[index]), let low = value(text[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    /// A number of 16 digits; nil: it is something else.
    package static func number(_ text: String?) -> UInt64? {
        guard let text, text.utf8.count == 16, let bytes = bytes(Array(text.utf8)) else {
            return nil
        }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
