// Entries of SOURCE that a finding is about: how many there are, and those that stand out most, to be named.

package import LinuxIO

/// One entry that DESTINATION may not be able to hold as it is.
package struct NotableEntry: Sendable, Equatable {
    package var inode: UInt64
    /// Which use of that number (XFS); 0 where the path is known already.
    package var generation: UInt32
    package var kind: EntryKind
    /// What makes it stand out: its size, its number of names, the seconds of its time.
    package var value: Int64
    /// Below SOURCE, without a leading slash; nil while, or where, it cannot be told.
    package var path: [UInt8]?

    package init(
        inode: UInt64,
        generation: UInt32 = 0,
        kind: EntryKind = .regular,
        value: Int64,
        path: [UInt8]? = nil
    ) {
        self.inode = inode
        self.generation = generation
        self.kind = kind
        self.value = value
        self.path = path
    }
}

/// Entries of one kind of trouble.
package struct NotableEntries: Sendable, Equatable {
    /// Entries that are kept to be named; the others are counted.
    package static let namedMax = 1_000

    /// How many there are.
    package private(set) var total: UInt64 = 0
    private var kept: [NotableEntry] = []

    package init() {}

    /// Those with the greatest values, the greatest first.
    package var entries: [NotableEntry] { Array(sorted.prefix(Self.namedMax)) }

    private var sorted: [NotableEntry] {
        kept.sorted { ($0.value, $1.inode) > ($1.value, $0.inode) }
    }

    package mutating func note(_ entry: NotableEntry) {
        total += 1
        kept.append(entry)
        if kept.count >= 2 * Self.namedMax { kept = entries }
    }

    mutating func merge(_ other: NotableEntries) {
        total += other.total
        kept = Array(
            (kept + other.kept).sorted { $0.value > $1.value }.prefix(2 * Self.namedMax - 1)
        )
    }

    /// Gives those that are kept their paths.
    mutating func name(_ path: (NotableEntry) -> [UInt8]?) {
        for index in kept.indices where kept[index].path == nil {
            kept[index].path = path(kept[index])
        }
    }
}
