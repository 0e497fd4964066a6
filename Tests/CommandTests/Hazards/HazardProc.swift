// /proc that is missing, or does not say all: told in one line, and nothing is claimed that was not read.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: /proc", .requiresVolumes, .requiresTool("unshare"), .timeLimit(.minutes(5)))
struct HazardProc {
    let stage: Stage

    init() throws { stage = try Stage() }

    /// Runs the program where /proc is an empty directory.
    private func run(_ words: [[UInt8]]) throws -> Outcome {
        try Shell.attempt(
            """
            exec unshare --mount bash -c '
                mount -t tmpfs none /proc
                exec "$@"
            ' bash "$@"
            """,
            [Cutover.binary] + words
        )
    }

    @Test("without /proc each command says so in one line, or does without")
    func missing() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try stage.pass()
        #expect(try stage.writeManifest().status == 0)
        let roots = [stage.from, stage.to]
        for words in [
            [bytes("sync")] + roots, [bytes("verify")] + roots, [bytes("check")] + roots,
            [bytes("verify"), bytes("--manifest"), stage.manifest, stage.to],
        ] {
            let outcome = try run(words)
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.errors.split(separator: "\\n").count == 1, "\(outcome)")
            #expect(outcome.errors.contains("/proc is not mounted"), "\(outcome)")
        }
        #expect(try run([bytes("--version")]).status == 0)
        let history = try run([bytes("history"), bytes("--state"), joined(stage.outside, "none")])
        #expect(history.status == 3 && history.errors.contains("nothing is recorded"), "\(history)")
        let recorded = try run([bytes("history")])
        #expect(recorded.status == 3, "\(recorded)")
        #expect(recorded.errors.contains("/proc is not mounted"), "\(recorded)")
        #expect(!recorded.errors.contains("cannot be read"), "\(recorded)")
        let usage = try run([bytes("sync"), bytes("--delete"), stage.from])
        #expect(usage.status == 64 && usage.errors.contains("<destination>"), "\(usage)")
    }

    @Test("a table of mounts that cannot be read is a finding of check, and not 'ok'")
    func unreadableMounts() throws {
        try Files.write(stage.source("file"), bytes("x"))
        // A process that reads its own memory from address 0 gets EIO.
        let outcome = try Shell.attempt(
            """
            exec unshare --mount bash -c '
                mount --bind /proc/$$/mem /proc/$$/mountinfo
                exec "$@"
            ' bash "$@"
            """,
            [Cutover.binary, bytes("check"), bytes("--json"), bytes("-"), stage.from, stage.to]
        )
        let findings = try outcome.report().of("finding")
        let line = try #require(findings.first { $0.text("finding") == "mounts" }, "\(outcome)")
        #expect(line.text("severity") == "warning", "\(outcome)")
        #expect(line.text("unknown_sides") == "source,destination")
        #expect(line.text("errno_name") == "EIO")
        #expect(line.text("message")?.contains("could not be read") == true, "\(line)")
        let entries = findings.first { $0.text("finding") == "entries" }
        #expect(entries?.text("reason") == "mounts_unread", "\(outcome)")
    }
}
