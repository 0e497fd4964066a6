// S48-S51: how a pass ends, what a dry run promises, names in output, and paths beyond PATH_MAX.

import Glibc
import TestSupport
import Testing

@Suite(
    "Status and output, S48-S51",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesStatus {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "S48: a command line that cannot be understood is 64, said in words, nothing touched",
        arguments: [
            ["--no-such-option"], ["--workers", "0"], ["--workers", "251"], ["--workers", "1000"],
            ["--workers", "many"], ["--max-delete", "-1"], ["--max-delete", "x"],
            ["--bwlimit", "fast"],
            ["--exclude-from", "MISSING"], ["extra", "words", "too"],
        ]
    )
    func usageErrors(options: [String]) throws {
        try Files.write(stage.source("file"), bytes("x"))
        try Files.write(stage.destination("old"), bytes("x"))
        let before = try Snapshot(stage.to)
        let missing = String(decoding: try Scratch.missingPath(), as: UTF8.self)
        let words = options.map { $0 == "MISSING" ? missing : $0 }
        let outcome = try Cutover.sync(stage.from, stage.to, ["--delete"] + words)
        #expect(outcome.status == 64, "\(outcome)")
        #expect(!outcome.stderr.isEmpty)
        #expect(try before.changes() == [])
    }

    @Test("S48: a missing SOURCE or DESTINATION is 64")
    func missingArguments() throws {
        #expect(try Cutover.run(["sync"]).status == 64)
        #expect(try Cutover.run(bytes: [bytes("sync"), stage.from]).status == 64)
        #expect(try Cutover.run([]).status == 64)
    }

    @Test("S48: the word sync may be left out, and rsync's letters are accepted")
    func habitsOfRsync() throws {
        try StandardTree.plain(stage.from)
        try Files.write(stage.destination("extra"), bytes("x"))
        let slash = [UInt8(ascii: "/")]
        let words = ["-raXAS", "--delete"].map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [stage.from + slash, stage.to + slash])
        #expect(outcome.status == 0, "\(outcome)")
        try stage.expectSame()
    }

    @Test(
        "S48: a signal ends a pass with 20, cleanly, and the next pass completes it",
        arguments: [SIGINT, SIGTERM, SIGHUP]
    )
    func interruption(signal: Int32) throws {
        for branch in 0..<4 {
            try Files.makeDirectory(stage.source("b\(branch)"))
            for index in 0..<4 {
                try Files.write(stage.source("b\(branch)/f\(index)"), SeededBytes.megabytes(1))
            }
        }
        try Files.write(stage.destination("extra"), bytes("x"))
        let running = try Cutover.start(
            // By itself it would take an hour.
            ["sync", "--delete", "--workers", "2", "--bwlimit", "4K"].map { bytes($0) } + [
                stage.from, stage.to,
            ]
        )
        try waitUntil { try Files.names(stage.to).contains { $0.starts(with: bytes("b")) } }
        let sent = monotonicSeconds()
        running.send(signal)
        let outcome = running.wait()
        #expect(monotonicSeconds() - sent < hangSeconds)
        #expect(outcome.status == 20, "\(outcome)")
        #expect(!outcome.stderr.isEmpty, "no summary")
        #expect(try stage.leftovers() == [])
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S48: what is worst decides: 23 before 24, 24 before 25")
    func precedence() throws {
        try Files.write(stage.source("victim"), bytes("x"))
        for index in 0..<4 { try Files.write(stage.destination("extra\(index)"), bytes("x")) }
        let vanished = ["-P", "victim", "-e", "inject=openat,openat2,newfstatat:error=ENOENT"]
        let calls = ["openat", "openat2", "newfstatat"]
        let options = ["--delete", "--max-delete", "1"]
        let second = try stage.trace(options, calls: calls, strace: vanished)
        #expect(second.outcome.status == 24, "24 before 25: \(second.outcome)")
        try Files.write(stage.source("large"), bytes("x"))
        try Files.setAttribute(
            stage.source("large"),
            "user.large",
            [UInt8](repeating: 1, count: 30_000)
        )
        let first = try stage.trace(options, calls: calls, strace: vanished)
        #expect(first.outcome.status == 23, "23 before 24: \(first.outcome)")
        let only = try stage.attempt("--delete", "--max-delete", "1", "--exclude", "large")
        #expect(only.status == 25, "\(only)")
    }

    @Test(
        "S49: a dry run writes nothing, moves no atime, and prints what the pass then prints",
        arguments: 1...3
    )
    func dryRun(seed: UInt64) throws {
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 200)
        try StandardTree.links(stage.from)
        try stage.pass()
        var edits = EditScript(seed: seed)
        try edits.apply(stage.from, edits: 120)
        let before = try Snapshot(stage.to, agesAccess: true)
        // Of several workers, the one that comes first decides which name of an inode leads the others.
        let options = ["--delete", "--itemize", "--workers", "1"]
        let trace = try stage.trace(options + ["--dry-run"])
        let calls = trace.changes(in: stage.to)
        #expect(calls.isEmpty, "seed \(seed): \(calls.prefix(10))")
        let changes = try before.changes()
        #expect(changes.isEmpty, "seed \(seed): \(changes)")
        let real = try stage.attempt("--delete", "--itemize", "--workers", "1")
        #expect(real.status == 0, "\(real)")
        let promised = Set(trace.outcome.lines)
        let done = Set(real.lines)
        let missing = promised.subtracting(done).sorted()
        let unexpected = done.subtracting(promised).sorted()
        #expect(missing.isEmpty, "promised and not done, seed \(seed): \(missing)")
        #expect(unexpected.isEmpty, "done and not promised, seed \(seed): \(unexpected)")
        #expect(promised.count > 40)
        try stage.expectSame("seed \(seed)")
        let idle = try stage.attempt("--delete", "--itemize")
        #expect(idle.lines == [], "a pass with nothing to do prints nothing")
    }

    @Test("S49: the letters are rsync's")
    func itemizedLines() throws {
        try Files.write(stage.source("mode"), bytes("x"))
        try Files.write(stage.source("size"), bytes("x"))
        try stage.pass()
        try Files.write(stage.source("new"), bytes("x"))
        try Files.link(symbolic: stage.source("link"), to: bytes("target"))
        try Files.makeDirectory(stage.source("directory"))
        try Files.makeNode(stage.source("fifo"), S_IFIFO | 0o600)
        try Files.changeMode(stage.source("mode"), 0o751)
        try Files.write(stage.source("size"), bytes("longer"))
        try Files.changeTime(stage.source("size"), seconds: 1_100_000_000)
        try Files.write(stage.destination("extra"), bytes("x"))
        try Files.changeTime(stage.from, seconds: 1_000_000_000)
        let ours = try stage.attempt("--delete", "-n", "-i")
        let theirs = try Shell.run("rsync -naXASHi --delete \"$1\"/ \"$2\"/", stage.from, stage.to)
        #expect(ours.lines.sorted() == theirs.lines.sorted(), "\(ours.errors)")
        for line in [
            ">f+++++++++ new", "cL+++++++++ link -> target", ".f...p..... mode",
            "*deleting   extra",
        ] {
            #expect(ours.lines.contains(line), "\(ours.lines)")
        }
    }

    @Test("S50: roots and names of any bytes")
    func anyBytes() throws {
        let from = joined(stage.from, [0xff, 0x0a, 0x22, 0xfe])
        let to = joined(stage.to, [0x80, 0x27, 0x5c, 0xc3])
        try Files.makeDirectory(from)
        try StandardTree.strangeNames(from)
        let outcome = try Cutover.sync(from, to)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Oracle.differences(from, to) == [])
        let again = try Cutover.sync(from, to, ["--delete", "--itemize"])
        #expect(again.lines == [])
    }

    @Test("S50: JSON keeps every byte of a name, and stays JSON")
    func namesInJSON() throws {
        let name: [UInt8] = [0x61, 0xff, 0x0a, 0x1b, 0x22, 0x5c, 0x80]
        try Files.write(joined(stage.from, name), bytes("x"))
        try Files.setAttribute(
            joined(stage.from, name),
            "user.large",
            [UInt8](repeating: 1, count: 30_000)
        )
        let report = joined(stage.outside, "failures")
        let outcome = try stage.attempt(
            "--json",
            "-",
            "--failures",
            String(decoding: report, as: UTF8.self)
        )
        #expect(outcome.status == 23, "\(outcome)")
        for output in [outcome.stdout, try Files.read(report)] {
            #expect(String(validating: output, as: UTF8.self) != nil, "not UTF-8")
            let lines = try JSONReport(printed: output).lines
            #expect(lines.allSatisfy { $0.text("type") != nil }, "\(lines)")
            let named = lines.filter { $0.path == name }
            #expect(named.count == 1, "\(lines)")
            #expect(named.first?.text("path_bytes") == "61ff0a1b225c80", "\(named)")
        }
    }

    @Test("S50: on a terminal no byte of a name steers it", .requiresTool("script"))
    func namesOnTerminals() throws {
        let names = ["\u{1b}[31mred", "bell\u{07}", "carriage\rreturn", "\u{9b}31m", "new\nline"]
        for name in names { try Files.write(stage.source(name), bytes("x")) }
        let typescript = joined(stage.outside, "typescript")
        let command =
            "script -qec '\"$CUTOVER\" sync -n -i --progress none \"$FROM\" \"$TO\"' \"$4\""
        try Shell.run(
            "export CUTOVER=\"$1\" FROM=\"$2\" TO=\"$3\"; \(command) >/dev/null",
            Cutover.binary,
            stage.from,
            stage.to,
            typescript
        )
        let shown = try Files.read(typescript)
        let lines = String(decoding: shown, as: UTF8.self)
        #expect(lines.contains("red") && lines.contains("bell"), "\(lines)")
        #expect(
            !lines.contains("\u{1b}[31m") && !lines.contains("\u{07}") && !lines.contains("\u{9b}")
        )
        #expect(
            !lines.contains("carriage\rreturn") && !lines.contains("new\nline")
                && !lines.contains("new\r\nline")
        )
    }

    @Test("S51: paths longer than PATH_MAX are copied, compared and deleted")
    func pathsBeyondPathMax() throws {
        try StandardTree.deep(stage.from)
        try stage.pass()
        let differences = try Oracle.differences(stage.from, stage.to, deep: true)
        #expect(differences.isEmpty, "\(differences.map { $0.suffix(300) })")
        let again = try stage.attempt("--delete", "--itemize")
        #expect(again.status == 0 && again.lines == [], "\(again)")
        // The whole chain becomes an extra.
        try Shell.run("rm -rf \"$1\"/*; echo x >\"$1/file\"", stage.from)
        try stage.pass()
        try stage.expectSame()
    }
}
