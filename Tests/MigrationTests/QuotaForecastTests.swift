// Q15: what check counts of SOURCE's limits, with filesystems in memory; and mkfs.ext4 options for them.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Quotas before anything is copied") struct QuotaForecastTests {
    private func forecast(
        _ source: FakeQuotas,
        _ destination: FakeQuotas,
        directories: [QuotaOwner: UInt64] = [:]
    ) -> QuotaForecast {
        QuotaForecast(source, destination, directories: directories, isSourceOff: { false })
    }

    @Test("Q15: limits are counted by kind; owner 0's are defaults, and no owner's")
    func counts() {
        let source = FakeQuotas([.user, .project])
        source.add(
            .user,
            QuotaRecord(id: 0, limits: kibibytes(0, 1)),
            QuotaRecord(id: 1, limits: kibibytes(0, 1)),
            QuotaRecord(id: 2),
            QuotaRecord(id: 3, limits: QuotaLimits(blockHardBytes: .max))
        )
        source.add(.project, QuotaRecord(id: 5, limits: kibibytes(1, 0), hasRealtimeLimits: true))
        let found = forecast(source, FakeQuotas([.user]))
        #expect(found.limits == [.user: 2, .project: 1] && found.realtimeLimits == 1)
        #expect(found.defaults == [QuotaDefault(.user, kibibytes(0, 1))])
        #expect(found.refused == 1 && found.firstRefused == QuotaOwner(.user, 3))
        #expect(found.shortage == QuotaShortage(limits: [.project: 1], realtime: 1))
        #expect(!found.isWell && found.isOfInterest)
    }

    @Test("Q15: 4 KiB for each directory bring an owner above the limit, and not one that has room")
    func directories() {
        let source = FakeQuotas()
        for id in 1...3 as ClosedRange<UInt32> {
            source.add(.user, QuotaRecord(id: id, limits: kibibytes(0, 100), usedBytes: 90 << 10))
        }
        let directories = [
            QuotaOwner(.user, 1): 3 as UInt64, QuotaOwner(.user, 2): 2, QuotaOwner(.group, 2): 90,
        ]
        let found = forecast(source, FakeQuotas(), directories: directories)
        #expect(found.excess?.owners == 1 && found.excess?.first == QuotaOwner(.user, 1))
        let used: UInt64? = found.excess?.used
        #expect(used == 104_448 as UInt64)
        #expect(forecast(source, FakeQuotas()).isWell)
    }

    @Test("Q15: who comes above a soft limit is told, but not who is on SOURCE; XFS needs no 4 KiB")
    func softLimits() {
        let source = FakeQuotas()
        source.add(
            .user,
            QuotaRecord(id: 1, limits: kibibytes(100, 900), usedBytes: 98 << 10),
            QuotaRecord(id: 2, limits: kibibytes(100, 900), usedBytes: 200 << 10)
        )
        let directories = [QuotaOwner(.user, 1): 1 as UInt64, QuotaOwner(.user, 2): 1]
        let found = forecast(source, FakeQuotas(), directories: directories)
        #expect(found.softExcess?.owners == 1 && found.softExcess?.first == QuotaOwner(.user, 1))
        #expect(found.excess == nil && !found.isWell)
        let toXFS = QuotaForecast(
            source,
            FakeQuotas([.user], enforced: []),
            directories: directories,
            isToXFS: true,
            isSourceOff: { false }
        )
        #expect(toXFS.softExcess == nil && !toXFS.hindersPasses && toXFS.unenforced == [.user])
    }

    @Test("Q15: where a side cannot be asked nothing else is said; without quotas nothing at all")
    func unread() {
        let error = SystemError(.quotactl, .notPermitted)
        let source = FakeQuotas()
        source.listing = (0, error)
        #expect(forecast(source, FakeQuotas()).unread == .init(.source, error))
        let destination = FakeQuotas()
        destination.failures["state"] = .notPermitted
        #expect(forecast(FakeQuotas(), destination).unread == .init(.destination, error))
        #expect(!forecast(FakeQuotas([]), FakeQuotas()).isOfInterest)
        let off = QuotaForecast(
            FakeQuotas([]),
            FakeQuotas(),
            directories: [:],
            isSourceOff: { true }
        )
        #expect(off.isSourceOff && off.isOfInterest && !off.isWell)
        let partly = FakeQuotas()
        partly.present.hidden = [.project]
        let partial = forecast(partly, FakeQuotas())
        #expect(partial.hidden == [.project] && !partial.isSourceOff && !partial.isWell)
    }

    @Test("Q10: --quotas on is refused for whatever would be left out, the first reason told")
    func strict() {
        func obstacle(
            wanted: Set<QuotaKind> = [.user, .group, .project],
            _ records: QuotaRecord...
        ) -> QuotaObstacle? {
            let source = FakeQuotas()
            for record in records { source.add(.user, record) }
            return forecast(source, FakeQuotas()).obstacle(wanted: wanted)
        }
        let limits = kibibytes(0, 1)
        let tooLarge = QuotaLimits(blockHardBytes: .max)
        #expect(obstacle(QuotaRecord(id: 1, limits: limits)) == nil)
        #expect(
            obstacle(QuotaRecord(id: 1, hasRealtimeLimits: true))
                == .notKept(QuotaShortage(realtime: 1))
        )
        #expect(
            obstacle(QuotaRecord(id: 1, limits: tooLarge), QuotaRecord(id: 2, limits: tooLarge))
                == .beyondFormat(owners: 2, first: QuotaOwner(.user, 1))
        )
        #expect(
            obstacle(QuotaRecord(id: 0, limits: limits))
                == .defaults([QuotaDefault(.user, limits)])
        )
        #expect(
            obstacle(wanted: [.group], QuotaRecord(id: 1, limits: limits))
                == .ownersNotCarried([.user])
        )
        #expect(obstacle(wanted: [.group], QuotaRecord(id: 1)) == nil)
        let unread = FakeQuotas()
        unread.listing = (0, SystemError(.quotactl, .inputOutput))
        #expect(
            forecast(unread, FakeQuotas()).obstacle(wanted: [])
                == .unread(.source, SystemError(.quotactl, .inputOutput))
        )
    }

    @Test("Q15: mkfs gets quota where SOURCE accounts anything, project where it accounts projects")
    func makeAdvice() {
        func features(_ kinds: Set<QuotaKind>, projects: UInt64 = 0) -> [String] {
            MakeAdvice(
                checkFacts {
                    $0.accountedBySource = kinds
                    $0.source.census.projects = projects
                }
            ).features.filter { $0 != "ea_inode" }
        }
        #expect(features([]) == [] && features([.user]) == ["quota"])
        #expect(features([.group, .project]) == ["project", "quota"])
        #expect(features([.user], projects: 4) == ["project", "quota"])
    }
}
