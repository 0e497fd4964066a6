// Whether a SOURCE that is mounted read-only can still be written to: made-up mount tables.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("A SOURCE that is read-only here") struct SourceUseTests {
    private func use(
        _ lines: [String],
        at path: String? = "/mnt/old",
        crossesMounts: Bool = true
    ) throws -> SourceUse {
        let table = MountTable.mounts(in: bytes(lines.joined(separator: "\n")))
        var use = SourceUse(path: bytes("/mnt/old"), isReadOnly: true)
        use.findDoubt(
            try #require(table.first),
            below: path.map { bytes($0) },
            crossesMounts: crossesMounts,
            table
        )
        return use
    }

    private static let root = "41 22 7:0 / /mnt/old ro - xfs /dev/loop0 ro"
    private static let above = "22 1 254:0 / / rw - ext4 /dev/vda rw"
    private static let beside = "43 22 7:9 / /mnt/older rw - xfs /dev/loop9 rw"

    @Test(
        "a client's ro is not believed",
        arguments: ["nfs4", "cifs", "fuse.sshfs", "overlay", "9p"]
    )
    func elsewhere(type: String) throws {
        let line = "41 22 0:50 / /mnt/old ro - \(type) server:/x ro"
        for crosses in [true, false] {
            let use = try use([line], crossesMounts: crosses)
            #expect(use.doubt == .elsewhere(type: type) && !use.isStill)
        }
    }

    @Test("a filesystem on a disk is", arguments: ["xfs", "ext4", "btrfs"])
    func local(type: String) throws {
        let line = "41 22 0:50 / /mnt/old ro - \(type) /dev/sda ro"
        #expect(try use([line, Self.above, Self.beside]).isStill)
    }

    @Test("with --cross-mounts each filesystem below has to be read-only, by its super block")
    func below() throws {
        let lines = [
            Self.root, Self.above, Self.beside, "44 41 7:1 / /mnt/old/still rw - ext4 /dev/l1 ro",
            "45 41 7:2 / /mnt/old/bound ro - ext4 /dev/l2 rw",
            "46 44 0:9 / /mnt/old/still/nfs ro - nfs server:/ ro",
        ]
        let found = try use(lines)
        #expect(found.doubt == .below && !found.isStill)
        #expect(found.mounts.map { shown($0.path) } == ["/mnt/old/bound", "/mnt/old/still/nfs"])
        #expect(try use(lines, crossesMounts: false).isStill)
        #expect(try use(Array(lines.prefix(4))).isStill)
        // Where it lies is not known: nothing below it was asked.
        #expect(try use([Self.root], at: nil).doubt == .below)
        let whole = try use(
            ["22 1 8:0 / / ro - ext4 /dev/vda ro", "23 22 0:5 / /proc rw - proc x rw"],
            at: "/"
        )
        #expect(whole.mounts.map(\.path) == [bytes("/proc")])
    }
}
