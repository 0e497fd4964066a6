// What reading around broken parts relies on: the blocks of direct reads, and the page cache asked without the
// disk.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Direct reading", .requiresVolumes) struct DirectReadingTests {
    @Test(
        "direct reads take the blocks that the kernel names, and none that are smaller",
        arguments: [.xfs, .ext4] as [Filesystem]
    )
    func alignment(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [UInt8](repeating: 7, count: 65_536))
        try Shell.run("sync -- \"$1\"", place.of("f"))
        let handle = try place.directory.openHandle(Name("f"))
        guard let file = try handle.reopenForDirectReading() else {
            Issue.record("no direct reads on \(filesystem)")
            return
        }
        // Linux before 6.1 does not tell.
        guard let block = try file.directReadAlignment() else { return }
        #expect(block.nonzeroBitCount == 1 && block >= 512 && block <= 65_536)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: 65_536)
        defer { buffer.deallocate() }
        #expect(try file.read(into: buffer, at: UInt64(block)) == block)
        #expect(throws: SystemError(.read, .invalid)) {
            try file.read(into: buffer, at: UInt64(block / 2))
        }
    }

    @Test(
        "the page cache gives what it holds, and never asks the disk",
        arguments: [.xfs, .ext4] as [Filesystem]
    )
    func cached(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [UInt8](repeating: 7, count: 65_536))
        try Shell.run("sync -- \"$1\"", place.of("f"))
        let file = try place.directory.openHandle(Name("f")).reopenForReading()
        var bytes = [UInt8](repeating: 0, count: 1_000)
        #expect(
            try bytes.withUnsafeMutableBytes { try file.readCached(into: $0, at: 8_192) } == 1_000
        )
        #expect(bytes.allSatisfy { $0 == 7 })
        try Shell.run("dd if=\"$1\" iflag=nocache count=0 status=none", place.of("f"))
        #expect(
            try bytes.withUnsafeMutableBytes { try file.readCached(into: $0, at: 8_192) } == nil
        )
        #expect(try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 8_192) } == 1_000)
    }
}
