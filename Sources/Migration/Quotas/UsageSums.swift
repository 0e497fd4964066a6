// What users and groups hold, summed up entry by entry by all workers of a verification. Memory grows with owners.

package import LinuxIO

/// Sums of space and inodes of each user and each group.
///
/// Thread-safe.
package final class UsageSums: Sendable {
    private struct Sums {
        var users: [UInt32: QuotaUsage] = [:]
        var groups: [UInt32: QuotaUsage] = [:]
    }

    private let sums = Lock(Sums())

    package init() {}

    /// Adds one inode; call it once for each, whatever the number of its names.
    package func count(_ status: FileStatus) {
        let bytes = status.allocatedBytes
        sums.withLock { sums in
            Self.add(bytes, to: &sums.users[status.owner, default: QuotaUsage()])
            Self.add(bytes, to: &sums.groups[status.group, default: QuotaUsage()])
        }
    }

    private static func add(_ bytes: UInt64, to usage: inout QuotaUsage) {
        usage.bytes &+= bytes
        usage.inodes &+= 1
    }

    /// What was counted of a kind; nil: projects are not.
    package func counted(_ kind: QuotaKind) -> [UInt32: QuotaUsage]? {
        sums.withLock { sums in
            switch kind {
            case .user: sums.users
            case .group: sums.groups
            case .project: nil
            }
        }
    }
}
