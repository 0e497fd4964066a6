// S48: a run that ends by itself at a time limit: nothing new is begun, what is in hand gets 30 s, status 26.

import Glibc
import TestSupport
import Testing

@Suite("Time limits, S48", .requiresVolumes, .timeLimit(.minutes(30)))
struct RulesTimeLimit {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S48: what is in hand at the limit is completed, the rest left to the next pass")
    func filesInHand() throws {
        try stage.makeSlowTree()
        let begun = monotonicSeconds()
        let (outcome, report) = try stage.reported(
            "--max-duration",
            "8s",
            "--bwlimit",
            "512K",
            "--workers",
            "2"
        )
        #expect(outcome.status == 26, "\(outcome)")
        // Two files of 4 MiB in hand; all five would take 40 s.
        #expect(monotonicSeconds() - begun < 8 + 16 + hangSeconds)
        #expect(outcome.errors.contains("stopped at the time limit after"), "\(outcome)")
        #expect(outcome.errors.contains("the next pass resumes"), "\(outcome)")
        #expect(outcome.errors.contains("cutover: stops at "), "\(outcome)")
        #expect(report.of("time_limit").count == 1)
        #expect(report.summary("status") == 26)
        #expect(report.of("summary").first?.text("status_name") == "time_limit")
        try stage.expectWholeFiles()
        let copied = try Files.names(stage.to).filter { $0.starts(with: bytes("slow")) }
        #expect((1...4).contains(copied.count), "\(copied.count) of 5 were copied")
        let history = try Cutover.run(
            bytes: [bytes("history"), stage.from, stage.to]
        )
        #expect(history.output.contains("time limit"), "\(history)")
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S48: what is in hand for longer than 30 s is given back, nothing of it is left")
    func graceIsOver() throws {
        var random = SeededRandom(seed: 6)
        try Files.write(stage.source("slow"), random.bytes(4 << 20))
        let begun = monotonicSeconds()
        let outcome = try stage.attempt("--max-duration", "1s", "--bwlimit", "8K")
        let seconds = monotonicSeconds() - begun
        #expect(outcome.status == 26 && seconds > 30, "\(seconds) s, \(outcome)")
        #expect(seconds < 30 + hangSeconds)
        #expect(try Files.names(stage.to) == [])
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S48: a large file that several workers copy is given back at once")
    func largeFile() throws {
        try Shell.run("head -c 160M /dev/urandom >\"$1/large\"", stage.from)
        let begun = monotonicSeconds()
        let outcome = try stage.attempt(
            "--max-duration",
            "1s",
            "--bwlimit",
            "16M",
            "--workers",
            "2"
        )
        // Two ranges of 64 MiB are in hand, for 8 s; the third one is not begun.
        #expect(outcome.status == 26, "\(outcome)")
        #expect(monotonicSeconds() - begun < 30, "\(outcome)")
        let names = try Files.names(stage.to).map(shown)
        #expect(names == [], "\(outcome)")
        #expect(outcome.errors.contains("stopped at the time limit"), "\(outcome)")
    }

    @Test("S48: a pass that is done in time ends with 0, also where the limit comes in syncfs")
    func doneInTime() throws {
        try StandardTree.plain(stage.from)
        let outcome = try stage.attempt("--max-duration", "1h")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("cutover: stops at "), "\(outcome)")
        try Files.write(stage.source("more"), bytes("more"))
        // The first one is SOURCE's.
        let trace = try stage.trace(
            ["--max-duration", "9s", "--changes", "walk"],
            calls: ["syncfs"],
            strace: ["-e", "inject=syncfs:delay_enter=12000000:when=2"]
        )
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        #expect(
            trace.outcome.errors.contains("DESTINATION's disk is waited for"),
            "\(trace.outcome)"
        )
        try stage.expectSame()
    }

