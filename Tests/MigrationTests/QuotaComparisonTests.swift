// Quotas compared, and accounts with what was counted, with filesystems in memory.

import LinuxIO
import Migration
import TestSupport
import Testing

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
        _ exactness: AccountExactness = AccountExactness()
    ) throws -> [QuotaDifference] {
        var found: [QuotaDifference] = []
        let comparison = QuotaComparison(FakeQuotas(), destination)
        let accounts = try comparison.accounts(of: kinds)
        try comparison.check(
            kinds,
            before: before ?? accounts,
            counted: { $0 == .user ? counted : nil },
            exactness
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
        let low = try wrong(destination, counted: counted, AccountExactness(mayHoldMore: true))
        #expect(owners(low) == [2, 5])
        // With inline_data, where statx(2) tells blocks that nobody is charged.
        destination.add(.user, QuotaRecord(id: 1, usedBytes: 0, usedInodes: 2))
        let inodes = try wrong(destination, counted: counted, AccountExactness(countsBytes: false))
        #expect(owners(inodes) == [2, 3, 4, 5])
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
