// Descriptors: who closes them, what opening leaves untouched, roots and mounts.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Descriptors", .requiresVolumes) struct DescriptorTests {
    /// Descriptors of this process that lead into a place; other tests run beside this one.
    private func openCount(in place: Place) throws -> Int {
        try Files.names(bytes("/proc/self/fd")).count { name in
            var target = [CChar](repeating: 0, count: 4_096)
            let path = joined(bytes("/proc/self/fd"), name)
            let length = withBytes(path) { readlink($0, &target, target.count) }
            let bytes = target.prefix(max(length, 0)).map(UInt8.init(bitPattern:))
            return bytes.starts(with: place.path)
        }
    }

    private func useEverything(_ place: Place) throws {
        let directory = try place.directory.openDirectory(Name("directory"))
        let pointed = try place.directory.openDirectory("directory")
        let handle = try place.directory.openHandle(Name("regular"))
        let reader = try handle.reopenForReading()
        let writer = try place.directory.createFile(Name("new"), mode: 0o600)
        let second = try writer.duplicate()
        let unnamed = try place.directory.createUnnamedFile()
        // Four that are closed by hand, three that go out of scope.
        try unnamed.close()
        try second.close()
        try writer.close()
        try pointed.close()
        // Asked, so that the three live to here.
        let inodes = try (directory.status().inode, handle.status().inode, reader.status().inode)
        #expect(inodes.1 == inodes.2 && inodes.0 != inodes.1)
        try place.directory.removeFile("new")
    }

    @Test("no wrapper leaks a descriptor, when it works and when it throws")
    func leaks() throws {
        let place = try Place(on: .ext4)
        try place.makeOneOfEach()
        let before = try openCount(in: place)
        for _ in 0..<50 {
            try useEverything(place)
            // What it throws is the answer.
            #expect(throws: SystemError.self) { _ = try place.directory.openDirectory("none") }
            // What it throws is the answer.
            #expect(throws: SystemError.self) { _ = try place.directory.openHandle("none") }
            #expect(throws: SystemError.self) {
                // What it throws is the answer.
                _ = try place.directory.createFile(Name("regular"), mode: 0o600)
            }
        }
        #expect(try openCount(in: place) == before)
    }

    @Test("the leak detector sees one descriptor that is left open")
    func leakDetector() throws {
        let place = try Place(on: .ext4)
        try Files.write(place.of("f"), [])
        let before = try openCount(in: place)
        let leaked = withBytes(place.of("f")) { open($0, O_RDONLY | O_CLOEXEC) }
        #expect(try openCount(in: place) == before + 1)
        close(leaked)
        #expect(try openCount(in: place) == before)
    }

    @Test(
        "S10: reading files and listing directories leaves atimes",
        arguments: [Filesystem.xfs, .ext4]
    )
    func accessTimes(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("f"), [UInt8](repeating: 1, count: 9_000))
        try Files.makeDirectory(place.of("d"))
        try Files.write(joined(place.of("d"), "inside"), [])
        // As old as mtime: under relatime the next ordinary read moves it.
        for name in ["f", "d"] { try Files.changeTime(place.of(name), seconds: 1_000_000) }

        let file = try place.directory.openHandle(Name("f")).reopenForReading()
        var buffer = [UInt8](repeating: 0, count: 9_000)
        let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        #expect(count == 9_000)
        var listing = Listing()
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 32_768, alignment: 16)
        defer { scratch.deallocate() }
        try listing.read(try place.directory.openDirectory(Name("d")), buffer: scratch)
        #expect(listing.count == 1)
        for name in ["f", "d"] {
            #expect(try Files.status(place.of(name)).st_atim.tv_sec == 1_000_000, "\(name)")
        }
        // The same, read in the ordinary way, does move them: this test can fail.
        _ = try Files.read(place.of("f"))
        _ = try Files.names(place.of("d"))  // Only that it can be read counts.
        for name in ["f", "d"] {
            #expect(try Files.status(place.of(name)).st_atim.tv_sec > 1_000_000, "\(name)")
        }
    }

    @Test(
        "S10: others than the owner read all the same, without O_NOATIME",
        .enabled(if: geteuid() == 0)
    )
    func notOwner() async throws {
        await #expect(processExitsWith: .success) {
            let place = try Scratch.directory()
            try Files.write(joined(place, "not-owner"), [])
            // Opened as root: who runs the tests may have put them where nobody else gets.
            let directory = try Descriptor.openRoot(Name(place))
            guard setgid(65_534) == 0, setuid(65_534) == 0 else { exit(3) }
            let handle = try directory.openHandle(Name("not-owner"))
            let reader = try handle.reopenForReading()
            #expect(try reader.status().owner == 0)
        }
    }

    @Test(
        "S2: roots are opened through symlinks, and nothing but directories",
        arguments: Filesystem.allCases
    )
    func roots(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.makeDirectory(place.of("real"))
        try Files.link(symbolic: place.of("link"), to: bytes("real"))
        try Files.write(place.of("file"), [])
        let real = try Descriptor.openRoot(Name(place.of("real")))
        let link = try Descriptor.openRoot(Name(place.of("link")))
        let slashed = try Descriptor.openRoot(Name(place.of("link") + bytes("//")))
        #expect(try real.status().inode == link.status().inode)
        #expect(try real.status().inode == slashed.status().inode)
        #expect(try link.path() == place.of("real"))
        #expect(throws: SystemError(.open, .notDirectory)) {
            // What it throws is the answer.
            _ = try Descriptor.openRoot(Name(place.of("file")))
        }
        #expect(throws: SystemError(.open, .noEntry)) {
            // What it throws is the answer.
            _ = try Descriptor.openRoot(Name(place.of("none")))
        }
    }

    @Test("S1, S23: a root that is made is 0700 until its contents are there")
    func makingRoot() throws {
        let place = try Place(on: .ext4)
        let made = try Descriptor.makeRoot(Name(place.of("new")))
        #expect(try made.status().mode == 0o700)
        #expect(throws: SystemError(.mkdir, .exists)) {
            // What it throws is the answer.
            _ = try Descriptor.makeRoot(Name(place.of("new")))
        }
    }

    @Test("S4, S46: mount points show by their mount, bind mounts of the same filesystem too")
    func mounts() throws {
        let place = try Place(on: .xfs)
        for name in ["other", "same", "plain"] { try Files.makeDirectory(place.of(name)) }
        try Shell.run(
            "mount -t tmpfs none \"$1/other\"; mount --bind \"$1/plain\" \"$1/same\"",
            place.path
        )
        defer {
            #expect(throws: Never.self) {
                try Shell.run("umount \"$1/other\"; umount \"$1/same\"", place.path)
            }
        }
        let root = try place.directory.status()
        let other = try place.status("other")
        let same = try place.status("same")
        let plain = try place.status("plain")
        #expect(other.isMountRoot && same.isMountRoot && !plain.isMountRoot)
        #expect(other.device != root.device)
        #expect(same.device == root.device && same.mount != root.mount)
        #expect(plain.device == root.device && plain.mount == root.mount)
        #expect(root.mount != 0)
    }

    @Test("a volume's numbers are those of stat(1)", arguments: Filesystem.allCases)
    func volume(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let volume = try VolumeStatus(of: place.directory)
        #expect(volume.typeName == filesystem.rawValue)
        let shown = try Shell.run("stat -f -c '%S %c' -- \"$1\"", place.path).output
        let numbers = shown.split { " \n".contains($0) }.compactMap { UInt64($0) }
        try #require(numbers.count == 2)
        #expect(volume.blockBytes == numbers[0])
        #expect(volume.countsInodes)
        // XFS makes inodes as needed, so the total moves while other tests run.
        if filesystem != .xfs { #expect(volume.usedInodes + volume.freeInodes == numbers[1]) }
        #expect(volume.usedBytes > 0 || filesystem == .tmpfs)
        #expect(volume.availableBytes > 0)
    }

    @Test("S41: ext4's limit of names is known")
    func linkLimit() throws {
        let place = try Place(on: .ext4)
        #expect(place.directory.linkCountMax() == 65_000)
    }
}
