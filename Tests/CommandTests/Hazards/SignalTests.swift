// S48 and "Workers": signals that stop a pass, signals that change its workers, readers that go
// away, streams that are closed.

import Glibc
import TestSupport
import Testing

@Suite("Signals, S13, S48", .requiresVolumes, .timeLimit(.minutes(30)))
struct SignalTests {
    let stage: Stage
    private var reportFile: [UInt8] { joined(stage.outside, "report.json") }

    init() throws { stage = try Stage() }

    private func waitForStart(of type: String = "start") {
        waitUntil { ((try? JSONReport(reportFile))?.of(type).isEmpty ?? true) == false }
    }

    @Test(
        "S48: SIGINT, SIGTERM and SIGHUP stop what is waited for, clean up and exit with 20",
        arguments: [SIGINT, SIGTERM, SIGHUP],
        [0, 700_000]
    )
    func stopSignals(signal: Int32, microseconds: UInt32) throws {
        try stage.makeSlowTree()
        // A buffer of 256 KiB is to be waited for for more than a minute: no worker may wait to its end.
        let process = try stage.start("--bwlimit", "4K", report: reportFile)
        waitForStart()
        usleep(microseconds)
        let sent = monotonicSeconds()
        process.send(signal)
        let outcome = process.wait()
        #expect(monotonicSeconds() - sent < hangSeconds)
        #expect(outcome.status == 20, "\(outcome)")
        #expect(outcome.errors.contains("interrupted after"), "no summary: \(outcome)")
        #expect(try JSONReport(reportFile).summary("status") == 20)
        try stage.expectWholeFiles()
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S48: a signal amid many small files and deletions stops cleanly too", arguments: 0..<4)
    func stopAmidSmallFiles(turn: Int) throws {
        for branch in 0..<4 {
            try Files.makeDirectory(stage.source("b\(branch)"))
            try StandardTree.wide(stage.source("b\(branch)"))
            try Files.makeDirectory(stage.destination("x\(branch)"))
            try StandardTree.wide(stage.destination("x\(branch)"))
        }
        let process = try stage.start(report: reportFile)
        waitForStart()
        usleep(UInt32(turn) * 40_000)
        process.send(SIGTERM)
        let outcome = process.wait()
        // The pass may have been faster than the signal.
        #expect([0, 20].contains(outcome.status ?? -1), "\(outcome)")
        #expect(try stage.leftovers() == [])
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "S48: a second signal stops at once, whatever the pass waits for",
        .requiresTool("strace")
    )
    func secondSignal() throws {
        try stage.makeSlowTree()
        // The first signal's pass waits for a disk that takes its time: strace holds syncfs up.
        let words = ["strace", "-f", "-o", "/dev/null", "-e", "trace=syncfs", "-e"]
        let delay = ["inject=syncfs:delay_enter=6000000", "--"]
        let run = ["sync", "--bwlimit", "2M", "--json"]
        let tracer = try Subprocess(
            (words + delay).map { bytes($0) } + [Cutover.binary] + run.map { bytes($0) }
                + [reportFile, stage.from, stage.to]
        )
        waitForStart()
        let children = try Shell.run(
            "cat /proc/\(tracer.processID)/task/\(tracer.processID)/children"
        )
        let child = try #require(children.lines.first.flatMap { pid_t($0.filter(\.isNumber)) })
        kill(child, SIGINT)
        waitUntil {
            String(decoding: tracer.errorsSoFar, as: UTF8.self).contains("cutover: stopping")
        }
        #expect(tracer.isRunning)
        kill(child, SIGINT)
        // strace holds the waiting thread for as long as it was told to, and the first one stays a zombie until that is
        // gone: the others must be.
        waitUntil {
            ((try? Files.names(bytes("/proc/\(child)/task")).count) ?? 0) <= 2
        }
        let outcome = tracer.wait()
        #expect(outcome.status == 20, "\(outcome)")
        // Neither the end that the pass comes to when syncfs is over, nor that of a pass that hangs after the first
        // signal (S59): both print a summary.
        #expect(!outcome.errors.contains("interrupted after"), "\(outcome)")
        try stage.pass()
        try stage.expectSame()
    }

    @Test("Workers: SIGUSR1 adds one, SIGUSR2 takes one away, and one stays")
    func workerSignals() throws {
        try stage.makeSlowTree()
        // Slower still: each signal is waited for, and a busy machine takes its time.
        let process = try stage.start("--bwlimit", "200K", "--workers", "3", report: reportFile)
        waitForStart()
        var expected = 3
        var all: [Int] = []
        for signal in [SIGUSR1, SIGUSR1, SIGUSR1, SIGUSR2] + [Int32](repeating: SIGUSR2, count: 7) {
            expected = max(1, expected + (signal == SIGUSR1 ? 1 : -1))
            all.append(expected)
            process.send(signal)
            // One at a time: signals of one number are not counted by the kernel.
            waitUntil(seconds: 20) {
                ((try? JSONReport(reportFile))?.of("workers").count ?? 0) == all.count
            }
        }
        let told = try JSONReport(reportFile).of("workers")
        #expect(told.map { $0.number("workers") } == all)
        process.send(SIGTERM)
        #expect(process.wait().status == 20)
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "Workers: a pass under a hail of SIGUSR1 and SIGUSR2 ends right",
        arguments: [1, 30, 250]
    )
    func workerHail(workers: Int) throws {
        for branch in 0..<4 {
            try Files.makeDirectory(stage.source("b\(branch)"))
            try StandardTree.everything(stage.source("b\(branch)"))
        }
        var random = SeededRandom(seed: UInt64(workers))
        let process = try stage.start("--workers", "\(workers)", report: reportFile)
        waitForStart()
        var sent = 0
        while process.isRunning {
            process.send(random.chance(50) ? SIGUSR1 : SIGUSR2)
            sent += 1
            usleep(500)
        }
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(sent) signals: \(outcome)")
        #expect(sent > 20)
        try stage.expectSame()
    }

    @Test("S48: a reader of standard output that goes away does not disturb the pass")
    func readerGoesAway() throws {
        try StandardTree.everything(stage.from)
        let outcome = try stage.pass(
            under: "\"$@\" | head -n 1; echo \"status ${PIPESTATUS[0]}\"",
            "-i",
            "-v"
        )
        #expect(outcome.lines.last == "status 0", "\(outcome)")
        #expect(outcome.lines.count == 2, "\(outcome)")
        try stage.expectSame()
        try Files.write(stage.source("more"), bytes("more"))
        let both = try stage.pass(
            under: "\"$@\" 2>&1 | true; echo \"status ${PIPESTATUS[0]}\"",
            "-i",
            "-v"
        )
        #expect(both.lines.last == "status 0", "\(both)")
        try stage.expectSame()
    }

    @Test(
        "S48: closed standard streams: the pass is done, and no message gets into a file",
        arguments: [
            ">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-",
        ]
    )
    func closedStreams(closing: String) throws {
        try StandardTree.everything(stage.from)
        try Files.write(stage.destination("extra"), bytes("extra"))
        // Its status may tell of the lost lines; that is the test after this one.
        _ = try stage.pass(under: "\"$@\" \(closing)", "-i", "-v", "--progress", "plain")
        try stage.expectSame("\(closing)")
        try Files.write(stage.source("more"), bytes("more"))
        let outcome = try stage.pass(under: "\"$@\" \(closing)", "--json", "-", "-i")
        #expect([0, 23].contains(outcome.status ?? -1), "\(outcome)")
        try stage.expectSame("\(closing)")
    }

    @Test(
        "S48: a report keeps its own descriptor where a standard stream is closed",
        arguments: [">&-", "2>&-"]
    )
    func reportsBesideClosedStreams(closing: String) throws {
        try StandardTree.plain(stage.from)
        let files = [reportFile, joined(stage.outside, "failures")]
        let words =
            ["--json", String(decoding: files[0], as: UTF8.self)]
            + ["--failures", String(decoding: files[1], as: UTF8.self)]
        // Which status it has is not asked here; what is in the files is.
        _ = try stage.pass(
            under: "\"$@\" \(closing)",
            "-i",
            "-v",
            words[0],
            words[1],
            words[2],
            words[3]
        )
        for file in files {
            let strange = try text(file).split(separator: "\n").filter { !$0.hasPrefix("{") }
            #expect(strange.isEmpty, "\(closing): \(strange.prefix(3))")
        }
        try stage.expectSame()
    }

    @Test(
        "S48: standard output on a full disk, or closed: the pass is done, and the status tells of the loss",
        arguments: [">/dev/full", ">&-"]
    )
    func lostOutput(redirection: String) throws {
        try StandardTree.plain(stage.from)
        let outcome = try stage.pass(under: "\"$@\" \(redirection)", "-i")
        #expect(outcome.status == 23, "\(outcome)")
        #expect(outcome.errors.contains("standard output"), "\(outcome)")
        try stage.expectSame()
    }
}
