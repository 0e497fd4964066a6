// What is heavy, while the whole is not known yet. A directory that is done is kept as it is when it is so heavy that it
// may have to be cut, else as one sum; an entry keeps its name when it is worth to be dealt by itself. Both are judged
// by the larger of what was counted so far and a quarter of what is expected: so more is kept at first than is
// needed, never less, and PlanCutter folds the rest.

package import LinuxIO
import Synchronization

/// Weights as parts of a whole.
struct PlanShares: Sendable {
    let whole: PlanWeight

    /// The larger of its parts of all entries and of all bytes.
    ///
    /// By no machine's rates: whoever has at most a share of both has at most that share of the work, whatever an entry
    /// and a byte cost (first copies here: 86 us an entry, and 10 ns a byte).
    func share(of weight: PlanWeight) -> Double {
        max(entries(weight), bytes(weight))
    }

    func entries(_ weight: PlanWeight) -> Double {
        Double(weight.entries) / Double(max(whole.entries, 1))
    }

    func bytes(_ weight: PlanWeight) -> Double {
        whole.bytes == 0 ? 0 : Double(weight.bytes) / Double(whole.bytes)
    }
}

/// How fine a tree is cut, in shares of the whole.
struct PlanGrain: Sendable {
    /// A directory that is heavier is opened.
    let opened: Double
    /// An entry that is lighter is dealt by its hash.
    let named: Double
    /// Names that are dealt by hash are dealt in parts of that.
    let range: Double
    /// What all directories of the spine may leave to closing.
    let spine: Double

    /// Each is less than a shard's part by a factor: what is dealt out heaviest first leaves the largest shard at most one
    /// opened directory above the mean.
    init(shards: Int) {
        let shard = 1 / Double(shards)
        opened = shard / 8
        named = shard / 128
        range = shard / 16
        spine = shard / 100
    }
}

/// Weighs a tree while it is listed.
///
/// Thread-safe.
package final class TreeWeigher: Sendable {
    let grain: PlanGrain
    let seed: UInt64
    private let expected: PlanWeight
    private let entries = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)

    /// `expected`: what the tree holds, as far as somebody knows; it may be wrong.
    package init(shards: Int, seed: UInt64, expected: PlanWeight = PlanWeight()) {
        grain = PlanGrain(shards: shards)
        self.seed = seed
        self.expected = PlanWeight(entries: expected.entries / 4, bytes: expected.bytes / 4)
    }

    package func hash(_ name: some Sequence<UInt8>) -> UInt64 { HashCut.hash(name, seed: seed) }

    /// What was counted so far.
    package var counted: PlanWeight {
        PlanWeight(
            entries: entries.load(ordering: .relaxed),
            bytes: bytes.load(ordering: .relaxed)
        )
    }

    func count(_ weight: PlanWeight) {
        entries.wrappingAdd(weight.entries, ordering: .relaxed)
        bytes.wrappingAdd(weight.bytes, ordering: .relaxed)
    }

    private var shares: PlanShares {
        let counted = counted
        return PlanShares(
            whole: PlanWeight(
                entries: max(counted.entries, expected.entries),
                bytes: max(counted.bytes, expected.bytes)
            )
        )
    }

    func isNamed(_ weight: PlanWeight) -> Bool { shares.share(of: weight) >= grain.named }
    func isKept(_ weight: PlanWeight) -> Bool { shares.share(of: weight) >= grain.opened }
}

/// A directory while its entries are counted.
///
/// Thread-safe.
package final class WeighingDirectory: Sendable {
    private let weigher: TreeWeigher
    private struct State: Sendable {
        /// The directory itself is an entry.
        var weight = PlanWeight(entries: 1)
        var children: [WeighedDirectory.Child] = []
        var loose: LooseWeights
    }
    private let state: Lock<State>

    /// By how many entries were listed, and how many of them are directories or may be.
    package init(_ weigher: TreeWeigher, entries: Int, subdirectories: Int) {
        self.weigher = weigher
        state = Lock(
            State(loose: LooseWeights(entries: entries, subdirectories: subdirectories))
        )
        weigher.count(PlanWeight(entries: 1))
    }

    /// Counts an entry that is no directory.
    package func add(_ weight: PlanWeight, hash: UInt64, name: () -> Name) {
        weigher.count(weight)
        let child =
            weigher.isNamed(weight)
            ? WeighedDirectory.Child(name: name(), weight: weight, directory: nil) : nil
        state.withLock { state in
            state.weight += weight
            if let child {
                state.children.append(child)
            } else {
                state.loose.add(weight, hash: hash)
            }
        }
    }

    /// Takes over a directory in it that is done.
    package func adopt(_ directory: WeighedDirectory, name: Name) {
        let weight = directory.weight
        guard weigher.isNamed(weight) else {
            let hash = weigher.hash(name.bytes)
            return state.withLock { state in
                state.weight += weight
                state.loose.add(weight, hash: hash)
            }
        }
        let kept = weigher.isKept(weight) ? directory : nil
        state.withLock { state in
            state.weight += weight
            state.children.append(.init(name: name, weight: weight, directory: kept))
        }
    }

    /// The same of one that nobody looked into, of a weight that is known otherwise.
    package func adopt(_ weight: PlanWeight, name: Name) {
        weigher.count(weight)
        adopt(
            WeighedDirectory(
                weight: weight,
                children: [],
                loose: LooseWeights(entries: 0, subdirectories: 0)
            ),
            name: name
        )
    }

    /// All its entries are counted.
    package func close() -> WeighedDirectory {
        state.withLock { state in
            WeighedDirectory(weight: state.weight, children: state.children, loose: state.loose)
        }
    }
}
