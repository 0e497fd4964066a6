// A tree as far as a plan needs it: sums, what is heavy by name, and the rest of each directory by hash. The map of this
// folder:
//
//   PlanMaker         makes a plan: roots, record, listing, cuts
//   PlanListing       lists SOURCE, with all workers
//   TreeWeigher       what is heavy, while the whole is not known yet; WeighingDirectory: one directory under way
//   WeighedDirectory  what is kept of a directory; LooseWeights: names dealt by hash
//   PlanCutter        where the tree is cut
//   ShardDealer       which shard gets what
//
// It keeps true: the sum of all parts is the whole, whatever was folded together; nothing is as large as the tree.

import LinuxIO

/// A directory whose entries are all counted.
///
/// Immutable once made.
package final class WeighedDirectory: Sendable {
    /// What has a name of its own in it.
    struct Child: Sendable {
        let name: Name
        let weight: PlanWeight
        /// Nil: it cannot be cut any further.
        let directory: WeighedDirectory?
    }

    /// All of it, itself counted.
    package let weight: PlanWeight
    /// Heavy entries, in the order of their names' bytes.
    let children: [Child]
    /// All others.
    let loose: LooseWeights

    init(weight: PlanWeight, children: [Child], loose: LooseWeights) {
        self.weight = weight
        self.children = children.sorted {
            $0.name.bytes.lexicographicallyPrecedes($1.name.bytes)
        }
        self.loose = loose
    }
}

/// Entries of one directory without their names: sums by the upper bits of the names' hashes.
struct LooseWeights: Sendable {
    /// One for each value of the upper bits; their number is a power of two.
    private(set) var buckets: [PlanWeight]
    private(set) var sum = PlanWeight()
    private(set) var names: UInt64 = 0
    private let shift: UInt64

    private static let bucketsMax = 65_536
    private static let entriesOfBucket = 16
    private static let subdirectoryBuckets = 4
    private static let subdirectoryBucketsMax = 16_384

    /// For a directory that was listed.
    ///
    /// A bucket is the least that can be dealt: of some 16 files, of one subdirectory.
    init(entries: Int, subdirectories: Int) {
        let wanted = max(
            entries / Self.entriesOfBucket,
            min(subdirectories * Self.subdirectoryBuckets, Self.subdirectoryBucketsMax)
        )
        var bits: UInt64 = 0
        while 1 << bits < min(wanted, Self.bucketsMax) { bits += 1 }
        buckets = [PlanWeight](repeating: PlanWeight(), count: 1 << bits)
        shift = 64 - bits
    }

    mutating func add(_ weight: PlanWeight, hash: UInt64) {
        // A shift by all 64 bits gives 0.
        buckets[Int(hash >> shift)] += weight
        sum += weight
        names += 1
    }

    /// The largest hash that falls into a bucket.
    func last(ofBucket index: Int) -> UInt64 {
        index == buckets.count - 1 ? .max : (UInt64(index) + 1) << shift - 1
    }
}
