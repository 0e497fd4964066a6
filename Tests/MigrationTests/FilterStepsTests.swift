// The work of matching is bounded by the pattern times the name. Names are chosen by users, whom
// the administrator's patterns must not enable to hold up a pass. Steps are counted, not seconds.

import Migration
import TestSupport
import Testing

@Suite("Filter: no name takes exponential time")
struct FilterStepsTests {
    static let hostile: [(pattern: String, path: String)] = [
        ("a*a*a*a*a*a*a*a*a*a*a*a*b", String(repeating: "a", count: 255)),
        ("**a**a**a**a**a**a**a**a**b", String(repeating: "a/", count: 2_000) + "c"),
        ("a**a*a**a*a**a*a**a*a**b", String(repeating: "aaa/a", count: 1_000)),
        ("*/*/*/*/*/*b", String(repeating: "a/", count: 2_000) + "c"),
        ("[!b]*[!b]*[!b]*[!b]*[!b]*b", String(repeating: "a", count: 255)),
        ("?*?*?*?*?*?*?*?*?*?*?*?*b", String(repeating: "a", count: 255)),
        ("**/**/**/**/**/**/**/x/***", String(repeating: "a/", count: 2_000) + "c"),
        (String(repeating: "*a", count: 2_000) + "b", String(repeating: "a", count: 4_000)),
        (String(repeating: "a/", count: 2_000) + "b", String(repeating: "a/", count: 2_000) + "c"),
    ]

    @Test("steps stay below pattern length times path length / 64", arguments: hostile)
    func bounded(_ pattern: String, _ path: String) throws {
        let filter = try Filter([pattern])
        var steps = 0
        #expect(!filter.excludes(path: bytes(path), isDirectory: true, steps: &steps))
        let words = pattern.utf8.count / 64 + 1
        // One walk back for the last names, one over the text, and the slash of a directory.
        #expect(steps <= (words + 1) * (path.utf8.count + 1))
        #expect(steps > 0)
    }

    @Test("twice the name is at most twice the work, and twice the pattern too")
    func linear() throws {
        func steps(stars: Int, length: Int) throws -> Int {
            let filter = try Filter([String(repeating: "*a", count: stars) + "b"])
            var steps = 0
            let name = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            #expect(!filter.excludes(path: name, isDirectory: false, steps: &steps))
            return steps
        }
        let base = try steps(stars: 64, length: 2_000)
        #expect(try steps(stars: 64, length: 4_000) <= 2 * base)
        #expect(try steps(stars: 128, length: 2_000) <= 2 * base)
    }
}
