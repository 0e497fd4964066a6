// S23-S25: directories get their attributes last, fail once, and inherit nothing.

import Glibc
import TestSupport
import Testing

@Suite("Directories, S23-S25", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(5)))
struct RulesDirectories {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "S23: mtimes of directories stand at the end, with any number of workers",
        arguments: [1, 3, 30]
    )
    func directoryTimes(workers: Int) throws {
        for branch in 0..<6 {
            for sub in ["", "/a", "/a/b", "/c"] {
                let directory = stage.source("branch\(branch)\(sub)")
                try Files.makeDirectory(directory)
                for index in 0..<5 {
                    try Files.write(joined(directory, "f\(index)"), bytes("\(index)"))
                }
            }
        }
        func age() throws {
            for (index, name) in ([[]] + (try Files.tree(stage.from))).enumerated() {
                try Files.changeTime(
                    joined(stage.from, name),
                    seconds: 1_000_000_000 + index,
                    nanoseconds: 1 + index
                )
            }
        }
        try age()
        try stage.pass("--workers", "\(workers)")
        try stage.expectSame("first pass")
        // Create, remove and rename inside, then pretend that nothing happened to the directories.
        for branch in 0..<6 {
            let directory = stage.source("branch\(branch)/a/b")
            try Files.write(joined(directory, "new"), bytes("new"))
            try Files.unlink(joined(directory, "f0"))
            try Files.rename(joined(directory, "f1"), to: joined(directory, "renamed"))
            try Files.write(joined(directory, "f2"), bytes("rewritten"))
        }
        try age()
        try stage.pass("--workers", "\(workers)")
        try stage.expectSame("after changes inside")
        try stage.expectNothingToDo()
    }

    @Test("S23: a new directory is 0700 until it is complete")
    func newDirectoriesAreClosed() throws {
        try Files.makeDirectory(stage.source("open"), mode: 0o777)
        try Files.changeOwner(stage.source("open"), 1001, 1001)
        try Files.makeDirectory(stage.source("open/inner"), mode: 0o2777)
        try Files.write(stage.source("open/inner/file"), bytes("x"))
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let made = trace.calls.filter { $0.name.hasPrefix("mkdir") && $0.concerns(stage.to) }
        #expect(made.count == 2 && made.allSatisfy { $0.text.contains("0700") }, "\(made)")
        try stage.expectSame()
    }

    @Test("S24: a directory that cannot be made is one failure, and all below it is left alone")
    func directoryThatCannotBeMade() throws {
        try Files.makeDirectory(stage.source("branch"))
        for index in 0..<20 { try Files.write(stage.source("branch/f\(index)"), bytes("x")) }
        try Files.makeDirectory(stage.source("branch/deeper"))
        try Files.write(stage.source("other"), bytes("x"))
        try Files.changeTime(stage.source("branch"), seconds: 1_000_000_000)
        // A file that is a mount point can be neither removed nor renamed over, even by root.
        try Files.write(stage.destination("branch"), bytes("in the way"))
        let over = joined(stage.outside, "over")
        try Files.write(over, bytes("mounted over it"))
        try Shell.run("mount --bind \"$1\" \"$2\"", over, stage.destination("branch"))
        let report = joined(stage.outside, "failures")
        let outcome = try stage.attempt(
            "--delete",
            "--failures",
            String(decoding: report, as: UTF8.self)
        )
        #expect(outcome.status == 23, "\(outcome)")
        let failures = try JSONReport(report)
        #expect(failures.lines.count == 1, "\(failures.lines)")
        failures.expectFailure(
            path: "branch",
            side: "destination",
            activity: "enter another filesystem",
            errno: nil
        )
        #expect(try text(stage.destination("branch")) == "mounted over it")
        #expect(try text(stage.destination("other")) == "x")
        #expect(try stage.leftovers() == [])
    }

    @Test("S25: default ACLs and setgid of DESTINATION's directories never leak into what is made")
    func nothingIsInherited() throws {
        for name in ["", "branch"] {
            let directory = name.isEmpty ? stage.to : stage.destination(name)
            if !name.isEmpty { try Files.makeDirectory(directory) }
            try Files.changeOwner(directory, 0, 555)
            try Files.changeMode(directory, 0o2777)
            // One of them narrows even the owner: mkdir then makes less than it was asked for.
            let list = AccessList(
                owner: name.isEmpty ? 7 : 3,
                users: [(600, 7)],
                groups: [(601, 7)],
                mask: 7,
                other: 7
            )
            try Files.setACL(directory, list, isDefault: true)
        }
        for branch in ["", "branch"] {
            let root = branch.isEmpty ? stage.from : stage.source(branch)
            if !branch.isEmpty { try Files.makeDirectory(root) }
            try StandardTree.permissions(root)
            try StandardTree.special(root)
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test(
        "S25: flags that a directory of DESTINATION passes on do not stay on what is made",
        .requiresTool("chattr")
    )
    func flagsArePassedOn() throws {
        try Files.makeDirectory(stage.source("d"))
        try stage.pass()
        try Shell.run("chattr +dAS \"$1\"", stage.destination("d"))
        try Shell.run(
            "mkdir -p \"$1/new/inner\"; for f in file new/file new/inner/file; do echo x >\"$1/$f\"; done",
            stage.source("d")
        )
        try stage.pass()
        try stage.expectSame()
        let flags = try Shell.run(
            "cd \"$1\"; find d -exec lsattr -d {} + | awk '$1 ~ /[SAd]/'",
            stage.to
        )
        #expect(flags.lines.isEmpty, "\(flags)")
        try stage.expectNothingToDo()
    }

    @Test("S25: SOURCE's own default ACLs do not reach what was made before them")
    func ownDefaultListsAreExact() throws {
        try StandardTree.attributes(stage.from)
        let parent = stage.source("parent")
        try Files.makeDirectory(joined(parent, "plain"))
        try Files.removeAttribute(joined(parent, "plain"), AccessList.accessName)
        try Files.removeAttribute(joined(parent, "plain"), AccessList.defaultName)
        try Files.changeMode(joined(parent, "plain"), 0o711)
        try stage.pass()
        try stage.expectSame()
        try Files.write(joined(parent, "later"), bytes("inherits on SOURCE"))
        try Files.removeAttribute(joined(parent, "later"), AccessList.accessName)
        try Files.changeMode(joined(parent, "later"), 0o604)
        try stage.pass()
        try stage.expectSame()
    }
}
