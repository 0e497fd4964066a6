// What of SOURCE's quotas a pass can carry, found out before it begins (Q1, Q10).

package import LinuxIO

/// What was asked for, and what the two filesystems account.
package struct QuotaSurvey: Equatable {
    /// The kinds that both account and that are asked for.
    package var kinds: [QuotaKind] = []
    /// The kinds that are asked for, and that SOURCE enforces or has limits of and DESTINATION does not account.
    package var unaccounted: [QuotaKind] = []
    /// Kinds of which SOURCE enforces limits and DESTINATION does not.
    package var unenforced: Set<QuotaKind> = []
    /// Why quotas are not carried, or not all of them.
    package var obstacles: [QuotaObstacle] = []

    package init() {}

    /// An empty survey for a reason.
    package init(_ obstacle: QuotaObstacle) { obstacles = [obstacle] }

    /// Asks both.
    ///
    /// `isSourceOff`: SOURCE has quota inodes though nothing is accounted. `isSuspended`: a side that accounts nothing
    /// would, were it not read-only.
    package init(
        _ source: some QuotaAccess,
        _ destination: (some QuotaAccess)?,
        wanted: Set<QuotaKind>,
        isSourceOff: () -> Bool,
        isSuspended: (Failure.Side) -> Bool = { _ in false }
    ) {
        var side = Failure.Side.source
        do throws(SystemError) {
            let left = try source.state()
            if left.accounted.isEmpty, isSuspended(.source) {
                obstacles.append(.suspended(.source))
                return
            }
            let hidden = left.hiddenKinds(isSourceOff).filter(wanted.contains)
            if !hidden.isEmpty { obstacles.append(.sourceOff(hidden)) }
            guard let destination else { return }
            let asked = QuotaKind.allCases.filter {
                left.accounted.contains($0) && wanted.contains($0)
            }
            if asked.isEmpty { return }
            side = .destination
            let right = try destination.state()
            if right.accounted.isEmpty, isSuspended(.destination) {
                obstacles.append(.suspended(.destination))
                return
            }
            kinds = asked.filter(right.accounted.contains)
            unenforced = left.enforced.subtracting(right.enforced).intersection(kinds)
            // The state is told to everybody, records only with CAP_SYS_ADMIN (EPERM): that is said now, and is no
            // failure of each pass.
            for kind in kinds.prefix(1) { try Self.tryOut(destination, kind) }
            side = .source
            try Self.tryOut(source, asked[0])
            try lookAtUnaccounted(
                source,
                asked.filter { !right.accounted.contains($0) },
                enforced: left.enforced
            )
        } catch {
            self = QuotaSurvey(.unread(side, error))
        }
    }

    /// Reads the first record, to see whether that can be done.
    private static func tryOut(
        _ quotas: some QuotaAccess,
        _ kind: QuotaKind
    ) throws(SystemError) {
        var records = quotas.records(of: kind)
        // Which one it is does not matter.
        _ = try records.next()
    }

    /// Counts what SOURCE has of kinds that DESTINATION does not account.
    private mutating func lookAtUnaccounted(
        _ source: some QuotaAccess,
        _ kinds: [QuotaKind],
        enforced: Set<QuotaKind>
    ) throws(SystemError) {
        var shortage = QuotaShortage()
        var defaults: [QuotaDefault] = []
        for kind in kinds {
            var records = source.records(of: kind)
            var count: UInt64 = 0
            while let record = try records.next() {
                if record.hasRealtimeLimits { shortage.realtime += 1 }
                if record.limits.isNone { continue }
                if record.id == 0 {
                    defaults.append(QuotaDefault(kind, record.limits))
                } else {
                    count += 1
                }
            }
            if count > 0 || enforced.contains(kind) { shortage.limits[kind] = count }
        }
        unaccounted = kinds.filter { shortage.limits[$0] != nil }
        if !shortage.isNone { obstacles.append(.notKept(shortage)) }
        if !defaults.isEmpty { obstacles.append(.defaults(defaults)) }
    }

    /// Why nothing could be read, if that is so.
    package var unread: (side: Failure.Side, error: SystemError)? {
        for case .unread(let side, let error) in obstacles { return (side, error) }
        return nil
    }

    /// What is said of obstacles; the others are as they should be.
    package var notices: [Notice] {
        obstacles.compactMap { obstacle in
            switch obstacle {
            case .notKept(let shortage): .quotasNotKept(shortage)
            case .sourceOff(let kinds): .sourceQuotasOff(kinds)
            case .unread(let side, let error): .quotasUnread(side, error)
            case .suspended(let side): .quotasSuspended(side)
            case .defaults(let defaults): .defaultLimitsNotKept(defaults)
            case .branches, .notPrivileged, .notWholeVolume, .ownersNotCarried, .beyondFormat: nil
            }
        }
    }
}

extension QuotaState {
    /// Kinds whose limits, if any, cannot be read as SOURCE is mounted: of an XFS that has quota inodes and accounts
    /// nothing it is not known which.
    package func hiddenKinds(_ isOff: () -> Bool) -> [QuotaKind] {
        if accounted.isEmpty { return isOff() ? QuotaKind.allCases : [] }
        return QuotaKind.allCases.filter(hidden.contains)
    }
}
