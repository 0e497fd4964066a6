// S26-S31, S39: changes of type, symlinks that lead elsewhere, owners, times, devices.

import Glibc
import TestSupport
import Testing

@Suite(
    "Types, owners and times, S26-S31, S39",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesTypes {
    let stage: Stage

    init() throws { stage = try Stage() }

    private static let types: [(name: String, make: @Sendable ([UInt8]) throws -> Void)] = [
        ("file", { try Files.write($0, bytes("file")) }),
        (
            "directory",
            {
                try Files.makeDirectory($0)
                try Files.makeDirectory(joined($0, "inner"))
                try Files.write(joined($0, "inner/file"), bytes("inside"))
            }
        ),
        ("symlink", { try Files.link(symbolic: $0, to: bytes("nowhere")) }),
        ("fifo", { try Files.makeNode($0, S_IFIFO | 0o640) }),
        ("socket", { try Files.makeNode($0, S_IFSOCK | 0o640) }),
        ("character", { try Files.makeNode($0, S_IFCHR | 0o640, device: 0xf001) }),
        ("block", { try Files.makeNode($0, S_IFBLK | 0o640, device: 0xf002) }),
    ]

    @Test("S26: every type becomes every other type")
    func allTypeChanges() throws {
        for old in Self.types {
            for new in Self.types {
                let name = "\(old.name)-\(new.name)"
                try old.make(stage.destination(name))
                try new.make(stage.source(name))
            }
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S26: without --delete a directory stays, and the failure names both types")
    func directoriesNeedDelete() throws {
        // Names that no sentence has of itself.
        for (name, old, new) in [
            ("x", "directory", "file"), ("y", "directory", "symlink"), ("z", "file", "directory"),
        ] {
            for type in Self.types where type.name == old { try type.make(stage.destination(name)) }
            for type in Self.types where type.name == new { try type.make(stage.source(name)) }
        }
        let report = joined(stage.outside, "failures")
        let outcome = try stage.attempt("--failures", String(decoding: report, as: UTF8.self))
        #expect(outcome.status == 23, "\(outcome)")
        for name in ["x", "y", "z"] {
            #expect(try text(stage.destination(name + "/inner/file")) == "inside")
        }
        let told = try JSONReport(report)
        #expect(told.lines.count == 2, "\(told.lines)")
        for (name, types) in [("x", "directory by regular file"), ("y", "directory by symlink")] {
            let line = told.expectFailure(
                path: name,
                side: "destination",
                activity: "replace by another type",
                errno: nil
            )
            #expect(line?.text("detail") == types, "\(told.lines)")
        }
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S27: symlinks and specials are made beside their place and renamed over")
    func specialsAreRenamedOver() throws {
        let names = ["link", "fifo", "device"]
        for (root, word, device) in [(stage.from, "new", 0xf001), (stage.to, "old", 0xf002)]
            as [([UInt8], String, dev_t)]
        {
            try Files.link(symbolic: joined(root, "link"), to: bytes(word))
            try Files.makeNode(joined(root, "fifo"), (word == "new" ? S_IFIFO : S_IFSOCK) | 0o600)
            try Files.makeNode(joined(root, "device"), S_IFCHR | 0o600, device: device)
        }
        let trace = try stage.trace()
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        try stage.expectSame()
        for name in names {
            let renamed = trace.calls.contains { call in
                call.name.hasPrefix("rename") && call.text.contains("\".cutover.")
                    && call.text.contains("\"\(name)\"")
            }
            #expect(renamed, "\(name) was not renamed over: \(trace.changes(in: stage.to))")
            let removed = trace.calls.contains { call in
                call.name.hasPrefix("unlink") && call.text.contains("\"\(name)\"")
            }
            #expect(!removed, "\(name) was missing for a moment")
        }
    }

    @Test("S28: a symlink of DESTINATION in the place of a directory is replaced, never followed")
    func symlinksAreNotFollowed() throws {
        let canary = joined(stage.outside, "canary")
        try Files.makeDirectory(canary)
        try Files.write(joined(canary, "file"), bytes("untouched"))
        try Files.makeDirectory(joined(canary, "extra"))
        try Files.makeDirectory(stage.source("branch"))
        try Files.makeDirectory(stage.source("branch/inner"))
        for name in ["branch/file", "branch/inner/file"] {
            try Files.write(stage.source(name), bytes("new"))
        }
        try Files.makeDirectory(stage.destination("branch"))
        try Files.link(symbolic: stage.destination("branch/inner"), to: canary)
        try Files.link(symbolic: stage.destination("branch/file"), to: joined(canary, "file"))
        try Files.link(symbolic: stage.destination("extra"), to: canary)
        let before = try Snapshot(canary)
        try stage.pass()
        try stage.expectSame()
        #expect(try before.changes() == [])
        #expect(try text(joined(canary, "file")) == "untouched")
    }

    @Test("S28: a symlink of SOURCE is copied as it is, wherever it leads")
    func sourceSymlinksAreNotFollowed() throws {
        try StandardTree.loops(stage.from)
        try Files.link(symbolic: stage.source("outside"), to: stage.outside)
        try Files.write(joined(stage.outside, "secret"), bytes("not copied"))
        try stage.pass()
        try stage.expectSame()
        #expect(try Files.names(stage.to) == Files.names(stage.from))
    }

    @Test("S29: numeric owners and all twelve mode bits")
    func ownersAndModes() throws {
        try StandardTree.permissions(stage.from)
        try StandardTree.unreadable(stage.from)
        try stage.pass()
        try stage.expectSame()
        for name in try Files.tree(stage.to) {
            try Files.changeOwner(joined(stage.to, name), 1, 1)
            try Files.changeMode(joined(stage.to, name), 0o700)
        }
        try stage.pass()
        try stage.expectSame("repaired")
        try stage.expectNothingToDo()
    }

    @Test("S30: mtimes on every type, before 1970 and after 2038, to the nanosecond")
    func timesOfEveryType() throws {
        try StandardTree.times(stage.from)
        try stage.pass()
        try stage.expectSame()
        for name in try Files.tree(stage.to) {
            try Files.changeTime(joined(stage.to, name), seconds: 1_444_444_444, nanoseconds: 4)
        }
        try stage.pass()
        try stage.expectSame("repaired")
        try stage.expectNothingToDo()
    }

    @Test(
        "S31: not root: owners stay, devices are skipped and counted, said once",
        .requiresTool("setpriv")
    )
    func notRoot() throws {
        try StandardTree.plain(stage.from)
        for index in 0..<5 {
            try Files.write(stage.source("owned\(index)"), bytes("x"))
            try Files.changeOwner(stage.source("owned\(index)"), uid_t(1000 + index), 1000)
        }
        try Files.makeNode(stage.source("device"), S_IFCHR | 0o666, device: 0xf001)
        try Files.makeNode(stage.source("fifo"), S_IFIFO | 0o644)
        let outcome = try Unprivileged.sync(stage)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(!Files.exists(stage.destination("device")))
        #expect(try Files.status(stage.destination("fifo")).st_mode & S_IFMT == S_IFIFO)
        for index in 0..<5 {
            let status = try Files.status(stage.destination("owned\(index)"))
            #expect(status.st_uid == Unprivileged.user)
            #expect(
                status.st_mtim.tv_nsec
                    == (try Files.status(stage.source("owned\(index)"))).st_mtim.tv_nsec
            )
        }
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("cutover: not root: ") } == 1, "\(outcome)")
        let skipped = "Skipped 1 device, FIFO or socket: not root, or"
        #expect(outcome.errorsUnwrapped.contains(skipped), "\(outcome)")
        #expect(!outcome.errors.contains("owned"), "said of a file: \(outcome)")
    }

    @Test("S39: devices with large numbers, FIFOs and sockets, with all their attributes")
    func specialFiles() throws {
        try StandardTree.special(stage.from)
        for (index, name) in ["fifo", "socket", "null", "block"].enumerated() {
            try Files.setACL(stage.source(name), AccessList(owner: 6, users: [(index, 4)], mask: 4))
            try Files.setAttribute(stage.source(name), "trusted.note", bytes(name))
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }
}
