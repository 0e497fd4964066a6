// How exactly DESTINATION keeps times (S6): the kernel's rounding and clamping, foreseen, and found
// out on real filesystems.

import LinuxIO
import Migration
import TestSupport
import Testing

private func moment(_ seconds: Int64, _ nanoseconds: UInt32 = 0) -> Timestamp {
    Timestamp(seconds: seconds, nanoseconds: nanoseconds)
}

@Suite("TimeStorage") struct TimeStorageTests {
    private static let old = TimeStorage.wholeSecondsUntil2038

    @Test(
        "S6: what is stored, by rows",
        arguments: [
            (TimeStorage.exact, moment(5, 999_999_999), moment(5, 999_999_999)),
            (.exact, moment(-5, 1), moment(-5, 1)),
            (.exact, moment(.max - 1, 7), moment(.max - 1, 7)),
            (old, moment(5, 999_999_999), moment(5)),
            (old, moment(-5, 999_999_999), moment(-5)),
            (old, moment(2_147_483_646, 5), moment(2_147_483_646)),
            (old, moment(2_147_483_647, 5), moment(2_147_483_647)),
            (old, moment(2_147_483_648, 5), moment(2_147_483_647)),
            (old, moment(9_999_999_999), moment(2_147_483_647)),
            (old, moment(-2_147_483_648, 5), moment(-2_147_483_648)),
            (old, moment(-2_147_483_649, 5), moment(-2_147_483_648)),
            (
                TimeStorage(stepNanoseconds: 100, earliestSeconds: -10, latestSeconds: 10),
                moment(9, 123_456_789), moment(9, 123_456_700)
            ),
            (
                TimeStorage(stepNanoseconds: 100, earliestSeconds: -10, latestSeconds: 10),
                moment(10, 123_456_789), moment(10)
            ),
        ]
    )
    func stored(storage: TimeStorage, time: Timestamp, expected: Timestamp) {
        #expect(storage.stored(time) == expected)
        #expect(storage.agree(source: time, destination: expected))
        // What is stored stays as it is: no file is copied for ever.
        #expect(storage.stored(expected) == expected)
    }

    @Test("S6: times agree only with what is stored for them, not with its neighbours")
    func agreement() {
        #expect(!TimeStorage.exact.agree(source: moment(5, 1), destination: moment(5, 0)))
        #expect(!TimeStorage.exact.agree(source: moment(5, 1), destination: moment(6, 1)))
        #expect(!Self.old.agree(source: moment(5, 1), destination: moment(6)))
        #expect(!Self.old.agree(source: moment(5, 1), destination: moment(4)))
        #expect(!Self.old.agree(source: moment(1 << 40), destination: moment(5)))
    }

    @Test("S6, S49: what is known of ext4 without writing is the time of birth", .requiresVolumes)
    func inferred() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let root = try Descriptor.openRoot(Name(workspace.destination)).status()
        #expect(TimeStorage.inferred(type: "ext4", root: root) == .exactUntil2446)
        try withSmall(["-I", "128"]) { volume in
            let root = try Descriptor.openRoot(Name(volume.mountPoint)).status()
            #expect(TimeStorage.inferred(type: "ext4", root: root) == .wholeSecondsUntil2038)
            #expect(TimeStorage.inferred(type: "xfs", root: root) == .exact)
        }
    }

    @Test("S6: ext4 with 128-byte inodes is found to keep seconds until 2038", .requiresVolumes)
    func probedOld() throws {
        try withSmall(["-I", "128"]) { volume in
            let found = try probe(volume.mountPoint)
            #expect(found == .wholeSecondsUntil2038)
            let names = try Files.names(volume.mountPoint)
            #expect(names == [bytes("lost+found")])
        }
    }

    @Test(
        "S6, S30: ext4 with 256-byte inodes is found to keep nanoseconds until 2446",
        .requiresVolumes
    )
    func probedUsual() throws {
        try withSmall(["-I", "256"]) { volume in
            let expected = TimeStorage(
                stepNanoseconds: 1,
                earliestSeconds: -2_147_483_648,
                latestSeconds: 15_032_385_535
            )
            let found = try probe(volume.mountPoint)
            #expect(found == expected)
        }
    }

    @Test("S6: XFS is found to keep nanoseconds until 2486", .requiresVolumes)
    func probedXFS() throws {
        let expected = TimeStorage(
            stepNanoseconds: 1,
            earliestSeconds: -2_147_483_648,
            latestSeconds: 16_299_260_424
        )
        let found = try probe(try VolumePair.shared().xfs)
        #expect(found == expected)
    }

    @Test("S49: a filesystem that can't be tried has no answer", .requiresVolumes)
    func notProbed() throws {
        try withSmall(["-I", "128"]) { volume in
            try volume.remount(options: "ro")
            let found = try probe(volume.mountPoint)
            #expect(found == nil)
        }
    }

    @Test("S6: what is foreseen is what the kernel stores", .requiresVolumes)
    func foreseen() throws {
        try withSmall(["-I", "128"]) { volume in
            let root = try Descriptor.openRoot(Name(volume.mountPoint))
            let probed = TimeStorage.probed(in: root)
            let storage = try #require(probed)
            let path = joined(volume.mountPoint, "f")
            try Files.write(path, [])
            let handle = try root.openHandle(Name("f"))
            for seconds: Int64 in [
                -2_147_483_649, -2_147_483_648, -1, 0, 1, 2_147_483_646, 2_147_483_647,
                2_147_483_648, 1 << 35,
            ] {
                let time = moment(seconds, 123_456_789)
                try handle.setModified(time)
                let stored = try handle.status().modified
                #expect(stored == storage.stored(time), "\(seconds)")
            }
        }
    }

    private func withSmall(_ words: [String], _ body: (LoopVolume) throws -> Void) throws {
        let volume = try LoopVolume(.ext4(words), megabytes: 16)
        defer { volume.destroy() }
        try body(volume)
    }

    private func probe(_ path: [UInt8]) throws -> TimeStorage? {
        TimeStorage.probed(in: try Descriptor.openRoot(Name(path)))
    }
}
