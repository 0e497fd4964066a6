// What tells filesystems and inodes apart, against what blkid(8) reads from the disk.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Identity", .requiresVolumes) struct IdentityTests {
    /// The UUID as blkid reads it from the disk, without its hyphens.
    private static func uuid(of mountPoint: [UInt8]) throws -> String {
        let shown = try Shell.run(
            "blkid -p -s UUID -o value -- \"$(findmnt -n -o SOURCE -- \"$1\")\"",
            mountPoint
        )
        return (shown.lines.first ?? "").filter { $0 != "-" }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("a volume's identifier is the UUID on its disk", arguments: [Filesystem.xfs, .ext4])
    func identifier(of filesystem: Filesystem) throws {
        let pair = try VolumePair.shared()
        let root = filesystem == .xfs ? pair.xfs : pair.ext4
        let place = try Place(on: filesystem)
        let identifier = try place.directory.filesystemIdentifier()
        #expect(Self.hexadecimal(identifier) == (try Self.uuid(of: root)))
        if filesystem == .xfs {
            #expect(try XFSGeometry(of: place.directory).uuid == identifier)
        }
    }

    @Test("one of another kind has an identifier, too, and not that of another")
    func others() throws {
        let identifiers = try [Filesystem.xfs, .ext4, .tmpfs].map {
            try Place(on: $0).directory.filesystemIdentifier()
        }
        #expect(Set(identifiers).count == 3)
        #expect(identifiers.allSatisfy { [8, 16].contains($0.count) })
    }

    @Test("a UUID of zeros identifies nothing")
    func cleared() throws {
        let volume = try LoopVolume(
            .ext4(["-U", "00000000-0000-0000-0000-000000000000"]),
            megabytes: 16
        )
        defer { volume.destroy() }
        let root = try Descriptor.openRoot(Name(volume.mountPoint))
        do throws(SystemError) {
            let identifier = try root.filesystemIdentifier()
            #expect(identifier.contains { $0 != 0 })
        } catch {
            #expect(error == SystemError(.fstatfs, .notSupported))
        }
    }

    #if DEBUG || CUTOVER_FAULTS
    @Test(
        "older kernels are asked in their own ways, down to f_fsid",
        arguments: [Filesystem.xfs, .ext4]
    )
    func olderKernels(filesystem: Filesystem) async throws {
        let pair = try VolumePair.shared()
        let root = filesystem == .xfs ? pair.xfs : pair.ext4
        let uuid = try Descriptor.openRoot(Name(root)).filesystemIdentifier()
        await #expect(processExitsWith: .success) {
            [root = root as [UInt8], uuid = uuid as [UInt8]] in
            setenv(
                "CUTOVER_FAULTS",
                "getfsuuid:1:ENOTTY:2,xfs_geometry:2:ENOTTY:1,ext4_getfsuuid:2:ENOTTY:1",
                1
            )
            let directory = try Descriptor.openRoot(Name(root))
            let first = try directory.filesystemIdentifier()
            #expect(first == uuid)
            let second = try directory.filesystemIdentifier()
            #expect(second.count == 8)
        }
    }
    #endif

    @Test("tmpfs has no generations: ENOTTY")
    func generation() throws {
        let place = try Place(on: .tmpfs)
        #expect(throws: SystemError(.getGeneration, .notSupportedByDevice)) {
            try place.directory.inodeGeneration()
        }
    }

    @Test(
        "a mounting is the same through a bind mount and a remount, and another after an unmount",
        arguments: [LoopVolume.Kind.ext4(), .xfs()]
    )
    func instance(kind: LoopVolume.Kind) throws {
        let volume = try LoopVolume(kind, megabytes: 320)
        let bound = joined(try Scratch.directory(), Scratch.uniqueName("bound"))
        let instance = { (path: [UInt8]) in
            try Descriptor.openRoot(Name(path)).filesystemInstance()
        }
        let first = try #require(try instance(volume.mountPoint))
        #expect(first.starts(with: "sysfs "), "\(first)")
        try Shell.run(
            """
            mkdir "$2"; mount --bind "$1" "$2"
            mount -o remount,ro "$1"; mount -o remount,rw "$1"
            """,
            volume.mountPoint,
            bound
        )
        #expect(try instance(bound) == first)
        try Shell.run("umount \"$1\"; rmdir \"$1\"", bound)
        #expect(try instance(volume.mountPoint) == first)
        try volume.remount()
        let second = try instance(volume.mountPoint)
        #expect(second != nil && second != first)
        let others = try [Filesystem.tmpfs, .ext4].map {
            try Place(on: $0).directory.filesystemInstance()
        }
        #expect(others.allSatisfy { $0 != nil && $0 != first && $0 != second })
    }
}
