// `cutover check` where things go wrong, and what a pass's own forecast must not refuse.

import Glibc
import TestSupport
import Testing

@Suite("check: hazards", .requiresVolumes, .timeLimit(.minutes(10)))
struct CheckHazards {
    private let stage: Stage

    init() throws {
        stage = try Stage()
        for index in 0..<10 {
            try Files.makeDirectory(stage.source("d\(index)"))
            try Files.write(stage.source("d\(index)/file"), bytes("contents"))
        }
    }

    private func expectRefusal(_ arguments: [[UInt8]], _ words: String...) throws {
        let before = try [stage.from, stage.to].map { try Snapshot($0) }
        let outcome = try Cutover.run(bytes: [bytes("check")] + arguments)
        #expect(outcome.status == 3 && outcome.stdout.isEmpty, "\(outcome)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        for word in words { #expect(outcome.errors.contains(word), "\(outcome)") }
        for snapshot in before { #expect(try snapshot.changes() == []) }
    }

    @Test("S2, S48: roots that cannot be checked are refused in one line, and nothing is made")
    func badRoots() throws {
        try expectRefusal([stage.from, stage.destination("missing")], "does not exist", "missing")
        #expect(!Files.exists(stage.destination("missing")))
        try expectRefusal([stage.source("missing"), stage.to], "cannot open SOURCE")
        try expectRefusal([stage.from, stage.source("d1/file")], "not a directory")
        try expectRefusal([stage.from, stage.from], "same directory")
        try expectRefusal([stage.from, stage.source("d1")], "lies inside")
        for options in [["--workers", "0"], ["--workers", "251"], ["--json", ""], ["--dep"]] {
            let words = (["check"] + options).map { bytes($0) }
            let outcome = try Cutover.run(bytes: words + [stage.from, stage.to])
            #expect(outcome.status == 64, "\(outcome)")
        }
        let words = ["check", "--json", "/dev/full"].map { bytes($0) }
        let lost = try Cutover.run(bytes: words + [stage.from, stage.to])
        #expect(lost.status == 23 && lost.errors.contains("cannot write --json"), "\(lost)")
    }

    @Test("a part of a filesystem is not judged by the counts of all of it; --deep looks")
    func partOfVolume() throws {
        try Shell.run(
            "setfattr -n user.large -v 0s$(head -c 6000 /dev/zero | base64 -w0) \"$1\"",
            stage.source("d4/file")
        )
        let run = try CheckRun(stage.from, stage.to)
        #expect(run.outcome.status == 0 && run.severity("entries") == "warning", "\(run.outcome)")
        #expect(run.lines("entries").first?.text("reason") == "part")
        let deep = try CheckRun(stage.from, stage.to, ["--deep"])
        #expect(deep.severity("entries") == "no finding entries")
        #expect(deep.paths("xattr_size") == [bytes("d4/file")], "\(deep.outcome)")
        #expect(deep.number("needed", of: "inodes") == 21)
        // The other way round SOURCE is no XFS.
        try Files.write(stage.destination("file"), [])
        let other = try CheckRun(stage.to, stage.from)
        #expect(other.outcome.status == 0 && other.severity("entries") == "warning")
    }

    @Test("--deep crosses no mount point, and counts an inode with several names once")
    func deepWalk() throws {
        try Files.link(stage.source("d1/second"), to: stage.source("d1/file"))
        try Files.makeDirectory(stage.source("mounted"))
        try Shell.run("mount -t tmpfs none \"$1\" && touch \"$1\"/{1..50}", stage.source("mounted"))
        // Workspace unmounts what a failing test leaves.
        defer { _ = try? Shell.run("umount \"$1\"", stage.source("mounted")) }
        let run = try CheckRun(stage.from, stage.to, ["--deep"])
        #expect(run.number("needed", of: "inodes") == 21, "\(run.outcome)")
        #expect(run.severity("unread") == "no finding unread")
    }

    @Test("not root: told, and nothing that only root can is asked")
    func notRoot() throws {
        try Shell.run(
            "chmod 711 \"$1\"/.. \"$2\"/..; chmod 755 \"$1\"; chmod 777 \"$2\"",
            stage.from,
            stage.to
        )
        let outcome = try Shell.attempt(
            "cp \"$1\" \"$4\"/cutover; chmod -R a+rX \"$4\"; setpriv --reuid 1234 --regid 1234 --clear-groups \"$4\"/cutover check --deep --json - \"$2\" \"$3\"",
            [Cutover.binary, stage.from, stage.to, stage.outside]
        )
        let findings = try outcome.report().of("finding")
        func finding(_ name: String) -> JSON? { findings.first { $0.text("finding") == name } }
        guard let privileges = finding("privileges") else {
            // The scratch directory is closed to others on this machine.
            #expect(outcome.status == 126 || outcome.status == 3, "\(outcome)")
            return
        }
        #expect(privileges.text("severity") == "warning" && privileges["root"] == false)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(finding("xattrs")?.text("trusted") == "untried", "\(outcome)")
    }

    // MARK: The probe

    @Test("another pass at work: nothing is tried out, and that is told", .requiresTool("flock"))
    func busyDestination() throws {
        let outcome = try Shell.attempt(
            "flock -x \"$3\" \"$1\" check --json - \"$2\" \"$3\"",
            [Cutover.binary, stage.from, stage.to]
        )
        #expect(outcome.status == 0, "\(outcome)")
        let probe = try outcome.report().of("finding").first { $0.text("finding") == "probe" }
        #expect(
            probe?.text("severity") == "warning" && probe?.text("probe") == "busy",
            "\(outcome)"
        )
    }

