// S59: a call that does not come back is named, and the first signal ends the process all the same.

import Glibc
import TestSupport
import Testing

@Suite(
    "Calls that do not come back, S59",
    .requiresVolumes,
    .requiresFaultTable,
    .serialized,
    .timeLimit(.minutes(10))
)
struct RulesWaiting {
    let stage: Stage
    private var report: [UInt8] { joined(stage.outside, "report.json") }

    init() throws { stage = try Stage() }

    /// A branch with one file that is held up, and much beside it.
    @discardableResult
    private func fill() throws -> [UInt8] {
        try StandardTree.plain(stage.from)
        try Files.makeDirectory(stage.source("home"))
        let stuck = stage.source("home/mail")
        // Too large to be read together with others.
        var random = SeededRandom(seed: 3)
        try Files.write(stuck, random.bytes(1 << 20))
        try Shell.run("touch -d \"2020-01-01\" \"$1\"", stuck)
        return stuck
    }

    /// Told first after a second.
    private func start(_ words: String...) throws -> Subprocess {
        try Cutover.start(
            words.map { bytes($0) } + [bytes("--json"), report, stage.from, stage.to],
            environment: ["CUTOVER_WAIT_SECONDS=1"],
            seconds: 60
        )
    }

    private func waiting() -> [JSON] { ((try? JSONReport(report))?.of("waiting")) ?? [] }

    /// Sends a signal; the process ends while the call is still waited for, says so, and names the call.
    private func stop(_ process: Subprocess, _ signal: Int32, _ named: String) {
        let sent = monotonicSeconds()
        process.send(signal)
        let outcome = process.wait()
        #expect(monotonicSeconds() - sent < hangSeconds)
        #expect(outcome.status == 20, "\(outcome)")
        #expect(outcome.errors.contains("interrupted after"), "\(outcome)")
        #expect(outcome.errors.contains("Did not come back:\n    \(named), for "), "\(outcome)")
    }

