// Whether a SOURCE that is mounted read-only can still be written to: made-up mount tables.

import Glibc
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

    static let canFail =
        LoopVolume.isAvailable && access("/sys/fs/ext4", R_OK) == 0 && getuid() == 0

    @Test(
        "one that an error made read-only while a file was open for writing is not believed, a FIFO is no file",
        .enabled(if: canFail)
    )
    func byAnError() throws {
        let volume = try LoopVolume(.ext4(), megabytes: 16)
        defer { volume.destroy() }
        let script = "exec 9<>\"$0\"; : >\"$1\"; exec sleep 60"
        func open(_ file: [UInt8]) throws -> Subprocess {
            let ready = joined(try Scratch.directory(), Scratch.uniqueName("ready"))
            let process = try Subprocess(
                ["/bin/sh", "-c", script].map { bytes($0) } + [file, ready]
            )
            waitUntil { Files.exists(ready) }
            return process
        }
        func end(_ process: Subprocess) {
            process.send(SIGKILL)
            process.wait()
        }
        let fifo = joined(volume.mountPoint, "fifo")
        try Shell.run("mkfifo -- \"$1\"; mount -o remount,ro -- \"$2\"", fifo, volume.mountPoint)
        let reader = try open(fifo)
        let still = try SourceUse.look(at: Name(volume.mountPoint), crossesMounts: false)
        #expect(still.isStill, "\(still)")
        end(reader)
        let file = joined(volume.mountPoint, "log")
        try Shell.run(
            "mount -o remount,rw,errors=remount-ro -- \"$1\"; : > \"$2\"",
            volume.mountPoint,
            file
        )
        let writer = try open(file)
        defer { end(writer) }
        try Shell.run(
            "echo test > \"/sys/fs/ext4/${1##*/}/trigger_fs_error\"",
            bytes(volume.device)
        )
        let use = try SourceUse.look(at: Name(volume.mountPoint), crossesMounts: false)
        // Since Linux 6.14 ext4 stays `rw` then, with the option emergency_ro.
        #expect(use.doubt == (use.isReadOnly ? .writersLeft : nil), "\(use)")
        #expect(!use.isStill && use.writers.map(\.path) == [file], "\(use)")
    }

    @Test("whoever has it open for writing where it is read-only makes it doubtful")
    func writersLeft() {
        for isReadOnly in [false, true] {
            var use = SourceUse(path: bytes("/mnt/old"), isReadOnly: isReadOnly)
            use.doubtWriters()
            #expect(use.doubt == nil)
            use.writers = [.init(process: 7, name: bytes("db"), path: bytes("/mnt/old/a"))]
            use.doubtWriters()
            #expect((use.doubt == .writersLeft) == isReadOnly && !use.isStill)
        }
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
