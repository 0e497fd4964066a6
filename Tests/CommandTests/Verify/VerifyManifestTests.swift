// `verify --manifest`: digests that sha256sum reads, checked with and without it; manifests that are wrong; and that
// nothing outside of DESTINATION is read, whatever a manifest says.

import Glibc
import TestSupport
import Testing

@Suite("Verify: manifests", .requiresVolumes, .timeLimit(.minutes(10)))
struct VerifyManifestTests {
    let stage: Stage
    private var manifest: [UInt8] { stage.manifest }

    init() throws { stage = try Stage() }

    private func checkBySha256sum() throws -> Outcome {
        try Shell.attempt("cd \"$2\"; sha256sum -c --strict --quiet \"$1\"", [manifest, stage.to])
    }

    @Test("What is written is what sha256sum reads, strange names included, the same at every run")
    func roundTrip() throws {
        try StandardTree.everything(stage.from)
        try stage.pass()
        let written = try stage.writeManifest()
        #expect(written.status == 0, "\(written)")
        #expect(try mode(manifest) == 0o600)
        let summed = try checkBySha256sum()
        #expect(summed.status == 0, "\(summed)")
        let files = try Shell.run("find \"$1\" -type f -printf x | wc -c", stage.to).output
        let lines = try Files.read(manifest).split(separator: UInt8(ascii: "\n")).filter {
            $0.first != 0x23
        }
        #expect(String(lines.count) == files.filter(\.isNumber), "\(lines.count) \(files)")
        #expect(try stage.writeManifest("again").status == 0)
        #expect(try Files.read(manifest) == Files.read(joined(stage.outside, "again")))
        let checked = try stage.checkManifest()
        #expect(checked.status == 0 && checked.lines.isEmpty, "\(checked)")
        // One that sha256sum made says the same.
        try Shell.run(
            "cd \"$1\"; find . -type f -print0 | xargs -0 sha256sum >\"$2\"",
            stage.to,
            manifest
        )
        #expect(try stage.checkManifest("-w128").status == 0)
    }

    @Test("Files that differ, are missing or are something else are found, and only those")
    func differences() throws {
        try StandardTree.plain(stage.from)
        try Shell.run("head -c 140M /dev/zero | tr '\\0' z >\"$1\"", stage.source("huge"))
        try stage.pass()
        #expect(try stage.writeManifest().status == 0)
        try stage.flip("a/f4096", at: 4095)
        try stage.flip("huge", at: 139_000_000)
        try Files.unlink(stage.destination("a/f1"))
        try Shell.run(
            "cd \"$1/b\"; rm -r x; ln -s ../a/x x; rm f1; mkfifo f1; sleep 0.02",
            stage.to
        )
        let outcome = try stage.checkManifest()
        #expect(outcome.status == 1, "\(outcome)")
        var expected = ["a/f1: missing", "a/f4096: SHA-256: manifest ", "b/f1: type: "]
        expected += try Files.tree(stage.source("b/x"))
            .filter { try isRegular(joined(stage.source("b/x"), $0)) }
            .map { "b/x/\(shown($0)): missing" }.sorted()
        expected.append("huge: SHA-256: manifest ")
        let found = outcome.lines.sorted()
        #expect(found.count == expected.count && found.count > 6, "\(found) \(expected)")
        for (line, start) in zip(found, expected) { #expect(line.hasPrefix(start), "\(line)") }
    }

    @Test(
        "A file that differs is in the manifest with what SOURCE has, so a check finds it as well"
    )
    func manifestIsOfSource() throws {
        for name in ["same", "size", "bytes"] {
            try Files.write(stage.source(name), bytes("1234567"))
        }
        try stage.pass()
        try stage.flip("bytes", at: 2)
        try Files.write(stage.destination("size"), bytes("12345678"))
        usleep(20_000)
        #expect(try stage.writeManifest().status == 1)
        let summed = try checkBySha256sum()
        #expect(summed.status != 0 && summed.output.contains("size: FAILED"), "\(summed)")
        #expect(
            summed.output.contains("bytes: FAILED") && !summed.output.contains("same"),
            "\(summed)"
        )
        let outcome = try stage.checkManifest()
        #expect(outcome.status == 1 && outcome.lines.count == 2, "\(outcome)")
    }

    /// A line for a name.
    private static func line(_ name: String) -> String {
        String(repeating: "0", count: 64) + "  " + name + "\n"
    }

    static let bad: [(text: String, words: [String])] = [
        ("", ["empty"]),
        ("nonsense\n", ["line 1", "64 hexadecimal digits"]),
        (line("a") + String(repeating: "g", count: 64) + "  b\n", ["line 2", "64 hexadecimal"]),
        (String(repeating: "0", count: 63) + "  a\n", ["line 1"]),
        (line("a") + line("../etc/passwd"), ["line 2", "'..'"]),
        (line("a/../../etc/passwd"), ["line 1", "'..'"]), (line("a/.."), ["'..'"]),
        (line("/etc/passwd"), ["absolute"]), (line(""), ["names nothing"]),
        (line("."), ["names nothing"]),
        (line("a/"), ["directory"]), (line("a\0b"), ["NUL"]),
        ("\\" + line("a\\x"), ["backslash"]),
        (line("a") + String(repeating: "0", count: 30), ["cut off"]),
        (String(line("a").dropLast()), ["cut off"]),
        ("# cutover verify: SHA-256, sha256sum -c reads this\n" + line("a"), ["cut off"]),
        (
            "# cutover verify: SHA-256, sha256sum -c reads this\n" + line("a")
                + "# cutover verify: end, 2 files\n", ["cut off"]
        ),
        (line(String(repeating: "n", count: 256)), ["255"]),
        (line(String(repeating: "n/", count: 600_000) + "n"), ["too long"]),
    ]

