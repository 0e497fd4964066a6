// S43-S47: what is deleted, what is protected, and what vanishes by itself.

import Glibc
import TestSupport
import Testing

@Suite("Deletion, S43-S47", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(5)))
struct RulesDeletion {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("S43: extras go only with --delete, trees and all")
    func extras() throws {
        try Files.makeDirectory(stage.source("branch"))
        try Files.write(stage.source("branch/kept"), bytes("kept"))
        for place in ["", "branch/"] {
            try Files.makeDirectory(stage.destination(place.isEmpty ? "extra" : "branch"))
            try StandardTree.special(stage.destination(place.isEmpty ? "extra" : "branch"))
        }
        try StandardTree.plain(stage.destination("extra"))
        try StandardTree.unreadable(stage.destination("extra"))
        #expect(try stage.attempt().status == 0)
        #expect(Files.exists(stage.destination("extra/closed/secret")))
        #expect(Files.exists(stage.destination("branch/fifo")))
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S44: a listing that fails protects that directory only, and the summary names it")
    func failedListings() throws {
        let xfs = try LoopVolume(.xfs(), megabytes: 320)
        defer { xfs.destroy() }
        let file = joined(stage.outside, "report")
        let stage = Stage(xfs.mountPoint, stage.to)
        for branch in ["good", "bad"] {
            try Files.makeDirectory(stage.source(branch))
            try Files.makeDirectory(stage.source(branch + "/inner"))
            // Enough names for a block of their own on the disk.
            for index in 0..<30 {
                try Files.write(
                    stage.source("\(branch)/file-with-a-long-name-\(index)"),
                    bytes("x")
                )
            }
        }
        try stage.pass()
        let extras = ["good/extra", "good/inner/extra", "bad/extra", "bad/inner/extra", "extra"]
        for name in extras { try Files.write(stage.destination(name), bytes("extra")) }
        try Damage.directory(stage.source("bad"), of: xfs)
        try #require(throws: ScriptFailure.self) { try Shell.run("ls \"$1\"", stage.source("bad")) }
        let outcome = try stage.attempt("--delete", "--json", String(decoding: file, as: UTF8.self))
        #expect(outcome.status == 23, "\(outcome)")
        #expect(
            extras.map { Files.exists(stage.destination($0)) } == [false, false, true, true, false]
        )
        #expect(Files.exists(stage.destination("bad/file-with-a-long-name-0")))
        let report = try JSONReport(file)
        report.expectFailure(path: "bad", side: "source", activity: "list", errno: "EUCLEAN")
        #expect(report.of("failure").count == 1, "\(outcome)")
        #expect(report.of("directory_protected").map(\.path) == [bytes("bad")], "\(outcome)")
        #expect(outcome.errors.contains("\n    bad\n"), "the summary names it: \(outcome)")
    }

    @Test(
        "S44: a directory that its reader may not open protects what DESTINATION has of it",
        .requiresTool("setpriv")
    )
    func deniedListings() throws {
        try Files.makeDirectory(stage.source("closed"))
        try Files.write(stage.source("closed/file"), bytes("x"))
        try Files.makeDirectory(stage.source("open"))
        try Files.changeMode(stage.source("closed"), 0)
        for name in ["closed", "open"] {
            try Files.makeDirectory(stage.destination(name))
            try Files.write(stage.destination(name + "/extra"), bytes("x"))
        }
        let outcome = try Unprivileged.sync(stage, ["--json", "-"])
        #expect(outcome.status == 23, "\(outcome)")
        #expect(Files.exists(stage.destination("closed/extra")))
        #expect(!Files.exists(stage.destination("open/extra")))
        let report = try outcome.report()
        report.expectFailure(path: "closed", side: "source", activity: "open", errno: "EACCES")
        #expect(report.of("failure").count == 1, "\(outcome)")
    }

