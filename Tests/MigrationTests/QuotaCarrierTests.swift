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
        source.add(.user, QuotaRecord(id: 3, usedBytes: 9))
        source.add(.group, QuotaRecord(id: 3, limits: kibibytes(1, 2)))
        destination.add(.user, QuotaRecord(id: 3, limits: kibibytes(1, 2)))
        destination.add(.group, QuotaRecord(id: 4, limits: kibibytes(1, 2)))
        let report = carry(source, destination, clearing: .whereSourceHasLimits)
        #expect(report.counts == [.left: 1, .set: 1, .cleared: 1])
        #expect(destination.limits(.user, 3) == kibibytes(1, 2))
        #expect(report.notices == [.noLimitsOnSource([.user])])
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

@Suite("Quotas before a pass begins") struct QuotaSurveyTests {
    private func survey(
        _ source: FakeQuotas,
        _ destination: FakeQuotas?,
        wanted: Set<QuotaKind> = Set(QuotaKind.allCases),
        isSourceOff: Bool = false
    ) -> QuotaSurvey {
        QuotaSurvey(source, destination, wanted: wanted, isSourceOff: { isSourceOff })
    }

    @Test("Q1: a kind is carried where both sides account it and its owners are carried")
    func kinds() {
        let all = FakeQuotas([.user, .group, .project])
        #expect(survey(all, all).kinds == [.user, .group, .project])
        #expect(survey(all, FakeQuotas([.group])).kinds == [.group])
        #expect(survey(FakeQuotas([.project]), all).kinds == [.project])
        // --no-owner, --no-group.
        #expect(survey(all, all, wanted: [.project]).kinds == [.project])
        #expect(survey(FakeQuotas([]), all) == QuotaSurvey())
        #expect(survey(all, nil) == QuotaSurvey())
    }

    @Test(
        "Q10: limits that DESTINATION does not account are counted; a kind without limits is no obstacle"
    )
    func notAccountedIsSaid() {
        let source = FakeQuotas([.user, .group, .project])
        source.add(
            .project,
            QuotaRecord(id: 0, limits: kibibytes(0, 1)),
            QuotaRecord(id: 1, limits: kibibytes(0, 1)),
            QuotaRecord(id: 2),
            QuotaRecord(id: 3, limits: kibibytes(1, 0))
        )
        let found = survey(source, FakeQuotas([.user]))
        let shortage = QuotaShortage(limits: [.project: 2])
        #expect(found.obstacles == [.notKept(shortage)] && found.kinds == [.user])
        #expect(found.unaccounted == [.group, .project])
        #expect(found.notices == [.quotasNotKept(shortage)])
        // What is not to be carried is not missing either.
        #expect(survey(source, FakeQuotas([.user]), wanted: [.user]).obstacles.isEmpty)
    }

    @Test("Q10: an XFS with quota inodes that is mounted without quotas is said, by kinds")
    func sourceMountedWithoutQuota() {
        let destination = FakeQuotas([.user])
        let found = survey(FakeQuotas([]), destination, isSourceOff: true)
        #expect(found.obstacles == [.sourceOff(QuotaKind.allCases)])
        #expect(found.notices == [.sourceQuotasOff(QuotaKind.allCases)])
        #expect(survey(FakeQuotas([.user]), destination, isSourceOff: true).obstacles.isEmpty)
        let partly = FakeQuotas([.user])
        partly.present.hidden = [.group]
        let partial = survey(partly, destination)
        #expect(partial.notices == [.sourceQuotasOff([.group])] && partial.kinds == [.user])
        #expect(survey(partly, destination, wanted: [.user]).obstacles.isEmpty)
    }

    @Test(
        "Q10: an ext4 that accounts nothing only because it is read-only is no volume without quotas"
    )
    func suspended() {
        let error = SystemError(.quotactl, .notImplemented)
        for side in [Failure.Side.source, .destination] {
            let found = QuotaSurvey(
                FakeQuotas(side == .source ? [] : [.user]),
                FakeQuotas(side == .destination ? [] : [.user]),
                wanted: Set(QuotaKind.allCases),
                isSourceOff: { false },
                isSuspended: { $0 == side }
            )
            #expect(found.obstacles == [.unread(side, error)] && found.kinds.isEmpty)
        }
    }

