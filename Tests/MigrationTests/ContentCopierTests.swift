// Contents from XFS to ext4: holes, zeros, ranges that fit no block, files that shrink (S17,
// S20-S22), and comparing.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ContentCopier", .requiresVolumes) struct ContentCopierTests {
    private let workspace: Workspace
    private let rules: ContentRules
    private let counters = Counters()
    private let from: SharedDescriptor
    private let to: SharedDescriptor

    init() throws { try self.init(sparse: true) }

    private init(sparse: Bool) throws {
        workspace = try Workspace()
        rules = Self.rules(sparse: sparse, counters)
        from = SharedDescriptor(try Descriptor.openRoot(Name(workspace.source)))
        to = SharedDescriptor(try Descriptor.openRoot(Name(workspace.destination)))
    }

    private static func rules(
        sparse: Bool = true,
        isInterrupted: Bool = false,
        _ counters: Counters
    ) -> ContentRules {
        let control = RunControl()
        if isInterrupted { control.interrupt() }
        return ContentRules(
            makesHoles: sparse,
            blockBytes: 4_096,
            throttle: nil,
            control: control,
            countCopied: { counters.bytesCopied.count($0) }
        )
    }

    private func reader(_ name: String = "f") throws -> Descriptor {
        try from.descriptor.openHandle(Name(name)).reopenForReading()
    }

    private func path(_ name: String = "f") -> [UInt8] { joined(workspace.source, name) }
    private func copied(_ name: String = "f") -> [UInt8] { joined(workspace.destination, name) }

    /// Copies `f` in these ranges into a new file, completes its size, and returns where its bytes
    /// end.
    private func copy(
        _ ranges: [Range<UInt64>],
        size: UInt64,
        isDirect: Bool = false
    ) throws -> UInt64 {
        let copier = ContentCopier(rules)
        let reader = try reader()
        let writer = try to.descriptor.createFile(Name("f"), mode: 0o600)
        var bypass = CacheBypass.nowhere
        if isDirect {
            let reads = try reader.setDirect(true)
            bypass = try copier.prepare(writer, sizeBytes: size, readsDirectly: reads)
            #expect(bypass.reads && bypass.writes, "XFS and ext4 can do direct I/O")
        }
        var end = size
        for range in ranges {
            let outcome = try copier.copy(
                from: reader,
                to: writer,
                range: range,
                sizeBytes: size,
                bypass: &bypass,
                mayHaveHoles: true
            )
            guard case .copied(let reached) = outcome else {
                Issue.record("interrupted by nobody")
                continue
            }
            if reached < range.upperBound { end = min(end, reached) }
        }
        try writer.truncate(to: end)
        try writer.close()
        return end
    }

    /// 4 MiB of data, zeros and holes by a seed; the unit is `step` bytes.
    private func makeRandom(_ seed: UInt64, step: Int) throws -> [UInt8] {
        var random = SeededRandom(seed: seed)
        let size = 4_000_000 + random.below(100_000)
        var contents = [UInt8](repeating: 0, count: size)
        try Files.write(path(), [])
        try Files.truncate(path(), to: size)
        var position = 0
        while position < size {
            let length = min(step * (1 + random.below(8)), size - position)
            switch random.below(3) {
            case 0:
                let data = random.bytes(length)
                contents.replaceSubrange(position..<position + length, with: data)
                try Files.overwrite(path(), data, at: position)
            case 1:
                try Files.overwrite(path(), [UInt8](repeating: 0, count: length), at: position)
            default: break
            }
            position += length
        }
        return contents
    }

    @Test(
        "S20, S21: random sparse files arrive equal, whole and in ranges of any size",
        arguments: 1...8 as ClosedRange<UInt64>,
        [false, true]
    )
    func random(seed: UInt64, isDirect: Bool) throws {
        var random = SeededRandom(seed: seed &+ 100)
        let step = [1, 511, 4_096, 65_536, 300_001][random.below(5)] * (seed > 4 ? 1 : 3)
        let contents = try makeRandom(seed, step: max(step, 700))
        let size = UInt64(contents.count)
        var ranges: [Range<UInt64>] = []
        var start: UInt64 = 0
        while start < size {
            let end = min(
                size,
                start + UInt64(1 + random.below(seed % 2 == 0 ? 5_000_000 : 700_000))
            )
            ranges.append(start..<end)
            start = end
        }
        let reached = try copy(ranges.shuffled(using: &random), size: size, isDirect: isDirect)
        #expect(reached == size)
        #expect(try Files.read(copied()) == contents, "seed \(seed)")
        try Shell.run("sync -- \"$1\" \"$2\"", path(), copied())
        // No block more than the data that is not zero needs: 4 KiB each, and one per range's ends.
        let blocks = stride(from: 0, to: contents.count, by: 4_096).count { block in
            contents[block..<min(block + 4_096, contents.count)].contains { $0 != 0 }
        }
        let allocated = try Files.status(copied()).st_blocks / 8
        #expect(allocated <= blocks + 8, "seed \(seed): extent blocks are few")
        #expect(allocated >= blocks, "seed \(seed)")
    }

    @Test("S21: an all-zero file takes no block and keeps its size")
    func allZero() throws {
        try Files.write(path(), [UInt8](repeating: 0, count: 1_000_001))
        #expect(try copy([0..<1_000_001], size: 1_000_001) == 1_000_001)
        let status = try Files.status(copied())
        #expect(status.st_blocks == 0 && status.st_size == 1_000_001)
    }

    @Test("S21: --no-sparse writes zeros")
    func notSparse() throws {
        let dense = try ContentCopierTests(sparse: false)
        defer { dense.workspace.remove() }
        try Files.write(dense.path(), [UInt8](repeating: 0, count: 1 << 20))
        #expect(try dense.copy([0..<1 << 20], size: 1 << 20) == 1 << 20)
        try Shell.run("sync -- \"$1\"", dense.copied())
        #expect(try Files.status(dense.copied()).st_blocks >= 2_048)
    }

    @Test("S20: holes are never read: 2 TiB with 128 KiB of data are copied at once, traced")
    func holesAreNotRead() throws {
        try Files.write(path(), [])
        try Files.truncate(path(), to: 1 << 41)
        try Files.overwrite(path(), [UInt8](repeating: 1, count: 65_536), at: 1 << 30)
        try Files.overwrite(path(), [UInt8](repeating: 2, count: 65_536), at: 1 << 40)
        let trace = try Trace.sync(
            workspace.source,
            workspace.destination,
            ["-w", "1"],
            calls: ["pread64", "read", "readv", "preadv", "sendfile", "copy_file_range"]
        )
        #expect(trace.outcome.status == 0, "\(trace.outcome)")
        let read = trace.calls.filter { $0.concerns(path()) }
            .compactMap { Int($0.text.split(separator: " ").last ?? "") }.reduce(0, +)
        #expect(read == 131_072)
        #expect(try Files.status(copied()).st_size == 1 << 41)
        #expect(try Files.status(copied()).st_blocks * 512 <= 200_000)
    }

    @Test("S20: what is counted as copied is the data, not the holes")
    func counted() throws {
        try Files.write(path(), [])
        try Files.truncate(path(), to: 1 << 30)
        try Files.overwrite(path(), [UInt8](repeating: 1, count: 65_536), at: 1 << 20)
        #expect(try copy([0..<1 << 30], size: 1 << 30) == 1 << 30)
        #expect(counters.bytesCopied.value() == 65_536)
    }

    @Test("S17: of a file that grew, what was there at open is copied")
    func grown() throws {
        try Files.write(path(), [UInt8](repeating: 7, count: 500_000))
        #expect(try copy([0..<300_000], size: 300_000) == 300_000)
        #expect(try Files.read(copied()) == [UInt8](repeating: 7, count: 300_000))
    }

    @Test(
        "S17: of a file that shrank, what is left is copied: no zeros are invented",
        arguments: [0, 100_000, 270_000, 900_000]
    )
    func shrunk(left: Int) throws {
        // Opened at 1,000,000 bytes.
        try Files.write(path(), [UInt8](repeating: 7, count: left))
        #expect(try copy([0..<1_000_000], size: 1_000_000) == UInt64(left))
        #expect(try Files.read(copied()) == [UInt8](repeating: 7, count: left))
    }

    @Test("S48: an interrupted copy says so")
    func interrupted() throws {
        try Files.write(path(), [UInt8](repeating: 7, count: 1_000_000))
        let writer = try to.descriptor.createFile(Name("f"), mode: 0o600)
        let rules = Self.rules(isInterrupted: true, counters)
        let copier = ContentCopier(rules)
        var bypass = CacheBypass.nowhere
        let outcome = try copier.copy(
            from: try reader(),
            to: writer,
            range: 0..<1_000_000,
            sizeBytes: 1_000_000,
            bypass: &bypass,
            mayHaveHoles: true
        )
        guard case .interrupted = outcome else {
            Issue.record("it went on")
            return
        }
        let equality = ContentEquality(rules, sharing: copier)
        #expect(try equality.areEqual(try reader(), try reader(), sizeBytes: 1_000_000) == nil)
    }

    @Test(
        "S11: files are equal by every byte; a hole equals zeros",
        arguments: [1, 131_072, 131_073, 600_000]
    )
    func comparing(size: Int) throws {
        var random = SeededRandom(seed: 5)
        let contents = random.bytes(size)
        try Files.write(path("left"), contents)
        try Files.write(copied("right"), contents)
        try Files.write(path("zeros"), [UInt8](repeating: 0, count: size))
        try Files.write(copied("hole"), [])
        try Files.truncate(copied("hole"), to: size)
        let equality = ContentEquality(rules, sharing: ContentCopier(rules))
        func equal(_ left: String, _ right: String, _ bytes: Int) throws -> Bool? {
            let other = try to.descriptor.openHandle(Name(right)).reopenForReading()
            return try equality.areEqual(try reader(left), other, sizeBytes: UInt64(bytes))
        }
        #expect(try equal("left", "right", size) == true)
        #expect(try equal("zeros", "hole", size) == true)
        for place in [0, size / 2, size - 1] {
            try Files.overwrite(copied("right"), [contents[place] ^ 1], at: place)
            #expect(try equal("left", "right", size) == false, "byte \(place)")
            try Files.overwrite(copied("right"), [contents[place]], at: place)
        }
        // DESTINATION's is shorter than its status said.
        try Files.truncate(copied("right"), to: size - 1)
        #expect(try equal("left", "right", size) == false)
    }
}
