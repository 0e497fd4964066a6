// The filter against the real rsync: the same random tree, the same random rules, the same answer
// for every entry. `CUTOVER_FILTER_SEEDS=FIRST-LAST` tries other seeds than the few of every run.

import Glibc
import Migration
import TestSupport
import Testing

private let rsyncIsInstalled: Bool =
    (try? Subprocess.run([bytes("rsync"), bytes("--version")]))?.status == 0

private let seeds: ClosedRange<Int> = {
    let ends = Environment.value("CUTOVER_FILTER_SEEDS")?.split(separator: "-").compactMap {
        Int($0)
    }
    guard let ends, ends.count == 2, ends[0] <= ends[1] else { return 1...16 }
    return ends[0]...ends[1]
}()

@Suite(
    "Filter against rsync",
    .enabled(if: rsyncIsInstalled, "needs rsync: apt-get install rsync")
)
struct FilterDifferentialTests {
    /// A directory of its own with an empty destination in it.
    private struct Place {
        let path: [UInt8]
        var source: [UInt8] { joined(path, "source") }

        init() throws {
            path = joined(try Scratch.directory(), Scratch.uniqueName("filter"))
            try Files.makeDirectory(path)
            try Files.makeDirectory(joined(path, "source"))
            try Files.makeDirectory(joined(path, "empty"))
        }

        func remove() {
            // What a failing removal leaves goes with the scratch directory.
            try? Files.removeTree(path)
        }

        func make(_ entries: [FilterEntry]) throws {
            for entry in entries {
                let path = joined(source, entry.path)
                switch entry.kind {
                case .directory: try Files.makeDirectory(path)
                case .file: try Files.write(path, [])
                // To a directory: patterns for directories must not take it for one.
                case .symlink: try Files.link(symbolic: path, to: bytes("."))
                }
            }
        }

        /// What rsync would copy; directories end with a slash.
        func kept(options: [[UInt8]]) throws -> Set<[UInt8]> {
            let fixed = ["rsync", "-rln", "--out-format=%n"].map(bytes)
            let outcome = try Subprocess.run(
                fixed + options + [joined(path, "source/"), joined(path, "empty/")]
            )
            #expect(outcome.status == 0, "\(outcome)")
            let lines = outcome.stdout.split(separator: UInt8(ascii: "\n")).map(unescaped)
            return Set(lines).subtracting([bytes("./")])
        }
    }

    @Test("S45: random rules give rsync's answers on random trees", arguments: seeds)
    func trees(seed: Int) throws {
        var random = FilterRandom(seed: seed)
        let entries = random.tree()
        let place = try Place()
        defer { place.remove() }
        try place.make(entries)
        for list in 0..<12 {
            var filter = Filter()
            var options: [[UInt8]] = []
            for part in 0..<(1 + random.below(3)) {
                var rules: [[UInt8]] = []
                for _ in 0..<(1 + random.below(3)) {
                    rules.append(try rule(for: entries, &random))
                }
                let holdsLineEnd = rules.contains { $0.contains(10) || $0.contains(13) }
                if !holdsLineEnd, random.chance(40) {
                    let file = joined(place.path, "rules-\(list)-\(part)")
                    let contents = text(of: rules, &random)
                    try Files.write(file, contents)
                    try filter.addRules(fromFile: contents)
                    options.append(bytes("--exclude-from=") + file)
                } else {
                    for rule in rules {
                        try filter.exclude(pattern: rule)
                        options.append(bytes("--exclude=") + rule)
                    }
                }
            }
            let expected = try place.kept(options: options)
            let kept = walk(entries, filter)
            #expect(
                kept == expected,
                """
                seed \(seed), list \(list): \(options.map(shown)); \
                only rsync keeps \(expected.subtracting(kept).map(shown)), \
                only cutover keeps \(kept.subtracting(expected).map(shown))
                """
            )
        }
    }

    @Test("S45: random brackets have rsync's members, for every byte")
    func brackets() throws {
        // One rule for each first byte of the names: rules do not meet, one rsync tries them all.
        let firsts = Array(UInt8(ascii: "a")...UInt8(ascii: "p"))
        let everyByte = (UInt8(1)...255).filter { $0 != UInt8(ascii: "/") }
        let entries = firsts.flatMap { first in
            everyByte.map { FilterEntry(path: [first, $0], kind: .file) }
        }
        let place = try Place()
        defer { place.remove() }
        try place.make(entries)
        for seed in seeds {
            var random = FilterRandom(seed: seed)
            var filter = Filter()
            var options: [[UInt8]] = []
            for first in firsts {
                let rule = bytes("/") + [first] + random.bracket()
                try filter.exclude(pattern: rule)
                options.append(bytes("--exclude=") + rule)
            }
            let expected = try place.kept(options: options)
            let kept = walk(entries, filter)
            #expect(
                kept == expected,
                """
                seed \(seed): \(options.map(shown)); \
                only rsync keeps \(expected.subtracting(kept).map(shown)), \
                only cutover keeps \(kept.subtracting(expected).map(shown))
                """
            )
        }
    }

    /// A random rule, seldom one that leaves little for the rules behind it to decide.
    private func rule(for entries: [FilterEntry], _ random: inout FilterRandom) throws -> [UInt8] {
        for _ in 0..<20 {
            let rule = random.rule(for: entries)
            var alone = Filter()
            try alone.exclude(pattern: rule)
            let isSweeping =
                entries.count {
                    alone.excludes(path: $0.path, isDirectory: $0.kind == .directory)
                } > entries.count / 5
            if !isSweeping || random.chance(5) { return rule }
        }
        return random.rule(for: entries)
    }

    /// What a walk from the top down keeps; directories end with a slash.
    private func walk(_ entries: [FilterEntry], _ filter: Filter) -> Set<[UInt8]> {
        var excluded: Set<[UInt8]> = []
        var kept: Set<[UInt8]> = []
        for entry in entries {
            let isDirectory = entry.kind == .directory
            let parent = entry.path.lastIndex(of: UInt8(ascii: "/")).map { entry.path[..<$0] }
            if let parent, excluded.contains(Array(parent)) {
                excluded.insert(entry.path)
            } else if filter.excludes(path: entry.path, isDirectory: isDirectory) {
                excluded.insert(entry.path)
            } else {
                kept.insert(isDirectory ? entry.path + bytes("/") : entry.path)
            }
        }
        return kept
    }

    /// Rules as a file, with comments, empty lines and any kind of line end between them.
    private func text(of rules: [[UInt8]], _ random: inout FilterRandom) -> [UInt8] {
        let lineEnd = bytes(random.one(of: ["\n", "\n", "\r\n", "\r"]))
        var text: [UInt8] = []
        for rule in rules {
            if random.chance(20) {
                text += bytes(random.one(of: ["", "#a", ";*", "#"])) + lineEnd
            }
            text += rule + lineEnd
        }
        return random.chance(30) ? text.dropLast(lineEnd.count) : text
    }
}

/// rsync prints a byte that is not printable as `\#` and three octal digits.
private func unescaped(_ line: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = line
    while let byte = rest.first {
        let digits = rest.dropFirst(2).prefix(3)
        if rest.starts(with: bytes("\\#")), digits.count == 3,
            digits.allSatisfy({ (0x30...0x37).contains($0) })
        {
            result.append(digits.reduce(0) { $0 &* 8 &+ ($1 & 7) })
            rest = rest.dropFirst(5)
        } else {
            result.append(byte)
            rest = rest.dropFirst()
        }
    }
    return result
}