    @Test("a side that cannot be asked is said, with its error")
    func unread() {
        let error = SystemError(.quotactl, .notPermitted)
        let source = FakeQuotas()
        let destination = FakeQuotas()
        destination.failures["state"] = .notPermitted
        #expect(survey(source, destination).notices == [.quotasUnread(.destination, error)])
        source.failures["state"] = .notPermitted
        #expect(survey(source, destination).obstacles == [.unread(.source, error)])
        // Records want more than the state does: a container, an old kernel.
        for isSource in [true, false] {
            let sides = (FakeQuotas(), FakeQuotas())
            (isSource ? sides.0 : sides.1).listing = (0, error)
            let found = survey(sides.0, sides.1)
            #expect(found.kinds.isEmpty)
            #expect(found.obstacles == [.unread(isSource ? .source : .destination, error)])
        }
        let unlisted = FakeQuotas([.user, .group])
        unlisted.listing = (0, error)
        #expect(survey(unlisted, FakeQuotas([.user])).obstacles == [.unread(.source, error)])
    }
}

@Suite("Quotas compared") struct QuotaComparisonTests {
    private func differences(
        _ source: FakeQuotas,
        _ destination: FakeQuotas,
        limited: Set<QuotaKind> = [.user]
    ) throws -> [QuotaDifference] {
        var found: [QuotaDifference] = []
        let kinds = try QuotaComparison(source, destination).compare([.user]) { found.append($0) }
        #expect(kinds == limited)
        return found
    }

    @Test("Q14: what was carried is equal, whatever is used and whatever grace runs")
    func equalAfterCarrying() throws {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.graceTimes[.user] = QuotaGrace(blockSeconds: 50, inodeSeconds: 60)
        source.add(
            .user,
            QuotaRecord(id: 0, limits: kibibytes(0, 9)),
            QuotaRecord(id: 7, limits: QuotaLimits(blockSoftBytes: 512), usedBytes: 9999)
        )
        destination.add(.user, QuotaRecord(id: 7, usedBytes: 8888), QuotaRecord(id: 8))
        #expect(try differences(source, destination).count == 2)
        #expect(carry(source, destination).failures.isEmpty)
        #expect(try differences(source, destination) == [])
    }

