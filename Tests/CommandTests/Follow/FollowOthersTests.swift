// `cutover follow` beside passes of other processes, and what a pass of it tells others in its status file.

import Glibc
import TestSupport
import Testing

@Suite("Passes in a loop beside others", .requiresVolumes, .timeLimit(.minutes(10)))
struct FollowOthersTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }
    /// Where the loop writes its lines: passes of others have another report.
    private let report: [UInt8]

    init() throws {
        stage = try ScanStage(isWhole: true)
        report = joined(stage.outside, "loop.json")
        for index in 0..<5 { try Files.write(stage.from("file\(index)"), bytes("old \(index)")) }
        #expect(try pair.sync().outcome.status == 0)
    }

    private func start(_ options: String..., waitSeconds: Int = 1) throws -> Subprocess {
        let words = ["follow", "--delete", "--no-idle", "--json"].map { bytes($0) } + [report]
        return try Cutover.start(
            words + [bytes("--state"), pair.state] + options.map { bytes($0) }
                + [pair.from, pair.to],
            // How long it waits between two attempts, too.
            environment: ["CUTOVER_WAIT_SECONDS=\(waitSeconds)"]
        )
    }

    /// Lines of JSON that are there by now.
    private func told() -> [JSON] {
        // Nothing is there yet, or the last line is being written.
        ((try? JSONReport(report)) ?? nil)?.lines ?? []
    }

    private func pauses(_ reason: String) -> Int {
        told().count { $0.text("type") == "pause" && $0.text("reason") == reason }
    }

    private func waitForPause(_ reason: String, _ count: Int) {
        waitUntil(seconds: Int(hangSeconds)) { pauses(reason) >= count }
    }

    private func writeLarge(_ name: String) throws {
        var random = SeededRandom(seed: 5)
        try Files.write(stage.from(name), random.bytes(2 << 20))
    }

    /// A pass of another process that takes seconds, in which a loop's pause ends.
    private func startOther(beside run: Subprocess) throws -> Subprocess {
        try writeLarge("large")
        let other = try pair.start("--bwlimit", "400K")
        waitUntil { ((try? JSONReport(pair.reportFile)) ?? nil)?.of("start").isEmpty == false }
        run.send(SIGCONT)
        waitForPause("lock", 1)
        return other
    }

    @Test(
        "a pass of another process that it waited for counts as one: a look, READY, and the pause"
    )
    func othersPass() throws {
        for _ in 0..<3 { #expect(try pair.sync().outcome.status == 0) }
        let run = try start("--no-back-off", "--pause", "1h", "--ready-below", "1h")
        waitForPause("pause", 1)
        let own = try #require(told().last { $0.text("type") == "summary" }?.number("pass"))
        let other = try startOther(beside: run)
        #expect(other.wait().status == 0)
        waitForPause("pause", 2)
        let lines = told()
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let types = lines.compactMap { $0.text("type") }
        #expect(types.count { $0 == "summary" } == 1, "no pass of its own came before the pause")
        let reasons = lines.filter { $0.text("type") == "pause" }.map { $0.text("reason") }
        // It tries each second, and tells of it once.
        #expect(reasons.prefix(3) == ["pause", "lock", "pause"], "\(reasons)")
        let last = try #require(lines.last { $0.text("type") == "estimate" })
        #expect(last.number("pass") == own + 1 && last.number("pending_files") == 0, "\(last)")
        #expect(last["ready"] == true)
        #expect(types.lastIndex(of: "estimate") ?? 0 > types.lastIndex(of: "summary") ?? 0)
        let text = outcome.errorsUnwrapped
        #expect(text.contains("pass \(own + 1) was another process'"), "\(outcome)")
        // What is pending was not known while the other pass ran, which takes nothing back.
        #expect(!text.contains("NOT READY"), "\(outcome)")
        try stage.expectSame()
    }

    @Test("what leaves no whole pass takes the place of none: its own follows at once")
    func cutPass() throws {
        let run = try start("--no-back-off", "--pause", "1h")
        waitForPause("pause", 1)
        let other = try startOther(beside: run)
        other.send(SIGTERM)
        #expect(other.wait().status == 20)
        waitForPause("pause", 2)
        let lines = told()
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(lines.count { $0.text("type") == "summary" } == 2, "\(lines)")
        #expect(!outcome.errors.contains("another process'"), "\(outcome)")
        try stage.expectSame()
    }

    @Test(
        "a record that cannot be read when another pass is met makes no pass of its own a new one"
    )
    func unreadableRecord() throws {
        let run = try start("--no-back-off", "--pause", "1h", waitSeconds: 4)
        waitForPause("pause", 1)
        try writeLarge("large")
        let other = try pair.start("--bwlimit", "400K")
        waitUntil { ((try? JSONReport(pair.reportFile)) ?? nil)?.of("start").isEmpty == false }
        // Who opens the record by its name reads something else.
        let record = try #require(pair.databases().first)
        let noRecord = joined(stage.outside, "no record")
        try Files.write(noRecord, [UInt8](repeating: 1, count: 8_192))
        try Shell.run("mount --bind -- \"$1\" \"$2\"", noRecord, record)
        run.send(SIGCONT)
        waitForPause("lock", 1)
        try Shell.run("umount -- \"$1\"", record)
        other.send(SIGTERM)
        #expect(other.wait().status == 20)
        waitForPause("pause", 2)
        let lines = told()
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!outcome.errors.contains("another process'"), "\(outcome)")
        #expect(lines.count { $0.text("type") == "summary" } == 2, "\(lines)")
        try stage.expectSame()
    }

    @Test("--until-ready ends at the READY of a look before a pass, and makes no further one")
    func readyBeforePass() throws {
        let run = try start(
            "--no-back-off",
            "--pause",
            "1h",
            "--ready-below",
            "1h",
            "--until-ready"
        )
        waitForPause("pause", 1)
        // After a pass with nothing to do it would not look before the next.
        try Files.write(stage.from("small"), bytes("small"))
        run.send(SIGCONT)
        waitForPause("pause", 2)
        #expect(told().allSatisfy { $0["ready"] != true })
        // One pass more is known, and that is enough for an interval.
        #expect(try pair.sync().outcome.status == 0)
        // A look that is younger would do.
        usleep(600_000)
        run.send(SIGCONT)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let end = try #require(told().last)
        #expect(end.text("reason") == "until_ready" && end.number("passes") == 2, "\(end)")
    }

    @Test("what back-off tells of a pass comes after its first line, and says of which pass it is")
    func backOffAfterStart() throws {
        let run = try start("--pause", "1h", "--probe", "sleep 0.2", "--before", "true")
        waitForPause("pause", 1)
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let lines = told()
        let start = try #require(lines.first { $0.text("type") == "start" })
        let first = try #require(
            lines.first { ["start", "back_off"].contains($0.text("type")) }
        )
        #expect(first.text("type") == "start", "\(lines)")
        let measuring = try #require(lines.first { $0.text("state") == "measuring" })
        #expect(measuring.number("pass") == start.number("pass"), "\(measuring)")
        let before = try #require(lines.first { $0.text("type") == "before" })
        #expect(before["pass"] == .null, "\(before)")
    }

    @Test("the status file has what was foreseen and how the pass gives way, and history shows it")
    func status() throws {
        // Before a pass that follows one with nothing to do nobody looks.
        try Files.write(stage.from("small"), bytes("small"))
        let run = try start("--pause", "1s", "--bwlimit", "100K", "-w", "2")
        waitForPause("pause", 1)
        try writeLarge("large")
        var text = ""
        try waitUntil(seconds: Int(hangSeconds)) {
            for name in try Files.names(pair.state) where name.suffix(7) == bytes(".status")[...] {
                // It goes when the pass ends.
                let read = (try? Files.read(joined(pair.state, name))) ?? []
                text = String(decoding: read, as: UTF8.self)
            }
            return !text.isEmpty
        }
        let shownPass = try Cutover.run(
            bytes: [bytes("history"), bytes("--state"), pair.state, pair.from, pair.to]
        )
        run.send(SIGTERM)
        #expect(run.wait().status == 20)
        let line = try JSON(parsing: Array(text.utf8.dropLast()))
        let foreseen = try #require(line.number("foreseen_ns"))
        #expect(foreseen > 0 && line.number("held_back_ns") == 0, "\(line)")
        let state = try #require(line.text("back_off"))
        #expect(["free", "measuring"].contains(state), "\(line)")
        #expect(shownPass.output.contains("foreseen: "), "\(shownPass)")
    }
}
