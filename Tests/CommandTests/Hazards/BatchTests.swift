// Small files that are read together, and data that passes the page cache by: sizes around every
// boundary of both, with zeros in all places, with io_uring and without.

import Glibc
import TestSupport
import Testing

@Suite("Small files together, direct I/O", .requiresVolumes, .timeLimit(.minutes(5)))
struct BatchTests {
    let stage: Stage

    init() throws { stage = try Stage() }

    /// Around a byte, a block, the limits of direct writes, of a batch's files, of a batch, of a
    /// buffer.
    private static let sizes = [1, 512, 4_096, 65_536, 131_072, 262_144, 1 << 20]
        .flatMap { [$0 - 1, $0, $0 + 1] }

    /// Contents of `size` bytes; `zeros` says where they are nothing but zeros.
    private func contents(_ size: Int, zeros: Int, _ random: inout SeededRandom) -> [UInt8] {
        var contents = random.bytes(size)
        let part: Range<Int> =
            switch zeros {
            case 1: 0..<size / 2
            case 2: size / 2..<size
            case 3: size / 3..<2 * size / 3
            case 4: 0..<size
            default: 0..<0
            }
        contents.replaceSubrange(part, with: [UInt8](repeating: 0, count: part.count))
        return contents
    }

    private func fill(_ random: inout SeededRandom) throws {
        for zeros in 0...4 {
            let directory = stage.source("zeros\(zeros)")
            try Files.makeDirectory(directory)
            for size in Self.sizes {
                try Files.write(
                    joined(directory, "\(size)"),
                    contents(size, zeros: zeros, &random)
                )
            }
        }
    }

    @Test(
        "every size, with zeros in front, behind, between, and nothing else",
        arguments: [1, 30],
        [[], ["CUTOVER_FAULTS=io_uring_setup:1:EPERM:*"]]
    )
    func sizes(workers: Int, environment: [String]) throws {
        var random = SeededRandom(seed: 7)
        try fill(&random)
        // Once into nothing, once over files that are there: temporary names then.
        for _ in 0..<2 {
            let words = ["sync", "--delete", "--workers", "\(workers)"].map { bytes($0) }
            let outcome = try Cutover.run(
                bytes: words + [stage.from, stage.to],
                environment: environment
            )
            #expect(outcome.status == 0, "\(outcome)")
            // From the disk, not from the cache.
            try Shell.run("sync -f \"$1\"; echo 1 >/proc/sys/vm/drop_caches", stage.to)
            try stage.expectSame()
            try Shell.run("cd \"$1\" && find . -type f -exec touch -d @1700000000 {} +", stage.from)
        }
        try Shell.run("rsync -raXAS \"$1\"/ \"$2\"/", stage.from, stage.reference)
        try Shell.run("sync -f \"$1\"", stage.to)
        #expect(try Oracle.blocksBeyond(reference: stage.reference, stage.to) == [])
    }

    @Test("more small files than one batch, one buffer and one piece hold")
    func manyFiles() throws {
        var random = SeededRandom(seed: 11)
        try Files.makeDirectory(stage.source("crowd"))
        for index in 0..<300 {
            let size = index % 3 == 0 ? 60_000 + random.below(71_000) : 1 + random.below(9_000)
            try Files.write(stage.source("crowd/\(index)"), random.bytes(size))
        }
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }

    @Test("a limit of 100 descriptors: small files are read one by one, and -v says why")
    func fewDescriptors() throws {
        var random = SeededRandom(seed: 13)
        try fill(&random)
        let outcome = try stage.pass(under: "ulimit -n 100; \"$@\"", "-v", "-w", "2")
        #expect(outcome.errors.contains("read one at a time"), "\(outcome)")
        try stage.expectSame()
    }

    @Test("S18: after a stop no further file of a batch is begun", .requiresFaultTable)
    func stopAmidBatch() throws {
        try Files.makeDirectory(stage.source("batch"))
        for index in 0..<20 {
            try Files.write(stage.source("batch/\(index)"), [UInt8](repeating: 1, count: 5_000))
        }
        let report = joined(stage.outside, "report")
        let outcome = try Cutover.run(
            bytes: ["sync", "-w", "1", "--json"].map { bytes($0) } + [
                report, stage.from, stage.to,
            ],
            environment: ["CUTOVER_FAULTS=pwrite:3:EROFS"]
        )
        #expect(outcome.status == 11, "\(outcome)")
        #expect(try Files.names(stage.destination("batch")).count == 2)
        #expect(try JSONReport(report).summary("entries_missing") == 18)
        try stage.pass()
        try stage.expectSame()
    }
}
