// A pattern with wildcards, compiled to a state machine over bytes.
// Keeps true: matching takes at most one step per 64 pattern elements and byte of text, whatever
// the pattern and the text are. Users choose the names in SOURCE, so a matcher that backtracks
// would let one of them hold up the pass of an administrator's `a*a*a*a*b`.
// Nothing is put on the heap while matching.
// Does not promise: to know which part of a path a pattern is held against; see FilterRule.
//
// How: all positions that a match can have reached are tracked at once, one bit each (Baeza-Yates
// and Gonnet's shift-and). Bit i says "elements before i are matched". A byte moves each bit whose
// element accepts it one further; the bit of a star stays, and lets the bit behind it be set too.

/// A wildcard pattern, ready to be held against any number of names.
struct WildcardPattern: Sendable {
    /// Bits are kept in this many words.
    private let wordCount: Int
    /// The number of elements; the bit of this index says that the text has matched.
    private let elementCount: Int
    /// The bits of a match that begins here; never more than the lowest four.
    private let beginning: UInt64
    /// Where in the tables' bytes the row of each byte stands, 256 of them.
    ///
    /// Bytes that all elements treat alike share a row: a pattern has few.
    private let rowOfByte: Int
    /// Where in the tables' words the elements that are `*` or `**` stand, `wordCount` words.
    private let stars: Int
    /// The elements that are `**`, and so run over slashes too.
    private var doubleStars: Int { stars + wordCount }
    /// For each row the elements, stars excepted, that accept its bytes.
    private var rows: Int { stars + 2 * wordCount }

    /// Compiles `pattern`, which is not empty.
    ///
    /// Nil, and `tables` as they were, when nothing can ever match, for which rsync has no error: a
    /// `[` that is not closed, an unknown class, a backslash at the end.
    ///
    /// - Parameters:
    ///   - pattern: the bytes of the pattern.
    ///   - afterSlash: match as if a slash preceded the text, too.
    ///   - tables: where the states are added.
    init?(_ pattern: ArraySlice<UInt8>, afterSlash: Bool, into tables: inout FilterTables) {
        guard let elements = Element.parse(pattern) else { return nil }
        let starWords = Self.words(of: elements) { element in
            if case .run = element { true } else { false }
        }
        let doubleStarWords = Self.words(of: elements) { element in
            if case .run(crossesSlashes: true) = element { true } else { false }
        }
        var rowOfByte: [UInt8] = []
        var rows: [[UInt64]] = []
        for byte in UInt8.min...UInt8.max {
            let row = Self.words(of: elements) { element in
                if case .one(let set) = element { set.contains(byte) } else { false }
            }
            let known = rows.firstIndex(of: row)
            rowOfByte.append(UInt8(known ?? rows.count))
            if known == nil { rows.append(row) }
        }

        // A star may match nothing: the bit behind it is set with its own.
        var beginning: UInt64 = 1 | (1 & starWords[0]) << 1
        if afterSlash {
            let slashRow = rows[Int(rowOfByte[Int(UInt8(ascii: "/"))])]
            let moved = (beginning & slashRow[0]) << 1
            beginning |= moved | (moved & starWords[0]) << 1
        }

        self.beginning = beginning
        elementCount = elements.count
        wordCount = starWords.count
        self.rowOfByte = tables.bytes.count
        stars = tables.words.count
        tables.bytes += rowOfByte
        tables.words += starWords + doubleStarWords + rows.joined()
    }

