// Which shard gets what: heaviest first, each to the shard that is the least full with it ("longest processing time
// first", Graham 1969: at most 4/3 of the best where there is one measure). There are two, entries and bytes: the fuller
// of both decides, so a shard full of bytes takes what has many entries and few bytes.

/// Shards that are being filled.
struct ShardDealer {
    private let shares: PlanShares
    private(set) var loads: [PlanWeight]
    /// Parts of all entries and of all bytes.
    private var filled: [(entries: Double, bytes: Double)]
    /// The lightest first, where there are too many to ask each.
    private var heap: [Int] = []

    /// With more shards the one that was the least full before is taken.
    private static let askedMax = 4_096

    init(shards: Int, _ shares: PlanShares) {
        self.shares = shares
        loads = [PlanWeight](repeating: PlanWeight(), count: shards)
        filled = [(Double, Double)](repeating: (0, 0), count: shards)
        if shards > Self.askedMax { heap = Array(0..<shards) }
    }

    /// Deals one piece; returns its shard.
    mutating func deal(_ weight: PlanWeight) -> Int {
        let entries = shares.entries(weight)
        let bytes = shares.bytes(weight)
        let shard = heap.isEmpty ? lightest(with: entries, bytes) : heap[0]
        loads[shard] += weight
        filled[shard].entries += entries
        filled[shard].bytes += bytes
        if !heap.isEmpty { sink() }
        return shard
    }

    private func lightest(with entries: Double, _ bytes: Double) -> Int {
        filled.withUnsafeBufferPointer { filled in
            var best = 0
            var bestLevel = Double.infinity
            var bestSum = Double.infinity
            for index in filled.indices {
                let one = filled[index].entries + entries
                let other = filled[index].bytes + bytes
                let level = max(one, other)
                if level > bestLevel { continue }
                let sum = one + other
                if level < bestLevel || sum < bestSum {
                    (best, bestLevel, bestSum) = (index, level, sum)
                }
            }
            return best
        }
    }

    /// Moves the first of the heap down to where it belongs now.
    private mutating func sink() {
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if isLighter(heap[child], heap[least]) { least = child }
            }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }

    private func isLighter(_ one: Int, _ other: Int) -> Bool {
        let left = filled[one]
        let right = filled[other]
        // By their numbers at last: the same plan each time.
        return (max(left.entries, left.bytes), left.entries + left.bytes, one)
            < (max(right.entries, right.bytes), right.entries + right.bytes, other)
    }
}
