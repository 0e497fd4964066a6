// What options name for reports: no FIFO that nobody reads, no file called `-` by accident, no two reports in one file.

import Glibc
import TestSupport
import Testing

@Suite("What reports are written to", .requiresVolumes, .timeLimit(.minutes(10)))
struct ReportKinds {
    let stage: Stage

    init() throws {
        stage = try Stage()
        try Files.write(stage.source("file"), bytes("file"))
        try Files.write(stage.destination("file"), bytes("file"))
    }

    private func run(_ words: [[UInt8]]) throws -> Outcome {
        try Cutover.run(bytes: words, seconds: 60)
    }

    private func expectRefused(_ outcome: Outcome, _ reason: String) {
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.errors.contains(reason), "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    }

    private static let uses = [
        ("sync", "--json"), ("sync", "--failures"), ("check", "--json"), ("verify", "--failures"),
        ("history", "--json"),
    ]

    @Test("a FIFO that nobody reads is refused at once; one that is read is written to")
    func fifos() throws {
        let fifo = joined(stage.outside, "fifo")
        try Shell.run("mkfifo -- \"$1\"", fifo)
        for (command, option) in Self.uses {
            let words = [bytes(command), bytes(option), fifo, stage.from, stage.to]
            expectRefused(try run(words), "a FIFO that nobody reads")
        }
        let copy = joined(stage.outside, "copy")
        try Shell.run(
            """
            cat <"$1" >"$2" &
            reader=$!
            # Until it has opened the FIFO, it is one that nobody reads.
            until "$3" sync --json "$1" "$4" "$5" 2>/dev/null; do sleep 0.1; done
            wait "$reader"
            """,
            fifo,
            copy,
            Cutover.binary,
            stage.from,
            stage.to
        )
        let lines = try text(copy).split(separator: "\n")
        #expect(lines.first?.hasPrefix("{\"type\":\"start\"") == true, "\(lines)")
        #expect(lines.last?.hasPrefix("{\"type\":\"summary\"") == true, "\(lines)")
    }

    @Test("'-' is standard output for --json only; './-' is a file of that name")
    func dash() throws {
        let places = [stage.from, stage.to]
        for (command, option) in [
            ("sync", "--failures"), ("verify", "--failures"), ("verify", "--manifest"),
        ] {
            let refused = try Shell.attempt(
                "cd -- \"$1\"; shift; exec \"$@\"",
                [stage.outside, Cutover.binary, bytes(command), bytes(option), bytes("-")] + places
            )
            expectRefused(refused, "'-' is standard output only for --json")
            #expect(!Files.exists(joined(stage.outside, "-")), "\(command) \(option)")
        }
        let outcome = try Shell.attempt(
            "cd -- \"$1\"; shift; exec \"$@\"",
            [stage.outside, Cutover.binary, bytes("sync"), bytes("--failures"), bytes("./-")]
                + places
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(Files.exists(joined(stage.outside, "-")))
    }

    @Test("a manifest and a report in one file are refused, and the file stays as it was")
    func manifestIsReport() throws {
        let manifest = joined(stage.outside, "manifest")
        let other = joined(stage.outside, "other name")
        let written = try run(
            [bytes("verify"), bytes("--manifest"), manifest, stage.from, stage.to]
        )
        #expect(written.errors.contains("files in manifest"), "\(written)")
        let digests = try text(manifest)
        try Files.link(symbolic: other, to: manifest)
        for option in ["--json", "--failures"] {
            for name in [manifest, other] {
                for roots in [[stage.from, stage.to], [stage.to]] {
                    let words = [
                        bytes("verify"), bytes("--manifest"), manifest, bytes(option), name,
                    ]
                    expectRefused(try run(words + roots), "name the same file")
                    #expect(try text(manifest) == digests, "\(option) \(roots.count)")
                }
            }
            let new = joined(stage.outside, "new of \(option)")
            let words = [bytes("verify"), bytes("--manifest"), new, bytes(option), new]
            expectRefused(try run(words + [stage.from, stage.to]), "name the same file")
        }
    }
}
