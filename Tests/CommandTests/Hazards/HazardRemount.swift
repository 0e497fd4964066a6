// S60: a pass was killed, and the machine ran on, but not DESTINATION's filesystem: shut down, or unmounted and mounted
// again. What it held in memory is gone, as after a power cut.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: DESTINATION mounted anew, S60", .requiresVolumes, .timeLimit(.minutes(10)))
struct HazardRemount {
    let stage: ScanStage

    init() throws { stage = try ScanStage(isWhole: true) }

    /// Files of which little is data: size and time are in the journal at once, their contents are not.
    private func makeSparse(_ folder: String, salt: UInt64) throws {
        try Files.makeDirectory(stage.from(folder))
        for index in 0..<40 {
            let path = stage.from("\(folder)/sparse\(index)")
            try Files.write(path, [])
            try Files.truncate(path, to: 1 << 20)
            let contents = Lookalike.contents(salt &* 1_000 &+ UInt64(index), count: 5_000)
            try Files.overwrite(path, contents, at: 300_000)
            try Files.changeTime(path, seconds: 1_600_000_000, nanoseconds: 5)
        }
        // Directories come after files: when this one is copied the others are.
        try Files.makeDirectory(stage.from("\(folder)/last"))
        let large = Lookalike.contents(salt, count: 8 << 20)
        try Files.write(stage.from("\(folder)/last/large"), large)
    }

    /// Starts a pass, and waits until it has copied all of `folder` but the large file.
    private func start(until folder: String) throws -> Subprocess {
        // Else contents are compared for another reason.
        stage.age()
        let words = stage.pair.words(["--bwlimit", "1M", "-w", "1"])
        let process = try Cutover.start(words, seconds: 60)
        waitUntil { Files.exists(stage.to("\(folder)/last/large")) }
        #expect(Files.exists(stage.to("\(folder)/sparse39")))
        return process
    }

    private func kill(after folder: String) throws {
        let process = try start(until: folder)
        process.send(SIGKILL)
        #expect(process.wait().signal == SIGKILL)
    }

    /// What differs on the disks: nothing of either volume is in memory.
    private func differencesOnDisk() throws -> String {
        try stage.destination.remount(options: "nodev,noatime")
        return try Shell.run(
            "rsync -rnic --delete --exclude=lost+found \"$1/\" \"$2/\"",
            stage.pair.from,
            stage.pair.to
        ).output
    }

    private func shutDown() throws {
        try Shell.run("xfs_io -x -c 'shutdown -f' \"$1\"", stage.pair.to)
    }

    @Test(
        "S60: killed, shut down, mounted: contents are compared",
        .requiresTool("xfs_io"),
        .requiresTool("rsync")
    )
    func shutDownAfterKill() throws {
        for round in 0..<3 {
            let folder = "round\(round)"
            try makeSparse(folder, salt: UInt64(round))
            try kill(after: folder)
            try shutDown()
            try stage.destination.remount(options: "nodev,noatime")
            let pass = try stage.pass()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            #expect(pass.outcome.errors.contains("DESTINATION was unmounted under it"))
            #expect(try differencesOnDisk() == "", "round \(round)")
            try stage.tick()
        }
    }

    @Test(
        "S60: a pass of a part in between, with all on its disk, vouches for nothing from before the mount",
        .requiresTool("xfs_io"),
        .requiresTool("rsync")
    )
    func partInBetween() throws {
        try makeSparse("round", salt: 9)
        try kill(after: "round")
        try shutDown()
        try stage.destination.remount(options: "nodev,noatime")
        try Files.write(stage.from("other"), bytes("other"))
        #expect(try stage.pass("--branch", "other").outcome.status == 0)
        #expect(try stage.pass().outcome.status == 0)
        #expect(try differencesOnDisk() == "")
    }

    @Test("killed, and nothing else: what is in memory is not lost, and no contents are compared")
    func onlyKilled() throws {
        try makeSparse("round", salt: 9)
        try kill(after: "round")
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(!pass.outcome.errors.contains("cut off"), "\(pass.outcome)")
        #expect(try differencesOnDisk() == "")
    }

    @Test(
        "S18, S60: a DESTINATION that is shut down stops a pass, before it and in it",
        .requiresTool("xfs_io"),
        arguments: ["before", "meanwhile"]
    )
    func shutDownNow(when: String) throws {
        try makeSparse("round", salt: 9)
        #expect(try stage.pass().outcome.status == 0)
        try makeSparse("next", salt: 10)
        if when == "before" {
            try shutDown()
            let pass = try stage.pass()
            #expect(pass.outcome.status == 3 || pass.outcome.status == 11, "\(pass.outcome)")
        } else {
            let process = try start(until: "next")
            try shutDown()
            #expect(process.wait().status == 11)
        }
        try stage.destination.remount(options: "nodev,noatime")
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(try differencesOnDisk() == "")
    }
}
