// What a pass changes of quotas, for lines of --itemize and for programs.

package import LinuxIO

/// One change of DESTINATION's quotas.
package enum QuotaChange: Sendable, Hashable {
    /// An owner's limits; `after` without any: they were cleared.
    case limits(QuotaOwner, before: QuotaLimits, after: QuotaLimits)
    case grace(QuotaKind, before: QuotaGrace, after: QuotaGrace)

    /// The line of --itemize (Q11): soft and hard, space in KiB; grace of space and of inodes in seconds.
    package var line: [UInt8] {
        switch self {
        case .limits(let owner, _, let limits) where limits.isNone:
            return Array("*noquota    \(owner.words)".utf8)
        case .limits(let owner, _, let limits):
            return Array("*quota      \(owner.words) \(limits.words)".utf8)
        case .grace(let kind, _, let grace):
            return Array(
                "*quota      \(kind.rawValue) grace \(grace.blockSeconds)/\(grace.inodeSeconds)"
                    .utf8
            )
        }
    }
}

/// Limits of SOURCE that DESTINATION does not keep.
package struct QuotaShortage: Sendable, Hashable {
    /// How many owners have limits of the kinds that DESTINATION does not account; 0 of a kind that SOURCE enforces all the
    /// same, else kinds without limits are absent.
    package var limits: [QuotaKind: UInt64]
    /// How many owners have limits on the realtime device of an XFS.
    package var realtime: UInt64

    package init(limits: [QuotaKind: UInt64] = [:], realtime: UInt64 = 0) {
        self.limits = limits
        self.realtime = realtime
    }

    package var isNone: Bool { limits.isEmpty && realtime == 0 }
}

/// What is set for owners without limits of their own (record 0 of an XFS), or for owner 0.
package struct QuotaDefault: Sendable, Hashable {
    package var kind: QuotaKind
    package var limits: QuotaLimits

    package init(_ kind: QuotaKind, _ limits: QuotaLimits) {
        self.kind = kind
        self.limits = limits
    }
}

/// Owners above a hard limit.
package struct QuotaExcess: Sendable, Hashable {
    package var owners: UInt64
    package var first: QuotaOwner
    /// Of the first: what is used and its hard limit, in bytes or inodes.
    package var used: UInt64
    package var hard: UInt64
    package var isOfInodes: Bool

    package init(
        owners: UInt64,
        first: QuotaOwner,
        used: UInt64,
        hard: UInt64,
        isOfInodes: Bool
    ) {
        self.owners = owners
        self.first = first
        self.used = used
        self.hard = hard
        self.isOfInodes = isOfInodes
    }
}

extension QuotaExcess? {
    /// One more owner is above a limit; the first one stays the one that is named.
    mutating func add(_ found: QuotaExcess) {
        if self == nil { self = found } else { self?.owners += 1 }
    }
}

/// Why quotas are not carried (Q1, Q10), where that is worth a word.
package enum QuotaObstacle: Sendable, Hashable {
    /// Only branches are copied, and limits are the volume's.
    case branches
    /// Not root, or root without CAP_SYS_ADMIN.
    case notPrivileged
    /// SOURCE or DESTINATION is not the root of its volume.
    case notWholeVolume(Failure.Side)
    /// An ext4 that accounts nothing for as long as it is mounted read-only.
    case suspended(Failure.Side)
    /// They cannot be asked for.
    case unread(Failure.Side, SystemError)
    /// SOURCE is an XFS that has limits of these kinds, maybe, and is mounted without them.
    case sourceOff([QuotaKind])
    /// DESTINATION does not account what SOURCE limits.
    case notKept(QuotaShortage)
    /// Owners of these kinds are not carried (`--no-owner`, `--no-group`), so nor are their limits.
    case ownersNotCarried([QuotaKind])
    /// So many owners have a limit that DESTINATION's format does not hold (Q5).
    case beyondFormat(owners: UInt64, first: QuotaOwner)
    /// SOURCE has defaults, or limits of owner 0 (Q6).
    case defaults([QuotaDefault])
}

extension QuotaLimits {
    /// "blocks 10240/20480 inodes 100/200": soft and hard, space in KiB; 0 is none.
    package var words: String {
        "blocks \(blockSoftBytes / 1024)/\(blockHardBytes / 1024) inodes \(inodesSoft)/\(inodesHard)"
    }
}
