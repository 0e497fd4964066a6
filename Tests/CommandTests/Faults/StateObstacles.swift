// What stands in the way of the state and of the output: names in the state folder that are no files, a
// limit of file sizes, readers that go away. Nothing waits for ever, nothing ends by a signal.

import Glibc
import TestSupport
import Testing

@Suite("Obstacles of state and output, S52", .requiresVolumes, .timeLimit(.minutes(10)))
struct StateObstacles {
    let stage: Stage
    let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        try Files.write(stage.source("file"), bytes("contents"))
    }

    private func pass(_ options: [String] = []) throws -> Outcome {
        let words = (["sync"] + options + ["--state"]).map { bytes($0) }
        return try Cutover.run(bytes: words + [state, stage.from, stage.to], seconds: 20)
    }

    @Test(
        "a name in the state folder that is no regular file is not opened, and nothing waits for it",
        arguments: [
            "sqlite", "sqlite-journal", "sqlite-wal", "sqlite-shm", "sqlite.new",
            "sqlite.new-journal", "lock", "opening", "damaged",
        ]
    )
    func strangeNames(suffix: String) throws {
        #expect(try pass().status == 0)
        let lock = try #require(
            try Files.names(state).first { $0.suffix(5) == bytes(".lock")[...] }
        )
        let path = joined(state, Array(lock.dropLast(4)) + bytes(suffix))
        let victim = joined(stage.outside, "victim")
        let commands = [
            "mkfifo \"$1\"", "mkdir \"$1\"", "mknod \"$1\" c 1 5", "ln -s \"$2\" \"$1\"",
            "perl -MIO::Socket::UNIX -e 'chdir $ARGV[0]; IO::Socket::UNIX->new(Local => $ARGV[1], Listen => 1)"
                + " or die $!' \"${1%/*}\" \"${1##*/}\"",
        ]
        for command in commands {
            try Files.write(victim, bytes("not ours"))
            try Files.removeTree(path)
            try Shell.run(command, path, victim)
            for round in 1...2 {
                let outcome = try pass()
                #expect(outcome.status == 0, "\(command) \(round): \(outcome)")
                let dry = try pass(["-n"])
                #expect(dry.status == 0, "\(command) \(round): \(dry)")
                let words = ["history", "--state"].map { bytes($0) }
                let shown = try Cutover.run(bytes: words + [state], seconds: 20)
                #expect([0, 3].contains(shown.status ?? -1), "\(command) \(round): \(shown)")
            }
            #expect(try Files.read(victim) == bytes("not ours"), "\(command)")
        }
        #expect(try Files.read(stage.destination("file")) == bytes("contents"))
        // Whatever stands there now, without it all is well again.
        try Files.removeTree(path)
        #expect(try pass().status == 0)
        let last = try pass()
        #expect(last.status == 0 && !last.errors.contains("will be remembered"), "\(last)")
    }

    @Test("S48: a limit of file sizes (RLIMIT_FSIZE) is an error that is told, never a signal")
    func sizeLimit() throws {
        try Files.write(stage.source("large"), [UInt8](repeating: 7, count: 300_000))
        let script = "ulimit -f 64; \"$1\" sync --state \"$2\" \"$3\" \"$4\""
        let words = [Cutover.binary, state, stage.from, stage.to]
        let outcome = try Shell.attempt(script, words)
        #expect(outcome.status == 23, "\(outcome)")
        let failure = "large: cannot write bytes 0-299999 to DESTINATION: File too large (EFBIG)"
        #expect(outcome.errorsUnwrapped.contains(failure), "\(outcome)")
        #expect(outcome.errors.contains("will be remembered"), "the state does not fit: \(outcome)")
        #expect(try Files.read(stage.destination("file")) == bytes("contents"))
        #expect(!Files.exists(stage.destination("large")))
        #expect(try stage.leftovers() == [])
        #expect(try pass().status == 0)
        #expect(try pass().status == 0)
        try stage.expectSame()
        // What they say of it meets the same limit: tests read it from a file.
        let file = joined(stage.outside, "table")
        for command in ["history --state \"$2\"", "check \"$3\" \"$4\""] {
            let outcome = try Shell.attempt(
                "ulimit -f 0; exec \"$1\" \(command) > \"$5\"",
                words + [file]
            )
            #expect(outcome.status == 23, "\(command): \(outcome)")
        }
    }

    @Test(
        "readers that go away: the pass is done all the same, and no signal ends it",
        arguments: [
            "\"$1\" sync -i --state \"$2\" \"$3\" \"$4\" | true",
            "\"$1\" sync -i --state \"$2\" \"$3\" \"$4\" 2>&1 >/dev/null | true",
            "\"$1\" sync --json - --state \"$2\" \"$3\" \"$4\" | head -n 1 > /dev/null",
        ]
    )
    func closedPipes(command: String) throws {
        // More than a pipe holds.
        for index in 0..<3_000 {
            try Files.write(stage.source("a-long-name-that-fills-pipes-\(index)"), [])
        }
        let outcome = try Shell.attempt(
            "set +o pipefail; \(command); echo \"${PIPESTATUS[0]}\"",
            [Cutover.binary, state, stage.from, stage.to]
        )
        let status = outcome.output.split(separator: "\n").last ?? ""
        #expect(["0", "23"].contains(String(status)), "\(outcome)")
        try stage.expectSame()
    }
}
