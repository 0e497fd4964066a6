// S2, S48: what a person can get wrong on the command line. Each is refused with one line that says
// what is wrong and what to do, status 64 or 3, and nothing is touched on either side.

import Glibc
import TestSupport
import Testing

@Suite("Bad input, S2, S48", .requiresVolumes, .timeLimit(.minutes(30)))
struct BadInputTests {
    let stage: Stage
    init() throws {
        stage = try Stage()
        try StandardTree.plain(stage.from)
        try Files.makeDirectory(stage.source("a/inner"))
        try Files.write(stage.destination("kept"), bytes("kept"))
        try Files.makeDirectory(stage.destination("tree"))
        try Files.write(stage.destination("tree/kept"), bytes("kept"))
    }

    /// Runs it and expects a refusal in one line that holds these words, with nothing touched.
    private func expectRefusal(
        _ status: Int32,
        _ words: [String],
        _ arguments: [[UInt8]],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        // Atimes too, so that a read shows as well; looking moves them, so each time anew.
        let before = try [stage.from, stage.to].map { try Snapshot($0, agesAccess: true) }
        let outcome = try Cutover.run(bytes: arguments, seconds: 20)
        let location = sourceLocation
        #expect(outcome.status == status, "\(outcome)", sourceLocation: location)
        let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.count == 2 && lines.last == "",
            "not one line: \(outcome)",
            sourceLocation: location
        )
        #expect(outcome.stdout.isEmpty, "\(outcome)", sourceLocation: location)
        #expect(outcome.errors.hasPrefix("cutover: "), "\(outcome)", sourceLocation: location)
        for word in words {
            #expect(
                outcome.errors.lowercased().contains(word.lowercased()),
                "no '\(word)': \(outcome)",
                sourceLocation: location
            )
        }
        for snapshot in before {
            #expect(try snapshot.changes() == [], "\(outcome)", sourceLocation: location)
        }
    }

    private func sync(_ options: String...) -> [[UInt8]] {
        (["sync"] + options).map { bytes($0) } + [stage.from, stage.to]
    }

    @Test(
        "Usage: numbers that cannot be",
        arguments: [
            ["--workers", "0"], ["--workers", "251"], ["--workers", "1000"], ["--workers", "x"],
            ["--workers", "-1"], ["--workers", ""], ["-w0"], ["-w", "99999999999999999999"],
            ["--delete", "--max-delete=-1"], ["--delete", "--max-delete", "many"],
            ["--max-delete", "5"],
            ["--bwlimit", "-1"], ["--bwlimit", "fast"], ["--bwlimit", "99999999999999999999G"],
            ["--bwlimit", "1.5.2M"], ["--bwlimit", ""],
            ["--stop-at", "tomorrow"], ["--stop-at", "24:00"], ["--stop-at", "5:45"],
            ["--stop-at", "12:60"], ["--stop-at", "2020-01-01T00:00"], ["--stop-at", ""],
            ["--stop-at", "2090-13-01T00:00"], ["--stop-at", "2090-00-01T00:00"],
            ["--stop-at", "9999-01-01T00:00"], ["--stop-at", "2090-02-30T00:00"],
            ["--stop-at", "+1:-1"], ["--stop-at", "+5:45"],
            ["--max-duration", "90"], ["--max-duration", "0m"], ["--max-duration", "1h1h"],
            ["--max-duration", "1m1h"], ["--max-duration", "-5m"], ["--max-duration", "1.5h"],
            ["--max-duration", "99999999d"],
            ["--max-duration", "99999999999999999999h"], ["--max-duration", ""],
        ]
    )
    func numbers(options: [String]) throws {
        let name = options.first { $0 != "--delete" } ?? ""
        let word = name.hasPrefix("--") ? String(name.prefix { $0 != "=" }) : "-w"
        let words = options.map { bytes($0) }
        try expectRefusal(64, [word], [bytes("sync")] + words + [stage.from, stage.to])
    }

    @Test(
        "Usage: options that do not exist, lack their value, or contradict each other",
        arguments: [
            (["--no-such-option"], "--no-such-option"), (["-Z"], "-Z"), (["--exclude"], ""),
            (["--checksum", "--size-only"], "--checksum"), (["--progress", "loud"], "--progress"),
            (["--checksum", "-I"], "--checksum"), (["--delet"], "--delet"), (["--json"], ""),
            (["--branch", ""], "--branch"), (["--state", ""], "--state"),
        ]
    )
    func options(words: [String], mentioned: String) throws {
        let all = [bytes("sync")] + words.map { bytes($0) } + [stage.from, stage.to]
        try expectRefusal(64, [mentioned], all)
    }

    @Test("Usage: too few and too many arguments")
    func arguments() throws {
        try expectRefusal(64, ["source"], [])
        try expectRefusal(64, ["source"], [bytes("sync")])
        try expectRefusal(64, ["destination"], [bytes("sync"), stage.from])
        try expectRefusal(64, ["unexpected"], sync() + [stage.to])
        try expectRefusal(64, ["source"], [bytes("sync"), [], stage.to])
        try expectRefusal(64, ["destination"], [bytes("sync"), stage.from, []])
    }

    @Test("Usage: files of patterns and of reports that cannot be used")
    func files() throws {
        let missing = joined(stage.outside, "no/such/file")
        for option in ["--exclude-from", "--json", "--failures"] {
            try expectRefusal(
                64,
                [option, "no/such/file", "No such file"],
                [bytes("sync"), bytes(option), missing, stage.from, stage.to]
            )
            try expectRefusal(
                64,
                [option, "directory"],
                [bytes("sync"), bytes(option), stage.outside, stage.from, stage.to]
            )
        }
        let line = joined(stage.outside, "name\nwith a line\u{1b}[31m")
        let outcome = try Cutover.run(
            bytes: [bytes("sync"), bytes("--exclude-from"), line, stage.from, stage.to])
        #expect(outcome.status == 64)
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        #expect(!outcome.stderr.contains(0x1b), "a control byte reached the terminal: \(outcome)")
    }

    @Test("Usage: --branch is the name of a top-level entry")
    func branches() throws {
        for name in ["a/inner", "/a", ".", "..", "/", "../a", "a//b"] {
            try expectRefusal(64, ["--branch", "top-level"], sync("--branch", name))
        }
        try expectRefusal(3, ["nosuch", "--branch"], sync("--branch", "nosuch"))
        try expectRefusal(
            3,
            ["nosuch", "--branch"],
            sync("--delete", "--branch", "a", "--branch", "nosuch")
        )
    }

    @Test("S2: roots that are missing, no directories, or may not be read")
    func unusableRoots() throws {
        let cases: [([UInt8], [UInt8], [String])] = [
            (stage.source("missing"), stage.to, ["SOURCE", "missing", "No such file"]),
            (stage.source("loose"), stage.to, ["SOURCE", "not a directory"]),
            (stage.from, stage.destination("kept"), ["DESTINATION", "not a directory"]),
            (stage.from, stage.destination("no/such"), ["DESTINATION", "no such"]),
            (stage.from, stage.destination("kept/below"), ["DESTINATION", "not a directory"]),
            (bytes("/dev/null"), stage.to, ["SOURCE", "not a directory"]),
            (
                joined(stage.from, [UInt8](repeating: 0x6e, count: 256)), stage.to,
                ["SOURCE", "too long"]
            ),
        ]
        for (from, to, words) in cases {
            try expectRefusal(3, words, [bytes("sync"), bytes("--delete"), from, to])
        }
    }

    @Test("S2: SOURCE may not be read, or DESTINATION not be made", .requiresTool("setpriv"))
    func unreadableRoots() throws {
        try Files.changeMode(stage.from, 0o700)
        let script = """
            setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
            """
        for (from, to, word) in [
            (stage.from, stage.to, "SOURCE"),
            (bytes("/proc/self"), stage.destination("new"), "DESTINATION"),
        ] {
            let outcome = try Shell.attempt(script, [Cutover.binary, bytes("sync"), from, to])
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            #expect(outcome.errors.contains(word), "\(outcome)")
            #expect(outcome.errors.contains("Permission denied"), "\(outcome)")
        }
        #expect(!Files.exists(stage.destination("new")))
    }

    @Test("S2: the same directory under any name")
    func sameRoots() throws {
        let link = joined(stage.outside, "link")
        try Files.link(symbolic: link, to: stage.from)
        let bound = joined(stage.outside, "bound")
        try Files.makeDirectory(bound)
        try Shell.run("mount --bind \"$1\" \"$2\"", stage.from, bound)
        for other in [
            stage.from, stage.from + bytes("/"), stage.from + bytes("//."), link, link + bytes("/"),
            joined(stage.from, "a/.."), bound, bound + bytes("/"),
        ] {
            try expectRefusal(
                3,
                ["same directory"],
                [bytes("sync"), bytes("--delete"), stage.from, other]
            )
            try expectRefusal(3, ["same directory"], [bytes("sync"), other, stage.from])
        }
    }

    @Test("S2: one root inside the other, under any name, DESTINATION missing or not")
    func nestedRoots() throws {
        let link = joined(stage.outside, "link")
        try Files.link(symbolic: link, to: stage.from)
        let bound = joined(stage.outside, "bound")
        try Files.makeDirectory(bound)
        try Shell.run("mount --bind \"$1\" \"$2\"", stage.source("a"), bound)
        let inside = [
            stage.source("a"), stage.source("a/inner"), stage.source("new"), stage.source("a/new"),
            joined(link, "a"), joined(link, "new"), bound, joined(bound, "inner"),
            joined(bound, "new"),
        ]
        for inner in inside {
            try expectRefusal(
                3,
                ["DESTINATION lies inside SOURCE"],
                [bytes("sync"), bytes("--delete"), stage.from, inner]
            )
            guard Files.exists(inner) else { continue }
            try expectRefusal(
                3,
                ["SOURCE lies inside DESTINATION"],
                [bytes("sync"), bytes("--delete"), inner, stage.from]
            )
        }
        #expect(!Files.exists(stage.source("new")) && !Files.exists(stage.source("a/new")))
    }

    @Test("S2: an empty SOURCE and --delete: perhaps it is not mounted")
    func emptySource() throws {
        let empty = joined(stage.outside, "empty")
        try Files.makeDirectory(empty)
        let words = ["empty", "mounted", "--allow-empty-source"]
        try expectRefusal(3, words, [bytes("sync"), bytes("--delete"), empty, stage.to])
        try Files.makeDirectory(joined(empty, "lost+found"))
        try expectRefusal(3, words, [bytes("sync"), bytes("--delete"), empty, stage.to])
        try expectRefusal(
            3,
            words,
            [bytes("sync"), bytes("--delete"), bytes("-n"), empty, stage.to]
        )
    }
}
