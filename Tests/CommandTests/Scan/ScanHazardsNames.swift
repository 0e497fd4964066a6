// "Change scan": inodes and names. A number that comes back is not the inode that was recorded, a
// changed inode has all its names, and an exchange of two files leaves no trace but in their
// directories.

import Glibc
import TestSupport
import Testing

@Suite(
    "Change scan: reused inodes, links, exchanged files",
    .requiresVolumes,
    .timeLimit(.minutes(10))
)
struct ScanHazardsNames {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
    }

    /// Gives `path` to a new entry that has an inode number which was free a moment ago in `place`.
    ///
    /// Files get numbers near those of their directory, directories of all allocation groups in
    /// turn, and XFS frees a number a moment after its last name went (Linux 5.14), later under load: hence many tries.
    private func give(
        _ path: [UInt8],
        inode wanted: UInt64,
        freedIn place: [UInt8],
        _ make: ([UInt8]) throws -> Void
    ) throws {
        var tries: [[UInt8]] = []
        var isFound = false
        while !isFound && tries.count < 1_000 {
            let name = joined(place, "try\(tries.count)")
            try make(name)
            tries.append(name)
            isFound = try inode(name) == wanted
            usleep(1000)
        }
        try #require(isFound, "the inode number \(wanted) did not come back")
        try Files.rename(tries.removeLast(), to: path)
        for name in tries { try Files.removeTree(name) }
    }

    private func makeLookalike(_ path: [UInt8], salt: UInt64) throws {
        try Files.write(path, Lookalike.contents(salt, count: 700))
        let time = Lookalike.times[0]
        try Files.changeTime(path, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    // MARK: Inode numbers that come back

    @Test("an inode number reused for a file of the same name, size and time")
    func reusedForTwin() throws {
        try stage.settle()
        let path = stage.from("a/one")
        let number = try inode(path)
        try Files.unlink(path)
        try give(path, inode: number, freedIn: stage.from("a")) { try makeLookalike($0, salt: 900) }
        try stage.expectScanFindsIt()
    }

    @Test("an inode number reused under another name, in another directory")
    func reusedElsewhere() throws {
        try stage.settle()
        let number = try inode(stage.from("a/one"))
        try Files.unlink(stage.from("a/one"))
        try give(stage.from("b/new"), inode: number, freedIn: stage.from("a")) {
            try makeLookalike($0, salt: 901)
        }
        try stage.expectScanFindsIt("a new name")
        try stage.tick()
        let second = try inode(stage.from("a/two"))
        try Files.unlink(stage.from("a/two"))
        try Files.unlink(stage.from("c/one"))
        try give(stage.from("c/one"), inode: second, freedIn: stage.from("a")) {
            try makeLookalike($0, salt: 902)
        }
        try stage.expectScanFindsIt("the name of another that went")
    }

    @Test("an inode number reused by another type: file, directory, symlink")
    func reusedByOtherTypes() throws {
        try Files.makeDirectory(stage.from("a/empty"))
        try stage.settle()
        let file = try inode(stage.from("a/one"))
        try Files.unlink(stage.from("a/one"))
        try give(stage.from("a/one"), inode: file, freedIn: stage.from("a")) {
            try Files.makeDirectory($0)
        }
        try makeLookalike(stage.from("a/one/inside"), salt: 903)
        try stage.expectScanFindsIt("file, then directory")
        try stage.tick()
        let directory = try inode(stage.from("a/empty"))
        try Files.removeTree(stage.from("a/empty"))
        try give(stage.from("a/empty"), inode: directory, freedIn: stage.from("b")) {
            try makeLookalike($0, salt: 904)
        }
        try stage.expectScanFindsIt("directory, then file")
        try stage.tick()
        let last = try inode(stage.from("a/empty"))
        try Files.unlink(stage.from("a/empty"))
        try give(stage.from("a/empty"), inode: last, freedIn: stage.from("b")) {
            try Files.link(symbolic: $0, to: bytes("target"))
        }
        try stage.expectScanFindsIt("file, then symlink")
    }

    @Test("a directory's inode number reused by a directory with the same names inside")
    func reusedByDirectory() throws {
        try stage.settle()
        let number = try inode(stage.from("a/sub"))
        try Files.removeTree(stage.from("a/sub"))
        try give(stage.from("a/sub"), inode: number, freedIn: stage.from("a")) {
            try Files.makeDirectory($0)
        }
        for (index, name) in ["three", "four"].enumerated() {
            try makeLookalike(stage.from("a/sub/" + name), salt: UInt64(910 + index))
        }
        let time = Lookalike.times[0]
        try Files.changeTime(
            stage.from("a/sub"),
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec
        )
        try stage.expectScanFindsIt()
    }

    // MARK: Files without a new ctime

    @Test("two files of one size and time exchanged: their ctimes tell nothing")
    func exchangedFiles() throws {
        try stage.settle()
        for (one, other) in [("a/one", "a/two"), ("a/two", "b/sub/three")] {
            let names = [stage.from(one), stage.from(other)]
            let times = try names.map(Files.changeNanoseconds)
            try Files.exchange(names[0], names[1])
            #expect(try names.map(Files.changeNanoseconds) == times.reversed())
            try stage.expectScanFindsIt("\(one), \(other)")
            try stage.tick()
        }
    }

    @Test("a file renamed over another of the same size and time, in one directory and across")
    func renamedOver() throws {
        try stage.settle()
        try Files.rename(stage.from("a/one"), to: stage.from("a/two"))
        try Files.rename(stage.from("b/sub/three"), to: stage.from("c/one"))
        try stage.expectScanFindsIt()
    }

    @Test("a file from beside SOURCE, as old as the rest, takes a name in it")
    func strangersTakeNames() throws {
        for (index, name) in ["x", "y", "z"].enumerated() {
            try makeLookalike(joined(stage.aside, name), salt: UInt64(920 + index))
        }
        try stage.settle()
        try Files.exchange(joined(stage.aside, "x"), stage.from("a/one"))
        try Files.rename(joined(stage.aside, "y"), to: stage.from("a/two"))
        try Files.link(stage.from("b/linked"), to: joined(stage.aside, "z"))
        try stage.expectScanFindsIt()
    }

    // MARK: Links

    /// One file named in all three folders and beside SOURCE.
    private func makeGroup() throws {
        for name in ["a/sub/linked", "b/linked", "c/linked"] {
            try Files.link(stage.from(name), to: stage.from("a/one"))
        }
        try Files.link(joined(stage.aside, "linked"), to: stage.from("a/one"))
    }

    @Test("a file with names in several directories, changed by any name, also one beside SOURCE")
    func changedByOneName() throws {
        try makeGroup()
        try stage.settle()
        let names = [stage.from("c/linked"), stage.from("a/sub/linked")]
        for (index, name) in (names + [joined(stage.aside, "linked")]).enumerated() {
            try stage.rewriteKeepingTime(name, salt: UInt64(940 + index))
            try stage.expectScanFindsIt(Comment(rawValue: shown(name)))
            try stage.tick()
        }
        try Files.setAttribute(joined(stage.aside, "linked"), "user.note", bytes("all"))
        try stage.expectScanFindsIt("an attribute")
    }

    @Test("names come, go and move, while the file does not change")
    func namesMove() throws {
        try makeGroup()
        try stage.settle()
        try Files.link(stage.from("b/sub/more"), to: stage.from("c/linked"))
        try stage.expectScanFindsIt("one more")
        try stage.tick()
        try Files.unlink(stage.from("a/one"))
        try stage.expectScanFindsIt("one less")
        try stage.tick()
        try Files.rename(stage.from("b/linked"), to: stage.from("c/sub/linked"))
        try stage.expectScanFindsIt("one renamed")
        try stage.tick()
        try Files.rename(stage.from("a/sub"), to: stage.from("c/moved"))
        try stage.expectScanFindsIt("one in a directory that moved")
        try stage.tick()
        for name in ["c/linked", "b/sub/more", "c/moved/linked", "c/sub/linked"] {
            try Files.unlink(stage.from(name))
        }
        try stage.expectScanFindsIt("only the name beside SOURCE is left")
        try stage.tick()
        try Files.link(stage.from("a/back"), to: joined(stage.aside, "linked"))
        try stage.expectScanFindsIt("and it comes back")
    }

    @Test("a name leaves its group for a file of the same size and time; two groups mix")
    func groupsMix() throws {
        try makeGroup()
        for name in ["a/second", "b/sub/second"] {
            try Files.link(stage.from(name), to: stage.from("b/one"))
        }
        try stage.settle()
        try makeLookalike(stage.from("b/fresh"), salt: 950)
        try Files.rename(stage.from("b/fresh"), to: stage.from("b/linked"))
        try stage.expectScanFindsIt("a file of its own")
        try stage.tick()
        // No inode changes its ctime, and both groups keep their counts.
        try Files.exchange(stage.from("c/linked"), stage.from("b/sub/second"))
        try stage.expectScanFindsIt("names exchanged between groups")
        try stage.tick()
        try Files.exchange(stage.from("c/linked"), stage.from("c/one"))
        try stage.expectScanFindsIt("a name exchanged with a file that has one")
        try stage.tick()
        try stage.rewriteKeepingTime(stage.from("c/one"), salt: 951)
        try stage.expectScanFindsIt("and then the group is written")
    }
}
