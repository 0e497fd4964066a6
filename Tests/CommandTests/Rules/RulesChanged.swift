// S6, S8-S11: what counts as changed, and what happens to what did not change.

import Glibc
import TestSupport
import Testing

@Suite(
    "What counts as changed, S6-S11",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesChanged {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S6: a rewrite of the same size within the same second is copied")
    func sameSecondSameSize() throws {
        try Files.write(stage.source("file"), bytes("before"))
        try Files.changeTime(stage.source("file"), seconds: 1_700_000_000, nanoseconds: 1)
        try stage.pass()
        try Files.write(stage.source("file"), bytes("AFTER!"))
        try Files.changeTime(stage.source("file"), seconds: 1_700_000_000, nanoseconds: 2)
        try stage.pass()
        #expect(try text(stage.destination("file")) == "AFTER!")
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S6: where ext4 has 128-byte inodes nothing is copied again for ever")
    func coarseTimes() throws {
        try withVolumes(destination: .ext4(["-I", "128"])) { xfs, ext4 in
            let stage = Stage(xfs.mountPoint, ext4.mountPoint)
            try StandardTree.plain(stage.from)
            try Files.makeDirectory(stage.source("times"))
            try StandardTree.times(stage.source("times"))
            try stage.pass()
            for branch in ["a", "b", ".hidden"] {
                try Shell.run(
                    "diff -r \"$1\" \"$2\"",
                    stage.source(branch),
                    stage.destination(branch)
                )
            }
            try ext4.remount(options: "nodev")
            try stage.expectNothingToDo("seconds until 2038")
            // What the coarse time can show is still seen.
            try Files.write(stage.source("loose"), bytes("another text\n"))
            try Files.changeTime(stage.source("loose"), seconds: 1_500_000_000, nanoseconds: 5)
            try stage.pass()
            #expect(try text(stage.destination("loose")) == "another text\n")
            try stage.expectNothingToDo("after a change")
        }
    }

    @Test(
        "S64: times that DESTINATION cannot hold are told once, and verify takes them for equal",
        arguments: [LoopVolume.Kind.ext4(["-I", "128"]), .xfs(["-m", "bigtime=0"])]
    )
    func clampedTimes(kind: LoopVolume.Kind) throws {
        try withVolumes(destination: kind) { xfs, target in
            let stage = Stage(xfs.mountPoint, target.mountPoint)
            let late = 4_000_000_000
            for name in ["one", "two", "usual"] { try Files.write(stage.source(name), bytes(name)) }
            for name in ["one", "two"] { try Files.changeTime(stage.source(name), seconds: late) }
            try Files.changeTime(stage.source("usual"), seconds: 1_700_000_000)
            let file = joined(try Scratch.directory(), Scratch.uniqueName("report"))
            let runs: [([String], Int32)] = [
                (["sync", "--delete", "-n"], 0), (["sync", "--delete"], 0),
                (["sync", "--delete", "--changes", "walk"], 0), (["verify"], 0),
                (["verify", "--metadata"], 0),
            ]
            for (words, status) in runs {
                let outcome = try Cutover.run(
                    bytes: (words + ["--json"]).map { bytes($0) } + [file, stage.from, stage.to]
                )
                #expect(outcome.status == status, "\(words): \(outcome)")
                let told = try JSONReport(file).notices("clamped_times")
                #expect(told.count == 1, "\(words): \(outcome)")
                #expect(told.first?.number("entries") == 2, "\(told)")
                let path = told.first?.path ?? []
                #expect(["one", "two"].map { bytes($0) }.contains(path), "\(told)")
            }
            let found = try Files.status(stage.destination("one")).st_mtim.tv_sec
            #expect(found == Int(Int32.max), "the test is about nothing: \(found)")
            try stage.expectNothingToDo()
        }
    }

    @Test(
        "S8: attributes of an up-to-date file are repaired in place: no new inode, no data written"
    )
    func attributesAreRepaired() throws {
        let data = [UInt8](repeating: 7, count: 100_000)
        for name in ["source", "destination"] { try Files.write(stage.source(name), data) }
        try stage.pass()
        let before = try (
            inode(stage.destination("source")), inode(stage.destination("destination"))
        )
        for path in [stage.source("source"), stage.destination("destination")] {
            let time = try Files.status(path).st_mtim
            try Files.changeOwner(path, 4242, 4343)
            try Files.changeMode(path, 0o4711)
            try Files.setAttribute(path, "user.changed", bytes("yes"))
            try Files.setACL(path, AccessList(users: [(9, 6)], mask: 6))
            try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        }
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        try stage.expectSame()
        let after = try (
            inode(stage.destination("source")), inode(stage.destination("destination"))
        )
        #expect(before == after)
        let rewriting = [
            "write", "pwrite", "ftruncate", "rename", "link", "unlink", "copy_file_range",
        ]
        let calls = trace.changes(in: stage.to, unnamed: false).filter { call in
            rewriting.contains { call.hasPrefix($0) }
        }
        #expect(calls.isEmpty, "\(calls)")
    }

    @Test("S9: symlinks by target, devices by number, specials by type, directories by attributes")
    func otherTypes() throws {
        for root in [stage.from, stage.to] {
            let other = root == stage.to
            try Files.link(symbolic: joined(root, "link"), to: bytes(other ? "aaaa" : "bbbb"))
            try Files.makeNode(
                joined(root, "device"),
                S_IFCHR | 0o600,
                device: other ? 0x103 : 0x105
            )
            try Files.makeNode(joined(root, "special"), (other ? S_IFIFO : S_IFSOCK) | 0o600)
            try Files.makeDirectory(joined(root, "directory"), mode: other ? 0o700 : 0o751)
            try Files.link(symbolic: joined(root, "same"), to: bytes("cccc"))
            for name in ["link", "device", "special", "same"] {
                try Files.changeTime(joined(root, name), seconds: 1_600_000_000)
            }
        }
        let kept = try (inode(stage.destination("directory")), inode(stage.destination("same")))
        try stage.pass()
        try stage.expectSame()
        #expect(
            try kept == (inode(stage.destination("directory")), inode(stage.destination("same")))
        )
        try stage.expectNothingToDo()
    }

    @Test("S10: access times are neither compared nor moved on SOURCE")
    func accessTimes() throws {
        try StandardTree.plain(stage.from)
        try StandardTree.sparse(stage.from)
        try StandardTree.loops(stage.from)
        let before = try Snapshot(stage.from, agesAccess: true)
        try stage.pass()
        let moved = try before.changes()
        #expect(moved.isEmpty, "\(moved)")
        try stage.expectSame()
        for name in try Files.tree(stage.to) { try Files.ageAccess(joined(stage.to, name)) }
        try stage.expectNothingToDo("atimes and ctimes differ everywhere")
    }

    @Test("S10: nor where no view of SOURCE can be had", .requiresFaultTable)
    func accessTimesWithoutViews() throws {
        try StandardTree.plain(stage.from)
        let before = try Snapshot(stage.from, agesAccess: true)
        let outcome = try Cutover.run(
            bytes: [bytes("sync"), stage.from, stage.to],
            environment: ["CUTOVER_FAULTS=open_tree:1:EPERM:*"]
        )
        #expect(outcome.status == 0, "\(outcome)")
        let moved = try before.changes()
        #expect(moved.isEmpty, "\(moved)")
    }

    @Test("S11: --checksum finds what size and time hide")
    func checksum() throws {
        for (root, contents) in [(stage.from, "right"), (stage.to, "wrong")] {
            try Files.write(joined(root, "file"), bytes(contents))
            try Files.changeTime(joined(root, "file"), seconds: 1_600_000_000, nanoseconds: 5)
        }
        try stage.pass()
        #expect(try text(stage.destination("file")) == "wrong", "size and mtime agree (S6)")
        try stage.pass("--checksum")
        #expect(try text(stage.destination("file")) == "right")
        let before = try inode(stage.destination("file"))
        try stage.pass("--checksum")
        #expect(
            try inode(stage.destination("file")) == before,
            "equal contents are not copied again"
        )
    }

    @Test("S11: --size-only copies no data for a time, --ignore-times copies always")
    func sizeOnlyAndIgnoreTimes() throws {
        try Files.write(stage.source("file"), bytes("same!"))
        try stage.pass()
        let before = try inode(stage.destination("file"))
        try Files.write(stage.source("file"), bytes("other"))
        try Files.changeTime(stage.source("file"), seconds: 1_600_000_000)
        try stage.pass("--size-only")
        #expect(try text(stage.destination("file")) == "same!")
        #expect(try inode(stage.destination("file")) == before)
        #expect(try Files.status(stage.destination("file")).st_mtim.tv_sec == 1_600_000_000)
        try stage.pass("--ignore-times")
        #expect(try text(stage.destination("file")) == "other")
        #expect(try inode(stage.destination("file")) != before)
        try stage.expectSame()
    }
}
