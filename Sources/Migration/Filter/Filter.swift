// Which entries of a volume are left alone: the rules of `--exclude` and `--exclude-from`.
// Keeps true: the answers of rsync 3.5.0 to the same options in the same order. A filter is built
// before the pass and then only read: workers share it.
// Does not promise: answers for what lies below an excluded directory. As in rsync, who walks the
// tree asks from the top down and does not enter what is excluded.
//
// The same answer serves both sides: what is excluded is neither copied nor deleted (S45).

/// An ordered list of exclude and include rules, of which the first that matches decides.
package struct Filter: Sendable {
    private var rules: [FilterRule] = []
    private var tables = FilterTables()
    /// The rules in force as they were given, each ended by a zero byte: equal texts are equal filters.
    package private(set) var rulesText: [UInt8] = []

    /// A filter that excludes nothing.
    package init() {}

    /// How many rules there are.
    package var ruleCount: Int { rules.count }

    /// Whether there is no rule, so that no path need be made to ask.
    package var isEmpty: Bool {
        rules.isEmpty
    }

    /// Adds the rule of one `--exclude`, behind those that are there.
    ///
    /// As in rsync `- PATTERN` is the same as `PATTERN`, `+ PATTERN` includes, and `!` alone
    /// removes all rules given before it.
    ///
    /// - Parameter pattern: the rule as it was given, at most 4,095 bytes behind the prefix.
    /// - Throws: `FilterError` when the pattern is empty, overlong, or holds a zero byte. rsync
    ///   ignores the first and the second and cuts off at the third: an entry that was to be
    ///   excluded would be copied, or deleted.
    package mutating func exclude(pattern: [UInt8]) throws(FilterError) {
        try add(rule: pattern[...], line: nil)
    }

    /// Adds the rules of one `--exclude-from`, one from each line of `contents`.
    ///
    /// A line ends with LF, CR or both. Empty lines and lines that begin with `;` or `#` are
    /// skipped; blanks count as part of the pattern; prefixes are as for `exclude(pattern:)`.
    ///
    /// - Parameter contents: the bytes of the file.
    /// - Throws: `FilterError` with the number of the line; the lines before it are then in force.
    package mutating func addRules(fromFile contents: [UInt8]) throws(FilterError) {
        let lineFeed = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        var lineNumber = 1
        var start = contents.startIndex
        while start < contents.endIndex {
            let rest = contents[start...]
            let end = rest.firstIndex { $0 == lineFeed || $0 == carriageReturn } ?? rest.endIndex
            let line = contents[start..<end]
            if let first = line.first, first != UInt8(ascii: ";"), first != UInt8(ascii: "#") {
                try add(rule: line, line: lineNumber)
            }
            // CR and LF are one end for the number, though two for rsync: the line between them
            // is empty.
            start = rest[end...].starts(with: [carriageReturn, lineFeed]) ? end + 2 : end + 1
            lineNumber += 1
        }
    }

    /// Whether the rules exclude an entry.
    ///
    /// Allocates nothing. The time is at most proportional to the path's length times the length
    /// of all patterns.
    ///
    /// - Parameters:
    ///   - path: relative to the root of the volume, components joined by "/", no leading slash.
    ///     No directory on it is excluded itself. The root, an empty path, is never excluded.
    ///   - isDirectory: whether the entry is a directory; a symlink to one is not.
    /// - Returns: true when the first rule that matches excludes, false when it includes or when
    ///   there is none.
    package func excludes(path: [UInt8], isDirectory: Bool) -> Bool {
        var steps = 0
        return excludes(path: path, isDirectory: isDirectory, steps: &steps)
    }

    /// The same, raising `steps` by the work done: tests hold it against the bound.
    ///
    /// A step is one comparison of a literal byte, or one move of 64 pattern elements over a byte.
    ///
    /// - Parameters:
    ///   - path: as for `excludes(path:isDirectory:)`.
    ///   - isDirectory: as for `excludes(path:isDirectory:)`.
    ///   - steps: the counter.
    /// - Returns: as `excludes(path:isDirectory:)`.
    package func excludes(path: [UInt8], isDirectory: Bool, steps: inout Int) -> Bool {
        guard !path.isEmpty else { return false }
        return tables.withView { tables in
            path.withUnsafeBufferPointer { bytes in
                for rule in rules
                where rule.matches(bytes, isDirectory: isDirectory, tables: tables, steps: &steps) {
                    return !rule.isInclude
                }
                return false
            }
        }
    }

    private mutating func add(rule: ArraySlice<UInt8>, line: Int?) throws(FilterError) {
        func refusal(_ reason: FilterError.Reason) -> FilterError {
            FilterError(reason: reason, rule: Array(rule), line: line)
        }
        guard !rule.contains(0) else { throw refusal(.zeroByte) }
        if rule.elementsEqual("!".utf8) {
            self = Filter()
            return
        }
        let isInclude = rule.starts(with: "+ ".utf8)
        let hasPrefix = isInclude || rule.starts(with: "- ".utf8)
        let pattern = hasPrefix ? rule.dropFirst(2) : rule
        guard !pattern.isEmpty else { throw refusal(.emptyPattern) }
        guard pattern.count <= FilterRule.longestPattern else {
            throw refusal(.patternTooLong(byteCount: pattern.count))
        }
        rulesText += rule + [0]
        rules.append(FilterRule(pattern: pattern, isInclude: isInclude, into: &tables))
    }
}
