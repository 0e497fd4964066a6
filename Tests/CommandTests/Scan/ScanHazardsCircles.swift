// "Change scan": directories that users rename while a walk is under way, so that it meets them at two places. None
// of the two may be recorded: it may be false, and two such make a circle of parents.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: renamed while a walk runs", .requiresVolumes, .timeLimit(.minutes(10)))
struct ScanHazardsCircles {
    let stage: ScanStage

    init() throws { stage = try ScanStage() }

    /// Makes `q/b/a` with `count` directories and a large file in it, and `c`, and walks; while the large file is
    /// copied, two renames turn `q/b/a` into `c/a/b`.
    ///
    /// The walk then meets `a` and `b` a second time.
    /// Numbers of inodes decide which of two places would be the smaller: those of the false ones are.
    private func walkMeanwhile(directories count: Int) throws {
        let drafts = (0..<4).map { stage.from("draft\($0)") }
        for draft in drafts { try Files.makeDirectory(draft) }
        let inOrder = try drafts.sorted { try Files.status($0).st_ino < Files.status($1).st_ino }
        try Files.rename(inOrder[3], to: stage.from("q"))
        try Files.rename(inOrder[2], to: stage.from("c"))
        try Files.rename(inOrder[1], to: stage.from("q/b"))
        try Files.rename(inOrder[0], to: stage.from("q/b/a"))
        try Shell.run(
            """
            cd "$1"
            for number in $(seq $2); do mkdir d$number; echo $number > d$number/file; done
            ln d1/file ../linked
            head -c 3000000 /dev/urandom > large
            """,
            stage.from("q/b/a"),
            bytes("\(count)")
        )
        stage.age()
        let process = try stage.pair.start("--bwlimit", "1M", "-w", "1")
        waitUntil { Files.exists(stage.to("q/b/a/large")) }
        #expect(process.isRunning)
        try Files.rename(stage.from("q/b/a"), to: stage.from("c/a"))
        try Files.rename(stage.from("q/b"), to: stage.from("c/a/b"))
        let outcome = process.wait()
        #expect(outcome.status == 0 || outcome.status == 24, "\(outcome)")
        #expect(Files.exists(stage.to("c/a/b")), "the walk did not meet them again")
        #expect(Files.exists(stage.to("q/b/a")), "the walk did not meet them before")
    }

    private func query(_ statement: String) throws -> [String] {
        let database = try #require(try stage.pair.databases().first)
        return try Shell.run("sqlite3 \"$1\" \"$2\"", database, bytes(statement)).lines
    }

    @Test(
        "S52: what a walk met at two places is recorded at none, and is found where it is",
        .requiresTool("sqlite3")
    )
    func metTwice() throws {
        try walkMeanwhile(directories: 3)
        for name in ["c/a", "c/a/b"] {
            let inode = try Files.status(stage.from(name)).st_ino
            let found = try query("SELECT parent FROM directories WHERE inode = \(inode)")
            #expect(found == [], "\(name)")
        }
        stage.age()
        try stage.expectScanFindsIt()
        for name in ["c/a", "c/a/b"] {
            let status = try Files.status(stage.from(name))
            let parent = try Files.status(stage.from(name + "/..")).st_ino
            let found = try query("SELECT parent FROM directories WHERE inode = \(status.st_ino)")
            #expect(found == ["\(parent)"], "\(name)")
        }
        // They have a place again: a file is found below them, and they are renamed.
        try stage.rewriteKeepingTime(stage.from("c/a/d2/file"), salt: 3)
        try Files.rename(stage.from("c/a"), to: stage.from("q/again"))
        stage.age()
        let scan = try stage.expectScanFindsIt()
        #expect(scan.report.summary("directories_moved") == 1, "\(scan.outcome)")
    }

    @Test(
        "S52: 300 directories renamed below such ones cost a scan as many calls as there are directories",
        .requiresTool("strace")
    )
    func effort() throws {
        try walkMeanwhile(directories: 300)
        try Shell.run(
            "cd \"$1\"; for number in $(seq 300); do mv d$number e$number; done",
            stage.from("c/a")
        )
        stage.age()
        let log = joined(stage.outside, "calls")
        let words = ["strace", "-f", "-c", "-U", "calls,name", "-o"].map { bytes($0) }
        let outcome = try Subprocess.run(words + [log, Cutover.binary] + stage.pair.words([]))
        #expect(outcome.status == 0, "\(outcome)")
        let report = try JSONReport(stage.pair.reportFile)
        let pass = ScanPass(outcome: outcome, report: report)
        pass.expectScan()
        let total = String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n")
            .compactMap { line -> Int? in
                let parts = line.split(separator: " ")
                return parts.count == 2 && parts[1] == "total" ? Int(parts[0]) : nil
            }
        let calls = try #require(total.first)
        print("a scan with 300 directories renamed below a circle: \(calls) calls")
        // Without a bound each of them climbs for 100,000 steps, of ten calls.
        #expect(calls < 300 * 200, "\(calls)")
        try stage.expectSame()
    }
}
