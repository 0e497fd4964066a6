// Damaged files that have several names: what was found under the first one met holds for the others, or a
// file would be examined once for each of its names.

import LinuxIO

/// What this pass knows of damaged inodes of SOURCE with several names.
///
/// Thread-safe.
final class KnownDamage: Sendable {
    /// Ranges of all inodes together, at most: some 5 MB with their inodes.
    ///
    /// Inodes beyond are examined under each of their names.
    private static let rangesMax = 100_000

    /// What was found of one inode.
    struct Row: Sendable {
        let damage: Damage
        /// What the disk said.
        let error: SystemError
        /// Whether the leader of its names was salvaged in this pass.
        let isSalvaged: Bool
    }

    private struct Rows: Sendable {
        var all: [InodeIdentity: Row] = [:]
        var rangeCount = 0
    }
    private let rows = Lock(Rows())

    /// The damage of a file was found under one of its names.
    func note(_ source: FileStatus, _ damage: Damage, _ error: SystemError, isSalvaged: Bool) {
        guard source.linkCount > 1 else { return }
        rows.withLock { rows in
            let before = rows.all[source.identity]
            let count = rows.rangeCount + damage.ranges.count - (before?.damage.ranges.count ?? 0)
            guard count <= Self.rangesMax else { return }
            rows.rangeCount = count
            rows.all[source.identity] = Row(
                damage: damage,
                error: error,
                isSalvaged: isSalvaged || before?.isSalvaged ?? false
            )
        }
    }

    /// The damage of a file, where it was found under another name.
    func damage(of source: FileStatus) -> Row? {
        if source.linkCount == 1 { return nil }
        return rows.withLock { $0.all[source.identity] }
    }

    /// The same, if the leader of its names was salvaged.
    func salvaged(_ source: FileStatus) -> Row? {
        damage(of: source).flatMap { $0.isSalvaged ? $0 : nil }
    }
}
