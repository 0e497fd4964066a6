// Unreadable ranges against a model: a file of blocks of which some are broken, read by a made-up disk.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

extension ErrorCode {
    /// An error that the search does not know.
    fileprivate static let noDevice = ErrorCode(rawValue: ENXIO)
}

/// A disk that fails every read which touches a broken block.
private final class ModelDisk {
    let contents: [UInt8]
    let blockBytes: Int
    let broken: Set<Int>
    /// Whether a read ends before the first broken block, as through the page cache, or fails as a whole.
    let readsUpToFailure: Bool
    var error = ErrorCode.inputOutput
    var failures = 0
    var reads: [Range<Int>] = []
    var taken: [UInt8]
    private var takenEnd = 0

    init(blocks: Int, tail: Int, blockBytes: Int, broken: Set<Int>, readsUpToFailure: Bool) {
        var random = SeededRandom(seed: 1)
        contents = random.bytes(blocks * blockBytes + tail)
        self.blockBytes = blockBytes
        self.broken = broken
        self.readsUpToFailure = readsUpToFailure
        taken = [UInt8](repeating: 0, count: contents.count)
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer, _ offset: UInt64) throws(SystemError) -> Int
    {
        #expect(
            Int(offset) % blockBytes == 0 && buffer.count % blockBytes == 0,
            "reads are aligned"
        )
        let end = min(Int(offset) + buffer.count, contents.count)
        let range = Int(offset)..<max(end, Int(offset))
        reads.append(range)
        var readable = range
        let blocks =
            range.lowerBound / blockBytes..<(range.upperBound + blockBytes - 1) / blockBytes
        if let first = blocks.first(where: broken.contains) {
            readable = range.lowerBound..<max(first * blockBytes, range.lowerBound)
            if !readsUpToFailure || readable.isEmpty {
                failures += 1
                throw SystemError(.read, error)
            }
        }
        for index in readable { buffer[index - range.lowerBound] = contents[index] }
        return readable.count
    }

    func take(_ bytes: UnsafeMutableRawBufferPointer, _ offset: UInt64) {
        #expect(Int(offset) >= takenEnd, "in ascending order, nothing twice")
        takenEnd = Int(offset) + bytes.count
        for (index, byte) in bytes.enumerated() { taken[Int(offset) + index] = byte }
    }

    /// The ranges that are broken, from the model alone.
    var expected: [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        for block in broken.sorted() {
            let start = UInt64(block * blockBytes)
            let end = UInt64(min((block + 1) * blockBytes, contents.count))
            if ranges.last?.upperBound == start {
                ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<end
            } else {
                ranges.append(start..<end)
            }
        }
        return ranges
    }

    /// What is readable, with zeros where blocks are broken.
    var expectedContents: [UInt8] {
        var contents = contents
        for range in expected {
            for index in range { contents[Int(index)] = 0 }
        }
        return contents
    }
}

@Suite("S16: unreadable ranges") struct DamageFinderTests {
    private static let bufferBytes = 65_536

