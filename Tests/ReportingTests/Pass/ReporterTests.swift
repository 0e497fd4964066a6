// The reporter as a whole: streams, terminals, readers that go away, disks that are full, and many
// workers at once.

import Dispatch
import Glibc
import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite struct ReporterTests {
    private func configuration(
        output: OutputFile,
        error: OutputFile,
        isUTF8: Bool = true
    ) -> ReporterConfiguration {
        ReporterConfiguration(standardOutput: output, standardError: error, isUTF8: isUTF8)
    }

    private func change(_ path: String) -> PassEvent {
        .changed(Itemization(action: .transferred, kind: .regular, isNew: true, path: bytes(path)))
    }

    @Test("standard output carries itemized lines and nothing else; the rest is on standard error")
    func streams() throws {
        let output = try Capture()
        let error = try Capture()
        var configuration = configuration(output: output.file, error: error.file)
        configuration.itemizes = true
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        reporter.receive(.started(passStart()))
        reporter.receive(change("a\nb"))
        reporter.receive(
            .changed(
                Itemization(
                    action: .changed,
                    kind: .symlink,
                    isNew: true,
                    path: [0x6C, 0xFF],
                    target: bytes("\u{E9}")
                )
            )
        )
        reporter.receive(.notice(.notRoot))
        reporter.receive(.synchronizing(isWhole: true))
        let status = reporter.finish(passSummary())
        #expect(status == .done)
        #expect(output.lines == [">f+++++++++ a\\#012b", "cL+++++++++ l\\#377 -> \u{E9}"])
        #expect(error.lines[0] == "cutover: /mnt/old (xfs) to /mnt/new (ext4), 30 workers")
        #expect(error.lines[1].hasPrefix("cutover: not root:"))
        #expect(error.lines[3] == "cutover: done in 26:03:11 (4.2 s of it in syncfs)")
        #expect(!error.text.contains("\u{1B}"), "nothing is drawn where there is no terminal")
    }

    @Test("--json -: standard output is JSON lines, no itemized line between them")
    func jsonOnOutput() throws {
        let output = try Capture()
        var configuration = configuration(output: output.file, error: try Capture().file)
        configuration.itemizes = true
        configuration.json = output.file
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        reporter.receive(.started(passStart()))
        reporter.receive(change("a"))
        #expect(reporter.finish(passSummary()) == .done)
        let types = try JSONReport(printed: output.bytes).lines.map { $0.text("type") }
        #expect(types == ["start", "change", "summary"])
    }

    @Test("progress comes as JSON about once a second", .timeLimit(.minutes(1)))
    func progressJSON() throws {
        let json = try Capture()
        let error = try Capture()
        var configuration = configuration(output: try Capture().file, error: error.file)
        configuration.json = json.file
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        let start = monotonicSeconds()
        reporter.begin()
        reporter.receive(.started(passStart()))
        func count() throws -> Int { try JSONReport(printed: json.bytes).of("progress").count }
        try waitUntil { try count() >= 2 }
        #expect(reporter.finish(passSummary()) == .done)
        // On a busy machine a tick may come late, but never early.
        let seconds = monotonicSeconds() - start
        let lines = try count()
        #expect(Double(lines) <= seconds + 1, "\(lines) lines in \(seconds) s")
        let ended = json.bytes
        usleep(700_000)
        #expect(json.bytes == ended, "nothing comes after the summary")
        #expect(!error.text.contains("of 284,000 entries"), "plain progress comes every 10 s")
    }

    @Test("-q tells nothing but the count of failures; itemized lines that were asked for stay")
    func quiet() throws {
        let output = try Capture()
        let error = try Capture()
        var configuration = configuration(output: output.file, error: error.file)
        configuration.isQuiet = true
        configuration.itemizes = true
        let counters = Counters()
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: counters)
        reporter.begin()
        reporter.receive(.started(passStart()))
        reporter.receive(.notice(.notRoot))
        reporter.receive(.failed(failure()))
        reporter.receive(change("a"))
        counters.failures.count()
        #expect(reporter.finish(passSummary(.someFailed, counters)) == .someFailed)
        #expect(error.lines == ["cutover: 1 failure, status 23; --failures FILE lists them"])
        #expect(output.lines == [">f+++++++++ a"])
    }

    @Test("-v tells failures and vanished entries as they happen, in lines without escapes (S50)")
    func verbose() throws {
        let error = try Capture()
        var configuration = configuration(output: try Capture().file, error: error.file)
        configuration.isVerbose = true
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.receive(.failed(failure("x\u{1B}]0;title\u{7}", bytes: 0..<4096)))
        reporter.receive(.vanished(path: bytes("gone\r")))
        reporter.receive(.mountSkipped(path: bytes("proc")))
        reporter.receive(.directoryProtected(path: []))
        #expect(
            error.lines[0].hasPrefix("x\\#033]0;title\\#007: cannot read bytes 0-4095 of SOURCE:")
        )
        #expect(error.lines[1] == "gone\\#015: vanished from SOURCE")
        #expect(error.lines[2].hasPrefix("proc: another filesystem"))
        #expect(error.lines[3].hasPrefix(".: SOURCE's could not be listed"))
    }

    @Test("passes one after another add to the same reports, which the first one emptied")
    func manyPasses() throws {
        let output = try Capture()
        let path = joined(try Scratch.directory(), Scratch.uniqueName("failures"))
        try Files.write(path, bytes("of an earlier run\n"))
        var configuration = configuration(output: output.file, error: try Capture().file)
        configuration.json = output.file
        configuration.failures = try OutputFile(report: Name(path))
        let streams = ReportStreams(configuration, run: "the pass")
        for _ in 1...2 {
            let reporter = Reporter(streams, counters: Counters())
            reporter.begin()
            reporter.receive(.started(passStart()))
            reporter.receive(
                .failed(
                    Failure(
                        path: bytes("a"),
                        side: .source,
                        activity: .open,
                        error: SystemError(.open, .accessDenied)
                    )
                )
            )
            #expect(reporter.finish(passSummary()) == .done)
        }
        let types = try JSONReport(printed: output.bytes).lines.map { $0.text("type") }
        #expect(types == ["start", "failure", "summary", "start", "failure", "summary"])
        let failures = try JSONReport(printed: Files.read(path)).lines.map { $0.text("type") }
        #expect(failures == ["failure", "failure"])
    }

    @Test("a refusal is one line, with -q too, and an event of JSON")
    func refusal() throws {
        let output = try Capture()
        let error = try Capture()
        var configuration = configuration(output: output.file, error: error.file)
        configuration.isQuiet = true
        configuration.json = output.file
        let streams = ReportStreams(configuration, run: "the pass")
        streams.refuse("is empty; was it mounted?\n", path: bytes("/mnt/\u{1B}") + [0xFF])
        #expect(error.text == "cutover: /mnt/\\#033\\#377: is empty; was it mounted?\\#012\n")
        #expect(output.lines.count == 1)
        let line = try #require(try JSONReport(printed: output.bytes).of("refused").first)
        #expect(line.number("status") == 3)
        #expect(line.text("message") == "is empty; was it mounted?\n")
        #expect(line.path == bytes("/mnt/\u{1B}") + [0xFF])
    }

    @Test(
        "on a terminal one line redraws within its columns and gives way to others",
        .timeLimit(.minutes(1)),
        arguments: [UInt16(20), 80]
    )
    func terminal(columns: UInt16) throws {
        let screen = try Screen(columns: columns)
        var configuration = configuration(output: screen.stream, error: screen.stream)
        configuration.itemizes = true
        setenv("TERM", "xterm", 1)
        let counters = Counters()
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: counters)
        reporter.begin()
        for turn in 0..<8 {
            counters.entriesSeen.count(1 << 40)
            counters.bytesSeen.count(1 << 50)
            counters.bytesCopied.count(1 << 50)
            reporter.receive(change("n\(turn)\u{1B}"))
            // It redraws by itself.
            let drawn = screen.bytes.count { $0 == 0x0D }
            waitUntil { screen.bytes.count { $0 == 0x0D } > drawn }
        }
        let (_, widest) = screen.drawn()
        #expect(widest > 15 && widest < Int(columns))
        reporter.receive(.notice(.flagsNotKept))
        #expect(reporter.finish(passSummary()) == .done)
        let lines = screen.drawn().lines
        #expect((0..<8).allSatisfy { lines.contains(">f+++++++++ n\($0)\\#033") }, "\(lines)")
        #expect(
            lines.contains("cutover: DESTINATION has no inode flags (chattr): they are not kept.")
        )
        #expect(lines.contains { $0.hasPrefix("cutover: done in") })
        #expect(
            !lines.contains { $0.contains("/s  ") && $0.contains("%") },
            "no progress line stays"
        )
    }

    @Test("--progress plain on a terminal draws nothing", .timeLimit(.minutes(1)))
    func plain() throws {
        let screen = try Screen(columns: 80)
        var configuration = configuration(output: try Capture().file, error: screen.stream)
        configuration.progress = .plain
        let reporter = Reporter(ReportStreams(configuration, run: "the pass"), counters: Counters())
        reporter.begin()
        usleep(1_200_000)
        #expect(reporter.finish(passSummary()) == .done)
        #expect(!screen.bytes.contains(0x1B) && !screen.bytes.contains(0x0D))
    }
}