    /// One bit for each element, set if it is one of `members`, and a clear one behind the last.
    private static func words(
        of elements: [Element],
        where members: (Element) -> Bool
    ) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: elements.count / 64 + 1)
        for (index, element) in elements.enumerated() where members(element) {
            words[index / 64] |= 1 << UInt64(index % 64)
        }
        return words
    }

    /// Whether the text matches, from its beginning to its end.
    ///
    /// - Parameters:
    ///   - text: the path, or the end of one.
    ///   - anywhere: a match may also begin behind any slash of the text.
    ///   - endingWithSlash: match as if a slash followed the text.
    ///   - tables: those that the pattern was compiled into.
    ///   - steps: raised by the work done, in words of state times bytes.
    /// - Returns: true when the whole of the text matches.
    func matches(
        _ text: Slice<UnsafeBufferPointer<UInt8>>,
        anywhere: Bool,
        endingWithSlash: Bool,
        tables: FilterTables.View,
        steps: inout Int
    ) -> Bool {
        let slash = UInt8(ascii: "/")
        if wordCount == 1 {
            // Nearly all patterns: the state stays in a register.
            var state = beginning
            for byte in text {
                steps += 1
                state = advance(state, over: byte, tables)
                if anywhere, byte == slash { state |= beginning }
                // With `anywhere` a slash further on can revive a match that is lost here.
                if state == 0, !anywhere { return false }
            }
            if endingWithSlash { state = advance(state, over: slash, tables) }
            return state >> UInt64(elementCount) & 1 == 1
        }
        // At most 4,095 elements (FilterRule's limit) are 64 words: always on the stack.
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordCount) { state in
            state.initialize(repeating: 0)
            state[0] = beginning
            for byte in text {
                steps += wordCount
                let isAlive = advance(state, over: byte, tables)
                if anywhere, byte == slash { state[0] |= beginning }
                if !isAlive, !anywhere { return false }
            }
            if endingWithSlash, !advance(state, over: slash, tables) { return false }
            return state[elementCount / 64] >> UInt64(elementCount % 64) & 1 == 1
        }
    }

    /// The state of one word after one more byte.
    @inline(__always)
    private func advance(
        _ state: UInt64,
        over byte: UInt8,
        _ tables: FilterTables.View
    ) -> UInt64 {
        let row = rows + Int(tables.bytes[rowOfByte + Int(byte)])
        let staying = byte == UInt8(ascii: "/") ? doubleStars : stars
        let moved = (state & tables.words[row]) << 1 | (state & tables.words[staying])
        return moved | (moved & tables.words[stars]) << 1
    }

    /// Moves a state of several words over one byte; false when no bit is left.
    private func advance(
        _ state: UnsafeMutableBufferPointer<UInt64>,
        over byte: UInt8,
        _ tables: FilterTables.View
    ) -> Bool {
        let row = rows + Int(tables.bytes[rowOfByte + Int(byte)]) * wordCount
        let staying = byte == UInt8(ascii: "/") ? doubleStars : stars
        var carriedStep: UInt64 = 0
        var carriedStar: UInt64 = 0
        var anyBit: UInt64 = 0
        for word in 0..<wordCount {
            let old = state[word]
            let moving = old & tables.words[row + word]
            let moved = moving << 1 | carriedStep | (old & tables.words[staying + word])
            // Two stars never stand side by side, so one turn reaches all that may be skipped.
            let opening = moved & tables.words[stars + word]
            let new = moved | opening << 1 | carriedStar
            carriedStep = moving >> 63
            carriedStar = opening >> 63
            state[word] = new
            anyBit |= new
        }
        return anyBit != 0
    }
}

/// One element of a pattern: consumes one byte, or a run of them.
private enum Element {
    case one(ByteSet)
    case run(crossesSlashes: Bool)

    /// The elements of `pattern`; nil when nothing can ever match it.
    static func parse(_ pattern: ArraySlice<UInt8>) -> [Element]? {
        var elements: [Element] = []
        var index = pattern.startIndex
        while index < pattern.endIndex {
            let byte = pattern[index]
            index += 1
            switch byte {
            case UInt8(ascii: "*"):
                let end = pattern[index...].firstIndex { $0 != byte } ?? pattern.endIndex
                elements.append(.run(crossesSlashes: end > index))
                index = end
            case UInt8(ascii: "?"):
                elements.append(.one(.anyButSlash))
            case UInt8(ascii: "["):
                guard let bracket = BracketExpression(pattern: pattern, openingAt: index - 1)
                else { return nil }
                elements.append(.one(bracket.members))
                index = bracket.end
            case UInt8(ascii: "\\"):
                guard index < pattern.endIndex else { return nil }
                elements.append(.one(ByteSet(pattern[index])))
                index += 1
            default:
                elements.append(.one(ByteSet(byte)))
            }
        }
        return elements
    }
}
