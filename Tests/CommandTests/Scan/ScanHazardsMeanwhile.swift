// What happens around a pass and moves no time of change: signals, mounts, names that could not be given, disks that
// lose what was written. The record must not vouch for any of it.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: around a pass", .requiresVolumes, .timeLimit(.minutes(15)))
struct ScanHazardsMeanwhile {
    @Test(
        "a signal for workers before the first one works loses nothing of the record",
        .requiresTool("strace")
    )
    func earlySignal() throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("a"), salt: 1)
        try stage.tick()
        // -D: strace goes beside the program, which stays the process that is started, and signalled. SOURCE's
        // syncfs comes before the first worker.
        let words = ["strace", "-D", "-f", "-o", "/dev/null", "-e"]
        let delay = "inject=syncfs:delay_enter=1500000:when=1"
        let process = try Subprocess(
            (words + [delay]).map { bytes($0) } + [Cutover.binary] + stage.pair.words([]),
            seconds: 60
        )
        usleep(700_000)
        process.send(SIGUSR1)
        usleep(100_000)
        process.send(SIGUSR2)
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        try stage.tick()
        try stage.rewriteKeepingTime(stage.from("a/sub/three"), salt: 99)
        try stage.tick()
        try stage.expectScanFindsIt()
    }

    @Test("S4: what a mount hid is copied when it is gone, though that moves no time")
    func unmounted() throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("p"), salt: 1)
        try stage.makeFolder(stage.from("p/m"), salt: 2)
        stage.age()
        try Shell.run("mount -t tmpfs none \"$1\"", stage.from("p/m"))
        do {
            defer { cleanUp("umount \"$1\"", stage.from("p/m")) }
            try stage.settle()
            #expect(!Files.exists(stage.to("p/m/one")))
        }
        try stage.expectScanFindsIt()
    }

    @Test("a file whose directory goes when it has left is found where it is, whichever came first")
    func movedOutOfRemoved() throws {
        let stage = try ScanStage()
        for name in ["d1", "d2", "d3", "d4"] {
            try Files.makeDirectory(stage.from(name))
            try Files.write(stage.from(name + "/in-" + name), [1])
        }
        try stage.settle()
        // Inode numbers of the directories rise or fall: one of the two pairs has the gone one first.
        try Shell.run(
            "cd \"$1\"; mv d1/in-d1 d2/; rmdir d1; mv d4/in-d4 d3/; rmdir d4",
            stage.pair.from
        )
        stage.age()
        try stage.settledScan()
        for round in 0..<2 {
            for (index, name) in ["d2/in-d1", "d3/in-d4"].enumerated() {
                try stage.rewriteKeepingTime(stage.from(name), salt: UInt64(10 * round + index))
            }
            stage.age()
            try stage.expectScanFindsIt("round \(round)")
        }
    }

    @Test("of a file that has lost a name the other is not read again and again")
    func lostName() throws {
        let stage = try ScanStage()
        try Shell.run(
            "cd \"$1\"; mkdir old new; echo words > old/f; ln old/f new/f",
            stage.pair.from
        )
        try stage.settle()
        try Shell.run("rm -r \"$1\"", stage.from("old"))
        stage.age()
        try stage.settledScan()
        // A scan that looked at it would put it right.
        try Files.overwrite(stage.to("new/f"), bytes("WORDS"), at: 0)
        try Files.changeTime(stage.to("new/f"), like: stage.from("new/f"))
        let second = try stage.pass("--changes", "scan")
        second.expectScan()
        #expect(second.filesCopied == 0 && second.bytesCopied == 0, "\(second.outcome)")
    }

    @Test("S26, S45: an entry that was kept out by a tree is looked at again")
    func keptOut() throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("p"), salt: 1)
        try stage.makeFolder(stage.from("p/d"), salt: 2)
        try stage.settle()
        try Shell.run("rm -r \"$1\"; echo words > \"$1\"", stage.from("p/d"))
        stage.age()
        let limited = try stage.pass("--max-delete", "1")
        #expect(limited.outcome.status == 25, "\(limited.outcome)")
        try stage.tick()
        try stage.expectScanFindsIt()
    }

    @Test(
        "S19: after a syncfs that failed contents are compared, by the same boot and with --size-only",
        .requiresFaultTable,
        // With other options a pass walks, and does not ask beforehand what others have written to DESTINATION.
        arguments: [([], 3), (["--size-only"], 2)]
    )
    func failedSynchronization(options: [String], last: Int) throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("a"), salt: 1)
        try stage.settle()
        try stage.makeFolder(stage.from("b"), salt: 2)
        let failing = try stage.pair.sync(
            options,
            environment: ["CUTOVER_FAULTS=syncfs:\(last):EIO"]
        )
        #expect(failing.outcome.status == 11, "\(failing.outcome)")
        // What the disk has lost, as far as a test can say.
        try Files.overwrite(stage.to("b/one"), [0, 0, 0, 0], at: 0)
        try Files.changeTime(stage.to("b/one"), like: stage.from("b/one"))
        try stage.tick()
        // One that ends with all on the disk, and did not look: it must not make the doubt go away.
        _ = try stage.pair.sync(options + ["--branch", "a"])
        let next = try stage.pair.sync(options)
        #expect(next.outcome.status == 0, "\(next.outcome)")
        #expect(next.outcome.errors.contains("writes were lost"), "\(next.outcome)")
        try stage.expectSame()
    }

    @Test(
        "S19: writes lost in the middle of a pass stop it, and the next compares contents",
        .requiresFaultTable,
        arguments: ["EIO", "ETIMEDOUT"]
    )
    func lostMeanwhile(error: String) throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("a"), salt: 1)
        var random = SeededRandom(seed: 6)
        try Files.write(stage.from("large"), random.bytes(40 << 20))
        #expect(try stage.pair.sync(["--branch", "a"]).outcome.status == 0)
        // The first is SOURCE's; the second the watermark's, after 30 s; that of the end succeeds.
        let failing = try stage.pair.sync(
            ["--bwlimit", "1M"],
            environment: ["CUTOVER_FAULTS=syncfs:2:\(error)"],
            seconds: 120
        )
        #expect(failing.outcome.status == 11, "\(failing.outcome)")
        #expect(failing.outcome.errors.contains(error), "\(failing.outcome)")
        try Files.overwrite(stage.to("a/one"), [0, 0, 0, 0], at: 0)
        try Files.changeTime(stage.to("a/one"), like: stage.from("a/one"))
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "\(next.outcome)")
        #expect(next.outcome.errors.contains("writes were lost"), "\(next.outcome)")
        try stage.expectSame()
    }

    @Test("--changes walk puts right what was exchanged on DESTINATION, however deep")
    func renamedOnDestination() throws {
        let stage = try ScanStage()
        for (size, name) in ["A", "B"].enumerated() {
            try Shell.run("mkdir -p \"$1/sub\"", stage.from("x/" + name))
            for file in ["both", "only-" + name] {
                let contents = [UInt8](repeating: 1, count: 10 + size)
                try Files.write(stage.from("x/\(name)/sub/\(file)"), contents)
            }
            try Shell.run("setfattr -n user.of -v \(name) \"$1\"", stage.from("x/\(name)/sub"))
        }
        stage.age()
        for _ in 0..<3 {
            let walk = try stage.pass("--changes", "walk")
            #expect(walk.outcome.status == 0, "\(walk.outcome)")
            try stage.tick()
        }
        try Shell.run("cd \"$1\"; mv A C; mv B A; mv C B", stage.to("x"))
        try stage.tick()
        let walk = try stage.pass("--changes", "walk")
        #expect(walk.outcome.status == 0, "\(walk.outcome)")
        try stage.expectSame()
    }
}
