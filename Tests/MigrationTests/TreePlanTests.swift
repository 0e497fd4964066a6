// Plans of several runs: of each name one run has all, whatever it is on either side; and plan.json is read as it was
// written, or not at all.

import LinuxIO
import Migration
import TestSupport
import Testing

/// Plans for tests.
enum PlanScene {
    static let heading = PlanHeading(
        identifier: String(repeating: "0af1", count: 8),
        shards: 3,
        seed: 7,
        source: root(inode: 64),
        destination: root(inode: 2),
        options: [bytes("--delete"), bytes("--exclude=") + [0xFF, 0x0A]]
    )

    static func heading(shards: Int) -> PlanHeading {
        var heading = heading
        heading.shards = shards
        return heading
    }

    static func root(inode: UInt64, identifier: [UInt8]? = Array(0..<16)) -> PlannedRoot {
        PlannedRoot(
            type: "xfs",
            identifier: identifier,
            inode: inode,
            birthNanoseconds: -5,
            sizeBytes: 1 << 40,
            path: bytes("/volumes/a \"b\"\u{7F}")
        )
    }

    static func plan(_ root: PlanDirectory, _ heading: PlanHeading = heading) -> TreePlan {
        TreePlan(
            heading,
            loads: (0..<heading.shards).map { PlanWeight(entries: UInt64($0), bytes: .max) },
            spine: PlanWeight(entries: 4, bytes: 0),
            root: root
        )
    }

    static func plan(_ cut: PlanCut, seed: UInt64) -> TreePlan {
        var heading = heading(shards: cut.loads.count)
        heading.seed = seed
        return TreePlan(heading, loads: cut.loads, spine: cut.spine, root: cut.root)
    }

    /// `home` is opened, `data` is shard 0's; in `home` `anna` is shard 1's and what is not named is dealt by hash.
    static let small: PlanDirectory = {
        let home = PlanDirectory(
            children: [
                Name("anna"): .shard(1),
                Name([0xFF, 0xFE]): .shard(0),
                Name("big"): .opened(PlanDirectory(children: [Name("part"): .shard(2)])),
            ],
            hashCut: HashCut(seed: 7, dealtTo: [0, 1])
        )
        return PlanDirectory(children: [
            Name("home"): .opened(home), Name("data"): .shard(0),
        ])
    }()

    /// A random directory of the spine, `deepest` levels at most.
    static func random(
        _ random: inout SeededRandom,
        shards: Int,
        seed: UInt64,
        deepest: Int
    ) -> PlanDirectory {
        var children: [Name: PlanPart] = [:]
        for _ in 0..<random.below(6) {
            let name = random.chance(20) ? Name(random.bytes(3).map { $0 | 0x80 }) : name(&random)
            if deepest > 1, random.chance(40) {
                let inner = Self.random(
                    &random,
                    shards: shards,
                    seed: seed,
                    deepest: deepest - 1
                )
                children[name] = .opened(inner)
            } else {
                children[name] = .shard(random.below(shards))
            }
        }
        var cut: HashCut?
        if random.chance(40) {
            cut = HashCut(
                seed: seed,
                dealtTo: (0...random.below(5)).map { _ in random.below(shards) }
            )
        }
        return PlanDirectory(children: children, hashCut: cut)
    }

    static func name(_ random: inout SeededRandom) -> Name { Name("n\(random.below(12))") }
}

@Suite("TreePlan") struct TreePlanTests {
    private func word(_ role: PlannedRole) -> String {
        switch role {
        case .mine: "mine"
        case .spine: "spine"
        case .others: "others"
        }
    }

    private func roles(
        _ directory: PlanDirectory,
        _ name: Name,
        isDirectory: Bool = true
    ) -> [String] {
        let parts = [RunPart.shard(0), .shard(1), .shard(2), .closing]
        return parts.map { word(directory.role(of: name, isDirectory: isDirectory, for: $0)) }
    }

    private func extraRoles(_ directory: PlanDirectory, _ name: Name) -> [String] {
        let parts = [RunPart.shard(0), .shard(1), .shard(2), .closing]
        return parts.map { word(directory.extraRole(of: name, for: $0)) }
    }