    @Test("Q14: limits and grace that differ are told with both values, extras too")
    func limits() throws {
        let source = FakeQuotas()
        let destination = FakeQuotas()
        source.add(.user, QuotaRecord(id: 7, limits: kibibytes(1, 2)))
        destination.add(
            .user,
            QuotaRecord(id: 7, limits: kibibytes(1, 3)),
            QuotaRecord(id: 8, limits: kibibytes(5, 6))
        )
        let (left, right) = (
            QuotaGrace(blockSeconds: 1, inodeSeconds: 2),
            QuotaGrace(blockSeconds: 1, inodeSeconds: 3)
        )
        source.graceTimes[.user] = left
        destination.graceTimes[.user] = right
        #expect(
            try differences(source, destination) == [
                .grace(.user, left, right),
                .limits(QuotaOwner(.user, 7), kibibytes(1, 2), kibibytes(1, 3)),
                .limits(QuotaOwner(.user, 8), .none, kibibytes(5, 6)),
            ]
        )
    }

    @Test("Q14: an error of either side is thrown, with the side")
    func errors() {
        for call in ["grace", "storage"] {
            let destination = FakeQuotas()
            destination.failures[call] = .inputOutput
            #expect(throws: QuotaReadFailure.self) {
                try differences(FakeQuotas(), destination)
            }
        }
        let source = FakeQuotas()
        source.listing = (0, SystemError(.quotactl, .noProcess))
        #expect(
            throws: QuotaReadFailure(side: .source, error: SystemError(.quotactl, .noProcess))
        ) {
            try differences(source, FakeQuotas())
        }
    }

    /// What is told of the accounts of users (and groups, where there are some).
    private func wrong(
        _ destination: FakeQuotas,
        _ kinds: [QuotaKind] = [.user],
        before: QuotaAccounts? = nil,
        counted: [UInt32: QuotaUsage],
        mayHoldMore: Bool = false
    ) throws -> [QuotaDifference] {
        var found: [QuotaDifference] = []
        let comparison = QuotaComparison(FakeQuotas(), destination)
        let accounts = try comparison.accounts(of: kinds)
        try comparison.check(
            kinds,
            before: before ?? accounts,
            counted: { $0 == .user ? counted : nil },
            mayHoldMore: mayHoldMore
        ) { found.append($0) }
        return found
    }

    private func owners(_ found: [QuotaDifference]) -> [UInt32] {
        found.compactMap { difference in
            if case .usage(let owner, _, _) = difference { owner.id } else { nil }
        }
    }

    private static let whole = QuotaUsage(bytes: 4096, inodes: 2)

    @Test("Q14: an account that is not what was counted is told; with ea_inode one that is too low")
    func accounts() throws {
        let destination = FakeQuotas()
        destination.add(
            .user,
            QuotaRecord(id: 0, usedBytes: 1, usedInodes: 9),
            QuotaRecord(id: 1, usedBytes: 4096, usedInodes: 2),
            QuotaRecord(id: 2, usedBytes: 4096, usedInodes: 2),
            QuotaRecord(id: 3, usedBytes: 8192, usedInodes: 3),
            QuotaRecord(id: 4, usedBytes: 4096, usedInodes: 1)
        )
        let counted: [UInt32: QuotaUsage] = [
            0: QuotaUsage(bytes: 5, inodes: 5), 1: Self.whole,
            2: QuotaUsage(bytes: 4096, inodes: 3), 3: Self.whole, 5: Self.whole,
        ]
        #expect(owners(try wrong(destination, counted: counted)) == [2, 3, 4, 5])
        let low = try wrong(destination, counted: counted, mayHoldMore: true)
        #expect(owners(low) == [2, 5])
    }

    @Test("Q14: an account that changed while entries were counted is not judged")
    func changedAccounts() throws {
        let destination = FakeQuotas()
        destination.add(
            .user,
            QuotaRecord(id: 1, usedBytes: 8192, usedInodes: 3),
            QuotaRecord(id: 2, usedBytes: 8192, usedInodes: 3)
        )
        let found = try wrong(
            destination,
            before: [.user: [1: Self.whole, 2: QuotaUsage(bytes: 8192, inodes: 3), 3: Self.whole]],
            counted: [1: Self.whole, 2: Self.whole, 3: Self.whole]
        )
        #expect(owners(found) == [2])
    }

    @Test("Q14: every inode has one owner of each kind: sums that differ are told, but of moments")
    func totals() throws {
        let destination = FakeQuotas([.user, .project])
        destination.add(.user, QuotaRecord(id: 1, usedBytes: 4096, usedInodes: 2))
        destination.add(.project, QuotaRecord(id: 0, usedInodes: 1))
        destination.add(.project, QuotaRecord(id: 7, usedBytes: 4096, usedInodes: 1))
        let kinds: [QuotaKind] = [.user, .project]
        #expect(try wrong(destination, kinds, counted: [1: Self.whole]).isEmpty)
        destination.add(.project, QuotaRecord(id: 7, usedBytes: 4096))
        let low = QuotaUsage(bytes: 4096, inodes: 1)
        #expect(
            try wrong(destination, kinds, counted: [1: Self.whole])
                == [.total(.project, low, of: .user, Self.whole)]
        )
        let before: QuotaAccounts = [.user: [1: Self.whole], .project: [7: Self.whole]]
        #expect(try wrong(destination, kinds, before: before, counted: [1: Self.whole]).isEmpty)
    }
}
