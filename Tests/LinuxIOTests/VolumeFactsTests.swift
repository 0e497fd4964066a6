// What is told of volumes as a whole: capabilities, superblocks of ext4, devices, mounts; against the texts of
// the kernel and against tools that are not ours.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Facts of volumes") struct VolumeFactsTests {
    @Test("capabilities are those that /proc/self/status shows")
    func capabilities() throws {
        let text = String(decoding: try readFile("/proc/self/status"), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("CapEff:") })
        let bits = UInt64(try #require(line.split(separator: "\t").last), radix: 16)
        #expect(try Capabilities.effective().rawValue == bits)
        let some: Capabilities = [.makeDevices, .changeOwner]
        #expect(some.names == ["CAP_CHOWN", "CAP_MKNOD"])
        #expect(Capabilities.allNeeded.names.count == Capabilities.needed.count)
    }

    @Test("a map of ids is whole when all of 2^32 - 1 are in it")
    func maps() {
        func isWhole(_ text: String) -> Bool { ProcessSight.mapsAll(Array(text.utf8)) }
        #expect(isWhole("         0          0 4294967295\n"))
        #expect(isWhole("0 5 1000\n1000 1005 4294966295\n"))
        #expect(!isWhole("         0     100000      65536\n"))
        #expect(!isWhole("0 0 1\n"))
        #expect(!isWhole(""))
        #expect(!isWhole("nonsense\n"))
    }

    @Test("a mount's options, its filesystem's, and the device, with any number of optional fields")
    func mountEntry() {
        let table = Array(
            """
            41 22 7:0 / /mnt/o\\040ld rw,noatime shared:1 master:2 - xfs /dev/mapper/a\\040b rw,noquota
            42 22 7:1 / /mnt/new ro - ext4 /dev/loop1 rw,errors=remount-ro
            43 22 7:2 / /broken rw - ext4

            """.utf8
        )
        let entry = MountTable.entry(mount: 41, table: table)
        #expect(entry?.mountPoint == Array("/mnt/o ld".utf8))
        #expect(entry?.options == ["rw", "noatime"])
        #expect(entry?.device == Array("/dev/mapper/a b".utf8))
        #expect(entry?.filesystemOptions == ["rw", "noquota"])
        #expect(
            MountTable.entry(mount: 42, table: table)?.filesystemOptions.last == "errors=remount-ro"
        )
        #expect(MountTable.entry(mount: 43, table: table) == nil)
        #expect(MountTable.entry(mount: 0, table: table) == nil)
    }

    @Test(
        "a superblock says what dumpe2fs says",
        .requiresVolumes,
        arguments: [
            ["-b", "1024", "-I", "128"], ["-b", "4096", "-O", "large_dir,ea_inode", "-m", "10"],
            ["-O", "^dir_index,^has_journal"],
        ]
    )
    func superblock(words: [String]) throws {
        let volume = try LoopVolume(.ext4(words), megabytes: 40)
        defer { volume.destroy() }
        let number = try Descriptor.openRoot(Name(volume.mountPoint)).status().device
        let found = try #require(Ext4Superblock.read(device: Name(volume.device), number: number))
        let told = try Shell.run("dumpe2fs -h \"$1\" 2>/dev/null", bytes(volume.device)).lines
        func value(_ key: String) -> String {
            told.first { $0.hasPrefix(key + ":") }.map {
                $0.dropFirst(key.count + 1).trimming
            } ?? ""
        }
        let features = Set(value("Filesystem features").split(separator: " "))
        #expect(found.blockBytes == UInt64(value("Block size")))
        #expect(found.hasLargeDirectories == features.contains("large_dir"))
        #expect(found.hasLargeAttributes == features.contains("ea_inode"))
        #expect(found.hasProjects == features.contains("project"))
        // How it was left is told by dumpe2fs, too.
        let left: Set<Substring> = ["needs_recovery", "orphan_present"]
        #expect(found.features.map { $0[...] }.sorted() == features.subtracting(left).sorted())
        #expect(Ext4Superblock.read(below: try .openRoot(Name(volume.mountPoint))) == found)
        // Another device, no device, no ext4.
        #expect(Ext4Superblock.read(device: Name(volume.device), number: number + 1) == nil)
        #expect(Ext4Superblock.read(device: Name("/dev/null"), number: number) == nil)
        #expect(Ext4Superblock.read(device: Name("/dev/no/such"), number: number) == nil)
        #expect(Ext4Superblock([UInt8](repeating: 0, count: 1024)) == nil)
        let device = try #require(BlockDevice(number: number))
        #expect("/dev/" + device.name == volume.device && !device.isReadOnly)
        #expect(device.ext4Errors() == 0)
        #expect(BlockDevice(number: 1 << 40) == nil)
    }

    @Test(
        "an XFS was made with what xfs_info says",
        .requiresVolumes,
        arguments: [["-m", "reflink=0,bigtime=0"], ["-m", "rmapbt=1"]]
    )
    func features(words: [String]) throws {
        let volume = try LoopVolume(.xfs(words), megabytes: 300)
        defer { volume.destroy() }
        let found = try XFSGeometry(of: .openRoot(Name(volume.mountPoint))).features
        let told = try Shell.run("xfs_info \"$1\"", volume.mountPoint).lines
        let switches = told.flatMap { $0.split { " ,=".contains($0) } }
        // Each word is followed by 0 or 1.
        for word in ["crc", "ftype", "finobt", "sparse", "rmapbt", "reflink", "bigtime"] {
            let place = try #require(switches.firstIndex(of: word[...]), "\(told)")
            #expect(found.contains(word) == (switches[place + 1] == "1"), "\(word): \(found)")
        }
    }

    @Test("bulkstat's details are what stat, lsattr and xfs_io say", .requiresVolumes)
    func details() throws {
        let place = try Place(on: .xfs)
        defer { place.remove() }
        let path = joined(place.path, "file")
        try Files.write(path, [UInt8](repeating: 1, count: 10_000))
        try Files.changeTime(path, seconds: -5, nanoseconds: 7)
        try Files.setAttribute(path, "user.large", [UInt8](repeating: 2, count: 9_000))
        try Shell.run(
            "xfs_io -c 'extsize 64k' \"$1\"x -f; chattr +dA \"$1\"; xfs_io -c 'chproj 77' \"$1\"; sync -f \"$1\"",
            path
        )
        let status = try Files.status(path)
        let hinted = try Files.status(path + bytes("x"))
        let geometry = try XFSGeometry(of: place.directory)
        var found: [UInt64: InodeDetails] = [:]
        for group in 0..<geometry.groupCount {
            var scan = InodeScan(group: group, geometry: geometry)
            while let inode = try scan.nextDetails(place.directory) {
                found[inode.identity.inode] = inode
            }
        }
        let file = try #require(found[UInt64(status.st_ino)])
        #expect(file.sizeBytes == 10_000 && file.modified == Timestamp(seconds: -5, nanoseconds: 7))
        #expect(file.blocks * geometry.blockBytes == UInt64(status.st_blocks) * 512)
        #expect(file.project == 77 && file.flags == [.noDump, .noAccessTime])
        #expect(file.hasAttributes && file.hasAttributeBlocks)
        #expect(!file.isSick && !file.isRealtime && !file.hasExtentSize && !geometry.isSick)
        let other = try #require(found[UInt64(hinted.st_ino)])
        #expect(other.hasExtentSize && !other.hasAttributeBlocks && other.project == 0)
        // The same inode by its number, whatever its name.
        let handle = try place.directory.openHandle(
            inode: file.identity.inode,
            generation: file.identity.generation
        )
        #expect(try handle.status().inode == file.identity.inode && handle.isPath)
        #expect(throws: SystemError(.openHandle, .stale)) {
            let other = file.identity.generation &+ 1
            let wrong = try place.directory.openHandle(
                inode: file.identity.inode,
                generation: other
            )
            Issue.record("it opened \(try wrong.status().inode)")
        }
    }
}

extension Substring {
    /// Without blanks at both ends.
    fileprivate var trimming: String {
        var rest = self
        while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
