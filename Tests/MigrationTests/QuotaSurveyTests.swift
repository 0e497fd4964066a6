// What is found out of two filesystems' quotas before a pass, with filesystems in memory.

import LinuxIO
import Migration
import TestSupport
import Testing

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
        // Groups have none, and SOURCE enforces them all the same.
        let shortage = QuotaShortage(limits: [.project: 2, .group: 0])
        let defaults = [QuotaDefault(.project, kibibytes(0, 1))]
        #expect(found.obstacles == [.notKept(shortage), .defaults(defaults)])
        #expect(found.kinds == [.user])
        #expect(found.unaccounted == [.group, .project])
        #expect(found.notices == [.quotasNotKept(shortage), .defaultLimitsNotKept(defaults)])
        // What is not to be carried is not missing either.
        #expect(survey(source, FakeQuotas([.user]), wanted: [.user]).obstacles.isEmpty)
    }

    @Test(
        "Q6, Q10: defaults and realtime limits of kinds that DESTINATION does not account are said"
    )
    func unaccountedDefaults() {
        let source = FakeQuotas([.user, .project], enforced: [.user])
        let limits = kibibytes(0, 1)
        source.add(
            .project,
            QuotaRecord(id: 0, limits: limits),
            QuotaRecord(id: 3, hasRealtimeLimits: true)
        )
        let found = survey(source, FakeQuotas([.user]))
        let defaults = [QuotaDefault(.project, limits)]
        let realtime = QuotaShortage(realtime: 1)
        #expect(found.obstacles == [.notKept(realtime), .defaults(defaults)])
        #expect(found.notices == [.quotasNotKept(realtime), .defaultLimitsNotKept(defaults)])
        #expect(found.unaccounted.isEmpty)
        // Accounted, never enforced, without a limit: nothing is lost.
        let idle = FakeQuotas([.user, .project], enforced: [.user])
        #expect(survey(idle, FakeQuotas([.user])).obstacles.isEmpty)
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
        for side in [Failure.Side.source, .destination] {
            let found = QuotaSurvey(
                FakeQuotas(side == .source ? [] : [.user]),
                FakeQuotas(side == .destination ? [] : [.user]),
                wanted: Set(QuotaKind.allCases),
                isSourceOff: { false },
                isSuspended: { $0 == side }
            )
            #expect(found.obstacles == [.suspended(side)] && found.kinds.isEmpty)
            #expect(found.notices == [.quotasSuspended(side)])
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
