// S1-S5: what of SOURCE goes where, and what is refused before anything is touched.

import TestSupport
import Testing

@Suite("Scope, S1-S5", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(5)))
struct RulesScope {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S1: the root itself takes mode, owner, times, ACL and attributes")
    func rootAttributesAreCopied() throws {
        try StandardTree.plain(stage.from)
        try Files.changeOwner(stage.from, 123, 456)
        try Files.changeMode(stage.from, 0o2751)
        try Files.setACL(stage.from, AccessList(users: [(77, 4)], mask: 4))
        try Files.setACL(stage.from, AccessList(users: [(78, 6)]), isDefault: true)
        try Files.setAttribute(stage.from, "user.root", bytes("on the root"))
        try Files.setAttribute(stage.to, "user.extra", bytes("goes away"))
        try Files.changeTime(stage.from, seconds: 1_111_111_111, nanoseconds: 222_222_222)
        try stage.pass()
        try stage.expectSame()
    }

    @Test(
        "S1: a trailing slash changes nothing",
        arguments: [("", ""), ("/", ""), ("", "/"), ("/", "/")]
    )
    func trailingSlashes(ends: (String, String)) throws {
        try Files.write(stage.source("file"), bytes("x"))
        try Cutover.pass(stage.from + bytes(ends.0), stage.to + bytes(ends.1))
        #expect(try Files.names(stage.to) == [bytes("file")])
        try stage.expectSame()
    }

