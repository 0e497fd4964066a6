// Making, renaming and removing names, and what statx(2) says of them.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Entries", .requiresVolumes) struct EntriesTests {
    @Test(
        "every wrapper that makes a name refuses one that is taken",
        arguments: Filesystem.allCases
    )
    func taken(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("a")
        #expect(throws: SystemError(.mkdir, .exists)) {
            try place.directory.makeDirectory("a", mode: 0o700)
        }
        #expect(throws: SystemError(.symlink, .exists)) {
            try place.directory.makeSymlink("a", target: "b")
        }
        #expect(throws: SystemError(.mknod, .exists)) {
            try place.directory.makeSpecial("a", kind: .fifo, mode: 0o600, major: 0, minor: 0)
        }
        #expect(throws: SystemError(.link, .exists)) {
            try place.directory.makeLink("a", to: handle)
        }
        do {
            let made = try place.directory.createFile(Name("a"), mode: 0o600)
            try made.close()
            Issue.record("O_EXCL was forgotten")
        } catch {
            #expect(error == SystemError(.open, .exists))
        }
    }

    @Test("S28: directories are not entered through a symlink", arguments: Filesystem.allCases)
    func notFollowed(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.makeDirectory(place.of("real"))
        try Files.link(symbolic: place.of("link"), to: bytes("real"))
        try Files.write(place.of("file"), [])
        for (name, codes) in [
            ("link", [ErrorCode.notDirectory, .symlinkLoop]), ("file", [.notDirectory]),
            ("missing", [.noEntry]),
        ] {
            do {
                let opened = try place.directory.openDirectory(Name(name))
                try opened.close()
                Issue.record("\(name) was opened as a directory")
            } catch {
                #expect(error.operation == .open && codes.contains(error.code), "\(name): \(error)")
            }
        }
    }

    @Test("S26: removing tells the two kinds of entry apart", arguments: Filesystem.allCases)
    func removing(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.makeDirectory(place.of("d"))
        try Files.write(joined(place.of("d"), "inside"), [])
        try Files.write(place.of("f"), [])
        #expect(throws: SystemError(.unlink, .isDirectory)) {
            try place.directory.removeFile("d")
        }
        #expect(throws: SystemError(.rmdir, .notEmpty)) { try place.directory.removeDirectory("d") }
        #expect(throws: SystemError(.rmdir, .notDirectory)) {
            try place.directory.removeDirectory("f")
        }
        #expect(throws: SystemError(.unlink, .noEntry)) { try place.directory.removeFile("none") }
        try place.directory.removeFile("f")
        try Files.unlink(joined(place.of("d"), "inside"))
        try place.directory.removeDirectory("d")
        #expect(try Files.names(place.path) == [])
    }

    @Test("S12: a rename puts the new inode in the old one's place", arguments: Filesystem.allCases)
    func renaming(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let new = try place.file("new", [1])
        try Files.write(place.of("old"), [2])
        try place.directory.rename("new", to: "old")
        let inode = try new.status().inode
        #expect(try place.status("old").inode == inode)
        #expect(try Files.names(place.path) == [bytes("old")])
    }

    @Test(
        "a directory moves between directories, and never over anything",
        arguments: Filesystem.allCases
    )
    func movingDirectories(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        for name in ["from", "from/moved", "to"] { try Files.makeDirectory(place.of(name)) }
        try Files.write(place.of("from/moved/inside"), [1])
        try Files.makeDirectory(place.of("to/taken"))
        let from = try place.directory.openDirectory(Name("from"))
        let to = try place.directory.openDirectory(Name("to"))
        let inode = try place.status("from/moved").inode
        // Empty as it is, plain rename(2) would replace it.
        #expect(throws: SystemError(.rename, .exists)) {
            try from.renameDirectory("moved", to: to, "taken")
        }
        #expect(throws: SystemError(.rename, .invalid)) {
            let below = try from.openDirectory(Name("moved"))
            try place.directory.renameDirectory("from", to: below, "loop")
        }
        #expect(throws: SystemError(.rename, .noEntry)) {
            try from.renameDirectory("none", to: to, "new")
        }
        try from.renameDirectory("moved", to: to, "new")
        #expect(try place.status("to/new").inode == inode)
        try to.renameDirectory(Name("new"), to: from, Name("again"))
        #expect(try place.status("from/again").inode == inode)
        #expect(try Files.tree(place.of("from")) == [bytes("again"), bytes("again/inside")])

        let elsewhere = try Place(on: filesystem == .tmpfs ? .xfs : .tmpfs)
        #expect(throws: SystemError(.rename, .crossDevice)) {
            try from.renameDirectory("again", to: elsewhere.directory, "new")
        }
    }

    @Test("two entries of any type change places in one step", arguments: Filesystem.allCases)
    func exchanging(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try place.makeOneOfEach()
        let inside = try place.directory.openDirectory(Name("directory"))
        for name in ["regular", "symlink", "fifo"] {
            try Files.makeDirectory(joined(place.of("directory"), "d"))
            let outer = try place.status(name).inode
            let inner = try place.status("directory/d").inode
            try place.directory.exchange(name, with: "d", in: inside)
            #expect(try place.status(name).inode == inner)
            #expect(try place.status("directory/d").inode == outer)
            try Files.unlink(joined(place.of("directory"), "d"))
        }
        #expect(throws: SystemError(.rename, .noEntry)) {
            try place.directory.exchange("socket", with: "none", in: inside)
        }
    }

    @Test("S9: symlink targets are bytes and keep their length", arguments: Filesystem.allCases)
    func symlinkTargets(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
        defer { buffer.deallocate() }
        for (index, length) in [1, 59, 60, 1_023].enumerated() {
            let target = (0..<length).map { UInt8(truncatingIfNeeded: 0x80 + $0) | 1 }
            let name = "link\(index)"
            try Name(target).withPointer { target throws(SystemError) in
                try place.directory.makeSymlink(name, target: target)
            }
            let count = try place.directory.readSymlink(name, into: buffer)
            #expect(buffer.prefix(count).map { UInt8(bitPattern: $0) } == target)
        }
        try Files.write(place.of("file"), [])
        #expect(throws: SystemError(.readlink, .invalid)) {
            try place.directory.readSymlink("file", into: buffer)
        }
    }

    @Test("statx agrees with lstat for every type of entry", arguments: Filesystem.allCases)
    func statusAgrees(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try place.makeOneOfEach()
        try Files.write(place.of("regular"), [UInt8](repeating: 7, count: 12_345))
        try Files.link(place.of("regular.2"), to: place.of("regular"))
        for name in try Files.names(place.path).map({ String(decoding: $0, as: UTF8.self) }) {
            let path = place.of(name)
            try Files.changeOwner(path, 101, 102)
            if name != "symlink" { try Files.changeMode(path, 0o4715) }
            try Files.changeTime(path, seconds: -3, nanoseconds: 999_999_999)
            let expected = try Files.status(path)
            let handle = try place.directory.openHandle(Name(name))
            for status in [try place.status(name), try handle.status()] {
                #expect(status.kind.typeBits == expected.st_mode & S_IFMT, "\(name)")
                #expect(status.mode == expected.st_mode & 0o7777)
                #expect(status.owner == expected.st_uid && status.group == expected.st_gid)
                #expect(UInt(status.linkCount) == UInt(expected.st_nlink))
                #expect(status.sizeBytes == UInt64(expected.st_size))
                #expect(status.allocatedBytes == UInt64(expected.st_blocks) * 512)
                #expect(status.inode == expected.st_ino)
                #expect(status.modified == moment(-3, 999_999_999))
                #expect(
                    status.changed
                        == moment(
                            Int64(expected.st_ctim.tv_sec),
                            UInt32(expected.st_ctim.tv_nsec)
                        )
                )
                #expect(!status.isMountRoot)
            }
        }
        let none = try place.directory.status(of: "none")
        #expect(none?.inode == nil)
    }

    @Test(
        "a name of 256 bytes is an error, not an entry that is missing",
        arguments: Filesystem.allCases
    )
    func tooLong(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let name = String(repeating: "n", count: 256)
        #expect(throws: SystemError(.statx, .nameTooLong)) {
            try place.directory.status(of: name)
        }
    }
}
