// `--metrics`: what Prometheus is given. promtool is the oracle, where it is installed.

import Glibc
import TestSupport
import Testing

@Suite("Figures for Prometheus", .requiresVolumes, .timeLimit(.minutes(10)))
struct MetricsTests {
    private let volumes: ScanStage
    private let stage: Stage
    private let folder: [UInt8]
    private let file: [UInt8]
    private let state: [UInt8]

    init() throws {
        // Whole volumes: what is pending is counted by a scan.
        volumes = try ScanStage(isWhole: true)
        stage = Stage(volumes.pair.from, volumes.pair.to)
        let outside = joined(try Scratch.directory(), Scratch.uniqueName("figures"))
        try Files.makeDirectory(outside)
        folder = joined(outside, "textfile")
        file = joined(folder, "cutover.prom")
        state = joined(outside, "state")
        try Files.makeDirectory(folder)
        try Files.write(stage.source("file"), bytes("contents"))
    }

    // MARK: Running

    private func words(_ command: String, _ options: String...) -> [[UInt8]] {
        words(command, options, stage)
    }

    private func words(_ command: String, _ options: [String], _ stage: Stage) -> [[UInt8]] {
        [bytes(command), bytes("--state"), state, bytes("--metrics"), file]
            + options.map { bytes($0) } + [stage.from, stage.to]
    }

    private func pass(_ options: String...) throws {
        let outcome = try Cutover.run(bytes: words("sync", options, stage))
        #expect(outcome.status == 0, "\(outcome)")
    }

    private func text() throws -> String { String(decoding: try Files.read(file), as: UTF8.self) }

