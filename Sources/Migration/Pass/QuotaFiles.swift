// The files in which ext4 without the `quota` feature keeps its quotas (quotacheck(8)): each volume's own. Those of
// DESTINATION hold limits that somebody has set there, and are kept; those of SOURCE would replace them (Q20).

import LinuxIO

/// The quota files of a volume's root.
enum QuotaFiles {
    private static let names: Set<Name> = [
        Name("aquota.user"), Name("aquota.group"), Name("quota.user"), Name("quota.group"),
    ]

    /// Whether an entry of a root is one; `type` is its d_type of getdents64(2).
    ///
    /// A directory of such a name is a branch like any other.
    static func contains(_ name: Name, type: UInt8) -> Bool {
        (type == regular || type == unknown) && names.contains(name)
    }

    private static let unknown: UInt8 = 0
    private static let regular: UInt8 = 8
}
