// S18, S43: a DESTINATION that takes no more: space, inodes, read-only. What was good stays, no
// part of a file is left, what is missing is counted; and room that deleting makes is used.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: a full DESTINATION, S18", .requiresVolumes, .timeLimit(.minutes(30)))
struct HazardFull {
    let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// A pass onto a small ext4 volume, after one that put `good` there.
    private func onSmallVolume(
        _ words: [String],
        megabytes: Int,
        fill: () throws -> Void,
        _ body: (Stage, LoopVolume) throws -> Void
    ) throws {
        let volume = try LoopVolume(.ext4(words), megabytes: megabytes)
        defer { volume.destroy() }
        let stage = Stage(workspace.source, volume.mountPoint)
        for name in ["good", "tree"] { try Files.makeDirectory(stage.source(name)) }
        try Files.write(stage.source("good/file"), bytes("good"))
        try Files.write(stage.source("tree/old"), bytes("old contents"))
        try stage.pass()
        try fill()
        try body(stage, volume)
    }

    /// One pass that DESTINATION must stop; answers its summary line.
    private func stopped(_ stage: Stage, _ options: [String] = []) throws -> (Outcome, JSON) {
        let file = joined(workspace.outside, "report")
        let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [file, stage.from, stage.to])
        #expect(outcome.status == 11, "\(outcome)")
        #expect(try stage.leftovers() == [])
        #expect(try text(stage.destination("good/file")) == "good")
        let report = try JSONReport(file)
        #expect(report.of("stopped").count == 1)
        return (outcome, try #require(report.of("summary").last))
    }

    @Test(
        "S18: no space, in files, directories and large files copied in ranges",
        arguments: [1, 30]
    )
    func space(workers: Int) throws {
        var random = SeededRandom(seed: 77)
        let from = workspace.source
        try onSmallVolume([], megabytes: 200) {
            for index in 0..<20 {
                try Files.makeDirectory(joined(from, "d\(index)"))
                try Files.write(joined(from, "d\(index)/file"), random.bytes(5 << 20))
            }
            try Files.write(joined(from, "tree/old"), random.bytes(3 << 20))
            try Shell.run("dd if=/dev/urandom of=\"$1\"/large bs=1M count=190 status=none", from)
        } _: { stage, volume in
            let good = try Files.status(stage.destination("good/file")).st_ino
            let (outcome, summary) = try stopped(stage, ["--workers", "\(workers)"])
            #expect(try Files.status(stage.destination("good/file")).st_ino == good)
            #expect(summary["stop"]?.text("reason") == "full", "\(summary)")
            // The error is ENOSPC with no inodes left, too; what to do about it differs.
            let advice = summary["stop"]?.text("advice") ?? ""
            #expect(advice.hasPrefix("Make DESTINATION larger (lvextend"), "\(summary)")
            #expect(outcome.errorsUnwrapped.contains(advice), "\(outcome)")
            #expect((summary.number("entries_missing") ?? 0) > 0, "\(summary)")
            let needed = summary["stop"]?.number("needed_bytes") ?? 0
            #expect(needed > 1 << 20, "\(summary)")
            let wrong = try TreeImage(stage.from).falseCopies(in: TreeImage(stage.to))
            #expect(wrong == [], "\(wrong.map(shown))")
            let old = try Files.status(stage.destination("tree/old")).st_size
            #expect(old == 12 || old == 3 << 20, "a part took the old file's place")
            // With room the next pass makes good.
            try Files.unlink(stage.source("large"))
            try stage.pass()
            try stage.expectSame()
        }
    }

    @Test("S18: no inodes: told apart from no space, with how many are needed", arguments: [1, 30])
    func inodes(workers: Int) throws {
        let from = workspace.source
        try onSmallVolume(["-N", "200"], megabytes: 60) {
            for branch in 0..<4 {
                try Files.makeDirectory(joined(from, "b\(branch)"))
                for index in 0..<100 { try Files.write(joined(from, "b\(branch)/f\(index)"), [1]) }
            }
        } _: { stage, _ in
            let (outcome, summary) = try stopped(stage, ["--workers", "\(workers)"])
            let advice = summary["stop"]?.text("advice") ?? ""
            #expect(advice.contains("mkfs.ext4 -N COUNT"), "\(summary)")
            #expect(outcome.errorsUnwrapped.contains(advice), "\(outcome)")
            let needed = summary["stop"]?.number("needed_inodes") ?? 0
            let free = summary["stop"]?.number("free_inodes") ?? .max
            // 408 entries do not fit into some 200 inodes; the sum leaves little to chance.
            #expect((150...420).contains(needed) && free < 20, "\(summary)")
            let missing = try Files.tree(stage.from).count - Files.tree(stage.to).count + 1
            let told = summary.number("entries_missing") ?? 0
            #expect(abs(told - missing) <= workers + 4, "\(told) told, \(missing) missing")
        }
    }

    @Test("S18: read-only: told, and nothing is there that was not")
    func readOnly() throws {
        let from = workspace.source
        try onSmallVolume([], megabytes: 40) {
            try StandardTree.plain(from)
        } _: { stage, volume in
            try volume.remount(options: "nodev,ro")
            let before = try Snapshot(stage.to)
            let (outcome, _) = try stopped(stage, ["--no-check"])
            #expect(outcome.errors.contains("read-only"), "\(outcome)")
            #expect(try before.changes() == [])
        }
    }

    @Test("S43: extras at the root go first: what they free is there for what is new")
    func deletionMakesRoom() throws {
        var random = SeededRandom(seed: 78)
        let from = workspace.source
        try onSmallVolume([], megabytes: 64) {
            for index in 0..<6 { try Files.write(joined(from, "f\(index)"), random.bytes(5 << 20)) }
        } _: { stage, _ in
            try Files.makeDirectory(stage.destination("extra"))
            for index in 0..<6 {
                try Files.write(stage.destination("extra/f\(index)"), random.bytes(5 << 20))
            }
            try stage.pass()
            try stage.expectSame()
        }
    }
}
