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
}

/// One thing in which DESTINATION's quotas are not like SOURCE's, or not like what DESTINATION holds (Q14).
package enum QuotaDifference: Sendable, Equatable {
    /// SOURCE has limits for so many owners of a kind that DESTINATION does not account.
    case notAccounted(QuotaKind, limits: UInt64)
    case grace(QuotaKind, QuotaGrace, QuotaGrace)
    case limits(QuotaOwner, QuotaLimits, QuotaLimits)
    /// The account of an owner on DESTINATION is not what was counted there.
    case usage(QuotaOwner, counted: QuotaUsage, accounted: QuotaUsage)
}