    @Test("S13: what a killed check leaves is taken away by the next pass", .requiresTool("strace"))
    func killed() throws {
        let process = try startHeld(in: "unlinkat", when: 3)
        waitUntil { (try? stage.leftovers().isEmpty) == false }
        process.send(SIGKILL)
        #expect(process.wait().status == nil)
        #expect(try !stage.leftovers().isEmpty)
        try stage.pass()
        #expect(try stage.leftovers() == [])
        try stage.expectSame()
    }

    @Test("SIGTERM in the middle of a probe: all is taken away, status 20", .requiresTool("strace"))
    func interrupted() throws {
        try Files.changeTime(stage.to, seconds: 1_000_000_000)
        let before = try RootState(stage.to)
        let process = try startHeld(in: "mknodat", when: 1)
        try waitUntil { try Files.status(stage.to).st_mtim.tv_sec != 1_000_000_000 }
        process.send(SIGTERM)
        let outcome = process.wait()
        #expect(outcome.status == 20, "\(outcome)")
        #expect(try stage.leftovers() == [])
        #expect(try RootState(stage.to) == before)
    }

    /// A check that stands still for some seconds before one call.
    private func startHeld(in call: String, when number: Int) throws -> Subprocess {
        // -D: strace goes beside the program, which stays the process that is started, and signalled.
        let words = ["strace", "-D", "-f", "-o", "/dev/null", "-e"]
        let delay = "inject=\(call):delay_enter=2000000:when=\(number)"
        return try Subprocess(
            (words + [delay]).map { bytes($0) } + [
                Cutover.binary, bytes("check"), stage.from, stage.to,
            ],
            seconds: 60
        )
    }

