// `cutover follow` where SOURCE stops answering between two passes: it ends in time, and says so to people and programs.

import Glibc
import TestSupport
import Testing

@Suite(
    "A loop in which something does not answer",
    .requiresVolumes,
    .requiresFUSE,
    .timeLimit(.minutes(10))
)
struct FollowHungTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }

    init() throws {
        stage = try ScanStage(isWhole: true)
        for index in 0..<5 { try Files.write(stage.from("file\(index)"), bytes("old \(index)")) }
    }

    private func start(_ options: String...) throws -> Subprocess {
        let words = ["follow", "--delete", "--no-idle", "--no-back-off", "--pause", "1h", "--json"]
        return try Cutover.start(
            words.map { bytes($0) } + [pair.reportFile, bytes("--state"), pair.state]
                + options.map { bytes($0) } + [pair.from, pair.to],
            // A call that does not come back is told after a second.
            environment: ["CUTOVER_WAIT_SECONDS=1"]
        )
    }

    /// Lines of JSON that are there by now.
    private func told(_ type: String) -> [JSON] {
        // Nothing is there yet, or the last line is being written.
        ((try? JSONReport(pair.reportFile)) ?? nil)?.of(type) ?? []
    }

    private func waitFor(_ type: String, _ count: Int) {
        waitUntil(seconds: Int(hangSeconds)) { told(type).count >= count }
    }

    /// SIGTERM ends it with 20 though the last pass went well, and the last line of JSON names what did not come back.
    private func stop(_ run: Subprocess, passes: Int) throws {
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 20, "\(outcome)")
        let end = try #require(try JSONReport(pair.reportFile).lines.last)
        #expect(end.text("type") == "end" && end.text("reason") == "signal", "\(end)")
        #expect(end.number("status") == 20 && end.number("passes") == passes, "\(end)")
        #expect(end["waiting"]?.elements.isEmpty == false, "\(end)")
        #expect(outcome.errors.contains("Did not come back:"), "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains("stopped by a signal"), "\(outcome)")
        #expect(told("summary").map { $0.number("status") } == .init(repeating: 0, count: passes))
    }

    @Test("a look after a pass that does not come back: the row of the pass, and no 0")
    func lookAfter() throws {
        var random = SeededRandom(seed: 3)
        try Files.write(stage.from("slow"), random.bytes(1 << 20))
        let run = try start("--bwlimit", "400K")
        waitFor("start", 1)
        // The pass has SOURCE open; the look opens it anew.
        let silent = try SilentFilesystem(over: pair.from)
        defer { silent.remove() }
        waitFor("waiting", 1)
        try stop(run, passes: 1)
        let text = String(decoding: run.errorsSoFar, as: UTF8.self)
        #expect(text.contains(" pass 1: "), "\(text)")
        #expect(told("summary").first?["waiting"]?.elements.isEmpty == false)
    }

    @Test(
        "SIGUSR1 counts in a look as in a pass, which looks with as many; a look that hangs ends it"
    )
    func lookBefore() throws {
        let run = try start("--workers", "2", "--ready-below", "1h")
        // After a pass with nothing to do it would not look before the next.
        func change() throws { try Files.write(stage.from("file\(told("pause").count)"), []) }
        for count in 1...4 {
            waitFor("pause", count)
            try change()
            run.send(SIGCONT)
        }
        waitFor("pause", 5)
        #expect(told("estimate").last?["ready"] == true)
        // Nothing is known of passes with three workers, before or after one.
        try change()
        run.send(SIGUSR1)
        run.send(SIGCONT)
        waitFor("pause", 6)
        #expect(told("start").last?.number("workers") == 3)
        #expect(told("estimate").suffix(2).map { $0["low_seconds"] } == [.null, .null])

        try change()
        let silent = try SilentFilesystem(over: pair.from)
        // A look that is younger would do.
        usleep(600_000)
        run.send(SIGCONT)
        waitFor("waiting", 1)
        run.send(SIGUSR1)
        // Where it is taken only after the look there is nothing to be seen, and nothing fails.
        usleep(200_000)
        // First it is out of the way of the pass.
        try Shell.run("umount -l -- \"$1\"", pair.from)
        silent.die()
        waitFor("pause", 7)
        #expect(told("start").last?.number("workers") == 4)

        let again = try SilentFilesystem(over: pair.from)
        defer { again.remove() }
        let waiting = told("waiting").count
        usleep(600_000)
        run.send(SIGCONT)
        waitFor("waiting", waiting + 1)
        try stop(run, passes: 7)
        let text = String(decoding: run.errorsSoFar, as: UTF8.self)
        #expect(text.contains("the look at what is pending did not come back"), "\(text)")
    }
}
