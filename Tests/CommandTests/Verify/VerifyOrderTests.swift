// Small files are read in the order in which they lie on the disks, many in one submission: what a device is asked for
// is counted, and what is found is the same as when each file is read by itself, whatever of it can be had.

import Glibc
import TestSupport
import Testing

@Suite("Verify: the order of the disks", .requiresVolumes, .timeLimit(.minutes(5)))
struct VerifyOrderTests {
    private static let directories = 6
    private static let files = 900

    private static func name(_ index: Int) -> String { "d\(index % directories)/f\(index)" }

    /// Writes files whose contents lie in an order that has nothing to do with their names, their inode numbers and the
    /// order of a walk: made empty one after the other, written in another order.
    ///
    /// Without delayed allocation (`nodelalloc`) blocks are given in the order of writing.
    private func writeScrambled(_ root: [UInt8], _ contents: [[UInt8]], seed: UInt64) throws {
        for index in 0..<Self.directories { try Files.makeDirectory(joined(root, "d\(index)")) }
        for index in contents.indices { try Files.write(joined(root, Self.name(index)), []) }
        var random = SeededRandom(seed: seed)
        for index in contents.indices.shuffled(using: &random) {
            let path = joined(root, Self.name(index))
            try Files.overwrite(path, contents[index], at: 0)
            try Files.changeTime(path, seconds: 1_700_000_000)
        }
        for index in 0..<Self.directories {
            try Files.changeTime(joined(root, "d\(index)"), seconds: 1_700_000_000)
        }
    }

    /// Requests to read that a device was given since it was attached: the first number of its `stat`.
    private func requests(_ device: String) throws -> Int {
        let name = try #require(device.split(separator: "/").last)
        let text = String(decoding: try readFile("/sys/block/\(name)/stat"), as: UTF8.self)
        return try #require(text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) })
    }

    @Test(
        "Files that lie scrambled on both sides cost a small part of a request each",
        arguments: [1, 30]
    )
    func requests(workers: Int) throws {
        let options = "nodev,nodelalloc"
        let volumes = try (0..<2).map { _ in
            try LoopVolume(.ext4(), megabytes: 64, options: options)
        }
        defer { for volume in volumes { volume.destroy() } }
        var random = SeededRandom(seed: 19)
        let contents = (0..<Self.files).map { _ in random.bytes(4_096 * (1 + random.below(3))) }
        for (index, volume) in volumes.enumerated() {
            try writeScrambled(volume.mountPoint, contents, seed: UInt64(index))
            try Files.changeTime(volume.mountPoint, seconds: 1_700_000_000)
            // Nothing is in memory.
            try volume.remount(options: options)
        }
        let before = try volumes.map { try requests($0.device) }
        let stage = Stage(volumes[0].mountPoint, volumes[1].mountPoint)
        let outcome = try stage.verify("-q", "--workers", "\(workers)", "--json", "-")
        #expect(outcome.status == 0, "\(outcome)")
        let summary = try #require(try outcome.report().lines.last)
        #expect(summary.number("files_compared") == Self.files, "\(summary)")
        // Each by itself is a request; what is left is inodes, directories and the ends of submissions.
        for (volume, before) in zip(volumes, before) {
            let made = try requests(volume.device) - before
            #expect(made <= Self.files / 4, "\(made) requests for \(Self.files) files")
        }
    }

    /// Small files on the shared volumes, of which every seventh differs on DESTINATION; returns what is to be found.
    private func stageWithDifferences() throws -> (stage: Stage, expected: [String]) {
        let stage = try Stage()
        var random = SeededRandom(seed: 23)
        let contents = (0..<Self.files).map { _ in random.bytes(1 + random.below(9_000)) }
        try writeScrambled(stage.from, contents, seed: 5)
        try stage.pass()
        var expected: [String] = []
        for index in stride(from: 0, to: Self.files, by: 7) {
            let (path, bytes) = (stage.destination(Self.name(index)), contents[index])
            let place = bytes.count / 2
            try Files.overwrite(path, [bytes[place] ^ 0x41], at: place)
            try Files.changeTime(path, seconds: 1_700_000_000)
            let blocks = (bytes.count + 4_095) / 4_096
            expected.append(
                "\(Self.name(index)): contents: differ from byte \(place) on, in 1 of \(blocks)"
            )
        }
        // Older than the verification that follows, whatever the clock's tick.
        usleep(20_000)
        return (stage, expected.sorted())
    }

    private func expect(_ expected: [String], _ outcome: Outcome, _ comment: Comment) {
        #expect(outcome.status == 1, comment)
        let found = outcome.lines.sorted()
        #expect(found.count == expected.count, comment)
        for (line, start) in zip(found, expected) {
            #expect(line.hasPrefix(start + " block"), comment)
        }
    }

    @Test("The same differences by any number of workers, and of descriptors")
    func workersAndDescriptors() throws {
        let (stage, expected) = try stageWithDifferences()
        for workers in [1, 30, 128] {
            let outcome = try stage.verify("-q", "--workers", "\(workers)")
            expect(expected, outcome, "\(workers) workers")
        }
        for limit in [100, 1_024] {
            let words = [Cutover.binary, bytes("verify"), bytes("-q"), stage.from, stage.to]
            let outcome = try Shell.attempt("ulimit -n \(limit); \"$@\"", words)
            expect(expected, outcome, "\(limit) descriptors")
        }
    }

    @Test(
        "No io_uring, no map of the disk, a full queue, reads that fail: each file is read all the same",
        .requiresFaultTable,
        arguments: [
            "io_uring_setup:1:EPERM:*", "io_uring_setup:4:ENOMEM:*", "io_uring_enter:3:ENOMEM",
            "fiemap:1:ENOTSUP:*", "fiemap:100:EIO:500", "io_uring_read:1:EAGAIN:*",
            "io_uring_read:20:EIO:900",
        ]
    )
    func faults(fault: String) throws {
        let (stage, expected) = try stageWithDifferences()
        let outcome = try stage.verify("-q", environment: ["CUTOVER_FAULTS=\(fault)"])
        expect(expected, outcome, "\(fault)")
    }
}
