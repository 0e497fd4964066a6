// Where a tree is cut: pure, from weights to the tree of cuts. A directory heavier than an eighth of a shard's part is
// opened, and so on down to single entries; what is opened is dealt out by name where it is heavy, and by hash for the
// rest. A directory of the spine whose rest is next to nothing leaves that to closing.

import LinuxIO

/// How a tree was cut.
package struct PlanCut: Sendable {
    package let root: PlanDirectory
    package let loads: [PlanWeight]
    /// What closing has: directories of the spine, and what lies in them and was not dealt.
    package let spine: PlanWeight
    package let whole: PlanWeight
    /// Directories of the spine.
    package let opened: Int
    /// Names and ranges that were dealt.
    package let parts: Int
    /// The heaviest of them, as a part of the whole.
    package let largestShare: Double

    /// The largest shard by entries, and by bytes, as a multiple of the mean: 1 is even.
    package var balance: (entries: Double, bytes: Double) {
        let shares = PlanShares(whole: whole)
        let count = Double(loads.count)
        return (
            (loads.map { shares.entries($0) }.max() ?? 0) * count,
            // No bytes at all are dealt out evenly.
            whole.bytes == 0 ? 1 : (loads.map { shares.bytes($0) }.max() ?? 0) * count
        )
    }

    /// What is left to closing, as a part of the whole.
    package var spineShare: Double { PlanShares(whole: whole).share(of: spine) }

    /// Shards that have nothing to do.
    package var idle: Int { loads.count { $0 == PlanWeight() } }
}

/// Cuts one tree.
package struct PlanCutter {
    /// A directory of the spine under way.
    private struct Opened {
        let weighed: WeighedDirectory
        var children: [Name: PlanPart] = [:]
        /// Those that are opened, by their place in `opened`.
        var inner: [(name: Name, place: Int)] = []
        var loose: LooseWeights
        /// The last buckets of the ranges that `loose` is dealt in; empty: it is closing's.
        var ends: [Int] = []
        /// The shard of each range.
        var owners: [Int] = []
    }

    /// What is dealt to one shard.
    private struct Piece {
        let share: Double
        let weight: PlanWeight
        let place: Int
        let target: Target
        enum Target {
            case name(Name)
            case range(Int)
        }
    }

    private let shards: Int
    private let seed: UInt64
    private let grain: PlanGrain
    private let shares: PlanShares
    private var opened: [Opened] = []
    private var pieces: [Piece] = []

    /// Cuts a tree whose names were hashed with this seed.
    package static func cut(_ tree: WeighedDirectory, shards: Int, seed: UInt64) -> PlanCut {
        var cutter = PlanCutter(tree, shards: shards, seed: seed)
        cutter.open(tree, depth: 1)
        cutter.cutLoose()
        return cutter.deal()
    }

    private init(_ tree: WeighedDirectory, shards: Int, seed: UInt64) {
        self.shards = shards
        self.seed = seed
        grain = PlanGrain(shards: shards)
        shares = PlanShares(whole: tree.weight)
    }

    /// Opens a directory and what is too heavy in it; returns its place.
    @discardableResult
    private mutating func open(_ directory: WeighedDirectory, depth: Int) -> Int {
        let place = opened.count
        opened.append(Opened(weighed: directory, loose: directory.loose))
        for child in directory.children {
            let share = shares.share(of: child.weight)
            if share < grain.named {
                // It seemed heavy while less was counted.
                opened[place].loose.add(
                    child.weight,
                    hash: HashCut.hash(child.name.bytes, seed: seed)
                )
            } else if let inner = child.directory, share > grain.opened,
                depth < TreePlan.depthMax, shards > 1
            {
                let inside = open(inner, depth: depth + 1)
                opened[place].inner.append((child.name, inside))
            } else {
                pieces.append(
                    Piece(
                        share: share,
                        weight: child.weight,
                        place: place,
                        target: .name(child.name)
                    )
                )
            }
        }
        return place
    }

    /// Cuts what has no name into ranges, but for what all together is next to nothing.
    private mutating func cutLoose() {
        let order = opened.indices.sorted {
            let left = shares.share(of: opened[$0].loose.sum)
            let right = shares.share(of: opened[$1].loose.sum)
            return (left, $0) < (right, $1)
        }
        var left = grain.spine
        for place in order {
            left -= shares.share(of: opened[place].loose.sum)
            if left < 0 { cutLoose(of: place) }
        }
    }

    private mutating func cutLoose(of place: Int) {
        let loose = opened[place].loose
        guard loose.names > 0 else { return }
        var weight = PlanWeight()
        for (index, bucket) in loose.buckets.enumerated() {
            weight += bucket
            let isLast = index == loose.buckets.count - 1
            guard isLast || shares.share(of: weight) >= grain.range else { continue }
            pieces.append(
                Piece(
                    share: shares.share(of: weight),
                    weight: weight,
                    place: place,
                    target: .range(opened[place].ends.count)
                )
            )
            opened[place].ends.append(index)
            weight = PlanWeight()
        }
        opened[place].owners = [Int](repeating: 0, count: opened[place].ends.count)
    }

    /// Deals out all pieces.
    private mutating func deal() -> PlanCut {
        var dealer = ShardDealer(shards: shards, shares)
        let order = pieces.indices.sorted {
            pieces[$0].share != pieces[$1].share ? pieces[$0].share > pieces[$1].share : $0 < $1
        }
        var dealt = PlanWeight()
        for index in order {
            let piece = pieces[index]
            let shard = dealer.deal(piece.weight)
            dealt += piece.weight
            switch piece.target {
            case .name(let name): opened[piece.place].children[name] = .shard(shard)
            case .range(let range): opened[piece.place].owners[range] = shard
            }
        }
        return PlanCut(
            root: directory(0),
            loads: dealer.loads,
            spine: shares.whole - dealt,
            whole: shares.whole,
            opened: opened.count,
            parts: pieces.count,
            largestShare: order.first.map { pieces[$0].share } ?? 0
        )
    }

    private func directory(_ place: Int) -> PlanDirectory {
        var children = opened[place].children
        for (name, inner) in opened[place].inner { children[name] = .opened(directory(inner)) }
        return PlanDirectory(children: children, hashCut: hashCut(opened[place]))
    }

    /// Ranges with their shards, neighbours of one shard joined.
    private func hashCut(_ opened: Opened) -> HashCut? {
        var ranges: [HashCut.Range] = []
        for (end, owner) in zip(opened.ends, opened.owners) {
            if ranges.last?.shard == owner { ranges.removeLast() }
            ranges.append(HashCut.Range(last: opened.loose.last(ofBucket: end), shard: owner))
        }
        return HashCut(seed: seed, ranges: ranges)
    }
}

extension PlanWeight {
    /// What is left; sums that stopped at the largest number leave nothing.
    fileprivate static func - (one: PlanWeight, other: PlanWeight) -> PlanWeight {
        PlanWeight(
            entries: one.entries - min(one.entries, other.entries),
            bytes: one.bytes - min(one.bytes, other.bytes)
        )
    }
}
