// One line of JSON (RFC 8259), written key by key in the order given, `type` first. A writer and no
// more: nothing is kept but the bytes. Names are lossless: docs/OUTPUT.md, "Names in JSON".

import Migration

/// A JSON object being written, on one line.
package struct JSONLine: Sendable {
    private var bytes: [UInt8]
    private var isFirst = true

    /// Begins the object of an event.
    init(type: String) {
        self.init()
        add("type", type)
    }

    /// Begins an object inside another.
    init() { bytes = [0x7B] }

    /// The object's bytes without a newline.
    package var object: [UInt8] { bytes + [0x7D] }
    /// The object's bytes with a newline.
    package var line: [UInt8] { bytes + [0x7D, 0x0A] }

    /// A text; nil is `null`.
    mutating func add(_ key: String, _ text: String?) {
        begin(key)
        guard let text else { return addNull() }
        Self.quote(Array(text.utf8), to: &bytes)
    }

    /// A whole number; nil is `null`.
    ///
    /// Readers that hold numbers as doubles are exact to 2^53.
    mutating func add(_ key: String, _ number: (some BinaryInteger)?) {
        begin(key)
        guard let number else { return addNull() }
        bytes += Array(String(number).utf8)
    }

    /// Nil is `null`.
    mutating func add(_ key: String, _ flag: Bool?) {
        begin(key)
        guard let flag else { return addNull() }
        bytes += Array((flag ? "true" : "false").utf8)
    }

    /// A time in seconds with three decimals, cut; nil is `null`.
    mutating func add(_ key: String, seconds nanoseconds: UInt64?) {
        begin(key)
        guard let nanoseconds else { return addNull() }
        bytes += Array(Quantity.decimal(nanoseconds: nanoseconds).utf8)
    }

    /// A number that is not negative, with three decimals; nil is `null`.
    mutating func add(_ key: String, decimal number: Double?) {
        begin(key)
        guard let number else { return addNull() }
        bytes += Array(Quantity.decimal(number).utf8)
    }

    /// A number with all its digits, as `1.5e-08`; nil, and what is no number, is `null`.
    mutating func add(_ key: String, scientific number: Double?) {
        begin(key)
        guard let number, number.isFinite else { return addNull() }
        bytes += Array("\(number)".utf8)
    }

    /// A number that is not negative, with six decimals; nil is `null`.
    mutating func add(_ key: String, millionths: UInt64?) {
        begin(key)
        guard let millionths else { return addNull() }
        let fraction = "\(1_000_000 + millionths % 1_000_000)".dropFirst()
        bytes += Array("\(millionths / 1_000_000).\(fraction)".utf8)
    }

    /// A name: text with U+FFFD for what is not UTF-8, and then also `KEY_bytes`, all of it in
    /// hexadecimal.
    mutating func add(_ key: String, name: [UInt8]) {
        begin(key)
        Self.quote(name, to: &bytes)
        guard !UTF8Text.isValid(name) else { return }
        begin(key + "_bytes")
        Self.quoteDigits(name, to: &bytes)
    }

    /// An object; nil is `null`.
    mutating func add(_ key: String, _ inner: JSONLine?) {
        begin(key)
        guard let inner else { return addNull() }
        bytes += inner.object
    }

    mutating func add(_ key: String, _ list: [JSONLine]) {
        begin(key)
        bytes.append(0x5B)
        for (index, inner) in list.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes += inner.object
        }
        bytes.append(0x5D)
    }

    /// A list of names, each as text with U+FFFD for what is not UTF-8; nil is `null`.
    ///
    /// Where one is not, `KEY_bytes` has all of them in hexadecimal.
    mutating func add(_ key: String, names: [[UInt8]]?) {
        begin(key)
        guard let names else { return addNull() }
        addList(names) { Self.quote($0, to: &$1) }
        if names.allSatisfy(UTF8Text.isValid) { return }
        begin(key + "_bytes")
        addList(names) { Self.quoteDigits($0, to: &$1) }
    }

    private mutating func addList(_ names: [[UInt8]], _ write: ([UInt8], inout [UInt8]) -> Void) {
        bytes.append(0x5B)
        for (index, name) in names.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            write(name, &bytes)
        }
        bytes.append(0x5D)
    }

    /// A list of numbers; nil is `null`.
    mutating func add(_ key: String, numbers: [Int]?) {
        begin(key)
        guard let numbers else { return addNull() }
        bytes += Array("[\(numbers.map { "\($0)" }.joined(separator: ","))]".utf8)
    }

    /// Ranges as pairs of their first and last byte: `[[4096,8191],[65536,69631]]`.
    mutating func add(_ key: String, ranges: [Range<UInt64>]) {
        begin(key)
        let pairs = ranges.map { "[\($0.lowerBound),\($0.upperBound - 1)]" }
        bytes += Array("[\(pairs.joined(separator: ","))]".utf8)
    }

    private mutating func begin(_ key: String) {
        if !isFirst { bytes.append(0x2C) }
        isFirst = false
        Self.quote(Array(key.utf8), to: &bytes)
        bytes.append(0x3A)
    }

    private mutating func addNull() { bytes += Array("null".utf8) }

    /// A string of hexadecimal digits.
    private static func quoteDigits(_ name: [UInt8], to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(0x22)
        for byte in name { bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        bytes.append(0x22)
    }

    /// A string with all controls escaped: those that RFC 8259 demands, and DEL, C1 controls and line
    /// separators, for lines are also looked at in terminals and pasted into JavaScript.
    private static func quote(_ text: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(0x22)
        var index = 0
        while index < text.count {
            guard let (scalar, length) = UTF8Text.scalar(in: text[index...]) else {
                bytes += [0xEF, 0xBF, 0xBD]
                index += 1
                continue
            }
            switch scalar.value {
            case 0x22, 0x5C: bytes += [0x5C, text[index]]
            case 0x0A: bytes += Array("\\n".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                bytes += Array(
                    ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
                )
            default: bytes += text[index..<index + length]
            }
            index += length
        }
        bytes.append(0x22)
    }
}
