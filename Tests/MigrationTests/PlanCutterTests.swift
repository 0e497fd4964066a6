// Cutting: balance on trees with heavy tails, nothing lost or dealt twice, the same for a seed.

import LinuxIO
import Migration
import TestSupport
import Testing

/// The most memory that this process ever had (proc_pid_status(5)).
private func peakMemoryKiB() -> Int {
    guard let status = try? Files.read(bytes("/proc/self/status")) else { return 0 }
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    let line = lines.first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
}

@Suite("PlanCutter") struct PlanCutterTests {
    private func cut(
        _ tree: SyntheticTree,
        shards: Int,
        expected: PlanWeight = PlanWeight()
    ) throws -> PlanCut {
        let weigher = TreeWeigher(shards: shards, seed: tree.seed, expected: expected)
        let weighed = try #require(tree.weighed(weigher))
        return PlanCutter.cut(weighed, shards: shards, seed: tree.seed)
    }

    /// Both balances, and the sums, against what is counted entry by entry.
    private func check(_ tree: SyntheticTree, shards: Int, most: Double) throws {
        let cut = try cut(tree, shards: shards)
        let counted = tree.loads(cut.root, shards: shards)
        #expect(Array(counted.dropLast()) == cut.loads, "seed \(tree.seed)")
        #expect(counted.last == cut.spine, "seed \(tree.seed)")
        #expect(counted.reduce(PlanWeight(), +) == cut.whole, "seed \(tree.seed)")
        let balance = cut.balance
        #expect(balance.entries <= most, "seed \(tree.seed): \(balance)")
        #expect(balance.bytes <= most, "seed \(tree.seed): \(balance)")
        #expect(cut.spineShare < 0.02, "seed \(tree.seed): \(cut.spineShare)")
    }

    @Test(
        "90 % in one branch: eight shards have the same, by entries and by bytes",
        arguments: 0..<6
    )
    func oneBranch(number: UInt64) throws {
        var tree = SyntheticTree(seed: Seeds.base + number, entries: 60_000, inOneBranch: 90)
        tree.fileBytesMax = 50 << 20
        try check(tree, shards: 8, most: 1.15)
    }

    @Test("Heavy tails: shards have the same", arguments: [1, 3, 8, 64])
    func heavyTails(shards: Int) throws {
        var tree = SyntheticTree(seed: Seeds.base + UInt64(shards), entries: 60_000)
        tree.fileBytesMax = 5 << 20
        try check(tree, shards: shards, most: 1.15)
    }

    @Test("One directory of files alone is dealt out by hash")
    func flat() throws {
        let weigher = TreeWeigher(shards: 8, seed: 5)
        let directory = WeighingDirectory(weigher, entries: 50_000, subdirectories: 0)
        for number in 0..<50_000 {
            let name = Name("image-\(number).jpg")
            directory.add(
                PlanWeight(entries: 1, bytes: 10_000),
                hash: weigher.hash(name.bytes)
            ) { name }
        }
        let cut = PlanCutter.cut(directory.close(), shards: 8, seed: 5)
        #expect(cut.balance.entries <= 1.15 && cut.balance.bytes <= 1.15, "\(cut.balance)")
        let hash = try #require(cut.root.hashCut)
        #expect(cut.root.children.count < 1_000)
        var counts = [UInt64](repeating: 0, count: 8)
        for number in 0..<50_000 { counts[hash.shard(of: Name("image-\(number).jpg"))] += 1 }
        // The directory's own entry is closing's, and what was named first was counted before much was.
        let named = cut.root.children.values.reduce(into: [UInt64](repeating: 0, count: 8)) {
            if case .shard(let shard) = $1 { $0[shard] += 1 }
        }
        #expect(named == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(counts == cut.loads.map(\.entries))
    }

    @Test("A plan is the same each time, whatever was expected and in whatever order entries came")
    func deterministic() throws {
        let tree = SyntheticTree(seed: Seeds.base, entries: 20_000)
        let one = try cut(tree, shards: 5)
        let other = try cut(tree, shards: 5, expected: PlanWeight(entries: 20_000, bytes: 0))
        let text = PlanScene.plan(one, seed: tree.seed).fileContents
        #expect(PlanScene.plan(other, seed: tree.seed).fileContents == text)
        #expect(one.loads == other.loads)
    }

    @Test(
        "More shards than entries, an empty tree, one file: whoever has nothing to do has nothing"
    )
    func fewEntries() throws {
        let empty = try cut(SyntheticTree(seed: 1, entries: 1), shards: 3)
        #expect(empty.idle == 3 && empty.whole.entries == 1 && empty.root.children.isEmpty)
        let few = try cut(SyntheticTree(seed: 1, entries: 11), shards: 100)
        #expect(few.loads.count { $0.entries == 1 } == 10 && few.idle == 90)
        let many = try cut(SyntheticTree(seed: 1, entries: 11), shards: TreePlan.shardsMax)
        #expect(many.loads.count { $0.entries == 1 } == 10)
        let one = try cut(SyntheticTree(seed: 1, entries: 2_000), shards: 1)
        #expect(one.idle == 0 && one.spine.entries <= 200)
    }

    @Test("More shards than are asked one by one are dealt out evenly as well")
    func manyShards() throws {
        var tree = SyntheticTree(seed: Seeds.base, entries: 200_000)
        tree.fileBytesMax = 4_000
        let cut = try cut(tree, shards: 5_000)
        #expect(cut.balance.entries < 2, "\(cut.balance)")
        #expect(cut.loads.reduce(cut.spine, +) == cut.whole)
    }

    /// The goal is 100 million entries and 1,000 shards: `CUTOVER_PLAN_ENTRIES=100000000 CUTOVER_PLAN_SHARDS=1000`, with
    /// optimised code.
    @Test("A simulated tree of very many entries is cut in time, in little memory, evenly")
    func simulation() throws {
        let entries = Seeds.number("CUTOVER_PLAN_ENTRIES").map { Int($0) } ?? 300_000
        let shards = Seeds.number("CUTOVER_PLAN_SHARDS").map { Int($0) } ?? 50
        let tree = SyntheticTree(
            seed: Seeds.number("CUTOVER_PLAN_SEED") ?? Seeds.base,
            entries: entries,
            inOneBranch: 50,
            // A hundredth of a shard's bytes at a mean of 30 KB: what is no tail but one file.
            fileBytesMax: UInt64(max(entries / shards * 300, 1 << 16))
        )
        let begun = ContinuousClock.now
        let cut = try cut(tree, shards: shards)
        let counted = ContinuousClock.now
        let text = PlanScene.plan(cut, seed: tree.seed).fileContents
        let read = try TreePlan(reading: text)
        let done = ContinuousClock.now
        print(
            "simulated plan: \(cut.whole.entries) entries, \(cut.whole.bytes) bytes, \(shards) shards; "
                + "balance \(cut.balance), spine \(cut.spineShare), \(cut.opened) directories opened, "
                + "\(cut.parts) parts, plan.json \(text.count) bytes; counted and cut in \(counted - begun), "
                + "written and read in \(done - counted), peak \(peakMemoryKiB()) KiB"
        )
        #expect(read.root.shards == cut.root.shards)
        #expect(cut.balance.entries <= 1.2 && cut.balance.bytes <= 1.2, "\(cut.balance)")
    }
}
