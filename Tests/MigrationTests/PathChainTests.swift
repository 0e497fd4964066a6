import LinuxIO
import Testing

@testable import Migration

@Suite("Directories by their paths, neighbours together")
struct PathChainTests {
    private struct Missing: Error {}

    /// What is opened is the path that led to it, so that a wrong start shows.
    private static func open(
        _ path: String,
        _ chain: inout PathChain<String>,
        _ steps: inout [String]
    ) throws(Missing) -> String {
        var taken: [String] = []
        defer { steps += taken }
        return try chain.open(Array(path.utf8)[...]) { name, parent throws(Missing) in
            let path = "\(parent)/\(String(decoding: name.bytes, as: UTF8.self))"
            if path.hasSuffix("/gone") { throw Missing() }
            taken.append(path)
            return path
        }
    }

    @Test(
        "each path leads to its own directory, and what the one before had in common is not opened again"
    )
    func neighbours() throws {
        var chain = PathChain(root: ".")
        var steps: [String] = []
        for path in ["", "a", "a/b", "a/b/c", "a/bc/c", "a/bc", "a-b", "a/bc/c", ""] {
            let expected = path.isEmpty ? "." : "./\(path)"
            #expect(try Self.open(path, &chain, &steps) == expected)
        }
        #expect(
            steps == [
                "./a", "./a/b", "./a/b/c", "./a/bc", "./a/bc/c", "./a-b", "./a", "./a/bc",
                "./a/bc/c",
            ]
        )
    }

    @Test("a step that fails leaves what was opened before it, and no more")
    func failures() throws {
        var chain = PathChain(root: ".")
        var steps: [String] = []
        #expect(try Self.open("a/b/c", &chain, &steps) == "./a/b/c")
        #expect(throws: Missing.self) { try Self.open("a/d/gone/e", &chain, &steps) }
        #expect(try Self.open("a/d/f", &chain, &steps) == "./a/d/f")
        #expect(try Self.open("a/b", &chain, &steps) == "./a/b")
        #expect(steps == ["./a", "./a/b", "./a/b/c", "./a/d", "./a/d/f", "./a/b"])
    }

    @Test("a tree deeper than what is kept is right all the same")
    func depth() throws {
        var chain = PathChain(root: ".")
        var steps: [String] = []
        let levels = PathChain<String>.levelsMax
        let deep = (0..<levels + 3).map { "d\($0)" }.joined(separator: "/")
        for _ in 0..<2 {
            #expect(try Self.open("\(deep)/e", &chain, &steps) == "./\(deep)/e")
        }
        #expect(steps.count == levels + 4 + 4)
        #expect(try Self.open(deep, &chain, &steps) == "./\(deep)")
    }
}
