// Why a filter rule was refused, in one line that says what to do.
// Keeps true: the line holds no control bytes and no more than the beginning of a long pattern.
// Does not promise: the name of the file; who read the file knows it.

/// A filter rule that was refused.
///
/// Nothing of a refused rule is kept.
package struct FilterError: Error, Equatable, CustomStringConvertible {
    /// What is wrong with a rule.
    package enum Reason: Equatable, Sendable {
        /// There is no pattern, or none behind a prefix.
        case emptyPattern
        /// The pattern is longer than rsync takes.
        case patternTooLong(byteCount: Int)
        /// A byte of value 0: no name can hold one.
        case zeroByte
    }

    /// What is wrong.
    package let reason: Reason
    /// The rule as it was given, prefix included.
    package let rule: [UInt8]
    /// The line of the file that holds the rule, counted from 1; nil for a rule from an option.
    package let line: Int?

    /// One line: where, what is wrong, and what to do about it.
    package var description: String {
        let place = line.map { "line \($0): " } ?? ""
        let text =
            switch reason {
            case .emptyPattern where rule.isEmpty:
                "the pattern is empty; give one, or leave the option out"
            case .emptyPattern:
                "no pattern follows \"\(shownRule)\"; write one, or remove the rule"
            case .patternTooLong(let byteCount):
                "the pattern \"\(shownRule)\" has \(byteCount) bytes, "
                    + "the limit is \(FilterRule.longestPattern); shorten it with wildcards"
            case .zeroByte:
                "the rule \"\(shownRule)\" holds a zero byte, which no name can; "
                    + "write one rule a line, as plain text"
            }
        return place + text
    }

    /// The beginning of the rule, with every byte that is not printable ASCII as `\#ooo`.
    private var shownRule: String {
        let longestShown = 40
        var shown = ""
        for byte in rule.prefix(longestShown) {
            if byte >= 0x20, byte < 0x7F {
                shown.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 8)
                shown += "\\#" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return rule.count > longestShown ? shown + "..." : shown
    }
}
