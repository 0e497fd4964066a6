// S32-S38: extended attributes and ACLs, what DESTINATION cannot hold, and what is not to be
// copied.

import Glibc
import TestSupport
import Testing

@Suite(
    "Attributes and ACLs, S32-S38",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(5))
)
struct RulesAttributes {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S32: extra attributes go, changed ones are replaced, on every type, up to date or not")
    func everyTypeKeepsExactAttributes() throws {
        let names = ["file", "directory", "link", "fifo", "socket", "device"]
        try Files.write(stage.source("file"), bytes("x"))
        try Files.makeDirectory(stage.source("directory"))
        try Files.link(symbolic: stage.source("link"), to: bytes("file"))
        try Files.makeNode(stage.source("fifo"), S_IFIFO | 0o600)
        try Files.makeNode(stage.source("socket"), S_IFSOCK | 0o600)
        try Files.makeNode(stage.source("device"), S_IFCHR | 0o600, device: 0xf001)
        try stage.pass()
        for (index, name) in names.enumerated() {
            let space = index < 2 ? ["user", "trusted", "security"] : ["trusted", "security"]
            for word in space {
                try Files.setAttribute(stage.source(name), "\(word).new", bytes("new"))
                try Files.setAttribute(stage.source(name), "\(word).changed", bytes("right"))
                try Files.setAttribute(stage.destination(name), "\(word).changed", bytes("wrong"))
                try Files.setAttribute(stage.destination(name), "\(word).extra", bytes("extra"))
                try Files.setAttribute(stage.source(name), "\(word).empty", [])
            }
        }
        try stage.pass()
        try stage.expectSame()
        for name in names {
            #expect(try Files.attribute(stage.destination(name), "trusted.extra") == nil)
            #expect(
                try Files.attribute(stage.destination(name), "trusted.changed") == bytes("right")
            )
            #expect(try Files.attribute(stage.destination(name), "security.empty") == [])
        }
        try stage.expectNothingToDo()
    }

    @Test("S32: file capabilities survive a change of owner")
    func capabilities() throws {
        let file = stage.source("file")
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20] + [UInt8](repeating: 0, count: 14)
        try Files.write(file, bytes("x"))
        try stage.pass()
        try Files.changeOwner(file, 1001, 1001)
        try Files.setAttribute(file, "security.capability", capability)
        try stage.pass()
        #expect(try Files.attribute(stage.destination("file"), "security.capability") == capability)
        // Only the owner differs now: repairing it must not lose the capability.
        try Files.changeOwner(stage.destination("file"), 7, 7)
        try Files.setAttribute(stage.destination("file"), "security.capability", capability)
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "S33: shadows of ACLs are not planted on ext4, and are removed where rsync planted them"
    )
    func shadowsAreNotCopied() throws {
        try StandardTree.attributes(stage.from)
        try Shell.run("rsync -raXAS \"$1\"/ \"$2\"/", stage.from, stage.to)
        let planted = try Shell.run("getfattr -Rhd -m trusted.SGI -- \"$1\"", stage.to)
        try #require(planted.output.contains("SGI_ACL_FILE"), "rsync no longer plants shadows")
        try Files.makeDirectory(stage.source("new"))
        try StandardTree.attributes(stage.source("new"))
        try stage.pass()
        let found = try Shell.run("getfattr -Rhd -m trusted.SGI -- \"$1/new\"", stage.to)
        #expect(found.output == "")
        let differences = try Oracle.differences(stage.source("new"), stage.destination("new"))
        #expect(differences == [])
        try stage.expectNothingToDo()
    }

    @Test("S34: a SOURCE without attributes is no error")
    func sourceWithoutAttributes() throws {
        let mounted = joined(stage.outside, "ramfs")
        try Files.makeDirectory(mounted)
        try Shell.run("mount -t ramfs none \"$1\"", mounted)
        try StandardTree.plain(mounted)
        try Files.write(stage.destination("loose"), bytes("x"))
        try Files.setAttribute(stage.destination("loose"), "user.extra", bytes("goes"))
        try Cutover.pass(mounted, stage.to)
        #expect(try Files.attribute(stage.destination("loose"), "user.extra") == nil)
        try Shell.run("diff -r \"$1\" \"$2\"", mounted, stage.to)
    }

    @Test("S34: attributes that cannot be read fail their entry, which keeps its old copy")
    func unreadableAttributes() throws {
        for name in ["victim", "other"] { try Files.write(stage.source(name), bytes("old")) }
        try stage.pass()
        for name in ["victim", "fresh", "other"] {
            try Files.write(stage.source(name), bytes("newer"))
        }
        // Descriptors show their paths in full, or from their own mount where that is detached.
        var words = ["-e", "inject=listxattr,llistxattr,flistxattr:error=EIO"]
        for name in ["victim", "fresh"] {
            words += ["-P", String(decoding: stage.source(name), as: UTF8.self), "-P", "/" + name]
        }
        let trace = try stage.trace(
            calls: ["listxattr", "llistxattr", "flistxattr"],
            strace: words
        )
        #expect(trace.calls.contains { $0.text.contains("INJECTED") }, "nothing was made to fail")
        #expect(!Files.exists(stage.destination("fresh")))
        #expect(trace.outcome.status == 23, "\(trace.outcome)")
        #expect(try text(stage.destination("victim")) == "old")
        #expect(try text(stage.destination("other")) == "newer")
        #expect(try stage.leftovers() == [])
    }

    @Test("S35: an attribute too large for ext4 is named with its size; the data is in place")
    func attributesThatDoNotFit() throws {
        let file = stage.source("file")
        try Files.write(file, bytes("the data"))
        try Files.setAttribute(file, "user.small", bytes("fits"))
        try Files.setAttribute(file, "user.large", [UInt8](repeating: 0x61, count: 20_000))
        try Files.write(stage.source("other"), bytes("other"))
        let report = joined(stage.outside, "failures")
        for turn in ["first", "second"] {
            let outcome = try stage.attempt(
                "--delete",
                "--failures",
                String(decoding: report, as: UTF8.self)
            )
            #expect(outcome.status == 23, "\(turn): \(outcome)")
            let failures = try JSONReport(report)
            #expect(failures.lines.count == 1, "\(failures.lines)")
            let line = failures.expectFailure(
                path: "file",
                side: "destination",
                activity: "set attribute",
                errno: "ENOSPC"
            )
            let detail = line?.text("detail") ?? ""
            #expect(detail.contains("user.large") && detail.contains("20000"), "\(detail)")
            #expect(try text(stage.destination("file")) == "the data")
            #expect(try text(stage.destination("other")) == "other")
            #expect(try Files.attribute(stage.destination("file"), "user.small") == bytes("fits"))
            #expect(try Files.attribute(stage.destination("file"), "user.large") == nil)
        }
        let before = try inode(stage.destination("file"))
        #expect(try stage.attempt("--delete").status == 23)
        #expect(try inode(stage.destination("file")) == before, "the data was copied again")
        let times = try (
            Files.status(file).st_mtim, Files.status(stage.destination("file")).st_mtim
        )
        #expect(times.0.tv_sec == times.1.tv_sec && times.0.tv_nsec == times.1.tv_nsec)
    }

    @Test("S35: with ea_inode it fits")
    func largeAttributesFit() throws {
        let ext4 = try LoopVolume(.ext4(["-O", "ea_inode"]), megabytes: 64)
        defer { ext4.destroy() }
        let stage = Stage(stage.from, ext4.mountPoint)
        try Files.write(stage.source("file"), bytes("the data"))
        for index in 0..<4 {
            let value = [UInt8](repeating: UInt8(index), count: 20_000 + index)
            try Files.setAttribute(stage.source("file"), "user.large\(index)", value)
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S36: an ACL that SOURCE no longer has is removed, access and default")
    func removedLists() throws {
        for (name, make) in [("file", false), ("directory", true)] {
            let path = stage.source(name)
            if make { try Files.makeDirectory(path) } else { try Files.write(path, bytes("x")) }
            try Files.setACL(path, AccessList(users: [(5, 7)], mask: 7))
            if make { try Files.setACL(path, AccessList(users: [(6, 7)]), isDefault: true) }
        }
        try Files.makeNode(stage.source("fifo"), S_IFIFO | 0o600)
        try Files.setACL(stage.source("fifo"), AccessList(users: [(5, 4)], mask: 4))
        try stage.pass()
        try stage.expectSame("with ACLs")
        for name in ["file", "directory", "fifo"] {
            try Files.removeAttribute(stage.source(name), AccessList.accessName)
        }
        try Files.removeAttribute(stage.source("directory"), AccessList.defaultName)
        try stage.pass()
        try stage.expectSame("without")
        for name in ["file", "directory", "fifo"] {
            #expect(try Files.attribute(stage.destination(name), AccessList.accessName) == nil)
        }
        #expect(try Files.attribute(stage.destination("directory"), AccessList.defaultName) == nil)
        try stage.expectNothingToDo()
    }

    @Test("S37: getfacl prints the same: mask, effective rights, changed entries")
    func sameLists() throws {
        var random = RandomTree(seed: 37)
        for index in 0..<60 {
            let path = stage.source("f\(index)")
            try Files.write(path, bytes("x"))
            try Files.setACL(path, random.accessList())
            let directory = stage.source("d\(index)")
            try Files.makeDirectory(directory)
            try Files.setACL(directory, random.accessList())
            try Files.setACL(directory, random.accessList(), isDefault: true)
        }
        try stage.pass()
        try stage.expectSame()
        for index in 0..<60 {
            try Files.setACL(stage.source("f\(index)"), random.accessList())
            try Files.setACL(stage.destination("d\(index)"), random.accessList(), isDefault: true)
        }
        try stage.pass()
        try stage.expectSame("repaired")
        try stage.expectNothingToDo()
    }

    @Test("S38: DESTINATION without ACLs: modes are fine, anything more is a failure")
    func destinationWithoutLists() throws {
        let mounted = joined(stage.outside, "ramfs")
        try Files.makeDirectory(mounted)
        try Shell.run("mount -t ramfs none \"$1\"", mounted)
        try #require(throws: CallError.self) {
            try Files.setACL(mounted, AccessList(users: [(5, 7)]))
        }
        try StandardTree.permissions(stage.from)
        try Cutover.pass(stage.from, mounted)
        try Files.write(stage.source("list"), bytes("x"))
        try Files.setACL(stage.source("list"), AccessList(users: [(5, 7)]))
        let outcome = try Cutover.sync(stage.from, mounted, ["--delete", "--json", "-"])
        #expect(outcome.status == 23, "\(outcome)")
        let report = try outcome.report()
        report.expectFailure(
            path: "list",
            side: "destination",
            activity: "set ACL",
            errno: "ENOTSUP"
        )
        #expect(report.of("failure").count == 1, "\(outcome)")
        #expect(try text(joined(mounted, "list")) == "x")
    }
}