    @Test("S48: a pass whose last file is in hand at the limit, and ends in time, is done")
    func lastFile() throws {
        var random = SeededRandom(seed: 8)
        // New directories get their modes and times after all that is in them.
        try Files.makeDirectory(stage.source("new"))
        try Files.makeDirectory(stage.source("new/below"))
        try Files.write(stage.source("new/below/slow"), random.bytes(4 << 20))
        try Shell.run("chmod 0751 \"$1\"; touch -d 2020-01-01 \"$1\"", stage.source("new"))
        let outcome = try stage.attempt("--max-duration", "3s", "--bwlimit", "512K")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("the time limit is reached"), "\(outcome)")
        try stage.expectSame()
    }

    @Test("S48: failures outrank the limit, and so does a signal")
    func precedence() throws {
        // Below the root, whose own entries are handled first.
        var random = SeededRandom(seed: 9)
        try Files.makeDirectory(stage.source("tree"))
        for index in 0..<5 {
            try Files.write(stage.source("tree/slow\(index)"), random.bytes(4 << 20))
        }
        // Without --delete no directory is replaced by a file.
        try Files.write(stage.source("a-file"), bytes("x"))
        try Files.makeDirectory(stage.destination("a-file"))
        try Files.write(stage.destination("a-file/kept"), bytes("x"))
        let failed = try stage.attempt("--max-duration", "8s", "--bwlimit", "512K", "-w", "9")
        #expect(failed.status == 23, "\(failed)")
        // That it was cut is told all the same.
        #expect(failed.errors.contains("stopped at the time limit after"), "\(failed)")
        let history = try Cutover.run(bytes: [bytes("history"), stage.from, stage.to])
        #expect(history.output.contains("not done to its end"), "\(history)")
        try Files.removeTree(stage.destination("a-file"))
        let report = joined(stage.outside, "report.json")
        let process = try stage.start(
            "--max-duration",
            "1s",
            "--bwlimit",
            "4K",
            "--ignore-times",
            report: report
        )
        waitUntil {
            String(decoding: process.errorsSoFar, as: UTF8.self)
                .contains("the time limit is reached")
        }
        process.send(SIGTERM)
        #expect(process.wait().status == 20)
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "S48: what may not be written any more when the grace is over is left, and told",
        .requiresTool("strace")
    )
    func writingAfterGrace() throws {
        try Files.write(stage.source("f"), bytes("new"))
        try Files.write(stage.destination("f"), bytes("old"))
        try Shell.run(
            "touch -d 2020-01-01 \"$1\" \"$2\"",
            stage.source("f"),
            stage.destination("f")
        )
        // The contents are compared until after the grace, and are to be copied then.
        let trace = try stage.trace(
            ["-c", "--workers", "1", "--max-duration", "1s"],
            calls: ["pread64"],
            strace: [
                "-P", "/f",  // In the view that a pass makes of SOURCE.
                "-e", "inject=pread64:delay_enter=33000000:when=1",
            ]
        )
        #expect(trace.outcome.status == 26, "\(trace.outcome)")
        try stage.pass("-c")
        try stage.expectSame()
    }

    @Test("S48: directories where names of a hard link wait are finished, though nobody leads them")
    func waitingLinks() throws {
        var random = SeededRandom(seed: 10)
        for name in ["d1", "d2"] {
            try Files.makeDirectory(stage.source(name))
            try Files.makeDirectory(stage.destination(name))
            try Files.write(stage.source("\(name)/slow"), random.bytes(2 << 20))
        }
        try Files.write(stage.source("d1/linked"), bytes("x"))
        try Files.link(stage.source("d2/linked"), to: stage.source("d1/linked"))
        for name in ["d1", "d2"] {
            try Shell.run("touch -d 2020-01-01 \"$1\"", stage.source(name))
        }
        let outcome = try stage.attempt("-w", "1", "--max-duration", "2s", "--bwlimit", "400K")
        #expect(outcome.status == 26, "\(outcome)")
        // One of them was never begun, perhaps.
        let begun = ["d1", "d2"].filter { Files.exists(stage.destination("\($0)/slow")) }
        #expect(!begun.isEmpty, "\(outcome)")
        for name in begun {
            let (left, right) = (
                try Files.status(stage.source(name)), try Files.status(stage.destination(name))
            )
            #expect(left.st_mtim.tv_sec == right.st_mtim.tv_sec, "\(name) was not finished")
        }
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S48: deletions stop, and a scan that is cut leaves nothing unseen to the next pass")
    func deletionsAndScan() throws {
        for branch in 0..<4 {
            try Files.makeDirectory(stage.source("b\(branch)"))
            try StandardTree.wide(stage.source("b\(branch)"))
        }
        try stage.pass()
        try Files.removeTree(stage.source("b1"))
        try Files.write(stage.source("b2/new"), bytes("new"))
        // By the time that it looks, the limit is reached.
        let cut = try stage.trace(
            ["--delete", "--max-duration", "1s"],
            calls: ["openat2"],
            strace: ["-e", "inject=openat2:delay_enter=1500000:when=1..3"]
        )
        #expect(cut.outcome.status == 26, "\(cut.outcome)")
        #expect(try !Files.names(stage.to).contains(bytes("new")))
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test(
        "S48: verify ends at its limit, says so, and writes no manifest of a part",
        .requiresTool("strace")
    )
    func verification() throws {
        var random = SeededRandom(seed: 7)
        for index in 0..<40 { try Files.write(stage.source("f\(index)"), random.bytes(1 << 20)) }
        try stage.pass()
        let manifest = joined(stage.outside, "manifest")
        let script = """
            exec strace -f -o /dev/null -e trace=pread64,preadv,io_uring_enter \
                -e inject=pread64,preadv,io_uring_enter:delay_enter=400000 -- \
                "$1" verify --strict --workers 2 --max-duration 1s --manifest "$2" "$3" "$4"
            """
        let outcome = try Shell.attempt(
            script,
            [Cutover.binary, manifest, stage.from, stage.to],
            seconds: 120
        )
        #expect(outcome.status == 26, "\(outcome)")
        #expect(outcome.errors.contains("the rest was not compared"), "\(outcome)")
        #expect(!Files.exists(manifest))
        // Differences that were found are told, and the limit outranks them: the answer is not complete.
        try Files.write(stage.source("f0"), bytes("other"))
        let found = try Shell.attempt(
            script.replacing("--max-duration 1s", with: "--max-duration 4s"),
            [Cutover.binary, manifest, stage.from, stage.to],
            seconds: 120
        )
        #expect(found.status == 26, "\(found)")
        let isFound = found.output.contains("f0")
        #expect(isFound == found.errors.contains(#/differences +[1-9]/#), "\(found)")
    }

    @Test("the moment is the next one of that time, or that of a date, in the person's zone")
    func moments() throws {
        func moment(_ text: String, _ zone: String) throws -> Int {
            let file = joined(stage.outside, "report.json")
            let outcome = try Cutover.run(
                bytes: [
                    bytes("sync"), bytes("-n"), bytes("--stop-at"), bytes(text), bytes("--json"),
                    file, stage.from, stage.to, bytes("--no-check"), bytes("--allow-empty-source"),
                ],
                environment: ["TZ=\(zone)"]
            )
            #expect(outcome.status == 0, "\(outcome)")
            let event = try JSONReport(file).of("time_limit").first
            return Int(try #require(event?.decimal("stops_at")).rounded())
        }
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
        // 2090: no year in which this test is run.
        #expect(abs(try moment("2090-01-02T03:04", "UTC0") - 3_787_009_440) <= 1)
        #expect(abs(try moment("2090-01-02T03:04", berlin) - 3_787_005_840) <= 1)
        // Clocks go from 02:00 to 03:00 on 2090-03-26: half past two is half past three then.
        #expect(abs(try moment("2090-03-26T02:30", berlin) - 3_794_175_000) <= 1)
        let now = Int(time(nil))
        let day = 86_400
        for minutes in [2, -2] {
            let wanted = (now / 60 + minutes) * 60
            let (hour, minute) = (wanted % day / 3600, wanted % 3600 / 60)
            let text = (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
            let found = try moment(text, "UTC0")
            #expect(abs(found - (minutes > 0 ? wanted : wanted + day)) <= 1, "\(text)")
        }
    }
}