    @Test("A name is that run's which the plan says, and one that came later is closing's")
    func roles() throws {
        let root = PlanScene.small
        #expect(roles(root, Name("data")) == ["mine", "others", "others", "others"])
        #expect(roles(root, Name("home")) == ["spine", "spine", "spine", "spine"])
        #expect(roles(root, Name("new")) == ["others", "others", "others", "mine"])
        // What was a directory when the plan was made, and is none any more.
        #expect(
            roles(root, Name("home"), isDirectory: false) == ["others", "others", "others", "mine"]
        )
        #expect(
            roles(root, Name("data"), isDirectory: false) == ["mine", "others", "others", "others"]
        )
        guard case .opened(let home) = root.children[Name("home")] else {
            Issue.record("home is not opened")
            return
        }
        // Only shard 2 has something in it.
        #expect(roles(home, Name("big")) == ["others", "others", "spine", "spine"])
        #expect(roles(home, Name([0xFF, 0xFE])) == ["mine", "others", "others", "others"])
    }

    @Test(
        "No shard deletes on the spine, closing does; where names are dealt by hash it is the other way round"
    )
    func extras() throws {
        let root = PlanScene.small
        for name in ["data", "home", "new"] {
            #expect(
                extraRoles(root, Name(name)) == ["others", "others", "others", "mine"],
                "\(name)"
            )
        }
        guard case .opened(let home) = root.children[Name("home")] else {
            Issue.record("home is not opened")
            return
        }
        #expect(extraRoles(home, Name("anna")) == ["others", "mine", "others", "others"])
        for number in 0..<50 {
            let name = Name("gone\(number)")
            #expect(extraRoles(home, name) == roles(home, name))
        }
    }

    @Test("Of each name one run has all: random plans", arguments: 0..<60)
    func onlyOne(number: UInt64) {
        let seed = Seeds.base + number
        var random = SeededRandom(seed: seed)
        let shards = 1 + random.below(7)
        let root = PlanScene.random(&random, shards: shards, seed: seed, deepest: 3)
        let parts = (0..<shards).map { RunPart.shard($0) } + [.closing]
        for _ in 0..<40 {
            let name = random.chance(50) ? PlanScene.name(&random) : Name(random.bytes(4))
            for isDirectory in [true, false] {
                let words = parts.map {
                    word(root.role(of: name, isDirectory: isDirectory, for: $0))
                }
                let mine = words.count { $0 == "mine" }
                // Closing enters every directory of the spine, or has it.
                let isSpine = words.last == "spine"
                #expect(mine == (isSpine ? 0 : 1), "seed \(seed) \(name.bytes) \(words)")
                if !isSpine { #expect(!words.contains("spine"), "seed \(seed) \(words)") }
            }
            let extras = parts.map { word(root.extraRole(of: name, for: $0)) }
            #expect(extras.count { $0 == "mine" } == 1, "seed \(seed) \(name.bytes) \(extras)")
        }
    }

    @Test(
        "Names are dealt by their hash evenly, the same on every machine, and differently for another seed"
    )
    func hashes() throws {
        // Part of the format: a change of the hash would deal the names of a plan anew.
        // Computed apart, by a few lines of Python.
        #expect(HashCut.hash([], seed: 0) == 0xF52A_15E9_A9B5_E89B)
        #expect(HashCut.hash(bytes("file") + [0xFF], seed: 42) == 0x8F2A_641C_2D3B_709A)
        let cut = try #require(HashCut(seed: 1, dealtTo: Array(0..<8)))
        let other = try #require(HashCut(seed: 2, dealtTo: Array(0..<8)))
        var counts = [Int](repeating: 0, count: 8)
        var moved = 0
        for number in 0..<80_000 {
            let name = Name("file-\(number)")
            counts[cut.shard(of: name)] += 1
            if cut.shard(of: name) != other.shard(of: name) { moved += 1 }
        }
        // Ten times the deviation that is to be expected of 10,000.
        for count in counts { #expect((9_000...11_000).contains(count), "\(counts)") }
        #expect(moved > 60_000)
    }

    @Test("Ranges that do not deal out every name once are none")
    func ranges() {
        func cut(_ ranges: [(UInt64, Int)]) -> HashCut? {
            HashCut(seed: 0, ranges: ranges.map { HashCut.Range(last: $0.0, shard: $0.1) })
        }
        #expect(cut([]) == nil)
        #expect(cut([(5, 0)]) == nil)
        #expect(cut([(5, 0), (5, 1), (.max, 2)]) == nil)
        #expect(cut([(6, 0), (5, 1), (.max, 2)]) == nil)
        #expect(cut([(5, -1), (.max, 2)]) == nil)
        #expect(cut([(5, 0), (.max, 2)]) != nil)
        #expect(HashCut(seed: 0, dealtTo: []) == nil)
        // Parts of one shard are one range.
        #expect(HashCut(seed: 0, dealtTo: [1, 0, 1, 1])?.ranges.map(\.shard) == [0, 1])
    }

    @Test("A root is the same by its identifier, by whatever path; without one also by its size")
    func sameRoots() {
        let local = PlanScene.root(inode: 64)
        var other = local
        other.path = bytes("/elsewhere")
        other.sizeBytes = 1
        #expect(local.isSame(as: other))
        other.identifier = Array(1..<17)
        #expect(!local.isSame(as: other))
        let network = PlanScene.root(inode: 64, identifier: nil)
        // A kernel that tells more of the same filesystem.
        #expect(network.isSame(as: local))
        var changed = network
        changed.birthNanoseconds = 0
        #expect(network.isSame(as: changed))
        changed.sizeBytes += 1
        #expect(!network.isSame(as: changed))
        #expect(!network.isSame(as: PlanScene.root(inode: 65, identifier: nil)))
    }
}
