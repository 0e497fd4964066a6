// One line of JSON with numbers and words, as the status file beside a record has it. It is made by the part that keeps
// it, and read here without a parser of JSON: no text in it holds a quote, a comma or a brace.

/// Such a line.
///
/// Who reads takes what is there and knows: keys may be added, none changes its meaning.
struct KeptLine {
    private let text: String

    /// Nil: it is cut off, or of another type.
    init?(_ bytes: [UInt8], type: String) {
        text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("{\"type\":\"\(type)\","), text.hasSuffix("}\n") else { return nil }
    }

    /// The number of a key; nil: there is none, or another kind of value.
    func number<Number: FixedWidthInteger>(_ key: String) -> Number? {
        value(key).flatMap { Number($0) }
    }

    /// The word of a key; nil as above.
    func word(_ key: String) -> String? {
        guard let value = value(key), value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"")
        else { return nil }
        return String(value.dropFirst().dropLast())
    }

    private func value(_ key: String) -> Substring? {
        text.firstRange(of: "\"\(key)\":").map { found in
            text[found.upperBound...].prefix { $0 != "," && $0 != "}" }
        }
    }
}
