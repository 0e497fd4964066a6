// What a verification tells: each kind of difference as a line, the summary for each way to end.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

/// One of each kind of difference, and its words.
let everyAspect: [(FoundDifference.Aspect, String)] = [
    (.missing, "missing on DESTINATION (regular file)"),
    (.extra, "only on DESTINATION (regular file)"),
    (.type(.regular, .directory), "type: SOURCE regular file, DESTINATION directory"),
    (.size(1, 2), "size: SOURCE 1 bytes, DESTINATION 2 bytes"),
    (
        .contents(
            ContentDifference(firstByte: 9, blocksDiffering: 2, blocks: 1024, blockBytes: 4096)
        ),
        "contents: differ from byte 9 on, in 2 of 1,024 blocks of 4096 bytes"
    ),
    (
        .unsteady,
        "contents: differed, and not when they were read once more, though nobody wrote: do not trust "
            + "memory, cables or disk"
    ),
    (.target([0x61], [0x62]), "target: SOURCE a, DESTINATION b"),
    (
        .device(DeviceNumber(major: 1, minor: 3), DeviceNumber(major: 1, minor: 5)),
        "device: SOURCE 1:3, DESTINATION 1:5"
    ),
    (.owner(1, 2), "owner: SOURCE 1, DESTINATION 2"),
    (.group(1, 2), "group: SOURCE 1, DESTINATION 2"),
    (.mode(0o644, 0o4755), "mode: SOURCE 0644, DESTINATION 4755"),
    (
        .modified(
            Timestamp(seconds: .max, nanoseconds: 5),
            Timestamp(seconds: .min, nanoseconds: 0)
        ),
        "modified: SOURCE 9223372036854775807.000000005, DESTINATION -9223372036854775808.000000000"
    ),
    (.flags([.immutable, .noDump], []), "flags: SOURCE id, DESTINATION none"),
    (
        .quota(.notAccounted(.project, limits: 2)),
        "quota of projects: SOURCE has 2 limits, DESTINATION does not account them: tune2fs -O quota,project on the "
            + "unmounted volume (an XFS is mounted with them)"
    ),
    (
        .quota(.notAccounted(.group, limits: 0)),
        "quota of groups: SOURCE enforces limits, DESTINATION does not account them: tune2fs -O quota,project on the "
            + "unmounted volume (an XFS is mounted with them)"
    ),
    (
        .quota(
            .total(
                .project,
                QuotaUsage(bytes: 4096, inodes: 1),
                of: .user,
                QuotaUsage(bytes: 8192, inodes: 2)
            )
        ),
        "quota of projects: accounts: together 4 KiB, 1 inode, those of users 8 KiB, 2 inodes: "
            + "run e2fsck -f on the unmounted DESTINATION"
    ),
    (
        .quota(
            .grace(
                .user,
                QuotaGrace(blockSeconds: 1, inodeSeconds: 2),
                QuotaGrace(blockSeconds: 3, inodeSeconds: 4)
            )
        ),
        "quota of users: grace: SOURCE 1/2 s, DESTINATION 3/4 s"
    ),
    (
        .quota(.limits(QuotaOwner(.user, 7), QuotaLimits(blockHardBytes: 2048), .none)),
        "quota of user 7: limits: SOURCE blocks 0/2 KiB, inodes 0/0, DESTINATION none"
    ),
    (
        .quota(
            .usage(
                QuotaOwner(.group, 7),
                counted: QuotaUsage(bytes: 4096, inodes: 1),
                accounted: QuotaUsage(bytes: 1024, inodes: 2)
            )
        ),
        "quota of group 7: account: counted on DESTINATION 4 KiB, 1 inode, accounted 1 KiB, 2 inodes: "
            + "run e2fsck -f on the unmounted DESTINATION"
    ),
    (.project(7, 8), "project id: SOURCE 7, DESTINATION 8"),
    (
        .attribute(name: bytesOf("user.a"), nil, bytesOf("text")),
        "attribute user.a: SOURCE none, DESTINATION \"text\""
    ),
    (
        .attribute(name: bytesOf("user.a"), [0, 255], [UInt8](repeating: 1, count: 65)),
        "attribute user.a: SOURCE 0x00ff, DESTINATION 0x" + String(repeating: "01", count: 64)
            + "... (65 bytes)"
    ),
    (.accessControl(.access, "user::rw-", nil), "ACL: SOURCE user::rw-, DESTINATION none"),
    (
        .accessControl(.defaults, nil, "user::rw-"),
        "default ACL: SOURCE none, DESTINATION user::rw-"
    ),
    (
        .links(LinkFacts(inode: 5, names: 2), LinkFacts(inode: 6, names: 1)),
        "hard links: SOURCE inode 5 with 2 names, DESTINATION inode 6 with 1 name"
    ),
    (.digest([0x0A], [0xF0]), "SHA-256: manifest 0a, DESTINATION f0"),
]