    /// Examines all of a disk; what was found, and what it cost.
    private func examine(
        _ disk: ModelDisk,
        limits: DamageFinder.Limits = .init(),
        readsMax: Int = .max
    ) throws -> (damage: Damage, outcome: DamageFinder.Outcome) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.bufferBytes,
            alignment: 4096
        )
        defer { buffer.deallocate() }
        var finder = DamageFinder(
            side: .source,
            blockBytes: UInt64(disk.blockBytes),
            buffer: buffer,
            limits: limits
        )
        let outcome = try finder.examine(
            0..<UInt64(disk.contents.count),
            mayGoOn: { _ in disk.reads.count < readsMax },
            read: { (buffer, offset) throws(SystemError) in try disk.read(buffer, offset) },
            take: { (bytes, offset) throws(ContentFailure) in disk.take(bytes, offset) }
        )
        return (finder.damage, outcome)
    }

    /// Broken blocks by a seed: single ones, runs, whole chunks, both ends of the file.
    private func brokenBlocks(_ seed: UInt64, blocks: Int) -> Set<Int> {
        var random = SeededRandom(seed: seed)
        var broken: Set<Int> = []
        for _ in 0..<random.below(12) {
            let start = random.below(blocks)
            let length = 1 + random.below(random.below(4) == 0 ? 200 : 4)
            broken.formUnion(start..<min(start + length, blocks))
        }
        if random.below(3) == 0 { broken.insert(0) }
        if random.below(3) == 0 { broken.insert(blocks - 1) }
        return broken
    }

    @Test(
        "exactly the broken blocks, and all that is readable, for any set of them",
        arguments: 1...24 as ClosedRange<UInt64>,
        [false, true]
    )
    func model(seed: UInt64, readsUpToFailure: Bool) throws {
        var random = SeededRandom(seed: seed &* 977)
        let blockBytes = random.below(2) == 0 ? 512 : 4096
        let blocks = 1 + random.below(900)
        let tail = random.below(3) == 0 ? 0 : random.below(blockBytes)
        let last = blocks + (tail > 0 ? 1 : 0)
        let disk = ModelDisk(
            blocks: blocks,
            tail: tail,
            blockBytes: blockBytes,
            broken: brokenBlocks(seed, blocks: last),
            readsUpToFailure: readsUpToFailure
        )
        let (damage, outcome) = try examine(disk)
        #expect(damage.ranges == disk.expected, "seed \(seed)")
        #expect(damage.isExact)
        #expect(outcome == .examined(end: UInt64(disk.contents.count)))
        #expect(disk.taken == disk.expectedContents, "seed \(seed)")
    }

    @Test("one broken block costs no more failing reads than halvings, and as many good ones")
    func cost() throws {
        for block in [0, 1, 63, 64, 100, 127] {
            let disk = ModelDisk(
                blocks: 256,
                tail: 0,
                blockBytes: 512,
                broken: [block],
                readsUpToFailure: false
            )
            #expect(try examine(disk).damage.ranges == disk.expected)
            // 64 KiB are 128 blocks: seven halvings, and the chunk itself.
            #expect(disk.failures <= 8, "block \(block): \(disk.failures)")
            #expect(disk.reads.count <= 2 + 2 * 7, "block \(block): \(disk.reads.count)")
        }
    }

    @Test("no block is given up that was not itself read")
    func everyBlockIsRead() throws {
        let broken = Set(10..<90)
        let disk = ModelDisk(
            blocks: 200,
            tail: 0,
            blockBytes: 512,
            broken: broken,
            readsUpToFailure: false
        )
        #expect(try examine(disk).damage.ranges == disk.expected)
        for block in broken {
            #expect(disk.reads.contains(block * 512..<(block + 1) * 512), "block \(block)")
        }
    }

    @Test("above the number of ranges the last one covers the rest, and what is readable is taken")
    func tooManyRanges() throws {
        let broken = Set(stride(from: 1, to: 400, by: 4))
        let disk = ModelDisk(
            blocks: 400,
            tail: 0,
            blockBytes: 512,
            broken: broken,
            readsUpToFailure: false
        )
        var limits = DamageFinder.Limits()
        limits.rangesMax = 10
        let damage = try examine(disk, limits: limits).damage
        #expect(damage.ranges.count == 10)
        #expect(!damage.isExact)
        #expect(Array(damage.ranges.prefix(9)) == Array(disk.expected.prefix(9)))
        #expect(damage.bounds == 512..<UInt64(398 * 512))
        #expect(Damage(disk.expected).isContained(in: damage))
        #expect(disk.taken == disk.expectedContents)
    }

    @Test("above the number of failing reads chunks are given up whole, then the rest unread")
    func tooManyFailures() throws {
        let broken = Set((0..<2_000).filter { $0 % 3 == 0 })
        let disk = ModelDisk(
            blocks: 4_000,
            tail: 0,
            blockBytes: 512,
            broken: broken,
            readsUpToFailure: false
        )
        var limits = DamageFinder.Limits()
        limits.failedReadsMax = 12
        let damage = try examine(disk, limits: limits).damage
        #expect(!damage.isExact)
        #expect(Damage(disk.expected).isContained(in: damage))
        #expect(disk.failures <= 24, "\(disk.failures)")
        #expect(disk.failures >= 12)
    }

    @Test("S17: a file that ends earlier ends there, without damage")
    func shrunk() throws {
        let disk = ModelDisk(
            blocks: 30,
            tail: 100,
            blockBytes: 512,
            broken: [3],
            readsUpToFailure: false
        )
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
        defer { buffer.deallocate() }
        var finder = DamageFinder(side: .source, blockBytes: 512, buffer: buffer)
        let outcome = try finder.examine(
            0..<40_000,
            mayGoOn: { _ in true },
            read: { (buffer, offset) throws(SystemError) in try disk.read(buffer, offset) },
            take: { (bytes, offset) throws(ContentFailure) in disk.take(bytes, offset) }
        )
        #expect(outcome == .examined(end: 30 * 512 + 100))
        #expect(finder.damage.ranges == disk.expected)
    }

    @Test("a signal ends it between two reads")
    func interrupted() throws {
        let disk = ModelDisk(
            blocks: 4_000,
            tail: 0,
            blockBytes: 512,
            broken: [5],
            readsUpToFailure: false
        )
        #expect(try examine(disk, readsMax: 7).outcome == .interrupted)
        #expect(disk.reads.count == 7)
    }

    @Test("an error that says nothing of the medium is passed on, with its bytes")
    func otherErrors() throws {
        let disk = ModelDisk(
            blocks: 300,
            tail: 0,
            blockBytes: 512,
            broken: [200],
            readsUpToFailure: false
        )
        disk.error = ErrorCode.noDevice
        let thrown = #expect(throws: ContentFailure.self) { try examine(disk) }
        #expect(thrown?.error == SystemError(.read, .noDevice))
        #expect(thrown?.side == .source)
        #expect(thrown?.bytes == 65_536..<131_072)
        #expect(disk.failures == 1)
    }

    @Test("what a direct read says of a lost block counts as EIO does")
    func mediumErrors() throws {
        for code: ErrorCode in [
            .inputOutput, .noData, .illegalSequence, .remoteInputOutput, .timedOut,
        ] {
            let disk = ModelDisk(
                blocks: 20,
                tail: 0,
                blockBytes: 512,
                broken: [7],
                readsUpToFailure: false
            )
            disk.error = code
            #expect(try examine(disk).damage.ranges == disk.expected, "\(code.name)")
        }
        #expect(!SystemError(.lseek, .inputOutput).isDamage, "no range is known to be unreadable")
    }

    @Test("ranges within ranges")
    func containment() {
        let large = Damage([0..<10, 20..<30])
        #expect(Damage([2..<5, 20..<30]).isContained(in: large))
        #expect(Damage().isContained(in: large))
        #expect(!Damage([9..<11]).isContained(in: large))
        #expect(!Damage([0..<30]).isContained(in: large))
        #expect(!Damage([2..<5, 40..<50]).isContained(in: large))
        #expect(Damage([0..<10, 10..<20]).ranges == [0..<20])
    }
}
