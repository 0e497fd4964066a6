// S20-S22: holes, zeros and unwritten extents.

import Glibc
import TestSupport
import Testing

@Suite("Sparse files, S20-S22", .requiresVolumes, .requiresTool("strace"), .timeLimit(.minutes(5)))
struct RulesSparse {
    let stage: Stage

    init() throws { stage = try Stage() }

    private func blocks(_ name: String) throws -> Int {
        try Shell.run("sync -f \"$1\"", stage.to)
        return Int(try Files.status(stage.destination(name)).st_blocks)
    }

    @Test("S20: a hole of a terabyte is not read, and stays a hole")
    func holesAreNotRead() throws {
        let file = stage.source("huge")
        let data = SeededBytes.megabytes(1)
        try Files.write(file, [])
        try Files.truncate(file, to: 1 << 40)
        try Files.overwrite(file, data, at: 1 << 39)
        let reading = [
            "read", "pread64", "readv", "preadv", "preadv2", "copy_file_range", "sendfile",
            "splice",
        ]
        let trace = try stage.trace(calls: reading)
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let reads = trace.calls.filter { $0.text.contains("/huge>") }
        let count = reads.compactMap { call in
            call.text.split(separator: " ").last.flatMap { Int($0) }
        }.reduce(0, +)
        #expect(count <= (1 << 20) + 8192, "\(count) bytes were read of 1 MiB of data")
        let copy = stage.destination("huge")
        #expect(try Files.status(copy).st_size == 1 << 40)
        #expect(try blocks("huge") <= (1 << 11) + 64)
        try Shell.run(
            "cmp -n 1048576 -i 549755813888:549755813888 \"$1\" \"$2\"",
            file,
            copy
        )
        try stage.expectNothingToDo()
    }

    @Test("S20: data and holes in blocks smaller than those of direct writes: the size is exact")
    func smallBlocks() throws {
        let xfs = try LoopVolume(.xfs(["-b", "size=1024"]), megabytes: 320)
        defer { xfs.destroy() }
        let stage = Stage(xfs.mountPoint, stage.to)
        var random = SeededRandom(seed: 20)
        for (name, start, size) in [("f", 1_024, 100_001), ("g", 70_656, 262_144 + 1)] {
            try Files.write(stage.source(name), [])
            try Files.truncate(stage.source(name), to: size)
            try Files.overwrite(stage.source(name), random.bytes(size - start), at: start)
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("S21: zeros in data become holes, with no more blocks than rsync -S uses")
    func zerosBecomeHoles() throws {
        try StandardTree.sparse(stage.from)
        try stage.pass()
        try stage.expectSame()
        try Shell.run("rsync -raXAS \"$1\"/ \"$2\"/", stage.from, stage.reference)
        #expect(try Oracle.blocksBeyond(reference: stage.reference, stage.to) == [])
        #expect(try blocks("allZero") == 0)
        #expect(try blocks("allHole") == 0)
        #expect(try Files.status(stage.destination("allHole")).st_size == 5 << 20)
        #expect(try Files.status(stage.destination("holes")).st_size == (12 << 20) + 1)
    }

    @Test("S21: --no-sparse writes the zeros that SOURCE has written")
    func sparseDetectionCanBeOff() throws {
        try StandardTree.sparse(stage.from)
        try stage.pass("--no-sparse")
        try stage.expectSame()
        #expect(try blocks("allZero") >= 2048)
        #expect(try blocks("allHole") == 0, "a hole of SOURCE is a hole all the same (S20)")
    }

    @Test("S21: a file rewritten with more holes loses blocks, with fewer gains them")
    func holesFollowRewrites() throws {
        let data = SeededBytes.megabytes(2)
        try Files.write(stage.source("file"), data)
        try stage.pass()
        let full = try blocks("file")
        try Files.truncate(stage.source("file"), to: 8192)
        try Files.truncate(stage.source("file"), to: 2 << 20)
        try stage.pass()
        #expect(try blocks("file") <= 24)
        try stage.expectSame()
        try Files.write(stage.source("file"), data)
        try stage.pass()
        #expect(try blocks("file") == full)
        try stage.expectSame()
    }

    @Test("S22: unwritten extents hold no data and take no blocks")
    func unwrittenExtents() throws {
        try Shell.run(
            """
            cd -- "$1"
            fallocate -l 8M unwritten
            printf begin >mixed
            fallocate -o 4096 -l 8M mixed
            : >beyond
            fallocate --keep-size -l 8M beyond
            """,
            stage.from
        )
        try stage.pass()
        try stage.expectSame()
        #expect(try blocks("unwritten") == 0)
        #expect(try Files.status(stage.destination("unwritten")).st_size == 8 << 20)
        #expect(try blocks("mixed") == 8)
        #expect(try blocks("beyond") == 0)
        try stage.expectNothingToDo()
    }
}
