// "Change scan": directories that moved. What lies below them keeps its inodes and its ctimes, so
// that nothing in the scan's answer tells of it but the directories' own names.
//
// Every folder here has the same names, sizes and times of modification as every other, and other
// contents: a file that is compared by size and time with the wrong one looks up to date.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: directories that moved", .requiresVolumes, .timeLimit(.minutes(10)))
struct ScanHazardsMoves {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, branch) in ["left", "right"].enumerated() {
            try Files.makeDirectory(stage.from(branch))
            try stage.makeFolder(stage.from(branch + "/folder"), salt: UInt64(10 + index))
            try stage.makeFolder(stage.from(branch + "/other"), salt: UInt64(20 + index))
        }
    }

    /// The ctimes of what a move must not touch; a test that lost its point fails here.
    private func times(below path: [UInt8]) throws -> [[UInt8]: Int] {
        var found: [[UInt8]: Int] = [:]
        for name in try Files.tree(path) {
            found[name] = try Files.changeNanoseconds(joined(path, name))
        }
        #expect(!found.isEmpty)
        return found
    }

    @Test("a directory renamed into another branch: its files keep their ctimes")
    func movedDirectory() throws {
        try stage.settle()
        let before = try times(below: stage.from("left/folder"))
        let inodes = try inodes(below: stage.to("left/folder"))
        try Files.rename(stage.from("left/folder"), to: stage.from("right/moved"))
        #expect(try times(below: stage.from("right/moved")) == before)
        let pass = try stage.expectScanFindsIt()
        #expect(pass.bytesCopied == 0, "it is renamed on DESTINATION, not copied")
        #expect(try self.inodes(below: stage.to("right/moved")) == inodes)
    }

    @Test(
        "S23: the root gets its time back when a directory left it or came, and SOURCE's time was put back",
        arguments: [true, false]
    )
    func rootKeepsTime(leaves: Bool) throws {
        try stage.makeFolder(stage.from("top"), salt: 30)
        try stage.settle()
        let time = try Files.status(stage.pair.from).st_mtim
        let (old, new) = leaves ? ("top", "right/top") : ("left/folder", "folder")
        try Files.rename(stage.from(old), to: stage.from(new))
        try Files.changeTime(stage.pair.from, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
        let pass = try stage.expectScanFindsIt()
        #expect(pass.bytesCopied == 0, "it is renamed on DESTINATION, not copied")
    }

    @Test("two directories of one parent exchanged: they keep their ctimes themselves")
    func exchangedWithinParent() throws {
        try stage.settle()
        let names = ["left/folder", "left/other"].map(stage.from)
        let times = try names.map(Files.changeNanoseconds)
        try Files.exchange(names[0], names[1])
        #expect(try names.map(Files.changeNanoseconds) == times.reversed())
        try stage.expectScanFindsIt()
    }

    @Test(
        "a directory left SOURCE, another took its name, and what was in it moved on",
        arguments: [("folder", "other"), ("other", "folder")]
    )
    func nameOfOneThatLeft(gone: String, other: String) throws {
        stage.age()
        try stage.settle()
        try Files.rename(stage.from("left/\(gone)/sub"), to: stage.from("right/sub"))
        try Files.rename(stage.from("left/\(gone)"), to: joined(stage.aside, "gone"))
        try Files.rename(stage.from("left/\(other)"), to: stage.from("left/\(gone)"))
        try stage.expectScanFindsIt("what moved on is not what the other has of that name")
        stage.age()
        try stage.settledScan()
        try Files.rename(joined(stage.aside, "gone"), to: stage.from("right/back"))
        try stage.expectScanFindsIt("it came back, and DESTINATION has nothing of it")
    }

    @Test("a new directory took the name of one that left SOURCE, and others moved into it")
    func newDirectoryTookTheName() throws {
        stage.age()
        try stage.settle()
        try Files.rename(stage.from("left/folder/sub"), to: stage.from("right/sub"))
        try Files.rename(stage.from("left/folder"), to: joined(stage.aside, "gone"))
        try Files.makeDirectory(stage.from("left/folder"))
        try Files.rename(stage.from("left/other/sub"), to: stage.from("left/folder/sub"))
        try stage.expectScanFindsIt("what moved on is not what the new one has of that name")
        stage.age()
        try stage.settledScan()
        try Files.rename(joined(stage.aside, "gone"), to: stage.from("right/back"))
        try stage.expectScanFindsIt("it came back")
    }

    @Test("a directory moved, a new one took its name, and others moved into that")
    func newDirectoryInThePlaceOfOneThatMoved() throws {
        stage.age()
        try stage.settle()
        try Files.rename(stage.from("left/folder"), to: stage.from("right/moved"))
        try Files.makeDirectory(stage.from("left/folder"))
        try Files.rename(stage.from("left/other/sub"), to: stage.from("left/folder/sub"))
        try Files.rename(stage.from("right/other/sub"), to: stage.from("left/folder/sub2"))
        try stage.expectScanFindsIt()
    }

    @Test("directories of two parents exchanged, and three in a ring")
    func exchangedAcrossParents() throws {
        try stage.settle()
        try Files.exchange(stage.from("left/folder"), stage.from("right/other"))
        try stage.expectScanFindsIt("two")
        try stage.tick()
        try Files.exchange(stage.from("left/folder"), stage.from("left/other"))
        try Files.exchange(stage.from("left/other"), stage.from("right/folder"))
        try stage.expectScanFindsIt("three")
        try stage.tick()
        // Below each other's parents, one level apart.
        try Files.exchange(stage.from("left/folder"), stage.from("right/other/sub"))
        try stage.expectScanFindsIt("at two depths")
    }

    @Test("a directory exchanged with a file, in one directory and across two")
    func exchangedWithFile() throws {
        try Files.write(stage.from("left/file"), bytes("a file"))
        try stage.settle()
        try Files.exchange(stage.from("left/file"), stage.from("left/folder"))
        try stage.expectScanFindsIt("in one directory")
        try stage.tick()
        try Files.exchange(stage.from("left/folder"), stage.from("right/folder"))
        try stage.expectScanFindsIt("across two")
    }

    @Test("two directories that take each other's names by three renames")
    func exchangedByRenames() throws {
        try stage.settle()
        try Files.rename(stage.from("left/folder"), to: stage.from("spare"))
        try Files.rename(stage.from("right/folder"), to: stage.from("left/folder"))
        try Files.rename(stage.from("spare"), to: stage.from("right/folder"))
        try stage.expectScanFindsIt()
    }

    @Test(
        "a directory renamed and changed inside, before and after",
        arguments: [true, false]
    )
    func movedAndChanged(changesFirst: Bool) throws {
        try stage.settle()
        let (old, new) = (stage.from("left/folder"), stage.from("right/moved"))
        if !changesFirst { try Files.rename(old, to: new) }
        let place = changesFirst ? old : new
        try stage.rewriteKeepingTime(joined(place, "one"), salt: 99)
        try Files.unlink(joined(place, "two"))
        try Files.write(joined(place, "three"), bytes("new"))
        try Files.exchange(joined(place, "sub/three"), joined(place, "sub/four"))
        try Files.changeMode(place, 0o700)
        try Files.setAttribute(place, "user.note", bytes("moved"))
        if changesFirst { try Files.rename(old, to: new) }
        try stage.expectScanFindsIt()
    }

    @Test("a directory renamed, and its old name taken by another with the same names inside")
    func oldNameTaken() throws {
        try stage.settle()
        try Files.rename(stage.from("left/folder"), to: stage.from("left/moved"))
        try stage.makeFolder(stage.from("left/folder"), salt: 77)
        try stage.expectScanFindsIt("by a new one")
        try stage.tick()
        try Files.rename(stage.from("left/folder"), to: stage.from("right/again"))
        try Files.rename(stage.from("right/other"), to: stage.from("left/folder"))
        try stage.expectScanFindsIt("by an old one")
    }

    @Test("a directory moved into one that moved too, and out of one that moved")
    func movedIntoMoved() throws {
        try stage.settle()
        try Files.rename(stage.from("left/folder"), to: stage.from("right/other/inside"))
        try Files.rename(stage.from("right/other"), to: stage.from("left/place"))
        try stage.expectScanFindsIt("the first into the second, which then moves")
        try stage.tick()
        try Files.rename(stage.from("left/place"), to: stage.from("right/again"))
        try Files.rename(stage.from("left/other"), to: stage.from("right/again/late"))
        try stage.expectScanFindsIt("the first moves, then the second into it")
        try stage.tick()
        try Files.rename(stage.from("right/again/inside"), to: stage.from("left/out"))
        try Files.rename(stage.from("right/again"), to: stage.from("left/out/under"))
        try stage.expectScanFindsIt("out of it, and then above it")
    }

    @Test("parent and child take each other's places")
    func parentBecomesChild() throws {
        try stage.settle()
        try Files.rename(stage.from("left/folder/sub"), to: stage.from("left/sub"))
        try Files.rename(stage.from("left/folder"), to: stage.from("left/sub/folder"))
        try stage.expectScanFindsIt("the child above the parent")
        try stage.tick()
        // The same names as before: what was `folder` is now called `sub`, and the reverse.
        try Files.rename(stage.from("right/folder/sub"), to: stage.from("right/spare"))
        try Files.rename(stage.from("right/folder"), to: stage.from("right/spare/sub"))
        try Files.rename(stage.from("right/spare"), to: stage.from("right/folder"))
        try stage.expectScanFindsIt("under the old names")
    }

    @Test("a whole branch renamed, two branches exchanged, and one moved below the other")
    func branches() throws {
        try stage.settle()
        try Files.rename(stage.from("left"), to: stage.from("renamed"))
        try stage.expectScanFindsIt("renamed")
        try stage.tick()
        try Files.exchange(stage.from("renamed"), stage.from("right"))
        try stage.expectScanFindsIt("exchanged")
        try stage.tick()
        try Files.rename(stage.from("renamed"), to: stage.from("right/below"))
        try stage.expectScanFindsIt("moved below")
    }

    @Test("a directory moved into new ones, over an empty one, and in place of a file")
    func placesThatAreNew() throws {
        try Files.makeDirectory(stage.from("left/empty"))
        try Files.write(stage.from("left/file"), bytes("a file"))
        try stage.settle()
        try Files.makeDirectory(stage.from("new"))
        try Files.makeDirectory(stage.from("new/deep"))
        try Files.rename(stage.from("left/folder"), to: stage.from("new/deep/folder"))
        try Files.rename(stage.from("left/other"), to: stage.from("left/empty"))
        try Files.unlink(stage.from("left/file"))
        try Files.rename(stage.from("right/folder"), to: stage.from("left/file"))
        try stage.expectScanFindsIt()
    }

    @Test("directories come from beside SOURCE, old as they are, and go there and return")
    func acrossTheRoot() throws {
        let strange = joined(stage.aside, "strange")
        try stage.makeFolder(strange, salt: 50)
        try stage.makeFolder(joined(stage.aside, "second"), salt: 51)
        try stage.settle()
        try Files.rename(strange, to: stage.from("left/strange"))
        try Files.exchange(joined(stage.aside, "second"), stage.from("right/folder"))
        try stage.expectScanFindsIt("what was never seen comes in")
        try stage.tick()
        try Files.rename(stage.from("left/folder"), to: joined(stage.aside, "away"))
        try stage.expectScanFindsIt("one goes away")
        try stage.tick()
        try stage.rewriteKeepingTime(joined(stage.aside, "away/sub/three"), salt: 98)
        try stage.tick()
        try stage.settledScan()
        try Files.rename(joined(stage.aside, "away"), to: stage.from("left/folder"))
        try stage.expectScanFindsIt("it comes back, changed while it was away")
        try stage.tick()
        // Away and back between two passes: only the parents' ctimes have moved, and the folder's.
        try Files.rename(stage.from("left/folder"), to: joined(stage.aside, "away"))
        try stage.rewriteKeepingTime(joined(stage.aside, "away/one"), salt: 97)
        try Files.rename(joined(stage.aside, "away"), to: stage.from("left/folder"))
        try stage.expectScanFindsIt("away and back")
    }

    @Test("a directory with links, symlinks, specials and odd names moves")
    func allTypesMove() throws {
        let folder = stage.from("left/folder")
        try Files.link(joined(folder, "linked"), to: stage.from("right/folder/one"))
        try Files.link(joined(folder, "sub/linked"), to: joined(folder, "two"))
        try Files.link(symbolic: joined(folder, "symlink"), to: bytes("target"))
        try Files.makeNode(joined(folder, "pipe"), S_IFIFO | 0o640)
        try Files.makeDirectory(joined(folder, "empty"))
        for name in Lookalike.names.suffix(3) {
            try Files.write(joined(folder, name), bytes("odd"))
        }
        try stage.settle()
        try Files.rename(folder, to: stage.from("right/new\nname"))
        try stage.expectScanFindsIt()
        try stage.tick()
        try stage.rewriteKeepingTime(stage.from("right/folder/one"), salt: 96)
        try stage.expectScanFindsIt("a link into what has moved is still known")
    }

    @Test("a directory moved without --delete: the old place keeps its copy, the new one is whole")
    func movedWithoutDelete() throws {
        try stage.tick()
        for _ in 0..<2 {
            let pass = try stage.pair.sync(deletes: false)
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            try stage.tick()
        }
        let before = try TreeImage(stage.to("left/folder"))
        try Files.rename(stage.from("left/folder"), to: stage.from("right/moved"))
        try stage.rewriteKeepingTime(stage.from("right/moved/one"), salt: 95)
        let pass = try stage.pair.sync(deletes: false)
        pass.expectScan()
        let old = before.differences(try TreeImage(stage.to("left/folder")))
        #expect(old.isEmpty, "nothing is taken from DESTINATION: \(old.map(shown))")
        let new = try TreeImage(stage.from("right/moved"))
            .differences(TreeImage(stage.to("right/moved")))
        #expect(new.isEmpty, "\(new.map(shown))")
        try stage.tick()
        // With --delete what the earlier pass left is an extra.
        let last = try stage.pass()
        #expect(last.outcome.status == 0, "\(last.outcome)")
        try stage.expectSame()
    }

    @Test("50,000 files under a renamed directory: none is copied, all keep their inodes")
    func largeMove() throws {
        let stage = try ScanStage(megabytes: 900)
        try Files.makeDirectory(stage.from("old"))
        for branch in 0..<10 {
            let directory = stage.from("old/\(branch)")
            try Files.makeDirectory(directory)
            for index in 0..<5000 { try Files.write(joined(directory, "\(index)"), bytes("x")) }
        }
        try stage.settle()
        let before = try inodes(below: stage.to("old"))
        try Files.rename(stage.from("old"), to: stage.from("new"))
        try stage.rewriteKeepingTime(stage.from("new/3/333"), salt: 1)
        let pass = try stage.pass()
        pass.expectScan()
        #expect(pass.bytesCopied <= 1 && pass.filesCopied <= 1, "\(pass.outcome)")
        #expect(!Files.exists(stage.to("old")))
        let after = try inodes(below: stage.to("new"))
        #expect(after.count == 50_010)
        let others = after.filter { before[$0.key] != $0.value }.keys
        #expect(others.allSatisfy { $0 == bytes("3/333") }, "\(others.count) have another inode")
        #expect(try stage.pair.differences() == [])
    }

    private func inodes(below path: [UInt8]) throws -> [[UInt8]: UInt64] {
        var found: [[UInt8]: UInt64] = [:]
        for entry in try Files.typedTree(path) {
            found[entry.path] = try inode(joined(path, entry.path))
        }
        return found
    }
}
