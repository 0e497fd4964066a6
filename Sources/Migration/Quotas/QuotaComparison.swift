// Both sides' limits and grace times compared, and DESTINATION's accounts with what was counted there: nothing is
// written.

package import LinuxIO

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

    /// Tells each difference of the limits and grace times of these kinds, which both sides account.
    package func compare(
        _ kinds: [QuotaKind],
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) {
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
                if rules.decision(of: pair) == .nothing { continue }
                tell(
                    .limits(
                        QuotaOwner(kind, pair.id),
                        pair.source?.limits ?? .none,
                        pair.destination?.limits ?? .none
                    )
                )
            }
        }
    }

    /// Tells each owner of a kind whose account on DESTINATION is not what was counted.
    ///
    /// `mayHoldMore`: attributes in inodes of their own are charged and in nobody's st_blocks (`ea_inode`), so only
    /// an account that is too low is wrong for certain.
    package func check(
        _ kind: QuotaKind,
        counted: [UInt32: QuotaUsage],
        mayHoldMore: Bool,
        tell: (QuotaDifference) -> Void
    ) throws(QuotaReadFailure) {
        var rest = counted
        var records = destination.records(of: kind)
        while let record = try reading(
            .destination,
            { () throws(SystemError) in
                try records.next()
            }
        ) {
            let found = rest.removeValue(forKey: record.id) ?? QuotaUsage()
            let account = QuotaUsage(bytes: record.usedBytes, inodes: record.usedInodes)
            Self.judge(QuotaOwner(kind, record.id), found, account, mayHoldMore, tell)
        }
        for (id, found) in rest.sorted(by: { $0.key < $1.key }) {
            Self.judge(QuotaOwner(kind, id), found, QuotaUsage(), mayHoldMore, tell)
        }
    }

    private static func judge(
        _ owner: QuotaOwner,
        _ counted: QuotaUsage,
        _ account: QuotaUsage,
        _ mayHoldMore: Bool,
        _ tell: (QuotaDifference) -> Void
    ) {
        // The filesystem's own inodes, the quota files among them, are root's.
        if owner.id == 0 || counted == account { return }
        let isTooLow = account.bytes < counted.bytes || account.inodes < counted.inodes
        if mayHoldMore, !isTooLow { return }
        tell(.usage(owner, counted: counted, accounted: account))
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
