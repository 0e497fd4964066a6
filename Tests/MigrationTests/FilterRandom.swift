// Seeded random trees and rules for the comparison with rsync. Names and patterns are drawn from
// the same small stock, so that patterns match often and almost match more often still.
// Keeps true: the same seed gives the same tree and rules on every machine.

import TestSupport

/// A seed of its own for each number, however near they are.
struct FilterRandom: RandomNumberGenerator {
    private var random: SeededRandom

    init(seed: Int) {
        random = SeededRandom(seed: UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15)
    }

    mutating func next() -> UInt64 { random.next() }

    mutating func below(_ bound: Int) -> Int { random.below(bound) }

    mutating func chance(_ percent: Int) -> Bool { random.chance(percent) }

    mutating func one<Element>(of choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// An entry of a random tree.
struct FilterEntry: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case directory, file, symlink }
    let path: [UInt8]
    let kind: Kind
}

extension FilterRandom {
    private static let stock: [[UInt8]] =
        [
            "a", "b", "c", "ab", "abc", "foo", "bar", "x.o", "x.c", "a b", " a", "a ", "-", "+",
            "!", "#a",
            ";a", "*", "**", "?", "[a]", "[", "]", "\\", "a\\b", "\\a", "a*", "- a", "+ a", "! ",
            "...",
            ".a", "\\*", "a-c", "\u{E9}", "a\nb", "a\rb", "\t", ":", "^", "\u{7F}",
        ].map(bytes) + [[0xFF], [0xC3], [0x61, 0xFE]] + longNames

    /// So long that the state of the matcher takes several words.
    private static let longNames: [[UInt8]] = [60, 62, 63, 64, 65, 128, 200].map { length in
        (0..<length).map { $0 % 7 == 0 ? UInt8(ascii: "a") : UInt8(ascii: "b") }
    }

    /// Entries of a tree, each directory before what it holds, about 150 at most.
    mutating func tree() -> [FilterEntry] {
        var entries: [FilterEntry] = []
        var open: [(path: [UInt8], depth: Int)] = [([], 0)]
        while let (parent, depth) = open.popLast(), entries.count < 150 {
            var names: Set<[UInt8]> = []
            for _ in 0..<(depth == 0 ? 12 : 2 + below(6)) {
                let name = one(of: Self.stock)
                guard names.insert(name).inserted else { continue }
                let path = parent.isEmpty ? name : joined(parent, name)
                let isDirectory = depth < 4 && chance(depth == 0 ? 70 : 45)
                let kind: FilterEntry.Kind =
                    isDirectory ? .directory : chance(15) ? .symlink : .file
                entries.append(FilterEntry(path: path, kind: kind))
                if isDirectory { open.append((path, depth + 1)) }
            }
        }
        return entries
    }

    /// A rule with its prefix, made up or derived from one of `entries`.
    mutating func rule(for entries: [FilterEntry]) -> [UInt8] {
        if chance(1) { return bytes("!") }
        var pattern = chance(55) ? derived(from: one(of: entries).path) : madeUp()
        if pattern.isEmpty { pattern = bytes("a") }
        return bytes(one(of: ["", "", "", "", "- ", "+ ", "+ "])) + pattern
    }

    /// A pattern that is a path with pieces replaced.
    private mutating func derived(from path: [UInt8]) -> [UInt8] {
        var path = path[...]
        while chance(40), let slash = path.firstIndex(of: UInt8(ascii: "/")) {
            path = path[(slash + 1)...]
        }
        var pattern: [UInt8] = chance(20) ? bytes("/") : chance(10) ? bytes("**") : []
        for byte in path {
            // A long name would not be found again with every fifth byte replaced.
            switch below(path.count < 60 ? 20 : 160) {
            case 0: pattern += bytes("?")
            case 1: pattern += bytes("*")
            case 2: pattern += bytes("**")
            case 3: pattern += bytes("\\") + [byte]
            case 4: pattern += bytes("[") + [byte] + bytes("]")
            case 5: pattern += bracket()
            case 6: break
            case 7: pattern += [byte] + bytes("*")
            default: pattern.append(byte)
            }
        }
        return pattern
            + bytes(one(of: ["", "", "", "", "/", "*", "/*", "/**", "/***", "***", "/***/"]))
    }

    /// A pattern put together from the stock and from wildcards.
    private mutating func madeUp() -> [UInt8] {
        var pattern: [UInt8] = chance(25) ? bytes("/") : []
        for index in 0..<(1 + below(4)) {
            if index > 0, chance(90) { pattern += bytes("/") }
            for _ in 0..<(1 + below(3)) {
                switch below(8) {
                case 0: pattern += bytes("*")
                case 1: pattern += bytes("**")
                case 2: pattern += bytes("?")
                case 3: pattern += bracket()
                case 4: pattern += bytes("\\")
                case 5: pattern += bytes(one(of: ["***", "*", "a", "b", "/"]))
                default: pattern += one(of: Self.stock)
                }
            }
        }
        return pattern + bytes(one(of: ["", "", "", "/", "/**", "/***"]))
    }

    /// A bracket expression, not always a complete one.
    mutating func bracket() -> [UInt8] {
        var text = bytes(one(of: ["[", "[", "[", "[!", "[^"]))
        for _ in 0..<(1 + below(4)) {
            text += bytes(
                one(of: [
                    "a", "b", "a-c", "-", "]", "[", "\\", "\\]", "!", "^", "/", ":", "*", "**", "z",
                    "[:alpha:]", "[:digit:]", "[:punct:]", "[:nosuch:]", "[:", ":]", "0-9", "A-z",
                    "[:space:]", "[:cntrl:]", "[:xdigit:]", "[:print:]", "[:graph:]", "[:upper:]",
                    "[:lower:]", "[:alnum:]", "[:blank:]", "[::]", "[:]", "\\a-\\d", "c-a", " -~",
                ])
            )
            if chance(15) { text.append(UInt8.random(in: 1...255, using: &self)) }
        }
        return chance(90) ? text + bytes("]") : text
    }
}
