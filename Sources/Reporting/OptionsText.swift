// Recorded options for people: as words for a shell, that can be copied and typed again.

package import Migration

/// The options of a recorded pass as a text.
package struct OptionsText: Sendable {
    private let options: RecordedOptions

    package init(_ options: RecordedOptions) { self.options = options }

    /// All of them with blanks between: `--delete --exclude '/tmp/*'`; empty for none.
    package func text(_ shown: ShownName) -> String {
        options.words.map { Self.word($0, shown) }.joined(separator: " ")
    }

    /// The same with the first rules of `--exclude` alone, the others counted; `pass`: the one of which the record has all.
    package func shortText(_ shown: ShownName, pass: Int64?) -> String {
        let isRule = options.words.map { $0.starts(with: Self.rulePrefix) }
        let rules = isRule.count(where: { $0 })
        guard rules > Self.rulesShownMax else { return text(shown) }
        // The first rules, and all that are none, in their order.
        var left = Self.rulesShownMax
        let words = zip(options.words, isRule).filter { _, isRule in
            if isRule { left -= 1 }
            return !isRule || left >= 0
        }
        let more = Quantity.count(UInt64(rules - Self.rulesShownMax), "more rule", "more rules")
        return words.map { Self.word($0.0, shown) }.joined(separator: " ") + " and \(more)"
            + (pass.map { " (cutover history --pass \($0))" } ?? "")
    }

    private static let rulesShownMax = 5
    private static let rulePrefix = Array("--exclude=".utf8)

    /// One option; its value apart, as people type it, unless it would look like another option.
    private static func word(_ word: [UInt8], _ shown: ShownName) -> String {
        guard let equals = word.firstIndex(of: 0x3D) else { return quoted(word, shown) }
        let value = word[(equals + 1)...]
        let separator = value.first == 0x2D ? "=" : " "
        return quoted(Array(word[..<equals]), shown) + separator + quoted(Array(value), shown)
    }

    /// A word that a POSIX shell reads as these bytes.
    ///
    /// Bytes that may not be shown stand as `$'\ooo'`, which is one's, too, since POSIX.1-2024.
    package static func quoted(_ word: [UInt8], _ shown: ShownName) -> String {
        let safe = Set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,+@%=".utf8
        )
        if !word.isEmpty, word.allSatisfy(safe.contains) { return shown.text(word) }
        if shown.escaped(word) == word {
            let text = word.flatMap { $0 == 0x27 ? Array(#"'\''"#.utf8) : [$0] }
            return "'\(String(decoding: text, as: UTF8.self))'"
        }
        return "$'" + word.map(escape).joined() + "'"
    }

    private static func escape(_ byte: UInt8) -> String {
        if (0x20..<0x7F).contains(byte), byte != 0x27, byte != 0x5C {
            return String(Unicode.Scalar(byte))
        }
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
