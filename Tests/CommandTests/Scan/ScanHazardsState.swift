// "Change scan": the state folder, which passes write and dry runs only read; where it cannot be
// written the pass is done and says that nothing will be remembered. Two passes on one pair at once
// would write into each other's record: the second is refused.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: the state folder", .requiresVolumes, .timeLimit(.minutes(10)))
struct ScanHazardsState {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
    }

    private func editMuch() throws {
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 40)
        try Files.setAttribute(stage.from("a/two"), "user.note", bytes("new"))
        try Files.changeMode(stage.from("a/sub"), 0o700)
        try Files.write(stage.from("b/new"), bytes("new"))
        try Files.link(symbolic: stage.from("b/symlink"), to: bytes("target"))
        try Files.unlink(stage.from("b/two"))
        try Files.rename(stage.from("c/sub"), to: stage.from("a/moved"))
        try Files.exchange(stage.from("c/one"), stage.from("b/one"))
        try stage.makeFolder(stage.from("d"), salt: 41)
        try stage.tick()
    }

    @Test("S49: a dry run before the first pass makes no state at all")
    func dryRunWithoutState() throws {
        let before = try Snapshot(stage.pair.to)
        let dry = try stage.pass("-n", "-i")
        #expect(dry.outcome.status == 0, "\(dry.outcome)")
        #expect(!Files.exists(stage.pair.state))
        #expect(try before.changes() == [])
        let pass = try stage.pass("-i")
        pass.expectWalk()
        #expect(dry.outcome.lines.sorted() == pass.outcome.lines.sorted())
        #expect(pass.outcome.lines.count > 10)
        try stage.expectSame()
    }

    @Test(
        "S49: a dry run that scans leaves the state as it was, and prints the very lines of the pass"
    )
    func dryRunThatScans() throws {
        try stage.settle()
        try editMuch()
        let state = try stage.pair.stateContents()
        let folder = try Snapshot(stage.pair.state)
        let before = try Snapshot(stage.pair.to)
        #expect(!state.isEmpty)
        let dry = try stage.pass("-n", "-i")
        dry.expectScan("the dry run")
        #expect(try folder.changes() == [], "not even a time has moved")
        #expect(try stage.pair.stateContents() == state)
        #expect(try before.changes() == [])
        let again = try stage.pass("-n", "-i")
        #expect(again.outcome.lines.sorted() == dry.outcome.lines.sorted())
        let pass = try stage.pass("-i")
        pass.expectScan("the pass")
        #expect(pass.outcome.lines.sorted() == dry.outcome.lines.sorted())
        #expect(pass.outcome.lines.count > 8)
        try stage.expectSame()
    }

    @Test("S49: so does a dry run that walks, and one that falls back to walking")
    func dryRunThatWalks() throws {
        try stage.settle()
        try editMuch()
        let state = try stage.pair.stateContents()
        let walk = try stage.pass("-n", "-i", "--changes", "walk")
        let other = try stage.pass("-n", "-i", "--no-acls")
        #expect([walk, other].map(\.method) == [.walk, .walk])
        #expect(try stage.pair.stateContents() == state)
        let pass = try stage.pass("-i", "--changes", "walk")
        #expect(pass.outcome.lines.sorted() == walk.outcome.lines.sorted())
        try stage.expectSame()
    }

    @Test("a state folder that is read-only: the pass is done, and says what that means")
    func readOnlyState() throws {
        try stage.settle()
        let state = try stage.pair.stateContents()
        for round in 0..<2 {
            try stage.rewriteKeepingTime(stage.from("a/one"), salt: UInt64(30 + round))
            try Files.exchange(stage.from("b"), stage.from("c"))
            try stage.tick()
            try stage.memory.remount("ro")
            let pass = try stage.pairReportingAside.sync()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            #expect(pass.outcome.errors.contains("nothing will be remembered"), "\(pass.outcome)")
            let differences = try stage.pair.differences()
            #expect(differences.isEmpty, "round \(round): \(differences)")
            try stage.memory.remount("rw")
            #expect(try stage.pair.stateContents() == state)
        }
        // The record is of a pass before the last: what it calls unchanged has to be unchanged.
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame()
    }

    @Test("a state folder that is full: the pass is done, and the next ones are right")
    func fullState() throws {
        for index in 0..<300 { try Files.write(stage.from("a/file\(index)"), bytes("x")) }
        try stage.settle()
        try Files.write(joined(stage.outside, "filler"), [])
        try Shell.run(
            "dd if=/dev/zero of=\"$1\" bs=1M status=none || true",
            joined(stage.outside, "filler")
        )
        for index in 0..<300 { try Files.write(stage.from("b/file\(index)"), bytes("y")) }
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 33)
        let pair = stage.pairReportingAside
        let full = try pair.sync()
        #expect(full.outcome.status == 0, "\(full.outcome)")
        #expect(full.outcome.errors.contains("nothing will be remembered"), "\(full.outcome)")
        #expect(try pair.differences() == [])
        try Files.unlink(joined(stage.outside, "filler"))
        try stage.tick()
        try stage.rewriteKeepingTime(stage.from("b/one"), salt: 34)
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame()
        try stage.settledScan()
    }

    @Test("a state folder that is no folder, or whose parent is missing")
    func unusableState() throws {
        let file = joined(stage.outside, "file")
        try Files.write(file, bytes("not a folder"))
        let pair = ScanPair(
            from: stage.pair.from,
            to: stage.pair.to,
            state: file,
            reportFile: stage.pair.reportFile
        )
        let pass = try pair.sync()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.outcome.errors.contains("nothing will be remembered"), "\(pass.outcome)")
        #expect(try text(file) == "not a folder")
        #expect(try pair.differences() == [])
        let deep = ScanPair(
            from: stage.pair.from,
            to: stage.pair.to,
            state: joined(stage.outside, "missing/deep/state"),
            reportFile: stage.pair.reportFile
        )
        #expect(try deep.sync().outcome.status == 0)
        try stage.tick()
        try deep.sync().expectScan("the folders were made")
    }

    @Test("the state folder may not lie on DESTINATION, where --delete would take it")
    func stateOnDestination() throws {
        for place in [stage.to("state"), stage.pair.to] {
            let pair = ScanPair(
                from: stage.pair.from,
                to: stage.pair.to,
                state: place,
                reportFile: stage.pair.reportFile
            )
            let pass = try pair.sync()
            #expect([3, 64].contains(pass.outcome.status ?? -1), "\(pass.outcome)")
            #expect(try Files.names(stage.pair.to) == [], "nothing was touched")
        }
    }

    @Test("two reports in one file are refused")
    func sameReport() throws {
        let name = String(decoding: stage.pair.reportFile, as: UTF8.self)
        let pass = try stage.pair.sync(["--failures", name])
        #expect(pass.outcome.status == 64, "\(pass.outcome)")
        #expect(pass.outcome.errors.contains("the same file"), "\(pass.outcome)")
        #expect(try stage.pair.sync(["--failures", "/dev/null"]).outcome.status == 0)
    }

    @Test("two passes on one pair at once: the second is refused, and both records are whole")
    func twoPassesAtOnce() throws {
        try stage.settle()
        try Files.write(stage.from("large"), Lookalike.contents(3, count: 3 << 20))
        let first = try stage.pair.start("--bwlimit", "1M")
        waitUntil { ((try? Files.status(stage.pair.reportFile))?.st_size ?? 0) > 0 }
        // It tells that it has begun before it writes that down.
        usleep(500_000)
        #expect(first.isRunning)
        let other = ScanPair(
            from: stage.pair.from,
            to: stage.pair.to,
            state: stage.pair.state,
            reportFile: joined(stage.outside, "other.json")
        )
        let state = try stage.pair.stateContents()
        let second = try other.sync()
        #expect(first.isRunning, "the test came too late")
        #expect(second.outcome.status == 3, "\(second.outcome)")
        #expect(second.report.of("refused").count == 1, "\(second.report.lines)")
        #expect(try stage.pair.stateContents() == state)
        let outcome = first.wait()
        #expect(outcome.status == 0, "\(outcome)")
        try stage.expectSame()
        try stage.tick()
        try editMuch()
        try stage.expectScanFindsIt("afterwards")
    }

    @Test(
        "what others changed on DESTINATION before a scan, which did not look there, a walk finds"
    )
    func othersBeforeScan() throws {
        stage.age()
        try stage.settle()
        // Neither makes or frees an inode.
        try Files.setAttribute(stage.to("a/two"), "user.note", bytes("others"))
        try Files.link(stage.to("b/sub/extra"), to: stage.to("b/one"))
        try stage.tick()
        let scan = try stage.pass("--changes", "scan")
        scan.expectScan()
        try stage.tick()
        let walk = try stage.pass("--changes", "walk")
        walk.expectWalk()
        try stage.expectSame()
    }

    @Test("what others change on DESTINATION is found by a walk, which a pass chooses by itself")
    func changesOfDestination() throws {
        try stage.settle()
        for options in [["--changes", "walk"], []] {
            try Files.write(stage.to("a/one"), bytes("theirs"))
            try Files.unlink(stage.to("b/two"))
            try Files.write(stage.to("c/extra"), bytes("theirs"))
            // What is only in memory no counter of the device can show.
            try Shell.run("sync -f \"$1\"", stage.pair.to)
            let pass = try stage.pair.sync(options)
            pass.expectWalk()
            try stage.expectSame("\(options)")
            try stage.tick()
        }
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 44)
        try stage.expectScanFindsIt()
    }
}
