// `[...]` of a wildcard pattern: ranges, named classes, negation, escapes.
// Keeps true: what rsync accepts is accepted with the same members, and what rsync silently lets
// match nothing (no closing bracket, an unknown class) yields nil here.
// Does not promise: POSIX collating symbols (`[.x.]`, `[=x=]`); rsync has none either.

/// A parsed `[...]`: the bytes it accepts and where the pattern continues.
struct BracketExpression {
    /// The bytes that the expression accepts; never the slash.
    let members: ByteSet
    /// The index of the first byte behind the closing bracket.
    let end: Int

    /// Parses the expression that opens at `start`, where `pattern` holds a `[`.
    ///
    /// Nil when the expression can match nothing: it does not end, or names an unknown class.
    init?(pattern: ArraySlice<UInt8>, openingAt start: Int) {
        var reader = Reader(pattern: pattern, position: start + 1)
        let isNegated = reader.skip(UInt8(ascii: "!")) || reader.skip(UInt8(ascii: "^"))
        var found = ByteSet()
        // The byte that a following "-" would make the low end of a range.
        var rangeStart: UInt8?
        var isFirst = true
        while true {
            guard let byte = reader.next() else { return nil }
            // A closing bracket in first place stands for itself.
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = reader.next() else { return nil }
                found.insert(escaped)
                rangeStart = escaped
            case UInt8(ascii: "-"):
                guard let first = rangeStart, let peeked = reader.peek,
                    peeked != UInt8(ascii: "]")
                else {
                    found.insert(byte)
                    rangeStart = byte
                    continue
                }
                guard let last = reader.nextUnescaped() else { return nil }
                found.insert(where: { first <= $0 && $0 <= last })
                rangeStart = nil
            case UInt8(ascii: "[") where reader.peek == UInt8(ascii: ":"):
                switch reader.className() {
                case .none: return nil
                case .some(.some(let name)):
                    guard found.insert(classNamed: name) else { return nil }
                    rangeStart = nil
                case .some(.none):
                    // "[:" without ":]" before the next bracket is two plain bytes.
                    found.insert(byte)
                    rangeStart = byte
                }
            default:
                found.insert(byte)
                rangeStart = byte
            }
        }
        var accepted = isNegated ? found.complement : found
        accepted.remove(UInt8(ascii: "/"))
        members = accepted
        end = reader.position
    }
}

/// Walks over the bytes of a bracket expression.
private struct Reader {
    let pattern: ArraySlice<UInt8>
    var position: Int

    var peek: UInt8? {
        position < pattern.endIndex ? pattern[position] : nil
    }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        position += 1
        return byte
    }

    /// The next byte, or the one behind it if it is a backslash.
    mutating func nextUnescaped() -> UInt8? {
        let byte = next()
        return byte == UInt8(ascii: "\\") ? next() : byte
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    /// Reads `:name:]`, the position standing on the first colon.
    ///
    /// Nil when no bracket closes at all; a nil name, and no move, when the next one lacks its
    /// colon.
    mutating func className() -> ArraySlice<UInt8>?? {
        let start = position + 1
        guard let close = pattern[start...].firstIndex(of: UInt8(ascii: "]")) else { return .none }
        guard close > start, pattern[close - 1] == UInt8(ascii: ":") else { return .some(.none) }
        position = close + 1
        return pattern[start..<(close - 1)]
    }
}
