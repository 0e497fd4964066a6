// Hard links under every order of arrival: the registry driven by the real pool on a modelled
// DESTINATION. Whatever the order, each name is served once and every group is one inode.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("LinkRegistry under random orders", .requiresVolumes, .timeLimit(.minutes(3)))
struct LinkOrderTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// What a name has on the modelled DESTINATION.
    private struct Model: Sendable {
        /// A name leads: its inode then, or nil where it fails.
        mutating func lead(_ index: Int, _ group: Int, fails: Bool) -> UInt64? {
            if fails {
                failed.insert(index)
                return nil
            }
            leaders[group, default: []].append(index)
            served[index, default: 0] += 1
            if let inode = inodes[index], upToDate.contains(inode) { return inode }
            nextInode += 1
            upToDate.insert(nextInode)
            inodes[index] = nextInode
            return nextInode
        }

        /// By index of the entry.
        var inodes: [Int: UInt64] = [:]
        /// Inodes whose contents are SOURCE's.
        var upToDate: Set<UInt64> = []
        var served: [Int: Int] = [:]
        /// The entries that led, by group.
        var leaders: [Int: [Int]] = [:]
        var failed: Set<Int> = []
        var nextInode: UInt64 = 1_000
    }

    private enum Step: Sendable {
        case start
        case arrive(Int)
        case decided(PassEntry, LinkRole)
    }

    private static let sizes = [1, 2, 3, 4, 9, 40, 2, 2, 17, 5]

    /// Runs all names of a scene through a registry, as Worker+Links does, and returns the model's
    /// end.
    private func run(
        _ scene: LinkScene,
        _ registry: LinkRegistry,
        _ start: Model,
        order: [Int],
        failing: Set<Int> = []
    ) -> Model {
        let model = Lock(start)
        var found: [Int: Int] = [:]
        for (group, value) in scene.groups.enumerated() {
            for index in value.indices { found[index] = group }
        }
        let groupOf = found
        @Sendable func act(_ entry: PassEntry, _ role: LinkRole, _ push: (Step) -> Void) {
            guard let group = groupOf[entry.index] else { return }
            let status = scene.groups[group].status
            switch role {
            case .lead:
                let inode = model.withLock { model -> UInt64? in
                    model.lead(entry.index, group, fails: failing.contains(entry.index))
                }
                guard let inode else {
                    if let next = registry.fail(status.identity) {
                        push(.decided(next, .lead(status.identity)))
                    }
                    return
                }
                let leader = scene.leader(group, entry, inode: inode)
                for (waiting, role) in registry.establish(status, leader: leader) {
                    push(.decided(waiting, role))
                }
            case .further, .linked: model.withLock { $0.served[entry.index, default: 0] += 1 }
            case .link(let leader):
                model.withLock { model in
                    model.served[entry.index, default: 0] += 1
                    model.inodes[entry.index] = leader.identity?.inode
                }
            case .wait: break
            case .promote(let other): push(.decided(other, .lead(status.identity)))
            }
        }
        let pool = WorkerPool<Step>(
            workers: 8,
            makeLane: { pool, lane in
                { step in
                    let push: (Step) -> Void = { pool.push($0, lane: lane) }
                    switch step {
                    case .start: for index in order { push(.arrive(index)) }
                    case .arrive(let index):
                        guard let group = groupOf[index] else { return }
                        let (inode, isUpToDate) = model.withLock { model in
                            let inode = model.inodes[index]
                            return (inode, inode.map(model.upToDate.contains) ?? false)
                        }
                        let arrival = registry.arrive(
                            scene.entry(index),
                            source: scene.groups[group].status,
                            destination: inode.map(LinkScene.identity),
                            isUpToDate: isUpToDate
                        )
                        act(scene.entry(index), arrival.role, push)
                    case .decided(let entry, let role): act(entry, role, push)
                    }
                }
            },
            whenQuiet: { registry.leaderless().map { .decided($0.0, $0.1) } }
        )
        pool.run(.start)
        return model.withLock { $0 }
    }

    /// A DESTINATION on which names are missing, stale or up to date, alone or sharing an inode.
    private func destination(_ scene: LinkScene, _ random: inout SeededRandom) -> Model {
        var model = Model()
        for (group, value) in scene.groups.enumerated() {
            let base = UInt64(100 + group * 10)
            if random.chance(60) { model.upToDate.insert(base) }
            if random.chance(30) { model.upToDate.insert(base + 1) }
            for index in value.indices where random.chance(60) {
                model.inodes[index] = base + UInt64(random.below(3))
            }
        }
        return model
    }

    private func order(_ scene: LinkScene, _ random: inout SeededRandom) -> [Int] {
        scene.groups.flatMap(\.indices).shuffled(using: &random)
    }

    private func expectWhole(_ scene: LinkScene, _ end: Model, _ seed: UInt64) {
        for (group, value) in scene.groups.enumerated() {
            let names = value.indices.filter { !end.failed.contains($0) }
            let inodes = Set(names.map { end.inodes[$0] ?? 0 })
            #expect(inodes.count == (names.isEmpty ? 0 : 1), "seed \(seed), group \(group)")
            for inode in inodes { #expect(end.upToDate.contains(inode), "seed \(seed): stale") }
            for index in names {
                #expect(end.served[index] == 1, "seed \(seed), group \(group), name \(index)")
            }
            #expect(end.leaders[group]?.count == (names.isEmpty ? nil : 1), "seed \(seed)")
        }
    }

    @Test("S40: every name ends linked to one leader, in any order", arguments: [false, true])
    func anyOrder(holds: Bool) throws {
        let outside = [1, 0, 0, 2, 1, 0, 0, 3, 0, 0]
        let scene = try LinkScene(in: workspace, sizes: Self.sizes, outside: outside)
        for seed: UInt64 in 1...60 {
            var random = SeededRandom(seed: seed)
            let isFirstCopy = random.chance(30)
            let start = isFirstCopy ? Model() : destination(scene, &random)
            let registry = LinkRegistry(
                isFirstCopy: isFirstCopy,
                holdsUntilComplete: holds,
                linkCountMax: 65_000
            )
            let end = run(scene, registry, start, order: order(scene, &random))
            expectWhole(scene, end, seed)
        }
    }

    @Test(
        "S40: names whose turn to lead fails are left out, all others are whole",
        arguments: [false, true]
    )
    func failures(holds: Bool) throws {
        let scene = try LinkScene(in: workspace, sizes: Self.sizes)
        for seed: UInt64 in 1...60 {
            var random = SeededRandom(seed: seed)
            let start = destination(scene, &random)
            let order = order(scene, &random)
            let failing = Set(order.filter { _ in random.chance(20) })
            let registry = LinkRegistry(
                isFirstCopy: false,
                holdsUntilComplete: holds,
                linkCountMax: 65_000
            )
            expectWhole(scene, run(scene, registry, start, order: order, failing: failing), seed)
        }
    }

    @Test("S49: with holdsUntilComplete the same names lead, whichever worker was faster")
    func determinism() throws {
        let outside = [1, 0, 0, 2, 1, 0, 0, 3, 0, 0]
        let scene = try LinkScene(in: workspace, sizes: Self.sizes, outside: outside)
        var random = SeededRandom(seed: 77)
        let start = destination(scene, &random)
        var leaders: [Int: [Int]]?
        for turn in 1...40 {
            let registry = LinkRegistry(
                isFirstCopy: false,
                holdsUntilComplete: true,
                linkCountMax: 65_000
            )
            let end = run(scene, registry, start, order: order(scene, &random))
            #expect(end.leaders == leaders ?? end.leaders, "seed 77, turn \(turn)")
            leaders = end.leaders
        }
        for (group, value) in scene.groups.enumerated() {
            let first = value.indices.min { left, right in
                func key(_ index: Int) -> (Int, String) {
                    let isUpToDate = start.inodes[index].map(start.upToDate.contains) ?? false
                    return (isUpToDate ? 0 : 1, shown(scene.entry(index).path))
                }
                return key(left) < key(right)
            }
            #expect(leaders?[group] == first.map { [$0] }, "group \(group)")
        }
    }
}