    @Test("S45: --max-delete stops after N and says so")
    func maxDelete() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        for index in 0..<20 { try Files.write(stage.destination("extra\(index)"), bytes("x")) }
        let outcome = try stage.attempt("--delete", "--max-delete", "7")
        #expect(outcome.status == 25, "\(outcome)")
        #expect(try Files.names(stage.to).count == 1 + 13)
        #expect(try text(stage.destination("kept")) == "x")
        #expect(outcome.errors.contains("--max-delete"), "\(outcome)")
        #expect(try stage.attempt("--delete", "--max-delete", "13").status == 0)
        try stage.expectSame()
    }

    @Test("S26, S45: a tree that a filter keeps fails, whatever --max-delete refused elsewhere")
    func keptTreeBesideTheLimit() throws {
        try Files.write(stage.source("entry"), bytes("x"))
        try Files.makeDirectory(stage.destination("entry"))
        try Files.write(stage.destination("entry/kept.tmp"), bytes("x"))
        try Files.write(stage.destination("extra"), bytes("x"))
        let outcome = try stage.attempt(
            "--delete",
            "--max-delete",
            "0",
            "--exclude",
            "*.tmp"
        )
        #expect(outcome.status == 23, "\(outcome)")
        #expect(outcome.errors.contains("\n  entry: "), "\(outcome)")
        #expect(try Files.names(stage.to).map(shown).sorted() == ["entry", "extra"])
    }

    @Test("S13, S44: what looks like a leftover stays where SOURCE's names were not looked at")
    func leftoversOfOthers() throws {
        let name = ".cutover.0123abcd.1"
        try Files.makeDirectory(stage.source("home"))
        try Files.write(stage.source(name), bytes("a user's"))
        try stage.pass()
        for words in [["--branch", "home"], ["--exclude", ".cutover.*"]] {
            let outcome = try Cutover.sync(stage.from, stage.to, words)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try text(stage.destination(name)) == "a user's")
        }
        let leftover = ".cutover.0123abcd.2"
        for words in [["--branch", "home"], ["--exclude", ".*"]] {
            try Files.write(stage.destination(leftover), bytes("half a file"))
            #expect(try Cutover.sync(stage.from, stage.to, words).status == 0)
            #expect(!(try Files.names(stage.to).map(shown).contains(leftover)), "\(words)")
        }
    }

    @Test("S45: excluded names are neither copied nor deleted")
    func excludedNames() throws {
        for root in [stage.from, stage.to] {
            let side = root == stage.from ? "source" : "destination"
            try Files.makeDirectory(joined(root, "cache"))
            try Files.write(joined(root, "cache/\(side)"), bytes("x"))
            try Files.write(joined(root, "\(side).tmp"), bytes("x"))
            try Files.write(joined(root, "\(side).text"), bytes("x"))
        }
        try stage.pass("--exclude", "*.tmp", "--exclude", "/cache/")
        let names = try Files.tree(stage.to).map(shown)
        #expect(names == ["cache", "cache/destination", "destination.tmp", "source.text"])
    }

    @Test("S46: deleting crosses no mount point, bind or tmpfs, of an extra directory")
    func mountedExtrasSurvive() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        let canary = joined(stage.outside, "canary")
        try Files.makeDirectory(canary)
        try Files.write(joined(canary, "file"), bytes("untouched"))
        for name in ["extra", "extra/tmpfs", "extra/bind"] {
            try Files.makeDirectory(stage.destination(name))
        }
        try Files.write(stage.destination("extra/file"), bytes("deleted"))
        try Shell.run(
            "mount -t tmpfs none \"$1\"; mount --bind \"$3\" \"$2\"",
            stage.destination("extra/tmpfs"),
            stage.destination("extra/bind"),
            canary
        )
        try Files.write(stage.destination("extra/tmpfs/file"), bytes("untouched"))
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 0, "\(outcome)")
        for name in ["extra/tmpfs", "extra/bind"] {
            #expect(outcome.errors.contains("\n    \(name)\n"), "\(outcome)")
        }
        #expect(try text(stage.destination("extra/tmpfs/file")) == "untouched")
        #expect(try text(joined(canary, "file")) == "untouched")
        #expect(!Files.exists(stage.destination("extra/file")))
    }

    @Test("S46: a bind mount of DESTINATION's own filesystem is a mount point as well")
    func bindMountOfTheSameFilesystem() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        try Files.write(joined(stage.reference, "file"), bytes("untouched"))
        try Files.makeDirectory(stage.destination("extra"))
        try Shell.run("mount --bind \"$2\" \"$1\"", stage.destination("extra"), stage.reference)
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("\n    extra\n"), "\(outcome)")
        #expect(try text(joined(stage.reference, "file")) == "untouched")
    }

    @Test("S46: an extra symlink is removed, not what it leads to")
    func symlinkExtras() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        let canary = joined(stage.outside, "canary")
        try Files.makeDirectory(canary)
        try Files.write(joined(canary, "file"), bytes("untouched"))
        try Files.link(symbolic: stage.destination("extra"), to: canary)
        try Files.makeDirectory(stage.destination("tree"))
        try Files.link(symbolic: stage.destination("tree/extra"), to: canary)
        let before = try Snapshot(canary)
        try stage.pass()
        try stage.expectSame()
        #expect(try before.changes() == [])
    }

    @Test("S46: immutable extras are failures, and everything else goes", .requiresTool("chattr"))
    func immutableExtras() throws {
        try Files.write(stage.source("kept"), bytes("x"))
        try Files.makeDirectory(stage.destination("extra"))
        for name in ["extra/a", "extra/immutable", "extra/z", "immutable", "other"] {
            try Files.write(stage.destination(name), bytes("x"))
        }
        try Shell.run(
            "chattr +i \"$1\" \"$2\"",
            stage.destination("immutable"),
            stage.destination("extra/immutable")
        )
        let outcome = try stage.attempt("--delete")
        #expect(outcome.status == 23, "\(outcome)")
        let names = try Files.tree(stage.to).map(shown)
        #expect(names == ["extra", "extra/immutable", "immutable", "kept"])
    }

    @Test("S47: an entry that vanished between listing and opening is status 24, not a failure")
    func vanishedEntries() throws {
        for name in ["victim", "other"] { try Files.write(stage.source(name), bytes(name)) }
        let trace = try stage.trace(
            failing: "openat,openat2,?statx,newfstatat",
            of: "victim",
            with: "ENOENT"
        )
        #expect(trace.outcome.status == 24, "\(trace.outcome)")
        #expect(try text(stage.destination("other")) == "other")
        #expect(!Files.exists(stage.destination("victim")))
        try stage.pass()
        try stage.expectSame()
    }

    @Test("S47: a directory that vanishes is status 24, and its copy is left to the next pass")
    func vanishedDirectories() throws {
        for name in ["victim", "other"] {
            try Files.makeDirectory(stage.source(name))
            try Files.write(stage.source(name + "/file"), bytes(name))
        }
        let trace = try stage.trace(failing: "openat,openat2", of: "victim", with: "ENOENT")
        #expect(trace.outcome.status == 24, "\(trace.outcome)")
        #expect(try text(stage.destination("other/file")) == "other")
        try stage.pass()
        try stage.expectSame()
    }
}

/// Damage to a disk.
enum Damage {
    /// Overwrites the one block of names of an XFS directory, so that listing it fails from now on.
    static func directory(_ path: [UInt8], of volume: LoopVolume) throws {
        let inode = try inode(path)
        try Shell.run(
            """
            umount -- "$1"
            block=$(xfs_db -r -c "inode $3" -c bmap "$2" |
                sed -n 's/.*startblock \\([0-9]*\\) .*/\\1/p')
            at=$(xfs_db -r -c "convert fsblock $block daddr" "$2" | sed 's/.*(\\([0-9]*\\)).*/\\1/')
            head -c 4096 /dev/zero | tr '\\0' x >"$1.block"
            dd if="$1.block" of="$2" bs=512 seek="$at" conv=fsync status=none
            rm "$1.block"
            mount -t xfs -o nodev -- "$2" "$1"
            """,
            volume.mountPoint,
            bytes(volume.device),
            bytes("\(inode)")
        )
    }
}
