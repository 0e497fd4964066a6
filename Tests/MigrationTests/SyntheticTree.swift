// Trees that are only told of: heavy tails everywhere, the same for a seed. They are gone through as often as wanted, so
// none is kept in memory.

import LinuxIO
import Migration
import TestSupport

/// A tree of about so many entries.
struct SyntheticTree {
    let seed: UInt64
    let entries: Int
    /// The part of all entries and bytes that lies in one branch, in percent; nil: as it comes.
    var inOneBranch: Int?
    /// No file is larger: one that is larger than a shard's part cannot be cut.
    var fileBytesMax: UInt64 = 1 << 30

    /// What is come to, in order.
    enum Step {
        case enter(Name, entries: Int, subdirectories: Int)
        case file(Name, bytes: UInt64)
        case leave(Name)
    }

    func walk(_ visit: (Step) -> Void) {
        var random = SeededRandom(seed: seed)
        guard let percent = inOneBranch else {
            return directory(Name("."), entries, 0, &random, visit)
        }
        visit(.enter(Name("."), entries: 10, subdirectories: 10))
        directory(Name("big"), entries * percent / 100, 1, &random, visit)
        for branch in 1..<10 {
            let share = entries * (100 - percent) / 900
            directory(Name("branch\(branch)"), share, 1, &random, visit)
        }
        visit(.leave(Name(".")))
    }

    /// A directory with all that is below it: `count` entries, itself counted.
    private func directory(
        _ name: Name,
        _ count: Int,
        _ depth: Int,
        _ random: inout SeededRandom,
        _ visit: (Step) -> Void
    ) {
        let inside = max(count - 1, 0)
        var files = inside
        var budgets: [Int] = []
        if inside > 40, depth < 14 {
            files = min(inside / 2, Int(Self.pareto(8, 1.1, &random)))
            let shares = (0..<2 + random.below(24)).map { _ in Self.pareto(1, 0.9, &random) }
            let whole = shares.reduce(0, +)
            budgets = shares.map { Int(Double(inside - files) * $0 / whole) }.filter { $0 > 0 }
        }
        visit(
            .enter(name, entries: files + budgets.count, subdirectories: budgets.count)
        )
        for number in 0..<files {
            let bytes = min(UInt64(Self.pareto(2_000, 0.8, &random)), fileBytesMax)
            visit(.file(Self.name(0x66, number), bytes: bytes))
        }
        for (number, budget) in budgets.enumerated() {
            directory(Self.name(0x64, number), budget, depth + 1, &random, visit)
        }
        visit(.leave(name))
    }

    private static func name(_ letter: UInt8, _ number: Int) -> Name {
        Name([letter] + Array(String(number).utf8))
    }

    /// A number from `least` on with a heavy tail.
    private static func pareto(
        _ least: Double,
        _ steepness: Double,
        _ random: inout SeededRandom
    ) -> Double {
        let part = (Double(random.next() >> 11) + 1) / Double(1 << 53)
        return min(least / Self.power(part, 1 / steepness), 1e15)
    }

    /// Two digits are enough, and no library.
    private static func power(_ base: Double, _ exponent: Double) -> Double {
        var base = base
        var whole = Int(exponent)
        var result = 1.0
        while whole > 0 {
            result *= base
            whole -= 1
        }
        // Roots for the rest, in eighths.
        var part = exponent.truncatingRemainder(dividingBy: 1)
        for _ in 0..<3 {
            base.formSquareRoot()
            part *= 2
            if part >= 1 {
                result *= base
                part -= 1
            }
        }
        return result
    }

    // MARK: Weighing

    /// Counts it as a listing does.
    func weighed(_ weigher: TreeWeigher) -> WeighedDirectory? {
        var path: [WeighingDirectory] = []
        var root: WeighedDirectory?
        walk { step in
            switch step {
            case .enter(_, let entries, let subdirectories):
                path.append(
                    WeighingDirectory(weigher, entries: entries, subdirectories: subdirectories)
                )
            case .file(let name, let bytes):
                path.last?.add(
                    PlanWeight(entries: 1, bytes: bytes),
                    hash: weigher.hash(name.bytes)
                ) { name }
            case .leave(let name):
                let done = path.removeLast().close()
                if let parent = path.last { parent.adopt(done, name: name) } else { root = done }
            }
        }
        return root
    }

    /// What each shard has of it by the roles of a plan, and closing at last: counted entry by entry.
    func loads(_ root: PlanDirectory, shards: Int) -> [PlanWeight] {
        var loads = [PlanWeight](repeating: PlanWeight(), count: shards + 1)
        // Of each directory on the way: whose it is, or what of the spine it is.
        var path: [(owner: Int?, spine: PlanDirectory?)] = []
        func owner(_ name: Name, isDirectory: Bool) -> (owner: Int?, spine: PlanDirectory?) {
            guard let last = path.last else { return (nil, root) }
            if let owner = last.owner { return (owner, nil) }
            guard let spine = last.spine else { return (nil, nil) }
            if case .opened(let inner) = spine.children[name], isDirectory { return (nil, inner) }
            for shard in spine.shards(below: shards) {
                let role = spine.role(of: name, isDirectory: isDirectory, for: .shard(shard))
                if case .mine = role { return (shard, nil) }
            }
            return (shards, nil)
        }
        walk { step in
            switch step {
            case .enter(let name, _, _):
                let found = owner(name, isDirectory: true)
                loads[found.owner ?? shards] += PlanWeight(entries: 1)
                path.append(found)
            case .file(let name, let bytes):
                let found = owner(name, isDirectory: false)
                loads[found.owner ?? shards] += PlanWeight(entries: 1, bytes: bytes)
            case .leave: path.removeLast()
            }
        }
        return loads
    }
}

extension PlanDirectory {
    fileprivate func shards(below count: Int) -> [Int] {
        (0..<count).filter { shards.contains($0) }
    }
}
