// What a check makes of facts, by rows: which finding, and how grave. And what the forecast of a pass refuses.

import LinuxIO
import Migration
import Testing

@Suite("CheckFindings") struct CheckFindingsTests {
    /// Verdicts other than ok by question.
    private func troubles(
        _ facts: CheckFacts,
        notLookedAt: Finding.NotLookedAt? = nil
    ) -> [String: Finding.Severity] {
        CheckFindings(facts, notLookedAt: notLookedAt).findings.reduce(into: [:]) {
            guard $1.severity != .ok else { return }
            $0[$1.matter.name] = max($0[$1.matter.name] ?? .ok, $1.severity)
        }
    }

    @Test("a pair that is well has no trouble, and each question has an answer")
    func well() {
        #expect(troubles(checkFacts()) == [:])
        let names = Set(CheckFindings(checkFacts(), notLookedAt: nil).findings.map(\.matter.name))
        for name in [
            "privileges", "pair", "mounted", "writable", "errors", "mounts", "space", "inodes",
            "file_size",
            "directories", "links", "xattr_size", "acls", "xattrs", "times", "names", "types",
            "holes", "flags", "projects",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }

    typealias Row = (String, Finding.Severity, @Sendable (inout CheckFacts) -> Void)

    private static let rows: [Row] = [
        ("privileges", .warning, { $0.missingCapabilities = ["CAP_MKNOD"] }),
        ("privileges", .fatal, { $0.hidden = .trustedAttributes }),
        ("privileges", .fatal, { $0.hidden = .owners }),
        ("mounted", .fatal, { $0.isSourceEmpty = true }),
        ("mounted", .fatal, { $0.wrongRoots = .notMounted(path: [], typeName: "ext4") }),
        ("mounts", .warning, { $0.source.mount = nil }),
        ("mounts", .warning, { $0.destination.mount = nil }),
        ("writable", .fatal, { $0.destination.readOnly = .device }),
        ("probe", .warning, { $0.destination.probeProblem = .busy }),
        (
            "probe", .fatal,
            { $0.destination.probeProblem = .failed(SystemError(.open, .inputOutput)) }
        ),
        ("errors", .fatal, { $0.destination.health.errors = 1 }),
        ("errors", .warning, { $0.source.health.errors = 1 }),
        ("errors", .warning, { $0.source.health.isSick = true }),
        ("errors", .fatal, { $0.source.health.isShutDown = true }),
        ("damaged", .warning, { $0.source.census.damaged = notable(1) }),
        ("quotas", .warning, { $0.quotas = quotaForecast { $0.hidden = [.user] } }),
        ("quotas", .warning, { $0.quotas = quotaForecast { $0.limits[.project] = 1 } }),
        ("quotas", .warning, { $0.quotas = quotaForecast { $0.refused = 1 } }),
        ("quotas", .warning, { $0.quotas = quotaForecast { $0.realtimeLimits = 1 } }),
        (
            "quotas", .warning,
            { $0.quotas = quotaForecast { $0.defaults = [QuotaDefault(.user, .none)] } }
        ),
        (
            "quotas", .warning,
            {
                $0.quotas = quotaForecast {
                    $0.unread = .init(.source, SystemError(.quotactl, .notPermitted))
                }
            }
        ),
        ("mounts", .warning, { $0.source.mount?.options.append("noatime") }),
        // Room.
        ("space", .fatal, { $0.source.census.neededBytes = 201 << 30 }),
        ("space", .warning, { $0.source.census.neededBytes = 195 << 30 }),
        ("space", .warning, { $0.destination.totalBytes = 0 }),
        (
            "space", .fatal,
            {
                $0.destination.isEmpty = false
                $0.destination.freeBytes = 10 << 30
                $0.source.census.neededBytes = 201 << 30
            }
        ),
        // In use by what need not be the copy.
        (
            "space", .warning,
            {
                $0.destination.isEmpty = false
                $0.destination.freeBytes = 50 << 30
            }
        ),
        ("inodes", .fatal, { $0.destination.freeInodes = 999_999 }),
        ("inodes", .warning, { $0.destination.freeInodes = 1_000_001 }),
        (
            "inodes", .fatal,
            {
                $0.destination.isEmpty = false
                $0.destination.totalInodes = 900_000
                $0.destination.freeInodes = 10
            }
        ),
        // Entries.
        ("file_size", .fatal, { $0.source.census.largeFiles = notable(1 << 45) }),
        ("directories", .warning, { $0.source.census.largeDirectories = notable(1 << 30) }),
        ("links", .warning, { $0.source.census.manyNames = notable(65_001) }),
        ("links", .warning, { $0.destination.probe?.hardLinks = .no(.notPermitted) }),
        ("unread", .warning, { $0.source.census.unread = 3 }),
        (
            "xattr_size", .warning,
            {
                $0.destination.probe?.largeAttributes = .no(.noSpace)
                $0.source.census.largeAttributes = notable(5_000)
            }
        ),
        (
            "xattr_size", .warning,
            {
                $0.destination.probe?.largeAttributes = .no(.noSpace)
                $0.source.census.unmeasured = 1
            }
        ),
        // Features.
        ("acls", .warning, { $0.destination.probe?.accessControl = .no(.notSupported) }),
        ("xattrs", .warning, { $0.destination.probe?.trustedAttributes = .no(.notSupported) }),
        ("times", .warning, { $0.destination.probe?.times = .wholeSecondsUntil2038 }),
        ("times", .warning, { $0.destination.probe?.times = nil }),
        ("times", .warning, { $0.source.census.farTimes = notable(16_000_000_000) }),
        ("names", .warning, { $0.destination.probe?.longNames = .no(.nameTooLong) }),
        ("types", .warning, { $0.destination.probe?.devices = .no(.notPermitted) }),
        ("holes", .warning, { $0.destination.probe?.holes = .no(.notSupported) }),
        (
            "flags", .warning,
            {
                $0.destination.probe?.flags = .no(.notSupported)
                $0.source.census.flagged = 1
            }
        ),
        (
            "projects", .warning,
            {
                $0.destination.probe?.projects = .no(.notSupported)
                $0.source.census.projects = 1
            }
        ),
        ("xfs_only", .warning, { $0.source.census.realtime = 2 }),
    ]

    @Test("each shortcoming is its own finding, and no other", arguments: rows.indices)
    func shortcoming(row: Int) {
        let (name, severity, change) = Self.rows[row]
        #expect(troubles(checkFacts(change)) == [name: severity])
    }

    @Test("what nobody needs is no trouble though DESTINATION lacks it")
    func notNeeded() {
        let facts = checkFacts { facts in
            for path in supports {
                facts.destination.probe?[keyPath: path] = .no(.notSupported)
            }
            // These are asked of DESTINATION whatever SOURCE holds.
            facts.destination.probe?.longNames = .yes
            facts.destination.probe?.hardLinks = .yes
            facts.destination.probe?.symlinks = .yes
            facts.destination.probe?.devices = .yes
            facts.destination.probe?.fifos = .yes
            facts.destination.probe?.holes = .yes
            facts.source.census.attributed = 0
        }
        #expect(troubles(facts) == [:])
    }

    @Test("10 million entries in a directory: too many for ext4 without large_dir, not for others")
    func largeDirectory() throws {
        // 10 million names of 40 bytes, as ext4 stores them.
        let bytes: UInt64 = 10_000_000 * 48
        let usual = Ext4Superblock().directoryBytesMax
        #expect((500 << 20...540 << 20).contains(usual))
        #expect(bytes < usual && 2 * bytes > usual, "it is about there that the limit lies")
        var able = Ext4Superblock()
        able.hasLargeDirectories = true
        for (superblock, type, isLimited) in [
            (Ext4Superblock(), "ext4", true), (nil, "ext4", true), (able, "ext4", false),
            (nil, "xfs", false),
        ] as [(Ext4Superblock?, String, Bool)] {
            let facts = checkFacts {
                $0.destination.superblock = superblock
                $0.destination.typeName = type
            }
            let finding = CheckFindings(facts, notLookedAt: nil).findings.first {
                $0.matter.name == "directories"
            }
            guard case .directories(let limit, let isKnown) = finding?.matter else {
                Issue.record("no finding about directories")
                return
            }
            #expect((limit != nil) == isLimited)
            #expect(isKnown == (superblock != nil || type == "xfs"))
        }
    }

    @Test("what could not be looked at is a warning, and an upper limit is no verdict")
    func notLookedAt() {
        let facts = checkFacts {
            var census = Census(method: .counts)
            census.inodes = 50_000_000
            census.neededBytes = 900 << 30
            $0.source.census = census
            $0.source.isWhole = false
        }
        let found = troubles(facts, notLookedAt: .part)
        #expect(found == ["entries": .warning, "space": .warning, "inodes": .warning])
        #expect(troubles(checkFacts { $0.source.isWhole = false }) == [:])
    }

    @Test("a later pass needs what is missing, and the copy that is there counts")
    func laterPass() {
        let facts = checkFacts {
            $0.destination.isEmpty = false
            $0.destination.holdsCopy = true
            $0.destination.freeBytes = 95 << 30
            $0.destination.availableBytes = 90 << 30
            $0.destination.freeInodes = 12_000_000
        }
        #expect(troubles(facts) == [:])
    }

    // MARK: mkfs

    @Test("mkfs.ext4: each option has its reason, and the device has to be named")
    func make() {
        // What DESTINATION takes already nobody has measured: it is kept.
        #expect(MakeAdvice(checkFacts()).command == "mkfs.ext4 -I 256 -m 1 -O ea_inode DEVICE")
        let plain = checkFacts { $0.destination.probe?.largeAttributes = .no(.noSpace) }
        #expect(MakeAdvice(plain).command == "mkfs.ext4 -I 256 -m 1 DEVICE")
        let many = checkFacts {
            $0.source.census.inodes = 20_000_000
            $0.source.census.largeDirectories = notable(1 << 30)
            $0.source.census.largeAttributes = notable(5_000)
            $0.source.census.projects = 7
        }
        #expect(
            MakeAdvice(many).command
                == "mkfs.ext4 -I 256 -N 30000000 -m 1 -O large_dir,ea_inode,project,quota DEVICE"
        )
        let small = checkFacts { $0.destination.totalBytes = 100 << 20 }
        #expect(MakeAdvice(small).command.contains("-b 4096"))
        // mke2fs itself makes an inode for 32 KiB from 4 TiB on, for 64 KiB from 16 TiB on.
        for (size, inodes, isNamed) in [
            (3 << 40, 100_000_000, false), (8 << 40, 100_000_000, false),
            (8 << 40, 300_000_000, true), (20 << 40, 300_000_000, true),
        ] as [(UInt64, UInt64, Bool)] {
            let large = checkFacts {
                $0.destination.totalBytes = size
                $0.destination.totalInodes = size / 16_384
                $0.source.census.inodes = inodes
            }
            #expect(MakeAdvice(large).command.contains("-N") == isNamed, "\(size) \(inodes)")
        }
        let unknown = checkFacts { $0.source.census = Census(method: .counts) }
        #expect(MakeAdvice(unknown).command.contains("-O large_dir,ea_inode"))
    }

