// The names of one link group that wait for a leader. A group has up to 65,000 of them, and each may fail to lead in
// turn: they are put in order once, and what comes after that finds its place by halving.

/// Names that wait, the first to lead when one is asked for: up to date before others, then by path.
struct WaitingNames: Sendable {
    /// In no order, or, once one was taken, the first to lead last.
    private var entries: [PassEntry] = []
    private var isRanked = false
    /// Those that are up to date, by path.
    private var upToDate: Set<[UInt8]> = []

    var isEmpty: Bool { entries.isEmpty }
    var all: [PassEntry] { entries }

    /// The next one that waits is, or will be, up to date.
    mutating func noteUpToDate(_ path: [UInt8]) { upToDate.insert(path) }

    mutating func add(_ entry: PassEntry) {
        guard isRanked else {
            entries.append(entry)
            return
        }
        let rank = rank(of: entry)
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(rank, self.rank(of: entries[middle])) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        entries.insert(entry, at: low)
    }

    mutating func takeAll() -> [PassEntry] {
        defer {
            entries = []
            isRanked = false
        }
        return entries
    }

    mutating func takeFirst() -> PassEntry? {
        if !isRanked {
            entries =
                entries.map { (rank: rank(of: $0), entry: $0) }
                .sorted { Self.precedes($1.rank, $0.rank) }
                .map(\.entry)
            isRanked = true
        }
        return entries.popLast()
    }

    private typealias Rank = (isStale: Bool, path: [UInt8])

    private func rank(of entry: PassEntry) -> Rank {
        let path = entry.path
        return (!upToDate.contains(path), path)
    }

    private static func precedes(_ left: Rank, _ right: Rank) -> Bool {
        if left.isStale != right.isStale { return right.isStale }
        return left.path.lexicographicallyPrecedes(right.path)
    }
}
