// The command line, through the built program: what users type, what they get for a mistake (S48:
// 64, one line, nothing touched).

import Glibc
import TestSupport
import Testing

@Suite("Arguments") struct ArgumentsTests {
    /// Two empty roots of the test's own.
    private struct Roots {
        let path: [UInt8]
        var source: [UInt8] { joined(path, "source") }
        var destination: [UInt8] { joined(path, "destination") }

        init(sourceName: [UInt8] = bytes("source")) throws {
            path = joined(try Scratch.directory(), Scratch.uniqueName("arguments"))
            try Files.makeDirectory(path)
            try Files.makeDirectory(joined(path, sourceName))
            try Files.makeDirectory(destination)
        }

        func remove() {
            // What a failing removal leaves goes with the scratch directory.
            try? Files.removeTree(path)
        }
    }

    /// Expects status 64, one line of standard error that holds `words`, and nothing else.
    private func expectUsage(_ outcome: Outcome, _ words: [String]) {
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errors.hasPrefix("cutover: "), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        #expect(outcome.errors.contains("--help"), "\(outcome)")
        for word in words { #expect(outcome.errors.contains(word), "\(word): \(outcome)") }
    }

    @Test(
        "--help is the text kept beside this file; CUTOVER_UPDATE_HELP=1 writes it anew",
        arguments: [
            (["--help"], "ArgumentsHelp.txt"), (["sync", "--help"], "ArgumentsSyncHelp.txt"),
            (["follow", "--help"], "ArgumentsFollowHelp.txt"),
            (["tune", "--help"], "ArgumentsTuneHelp.txt"),
            (["plan", "--help"], "ArgumentsPlanHelp.txt"),
            (["history", "--help"], "ArgumentsHistoryHelp.txt"),
            (["report", "--help"], "ArgumentsReportHelp.txt"),
            (["check", "--help"], "ArgumentsCheckHelp.txt"),
            (["verify", "--help"], "ArgumentsVerifyHelp.txt"),
        ]
    )
    func help(words: [String], file: String) throws {
        let outcome = try Cutover.run(words, environment: ["COLUMNS=80"])
        #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
        let here = bytes(#filePath)
        let directory = Array(here[..<(here.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        let path = joined(directory, file)
        if Environment.value("CUTOVER_UPDATE_HELP") == "1" {
            try Files.write(path, outcome.stdout)
        }
        let golden = String(decoding: try Files.read(path), as: UTF8.self)
        #expect(outcome.output == golden, "cutover \(words) prints: \(outcome.output)")
    }

    @Test("--help names every option of the interface") func helpIsComplete() throws {
        let text = try Cutover.run(["sync", "--help"]).output
        for option in [
            "-r", "-a", "-X", "-A", "-S", "-H", "-l", "-p", "-t", "-g", "-o", "-D", "--no-xattrs",
            "--no-acls", "--no-sparse", "--no-hard-links", "--no-owner", "--no-group", "--no-perms",
            "--no-times", "--no-devices", "--no-specials", "--exclude", "--exclude-from",
            "--branch", "--cross-mounts", "--allow-empty-source", "-c, --checksum", "--size-only",
            "-I, --ignore-times", "--delete", "--max-delete", "-n, --dry-run", "-i, --itemize",
            "-w, --workers", "--bwlimit", "--idle", "--progress", "-q, --quiet", "-v, --verbose",
            "--json", "--failures", "--metrics", "--changes", "--state", "--no-check", "--xattrs",
        ] {
            #expect(text.contains(option), "\(option)")
        }
    }

    @Test("--version is the name, a number and nothing else") func version() throws {
        let outcome = try Cutover.run(["--version"])
        #expect(outcome.status == 0 && outcome.stderr.isEmpty)
        #expect(outcome.output.wholeMatch(of: /cutover \d+\.\d+\.\d+\n/) != nil, "\(outcome)")
    }

    @Test("rsync's habit works: cutover -raXAS --delete /mnt/old/ /mnt/new/ (S1)")
    func habit() throws {
        let roots = try Roots()
        defer { roots.remove() }
        try Files.write(joined(roots.source, "kept"), bytes("contents"))
        try Files.write(joined(roots.destination, "extra"), [])
        let slash = bytes("/")
        let outcome = try Cutover.run(
            bytes: ["-raXAS", "--delete"].map { bytes($0) } + [
                roots.source + slash, roots.destination + slash,
            ]
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(roots.destination) == [bytes("kept")])
        #expect(try Files.read(joined(roots.destination, "kept")) == bytes("contents"))
    }

    @Test(
        "letters, joined or apart, before, between and after the roots, with and without `sync`",
        arguments: [
            ["-raXASHlptgoD", "S", "D"], ["sync", "-r", "-a", "S", "D"], ["S", "-a", "D"],
            ["S", "D", "-aX"], ["sync", "S", "D", "--delete", "-w8"],
            ["-w", "8", "S", "D"], ["--workers=8", "S", "D"], ["--workers", "8", "S", "D"],
            ["-av", "S", "D"], ["-avv", "S", "D"], ["-aq", "S", "D"], ["-acX", "S", "D"],
            ["-aI", "S", "D"], ["--", "S", "D"], ["-w1", "S", "D"], ["-w250", "S", "D"],
            ["--bwlimit", "100M", "S", "D"], ["--bwlimit=1g", "S", "D"], ["--idle", "S", "D"],
        ]
    )
    func spellings(words: [String]) throws {
        let roots = try Roots()
        defer { roots.remove() }
        try Files.write(joined(roots.source, "file"), [1])
        let outcome = try Cutover.run(
            bytes: words.map {
                $0 == "S" ? roots.source : $0 == "D" ? roots.destination : bytes($0)
            }
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.names(roots.destination) == [bytes("file")])
    }

    @Test("-ni joined: a dry run with lines, and nothing is written (S49)") func dryRunLetters()
        throws
    {
        let roots = try Roots()
        defer { roots.remove() }
        try Files.write(joined(roots.source, "file"), [1])
        let outcome = try Cutover.run(bytes: [bytes("-ani"), roots.source, roots.destination])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.lines.contains(">f+++++++++ file"), "\(outcome)")
        #expect(try Files.names(roots.destination) == [])
    }

    @Test(
        "S50: roots and patterns are bytes, not text",
        arguments: [
            [0xFF, 0xFE], [0x61, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x8F, 0xB8, 0x81],
            [0x0A, 0x20, 0x1B], [0xC3, 0xA9, 0xFF, 0xC3, 0xA9], [0xEF, 0xBF, 0xBD],
            [0x65, 0xCC, 0x81],
        ] as [[UInt8]]
    )
    func notText(name: [UInt8]) throws {
        let roots = try Roots(sourceName: name)
        defer { roots.remove() }
        let source = joined(roots.path, name)
        try Files.write(joined(source, "file"), [1])
        try Files.write(joined(source, name), [1])
        let made = joined(roots.path, name + bytes(" new"))
        let first = try Cutover.run(bytes: [source, made])
        #expect(first.status == 0, "\(first)")
        #expect(Set(try Files.names(made)) == [bytes("file"), name])
        let second = try Cutover.run(
            bytes: [bytes("--exclude"), name, source, roots.destination]
        )
        #expect(second.status == 0, "\(second)")
        #expect(try Files.names(roots.destination) == [bytes("file")])
        let third = try Cutover.run(
            bytes: [bytes("--branch=") + name, source, joined(roots.path, "third")]
        )
        #expect(third.status == 0, "\(third)")
        #expect(try Files.names(joined(roots.path, "third")) == [name])
    }

    @Test(
        "S48: a mistake is one line and status 64, and nothing is touched",
        arguments: [
            ([], ["source"]), (["S"], ["destination"]), (["S", "D", "third"], ["third"]),
            (["--frobnicate", "S", "D"], ["--frobnicate"]), (["-Z", "S", "D"], ["-Z"]),
            (["-aZ", "S", "D"], ["Z"]), (["--changes", "often", "S", "D"], ["often"]),
            (["S", "D", "--state"], ["--state"]),
            (["--workers", "0", "S", "D"], ["1 to 250", "0"]),
            (["-w0", "S", "D"], ["1 to 250"]), (["--workers", "251", "S", "D"], ["251"]),
            (["--workers", "1000", "S", "D"], ["1000"]),
            (["--workers", "-3", "S", "D"], ["workers"]),
            (["--workers", "many", "S", "D"], ["many"]), (["--workers", "S"], ["workers"]),
            (["--max-delete", "3", "S", "D"], ["--delete"]),
            (["--delete", "--max-delete", "-1", "S", "D"], ["max-delete"]),
            (["--checksum", "--size-only", "S", "D"], ["--checksum"]),
            (["-cI", "S", "D"], ["--ignore-times"]), (["--bwlimit", "-1", "S", "D"], ["bwlimit"]),
            (["--bwlimit", "fast", "S", "D"], ["fast"]),
            (["--bwlimit", "99999999999G", "S", "D"], ["bwlimit"]),
            (["--progress", "loud", "S", "D"], ["loud"]), (["--branch", "a/b", "S", "D"], ["a/b"]),
            (["--branch", "..", "S", "D"], [".."]),
            (["--exclude-from", "M/patterns", "S", "D"], ["M/patterns"]),
            (["--json", "M/events", "S", "D"], ["M/events"]),
            (["--failures", "M/failures", "S", "D"], ["M/failures"]),
            (["--exclude", "", "S", "D"], ["exclude"]), (["", "D"], ["source"]),
            (["--delete=yes", "S", "D"], ["--delete"]), (["scheme", "S", "D"], ["D"]),
            (["plan", "S", "D"], ["--shards"]),
        ] as [([String], [String])]
    )
    func mistakes(words: [String], expected: [String]) throws {
        let roots = try Roots()
        defer { roots.remove() }
        try Files.write(joined(roots.source, "file"), [1])
        try Files.write(joined(roots.destination, "extra"), [1])
        // S and D stand for the roots, M for a folder that does not exist.
        let missing = String(decoding: try Scratch.missingPath(), as: UTF8.self)
        func filled(_ word: String) -> [UInt8] {
            switch word {
            case "S": roots.source
            case "D": roots.destination
            case _ where word.hasPrefix("M/"): bytes(missing + word.dropFirst())
            default: bytes(word)
            }
        }
        let outcome = try Cutover.run(bytes: words.map(filled))
        // Mistakes name what was typed, which never is the word S.
        expectUsage(outcome, expected.map { String(decoding: filled($0), as: UTF8.self) })
        #expect(try Files.names(roots.destination) == [bytes("extra")])
    }

    @Test("a mistake's name does not reach the terminal with its control characters")
    func controlCharacters() throws {
        let outcome = try Cutover.run(bytes: [
            bytes("--branch"), bytes("a/\u{1B}[31m"), try Scratch.missingPath(),
            try Scratch.missingPath(),
        ])
        #expect(outcome.status == 64, "\(outcome)")
        #expect(!outcome.stderr.contains(0x1B), "\(outcome)")
    }

    @Test("an unknown option with control characters is shown without them")
    func controlCharactersInOption() throws {
        let outcome = try Cutover.run(bytes: [
            bytes("--\u{1B}[31m\u{7}"), try Scratch.missingPath(), try Scratch.missingPath(),
        ])
        #expect(outcome.status == 64, "\(outcome)")
        #expect(!outcome.stderr.contains(0x1B) && !outcome.stderr.contains(0x07), "\(outcome)")
    }
}
