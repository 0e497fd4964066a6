// S26, S45, S46: a tree of DESTINATION stands where SOURCE has something else, and cannot be removed.
// That is one failure, or one refusal; the pass ends.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: trees in the way, S26, S45, S46", .requiresVolumes, .timeLimit(.minutes(30)))
struct HazardTypes {
    let stage: Stage

    init() throws {
        stage = try Stage()
        try Files.write(stage.source("name"), bytes("a file on SOURCE"))
        try Files.write(stage.source("beside"), bytes("beside"))
        for name in ["name", "name/inner"] { try Files.makeDirectory(stage.destination(name)) }
        try Files.write(stage.destination("name/inner/kept"), bytes("kept"))
    }

    private func expectKept(_ outcome: Outcome, _ statuses: [Int32]) throws {
        #expect(statuses.contains(outcome.status ?? -1), "\(outcome)")
        #expect(try text(stage.destination("name/inner/kept")) == "kept")
        #expect(try text(stage.destination("beside")) == "beside")
        #expect(try stage.leftovers() == [])
    }

    @Test("S26, S45: --max-delete keeps it")
    func limit() throws {
        try expectKept(try stage.attempt("--delete", "--max-delete", "0", seconds: 20), [23, 25])
    }

    @Test("S26, S45: a name in it is excluded, hence protected")
    func excluded() throws {
        try expectKept(try stage.attempt("--delete", "--exclude", "kept", seconds: 20), [23])
    }

    @Test("S26, S46: something in it is immutable")
    func immutable() throws {
        try Shell.run("chattr +i \"$1\"", stage.destination("name/inner/kept"))
        try expectKept(try stage.attempt("--delete", seconds: 20), [23])
        try Shell.run("chattr -i \"$1\"", stage.destination("name/inner/kept"))
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S26, S46: another filesystem is mounted in it")
    func mountPoint() throws {
        try Files.makeDirectory(stage.destination("name/inner/mounted"))
        try Shell.run("mount -t tmpfs none \"$1\"", stage.destination("name/inner/mounted"))
        try Files.write(stage.destination("name/inner/mounted/file"), bytes("elsewhere"))
        let outcome = try stage.attempt("--delete", seconds: 20)
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try text(stage.destination("name/inner/mounted/file")) == "elsewhere")
        #expect(try text(stage.destination("beside")) == "beside")
    }

    @Test("S18, S26: DESTINATION's disk fails while it is removed", .requiresFaultTable)
    func brokenDisk() throws {
        let words = ["sync", "--delete"].map { bytes($0) } + [stage.from, stage.to]
        let outcome = try Cutover.run(
            bytes: words,
            environment: ["CUTOVER_FAULTS=unlinkat:1:EIO:*"],
            seconds: 20
        )
        #expect(outcome.status == 11, "\(outcome)")
        #expect(try text(stage.destination("name/inner/kept")) == "kept")
    }
}

@Suite("Hazard: inherited rights, S25", .requiresVolumes, .timeLimit(.minutes(30)))
struct HazardInheritance {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "S25: a default ACL that denies its owner writing hinders nothing below it",
        arguments: 0..<8
    )
    func denyingDefaults(owner: Int) throws {
        try Files.makeDirectory(stage.source("parent"))
        let list = AccessList(owner: owner, users: [(7, 1)], group: 0, mask: 1, other: 0)
        try Files.setACL(stage.source("parent"), list, isDefault: true)
        try stage.pass()
        // New entries below a directory that both sides have: they inherit on DESTINATION.
        try Files.makeDirectory(stage.source("parent/new"))
        try Files.makeDirectory(stage.source("parent/new/inner"))
        for name in ["parent/file", "parent/new/file"] {
            try Files.write(stage.source(name), bytes("contents"))
        }
        try Files.makeNode(stage.source("parent/pipe"), S_IFIFO | 0o640)
        try Files.link(symbolic: stage.source("parent/link"), to: bytes("file"))
        try stage.pass()
        try stage.expectSame("default ACL with owner \(owner)")
    }
}
