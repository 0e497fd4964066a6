// The order and the writes of carrying quotas, with filesystems in memory.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Carrying quotas") struct QuotaCarrierTests {
    private static let week = Int64(FakeQuotas.week)

    @Test("Q1, Q11: limits of three kinds and of large ids, each as a line and as a call")
    func limitsOfThreeKinds() {
        let source = FakeQuotas([.user, .group, .project])
        let destination = FakeQuotas([.user, .group, .project])
        source.add(
            .user,
            QuotaRecord(id: 1001, limits: kibibytes(10240, 20480, inodes: (100, 200))),
            QuotaRecord(id: 4_294_967_294, limits: kibibytes(0, 1))
        )
        source.add(.group, QuotaRecord(id: 5, limits: kibibytes(0, 0, inodes: (0, 9))))
        source.add(.project, QuotaRecord(id: 42, limits: kibibytes(3, 0)))
        let report = carry(source, destination)
        #expect(
            report.lines == [
                "*quota      user 1001 blocks 10240/20480 inodes 100/200",
                "*quota      user 4294967294 blocks 0/1 inodes 0/0",
                "*quota      group 5 blocks 0/0 inodes 0/9",
                "*quota      project 42 blocks 3/0 inodes 0/0",
            ]
        )
        #expect(
            destination.calls == [
                "limits user 1001", "limits user 4294967294", "limits group 5", "limits project 42",
            ]
        )
        #expect(report.counts == [.set: 4] && report.failures.isEmpty)
    }

    @Test("Q4: a second pass writes nothing, and tells nothing")
    func secondPassWritesNothing() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.graceTimes[.user] = QuotaGrace(blockSeconds: 5, inodeSeconds: 6)
        source.add(.user, QuotaRecord(id: 7, limits: QuotaLimits(blockHardBytes: 1536)))
        // DESTINATION counts more than SOURCE, and is above no soft limit.
        destination.add(.user, QuotaRecord(id: 7, usedBytes: 1024))
        #expect(carry(source, destination).changes.count == 2)
        let calls = destination.calls
        let report = carry(source, destination)
        #expect(destination.calls == calls && report.announced == 0)
        #expect(report.changes.isEmpty && report.counts.isEmpty)
    }

    @Test("Q8: grace times first, then limits, then running grace")
    func order() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.graceTimes[.user] = QuotaGrace(blockSeconds: 50, inodeSeconds: 60)
        source.add(.user, QuotaRecord(id: 7, limits: kibibytes(1, 9), blockGraceEnd: 1_234_567))
        destination.add(.user, QuotaRecord(id: 7, usedBytes: 4096))
        let report = carry(source, destination)
        #expect(destination.calls == ["grace user", "limits user 7", "running user 7"])
        #expect(report.lines.first == "*quota      user grace 50/60")
        #expect(destination.accounts[.user]?[7]?.blockGraceEnd == 1_234_567)
        #expect(report.counts == [.set: 1, .graceRestarted: 1])
        // Q9: SOURCE's runs on; nothing is written again.
        #expect(carry(source, destination).counts.isEmpty)
    }

    @Test(
        "Q9: a grace that began with the first copy is renewed in each pass, until SOURCE runs one"
    )
    func graceSurvivesSecondPass() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(.user, QuotaRecord(id: 7, limits: kibibytes(1, 9)))
        destination.add(.user, QuotaRecord(id: 7, usedBytes: 4096))
        #expect(carry(source, destination).counts[.graceRestarted] == 1)
        destination.nowSeconds += 3 * FakeQuotas.week
        let report = carry(source, destination)
        #expect(report.counts == [.graceRestarted: 1] && report.changes.isEmpty)
        let end = Int64(destination.nowSeconds) + Self.week
        #expect(destination.accounts[.user]?[7]?.blockGraceEnd == end)
    }

    @Test("Q7: limits that only DESTINATION has are cleared with --delete, else left and counted")
    func limitClearedOnlyWithDelete() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        destination.add(.user, QuotaRecord(id: 3, limits: kibibytes(1, 2)))
        source.add(.user, QuotaRecord(id: 2, limits: kibibytes(1, 2)))
        destination.add(.user, QuotaRecord(id: 2, limits: kibibytes(1, 2)))
        let kept = carry(source, destination, clearing: .none)
        #expect(kept.counts == [.left: 1] && kept.changes.isEmpty && destination.calls.isEmpty)
        #expect(kept.notices.isEmpty)
        let cleared = carry(source, destination, clearing: .whereSourceHasLimits)
        #expect(cleared.counts == [.cleared: 1] && cleared.lines == ["*noquota    user 3"])
        #expect(destination.limits(.user, 3) == QuotaLimits.none)
    }

    @Test("Q7: of a kind without one limit on SOURCE none is cleared, lest they were lost there")
    func sourceWithoutLimitsClearsNone() {
        let source = FakeQuotas([.user, .group])
        let destination = FakeQuotas([.user, .group])
        // XFS writes the defaults into records of active owners.
        source.add(
            .user,
            QuotaRecord(id: 0, limits: kibibytes(1, 5)),
            QuotaRecord(id: 3, limits: kibibytes(1, 5), usedBytes: 9)
        )
        source.add(.group, QuotaRecord(id: 3, limits: kibibytes(1, 2)))
        destination.add(.user, QuotaRecord(id: 5, limits: kibibytes(1, 2)))
        destination.add(.group, QuotaRecord(id: 4, limits: kibibytes(1, 2)))
        let report = carry(source, destination, clearing: .whereSourceHasLimits)
        #expect(report.counts == [.left: 1, .set: 2, .cleared: 1])
        #expect(destination.limits(.user, 5) == kibibytes(1, 2))
        #expect(report.notices.contains(.noLimitsOnSource([.user])))
        // Nothing was left: nothing is said.
        let idle = carry(FakeQuotas(), FakeQuotas(), clearing: .whereSourceHasLimits)
        #expect(idle.notices.isEmpty)
        #expect(carry(source, destination, clearing: .all).counts == [.cleared: 1])
    }

    @Test("a limit that DESTINATION passes over without an error is a failure, and not told as set")
    func notKept() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(
            .user,
            QuotaRecord(id: 1, limits: kibibytes(9, 2)),
            QuotaRecord(id: 2, limits: kibibytes(1, 2))
        )
        // As XFS does.
        destination.passesOver = { $0.blockSoftBytes > $0.blockHardBytes }
        let report = carry(source, destination)
        #expect(report.counts == [.set: 1] && report.lines.count == 1)
        #expect(report.failures.count == 1 && report.failures.first?.error == nil)
        #expect(report.details == ["user 1: blocks 9/2 inodes 0/0"])
        #expect(report.failures.first?.activity == .setQuota)
    }

    @Test("limits that cannot be read back are a failure of reading, and not told as set")
    func notReadBack() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(.user, QuotaRecord(id: 1, limits: kibibytes(1, 2)))
        destination.failures["limits"] = .inputOutput
        let report = carry(source, destination)
        #expect(report.counts.isEmpty && report.changes.isEmpty)
        #expect(report.details == ["user 1"] && report.failures.first?.activity == .readQuota)
        #expect(report.failures.first?.isWrite == false)
    }

    @Test("Q7: a SOURCE that cannot be read to its end clears nothing behind that, and says so")
    func unreadSourceClearsNothing() {
        for position in 0...1 {
            let source = FakeQuotas()
            let destination = FakeQuotas()
            source.add(.user, QuotaRecord(id: 3, limits: kibibytes(1, 2)))
            source.listing = (position, SystemError(.quotactl, .noProcess))
            for id in 3...9 as ClosedRange<UInt32> {
                destination.add(.user, QuotaRecord(id: id, limits: kibibytes(1, 2)))
            }
            let report = FakeReport()
            QuotaCarrier(
                source: source,
                destination: destination,
                report: report,
                clearing: .all,
                unenforced: []
            ).carry([.user], nowSeconds: 1)
            #expect(destination.calls.isEmpty && report.counts.isEmpty)
            #expect(report.failures.count == 1 && report.failures.first?.side == .source)
            #expect(report.failures.first?.activity == .readQuota && report.details == ["user"])
        }
    }

    @Test("Q6: default limits of SOURCE are said and set nowhere")
    func defaultsAreSaid() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(.user, QuotaRecord(id: 0, limits: kibibytes(0, 9)))
        destination.add(.user, QuotaRecord(id: 0, limits: kibibytes(0, 1), usedBytes: 1 << 20))
        let report = carry(source, destination)
        #expect(destination.calls.isEmpty)
        #expect(report.notices == [.defaultLimitsNotKept([QuotaDefault(.user, kibibytes(0, 9))])])
    }

    @Test("Q5: of an owner with a limit beyond the format nothing is set; the others are")
    func limitBeyondFormat() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(
            .user,
            QuotaRecord(id: 1, limits: QuotaLimits(blockHardBytes: .max, inodesHard: 5)),
            QuotaRecord(id: 2, limits: kibibytes(0, 9))
        )
        let report = carry(source, destination)
        #expect(destination.calls == ["limits user 2"] && report.counts == [.set: 1])
        let failure = report.failures.first
        #expect(failure?.error == SystemError(.quotactl, .outOfRange))
        #expect(failure?.isWrite == false, "no call was made")
        let detail =
            "user 1: hard limit of blocks of 18014398509481984 KiB, its format holds 9007199254740991"
        #expect(report.details == [detail])
    }

    @Test("Q11: a dry run tells the very changes and writes nothing")
    func dryRun() {
        func sides() -> (FakeQuotas, FakeQuotas) {
            let source = FakeQuotas()
            let destination = FakeQuotas()
            source.graceTimes[.user] = QuotaGrace(blockSeconds: 50, inodeSeconds: 60)
            source.add(
                .user,
                QuotaRecord(id: 1, limits: QuotaLimits(blockHardBytes: .max)),
                QuotaRecord(id: 7, limits: kibibytes(1, 3))
            )
            destination.add(
                .user,
                QuotaRecord(id: 7, usedBytes: 8192),
                QuotaRecord(id: 8, limits: kibibytes(1, 2))
            )
            return (source, destination)
        }
        let (source, destination) = sides()
        let report = FakeReport()
        report.isDryRun = true
        let dry = carry(source, destination, report)
        #expect(destination.calls.isEmpty && dry.announced == 0)
        let (again, real) = sides()
        let wet = carry(again, real)
        #expect(dry.changes == wet.changes && dry.details == wet.details)
        #expect(dry.counts == [.set: 1, .cleared: 1])
        #expect(wet.counts == [.set: 1, .cleared: 1, .graceRestarted: 1, .overLimit: 1])
    }

    @Test("Q13: who is above a hard limit at the end is counted, the first is named")
    func overLimit() {
        let source = FakeQuotas([.user, .group])
        let destination = FakeQuotas([.user, .group])
        source.add(.user, QuotaRecord(id: 3, limits: kibibytes(0, 400)))
        destination.add(.user, QuotaRecord(id: 3, usedBytes: 800 << 10))
        source.add(.group, QuotaRecord(id: 4, limits: kibibytes(0, 0, inodes: (0, 1))))
        destination.add(.group, QuotaRecord(id: 4, usedInodes: 2))
        let report = carry(source, destination)
        #expect(report.counts[.overLimit] == 2)
        let excess = QuotaExcess(
            owners: 2,
            first: QuotaOwner(.user, 3),
            used: 800 << 10,
            hard: 400 << 10,
            isOfInodes: false
        )
        #expect(report.notices == [.overLimit(excess)] && report.failures.isEmpty)
    }

    @Test(
        "Q2: limits that SOURCE enforces and DESTINATION does not are said; accounting alone is not"
    )
    func notEnforced() {
        let source = FakeQuotas([.user, .group], enforced: [.user])
        let destination = FakeQuotas([.user, .group], enforced: [])
        for kind in [QuotaKind.user, .group] {
            source.add(kind, QuotaRecord(id: 3, limits: kibibytes(0, 400)))
        }
        #expect(carry(source, destination).notices == [.quotasNotEnforced([.user])])
        let idle = FakeQuotas([.user])
        #expect(carry(idle, FakeQuotas([.user], enforced: [])).notices.isEmpty, "no limits")
    }

    @Test("Q10: limits of the realtime device are said")
    func realtimeIsSaid() {
        let source = FakeQuotas()
        source.add(.user, QuotaRecord(id: 3, hasRealtimeLimits: true))
        let report = carry(source, FakeQuotas())
        #expect(report.notices == [.quotasNotKept(QuotaShortage(realtime: 1))])
    }

    @Test("each call that fails is one failure, by its owner; what comes after goes on")
    func failures() {
        let owners: [(String, [String])] = [
            ("set grace", ["user: grace times"]), ("set limits", ["user 7", "user 8"]),
            ("set running", ["user 7: running grace", "user 8: running grace"]),
        ]
        for (call, details) in owners {
            let source = FakeQuotas()
            let destination = FakeQuotas()
            source.graceTimes[.user] = QuotaGrace(blockSeconds: 50, inodeSeconds: 60)
            for id in [7, 8] as [UInt32] {
                source.add(.user, QuotaRecord(id: id, limits: kibibytes(1, 9)))
                destination.add(.user, QuotaRecord(id: id, usedBytes: 4096))
            }
            destination.failures[call] = .inputOutput
            let report = carry(source, destination)
            #expect(report.details == details, "\(call)")
            #expect(report.failures.allSatisfy { $0.isWrite && $0.activity == .setQuota })
            #expect(report.counts[.set] == (call == "set limits" ? nil : 2))
        }
    }

    @Test("grace times beyond 32 bits are refused: the format would cut them off")
    func graceBeyondFormat() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.graceTimes[.user] = QuotaGrace(blockSeconds: 1 << 32, inodeSeconds: 1)
        let report = carry(source, destination)
        #expect(destination.calls.isEmpty && report.details == ["user: grace times"])
        #expect(report.failures.first?.error?.code == .outOfRange)
    }

    @Test("Q8: once the pass is stopped or interrupted, no owner more")
    func stopped() {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        for id in 1...9 as ClosedRange<UInt32> {
            source.add(.user, QuotaRecord(id: id, limits: kibibytes(1, 9)))
        }
        let report = FakeReport()
        // Once for the kind, then for each owner.
        report.goesOnFor = 4
        #expect(carry(source, destination, report).counts == [.set: 3])
        #expect(destination.calls.count == 3)
    }
}
