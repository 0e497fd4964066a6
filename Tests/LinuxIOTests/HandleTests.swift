// Handles (O_PATH): attributes of entries of every type are read and set through them, on that very
// inode, whatever its name means by now. Nothing is opened, nothing is followed.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Handles", .requiresVolumes) struct HandleTests {
    @Test(
        "S28, S29, S30, S32: a symlink's handle changes the symlink, never its target",
        arguments: Filesystem.allCases
    )
    func symlink(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("target"), bytes("contents"))
        try Files.changeTime(place.of("target"), seconds: 1_000)
        try Files.link(symbolic: place.of("link"), to: bytes("target"))

        let handle = try place.directory.openHandle(Name("link"))
        try handle.setOwner(5, group: 6)
        try handle.setModified(moment(2_000, 123_456_789))
        try handle.setAttribute("trusted.cutover", [1, 2, 3])

        let link = try Files.status(place.of("link"))
        #expect(link.st_uid == 5 && link.st_gid == 6)
        #expect(link.st_mtim.tv_sec == 2_000 && link.st_mtim.tv_nsec == 123_456_789)
        #expect(try Files.attribute(place.of("link"), "trusted.cutover") == [1, 2, 3])
        let target = try Files.status(place.of("target"))
        #expect(target.st_uid == 0 && target.st_gid == 0 && target.st_mtim.tv_sec == 1_000)
        #expect(try Files.attribute(place.of("target"), "trusted.cutover") == nil)

        let names = cut(try handle.attributeNames())
        #expect(names.contains("trusted.cutover"))
        try handle.removeAttribute("trusted.cutover")
        #expect(try Files.attribute(place.of("link"), "trusted.cutover") == nil)
    }

    @Test("S28: a symlink to nowhere is an entry like any other", arguments: Filesystem.allCases)
    func dangling(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.link(symbolic: place.of("link"), to: bytes("nowhere"))
        let handle = try place.directory.openHandle(Name("link"))
        try handle.setOwner(7, group: 8)
        try handle.setModified(moment(-5, 7))
        let status = try handle.status()
        #expect(status.kind == .symlink && status.owner == 7 && status.group == 8)
        #expect(status.modified == moment(-5, 7))
        #expect(status.sizeBytes == 7)
    }

    @Test(
        "S39: owner, mode, times, xattr and ACL of devices, FIFOs and sockets, unopened",
        arguments: Filesystem.allCases,
        [EntryKind.fifo, .socket, .characterDevice, .blockDevice]
    )
    func special(on filesystem: Filesystem, kind: EntryKind) throws {
        let place = try Place(on: filesystem)
        try place.directory.makeSpecial("e", kind: kind, mode: 0o600, major: 7, minor: 3)
        try Files.write(place.of("model"), [])
        try Files.setACL(
            place.of("model"),
            AccessList(owner: 6, users: [(id: 1000, bits: 6)], group: 4, mask: 6)
        )
        // Opening the FIFO for reading would wait for a writer for ever.
        let handle = try place.directory.openHandle(Name("e"))
        try handle.setOwner(11, group: 12)
        try handle.setMode(0o6751)
        try handle.setAttribute("trusted.cutover", [9])
        try handle.setModified(moment(4_000_000_000, 1))

        let status = try place.status("e")
        #expect(status.kind == kind && status.owner == 11 && status.group == 12)
        #expect(status.mode == 0o6751)
        #expect(status.modified == moment(4_000_000_000, 1))
        #expect(status.specialMajor == (kind.isDevice ? 7 : 0))
        #expect(status.specialMinor == (kind.isDevice ? 3 : 0))
        #expect(try Files.attribute(place.of("e"), "trusted.cutover") == [9])

        let model = try place.directory.openHandle(Name("model"))
        let wanted = try accessControl(.access, of: model)
        try wanted.apply(.access, to: handle)
        let got = try accessControl(.access, of: handle)
        let isEqual = got.isEqual(to: wanted)
        #expect(isEqual)
        let shown = try Shell.run("getfacl -nc -- \"$1\"", place.of("e")).output
        #expect(shown.contains("user:1000:rw-"), "\(shown)")
    }

    @Test(
        "S42: a handle is linked as the inode that it holds, whatever its name means by now",
        arguments: Filesystem.allCases
    )
    func linkAfterReplacement(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("a", [1])
        let inode = try handle.status().inode
        try Files.link(place.of("kept"), to: place.of("a"))
        try Files.write(place.of("b"), [2])
        try Files.rename(place.of("b"), to: place.of("a"))

        try place.directory.makeLink("c", to: handle)
        #expect(try place.status("c").inode == inode)
        #expect(try place.status("a").inode != inode)
        #expect(throws: SystemError(.link, .exists)) {
            try place.directory.makeLink("c", to: handle)
        }
    }

    @Test("S42: a handle whose last name is gone can't be linked", arguments: Filesystem.allCases)
    func linkAfterRemoval(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("a", [1])
        try Files.unlink(place.of("a"))
        try Files.write(place.of("a"), [2])
        #expect(throws: SystemError(.link, .noEntry)) {
            try place.directory.makeLink("c", to: handle)
        }
    }

    @Test("S28, S40: a symlink is linked itself, not its target", arguments: Filesystem.allCases)
    func linkSymlink(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try Files.write(place.of("target"), [])
        try Files.link(symbolic: place.of("link"), to: bytes("target"))
        let handle = try place.directory.openHandle(Name("link"))
        try place.directory.makeLink("second", to: handle)
        let second = try place.status("second")
        #expect(second.kind == .symlink)
        #expect(try handle.status().inode == second.inode)
    }

    @Test(
        "a handle is reopened as the inode that it holds, though its name became a FIFO",
        arguments: Filesystem.allCases
    )
    func reopen(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("a", bytes("first"))
        try Files.link(place.of("kept"), to: place.of("a"))
        try Files.unlink(place.of("a"))
        try Files.makeNode(place.of("a"), S_IFIFO | 0o600)
        let reader = try handle.reopenForReading()
        var contents = [UInt8](repeating: 0, count: 16)
        let count = try contents.withUnsafeMutableBytes { try reader.read(into: $0, at: 0) }
        #expect(Array(contents[..<count]) == bytes("first"))
    }
}
