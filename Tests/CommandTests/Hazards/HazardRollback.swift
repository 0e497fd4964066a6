// DESTINATION was put back to an earlier state: an image of its disk, by cp. Size and time of what is old there can be
// those of what is new, for times are put back by users and programs.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: DESTINATION put back", .requiresVolumes, .timeLimit(.minutes(10)))
struct HazardRollback {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage(isWhole: true)
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
        stage.age()
    }

    private var image: [UInt8] { stage.destination.image }
    private var copy: [UInt8] { stage.destination.image + bytes(".old") }

    /// Copies the image as the disk has it now; `isFrozen`: of a filesystem in use.
    private func takeImage(isFrozen: Bool = false) throws {
        if isFrozen {
            try Shell.run(
                "fsfreeze -f \"$1\"; cp --sparse=always \"$2\" \"$3\"; fsfreeze -u \"$1\"",
                stage.pair.to,
                image,
                copy
            )
        } else {
            try stage.destination.changeImage("cp --sparse=always \"$1\" \"$1.old\"")
        }
    }

    private func putBack() throws {
        try stage.destination.changeImage("cp --sparse=always \"$1.old\" \"$1\"")
    }

    /// A pass that says that DESTINATION was put back, after which rsync finds nothing to do by contents.
    private func expectRepaired(
        _ options: String...,
        reason: String? = "destination_rolled_back",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let pass = try stage.pair.sync(options)
        #expect(pass.outcome.status == 0, "\(pass.outcome)", sourceLocation: sourceLocation)
        #expect(pass.method == .walk, sourceLocation: sourceLocation)
        if let reason { #expect(pass.walkReason == reason, sourceLocation: sourceLocation) }
        let notices = pass.report.of("notice").map { $0.text("notice") }
        #expect(
            notices.contains("compares_after_rollback"),
            "\(pass.outcome)",
            sourceLocation: sourceLocation
        )
        try expectEqual(sourceLocation: sourceLocation)
    }

    private func expectEqual(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let oracle = try Shell.run(
            "rsync -rnicaXAS --delete --exclude=/lost+found \"$1/\" \"$2/\"",
            stage.pair.from,
            stage.pair.to
        ).output
        #expect(oracle == "", sourceLocation: sourceLocation)
    }

    /// A pass that must end well; what the volume shows is older than the next one.
    private func pass(_ options: String...) throws {
        let pass = try stage.pair.sync(options)
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        stage.age()
    }

    private func editContents(salt: UInt64) throws {
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: salt)
        try stage.rewriteKeepingTime(stage.from("b/sub/three"), salt: salt + 1)
        // Neither the inodes nor the times of these change.
        try Files.exchange(stage.from("c/one"), stage.from("c/two"))
        stage.age()
    }

    @Test(
        "an image of before a pass that changed contents and put times back",
        .requiresTool("rsync"),
        arguments: [[], ["--changes", "walk"]]
    )
    func contents(options: [String]) throws {
        try pass()
        try takeImage()
        try editContents(salt: 50)
        let last = try stage.pair.sync(options)
        #expect(last.outcome.status == 0, "\(last.outcome)")
        stage.age()
        try putBack()
        try expectRepaired()
        // Then all is as ever.
        stage.age()
        try stage.settledScan()
    }

    @Test(
        "an image of before a pass that repaired attributes only: file, directory, xattr, flags",
        .requiresTool("rsync"),
        arguments: ["mode", "directory", "xattr", "time", "flags"]
    )
    func attributes(what: String) throws {
        try pass()
        try pass()
        try takeImage()
        switch what {
        case "mode": try Files.changeMode(stage.from("a/one"), 0o600)
        case "directory": try Files.changeMode(stage.from("a/sub"), 0o700)
        case "xattr": try Files.setAttribute(stage.from("a/one"), "user.note", bytes("new"))
        case "time": try Files.changeTime(stage.from("a"), seconds: 1_500_000_000)
        default: try Shell.run("chattr +d \"$1\"", stage.from("a/one"))
        }
        stage.age()
        try pass()
        try pass()
        try putBack()
        try expectRepaired()
        let flags = "lsattr -d \"$1\" | cut -d' ' -f1 | tr -d e-"
        let source = try Shell.run(flags, stage.from("a/one")).output
        #expect(try Shell.run(flags, stage.to("a/one")).output == source)
    }

    @Test(
        "an image of the middle of the last pass, and of the first",
        .requiresTool("rsync"),
        .requiresTool("fsfreeze"),
        arguments: [false, true]
    )
    func middle(isFirst: Bool) throws {
        if !isFirst {
            try pass()
            try editContents(salt: 60)
        }
        // Files first, then directories: contents of before are in the image, those after are not.
        try Files.makeDirectory(stage.from("a/last"))
        try Files.write(stage.from("a/last/large"), Lookalike.contents(7, count: 4 << 20))
        let words = stage.pair.words(["--bwlimit", "1M", "-w", "1"])
        let process = try Cutover.start(words, seconds: 60)
        waitUntil { Files.exists(stage.to("a/last/large")) }
        try takeImage(isFrozen: true)
        #expect(process.wait().status == 0)
        stage.age()
        try stage.rewriteKeepingTime(stage.from("a/two"), salt: 61)
        try pass()
        try putBack()
        try expectRepaired()
    }

    @Test(
        "what was put back is not forgotten by passes that do not come to their end, or are of a part",
        .requiresTool("rsync")
    )
    func inBetween() throws {
        try pass()
        try takeImage()
        try editContents(salt: 70)
        try pass()
        try putBack()
        try Files.write(stage.from("new"), bytes("new"))
        try pass("--branch", "new")
        try Files.makeDirectory(stage.from("d"))
        try Files.write(stage.from("d/large"), Lookalike.contents(7, count: 8 << 20))
        let process = try Cutover.start(stage.pair.words(["--bwlimit", "1M", "-w", "1"]))
        waitUntil { Files.exists(stage.to("d/large")) }
        process.send(SIGINT)
        #expect(process.wait().status == 20)
        try expectRepaired(reason: "last_pass_unfinished")
    }

    @Test("S8: a pass that has nothing to do leaves the time of DESTINATION's root alone")
    func nothingToDo() throws {
        try pass()
        try pass()
        let before = try Files.status(stage.pair.to).st_ctim
        try pass()
        try pass("--changes", "walk")
        let after = try Files.status(stage.pair.to).st_ctim
        #expect(before.tv_sec == after.tv_sec && before.tv_nsec == after.tv_nsec)
    }

    @Test(
        "where the state was lost, the pass names --checksum, which finds what time does not tell",
        .requiresTool("rsync")
    )
    func stateLost() throws {
        try pass()
        try takeImage()
        try editContents(salt: 80)
        try pass()
        try putBack()
        try Files.removeTree(stage.pair.state)
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0)
        #expect(pass.outcome.errors.contains("--checksum"), "\(pass.outcome)")
        #expect(try stage.pass("--checksum").outcome.status == 0)
        try expectEqual()
    }
}
