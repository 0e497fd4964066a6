// Inode flags and project ids: what chattr(1) and lsattr(1) know, through our calls.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Inode flags", .requiresVolumes) struct InodeFlagsTests {
    @Test(
        "flags are set as lsattr shows them and taken off again",
        arguments: [Filesystem.xfs, .ext4],
        [
            (InodeFlags.immutable, Character("i")), (.appendOnly, "a"), (.noDump, "d"),
            (.noAccessTime, "A"), (.synchronous, "S"),
        ]
    )
    func single(on filesystem: Filesystem, flag: (value: InodeFlags, letter: Character)) throws {
        let place = try Place(on: filesystem)
        let handle = try place.file("f", [1])
        let file = try handle.reopenForReading()
        var settings = try #require(try InodeSettings(of: file))
        #expect(settings.flags.isEmpty)
        settings.flags = flag.value
        try settings.apply(to: file)
        let shown = try Shell.run("lsattr -- \"$1\" | cut -d' ' -f1", place.of("f")).output
        #expect(shown.contains(flag.letter), "\(shown)")
        let read = try #require(try InodeSettings(of: file))
        #expect(read.flags == flag.value)
        #expect(try handle.status().visibleFlags == flag.value.intersection(.visible))
        if !flag.value.isDisjoint(with: .frozen) {
            #expect(throws: SystemError(.unlink, .notPermitted)) {
                try place.directory.removeFile("f")
            }
        }
        settings.flags = []
        try settings.apply(to: file)
        try place.directory.removeFile("f")
    }

    @Test("a project id is kept by XFS, and refused with an error by an ext4 without projects")
    func project() throws {
        let xfs = try Place(on: .xfs)
        let file = try xfs.file("f").reopenForReading()
        var settings = try #require(try InodeSettings(of: file))
        settings.project = 4_242
        try settings.apply(to: file)
        let read = try #require(try InodeSettings(of: file))
        #expect(read.project == 4_242)

        let ext4 = try Place(on: .ext4)
        let target = try ext4.file("f").reopenForReading()
        var refused = try #require(try InodeSettings(of: target))
        refused.project = 4_242
        do {
            try refused.apply(to: target)
            Issue.record("ext4 without projects took a project id")
        } catch {
            #expect(error.operation == .setFlags)
            #expect([.notSupported, .invalid].contains(error.code), "\(error)")
        }
    }

    @Test("where there are no inode flags, that is an answer")
    func unsupported() throws {
        let process = try Descriptor.openRoot(Name("/proc/self"))
        let settings = try InodeSettings(of: process)
        let isThere = settings != nil
        #expect(!isThere)
    }
}
