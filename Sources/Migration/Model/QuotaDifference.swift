// What a verification finds of quotas, with both values.

package import LinuxIO

/// What one owner holds: space in bytes, and inodes.
package struct QuotaUsage: Sendable, Hashable {
    package var bytes: UInt64
    package var inodes: UInt64

    package init(bytes: UInt64 = 0, inodes: UInt64 = 0) {
        self.bytes = bytes
        self.inodes = inodes
    }

    /// Sums wrap: what a damaged account holds is no reason to stop.
    mutating func add(_ other: QuotaUsage) {
        bytes &+= other.bytes
        inodes &+= other.inodes
    }
}

/// One thing in which DESTINATION's quotas are not like SOURCE's, or not like what DESTINATION holds (Q14).
package enum QuotaDifference: Sendable, Equatable {
    /// SOURCE accounts a kind, and has limits for so many of its owners; DESTINATION does not account it.
    case notAccounted(QuotaKind, limits: UInt64)
    case grace(QuotaKind, QuotaGrace, QuotaGrace)
    case limits(QuotaOwner, QuotaLimits, QuotaLimits)
    /// The account of an owner on DESTINATION is not what was counted there.
    case usage(QuotaOwner, counted: QuotaUsage, accounted: QuotaUsage)
    /// All accounts of a kind on DESTINATION are together not those of another kind.
    case total(QuotaKind, QuotaUsage, of: QuotaKind, QuotaUsage)
}
