// What a newcomer met and was told wrongly, too late or not at all: limits, places, hosts, the last moment of a pass.

import Glibc
import TestSupport
import Testing

@Suite("What is told", .requiresVolumes, .timeLimit(.minutes(10)))
struct WhatIsTold {
    let stage: Stage

    init() throws {
        stage = try Stage()
        try Files.write(stage.source("file"), bytes("contents"))
    }

    private func run(_ words: [String], _ operands: [UInt8]...) throws -> Outcome {
        try Cutover.run(bytes: words.map { bytes($0) } + operands, seconds: 60)
    }

    private func makeExtras(_ count: Int) throws {
        for index in 0..<count { try Files.write(stage.destination("extra\(index)"), bytes("x")) }
    }

    @Test("-q tells that --max-delete was reached, in one line, and history keeps how many stay")
    func limit() throws {
        try makeExtras(4)
        let state = shown(joined(stage.outside, "state"))
        let pass = try stage.attempt("-q", "--delete", "--max-delete", "1", "--state", state)
        #expect(pass.status == 25, "\(pass)")
        #expect(
            pass.errors
                == "cutover: 3 extras were not deleted: --max-delete was reached; status 25\n"
        )
        let history = try run(["history", "--state", state])
        #expect(history.output.contains("3 extras were not deleted"), "\(history)")
        let json = try run(["history", "--state", state, "--json", "-"])
        #expect(json.output.contains("\"deletions_refused\":3"), "\(json)")
        let one = try run(["history", "--state", state, "--pass", "1"])
        #expect(one.output.contains("extras not deleted"), "\(one)")
    }

    @Test("a bare number below 1024 is no rate that anybody means")
    func rates() throws {
        for (rate, words) in [("10", "10 bytes a second is too little"), ("1023", "write 1023K")] {
            let outcome = try stage.attempt("--bwlimit", rate)
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.errors.contains(words), "\(outcome)")
        }
        for rate in ["1024", "0", "1K", "off"] {
            let outcome = try stage.attempt("--bwlimit", rate)
            #expect(outcome.status == 0, "\(outcome)")
        }
    }

    @Test("--state on SOURCE is refused as reports are, and on DESTINATION by check too")
    func statePlaces() throws {
        let onSource = shown(stage.source("state"))
        for command in ["sync", "check"] {
            let outcome = try run([command, "--state", onSource], stage.from, stage.to)
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.errors.contains("would lie on SOURCE"), "\(outcome)")
            let onDestination = shown(stage.destination("state"))
            let other = try run([command, "--state", onDestination], stage.from, stage.to)
            #expect(other.status == 3, "\(other)")
            #expect(other.errors.contains("the state would lie on DESTINATION"), "\(other)")
        }
        #expect(try Files.names(stage.from) == [bytes("file")])
        #expect(try Files.names(stage.to) == [])
    }

    @Test("a path of another host: that there is one host, not only that there is no such file")
    func hosts() throws {
        for operands in [[stage.from, bytes("host:/new")], [bytes("host:/old"), stage.to]] {
            let outcome = try run(["sync"], operands[0], operands[1])
            #expect(outcome.status == 3, "\(outcome)")
            #expect(outcome.errors.contains("within one host"), "\(outcome)")
        }
    }

    @Test("a long refusal is wrapped at the terminal's width, and is one line elsewhere")
    func width() throws {
        try Files.unlink(stage.source("file"))
        let screen = try Screen(columns: 60)
        let process = try Subprocess(
            [Cutover.binary, bytes("sync"), bytes("--delete"), stage.from, stage.to],
            terminal: screen
        )
        waitUntil {
            screen.drain()
            return !process.isRunning
        }
        #expect(process.wait().status == 3)
        let drawn = screen.drawn()
        #expect(drawn.widest <= 60, "\(drawn.lines)")
        #expect(drawn.lines.count(where: { !$0.isEmpty }) >= 2, "\(drawn.lines)")
        let piped = try stage.attempt("--delete")
        #expect(piped.errors.split(separator: "\n").count == 1, "\(piped)")
        let words = drawn.lines.flatMap { $0.split(separator: " ") }
        #expect(words == piped.errors.split(whereSeparator: \.isWhitespace), "\(drawn.lines)")
    }

    @Test(
        "a signal at the very end: nothing is stopped any more, and that is what is told",
        .requiresTool("strace")
    )
    func lateSignal() throws {
        let log = joined(stage.outside, "calls")
        // The last that a pass does is to take its status file away.
        let words = ["strace", "-f", "-e", "trace=unlinkat", "-e"]
        let delay = ["inject=unlinkat:delay_enter=1000000", "-o"]
        let tracer = try Subprocess(
            (words + delay).map { bytes($0) } + [log, bytes("--"), Cutover.binary, bytes("sync")]
                + [stage.from, stage.to]
        )
        waitUntil { ((try? text(log)) ?? "").contains(".status") }
        let children = try Shell.run(
            "cat /proc/\(tracer.processID)/task/\(tracer.processID)/children"
        )
        let child = try #require(children.lines.first.flatMap { pid_t($0.filter(\.isNumber)) })
        kill(child, SIGTERM)
        let outcome = tracer.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!outcome.errors.contains("stopping"), "\(outcome)")
        #expect(outcome.errors.contains("nothing is left to stop"), "\(outcome)")
        #expect(outcome.errors.contains("cutover: done"), "\(outcome)")
    }
}

@Suite(
    "What is told of a DESTINATION that is not there",
    .requiresVolumes,
    .timeLimit(.minutes(10))
)
struct MissingDestination {
    @Test("it would be made on /: that it does not exist is told")
    func missing() throws {
        let stage = try ScanStage(isWhole: true)
        try Files.write(stage.from("file"), bytes("contents"))
        // On the filesystem of `/`, where the tests' directory lies.
        let missing = joined(try Scratch.directory(), Scratch.uniqueName("nonesuch"))
        let outcome = try Cutover.sync(stage.pair.from, missing)
        #expect(outcome.status == 3, "\(outcome)")
        #expect(outcome.errors.contains(" does not exist and would be made on /"))
        #expect(!Files.exists(missing))
    }
}