@Suite("Verification text") struct VerificationTextTests {
    @Test("Each kind of difference as a line", arguments: 0..<everyAspect.count)
    func lines(index: Int) {
        let (aspect, words) = everyAspect[index]
        let difference = FoundDifference(path: bytesOf("a/b"), kind: .regular, aspect: aspect)
        let text = DifferenceText(difference)
        #expect(String(decoding: text.line(.found), as: UTF8.self) == "a/b: " + words)
        #expect(
            String(decoding: text.line(.changed), as: UTF8.self)
                == "a/b: " + words + ": changed while comparing"
        )
        #expect(
            String(decoding: text.line(.pending(changed: 1)), as: UTF8.self)
                == "a/b: " + words + ": changed since the last pass"
        )
    }

    @Test("The root is a dot, and a missing directory stands for all in it")
    func rootAndTrees() {
        let root = FoundDifference(path: [], kind: .directory, aspect: .owner(0, 1))
        #expect(DifferenceText(root).line(.found).starts(with: bytesOf(".: owner")))
        let tree = FoundDifference(path: bytesOf("d"), kind: .directory, aspect: .missing)
        #expect(DifferenceText(tree).message == "missing on DESTINATION (directory, and all in it)")
    }

    @Test("Times before 1970 in JSON are one number, exact to the nanosecond")
    func exactTimes() throws {
        let aspect = FoundDifference.Aspect.modified(
            Timestamp(seconds: -1, nanoseconds: 999_999_999),
            Timestamp(seconds: -2, nanoseconds: 0)
        )
        let difference = FoundDifference(path: [], kind: .regular, aspect: aspect)
        let line = VerificationJSON.line(.found(difference), time: 0)
        let read = try JSON(parsing: line.object)
        #expect(read.text("source") == "-0.000000001", "\(read)")
        #expect(read.text("destination") == "-2.000000000", "\(read)")
    }

    private func lines(
        _ status: Migration.ExitStatus,
        _ change: (VerificationCounters) -> Void = { _ in },
        sample: FileSample? = nil,
        comparesContents: Bool = true,
        isByManifest: Bool = false,
        manifest: Result<UInt64, SystemError>? = nil,
        failures: [Failure] = [],
        lastPass: ReferencePass? = nil
    ) -> [String] {
        let counters = VerificationCounters()
        change(counters)
        var summary = VerificationSummary(
            status: status,
            isByManifest: isByManifest,
            comparesContents: comparesContents,
            sample: sample,
            counters: counters,
            durationNanoseconds: 2_500_000_000,
            firstFailures: failures,
            manifest: manifest,
            workersBusyMax: 3
        )
        summary.lastPass = lastPass
        return VerificationSummaryText(
            summary,
            status: status,
            asides: PassAsides(),
            shown: ShownName(isForTerminal: true, isUTF8: true),
            manifestName: "m",
            now: 1_000_000_000_000
        ).lines
    }

    @Test("The first line says what is known, and nothing that is not")
    func headlines() {
        #expect(lines(.done)[0] == "cutover: equal, in 2.5 s")
        #expect(lines(.done, comparesContents: false)[0].contains("(contents were not read)"))
        let sample = FileSample(percent: 5, seed: 1)
        let partial = lines(.done, sample: sample).prefix(2).joined(separator: " ")
        #expect(partial.contains("contents of 5 % of the"))
        let different = lines(.different) { $0.differences.count(3) }
        #expect(different[0] == "cutover: different: 3 differences, in 2.5 s")
        #expect(different.contains { $0.contains("--checksum") })
        let changed = lines(.someVanished) { $0.changed.count(2) }
        #expect(changed[0].contains("nothing wrong was found"))
        #expect(changed.contains { $0.contains("changed meanwhile") })
        let pass = ReferencePass(id: 41, endNanoseconds: 273_000_000_000)
        let pending = lines(.someVanished, { $0.pending.count(66) }, lastPass: pass)
        #expect(
            pending[0]
                == "cutover: equal but for 66 entries that users changed since pass 41 (12:07 ago)"
        )
        #expect(pending.contains { $0.contains("66  the next pass takes them; -v lists them") })
        let both = lines(
            .someVanished,
            {
                $0.pending.count()
                $0.changed.count()
            },
            comparesContents: false,
            lastPass: pass
        )
        let told = both.prefix(3).joined(separator: " ")
        #expect(told.contains("equal in attributes (contents were not read) but for 1 entry"))
        #expect(told.contains("and some that changed meanwhile"), "\(told)")
        #expect(lines(.interrupted)[0].contains("interrupted after 2.5 s"))
        let failed = lines(
            .someFailed,
            {
                $0.failures.count()
                $0.differences.count(2)
            },
            failures: [failure()]
        )
        #expect(failed[0].contains("not all could be compared: 1 failure, 2 differences"))
        #expect(failed.contains { $0.contains("a/b:") })
        let manifest = lines(.someFailed, manifest: .failure(SystemError(.fsync, .noSpace)))
        #expect(manifest.contains { $0.contains("m: cannot write it: No space left on device") })
        let table = lines(.done, manifest: .success(12))
        #expect(table.contains { $0.contains("files in manifest") && $0.contains("12  m") })
        for line in different + changed + failed + table + pending + both {
            #expect(line.count <= 80, "\(line)")
        }
    }
}