    @Test(
        "A manifest that is wrong is refused in one line before anything of DESTINATION is read",
        arguments: 0..<bad.count
    )
    func badManifests(index: Int) throws {
        try Files.write(stage.destination("a"), bytes("x"))
        let (text, words) = Self.bad[index]
        try Files.write(manifest, bytes(text))
        let before = try Snapshot(stage.to, agesAccess: true)
        let outcome = try stage.checkManifest()
        #expect(outcome.status == 3 && outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        for word in words { #expect(outcome.errors.contains(word), "\(word): \(outcome)") }
        #expect(try before.changes() == [])
    }

    @Test("Nothing outside is read, though names lead through symlinks; mounts are not entered")
    func nothingOutside() throws {
        let secret = joined(stage.outside, "secret")
        try Files.makeDirectory(secret)
        try Files.write(joined(secret, "key"), bytes("key"))
        try Files.link(symbolic: stage.destination("link"), to: secret)
        try Files.link(symbolic: stage.destination("key"), to: joined(secret, "key"))
        try Files.makeDirectory(stage.destination("mounted"))
        try Shell.run("mount --bind \"$1\" \"$2\"", secret, stage.destination("mounted"))
        defer { cleanUp("umount \"$1\"", stage.destination("mounted")) }
        try Files.write(
            manifest,
            bytes(Self.line("link/key") + Self.line("key") + Self.line("mounted/key"))
        )
        let before = try Snapshot(secret, agesAccess: true)
        let trace = try Trace(
            [bytes("verify"), bytes("--manifest"), manifest, stage.to],
            calls: ["openat", "open", "pread64"]
        )
        #expect(trace.outcome.status == 23, "\(trace.outcome)")
        let found = trace.outcome.lines.sorted()
        #expect(
            found.count == 2 && found[0].hasPrefix("key: type: ")
                && found[1].hasPrefix("link/key: missing")
        )
        let reads = trace.calls.filter { $0.name == "pread64" && $0.text.contains("key>") }
        #expect(reads.isEmpty, "\(reads)")
        #expect(try before.changes() == [])
    }

    @Test("The file appears when it is complete; one that is there stays when it cannot be made")
    func atomicity() throws {
        try Files.write(stage.source("f"), bytes("1"))
        try stage.pass()
        try Files.write(manifest, bytes("old"))
        #expect(try stage.writeManifest().status == 0)
        #expect(try Files.read(manifest) != bytes("old"))
        #expect(try Files.names(stage.outside) == [bytes("manifest")])
        for name in ["", "missing/manifest", "."] {
            let outcome = try stage.writeManifest(name)
            #expect(
                outcome.status == 64 && outcome.errors.contains("--manifest"),
                "\(name): \(outcome)"
            )
        }
        try Shell.run("mkfifo \"$1\"", joined(stage.outside, "fifo"))
        #expect(try stage.writeManifest("fifo").status == 64)
        let full = try Cutover.run(
            bytes: [bytes("verify"), bytes("--manifest"), manifest, stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=fsync:1:EIO"]
        )
        if FaultTable.isCompiledIn {
            #expect(full.status == 23 && full.errors.contains("No manifest was made"), "\(full)")
            #expect(try Files.names(stage.outside) == [bytes("fifo"), bytes("manifest")])
        }
    }

    @Test(
        "Usage: what contradicts itself",
        arguments: [
            [], ["a"], ["a", "b", "c"], ["--metadata", "--content", "a", "b"],
            ["--metadata", "--sample", "5", "a", "b"], ["--metadata", "--manifest", "m", "a", "b"],
            ["--sample", "0", "a", "b"], ["--sample", "101", "a", "b"],
            ["--sample", "x", "a", "b"],
            ["--sample", "nan", "a", "b"], ["--seed", "1", "a", "b"], ["--workers", "0", "a", "b"],
            ["--manifest", "m", "--sample", "5", "b"], ["--manifest", "m", "--branch", "x", "b"],
            ["--delete", "a", "b"],
        ]
    )
    func usage(words: [String]) throws {
        let outcome = try Cutover.run(["verify"] + words)
        #expect(outcome.status == 64 && outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        #expect(outcome.errors.contains("cutover verify --help"), "\(outcome)")
    }

    @Test("S2: roots that cannot be are refused in one line, and a missing DESTINATION is not made")
    func roots() throws {
        try Files.write(stage.source("f"), bytes("1"))
        let missing = stage.destination("missing")
        let pairs = [
            (stage.from, missing), (missing, stage.to), (stage.from, stage.from),
            (stage.source("f"), stage.to), (stage.to, stage.destination("")),
        ]
        for (source, destination) in pairs {
            let outcome = try Cutover.run(bytes: [bytes("verify"), source, destination])
            #expect(outcome.status == 3 && outcome.stdout.isEmpty, "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }
        #expect(!Files.exists(missing))
    }
}
