// Names of one directory dealt out by their hash, so that one of ten million files is the work of several shards. Each
// of them lists it whole and takes what is dealt to it; a name that comes later is dealt as well.

package import LinuxIO

/// Ranges of the hash of names, each with the shard that has the names in it.
package struct HashCut: Equatable, Sendable {
    /// A range that begins behind the one before, or at 0.
    package struct Range: Equatable, Sendable {
        /// The last hash in it.
        package let last: UInt64
        package let shard: Int

        package init(last: UInt64, shard: Int) {
            self.last = last
            self.shard = shard
        }
    }

    /// What the hash begins with: that of the plan.
    package let seed: UInt64
    /// Ascending; the last one ends at the largest hash.
    package let ranges: [Range]

    /// Nil where the ranges do not deal out every name to exactly one shard.
    package init?(seed: UInt64, ranges: [Range]) {
        guard ranges.last?.last == .max, ranges.allSatisfy({ $0.shard >= 0 }),
            zip(ranges, ranges.dropFirst()).allSatisfy({ $0.last < $1.last })
        else { return nil }
        self.seed = seed
        self.ranges = ranges
    }

    /// Equal parts of all hashes, one for each element, which are shards; those of one shard are joined.
    package init?(seed: UInt64, dealtTo shards: [Int]) {
        guard !shards.isEmpty else { return nil }
        let width = UInt64.max / UInt64(shards.count)
        var ranges: [Range] = []
        for (index, shard) in shards.sorted().enumerated() {
            let last = index == shards.count - 1 ? .max : width * UInt64(index + 1) - 1
            if ranges.last?.shard == shard { ranges.removeLast() }
            ranges.append(Range(last: last, shard: shard))
        }
        self.init(seed: seed, ranges: ranges)
    }

    /// The shard that has a name.
    package func shard(of name: Name) -> Int {
        let hash = Self.hash(name.bytes, seed: seed)
        var low = 0
        var high = ranges.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < hash { low = middle + 1 } else { high = middle }
        }
        return ranges[low].shard
    }

    /// 64 bits of a name: FNV-1a (Fowler, Noll, Vo), begun by a seed, and mixed at the end as SplitMix64 does (Steele,
    /// Lea, Flood 2014), for ranges look at the upper bits, which FNV-1a hardly moves for the last byte.
    ///
    /// Part of the format of plans: it never changes.
    package static func hash(_ bytes: some Sequence<UInt8>, seed: UInt64) -> UInt64 {
        var hash = 14_695_981_039_346_656_037 ^ mixed(seed)
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return mixed(hash)
    }

    private static func mixed(_ bits: UInt64) -> UInt64 {
        var bits = bits
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
