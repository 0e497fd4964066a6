// What a pass would do with SOURCE's limits, counted before it begins: what would be refused or is not kept, and who
// would be above a hard limit on DESTINATION.

package import LinuxIO

/// Counts of SOURCE's quotas, against what DESTINATION accounts and holds (Q15).
package struct QuotaForecast: Sendable, Equatable {
    package var source = QuotaState()
    package var destination = QuotaState()
    /// How many owners have limits, of kinds that have any; owner 0 is not among them.
    package var limits: [QuotaKind: UInt64] = [:]
    /// Owners with a limit beyond DESTINATION's format, and the first of them.
    package var refused: UInt64 = 0
    package var firstRefused: QuotaOwner?
    package var defaults: [QuotaDefault] = []
    package var realtimeLimits: UInt64 = 0
    /// Owners that would be above a hard limit on DESTINATION.
    package var excess: QuotaExcess?
    /// Owners that would be above a soft limit on DESTINATION, and are not on SOURCE.
    package var softExcess: QuotaExcess?
    /// DESTINATION is an XFS: it needs no block for a small directory, and its limits hold for root, too.
    package var isToXFS = false
    /// This side is an ext4 that accounts nothing for as long as it is mounted read-only.
    package var suspended: Failure.Side?
    /// Kinds of which SOURCE has limits, maybe, that cannot be read as it is mounted.
    package var hidden: [QuotaKind] = []
    /// Where one of the two could not be asked: nothing else is known then.
    package var unread: UnreadQuotas?

    /// Quotas that cannot be asked for.
    package struct UnreadQuotas: Sendable, Equatable {
        package var side: Failure.Side
        package var error: SystemError

        package init(_ side: Failure.Side, _ error: SystemError) {
            self.side = side
            self.error = error
        }
    }

    package init() {}

    /// ext4 keeps the names of even the smallest directory in a block of their own, XFS in the inode.
    static let directoryBytes: UInt64 = 4096

    /// Asks both and reads all of SOURCE's records.
    ///
    /// `directories`: of each owner, where they were counted.
    package init(
        _ left: some QuotaAccess,
        _ right: some QuotaAccess,
        directories: [QuotaOwner: UInt64],
        isToXFS: Bool = false,
        isSourceOff: () -> Bool
    ) {
        self.isToXFS = isToXFS
        var side = Failure.Side.source
        do throws(SystemError) {
            source = try left.state()
            hidden = source.hiddenKinds(isSourceOff)
            side = .destination
            destination = try right.state()
            for kind in QuotaKind.allCases where source.accounted.contains(kind) {
                side = .destination
                let isAccounted = destination.accounted.contains(kind)
                let rules =
                    isAccounted
                    ? QuotaRules(storage: try right.storage(of: kind), clearsExtras: false) : nil
                side = .source
                var records = left.records(of: kind)
                while let record = try records.next() {
                    let owner = QuotaOwner(kind, record.id)
                    note(record, owner, rules, directories: directories[owner] ?? 0)
                }
            }
        } catch {
            self = QuotaForecast()
            unread = UnreadQuotas(side, error)
        }
    }

    private mutating func note(
        _ record: QuotaRecord,
        _ owner: QuotaOwner,
        _ rules: QuotaRules?,
        directories: UInt64
    ) {
        if record.hasRealtimeLimits { realtimeLimits += 1 }
        if record.limits.isNone { return }
        if owner.id == 0 {
            defaults.append(QuotaDefault(owner.kind, record.limits))
            return
        }
        limits[owner.kind, default: 0] += 1
        guard let rules else { return }
        if case .refuse = rules.decision(of: QuotaPair(source: record)) {
            refused += 1
            if firstRefused == nil { firstRefused = owner }
            return
        }
        var expected = record
        if !isToXFS { expected.usedBytes &+= directories &* Self.directoryBytes }
        if let found = QuotaRules.excess(of: expected, owner.kind) { excess.add(found) }
        if QuotaRules.softExcess(of: record, owner.kind) == nil,
            let found = QuotaRules.softExcess(of: expected, owner.kind)
        {
            softExcess.add(found)
        }
    }

    /// Whether SOURCE has anything that is to be carried, or may have.
    package var isOfInterest: Bool {
        !source.accounted.isEmpty || !hidden.isEmpty || unread != nil || suspended != nil
    }

    /// SOURCE is mounted without any quotas, and may have some.
    package var isSourceOff: Bool { source.accounted.isEmpty && !hidden.isEmpty }

    /// Kinds with limits, or that SOURCE enforces, and that DESTINATION does not account.
    package var shortage: QuotaShortage {
        var missing = limits.filter { !destination.accounted.contains($0.key) }
        for kind in unaccounted { missing[kind, default: 0] += 0 }
        return QuotaShortage(limits: missing, realtime: realtimeLimits)
    }

    /// Kinds that SOURCE enforces and DESTINATION accounts only.
    package var unenforced: [QuotaKind] {
        let kinds = source.enforced.subtracting(destination.enforced)
        return QuotaKind.allCases.filter {
            kinds.contains($0) && destination.accounted.contains($0)
        }
    }

    /// Kinds that SOURCE enforces and DESTINATION does not even account, be there limits now or not: an ext4 without the
    /// feature is not mounted with their options.
    package var unaccounted: Set<QuotaKind> { source.enforced.subtracting(destination.accounted) }

    /// Whether all of it will be as it is on SOURCE.
    package var isWell: Bool {
        unread == nil && suspended == nil && hidden.isEmpty && shortage.isNone && refused == 0
            && defaults.isEmpty && excess == nil && softExcess == nil && unenforced.isEmpty
            && !hindersPasses
    }

    /// An XFS limits root as well: what is enforced there fails entries of passes of owners near their limits.
    package var hindersPasses: Bool { isToXFS && !destination.enforced.isEmpty }

    /// Why not all of it can be carried, where only these kinds are; nil: it can.
    package func obstacle(wanted: Set<QuotaKind>) -> QuotaObstacle? {
        if let unread { return .unread(unread.side, unread.error) }
        let hidden = hidden.filter(wanted.contains)
        if !hidden.isEmpty { return .sourceOff(hidden) }
        if !shortage.isNone { return .notKept(shortage) }
        let unwanted = QuotaKind.allCases.filter { limits[$0] != nil && !wanted.contains($0) }
        if !unwanted.isEmpty { return .ownersNotCarried(unwanted) }
        if let firstRefused { return .beyondFormat(owners: refused, first: firstRefused) }
        return defaults.isEmpty ? nil : .defaults(defaults)
    }
}
