// Manifests as text and as files: lines read and written, runs merged, what is there replaced at once.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Manifests") struct ManifestTests {
    private static let digest = [UInt8](0..<32)
    private static let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()

    @Test(
        "A line is sha256sum's: escapes for backslash, newline and carriage return, and nothing else",
        arguments: [
            ("plain/name", "plain/name", false), ("a b\tc", "a b\tc", false),
            ("new\nline", "new\\nline", true), ("back\\slash", "back\\\\slash", true),
            ("car\rriage", "car\\rriage", true), ("\u{1}\u{7F}é*", "\u{1}\u{7F}é*", false),
            ("-dash", "-dash", false), (" blank", " blank", false),
        ]
    )
    func lines(name: String, escaped: String, isEscaped: Bool) throws {
        let line = ManifestLine(digest: Self.digest, path: Array(name.utf8))
        let text = (isEscaped ? "\\" : "") + Self.digits + "  " + escaped + "\n"
        #expect(String(decoding: line.bytes, as: UTF8.self) == text)
        #expect(try ManifestLine(parsing: line.bytes.dropLast()) == line)
        let binary = text.replacing(Self.digits + "  ", with: Self.digits.uppercased() + " *")
        #expect(try ManifestLine(parsing: Array(binary.utf8.dropLast())) == line)
    }

    @Test(
        "Names are taken from the root, whatever is in them that means nothing",
        arguments: [
            ("./a/b", "a/b"), ("a//b", "a/b"), ("a/./b", "a/b"), ("..a/b..", "..a/b.."),
            ("...", "..."),
        ]
    )
    func names(written: String, path: String) throws {
        let line = try ManifestLine(parsing: Array((Self.digits + "  " + written).utf8))
        #expect(line.path == Array(path.utf8))
    }

    @Test(
        "What leads out of the root, or is no line, is told by what is wrong with it",
        arguments: [
            ("../a", ManifestProblem.leavesRoot), ("a/..", .leavesRoot),
            ("a/../b", .leavesRoot),
            ("/a", .absolute), ("//a", .absolute), ("", .emptyName), (".", .emptyName),
            ("a/", .notAFile),
            ("a\u{0}b", .holdsNUL),
        ]
    )
    func refusals(name: String, problem: ManifestProblem) {
        #expect(throws: problem) {
            try ManifestLine(parsing: Array((Self.digits + "  " + name).utf8))
        }
    }

    @Test(
        "What is no line at all",
        arguments: ["", "x", digits, digits + " a", digits + " ", "\\" + digits + "  a\\"]
    )
    func notLines(text: String) {
        #expect(throws: ManifestProblem.self) { try ManifestLine(parsing: Array(text.utf8)) }
    }

    @Test(
        "Lines come in the order of paths, however many runs they were gathered in",
        arguments: [1, 300, 1 << 20]
    )
    func merging(runBytes: Int) throws {
        let folder = joined(try Scratch.directory(), Scratch.uniqueName("manifest"))
        try Files.makeDirectory(folder)
        defer { try? Files.removeTree(folder) }
        let path = joined(folder, "m")
        try Files.write(path, bytes("old"))
        var random = SeededRandom(seed: 5)
        var paths: Set<[UInt8]> = []
        while paths.count < 500 {
            paths.insert(
                random.bytes(1 + random.below(40)).map { $0 == 0 || $0 == 0x2F ? 0x61 : $0 }
            )
        }
        let writer = try ManifestWriter(Name(path), runBytes: runBytes)
        for path in paths.shuffled(using: &random) {
            writer.add(Self.digest, path: path)
        }
        #expect(try Files.read(path) == bytes("old"))
        #expect(try writer.publish() == 500)
        let written = try Files.read(path)
        let lines = written.split(separator: 0x0A).filter { $0.first != 0x23 }
        let sorted = paths.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try lines.map { try ManifestLine(parsing: $0).path } == sorted)
        #expect(String(decoding: written.suffix(40), as: UTF8.self).hasSuffix("end, 500 files\n"))
        #expect(try Files.names(folder) == [bytes("m")])
    }

    @Test("One that is given up leaves what was there, and nothing beside it")
    func givingUp() throws {
        let folder = joined(try Scratch.directory(), Scratch.uniqueName("manifest"))
        try Files.makeDirectory(folder)
        defer { try? Files.removeTree(folder) }
        do {
            var file = try ReplacementFile(Name(joined(folder, "m"))).open()
            try file.write(bytes("half"))
        }
        #expect(try Files.names(folder) == [])
    }
}
