// One rule of a filter: which part of a path its pattern is held against, and what a match means.
// Keeps true: the choices of rsync 3.5.0, compared with the real one by FilterDifferentialTests.
// Does not promise: modifiers, merge files, xattr rules; `--exclude` has none of them in rsync.

/// An exclude or include rule with its pattern compiled.
///
/// It holds no reference: its bytes and states are in the filter's tables.
struct FilterRule: Sendable {
    /// The longest pattern in bytes, prefix not counted.
    ///
    /// rsync drops longer ones with a message.
    static let longestPattern = 4_095

    /// Whether a match lets the entry in rather than shutting it out.
    let isInclude: Bool
    private let directoriesOnly: Bool
    private let reach: Reach
    private let body: Body

    /// The part of the path that must match, whole.
    private enum Reach {
        case path
        /// This many names at the end; no match when the path has fewer.
        case lastNames(Int)
        /// The whole path, or what follows any of its slashes.
        case anyEnd
    }

    private enum Body {
        case literal(at: Int, count: Int)
        /// `slashForDirectories`: a directory is matched as if a slash followed its name, by which
        /// `name/***` takes the directory and its contents.
        case wildcard(WildcardPattern, slashForDirectories: Bool)
        /// Accepted by rsync without a word, although nothing can match.
        case nothing
    }

    /// Compiles one pattern, prefix removed; it is neither empty nor overlong.
    ///
    /// What decides here goes by the bytes alone: a star or a slash in brackets or behind a
    /// backslash counts like any other, as in rsync.
    init(pattern whole: ArraySlice<UInt8>, isInclude: Bool, into tables: inout FilterTables) {
        let slash = UInt8(ascii: "/")
        self.isInclude = isInclude
        directoriesOnly = whole.count > 1 && whole.last == slash
        let pattern = directoriesOnly ? whole.dropLast() : whole
        let isAnchored = pattern.first == slash
        let text = isAnchored ? pattern.dropFirst() : pattern

        guard pattern.contains(where: { "*[?".utf8.contains($0) }) else {
            reach = isAnchored ? .path : .anyEnd
            body = text.isEmpty ? .nothing : .literal(at: tables.bytes.count, count: text.count)
            tables.bytes += text
            return
        }
        let hasDoubleStar = zip(pattern, pattern.dropFirst()).contains {
            $0 == UInt8(ascii: "*") && $1 == UInt8(ascii: "*")
        }
        let beginsWithDoubleStar = pattern.starts(with: "**".utf8)
        reach =
            if isAnchored || beginsWithDoubleStar {
                .path
            } else if hasDoubleStar {
                .anyEnd
            } else {
                .lastNames(pattern.count { $0 == slash } + 1)
            }
        // "**/foo" takes the foo at the root as well; "/**/foo" does not.
        let compiled = WildcardPattern(text, afterSlash: beginsWithDoubleStar, into: &tables)
        body =
            if let compiled {
                .wildcard(
                    compiled,
                    slashForDirectories: pattern.suffix(3).elementsEqual("***".utf8)
                )
            } else {
                .nothing
            }
    }

    /// Whether the rule applies to the entry.
    ///
    /// - Parameters:
    ///   - path: relative to the root of the volume, not empty.
    ///   - isDirectory: whether the entry is a directory.
    ///   - tables: those that the rule was compiled into.
    ///   - steps: raised by the work done.
    /// - Returns: true when the pattern matches.
    func matches(
        _ path: UnsafeBufferPointer<UInt8>,
        isDirectory: Bool,
        tables: FilterTables.View,
        steps: inout Int
    ) -> Bool {
        if directoriesOnly, !isDirectory { return false }
        switch body {
        case .nothing:
            return false
        case .literal(let offset, let count):
            let start = path.count - count
            guard start >= 0 else { return false }
            guard start == 0 || startsAnywhere && path[start - 1] == UInt8(ascii: "/")
            else { return false }
            steps += count
            return path[start...].elementsEqual(tables.bytes[offset..<(offset + count)])
        case .wildcard(let pattern, let slashForDirectories):
            guard let start = start(in: path, steps: &steps) else { return false }
            return pattern.matches(
                path[start...],
                anywhere: startsAnywhere,
                endingWithSlash: slashForDirectories && isDirectory,
                tables: tables,
                steps: &steps
            )
        }
    }

    private var startsAnywhere: Bool {
        if case .anyEnd = reach { true } else { false }
    }

    /// Where the part of the path that must match begins; nil when the path is too short for it.
    private func start(in path: UnsafeBufferPointer<UInt8>, steps: inout Int) -> Int? {
        guard case .lastNames(var wanted) = reach else { return 0 }
        var index = path.count
        while index > 0 {
            steps += 1
            if path[index - 1] == UInt8(ascii: "/") {
                wanted -= 1
                if wanted == 0 { return index }
            }
            index -= 1
        }
        return wanted == 1 ? 0 : nil
    }
}