    // MARK: The forecast of a pass

    private func forecast(
        used: UInt64 = 100 << 30,
        overhead: UInt64 = 5 << 30,
        inodes: UInt64 = 1_000,
        room: UInt64,
        roomInodes: UInt64? = 10_000
    ) -> FitForecast {
        FitForecast(
            sourceUsedBytes: used,
            sourceOverheadBytes: overhead,
            sourceInodes: inodes,
            roomBytes: room,
            roomInodes: roomInodes,
            isEmpty: true
        )
    }

    @Test("a pass is refused only when the least that it needs is more than there is")
    func refusals() {
        #expect(forecast(room: 95 << 30).refusal == nil)
        #expect(
            forecast(room: 95 << 30 - 1).refusal
                == .tooLittleSpace(needed: 95 << 30, room: 95 << 30 - 1, isEmpty: true)
        )
        #expect(forecast(overhead: 200 << 30, room: 0).refusal == nil)
        #expect(forecast(inodes: 10_064, room: 200 << 30).refusal == nil)
        #expect(
            forecast(inodes: 10_065, room: 200 << 30).refusal
                == .tooFewInodes(needed: 10_001, room: 10_000, isEmpty: true)
        )
        #expect(forecast(inodes: 10, room: 200 << 30, roomInodes: 0).refusal == nil)
        #expect(forecast(inodes: .max, room: 200 << 30, roomInodes: nil).refusal == nil)
    }

    // MARK: NotableEntries

    @Test("of many entries the greatest are kept to be named, and all are counted")
    func manyNotableEntries() {
        var notable = NotableEntries()
        for value in 0..<10_000 as Range<Int64> {
            notable.note(NotableEntry(inode: UInt64(value), value: value * 7_919 % 10_000))
        }
        #expect(notable.total == 10_000)
        #expect(notable.entries.count == NotableEntries.namedMax)
        #expect(notable.entries.map(\.value) == (9_000..<10_000 as Range<Int64>).reversed())
    }
}
