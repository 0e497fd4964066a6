// Contents: what is data and what is a hole, reading at the end, writing in one piece.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("File data", .requiresVolumes) struct FileDataTests {
    /// All runs of data, as `nextData` tells them.
    private func map(_ file: borrowing Descriptor, sizeBytes: UInt64) throws -> [Range<UInt64>] {
        var runs: [Range<UInt64>] = []
        var position: UInt64 = 0
        while let run = try file.nextData(from: position, sizeBytes: sizeBytes) {
            runs.append(run)
            position = run.upperBound
        }
        return runs
    }

    @Test(
        "S20, S22: data is mapped; holes, unwritten extents and a trailing hole are not",
        arguments: Filesystem.allCases,
        [false, true]
    )
    func holes(on filesystem: Filesystem, isSynced: Bool) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [])
        try Files.truncate(place.of("f"), to: 1 << 20)
        // 64 KiB of data at 64 KiB, 64 KiB unwritten at 256 KiB, 1 KiB of data at 512 KiB.
        try Files.overwrite(place.of("f"), [UInt8](repeating: 1, count: 65_536), at: 65_536)
        try Shell.run("fallocate -o 262144 -l 65536 -- \"$1\"", place.of("f"))
        try Files.overwrite(place.of("f"), [UInt8](repeating: 2, count: 1_024), at: 524_288)
        if isSynced { try Shell.run("sync -- \"$1\"", place.of("f")) }
        let file = try place.directory.openHandle(Name("f")).reopenForReading()
        #expect(try map(file, sizeBytes: 1 << 20) == [65_536..<131_072, 524_288..<528_384])
        // From inside a run, and with a size that ends inside one (the file shrank, S17).
        #expect(try file.nextData(from: 100_000, sizeBytes: 1 << 20) == 100_000..<131_072)
        #expect(try map(file, sizeBytes: 524_800) == [65_536..<131_072, 524_288..<524_800])
        #expect(try file.nextData(from: 528_384, sizeBytes: 1 << 20) == nil)
        #expect(try file.nextData(from: 1 << 20, sizeBytes: 1 << 20) == nil)
        #expect(try file.nextData(from: 1 << 30, sizeBytes: 1 << 31) == nil)
    }

    @Test(
        "S20, S21: empty files and files of one hole have no data",
        arguments: Filesystem.allCases
    )
    func noData(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        for (name, size) in [("empty", 0), ("hole", 1 << 30)] {
            try Files.write(place.of(name), [])
            try Files.truncate(place.of(name), to: size)
            let file = try place.directory.openHandle(Name(name)).reopenForReading()
            #expect(try map(file, sizeBytes: UInt64(size)) == [])
        }
    }

    @Test("a file without holes is one run", arguments: Filesystem.allCases)
    func dense(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [UInt8](repeating: 3, count: 300_001))
        let file = try place.directory.openHandle(Name("f")).reopenForReading()
        #expect(try map(file, sizeBytes: 300_001) == [0..<300_001])
    }

    @Test("what is written is read back; reading ends at the end", arguments: Filesystem.allCases)
    func roundTrip(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        var random = SeededRandom(seed: 11)
        let contents = random.bytes(100_003)
        let writer = try place.directory.createFile(Name("f"), mode: 0o600)
        try contents.withUnsafeBytes { try writer.write($0, at: 7) }
        try writer.truncate(to: 200_000)
        try writer.close()
        #expect(try Files.read(place.of("f")).count == 200_000)

        let file = try place.directory.openHandle(Name("f")).reopenForReading()
        var buffer = [UInt8](repeating: 9, count: contents.count)
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 7) }
        #expect(count == contents.count && buffer == contents)
        let rest = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 199_990) }
        #expect(rest == 10 && buffer[..<10].allSatisfy { $0 == 0 })
        let end = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 200_000) }
        #expect(end == 0)
    }

    @Test("S14: a new file has no wider mode than it was made with, under any umask")
    func createMode() throws {
        let place = try Place(on: .ext4)
        let writer = try place.directory.createFile(Name("f"), mode: 0o600)
        try writer.close()
        #expect(try place.status("f").mode == 0o600)
    }

    @Test(
        "an unnamed file shows in no listing and is gone when closed",
        arguments: Filesystem.allCases
    )
    func unnamed(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let file = try place.directory.createUnnamedFile()
        try [UInt8](repeating: 1, count: 5).withUnsafeBytes { try file.write($0, at: 0) }
        let status = try file.status()
        #expect(status.sizeBytes == 5 && status.linkCount == 0)
        #expect(try Files.names(place.path) == [])
        try file.close()
    }

    @Test("S19: syncfs of every filesystem", arguments: Filesystem.allCases)
    func synchronize(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [1])
        #expect(throws: Never.self) { try place.directory.synchronizeFilesystem() }
    }
}
