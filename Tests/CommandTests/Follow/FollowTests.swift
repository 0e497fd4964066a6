// `cutover follow`: passes in a loop on real volumes, with real signals, unmounts, a full disk, and commands beside it.

import Glibc
import TestSupport
import Testing

@Suite("Passes in a loop", .requiresVolumes, .timeLimit(.minutes(20)))
struct FollowTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }

    init() throws {
        stage = try ScanStage(isWhole: true)
        for index in 0..<20 { try Files.write(stage.from("file\(index)"), bytes("old \(index)")) }
    }

    // MARK: Running

    private func words(_ options: [String]) -> [[UInt8]] {
        (["follow", "--delete", "--no-idle", "--no-back-off", "--state"]).map { bytes($0) }
            + [pair.state, bytes("--json"), pair.reportFile] + options.map { bytes($0) }
            + [pair.from, pair.to]
    }

    private func follow(_ options: String..., environment: [String] = []) throws -> Outcome {
        try Cutover.run(bytes: words(options), environment: environment)
    }

    private func start(_ options: String..., environment: [String] = []) throws -> Subprocess {
        try Cutover.start(words(options), environment: environment)
    }

    /// Lines of JSON that are there by now.
    private func told(_ type: String) -> [JSON] {
        // Nothing is there yet, or the last line is being written.
        ((try? JSONReport(pair.reportFile)) ?? nil)?.of(type) ?? []
    }

    private func waitForPause(_ count: Int = 1) {
        waitUntil(seconds: Int(hangSeconds)) { told("pause").count >= count }
    }

    // MARK: Passes

    @Test("pass after pass takes what users change, and says what is pending and how long it takes")
    func passes() throws {
        let run = try start("--pause", "1s", "--passes", "6", "--ready-below", "1h")
        for index in 0..<5 {
            waitForPause(index + 1)
            try Files.write(stage.from("new\(index)"), bytes("new \(index)"))
            try Files.unlink(stage.from("file\(index)"))
        }
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let report = try JSONReport(pair.reportFile)
        #expect(report.of("summary").map { $0.number("pass") } == [1, 2, 3, 4, 5, 6])
        #expect(report.of("end").first?.text("reason") == "passes")
        #expect(report.of("end").first?.number("passes") == 6)
        for estimate in report.of("estimate") {
            let seconds = try #require(estimate.decimal("seconds"))
            #expect(seconds > 0 && estimate["pending_is_counted"] == .bool(true), "\(estimate)")
            guard let low = estimate.decimal("low_seconds") else { continue }
            #expect(low <= seconds, "\(estimate)")
            #expect(try #require(estimate.decimal("high_seconds")) >= seconds, "\(estimate)")
        }
        // The last look before the last pass saw the file that was made, and the one that was not there any more.
        #expect(report.of("estimate").contains { $0.number("pending_files") == 1 })
        #expect(outcome.errors.contains("READY: the switch would take"), "\(outcome)")
        #expect(outcome.errors.split(separator: "READY").count == 2, "\(outcome)")
        try stage.expectSame()
    }

    @Test("--until-ready ends with 0 where the switch would be short; nothing is switched")
    func untilReady() throws {
        let outcome = try follow("--pause", "1s", "--ready-below", "1h", "--until-ready")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(told("end").first?.text("reason") == "until_ready")
        #expect(told("summary").count >= 4)
        #expect(told("estimate").last?["ready"] == .bool(true))
    }

    @Test(
        "a row tells of its own pass alone: what failed and why it walked is not said of the next one, whoever reads along",
        arguments: [false, true]
    )
    func rowsOfTheirOwn(hasReport: Bool) throws {
        #expect(try pair.sync().outcome.status == 0)
        try Files.makeDirectory(stage.from("mount"))
        try Files.write(stage.from("mount/inner"), bytes("inner"))
        try Files.makeDirectory(stage.to("mount"))
        let place = stage.to("mount")
        try Shell.run("mount -t tmpfs none \"$1\"", place)
        let heals = bytes("umount -q '") + place + bytes("'; true")
        let words: [[UInt8]] =
            ["follow", "--delete", "--no-idle", "--no-back-off", "--progress", "plain"].map {
                bytes($0)
            } + (hasReport ? [bytes("--json"), pair.reportFile] : [])
            + ["--pause", "1s", "--passes", "2", "--after"].map { bytes($0) } + [heals]
            + [bytes("--state"), pair.state, pair.from, pair.to]
        let outcome = try Cutover.run(bytes: words)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.split(separator: "failed: mount").count == 2, "\(outcome)")
        #expect(outcome.errors.split(separator: "walked: ").count == 2, "\(outcome)")
        #expect(outcome.errors.split(separator: "by scan").count >= 2, "\(outcome)")
        try stage.expectSame()
    }

    @Test(
        "--until-ready gives 0 to READY alone: an end before is none, however well the passes went"
    )
    func notReady() throws {
        let outcome = try follow(
            "--pause",
            "1s",
            "--ready-below",
            "1h",
            "--until-ready",
            "--passes",
            "1"
        )
        #expect(outcome.status == 26, "\(outcome)")
        #expect(told("summary").last?.number("status") == 0, "\(outcome)")
        #expect(told("end").first?.text("reason") == "passes")
    }

    // MARK: Signals

    @Test("a signal between passes ends the loop with the status of the last one")
    func signalBetween() throws {
        let run = try start("--pause", "1h")
        waitForPause()
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(told("end").first?.text("reason") == "signal")
        #expect(outcome.errors.contains("cutover: stopping (once more"), "\(outcome)")
        try stage.expectSame()
    }

    @Test(
        "a signal in a pass stops it cleanly: 20, nothing temporary is left, the next one resumes"
    )
    func signalWithin() throws {
        var random = SeededRandom(seed: 11)
        for index in 0..<4 {
            try Files.write(stage.from("slow\(index)"), random.bytes(4 << 20))
        }
        let run = try start("--bwlimit", "512K", "--workers", "2")
        try waitUntil { try Files.names(pair.to).count > 1 }
        run.send(SIGINT)
        let outcome = run.wait()
        #expect(outcome.status == 20, "\(outcome)")
        #expect(told("summary").first?.number("status") == 20)
        let left = try Files.names(pair.to).filter { $0.starts(with: bytes(".cutover")) }
        #expect(left == [])
        #expect(try pair.sync().outcome.status == 0)
        try stage.expectSame()
    }

    @Test("SIGCONT begins the next pass now; another number of workers is taken amid one")
    func continueNow() throws {
        let run = try start("--pause", "1h")
        waitForPause()
        try Files.write(stage.from("urgent"), bytes("now"))
        run.send(SIGCONT)
        waitForPause(2)
        #expect(Files.exists(stage.to("urgent")))
        run.send(SIGTERM)
        #expect(run.wait().status == 0)
    }

    @Test("SIGCONT while --after runs begins the next pass when that has ended")
    func continueAfterCommand() throws {
        let (begun, mayEnd) = (joined(stage.outside, "begun"), joined(stage.outside, "may end"))
        let run = try start(
            "--pause",
            "1h",
            "--after",
            ": >'\(shown(begun))'; until [ -e '\(shown(mayEnd))' ]; do sleep 0.02; done"
        )
        waitUntil(seconds: Int(hangSeconds)) { Files.exists(begun) }
        run.send(SIGCONT)
        // Where it is taken only after the command there is nothing to be seen, and nothing fails.
        usleep(200_000)
        try Files.write(mayEnd, [])
        waitForPause(2)
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(told("summary").count == 2, "\(outcome)")
    }

    // MARK: Volumes that go away

    @Test("between passes both volumes can be unmounted, and the next pass is refused: 3")
    func unmounted() throws {
        let run = try start("--pause", "4s")
        waitForPause()
        // At the first attempt: nothing of them is open.
        try Shell.run("umount \"$1\" && umount \"$2\"", pair.from, pair.to)
        let outcome = run.wait()
        #expect(outcome.status == 3, "\(outcome)")
        #expect(told("refused").count == 1)
        #expect(told("end").first?.text("reason") == "refused")
        #expect(try Files.names(pair.to) == [])
    }

    @Test("another filesystem at DESTINATION between two passes: 3, and not a byte there")
    func otherVolume() throws {
        let run = try start("--pause", "4s")
        waitForPause()
        let other = try LoopVolume(.ext4(), megabytes: 32)
        let before = try Files.names(other.mountPoint)
        try Shell.run(
            "umount \"$1\" && mount -o nodev \"$2\" \"$1\"",
            pair.to,
            bytes(other.device)
        )
        let outcome = run.wait()
        #expect(outcome.status == 3, "\(outcome)")
        #expect(try Files.names(other.mountPoint) == before)
        try Shell.run(
            "umount \"$1\"; mount -o nodev \"$2\" \"$1\"",
            pair.to,
            bytes(stage.destination.device)
        )
    }

    // MARK: What passes end with

    /// What SOURCE has does not fit beside `ballast`, which is to be excluded, so that no pass deletes it.
    private func fillDestination() throws {
        try Shell.run("head -c 120M /dev/zero | tr '\\0' x >\"$1/large\"", pair.from)
        try Shell.run(
            "fallocate -l 230M \"$1/ballast\" || head -c 230M /dev/zero >\"$1/ballast\"",
            pair.to
        )
    }

    @Test("DESTINATION is full: it waits for room, and goes on when there is some")
    func full() throws {
        try fillDestination()
        let run = try start(
            "--pause",
            "1s",
            "--exclude",
            "/ballast",
            "--no-check",
            "--passes",
            "3",
            environment: ["CUTOVER_WAIT_SECONDS=1"]
        )
        waitUntil(seconds: Int(hangSeconds)) {
            told("pause").contains { $0.text("reason") == "full" }
        }
        try Files.unlink(stage.to("ballast"))
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(told("summary").first?.number("status") == 11)
        #expect(told("summary").last?.number("status") == 0)
        #expect(try Files.read(stage.to("large")) == Files.read(stage.from("large")))
    }

    @Test(
        "DESTINATION stays full: SIGCONT tries a pass at once; so does an hour without room, and that is the last"
    )
    func staysFull() throws {
        try fillDestination()
        // A pause before any of these passes would be far too long.
        let run = try start(
            "--pause",
            "1h",
            "--exclude",
            "/ballast",
            "--no-check",
            environment: ["CUTOVER_WAIT_SECONDS=1"]
        )
        waitForPause()
        run.send(SIGCONT)
        let outcome = run.wait()
        #expect(outcome.status == 11, "\(outcome)")
        #expect(told("summary").map { $0.number("status") } == [11, 11, 11], "\(outcome)")
        #expect(told("end").first?.text("reason") == "destination_stopped")
        #expect(told("pause").allSatisfy { $0.text("reason") == "full" }, "\(outcome)")
        let lines = try JSONReport(pair.reportFile).lines
        let types = lines.compactMap { $0.text("type") }.filter {
            ["summary", "pause"].contains($0)
        }
        let parts = types.split(separator: "summary", omittingEmptySubsequences: false).map(\.count)
        // Six looks are an hour, but for the wait that SIGCONT ended; after the last pass there is no other one.
        #expect(parts.count == 4 && parts[2...] == [6, 0], "\(parts)")
    }

    @Test("--max-delete reached ends the loop with 25: a person has to look")
    func deletions() throws {
        #expect(try pair.sync().outcome.status == 0)
        for index in 0..<9 { try Files.unlink(stage.from("file\(index)")) }
        let outcome = try follow("--max-delete", "3", "--pause", "1s")
        #expect(outcome.status == 25, "\(outcome)")
        #expect(told("summary").count == 1)
        #expect(told("end").first?.text("reason") == "deletion_limit")
    }

    @Test("what fails in each pass is told once, and counted in each row")
    func failures() throws {
        // A directory in the way of a file, with something in it that a filter keeps.
        try Files.makeDirectory(stage.to("file1"))
        try Files.write(stage.to("file1/kept"), bytes("mine"))
        let outcome = try follow("--pause", "1s", "--passes", "3", "--exclude", "kept")
        #expect(outcome.status == 23, "\(outcome)")
        #expect(told("summary").map { $0.number("failures") } == [1, 1, 1], "\(outcome)")
        #expect(outcome.errors.split(separator: "failed 1").count == 4, "\(outcome)")
        #expect(outcome.errors.split(separator: "failed: ").count == 2, "\(outcome)")
    }

    // MARK: Refusals

    @Test("a record that cannot be kept: 3, and nothing is touched")
    func noRecord() throws {
        try Files.write(pair.state, bytes("a file"))
        let outcome = try follow("--passes", "1")
        #expect(outcome.status == 3, "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains("without it each pass would walk"), "\(outcome)")
        #expect(try Files.names(pair.to).allSatisfy { $0 == bytes("lost+found") })
    }

    @Test(
        "a record that cannot be written any more ends the loop, 3: each pass would walk; no wait comes first",
        arguments: [false, true]
    )
    func lostRecord(isFull: Bool) throws {
        let run = try start("--pause", "2s", "--no-check", "--exclude", "/ballast")
        waitForPause()
        let before = try Files.read(stage.from("file1"))
        if isFull {
            // For which the loop would wait an hour.
            try Shell.run("fallocate -l 1G \"$1/ballast\" || true; sync -f \"$1\"", pair.to)
            try Shell.run("head -c 1G /dev/zero >\"$1/ballast\" 2>/dev/null || true", pair.to)
        }
        // The folder with the record is full, before the loop could meet a full DESTINATION alone and wait.
        try Shell.run("head -c 1G /dev/zero >\"$1/ballast\" 2>/dev/null || true", stage.outside)
        if isFull { try Shell.run("head -c 20M /dev/zero | tr '\\0' x >\"$1/large\"", pair.from) }
        let outcome = run.wait()
        #expect(outcome.status == 3, "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains("nothing will be remembered"), "\(outcome)")
        #expect(try Files.read(stage.to("file1")) == before)
    }

    @Test("mistakes of typing are one line, 64")
    func mistakes() throws {
        for (options, word) in [
            (["--until-ready"], "--ready-below"), (["--hours", "22-6"], "22:00-06:00"),
            (["--hours", "06:00-06:00"], "22:00-06:00"), (["--passes", "0"], "1 or more"),
            (["--branch", "x"], "--branch"), (["--probe-limit", "3s"], "--probe"),
            (["--pause", "fast"], "90m"), (["--pause", "0"], "at least one second"),
            (["--pause", "0s"], "at least one second"), (["--dry-run"], "--dry-run"),
            (["--before", ""], "--before"),
        ] {
            let outcome = try Cutover.run(
                bytes: words(options)
            )
            #expect(outcome.status == 64 && outcome.errors.contains(word), "\(outcome)")
        }
        #expect(try Files.names(pair.to).allSatisfy { $0 == bytes("lost+found") })
    }

    // MARK: Hours and limits

    @Test("outside of --hours nothing is done, and a signal ends it with 20: no pass was")
    func outsideHours() throws {
        // Two minutes that are not now: in UTC, a quarter of a day away.
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let hour = (Int(parts.tm_hour) + 6) % 24
        let day = hour < 6 ? "tomorrow " : ""
        let run = try start(
            "--hours",
            "\(hour < 10 ? "0" : "")\(hour):00-\(hour < 10 ? "0" : "")\(hour):02",
            environment: ["TZ=UTC0"]
        )
        waitUntil { run.errorsSoFar.count > 0 }
        usleep(300_000)
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 20, "\(outcome)")
        #expect(outcome.errors.contains("the hours of work begin \(day)at"), "\(outcome)")
        #expect(try Files.names(pair.to).allSatisfy { $0 == bytes("lost+found") })
    }

    @Test("when the hours of work begin, so does a pass, of itself")
    func hoursBegin() throws {
        // On a busy machine it is there before the loop has begun: then once more, with more time.
        for margin in [3, 6, 12, 24] {
            // A time zone in which the next minute is so many seconds away; names of fewer than three letters are none.
            let now = Int(time(nil))
            let zone = (now % 60 + margin) % 60
            let minute = (now - zone) / 60 + 1
            let clock = [minute, minute + 2].map { minute in
                let (hour, rest) = (minute / 60 % 24, minute % 60)
                return "\(hour < 10 ? "0" : "")\(hour):\(rest < 10 ? "0" : "")\(rest)"
            }
            let outcome = try follow(
                "--hours",
                clock.joined(separator: "-"),
                "--pause",
                "1h",
                "--passes",
                "1",
                environment: ["TZ=LOC0:00:\(zone)"]
            )
            #expect(outcome.status == 0, "\(outcome)")
            let reasons = told("pause").map { $0.text("reason") }
            if reasons.isEmpty && margin < 24 { continue }
            #expect(reasons == ["hours"], "\(outcome)")
            break
        }
        try stage.expectSame()
    }

    @Test("a time limit between passes ends the loop with the status of the last one")
    func timeLimit() throws {
        let outcome = try follow("--pause", "1h", "--max-duration", "4s")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(told("end").first?.text("reason") == "stop_at", "\(outcome)")
        try stage.expectSame()
    }

    // MARK: Commands

    @Test(
        "--after is told of the pass; --before that fails leaves it out, and ends the loop at last"
    )
    func commands() throws {
        let file = joined(stage.outside, "told")
        let outcome = try follow(
            "--pause",
            "1s",
            "--passes",
            "2",
            "--after",
            "echo $CUTOVER_PASS $CUTOVER_STATUS $CUTOVER_OUTCOME $CUTOVER_READY >>'\(shown(file))'; false"
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try Files.read(file) == bytes("1 0 done 0\n2 0 done 0\n"))
        #expect(outcome.errors.contains("--after ended with 1"), "\(outcome)")
        let refused = try follow("--pause", "1s", "--before", "exit 7")
        #expect(refused.status == 3, "\(refused)")
        #expect(refused.errors.contains("--before ended with 7"), "\(refused)")
        #expect(told("summary").isEmpty)
        #expect(told("end").first?.text("reason") == "before")
    }

    @Test("a command that runs is stopped with the loop, with all that it started")
    func commandStopped() throws {
        let file = joined(stage.outside, "shell")
        let run = try start(
            "--after",
            "echo $$ >'\(shown(file)).new'; mv '\(shown(file)).new' '\(shown(file))'; sleep 1000"
        )
        waitUntil(seconds: Int(hangSeconds)) { Files.exists(file) }
        let shell = try #require(
            pid_t(String(decoding: try Files.read(file), as: UTF8.self).filter(\.isNumber))
        )
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        // Its group is gone with it.
        waitUntil { kill(-shell, 0) == -1 }
    }
}
