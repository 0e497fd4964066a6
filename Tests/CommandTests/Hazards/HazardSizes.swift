// Sizes that must not be believed: the largest that XFS has, and those of files that are not whole yet.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: sizes, S12, S16", .requiresVolumes, .timeLimit(.minutes(15)))
struct HazardSizes {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("a file of 8 EiB - 1, which ext4 cannot hold, is one failure, and all others are copied")
    func largest() throws {
        try Shell.run(
            "cd \"$1\"; echo x > a; truncate -s 9223372036854775807 large; echo y > z; "
                + "mkdir d; truncate -s 9223372036854775806 d/large; echo w > d/w",
            stage.from
        )
        let (outcome, report) = try stage.reported()
        #expect(outcome.status == 23, "\(outcome)")
        report.expectFailure(
            path: "large",
            side: "destination",
            activity: "write",
            errno: "EFBIG"
        )
        #expect(try text(stage.destination("a")) + text(stage.destination("d/w")) == "x\nw\n")
        #expect(!Files.exists(stage.destination("large")))
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S12: a file that a killed pass had begun does not have its size, so --size-only copies it"
    )
    func killedAndSizeOnly() throws {
        // Whole blocks: an image of a disk, a database.
        let size = 8 << 20
        var random = SeededRandom(seed: 5)
        try Files.makeDirectory(stage.source("d"))
        try Files.write(stage.source("d/image"), random.bytes(size))
        let process = try Cutover.start(
            ["sync", "--bwlimit", "1M"].map { bytes($0) } + [stage.from, stage.to]
        )
        let path = stage.destination("d/image")
        for _ in 0..<500 where !Files.exists(path) { usleep(10_000) }
        usleep(300_000)
        process.send(SIGKILL)
        #expect(process.wait().signal == SIGKILL)
        try #require(Files.exists(path))
        #expect(Int(try Files.status(path).st_size) != size)
        try stage.pass("--size-only")
        try stage.expectSame()
    }
}