    @Test("S1: DESTINATION is made when missing, one level and no more")
    func missingDestination() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try Cutover.pass(stage.from, stage.destination("new"))
        #expect(try Oracle.differences(stage.from, stage.destination("new")) == [])
        let refused = try Cutover.sync(stage.from, stage.destination("no/such"))
        #expect(refused.status == 3, "\(refused)")
        #expect(!Files.exists(stage.destination("no")))
    }

    @Test("S2: what cannot be right is refused, in words, and nothing is touched")
    func refusals() throws {
        try StandardTree.plain(stage.from)
        try Files.write(stage.destination("kept"), bytes("kept"))
        try Files.makeDirectory(stage.source("a/inner"))
        try Files.makeDirectory(stage.reference + bytes("/empty"))
        let alias = joined(stage.outside, "alias")
        try Files.link(symbolic: alias, to: stage.from)
        let file = stage.source("loose")
        let empty = stage.reference + bytes("/empty")
        let cases: [(String, [UInt8], [UInt8])] = [
            ("the same directory", stage.from, stage.from),
            ("the same directory by a symlink", stage.from, alias),
            ("DESTINATION inside SOURCE", stage.from, stage.source("a/inner")),
            ("SOURCE inside DESTINATION", stage.source("a"), stage.from),
            ("DESTINATION inside SOURCE by a symlink", stage.from, joined(alias, "a/inner")),
            ("SOURCE is a file", file, stage.to),
            ("DESTINATION is a file", stage.from, stage.destination("kept")),
            ("SOURCE is missing", stage.source("nothing"), stage.to),
            ("SOURCE is empty and --delete given", empty, stage.to),
        ]
        let before = try (Snapshot(stage.from), Snapshot(stage.to))
        for (what, from, to) in cases {
            let outcome = try Cutover.sync(from, to)
            #expect(outcome.status == 3, "\(what): \(outcome)")
            #expect(!outcome.stderr.isEmpty, "\(what): no word of explanation")
        }
        #expect(try before.0.changes() == [])
        #expect(try before.1.changes() == [])
    }

    @Test("S2: an empty SOURCE empties DESTINATION only when that is asked for")
    func emptySource() throws {
        try Files.write(stage.destination("old"), bytes("old"))
        #expect(try stage.attempt("--delete").status == 3)
        #expect(Files.exists(stage.destination("old")))
        #expect(try stage.attempt("--delete", "--allow-empty-source").status == 0)
        #expect(try Files.names(stage.to) == [])
    }

    @Test("S2: below the roots nothing is named by its full path")
    func rootsAreResolvedOnce() throws {
        try StandardTree.plain(stage.from)
        try StandardTree.loops(stage.from)
        let trace = try stage.trace(calls: ["%file", "%desc"])
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        #expect(trace.calls.contains { $0.name.hasPrefix("openat") && $0.concerns(stage.from) })
        let roots = [stage.from, stage.to].map { "\"" + String(decoding: $0, as: UTF8.self) + "/" }
        let named = trace.calls.filter { call in
            // "SOURCE/." is the root itself, opened once by its name.
            call.name != "execve"
                && roots.contains { root in
                    call.text.contains(root) && !call.text.contains(root + ".\"")
                }
        }
        #expect(named.isEmpty, "\(named.prefix(5))")
    }

    @Test("S3: dotfiles, loose files, odd names at the root, and what vanished from it")
    func everyTopLevelEntry() throws {
        let names = [
            ".dotfile", "loose", "two words", "new\nline", "-delete", "*", "tab\there", "...",
        ]
        for name in names { try Files.write(stage.source(name), bytes(name)) }
        try Files.makeDirectory(stage.source(".hidden branch"))
        try Files.write(stage.source(".hidden branch/file"), bytes("x"))
        for name in ["gone", ".gone", "gone branch"] {
            try Files.makeDirectory(stage.destination(name))
            try Files.write(stage.destination(name + "/file"), bytes("x"))
        }
        try stage.pass()
        try stage.expectSame()
        #expect(try Files.names(stage.to) == Files.names(stage.from))
    }

    @Test("S4: a mount point below SOURCE is not entered, and what stands under it is not deleted")
    func mountPointsAreSkipped() throws {
        for root in [stage.from, stage.to] {
            try Files.makeDirectory(joined(root, "mounted"))
            try Files.makeDirectory(joined(root, "mounted/kept"))
        }
        try Files.write(stage.source("beside"), bytes("x"))
        try Files.write(stage.destination("mounted/kept/file"), bytes("only here"))
        try Files.write(stage.destination("extra"), bytes("deleted"))
        try Shell.run("mount -t tmpfs none \"$1\"", stage.source("mounted"))
        try Files.write(stage.source("mounted/foreign"), bytes("of another filesystem"))
        let (outcome, report) = try stage.reported()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try text(stage.destination("mounted/kept/file")) == "only here")
        #expect(!Files.exists(stage.destination("mounted/foreign")))
        #expect(!Files.exists(stage.destination("extra")))
        #expect(Files.exists(stage.destination("beside")))
        report.expectMountSkipped(path: "mounted", side: "source")
        #expect(outcome.errors.contains("\n    mounted\n"), "the summary names it: \(outcome)")
    }

    @Test("S4: --cross-mounts descends and compares there as anywhere")
    func mountPointsAreCrossed() throws {
        try Files.makeDirectory(stage.source("mounted"))
        try Files.makeDirectory(stage.destination("mounted"))
        try Files.write(stage.destination("mounted/extra"), bytes("deleted"))
        try Shell.run("mount -t tmpfs none \"$1\"", stage.source("mounted"))
        try Files.write(stage.source("mounted/foreign"), bytes("of another filesystem"))
        try stage.pass("--cross-mounts")
        try stage.expectSame()
        #expect(try text(stage.destination("mounted/foreign")) == "of another filesystem")
    }

    @Test(
        "Q20: quota files at the roots are neither copied nor deleted; a directory of that name is a branch"
    )
    func quotaFiles() throws {
        try withVolumes { xfs, ext4 in
            let stage = Stage(xfs.mountPoint, ext4.mountPoint)
            try Files.write(stage.source("file"), bytes("x"))
            try Files.write(stage.source("quota.user"), bytes("SOURCE's"))
            try Files.makeDirectory(stage.source("quota.group"))
            for name in ["aquota.user", "aquota.group", "quota.user"] {
                try Files.write(stage.destination(name), bytes("limits"))
            }
            try Files.makeDirectory(stage.source("below"))
            try Files.write(stage.source("below/aquota.user"), bytes("a file"))
            let outcome = try stage.pass()
            #expect(
                outcome.errors.contains("not copied: quota.user at the root of SOURCE"),
                "\(outcome)"
            )
            for name in ["aquota.user", "aquota.group", "quota.user"] {
                #expect(try text(stage.destination(name)) == "limits")
            }
            #expect(try text(stage.destination("below/aquota.user")) == "a file")
            #expect(Files.exists(stage.destination("quota.group")))
            let verified = try Cutover.run(bytes: [bytes("verify"), stage.from, stage.to])
            #expect(verified.status == 0, "\(verified)")
        }
    }

    @Test("S5: lost+found at the roots is neither copied nor deleted; elsewhere it is a name")
    func lostAndFound() throws {
        try withVolumes { xfs, ext4 in
            let stage = Stage(xfs.mountPoint, ext4.mountPoint)
            try Files.makeDirectory(stage.source("lost+found"))
            try Files.write(stage.source("lost+found/source"), bytes("not copied"))
            try Files.write(stage.destination("lost+found/destination"), bytes("kept"))
            try Files.makeDirectory(stage.source("a"))
            try Files.makeDirectory(stage.source("a/lost+found"))
            try Files.write(stage.source("a/lost+found/file"), bytes("copied"))
            try stage.pass()
            try stage.expectSame()
            let names = try Files.names(stage.destination("lost+found"))
            #expect(names == [bytes("destination")])
            #expect(try text(stage.destination("a/lost+found/file")) == "copied")
        }
    }
}