    /// The value of a figure with such labels in front.
    private func value(_ name: String, _ labels: String = "") throws -> Double? {
        try text().split(separator: "\n").first { $0.hasPrefix("cutover_\(name){\(labels)") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    /// Whether a text has all its parts, from the first figure to the last sample.
    private static func isWhole(_ text: String) -> Bool {
        guard text.hasPrefix("# HELP cutover_build_info "), text.hasSuffix("\n") else {
            return false
        }
        let names = text.split(separator: "\n").map { line in
            line.hasPrefix("#") ? line.split(separator: " ")[2] : line.prefix { $0 != "{" }
        }
        // HELP, TYPE, and a sample at least.
        return Set(names).allSatisfy { name in names.count { $0 == name } >= 3 }
            && names.contains("cutover_files_copied_total")
    }

    private static let hasPromtool = access("/usr/bin/promtool", X_OK) == 0

    // MARK: Passes

    @Test("pass after pass: counters rise and never fall, and the last pass is told")
    func counters() throws {
        var last = (passes: 0.0, files: 0.0)
        for index in 0..<3 {
            try Files.write(stage.source("new\(index)"), bytes("new"))
            try pass()
            let passes = try #require(try value("passes_total", "outcome=\"0\""))
            let files = try #require(try value("files_copied_total"))
            #expect(passes == last.passes + 1)
            #expect(files > last.files)
            last = (passes, files)
        }
        #expect(last.files == 4)
        #expect(try value("pass_running") == 0 && value("pass_last_status") == 0)
        #expect(try value("pass_number") == 3 && value("pass_workers") == 0)
        #expect(try #require(try value("pass_last_success_timestamp_seconds")) > 1_700_000_000)
        #expect(try #require(try value("pass_last_duration_seconds")) > 0)
        #expect(try value("failures_open") == 0 && value("entries_pending") == 0)
        #expect(try #require(try value("destination_available_bytes")) > 0)
        #expect(try #require(try value("source_entries")) > 0)
        #expect(try Files.names(folder) == [bytes("cutover.prom")], "nothing is left beside it")
    }

    @Test("all can read it, whatever the umask is") func mode() throws {
        let program = [Cutover.binary] + words("sync")
        try Shell.run("umask 077; \"$@\"", arguments: program)
        #expect(try Files.status(file).st_mode & 0o7777 == 0o644)
    }

    @Test("what the last pass told of the switch stays while the next one runs") func lasting()
        throws
    {
        for _ in 0..<4 { try pass() }
        let before = try #require(try value("switch_seconds"))
        var random = SeededRandom(seed: 5)
        try Files.write(stage.source("slow"), random.bytes(2 << 20))
        let run = try Cutover.start(words("sync", "--bwlimit", "1M"))
        try waitUntil { try value("pass_running") == 1 }
        #expect(try value("switch_seconds") == before)
        #expect(try value("pass_last_status") == 0 && value("passes_total", "outcome=\"0\"") == 4)
        #expect(run.wait().status == 0)
    }

    @Test("a reader in a loop never sees a part, nor a counter that fell") func reader() throws {
        try pass()
        let run = try Cutover.start(
            words("follow", "--no-back-off", "--no-idle", "--pause", "1s", "--passes", "4")
        )
        var (reads, texts, last) = (0, Set<String>(), 0.0)
        while run.isRunning {
            let text = try text()
            guard Self.isWhole(text) else {
                Issue.record("a part: \(text)")
                break
            }
            let line = text.split(separator: "\n").first {
                $0.hasPrefix("cutover_passes_total{outcome=\"0\"")
            }
            let passes = line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
            #expect(passes >= last)
            last = passes
            texts.insert(text)
            reads += 1
        }
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try value("passes_total", "outcome=\"0\"") == 5)
        print("\(reads) reads saw \(texts.count) texts")
        #expect(texts.count > 1)
    }

    /// A loop that has made its passes and waits for the next one.
    private func waitingLoop(_ options: String...) throws -> Subprocess {
        let run = try Cutover.start(
            words(
                "follow",
                ["--no-back-off", "--no-idle", "--pause", "1h", "--json", "-"] + options,
                stage
            )
        )
        waitUntil { Self.pauses(run) == 1 }
        return run
    }

    /// One that has made enough of them to say how long the switch would take.
    private func readyLoop() throws -> Subprocess {
        let run = try waitingLoop("--ready-below", "1h")
        for count in 2...6 {
            run.send(SIGCONT)
            waitUntil { Self.pauses(run) == count }
        }
        #expect(try value("ready") == 1)
        return run
    }

    private static func pauses(_ run: Subprocess) -> Int {
        String(decoding: run.outputSoFar, as: UTF8.self).split(separator: "\n")
            .count { $0.contains("\"pause\"") }
    }

    @Test("a loop takes back neither the counters nor the findings of others beside it")
    func besideLoop() throws {
        let run = try waitingLoop()
        try Files.write(stage.source("new"), bytes("new"))
        try pass()
        try Files.write(stage.destination("file"), bytes("CONTENTS"))
        let outcome = try Cutover.run(bytes: words("verify"))
        #expect(outcome.status == 1, "\(outcome)")
        let differences = try #require(try value("verify_last_differences"))
        run.send(SIGTERM)
        #expect(run.wait().status == 0)
        #expect(try value("passes_total", "outcome=\"0\"") == 2)
        #expect(try value("files_copied_total") == 2)
        #expect(try differences > 0 && value("verify_last_differences") == differences)
    }

    @Test(
        "what is said of the switch has its time, and who is no more says that it is short no more"
    )
    func ready() throws {
        let run = try readyLoop()
        let time = try #require(try value("switch_timestamp_seconds"))
        #expect(time > 1_700_000_000)
        run.send(SIGTERM)
        #expect(run.wait().status == 0)
        #expect(try value("ready") == nil)
        #expect(try value("switch_timestamp_seconds") == time)
    }

    @Test("a switch that would leave behind what fails is not ready, be it as short as it may")
    func readyFailing() throws {
        let run = try readyLoop()
        // Without --delete a directory gives way to no file.
        try Files.makeDirectory(stage.destination("another type"))
        try Files.write(stage.source("another type"), bytes("file"))
        run.send(SIGCONT)
        waitUntil { Self.pauses(run) == 7 }
        #expect(try value("ready") == 0)
        #expect(try value("pass_last_status") == 23)
        #expect(try #require(try value("switch_high_seconds")) < 3_600)
        run.send(SIGTERM)
        #expect(run.wait().status == 23)
    }

    // MARK: What goes wrong

    @Test("a file that the collector would pass over is refused") func otherEnding() throws {
        for name in ["cutover.txt", "-", ".prom.new", "prom"] {
            let outcome = try Cutover.run(
                bytes: [bytes("sync"), bytes("--metrics=" + name), stage.from, stage.to]
            )
            #expect(outcome.status == 64, "\(name): \(outcome)")
        }
        #expect(!Files.exists(stage.destination("file")))
    }

    @Test("its directory goes in the middle: one line, and status 23") func directoryGone() throws {
        var random = SeededRandom(seed: 5)
        try Files.write(stage.source("slow"), random.bytes(3 << 20))
        let run = try Cutover.start(words("sync", "--bwlimit", "1M"))
        waitUntil { Files.exists(file) }
        try Files.removeTree(folder)
        let outcome = run.wait()
        #expect(outcome.status == 23, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count { $0.contains("--metrics") } == 1)
        try stage.expectSame()
    }

    @Test("a disk that is full for a while costs figures of that while, and no status")
    func fullForAWhile() throws {
        let run = try waitingLoop()
        try Files.removeTree(folder)
        run.send(SIGCONT)
        waitUntil { Self.pauses(run) == 2 }
        try Files.makeDirectory(folder)
        run.send(SIGCONT)
        waitUntil { Self.pauses(run) == 3 }
        run.send(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count { $0.contains("--metrics") } == 2)
    }

    @Test("a refused run leaves the figures of the last one") func refused() throws {
        try pass()
        let before = try text()
        try Files.unlink(stage.source("file"))
        let outcome = try Cutover.run(bytes: words("sync"))
        #expect(outcome.status == 3, "\(outcome)")
        #expect(try text() == before)
    }

    // MARK: Verifications

    @Test("verify writes what it found beside what passes did, and the next pass keeps it")
    func verify() throws {
        try pass()
        try Files.write(stage.destination("file"), bytes("CONTENTS"))
        let outcome = try Cutover.run(bytes: words("verify"))
        #expect(outcome.status == 1, "\(outcome)")
        let found = try #require(try value("verify_last_differences"))
        for isLater in [false, true] {
            if isLater {
                try pass()
                try Files.makeDirectory(stage.source("branch"))
                try pass()
                // It looks at less, and takes nothing back.
                let less = try Cutover.run(bytes: words("verify", "--branch", "branch"))
                #expect(less.status == 0, "\(less)")
            }
            #expect(try value("verify_last_status") == (isLater ? 0 : 1))
            #expect(try found > 0 && value("verify_last_differences") == found)
            #expect(try #require(try value("verify_last_timestamp_seconds")) > 1_700_000_000)
            #expect(try value("passes_total", "outcome=\"0\"") == (isLater ? 3 : 1))
            #expect(try value("pass_running") == 0 && value("pass_last_status") == 0)
        }
    }

    @Test("a comparison whose record says nothing leaves what passes told")
    func recordUnknown() throws {
        try pass()
        let before = try ["failures_open", "files_copied_total", "pass_last_status"].map {
            try #require(try value($0))
        }
        // As where the record is being written, or a disk hangs: nothing is found there.
        let elsewhere = joined(state, "elsewhere")
        let words = [bytes("verify"), bytes("--state"), elsewhere, bytes("--metrics"), file]
        let outcome = try Cutover.run(bytes: words + [stage.from, stage.to])
        #expect(outcome.status == 0, "\(outcome)")
        let after = try ["failures_open", "files_copied_total", "pass_last_status"].map {
            try value($0)
        }
        #expect(after == before)
        #expect(try value("passes_total", "outcome=\"0\"") == 1)
        #expect(try #require(try value("pass_last_success_timestamp_seconds")) > 1_700_000_000)
    }

    @Test("the comparison of the last pass is told, too") func final() throws {
        try pass()
        let outcome = try Cutover.run(bytes: words("sync", "--final", "--allow-writers"))
        // All is done, but nobody promises that it stays so.
        #expect(outcome.status == 24, "\(outcome)")
        #expect(try value("passes_total", "outcome=\"0\"") == 2)
        #expect(try value("verify_last_status") == 0 && value("verify_last_differences") == 0)
        #expect(try value("pass_running") == 0)
    }

    // MARK: promtool

    @Test(
        "promtool takes it, whatever the volumes are called",
        .enabled(if: hasPromtool, "promtool is not installed")
    )
    func names() throws {
        let name = bytes("a\"b\\c\nd {}")
        let strange = Stage(joined(stage.from, name), joined(stage.to, name))
        for folder in [strange.from, strange.to] { try Files.makeDirectory(folder) }
        try Files.write(strange.source("file"), bytes("contents"))
        for command in ["sync", "sync", "verify"] {
            let outcome = try Cutover.run(bytes: words(command, [], strange))
            #expect(outcome.status == 0, "\(outcome)")
            try Shell.run("[ -z \"$(promtool check metrics < \"$1\" 2>&1)\" ]", file)
        }
        let text = try text()
        #expect(text.contains("/a\\\"b\\\\c\\nd {}\",destination="), "\(text)")
    }

    @Test(
        "each alert fires where it must, and not before",
        .enabled(if: hasPromtool, "promtool is not installed")
    )
    func alerts() throws {
        let folder = joined(SourceText.root, "docs/monitoring")
        try Shell.run(
            "cd \"$1\" && promtool check rules alerts.yml && promtool test rules alerts-test.yml",
            folder
        )
    }
}
