// What a person sees while a pass or a verification runs: the built program on a terminal of some width.

import Glibc
import TestSupport
import Testing

@Suite("Progress on a terminal", .requiresVolumes, .timeLimit(.minutes(10)))
struct TerminalTests {
    private let stage: Stage

    init() throws {
        stage = try Stage()
        try Files.makeDirectory(stage.source("folder"))
        for index in 0..<40 { try Files.write(stage.source("folder/\(index)"), bytes("contents")) }
    }

    /// Starts the program with standard error on the screen; standard output goes to a file.
    private func start(_ words: [String], on screen: Screen) throws -> Subprocess {
        let places = words.contains("verify") ? [] : ["--state"].map { bytes($0) } + [state]
        // A terminal that calls itself dumb gets no line that redraws.
        return try Subprocess(
            ["env", "TERM=xterm"].map { bytes($0) } + [Cutover.binary] + words.map { bytes($0) }
                + places + [stage.from, stage.to],
            terminal: screen
        )
    }

    private var state: [UInt8] { joined(stage.outside, "state") }

    /// Some seconds of a pass, whatever the machine.
    private func startSlowPass(_ options: String..., on screen: Screen) throws -> Subprocess {
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 4 << 20))
        return try start(["sync", "--delete", "--bwlimit", "2M"] + options, on: screen)
    }

    private func wait(_ process: Subprocess, _ screen: Screen) -> Outcome {
        // Read all the time: a terminal that is full holds up who writes.
        waitUntil(seconds: 120) {
            screen.drain()
            return !process.isRunning
        }
        return process.wait()
    }

    /// The lines of a run that ended well: nothing is left of progress, and the summary keeps to 80 columns.
    private func expectSummary(
        _ screen: Screen,
        _ headline: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let all = screen.drawn().lines
        // Who pressed Ctrl-C has its echo in the line that was drawn, and it stays.
        let stopping = all.firstIndex { $0.hasPrefix("cutover: stopping") } ?? 0
        let lines = Array(all[stopping...])
        let redrawn = Set(screen.redrawn)
        #expect(redrawn.isDisjoint(with: lines), "\(lines)", sourceLocation: sourceLocation)
        #expect(
            !lines.contains { $0.firstMatch(of: #/\d%|entries/s|\d+B/s|left$/#) != nil },
            "\(lines)",
            sourceLocation: sourceLocation
        )
        let first = try #require(
            lines.firstIndex { $0.hasPrefix(headline) },
            "\(lines)",
            sourceLocation: sourceLocation
        )
        #expect(lines.count > first + 5, "\(lines)", sourceLocation: sourceLocation)
        for line in lines[first...] {
            #expect(line.count <= 80, "\(line)", sourceLocation: sourceLocation)
        }
        // Nothing is drawn any more once the summary stands.
        let text = String(decoding: screen.bytes, as: UTF8.self)
        let summary = try #require(text.firstRange(of: headline), sourceLocation: sourceLocation)
        #expect(!text[summary.lowerBound...].contains("\r"), sourceLocation: sourceLocation)
        #expect(
            text[..<summary.lowerBound].hasSuffix("\n")
                || text[..<summary.lowerBound].hasSuffix("\r\u{1B}[K"),
            sourceLocation: sourceLocation
        )
    }

    @Test(
        "a pass: the last two columns stay free, no line wraps, and the line is gone before the summary",
        arguments: [40, 80, 132] as [UInt16]
    )
    func pass(columns: UInt16) throws {
        let screen = try Screen(columns: columns)
        let outcome = wait(try startSlowPass(on: screen), screen)
        #expect(outcome.status == 0 && outcome.stdout.isEmpty, "\(outcome)")
        let redrawn = screen.redrawn
        // What has not changed is not drawn again.
        #expect(!redrawn.isEmpty)
        for line in redrawn { #expect(line.count <= Int(columns) - 2, "\(line)") }
        // It is not short for want of something to say.
        #expect(redrawn.contains { $0.count > Int(columns) / 2 }, "\(redrawn)")
        try expectSummary(screen, "cutover: done in")
        try stage.expectSame()
    }

    @Test("-i on the same terminal: itemized lines stand whole, the progress line below them")
    func itemized() throws {
        let screen = try Screen(columns: 80)
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 4 << 20))
        let script = "exec \"$@\" >&2"
        let words = ["sync", "-i", "--bwlimit", "2M", "--state"].map { bytes($0) }
        let process = try Subprocess(
            ["env", "TERM=xterm", "bash", "-c", script, "bash"].map { bytes($0) }
                + [Cutover.binary] + words + [state, stage.from, stage.to],
            terminal: screen
        )
        #expect(wait(process, screen).status == 0)
        let lines = screen.drawn().lines
        for index in 0..<40 {
            #expect(lines.contains(">f+++++++++ folder/\(index)"), "\(lines)")
        }
        #expect(!screen.redrawn.isEmpty)
        #expect(screen.redrawn.allSatisfy { $0.count <= 78 })
    }

    @Test("a window that is made narrower: the next lines keep to what it has become")
    func resized() throws {
        // Half a minute of it, which is not waited for.
        try Files.write(stage.source("slower"), [UInt8](repeating: 7, count: 64 << 20))
        let screen = try Screen(columns: 132)
        let process = try startSlowPass(on: screen)
        waitUntil { screen.redrawn.contains { $0.count > 60 } }
        try screen.resize(columns: 40)
        let before = screen.redrawn.count
        waitUntil { screen.redrawn.dropFirst(before).contains { $0.count <= 38 } }
        process.send(SIGINT)
        #expect(wait(process, screen).status == 20)
        // One may have been under way.
        for line in screen.redrawn.dropFirst(before + 1) { #expect(line.count <= 38, "\(line)") }
    }

    @Test("a verification", arguments: [40, 80, 132] as [UInt16])
    func verification(columns: UInt16) throws {
        try Shell.run(
            """
            for n in 1 2 3 4 5 6 7 8; do
                dd if=/dev/urandom of="$1/large$n" bs=1M count=48 status=none
            done
            """,
            stage.from
        )
        try stage.pass()
        let screen = try Screen(columns: columns)
        let outcome = wait(try start(["verify", "--workers", "1"], on: screen), screen)
        #expect(outcome.status == 0 && outcome.stdout.isEmpty, "\(outcome)")
        let redrawn = screen.redrawn
        #expect(!redrawn.isEmpty)
        for line in redrawn { #expect(line.count <= Int(columns) - 2, "\(line)") }
        try expectSummary(screen, "cutover: equal")
    }

    @Test("in a log each line of progress begins with the time of day, and nothing redraws")
    func log() throws {
        // Twelve seconds: the first line is due after ten.
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 12 << 20))
        let outcome = try stage.attempt("--bwlimit", "1M")
        #expect(outcome.status == 0, "\(outcome)")
        let lines = outcome.errors.split(separator: "\n")
        let progress = lines.filter { $0.contains("entries/s") && !$0.hasPrefix("  ") }
        #expect(!progress.isEmpty, "\(outcome)")
        for line in progress {
            #expect(line.firstMatch(of: #/^\d\d:\d\d:\d\d cutover: \d/#) != nil, "\(line)")
        }
        #expect(!outcome.stderr.contains(0x0D) && !outcome.stderr.contains(0x1B))
    }

    @Test("after Ctrl-C it is not said that all is written, and the line is gone as well")
    func interrupted() throws {
        try Files.write(stage.source("slower"), [UInt8](repeating: 7, count: 64 << 20))
        let screen = try Screen(columns: 80)
        let process = try startSlowPass(on: screen)
        waitUntil { screen.redrawn.count >= 2 }
        process.send(SIGINT)
        #expect(wait(process, screen).status == 20)
        let text = String(decoding: screen.bytes, as: UTF8.self)
        #expect(text.contains("cutover: waiting for DESTINATION's disk (syncfs)"), "\(text)")
        #expect(!text.contains("all is written"), "\(text)")
        try expectSummary(screen, "cutover: interrupted after")
        try Files.unlink(stage.source("slower"))
        let whole = try stage.attempt()
        #expect(whole.errors.contains("all is written; waiting"), "\(whole)")
    }
}
