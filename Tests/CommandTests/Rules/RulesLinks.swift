// S40-S42: hard links, wherever their names are, and groups that change between passes.

import Glibc
import TestSupport
import Testing

@Suite("Hard links, S40-S42", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(5)))
struct RulesLinks {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "S40: every name of an inode is one inode, across branches, for any number of workers",
        arguments: [1, 30]
    )
    func linksAreKept(workers: Int) throws {
        try StandardTree.links(stage.from)
        for branch in 0..<20 {
            try Files.makeDirectory(stage.source("branch\(branch)"))
            for file in 0..<10 {
                let path = stage.source("branch\(branch)/f\(file)")
                if branch == 0 {
                    try Files.write(path, bytes("contents of \(file)"))
                } else {
                    try Files.link(path, to: stage.source("branch0/f\(file)"))
                }
            }
        }
        try stage.pass("--workers", "\(workers)")
        try stage.expectSame()
        #expect(try Files.status(stage.destination("branch7/f3")).st_nlink == 20)
        try stage.expectNothingToDo()
    }

    @Test("S40: names that appear later join their group")
    func laterNamesJoin() throws {
        try Files.makeDirectory(stage.source("a"))
        try Files.write(stage.source("a/file"), bytes("shared"))
        try stage.pass()
        let before = try inode(stage.destination("a/file"))
        try Files.makeDirectory(stage.source("b"))
        try Files.link(stage.source("b/file"), to: stage.source("a/file"))
        try Files.link(stage.source("file"), to: stage.source("a/file"))
        try stage.pass()
        try stage.expectSame()
        #expect(try inode(stage.destination("b/file")) == before, "the data was copied again")
    }

    @Test("S40: --no-hard-links makes a file of each name")
    func linksCanBeOff() throws {
        try Files.write(stage.source("a"), bytes("shared"))
        try Files.link(stage.source("b"), to: stage.source("a"))
        try stage.pass("--no-hard-links")
        #expect(try inode(stage.destination("a")) != inode(stage.destination("b")))
        #expect(try text(stage.destination("b")) == "shared")
    }

    @Test("S41: more names than ext4 allows: a fresh copy leads the rest, told but no failure")
    func tooManyLinks() throws {
        let names = 66_000
        try Files.write(stage.source("leader"), bytes("shared"))
        for branch in 0..<66 {
            try Files.makeDirectory(stage.source("d\(branch)"))
            for index in 0..<(names / 66) {
                try Files.link(stage.source("d\(branch)/\(index)"), to: stage.source("leader"))
            }
        }
        let (outcome, report) = try stage.reported()
        #expect(outcome.status == 0, "\(outcome)")
        let found = try Shell.run(
            "find \"$1\" -type f -printf '%i %n %s\\n' | sort | uniq -c",
            stage.to
        )
        let rows = found.lines.map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(rows.count == 2, "\(found)")
        #expect(rows.map { $0[0] }.reduce(0, +) == names + 1, "\(found)")
        #expect(rows.allSatisfy { $0[0] == $0[2] && $0[2] <= 65_000 && $0[3] == 6 }, "\(found)")
        let notices = report.notices("link_limit_reached")
        #expect(notices.map { $0.number("limit") } == [65_000], "\(notices)")
        try stage.expectNothingToDo()
    }

    @Test(
        "S42: a name that left its group is a file of its own, even with equal contents and times"
    )
    func namesThatLeft() throws {
        for name in ["a", "b"] { try Files.makeDirectory(stage.source(name)) }
        try Files.write(stage.source("a/one"), bytes("shared"))
        for name in ["a/two", "b/three"] {
            try Files.link(stage.source(name), to: stage.source("a/one"))
        }
        try stage.pass()
        try stage.expectSame("one group")
        let old = try inode(stage.destination("a/one"))

        try Files.unlink(stage.source("b/three"))
        try Files.write(stage.source("b/three"), bytes("shared"))
        try Files.changeTime(stage.source("b/three"), like: stage.source("a/one"))
        try stage.pass()
        try stage.expectSame("regrouped")
        #expect(try inode(stage.destination("b/three")) != inode(stage.destination("a/one")))
        let now = try ["a/one", "b/three"].map { try inode(stage.destination($0)) }
        #expect(now.contains(old), "both groups were copied again")

        try Files.write(stage.source("b/three"), bytes("written alone"))
        try stage.pass()
        #expect(try text(stage.destination("a/one")) == "shared")
        try stage.expectSame("written")
        try stage.expectNothingToDo()
    }

    @Test("S42: groups exchanged, merged and split in one delta")
    func groupsAreRegrouped() throws {
        for (first, second) in [("a1", "a2"), ("b1", "b2"), ("c1", "c2")] {
            try Files.write(stage.source(first), bytes("group of " + first))
            try Files.link(stage.source(second), to: stage.source(first))
        }
        for name in ["alone", "joins"] { try Files.write(stage.source(name), bytes(name)) }
        try stage.pass()
        // a2 and b2 change places; c splits; "joins" becomes a name of "alone".
        try Files.rename(stage.source("a2"), to: stage.source("moving"))
        try Files.rename(stage.source("b2"), to: stage.source("a2"))
        try Files.rename(stage.source("moving"), to: stage.source("b2"))
        try Files.unlink(stage.source("c2"))
        try Files.write(stage.source("c2"), bytes("group of c1"))
        try Files.unlink(stage.source("joins"))
        try Files.link(stage.source("joins"), to: stage.source("alone"))
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S42: links that only DESTINATION has are never written through")
    func foreignLinksAreNotWrittenThrough() throws {
        for name in ["a", "b"] { try Files.write(stage.source(name), bytes("same contents")) }
        try Files.changeTime(stage.source("b"), like: stage.source("a"))
        try Files.write(stage.destination("a"), bytes("same contents"))
        try Files.link(stage.destination("b"), to: stage.destination("a"))
        try Files.changeTime(stage.destination("a"), like: stage.source("a"))
        try Files.changeMode(stage.source("b"), 0o600)
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S42, S49: a large file takes a name from an inode that two names of SOURCE part from")
    func largeFileLeavesSharedInode() throws {
        var random = SeededRandom(seed: 17)
        try Files.write(stage.source("large"), random.bytes(130 << 20))
        try Files.link(stage.source("twin"), to: stage.source("large"))
        try stage.pass()
        // Two inodes from now on; `twin` is what both were, but for its mode.
        try Files.unlink(stage.source("twin"))
        try Shell.run("cp -p \"$1\" \"$2\"", stage.source("large"), stage.source("twin"))
        try Files.changeMode(stage.source("twin"), 0o640)
        try Files.overwrite(stage.source("large"), bytes("!"), at: 100 << 20)
        let planned = try stage.attempt("-n", "-i", "-w", "1").lines.sorted()
        let done = try stage.attempt("-i", "-w", "1").lines.sorted()
        #expect(planned == done)
        // Both files, and the root, whose time has moved.
        #expect(done.count == 3)
        try stage.expectSame()
        try stage.expectNothingToDo()
    }
}
