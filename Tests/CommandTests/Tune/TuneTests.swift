// `cutover tune`: a real pass that tries numbers of workers, on volumes that are slow in a known way, and the passes
// after it.
//
// A step of one second says little of a disk; here it has to tell 4 workers from 16 where each waits, or to see that more
// do not help. Which one is found is the estimator's to get right (TuneControlTests).

import Glibc
import TestSupport
import Testing

@Suite("Trying numbers of workers", .requiresVolumes, .timeLimit(.minutes(10)))
struct TuneTests {
    private let stage: ScanStage
    private var pair: ScanPair { stage.pair }

    init() throws { stage = try ScanStage() }

    // MARK: Running

    private func words(_ options: [String], _ subcommand: String = "tune") -> [[UInt8]] {
        [subcommand, "--delete", "--state"].map { bytes($0) }
            + [pair.state, bytes("--json"), pair.reportFile] + options.map { bytes($0) }
            + [pair.from, pair.to]
    }

    private func told(_ type: String) -> [JSON] {
        // Nothing is there yet, or the last line is being written.
        ((try? JSONReport(pair.reportFile)) ?? nil)?.of(type) ?? []
    }

    /// Files that are read one by one, each with one block that is not a hole, in directories of four.
    private func makeTree(directories: Int) throws {
        try Shell.run(
            """
            for index in $(seq "$2"); do
                mkdir -- "$1/d$index"
                for name in a b c d; do echo "$index" >"$1/d$index/$name"; done
                truncate -s 200K -- "$1/d$index"/?
            done
            """,
            pair.from,
            bytes("\(directories)")
        )
    }

    /// The number of the result, which has to be there.
    private func result(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSON {
        let results = told("tune_result")
        #expect(results.count == 1, sourceLocation: sourceLocation)
        return try #require(results.last, sourceLocation: sourceLocation)
    }

    // MARK: What is found

    @Test(
        "where each opening waits more workers win; stopped after two rounds it is known, and later passes take it",
        .requiresScanner
    )
    func moreWin() throws {
        try makeTree(directories: 2_000)
        let scanner = try SlowScanner(of: pair.from, milliseconds: 20)
        let run = try Cutover.start(
            words(["--from", "2", "--to", "16", "--step", "1s", "--seed", "7"]),
            seconds: 120
        )
        // 2, 4, 8 and 16, twice.
        waitUntil(seconds: 60) { told("tune_step").count >= 8 }
        run.send(SIGTERM)
        scanner.stop()
        let outcome = run.wait()
        #expect(outcome.status == 20, "\(outcome)")
        let found = try result()
        #expect(found.number("workers") == 16 && found["remembered"] == .bool(true), "\(found)")
        #expect(found.number("seed") == 7)
        expectTable(outcome)
        let history = try Cutover.run(
            bytes: [bytes("history"), bytes("--state"), pair.state, bytes("--json"), bytes("-")]
        )
        let kept = try history.report().of("tuning")
        #expect(kept.count == 1 && kept[0]["numbers"] == found["numbers"], "\(kept)")
        try expectTaken(16)
        try stage.expectSame()
    }

    /// A bar for each number, within 80 columns, and no escape: standard output is no terminal here.
    private func expectTable(
        _ outcome: Outcome,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lines = outcome.output.split(separator: "\n")
        #expect(
            lines.first?.contains("workers  entries/s") == true,
            "\(outcome)",
            sourceLocation: sourceLocation
        )
        #expect(lines.allSatisfy { $0.utf8.count <= 80 }, sourceLocation: sourceLocation)
        #expect(!outcome.stdout.contains(0x1B), sourceLocation: sourceLocation)
        #expect(
            lines.filter { $0.hasSuffix("<- taken") }.count == 1,
            "\(outcome)",
            sourceLocation: sourceLocation
        )
    }

    /// A later pass takes the number and says so; another one that is given counts more.
    private func expectTaken(_ number: Int) throws {
        let taken = try pair.sync()
        #expect(taken.outcome.status == 0, "\(taken.outcome)")
        #expect(
            taken.outcome.errors.contains(/, \d+ workers \(tuned \d{4}-\d\d-\d\d\)/),
            "\(taken.outcome)"
        )
        let start = taken.report.of("start").last
        #expect(start?.number("workers") == number && start?.decimal("workers_tuned_at") != nil)
        let given = try pair.sync(["-w", "3"])
        #expect(given.report.of("start").last?.number("workers") == 3)
        #expect(given.report.of("start").last?["workers_tuned_at"] == .null)
        #expect(!given.outcome.errors.contains("tuned"), "\(given.outcome)")
    }

    @Test(
        "where a disk answers so many reads and no more, few workers are taken",
        .requiresFewReads
    )
    func fewReads() throws {
        try makeTree(directories: 1_500)
        // Nothing of it is in memory.
        try stage.source.remount()
        let few = try FewReads(stage.source.device, reads: 200)
        let run = try few.start(
            [Cutover.binary] + words(["--to", "8", "--step", "1s", "--seed", "3"])
        )
        waitUntil(seconds: 60) { told("tune_step").count >= 8 }
        // The rest of it is none of this test's.
        try few.limit(to: nil)
        let outcome = run.wait()
        #expect(outcome.status == 0, "\(outcome)")
        let found = try result()
        let workers = try #require(found.number("workers"))
        #expect((1...4).contains(workers), "\(found)")
        try stage.expectSame()
    }

    // MARK: What is not

    @Test("a pass with too little work copies all, says so and remembers nothing")
    func tooLittle() throws {
        try makeTree(directories: 3)
        let outcome = try Cutover.run(bytes: words([]))
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("There was not enough work"), "\(outcome)")
        let found = try result()
        #expect(found["workers"] == .null && found["remembered"] == .bool(false), "\(found)")
        #expect(found.number("steps") == 0 && found.number("steps_needed") == 16)
        let later = try pair.sync()
        #expect(later.report.of("start").last?.number("workers") == 30)
        #expect(later.report.of("start").last?["workers_tuned_at"] == .null)
        try stage.expectSame()
    }

    @Test(
        "what cannot be tried is a usage error, which names the limit",
        arguments: [
            (["--to", "720"], "--to takes 1 to 250, not 720"),
            (["--from", "0"], "--from takes 1 to 250, not 0"),
            (["--from", "8", "--to", "8"], "--from takes less than --to, which is 8"),
            (["--step", "11m"], "--step takes at most 10m"),
            (["--idle"], "'--idle' is an option of 'cutover sync', not of 'cutover tune'"),
            (["--bwlimit", "1M"], "not of 'cutover tune'"),
            (["-w", "4"], "not of 'cutover tune'"),
            (["--dry-run"], "not of 'cutover tune'"),
        ]
    )
    func refused(options: [String], words: String) throws {
        let outcome = try Cutover.run(["tune"] + options + ["/nowhere/old", "/nowhere/new"])
        #expect(outcome.status == 64 && outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errorsUnwrapped.contains(words), "\(outcome)")
    }

    @Test("where nothing can be remembered it is refused before anything is copied")
    func noState() throws {
        try makeTree(directories: 1)
        try Files.makeDirectory(pair.state, mode: 0o777)
        try Files.changeMode(pair.state, 0o777)
        let outcome = try Cutover.run(bytes: words([]))
        #expect(outcome.status == 3, "\(outcome)")
        #expect(try Files.names(pair.to) == [])
    }
}