    @Test("S59: a standard output that nobody reads holds up the pass, not its end")
    func unreadOutput() throws {
        try Files.makeDirectory(stage.source("many"))
        // Their lines are more than a pipe (64 KiB) and what is gathered hold.
        for index in 0..<3_000 {
            try Files.write(stage.source("many/\(index)-" + String(repeating: "x", count: 100)), [])
        }
        let script = """
            mkfifo "$5/fifo"; exec 3<>"$5/fifo"
            "$1" sync -i --state "$2" "$3" "$4" >"$5/fifo" 2>"$5/errors" & pass=$!
            # The pipe is full (pipe(7)): it wrote so much, and no more for a second.
            written() { sed -n 's/^wchar: //p' /proc/$pass/io; }
            for turn in $(seq 60); do
                before=$(written); sleep 1
                if [ "$before" -ge 65536 ] && [ "$before" = "$(written)" ]; then break; fi
            done
            kill -TERM $pass; begin=$SECONDS
            wait $pass && status=0 || status=$?
            echo "status $status after $((SECONDS - begin)) s"
            """
        let outcome = try Shell.run(
            script,
            Cutover.binary,
            joined(stage.outside, "state"),
            stage.from,
            stage.to,
            stage.outside
        )
        let errors = try text(joined(stage.outside, "errors"))
        #expect(outcome.output.hasPrefix("status 20 after "), "\(outcome) \(errors)")
        #expect(errors.contains("interrupted after"), "\(outcome) \(errors)")
        let history = try Cutover.run(
            bytes: [bytes("history"), bytes("--state"), joined(stage.outside, "state")]
        )
        #expect(
            String(decoding: history.stdout, as: UTF8.self).contains("interrupted"),
            "\(history)"
        )
    }

    @Test(
        "S59: a scanner that does not answer: named, and again at the double; SIGTERM ends it",
        .requiresScanner,
        arguments: [SilentScanner.Event.opening, .reading],
        [SIGTERM, SIGHUP]
    )
    func scannerOfSource(event: SilentScanner.Event, signal: Int32) throws {
        let stuck = try fill()
        let call = event == .opening ? "open" : "read"
        var scanner: SilentScanner? = try SilentScanner(of: stuck, event)
        let process = try start("sync", "--delete")
        waitUntil { waiting().count >= 2 }
        for line in waiting() {
            #expect(line.text("call") == call, "\(line)")
            #expect(line.path == bytes("home/mail"), "\(line)")
            #expect(line.text("side") == "source", "\(line)")
        }
        let seconds = waiting().compactMap { $0.decimal("waited_seconds").map { Int($0) } }
        #expect(seconds.prefix(2) == [1, 2], "\(seconds)")
        // The rest is done meanwhile.
        let others = try Files.names(stage.to).count
        #expect(others > 5)
        stop(process, signal, "\(call) of home/mail on SOURCE")
        // In a directory that was new: what is there now can never look up to date (S12).
        if let part = try? Files.status(stage.destination("home/mail")) {
            #expect(try part.st_mtim.tv_sec != Files.status(stuck).st_mtim.tv_sec)
        }
        let history = try Cutover.run(
            bytes: [bytes("history"), bytes("--json"), bytes("-"), stage.from, stage.to]
        )
        let passes = try history.report().of("pass")
        #expect(passes.map { $0.text("outcome") } == ["interrupted"], "\(history)")
        #expect(passes.map { $0["complete"] } == [false], "\(history)")
        #expect(scanner != nil)
        scanner = nil
        try stage.pass()
        try stage.expectSame()
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S59: a last pass that does not come back ends with its verdict, which is not final",
        .requiresScanner
    )
    func lastPass() throws {
        let stuck = try fill()
        try stage.pass()
        var random = SeededRandom(seed: 4)
        try Files.write(stuck, random.bytes(1 << 20))
        let scanner = try SilentScanner(of: stuck, .reading)
        let process = try start("sync", "--final", "--allow-writers")
        waitUntil { !waiting().isEmpty }
        stop(process, SIGTERM, "read of home/mail on SOURCE")
        withExtendedLifetime(scanner) {}
        let last = try #require(try JSONReport(report).lines.last)
        #expect(last.text("type") == "final" && last.number("status") == 20, "\(last)")
        #expect(last["final"] == false && last.number("pass_status") == 20)
    }

    @Test("S48, S59: a call that does not come back holds up no time limit", .requiresScanner)
    func timeLimit() throws {
        let stuck = try fill()
        var scanner: SilentScanner? = try SilentScanner(of: stuck, .reading)
        let begun = monotonicSeconds()
        let outcome = try start("sync", "--delete", "--max-duration", "2s").wait()
        // What is in hand has 30 s, and the run 5 s more to come back.
        let seconds = monotonicSeconds() - begun
        #expect(seconds > 36 && seconds < 37 + hangSeconds, "\(seconds) s")
        #expect(outcome.status == 26, "\(outcome)")
        #expect(outcome.errors.contains("stopped at the time limit after"), "\(outcome)")
        #expect(outcome.errors.contains("Did not come back:\n    read of home/mail on SOURCE"))
        #expect(scanner != nil)
        scanner = nil
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S59: the same in a comparison", .requiresScanner)
    func scannerInComparison() throws {
        let stuck = try fill()
        try stage.pass()
        let scanner = try SilentScanner(of: stuck, .opening)
        let process = try start("verify")
        waitUntil { !waiting().isEmpty }
        stop(process, SIGINT, "open of home/mail on SOURCE")
        withExtendedLifetime(scanner) {}
    }

    @Test("S59: SOURCE's root itself: named before anything was begun", .requiresScanner)
    func scannerOfRoot() throws {
        try fill()
        var scanner: SilentScanner? = try SilentScanner(of: stage.from, .openingDirectory)
        let process = try start("sync", "--delete")
        waitUntil { !waiting().isEmpty }
        #expect(waiting().first?.text("call") == "open")
        let sent = monotonicSeconds()
        process.send(SIGTERM)
        let outcome = process.wait()
        #expect(monotonicSeconds() - sent < hangSeconds)
        #expect(outcome.status == 20, "\(outcome)")
        #expect(outcome.errors.contains("before anything was begun: open of"), "\(outcome)")
        #expect(scanner != nil)
        scanner = nil
        #expect(try Files.names(stage.to).isEmpty)
    }

    @Test("S59: a call that comes back in the end is nothing to worry about", .requiresScanner)
    func answersLate() throws {
        let stuck = try fill()
        var scanner: SilentScanner? = try SilentScanner(of: stuck, .opening)
        let process = try start("sync", "--delete")
        waitUntil { !waiting().isEmpty }
        #expect(scanner != nil)
        scanner = nil
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("still waiting: open of home/mail on SOURCE, for 1 s"))
        try stage.expectSame()
    }

    @Test("S59: DESTINATION is frozen: the summary comes in time, the process ends with the thaw")
    func frozen() throws {
        try fill()
        let volume = try LoopVolume(.ext4())
        let (from, to) = (stage.from, volume.mountPoint)
        try Cutover.pass(from, to)
        try Files.write(stage.source("home/new"), bytes("new"))
        try Shell.run("fsfreeze --freeze \"$1\"", to)
        defer {
            // Where it was thawed already that fails.
            _ = try? Shell.attempt("fsfreeze --unfreeze \"$1\"", [to])
        }
        let process = try Cutover.start(
            [bytes("sync"), bytes("--delete"), bytes("--json"), report, from, to],
            environment: ["CUTOVER_WAIT_SECONDS=1"],
            seconds: 60
        )
        waitUntil { waiting().contains { $0.text("side") == "destination" } }
        process.send(SIGTERM)
        // While it is still frozen.
        waitUntil {
            String(decoding: process.errorsSoFar, as: UTF8.self).contains("interrupted")
        }
        try Shell.run("fsfreeze --unfreeze \"$1\"", to)
        let outcome = process.wait()
        #expect(outcome.status == 20, "\(outcome)")
        try Cutover.pass(from, to)
        let differences = try Oracle.differences(from, to)
        #expect(differences.isEmpty, "\(differences)")
    }
}
