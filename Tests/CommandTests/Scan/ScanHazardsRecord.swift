// "Change scan": when the record cannot be believed, because of what happened to it, to the clock,
// to the volumes, or to the passes that wrote it. Then the pass walks and says why; never may it
// conclude "nothing changed" from a record that is not of this pair's last complete pass.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: records that must not be believed", .requiresVolumes, .timeLimit(.minutes(10)))
struct ScanHazardsRecord {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
    }

    /// Edits of which only a record tells, so that a pass which loses sight of them is found out.
    private func editUnseen(salt: UInt64) throws {
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: salt)
        try Files.exchange(stage.from("b/one"), stage.from("b/two"))
        try stage.tick()
    }

    /// Edits that a walk finds by size and time, where all memory is lost.
    private func editSeen(salt: UInt64) throws {
        try Files.write(stage.from("a/one"), Lookalike.contents(salt, count: 800 + Int(salt)))
        try Files.write(stage.from("b/new\(salt)"), bytes("new"))
        try Files.removeTree(stage.from("c/sub"))
        try stage.makeFolder(stage.from("c/sub"), salt: salt)
        try stage.tick()
    }

    // MARK: Who may scan

    @Test("SOURCE that is not XFS: walk, and say so")
    func notXFS() throws {
        let stage = try ScanStage(source: .ext4())
        try stage.makeFolder(stage.from("a"), salt: 1)
        for round in 0..<3 {
            let pass = try stage.pass()
            pass.expectWalk(because: "not_xfs")
            try stage.expectSame("round \(round)")
            try stage.tick()
            try stage.rewriteKeepingTime(stage.from("a/one"), salt: UInt64(50 + round))
            try stage.tick()
        }
    }

    @Test("not root: walk, and say so", .requiresTool("setpriv"))
    func notRoot() throws {
        try stage.settle()
        let user = Unprivileged.user
        try Shell.run(
            "chown -R \(user):\(user) \"$1\" \"$2\"; mkdir \"$3\"; chown \(user) \"$3\"",
            stage.pair.from,
            stage.pair.to,
            joined(stage.outside, "theirs")
        )
        let theirs = ScanPair(
            from: stage.pair.from,
            to: stage.pair.to,
            state: joined(stage.outside, "theirs/state"),
            reportFile: joined(stage.outside, "theirs/report")
        )
        let words = [
            "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=-all",
        ]
        for round in 0..<3 {
            let outcome = try Subprocess.run(
                words.map { bytes($0) } + [Cutover.binary] + theirs.words([])
            )
            let pass = ScanPass(outcome: outcome, report: try JSONReport(theirs.reportFile))
            pass.expectWalk(because: "not_root")
            let differences = try theirs.differences()
            #expect(differences.isEmpty, "round \(round): \(differences)")
            try stage.tick()
            try stage.rewriteKeepingTime(stage.from("a/one"), salt: UInt64(70 + round))
            try stage.tick()
        }
    }

    @Test("--changes: walk walks, auto and scan scan, anything else is a usage error")
    func changesOption() throws {
        try stage.settle()
        let walk = try stage.pass("--changes", "walk")
        walk.expectWalk()
        for word in ["auto", "scan"] {
            try editUnseen(salt: UInt64(word.utf8.count))
            let pass = try stage.pass("--changes", word)
            pass.expectScan(Comment(rawValue: word))
            try stage.expectSame("\(word)")
            try stage.tick()
        }
        #expect(try stage.pass("--changes", "never").outcome.status == 64)
        #expect(try stage.pass("--changes").outcome.status != 0)
    }

    // MARK: The clock

    @Test(
        "the clock was set back between passes: walk, and say so",
        .requiresTool("sqlite3")
    )
    func clockSetBack() throws {
        try stage.settle()
        // An hour back now is a pass that began and ended an hour later.
        let hour = 3_600_000_000_000
        try change(
            "UPDATE passes SET started = started + \(hour), ended = ended + \(hour), "
                + "watermark = watermark + \(hour)"
        )
        try editUnseen(salt: 80)
        let pass = try stage.pass()
        pass.expectWalk(because: "clock_stepped_back")
        try stage.expectSame()
        try stage.tick()
        try editUnseen(salt: 81)
        try stage.expectScanFindsIt("the walk has made a new record")
    }

    private func change(_ statement: String) throws {
        let database = try #require(try stage.pair.databases().first)
        try Shell.run("sqlite3 \"$1\" \"$2\"", database, bytes(statement))
    }

    // MARK: The volumes

    @Test(
        "DESTINATION made anew with the same UUID, even at the same second",
        arguments: [false, true]
    )
    func destinationMadeAnew(hasSameTime: Bool) throws {
        let stage = try ScanStage(isWhole: true)
        try stage.makeFolder(stage.from("a"), salt: 1)
        try remake(stage, time: hasSameTime ? 1_600_000_000 : nil)
        try stage.settle()
        try remake(stage, time: hasSameTime ? 1_600_000_000 : nil)
        #expect(try Files.names(stage.pair.to) == [bytes("lost+found")])
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.method == .walk)
        try stage.expectSame()
    }

    /// Makes DESTINATION's filesystem again under the same UUID; as `quietVolume`, for the kernel is to write nothing to
    /// it by itself.
    private func remake(_ stage: ScanStage, time: Int?) throws {
        try Shell.run(
            """
            umount "$1"
            uuid=$(blkid -s UUID -o value "$2")
            \(time.map { "export E2FSPROGS_FAKE_TIME=\($0)" } ?? "true")
            mkfs.ext4 -q -F -U "$uuid" -i 4096 \
                -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 "$2"
            mount -o nodev,noatime "$2" "$1"
            """,
            stage.destination.mountPoint,
            bytes(stage.destination.device)
        )
    }

    @Test(
        "a volume was put back to an earlier image: DESTINATION with other or the same entries, SOURCE",
        arguments: ["entries", "contents", "source"]
    )
    func volumePutBack(which: String) throws {
        let stage = try ScanStage(isWhole: true)
        try stage.makeFolder(stage.from("a"), salt: 1)
        try stage.settle()
        let volume = which == "source" ? stage.source : stage.destination
        try volume.changeImage("cp --sparse=always \"$1\" \"$1.old\"")
        if which == "entries" { try stage.makeFolder(stage.from("b"), salt: 2) }
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 90)
        try Files.write(stage.from("a/two"), bytes("longer, and later"))
        try stage.settledScan()
        try stage.settledScan()
        try volume.changeImage("mv \"$1.old\" \"$1\"")
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame()
    }

    @Test("a root was moved away and another directory has its name")
    func rootsReplaced() throws {
        try stage.settle()
        try Files.rename(stage.pair.from, to: joined(stage.aside, "old"))
        try Lookalike.makeTwin(of: joined(stage.aside, "old"), at: stage.pair.from, 5)
        let pass = try stage.pass("--checksum")
        pass.expectWalk()
        try stage.expectSame("SOURCE")
        try stage.settledScan()
        try Files.rename(stage.pair.to, to: stage.pair.to + bytes("-old"))
        try Files.makeDirectory(stage.pair.to)
        try stage.pass().expectWalk()
        try stage.expectSame("DESTINATION")
    }

    // MARK: Earlier passes

    @Test(
        "the last pass did not end: killed, interrupted",
        arguments: [SIGKILL, SIGINT]
    )
    func lastPassIncomplete(signal: Int32) throws {
        try stage.settle()
        try editUnseen(salt: 100)
        try Files.rename(stage.from("c"), to: stage.from("moved"))
        try Files.write(stage.from("large"), Lookalike.contents(3, count: 4 << 20))
        let process = try stage.pair.start("--bwlimit", "1M")
        waitUntil { ((try? Files.status(stage.pair.reportFile))?.st_size ?? 0) > 0 }
        usleep(700_000)
        #expect(process.isRunning)
        process.send(signal)
        let outcome = process.wait()
        #expect(signal == SIGKILL ? outcome.signal == signal : outcome.status == 20, "\(outcome)")
        try stage.rewriteKeepingTime(stage.from("moved/one"), salt: 101)
        try stage.tick()
        let pass = try stage.pass()
        pass.expectWalk(because: "last_pass_unfinished")
        try stage.expectSame()
        try stage.tick()
        try editUnseen(salt: 102)
        try stage.expectScanFindsIt("the walk has made a new record")
    }

    @Test("killed at random moments, with edits in between: never a wrong \"nothing changed\"")
    func killedAnywhere() throws {
        var random = SeededRandom(seed: 4)
        try stage.settle()
        let start = monotonicSeconds()
        try stage.settledScan()
        // Less the tick that it ends with.
        let microseconds = max(1_000, Int((monotonicSeconds() - start) * 1e6) - 25_000)
        var kills = 0
        for round in 0..<20 {
            try stage.rewriteKeepingTime(stage.from("a/one"), salt: UInt64(200 + round))
            if round % 2 == 0 {
                try Files.exchange(stage.from("b"), stage.from("c"))
            } else {
                try Files.exchange(stage.from("b/sub"), stage.from("c/sub"))
            }
            let process = try stage.pair.start()
            usleep(UInt32(random.below(microseconds)))
            process.send(SIGKILL)
            if process.wait().signal == SIGKILL { kills += 1 }
            // Some rounds are killed several times in a row.
            if round % 4 == 3 { continue }
            let pass = try stage.pass()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            let differences = try stage.pair.differences()
            #expect(differences.isEmpty, "round \(round): \(differences)")
        }
        #expect(kills > 5, "\(kills) of 20")
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame()
    }

    @Test("entries failed last time on DESTINATION, and SOURCE was not touched since")
    func failuresOnDestination() throws {
        try stage.settle()
        // A name that is a mount point cannot be renamed over, and a directory that is one is not
        // entered.
        try Shell.run(
            "mount --bind \"$1\" \"$1\"; mount -t tmpfs none \"$2\"",
            stage.to("a/one"),
            stage.to("b/sub")
        )
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 110)
        try Files.write(stage.from("b/sub/three"), bytes("another size"))
        try Files.rename(stage.from("b/sub/four"), to: stage.from("c/four"))
        for _ in 0..<2 {
            let pass = try stage.pass()
            #expect(pass.outcome.status == 23, "\(pass.outcome)")
            #expect((pass.report.summary("failures") ?? 0) >= 1, "\(pass.outcome)")
            try stage.tick()
        }
        try Shell.run("umount \"$1\" \"$2\"", stage.to("a/one"), stage.to("b/sub"))
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame()
    }

    @Test(
        "entries of SOURCE could not be read last time, and were not touched since",
        .requiresFaultTable,
        arguments: [
            "pread:1:EIO:*", "listxattr:1:EIO:*", "getdents64:1:EIO:*", "getdents64:2:EIO",
            "statx:12:EIO:3", "openat:8:EIO:3", "acl_get:1:EIO:*", "fsgetxattr:1:EIO:*",
        ]
    )
    func failuresOnSource(fault: String) throws {
        try stage.settle()
        try editUnseen(salt: 120)
        try Files.write(stage.from("a/sub/new"), bytes("new"))
        try Files.setAttribute(stage.from("c/sub/four"), "user.note", bytes("new"))
        try Files.rename(stage.from("c/sub"), to: stage.from("b/moved"))
        let failed = try stage.pair.sync(environment: [
            "CUTOVER_FAULTS=\(FaultTable.noRing),\(fault)"
        ])
        #expect(failed.outcome.signal == nil, "\(failed.outcome)")
        try stage.tick()
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try stage.expectSame("\(fault), then status \(failed.outcome.status ?? -1)")
    }

    @Test(
        "options that decide what is copied were others last time",
        arguments: [
            ["--no-xattrs"], ["--no-acls"], ["--no-perms"], ["--no-owner"], ["--no-times"],
            ["--no-hard-links"], ["--exclude", "one"], ["--exclude", "/b"], ["--branch", "c"],
        ]
    )
    func otherOptions(options: [String]) throws {
        try Files.link(stage.from("c/linked"), to: stage.from("a/two"))
        try stage.settle()
        try editUnseen(salt: 130)
        let path = stage.from("a/sub/three")
        try Files.setAttribute(path, "user.note", bytes("new"))
        try Files.setACL(path, AccessList(owner: 6, users: [(7, 4)], mask: 4))
        try Files.changeOwner(path, 77, 78)
        try stage.rewriteKeepingTime(stage.from("b/sub/four"), salt: 131)
        try Files.link(stage.from("b/linked"), to: stage.from("a/two"))
        try stage.tick()
        let other = try stage.pair.sync(options)
        #expect(other.outcome.status == 0, "\(other.outcome)")
        try stage.tick()
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        pass.expectWalk(
            because: options[0] == "--branch" ? "last_pass_of_branches" : "options_changed"
        )
        try stage.expectSame()
        try stage.tick()
        try editUnseen(salt: 132)
        try stage.expectScanFindsIt("the record is whole again")
    }

    // MARK: The record itself

    @Test(
        "the state was lost, cut short, overwritten, or is of another pair",
        arguments: ["deleted", "empty", "truncated", "noise", "middle", "other"]
    )
    func damagedState(how: String) throws {
        let second = ScanPair(
            from: stage.from("a"),
            to: joined(stage.destination.mountPoint, "second"),
            state: joined(stage.outside, "second"),
            reportFile: joined(stage.outside, "second.json")
        )
        try Files.makeDirectory(second.to)
        #expect(try second.sync().outcome.status == 0)
        try stage.settle()
        try editSeen(salt: 140)
        let database = try #require(try stage.pair.databases().first)
        let size = Int(try Files.status(database).st_size)
        switch how {
        case "deleted": try Files.removeTree(stage.pair.state)
        case "empty": try Files.truncate(database, to: 0)
        case "truncated": try Files.truncate(database, to: size / 2)
        case "noise": try Files.write(database, Lookalike.contents(9, count: size))
        case "middle":
            // The header is what it was.
            try Files.overwrite(database, Lookalike.contents(9, count: size - 4096), at: 4096)
        default:
            try Files.write(database, try Files.read(try #require(try second.databases().first)))
        }
        let dry = try stage.pass("-n", "-i")
        let pass = try stage.pass("-i")
        pass.expectWalk()
        #expect(dry.outcome.lines.sorted() == pass.outcome.lines.sorted())
        try stage.expectSame()
        try stage.tick()
        try editUnseen(salt: 141)
        try stage.expectScanFindsIt("there is a new record")
    }

    @Test("two pairs keep their records in one folder")
    func twoPairsOneFolder() throws {
        let second = ScanPair(
            from: stage.from("a"),
            to: joined(stage.destination.mountPoint, "second"),
            state: stage.pair.state,
            reportFile: stage.pair.reportFile
        )
        try Files.makeDirectory(second.to)
        let first = try second.sync()
        first.expectWalk()
        try stage.settle()
        for round in 0..<3 {
            try stage.tick()
            try editUnseen(salt: UInt64(150 + round))
            // Each writes to the volume of the other's DESTINATION, which `auto` would not pass over.
            try second.sync(["--changes", "scan"]).expectScan("the second pair")
            #expect(try second.differences() == [])
            try stage.pass("--changes", "scan").expectScan("the first pair")
            try stage.expectSame()
        }
    }
}