    @Test(
        "a call that fails is a finding, and neither a crash nor a leftover",
        .requiresFaultTable,
        arguments: [
            "setxattr:1:ENOTSUP", "setxattr:2:EIO", "setxattr:4:ENOSPC", "linkat:1:EPERM",
            "linkat:2:EMLINK", "symlinkat:1:EPERM", "mknodat:2:EPERM", "ftruncate:2:EIO",
            "pwrite:1:ENOSPC", "fssetxattr:1:ENOTSUP", "fssetxattr:2:EPERM", "utimensat:1:EINVAL",
            "fsgetxattr:1:ENOTTY", "xfs_geometry:1:EIO",
        ]
    )
    func failingCalls(fault: String) throws {
        let before = try RootState(stage.to)
        let run = try CheckRun(stage.from, stage.to, environment: ["CUTOVER_FAULTS=\(fault)"])
        #expect(run.outcome.status == 0 || run.outcome.status == 3, "\(fault): \(run.outcome)")
        #expect(run.summary != nil, "\(fault): \(run.outcome)")
        #expect(try stage.leftovers() == [], "\(fault)")
        // The root's time is put back unless that very call failed.
        if !fault.hasPrefix("utimensat") { #expect(try RootState(stage.to) == before, "\(fault)") }
    }

    @Test(
        "a scan that fails is told, and the filesystem's own counts serve",
        .requiresFaultTable
    )
    func failingScan() throws {
        try withVolumes(destinationMegabytes: 60) { from, to in
            for index in 0..<30 { try Files.write(joined(from.mountPoint, "f\(index)"), [1]) }
            let run = try CheckRun(
                from.mountPoint,
                to.mountPoint,
                environment: ["CUTOVER_FAULTS=xfs_bulkstat:1:EIO:*"]
            )
            #expect(run.outcome.status == 0 && run.severity("entries") == "warning")
            #expect(run.lines("entries").first?.text("reason") == "scan_failed")
            #expect(run.head?.text("counted_by") == "counts", "\(run.outcome)")
            #expect(run.head?.text("scan_errno_name") == "EIO")
            #expect((31...40).contains(run.number("needed", of: "inodes") ?? 0))
        }
    }

    @Test(
        "without O_TMPFILE a named file does",
        .requiresFaultTable
    )
    func withoutUnnamedFiles() throws {
        let plain = try CheckRun(stage.from, stage.to)
        var named = 0
        for number in 6..<24 {
            let before = try RootState(stage.to)
            let run = try CheckRun(
                stage.from,
                stage.to,
                environment: ["CUTOVER_FAULTS=openat:\(number):ENOTSUP"]
            )
            #expect(try stage.leftovers() == [], "\(number)")
            #expect(try RootState(stage.to) == before, "\(number)")
            if run.outcome.status == 0, run.troubles == plain.troubles { named += 1 }
        }
        #expect(named >= 1, "no run went on under a name")
    }

    // MARK: What a pass must not refuse

    @Test("a delta pass onto a volume that the copy nearly fills is not refused")
    func laterPass() throws {
        try withVolumes(destination: .ext4(["-N", "600"]), destinationMegabytes: 60) { from, to in
            let state = joined(stage.outside, "state")
            try Shell.run(
                "dd if=/dev/urandom of=\"$1\"/data bs=1M count=38 status=none",
                from.mountPoint
            )
            for index in 0..<400 { try Files.write(joined(from.mountPoint, "f\(index)"), [1]) }
            let words = [bytes("--state"), state, from.mountPoint, to.mountPoint]
            for _ in 0..<2 {
                let outcome = try Cutover.run(bytes: words)
                #expect(outcome.status == 0, "\(outcome)")
            }
            let run = try CheckRun(from.mountPoint, to.mountPoint, state: state)
            #expect(run.outcome.status == 0, "\(run.outcome)")
            #expect(run.severity("inodes") == "ok", "\(run.outcome)")
            #expect(run.head?["destination_holds_copy"] == true, "\(run.outcome)")
            #expect((run.number("missing", of: "inodes") ?? -1) == 0)
        }
    }

    @Test("a bind mount of a part, a branch and an excluding filter are not judged by the whole")
    func parts() throws {
        try withVolumes(destination: .ext4(["-N", "128"]), destinationMegabytes: 60) { from, to in
            for name in ["part", "rest"] { try Files.makeDirectory(joined(from.mountPoint, name)) }
            try Files.write(joined(from.mountPoint, "part/file"), bytes("contents"))
            for index in 0..<400 { try Files.write(joined(from.mountPoint, "rest/\(index)"), [1]) }
            #expect(try Cutover.sync(from.mountPoint, to.mountPoint).status == 3)
            let bound = joined(stage.outside, "bound")
            try Files.makeDirectory(bound)
            try Shell.run("mount --bind \"$1\"/part \"$2\"", from.mountPoint, bound)
            // Workspace unmounts what a failing test leaves.
            defer { _ = try? Shell.run("umount \"$1\"", bound) }
            try Cutover.pass(bound, to.mountPoint)
            try Cutover.pass(from.mountPoint, to.mountPoint, ["--branch", "part"])
            try Cutover.pass(from.mountPoint, to.mountPoint, ["--exclude", "/rest"])
            let run = try CheckRun(bound, to.mountPoint)
            #expect(run.lines("entries").first?.text("reason") == "part")
        }
    }
}
