// Who can write: what /proc says of descriptors and mappings.

import LinuxIO
import TestSupport
import Testing

@Suite("Other processes") struct ProcessTableTests {
    @Test("a descriptor can write by its access mode, which is in octal")
    func flags() {
        for (flags, canWrite) in [
            ("0100000", false), ("0100001", true), ("02100002", true), ("010000000", false),
        ] {
            let text = bytes("pos:\t0\nflags:\t\(flags)\nmnt_id:\t29\n")
            #expect(ProcessTable.canWrite(descriptorInformation: text) == canWrite, "\(flags)")
        }
    }

    @Test("only shared mappings that can be stored to count")
    func mappings() {
        let text = bytes(
            """
            7f00-7f01 rw-p 00000000 08:11 131                        /srv/private
            7f01-7f02 r--s 00000000 08:11 132                        /srv/read
            7f02-7f03 rw-s 00000000 08:11 133                        /srv/a b
            7f03-7f04 rw-s 00000000 00:01 4                          /dev/zero (deleted)
            7f04-7f05 rw-p 00000000 00:00 0\u{20}

            """
        )
        let found = ProcessTable.mappingsForWriting(in: text)
        #expect(found.map { shown($0.path) } == ["/srv/a b", "/dev/zero (deleted)"])
        #expect(found.map(\.device) == [8 << 32 | 0x11, 1])
    }

    @Test("a file that this process has open for writing is found, with its mount")
    func own() throws {
        let file = joined(try Scratch.directory(), Scratch.uniqueName("open"))
        try Files.write(file, bytes("a"))
        let output = try OutputFile(report: Name(file))
        let number = ProcessLimits.process
        let found = try ProcessTable.descriptorsForWriting(of: number) { _ in true }
        #expect(found.contains { $0.path == file })
        let mount = found.first { $0.path == file }?.mount
        let mounts = MountTable.mounts(in: try ProcessTable.mountTable(of: number))
        #expect(mounts.contains { $0.number == mount })
        #expect(try ProcessTable.descriptorsForWriting(of: number) { _ in false }.isEmpty)
        #expect(try ProcessTable.numbers().contains(number))
        output.finish()
    }
}
