// What users and groups hold, summed up entry by entry: each worker for itself, put together at the end. Memory grows
// with owners, for each worker.

package import LinuxIO

/// What one worker has counted.
package final class UsageCount: Sendable {
    fileprivate struct Sums {
        var users: [UInt32: QuotaUsage] = [:]
        var groups: [UInt32: QuotaUsage] = [:]
    }

    /// Nobody else asks before the end, so that the lock is never waited for.
    fileprivate let sums = Lock(Sums())

    /// Adds one inode; call it once for each, whatever the number of its names.
    package func add(_ status: FileStatus) {
        let usage = QuotaUsage(bytes: status.allocatedBytes, inodes: 1)
        sums.withLock { sums in
            sums.users[status.owner, default: QuotaUsage()].add(usage)
            sums.groups[status.group, default: QuotaUsage()].add(usage)
        }
    }
}

/// Sums of space and inodes of each user and each group.
///
/// Thread-safe.
package final class UsageSums: Sendable {
    private let counts = Lock<[UsageCount]>([])

    package init() {}

    /// For one worker.
    package func makeCount() -> UsageCount {
        let count = UsageCount()
        counts.withLock { $0.append(count) }
        return count
    }

    /// What all have counted of a kind; nil: projects are not, for ext4 does not tell those of symlinks and special
    /// files.
    package func counted(_ kind: QuotaKind) -> [UInt32: QuotaUsage]? {
        if kind == .project { return nil }
        var all: [UInt32: QuotaUsage] = [:]
        for count in counts.withLock({ $0 }) {
            let own = count.sums.withLock { kind == .user ? $0.users : $0.groups }
            for (owner, usage) in own { all[owner, default: QuotaUsage()].add(usage) }
        }
        return all
    }
}
