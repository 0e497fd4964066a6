// `--metrics`: what Prometheus is given. promtool is the oracle, where it is installed.

import Glibc
import TestSupport
import Testing

@Suite("Figures for Prometheus", .requiresVolumes, .timeLimit(.minutes(10)))
struct MetricsTests {
    let stage: Stage
    private let folder: [UInt8]
    private let file: [UInt8]
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        folder = joined(stage.outside, "textfile")
        file = joined(folder, "cutover.prom")
        state = joined(stage.outside, "state")
        try Files.makeDirectory(folder)
        try Files.write(stage.source("file"), bytes("contents"))
    }

    private func words(_ command: String, _ options: String...) -> [[UInt8]] {
        [bytes(command), bytes("--state"), state, bytes("--metrics"), file]
            + options.map { bytes($0) } + [stage.from, stage.to]
    }

    private func text() throws -> String { String(decoding: try Files.read(file), as: UTF8.self) }

    /// The value of a figure with such labels in front.
    private func value(_ name: String, _ labels: String = "") throws -> Double? {
        try text().split(separator: "\n").first { $0.hasPrefix("cutover_\(name){\(labels)") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    @Test("pass after pass: counters rise and never fall, and all can read them")
    func counters() throws {
        var last = (passes: 0.0, files: 0.0)
        for index in 0..<3 {
            try Files.write(stage.source("new\(index)"), bytes("new"))
            let outcome = try Cutover.run(bytes: words("sync"))
            #expect(outcome.status == 0, "\(outcome)")
            let passes = try #require(try value("passes_total", "outcome=\"0\""))
            let files = try #require(try value("files_copied_total"))
            #expect(passes == last.passes + 1)
            #expect(files > last.files)
            last = (passes, files)
        }
        #expect(last.files == 4)
        #expect(try value("pass_running") == 0 && value("pass_last_status") == 0)
        #expect(try value("pass_number") == 3)
        #expect(try #require(try value("pass_last_success_timestamp_seconds")) > 1_700_000_000)
        #expect(try Files.status(file).st_mode & 0o777 == 0o644)
        #expect(try Files.names(folder) == [bytes("cutover.prom")])
        if access("/usr/bin/promtool", X_OK) == 0 {
            try Shell.run("promtool check metrics < \"$1\"", file)
        } else {
            print("skipped: promtool is not installed")
        }
    }

    @Test("verify writes what it found") func verify() throws {
        try stage.pass()
        try Files.write(stage.destination("file"), bytes("CONTENTS"))
        let outcome = try Cutover.run(bytes: words("verify"))
        #expect(outcome.status == 1, "\(outcome)")
        #expect(try value("verify_last_status") == 1)
        #expect(try value("verify_last_differences") ?? 0 > 0)
    }

    @Test("a file that the collector would pass over is refused") func otherEnding() throws {
        for name in ["cutover.txt", "-", ".prom.new"] {
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
        #expect(outcome.errors.split(separator: "--metrics").count == 2, "\(outcome)")
    }

    @Test("a refused run leaves the figures of the last one") func refused() throws {
        #expect(try Cutover.run(bytes: words("sync")).status == 0)
        let before = try text()
        try Files.unlink(stage.source("file"))
        let outcome = try Cutover.run(bytes: words("sync"))
        #expect(outcome.status == 3, "\(outcome)")
        #expect(try text() == before)
    }
}
