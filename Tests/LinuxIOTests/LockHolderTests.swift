// Who holds a lock, and which scheduler a disk has: texts of the kernel, and the kernel itself.

import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("Holders of locks, schedulers of disks") struct LockHolderTests {
    private static let locks = bytes(
        """
        1: POSIX  ADVISORY  WRITE 11 08:01:5 0 EOF
        2: FLOCK  ADVISORY  WRITE 12 fd:0a:5 0 EOF
        2: -> FLOCK  ADVISORY  WRITE 13 08:01:5 0 EOF
        3: FLOCK  ADVISORY  WRITE 0 08:01:5 0 EOF
        4: FLOCK  ADVISORY  WRITE 14 08:01:5 0 EOF

        """
    )

    @Test("of a text of the kernel the process that holds the file's lock, no waiting one")
    func text() {
        #expect(LockHolder.process(in: Self.locks, device: 8 << 32 | 1, inode: 5) == 14)
        #expect(LockHolder.process(in: Self.locks, device: 0xFD << 32 | 10, inode: 5) == 12)
        #expect(LockHolder.process(in: Self.locks, device: 8 << 32 | 1, inode: 6) == nil)
        #expect(LockHolder.process(in: bytes("nonsense"), device: 1, inode: 1) == nil)
        let stat = bytes("4711 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 3333 20")
        #expect(LockHolder.ticks(in: stat) == 3_333)
        #expect(LockHolder.ticks(in: bytes("4711 (a) S 1")) == nil)
    }

    @Test("this process, its name and its start, by the kernel")
    func own() throws {
        let place = try Place(on: .tmpfs)
        let file = try place.directory.createFile(Name("locked"), mode: 0o600)
        let nobody = LockHolder(of: file)
        #expect(nobody == nil)
        let isMine = try file.lock(.exclusive)
        #expect(isMine)
        let found = LockHolder(of: file)
        let holder = try #require(found)
        #expect(holder.process == getpid())
        #expect(!holder.name.isEmpty)
        let start = try #require(holder.startNanoseconds)
        #expect(start <= coarseTimeNanoseconds())
        #expect(start > coarseTimeNanoseconds() - bootNanoseconds())
    }

    @Test("the active scheduler is the one in brackets, or the only one")
    func schedulers() {
        #expect(BlockDevice.active(in: "none [mq-deadline] kyber bfq") == "mq-deadline")
        #expect(BlockDevice.active(in: "[none] mq-deadline") == "none")
        #expect(BlockDevice.active(in: "none") == "none")
        #expect(BlockDevice.active(in: "") == nil && BlockDevice.active(in: "a b") == nil)
        for (name, honours) in [("bfq", true), ("mq-deadline", true), ("none", false)] {
            let disk = BlockDevice.Scheduled(device: "sda", scheduler: name)
            #expect(disk.honoursIdle == honours)
        }
    }
}
