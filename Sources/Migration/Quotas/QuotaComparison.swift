// Both sides' limits and grace times compared, and DESTINATION's accounts with what was counted there: nothing is
// written.

package import LinuxIO

/// How far the accounts of an ext4 are what its entries tell.
package struct AccountExactness: Sendable {
    /// Attributes in inodes of their own are charged and in nobody's st_blocks (`ea_inode`): only an account that is too
    /// low is wrong for certain.
    package var mayHoldMore: Bool
    /// Not where small files lie in their inodes (`inline_data`): statx(2) tells blocks for them.
    package var countsBytes: Bool

    package init(mayHoldMore: Bool = false, countsBytes: Bool = true) {
        self.mayHoldMore = mayHoldMore
        self.countsBytes = countsBytes
    }
}

/// What owners hold, by kind and id.
package typealias QuotaAccounts = [QuotaKind: [UInt32: QuotaUsage]]

/// A comparison of the quotas of two filesystems (Q14).
///
/// Running grace and usage of the two sides are not compared: the first is of its moment, the second differs by nature.
package struct QuotaComparison<Source: QuotaAccess, Destination: QuotaAccess> {
    private let source: Source
    private let destination: Destination

    package init(_ source: Source, _ destination: Destination) {
        self.source = source
        self.destination = destination
    }

    /// Tells each difference of the limits and grace times of these kinds, which both sides account; returns those of
    /// which SOURCE has any limit.
    package func compare(
        _ kinds: [QuotaKind],
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) -> Set<QuotaKind> {
        var limited: Set<QuotaKind> = []
        for kind in kinds {
            let left = try reading(.source) { () throws(SystemError) in
                try source.grace(of: kind)
            }
            let right = try reading(.destination) { () throws(SystemError) in
                try destination.grace(of: kind)
            }
            if left != right { tell(.grace(kind, left, right)) }
            let rules = QuotaRules(
                storage: try reading(.destination) { () throws(SystemError) in
                    try destination.storage(of: kind)
                },
                clearsExtras: true
            )
            var merge = QuotaMerge(source.records(of: kind), destination.records(of: kind))
            while let pair = try merge.next() {
                let wanted = pair.sourceLimits
                if pair.id != 0, !wanted.isNone { limited.insert(kind) }
                if rules.decision(of: pair) == .nothing { continue }
                let owner = QuotaOwner(kind, pair.id)
                tell(.limits(owner, wanted, pair.destinationLimits))
            }
        }
        return limited
    }

    // MARK: Accounts

    /// What DESTINATION accounts for each owner of these kinds; memory grows with them.
    package func accounts(of kinds: [QuotaKind]) throws(QuotaReadFailure) -> QuotaAccounts {
        var accounts: QuotaAccounts = [:]
        for kind in kinds {
            var records = destination.records(of: kind)
            while let record = try reading(
                .destination,
                { () throws(SystemError) in try records.next() }
            ) {
                accounts[kind, default: [:]][record.id] =
                    QuotaUsage(bytes: record.usedBytes, inodes: record.usedInodes)
            }
        }
        return accounts
    }

    /// Tells each owner whose account on DESTINATION is not what was counted, and each kind whose accounts are together
    /// not those of another kind: every inode has one user, one group and one project.
    ///
    /// `before`: the accounts when counting began; one that is another one now is not judged, for somebody writes there.
    package func check(
        _ kinds: [QuotaKind],
        before: QuotaAccounts,
        counted: (QuotaKind) -> [UInt32: QuotaUsage]?,
        _ exactness: AccountExactness,
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) {
        let now = try accounts(of: kinds)
        for kind in kinds {
            guard let counted = counted(kind) else { continue }
            let (old, new) = (before[kind] ?? [:], now[kind] ?? [:])
            for id in Set(new.keys).union(counted.keys).sorted() {
                let account = new[id] ?? QuotaUsage()
                if account != old[id] ?? QuotaUsage() { continue }
                let found = counted[id] ?? QuotaUsage()
                Self.judge(QuotaOwner(kind, id), found, account, exactness, tell)
            }
        }
        guard let first = kinds.first, before == now else { return }
        let wanted = Self.total(now[first])
        for kind in kinds.dropFirst() {
            let found = Self.total(now[kind])
            if found != wanted { tell(.total(kind, found, of: first, wanted)) }
        }
    }

    private static func total(_ accounts: [UInt32: QuotaUsage]?) -> QuotaUsage {
        (accounts ?? [:]).values.reduce(into: QuotaUsage()) { $0.add($1) }
    }

    private static func judge(
        _ owner: QuotaOwner,
        _ counted: QuotaUsage,
        _ account: QuotaUsage,
        _ exactness: AccountExactness,
        _ tell: (QuotaDifference) -> Void
    ) {
        // The filesystem's own inodes, the quota files among them, are root's.
        if owner.id == 0 { return }
        let countsBytes = exactness.countsBytes
        let isTooLow =
            account.inodes < counted.inodes || countsBytes && account.bytes < counted.bytes
        let isTooHigh =
            account.inodes > counted.inodes || countsBytes && account.bytes > counted.bytes
        if isTooLow || isTooHigh && !exactness.mayHoldMore {
            tell(.usage(owner, counted: counted, accounted: account))
        }
    }

    private func reading<Value>(
        _ side: Failure.Side,
        _ call: () throws(SystemError) -> Value
    ) throws(QuotaReadFailure) -> Value {
        do throws(SystemError) { return try call() } catch {
            throw QuotaReadFailure(side: side, error: error)
        }
    }
}
