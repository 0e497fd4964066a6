// `cutover check` between two passes: it must not cost the next one its scan, and must not hide what somebody else did.

import Glibc
import TestSupport
import Testing

@Suite("check: the scan of the next pass", .requiresVolumes, .timeLimit(.minutes(10)))
struct CheckKeepsScan {
    private let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
        try stage.settle()
    }

    private func check() throws -> CheckRun {
        let run = try CheckRun(stage.pair.from, stage.pair.to, state: stage.pair.state)
        #expect(run.outcome.status == 0, "\(run.outcome)")
        return run
    }

    @Test("a check of a copy that nobody touched tries nothing out, and the next pass scans")
    func untouched() throws {
        let root = try Files.status(stage.pair.to)
        let state = try stage.pair.stateContents()
        let run = try check()
        #expect(run.severity("probe") == "ok", "\(run.outcome)")
        #expect(run.lines("probe").first?.text("probe") == "untouched")
        let after = try Files.status(stage.pair.to)
        #expect(after.st_ctim.tv_sec == root.st_ctim.tv_sec)
        #expect(after.st_ctim.tv_nsec == root.st_ctim.tv_nsec)
        #expect(try stage.pair.stateContents() == state)
        // What can be known without a write is told all the same.
        #expect(run.severity("times") == "ok" && run.severity("names") == "ok")
        try Files.write(stage.from("a/new"), bytes("new"))
        try stage.tick()
        let pass = try stage.pass()
        pass.expectScan("after a check")
        try stage.expectSame()
    }

    @Test(
        "what somebody else made before or after the check makes the next pass walk, with its reason"
    )
    func touched() throws {
        try Files.write(stage.to("foreign"), bytes("x"))
        let run = try check()
        // Nothing is lost by trying out: the next pass walks anyway.
        #expect(run.severity("probe") == "no finding probe", "\(run.outcome)")
        let pass = try stage.pass("--delete")
        pass.expectWalk()
        #expect(pass.outcome.errors.contains("something else changed DESTINATION's root"))
        #expect(pass.walkReason == "destination_root_changed")
        #expect(!Files.exists(stage.to("foreign")))
        try stage.tick()
        try stage.settledScan()
        // What it tells was looked at above.
        _ = try check()
        try Files.write(stage.to("foreign"), bytes("y"))
        let other = try stage.pass("--delete")
        other.expectWalk()
        #expect(!Files.exists(stage.to("foreign")))
        try stage.expectSame()
    }

    @Test("what was removed deeper down makes the next pass walk, though a check came after it")
    func deeper() throws {
        // Of a whole volume the inodes are counted.
        let stage = try ScanStage(isWhole: true)
        try stage.makeFolder(stage.from("a"), salt: 1)
        try stage.settle()
        try Files.unlink(stage.to("a/two"))
        let run = try CheckRun(stage.pair.from, stage.pair.to, state: stage.pair.state)
        #expect(run.severity("probe") == "no finding probe", "\(run.outcome)")
        let pass = try stage.pass()
        pass.expectWalk()
        try stage.expectSame()
    }
}
