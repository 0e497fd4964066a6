// `cutover history` after real passes, by the built program: what it tells of each way to end, that it
// finds the passes of a pair, and that it neither changes the state nor disturbs a pass.

import Glibc
import TestSupport
import Testing

@Suite("Recorded passes shown", .requiresVolumes, .timeLimit(.minutes(10)))
struct HistoryCommandTests {
    private let stage: Stage
    private let state: [UInt8]

    init() throws {
        stage = try Stage()
        state = joined(stage.outside, "state")
        try Files.makeDirectory(stage.source("branch"))
        for index in 0..<20 {
            try Files.write(stage.source("branch/\(index)"), bytes("contents"))
        }
    }

    /// A pass from the stage's SOURCE to its DESTINATION, with `--delete`.
    @discardableResult
    private func pass(_ options: String..., expecting status: Int32 = 0) throws -> Outcome {
        let words = (["sync", "-q", "--delete"] + options + ["--state"]).map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [state, stage.from, stage.to])
        #expect(outcome.status == status, "\(outcome)")
        return outcome
    }

    private func history(
        _ options: String...,
        of roots: [[UInt8]] = [],
        environment: [String] = ["TZ=UTC0"]
    ) throws -> Outcome {
        let words = (["history"] + options + ["--state"]).map { bytes($0) }
        return try Cutover.run(bytes: words + [state] + roots, environment: environment)
    }

    /// The rows of the table by id, with their blanks squeezed.
    private func rows(_ outcome: Outcome) -> [Int: String] {
        #expect(outcome.status == 0 && outcome.stderr.isEmpty, "\(outcome)")
        for line in outcome.lines { #expect(line.count <= 80 || line.contains(" to /"), "\(line)") }
        return outcome.lines.reduce(into: [:]) { rows, line in
            let words = line.split(separator: " ")
            guard let id = words.first.flatMap({ Int($0) }) else { return }
            rows[id] = words.joined(separator: " ")
        }
    }

    // MARK: What is told

    @Test("each pass has its row: done, failed, of a branch, limited, interrupted, killed")
    func waysToEnd() throws {
        try pass()
        try Files.write(stage.source("branch/21"), bytes("contents"))
        try Files.unlink(stage.source("branch/1"))
        try pass()
        try Files.unlink(stage.source("branch/2"))
        try Shell.run("chattr +i -- \"$1\"", stage.destination("branch/2"))
        try pass(expecting: 23)
        try Shell.run("chattr -i -- \"$1\"", stage.destination("branch/2"))
        try pass("--branch", "branch")
        try Files.unlink(stage.source("branch/3"))
        try pass("--max-delete", "0", expecting: 25)
        try cutShort(SIGINT)
        try cutShort(SIGKILL)
        let outcome = try history()
        let rows = rows(outcome)
        #expect(rows.count == 7, "\(outcome)")
        #expect(rows[1]?.contains(" walk 21 20 160 B 0 done") == true, "\(outcome)")
        // By a walk or by a scan: both find one new and one lost file.
        #expect(rows[2]?.contains(" 1 8 B 1 done") == true, "\(outcome)")
        #expect(rows[3]?.hasSuffix(" failed 1") == true, "\(outcome)")
        #expect(rows[4]?.contains(" walk ") == true && rows[4]?.hasSuffix(" done") == true)
        #expect(rows[5]?.hasSuffix(" limit") == true, "\(outcome)")
        #expect(rows[6]?.hasSuffix(" interrupted") == true, "\(outcome)")
        #expect(rows[7]?.hasSuffix(" - walk - - - - unfinished") == true, "\(outcome)")
        #expect(outcome.output.contains("of some branches only (--branch)"))
        #expect(outcome.output.contains("--max-delete was reached"))
        #expect(outcome.output.contains("walked: the last pass covered some branches only"))
        #expect(outcome.output.contains("7 passes; times are UTC."))
        for name in [stage.from, stage.to] { #expect(outcome.output.contains(shown(name))) }
        let details = try history("--pass", "3")
        #expect(details.output.contains("done, with failures (23)"), "\(details)")
        #expect(details.output.contains("branch/2: cannot remove it from DESTINATION"))
        #expect(details.output.contains("    branch  "), "the slowest branch: \(details)")
        #expect(try history("-v").output.contains("branch/2: cannot remove it"))
        #expect(!outcome.output.contains("branch/2"))
    }

    /// A pass that a signal ends.
    private func cutShort(_ signal: Int32) throws {
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 8 << 20))
        let process = try startSlowPass()
        process.send(signal)
        #expect(process.wait().status == (signal == SIGINT ? 20 : nil))
    }

    /// A pass that takes some seconds, after its record was begun.
    private func startSlowPass() throws -> Subprocess {
        let report = joined(stage.outside, Scratch.uniqueName("report"))
        let words = ["sync", "-q", "--delete", "--bwlimit", "2M", "-I", "--state"]
        let process = try Cutover.start(
            words.map { bytes($0) } + [state, bytes("--json"), report, stage.from, stage.to]
        )
        waitUntil { ((try? JSONReport(report))?.of("progress").isEmpty ?? true) == false }
        return process
    }

    @Test("a pass that runs is shown as running, and is not disturbed by who looks")
    func running() throws {
        // Half a minute of it, which is not waited for.
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 64 << 20))
        let process = try startSlowPass()
        for _ in 0..<3 {
            let outcome = try history()
            #expect(process.isRunning)
            #expect(rows(outcome)[1]?.hasSuffix(" running") == true, "\(outcome)")
        }
        process.send(SIGINT)
        #expect(process.wait().status == 20)
        #expect(rows(try history())[1]?.hasSuffix(" interrupted") == true)
    }

    /// The status files in the state folder.
    private func statusFiles() throws -> [[UInt8]] {
        try Files.names(state).filter { $0.suffix(7) == bytes(".status")[...] }
    }

    @Test("a pass that runs tells how far it is, to history and to a pass that it keeps out")
    func runningStatus() throws {
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 64 << 20))
        let process = try startSlowPass()
        waitUntil { (try? statusFiles().isEmpty) == false }
        let outcome = try history()
        #expect(process.isRunning)
        // The note may be wrapped anywhere.
        let words = outcome.output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("30 workers, process \(process.processID)"), "\(outcome)")
        let row = rows(outcome)[1] ?? ""
        #expect(
            row.firstMatch(of: #/ walk \d+ \d+ [\d.]+ [KM]?i?B 0 running$/#) != nil,
            "\(outcome)"
        )
        let missing = String(decoding: try Scratch.missingPath(), as: UTF8.self)
        for options in [[], ["--state", missing]] {
            let words = (["sync", "-q"] + options).map { bytes($0) }
            let places = options.isEmpty ? [bytes("--state"), state] : []
            let second = try Cutover.run(bytes: words + places + [stage.from, stage.to])
            #expect(second.status == 3, "\(second)")
            let pass = options.isEmpty ? "pass 1, process " : "process "
            #expect(second.errors.contains("DESTINATION: \(pass)\(process.processID)"), "\(second)")
            #expect(second.errors.contains(", since 20"), "\(second)")
            #expect(second.errors.contains("(kill \(process.processID))"), "\(second)")
        }
        process.send(SIGINT)
        #expect(process.wait().status == 20)
        #expect(try statusFiles() == [])
        #expect(!(try history()).output.contains("process"))
    }

    @Test("what a killed pass told of itself is not believed")
    func leftStatus() throws {
        try Files.write(stage.source("slow"), [UInt8](repeating: 7, count: 64 << 20))
        let process = try startSlowPass()
        waitUntil { (try? statusFiles().isEmpty) == false }
        process.send(SIGKILL)
        #expect(process.wait().status == nil)
        #expect(try statusFiles().count == 1)
        let outcome = try history()
        #expect(rows(outcome)[1]?.hasSuffix(" - walk - - - - unfinished") == true, "\(outcome)")
        #expect(!outcome.output.contains("process"), "\(outcome)")
        try Files.unlink(stage.source("slow"))
        try pass()
        #expect(try statusFiles() == [])
    }

    @Test("--limit shows the newest, in the order in which they ran")
    func limit() throws {
        for _ in 0..<5 { try pass() }
        let outcome = try history("--limit", "2")
        #expect(rows(outcome).keys.sorted() == [4, 5])
        #expect(outcome.output.contains("The newest 2 of 5 passes (--limit shows more)"))
        #expect(rows(try history()).keys.sorted() == [1, 2, 3, 4, 5])
    }

    @Test("times are those of the person's zone")
    func zones() throws {
        try pass()
        let outcome = try history(environment: ["TZ=<+0545>-5:45"])
        #expect(outcome.output.contains("1 pass; times are +0545."), "\(outcome)")
        let universal = try #require(rows(try history())[1]).split(separator: " ")[2]
        let local = try #require(rows(outcome)[1]).split(separator: " ")[2]
        func minutes(_ time: Substring) -> Int {
            time.split(separator: ":").prefix(2).reduce(0) { $0 * 60 + (Int($1) ?? -1_000) }
        }
        #expect((minutes(local) - minutes(universal) + 1440) % 1440 == 345)
    }

    // MARK: JSON

    @Test("JSON: on standard output alone, or in a file beside the table")
    func json() throws {
        try Files.write(stage.source("branch/") + [0xFF], [])
        try pass()
        try Shell.run("chattr +i -- \"$1\"", stage.destination("branch/") + [0xFF])
        try Files.unlink(stage.source("branch/") + [0xFF])
        try pass(expecting: 23)
        try Shell.run("chattr -i -- \"$1\"", stage.destination("branch/") + [0xFF])
        let alone = try history("--json", "-", "-v")
        #expect(alone.status == 0 && alone.stderr.isEmpty, "\(alone)")
        let report = try alone.report()
        let types = report.lines.map { $0.text("type") ?? "" }
        let perPass = ["pass", "pass_branch"]
        #expect(types == ["pair"] + perPass + ["pass", "pass_failure", "pass_branch"])
        for line in report.of("pass") {
            let start = line.text("start") ?? ""
            #expect(start.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
            #expect(line.name("source") == stage.from)
        }
        let failure = try #require(report.of("pass_failure").first)
        #expect(failure.path == bytes("branch/") + [0xFF])
        let file = joined(stage.outside, "history.json")
        let beside = try history("-v", "--json", String(decoding: file, as: UTF8.self))
        #expect(beside.output.contains("failed 1"))
        #expect(try text(file) == alone.output)
        #expect(try Files.status(file).st_mode & 0o777 == 0o600)
    }

    @Test("a report lies on neither volume, be they named or not") func reportOnVolume() throws {
        try pass()
        for (root, side) in [(stage.from, "SOURCE"), (stage.to, "DESTINATION")] {
            let file = joined(root, "report")
            for roots in [[], [stage.from, stage.to]] {
                let words =
                    ["history", "--json"].map { bytes($0) } + [file, bytes("--state"), state]
                let outcome = try Cutover.run(bytes: words + roots)
                #expect(outcome.status == 64, "\(outcome)")
                #expect(outcome.errors.contains("would lie on \(side)"), "\(outcome)")
                #expect(!Files.exists(file))
            }
        }
    }

    @Test("a report that cannot be written is told, with status 23")
    func lostOutput() throws {
        try pass()
        for options in [["--json", "/dev/full"], ["--json", "/dev/full", "-v"]] {
            let outcome = try Cutover.run(
                bytes: (["history"] + options + ["--state"]).map { bytes($0) } + [state]
            )
            #expect(outcome.status == 23, "\(outcome)")
            #expect(outcome.errors.contains("cannot write --json: No space left"), "\(outcome)")
            #expect(outcome.output.contains(" done"))
        }
        for lost in ["> /dev/full", ">&-"] {
            let script = "\"$1\" history --state \"$2\" \(lost)"
            let outcome = try Shell.attempt(script, [Cutover.binary, state])
            #expect(outcome.status == 23, "\(lost)")
            #expect(outcome.errors.contains("cannot write standard output"), "\(lost)")
        }
        let closed = try Shell.attempt(
            "set +o pipefail; \"$1\" history --state \"$2\" | true; exit ${PIPESTATUS[0]}",
            [Cutover.binary, state]
        )
        #expect(closed.status == 0 && closed.stderr.isEmpty, "\(closed)")
    }
}
