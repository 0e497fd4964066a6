// What is decided of one owner: pure, so that every case can be tried out without a filesystem.

package import LinuxIO

/// What a pass does about the limits of one owner.
package enum QuotaDecision: Equatable {
    case nothing
    /// Other limits are set than those that are there.
    case set(QuotaLimits)
    case clear
    /// Only DESTINATION has limits, and they stay (Q7).
    case leave
    /// DESTINATION's format does not hold them: nothing of this owner is set (Q5).
    case refuse(QuotaLimitField)
}

/// One of the four limits, and a value of it that cannot be had.
package struct QuotaLimitField: Equatable {
    /// "hard limit of blocks".
    package var words: String
    /// Bytes, or inodes.
    package var value: UInt64
    package var valueMax: UInt64
    package var isOfInodes: Bool
}

/// The rules for the owners of one kind.
package struct QuotaRules: Equatable {
    /// What DESTINATION holds.
    package var storage: QuotaStorage
    /// Limits that SOURCE lacks are cleared (`--delete`).
    package var clearsExtras: Bool

    package init(storage: QuotaStorage, clearsExtras: Bool) {
        self.storage = storage
        self.clearsExtras = clearsExtras
    }

    /// What DESTINATION should have of SOURCE's limits.
    func wanted(_ limits: QuotaLimits) -> QuotaLimits {
        limits.rounded(toMultiplesOf: storage.unitBytes)
    }

    /// Q4 to Q7.
    package func decision(of pair: QuotaPair) -> QuotaDecision {
        // Q6: on an XFS the limits of owner 0 are defaults for others; on ext4 they would be enforced on all
        // that belongs to group 0 or project 0.
        if pair.id == 0 { return .nothing }
        let present = pair.destinationLimits
        let wanted = wanted(pair.sourceLimits)
        if wanted == present { return .nothing }
        if wanted.isNone { return clearsExtras ? .clear : .leave }
        if let field = beyondFormat(wanted) { return .refuse(field) }
        return .set(wanted)
    }

    /// The first of the limits that is too large for the format (Q5).
    private func beyondFormat(_ limits: QuotaLimits) -> QuotaLimitField? {
        // Made in one place: of the four into which the optimizer turns a loop that makes them, the compiler orders the
        // values by chance, and two builds of one commit differ (seen with Swift 6.3.1).
        func field(_ words: String, _ value: UInt64, isOfInodes: Bool) -> QuotaLimitField {
            QuotaLimitField(
                words: words,
                value: value,
                valueMax: isOfInodes ? storage.inodesMax : storage.blockBytesMax,
                isOfInodes: isOfInodes
            )
        }
        let fields = [
            field("hard limit of blocks", limits.blockHardBytes, isOfInodes: false),
            field("soft limit of blocks", limits.blockSoftBytes, isOfInodes: false),
            field("hard limit of inodes", limits.inodesHard, isOfInodes: true),
            field("soft limit of inodes", limits.inodesSoft, isOfInodes: true),
        ]
        return fields.first { $0.value > $0.valueMax }
    }

    // MARK: Grace

    /// When grace is to end for an owner, in seconds since 1970; nil: as it is.
    package struct GraceEnds: Equatable {
        package var block: UInt64?
        package var inode: UInt64?

        package var isNone: Bool { block == nil && inode == nil }
    }

    /// Q9: where DESTINATION is above a soft limit that was carried, SOURCE's end of grace, else a whole new grace.
    ///
    /// DESTINATION's own may have begun with the first copy, weeks before anybody works there.
    package func graceEnds(of pair: QuotaPair, _ grace: QuotaGrace, nowSeconds: UInt64) -> GraceEnds
    {
        var ends = GraceEnds()
        guard pair.id != 0, let source = pair.source, let destination = pair.destination,
            destination.limits == wanted(source.limits)
        else { return ends }
        let limits = destination.limits
        if Self.runs(destination.usedBytes, limits.blockSoftBytes, destination.blockGraceEnd) {
            ends.block = Self.end(
                source: source.blockGraceEnd,
                destination: destination.blockGraceEnd,
                new: nowSeconds &+ grace.blockSeconds
            )
        }
        if Self.runs(destination.usedInodes, limits.inodesSoft, destination.inodeGraceEnd) {
            ends.inode = Self.end(
                source: source.inodeGraceEnd,
                destination: destination.inodeGraceEnd,
                new: nowSeconds &+ grace.inodeSeconds
            )
        }
        return ends
    }

    private static func end(source: Int64, destination: Int64, new: UInt64) -> UInt64? {
        guard source > 0 else { return new }
        return source == destination ? nil : UInt64(source)
    }

    /// Whether an owner's grace runs: above the limit, and before Linux 5.4 at it, too.
    private static func runs(_ used: UInt64, _ limit: UInt64, _ end: Int64) -> Bool {
        isAbove(used, limit) || limit != 0 && used == limit && end != 0
    }

    private static func isAbove(_ used: UInt64, _ limit: UInt64) -> Bool {
        limit != 0 && used > limit
    }

    // MARK: Excess

    /// Q13: what of an owner of DESTINATION is above a hard limit, as the first of so many; nil: nothing.
    package static func excess(of record: QuotaRecord, _ kind: QuotaKind) -> QuotaExcess? {
        excess(of: record, kind, record.limits)
    }

    /// The same of soft limits.
    static func softExcess(of record: QuotaRecord, _ kind: QuotaKind) -> QuotaExcess? {
        var limits = record.limits
        limits.blockHardBytes = limits.blockSoftBytes
        limits.inodesHard = limits.inodesSoft
        return excess(of: record, kind, limits)
    }

    private static func excess(
        of record: QuotaRecord,
        _ kind: QuotaKind,
        _ limits: QuotaLimits
    ) -> QuotaExcess? {
        let owner = QuotaOwner(kind, record.id)
        if record.id == 0 { return nil }
        if isAbove(record.usedBytes, limits.blockHardBytes) {
            return QuotaExcess(
                owners: 1,
                first: owner,
                used: record.usedBytes,
                hard: limits.blockHardBytes,
                isOfInodes: false
            )
        }
        guard isAbove(record.usedInodes, limits.inodesHard) else { return nil }
        return QuotaExcess(
            owners: 1,
            first: owner,
            used: record.usedInodes,
            hard: limits.inodesHard,
            isOfInodes: true
        )
    }
}
