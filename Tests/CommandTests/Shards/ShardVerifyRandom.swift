// Random trees, random plans and random damage at DESTINATION: all shards and closing together tell what one comparison
// tells, and none of it twice. The seed is in every message.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ShardVerifyRandom", .requiresVolumes, .timeLimit(.minutes(10)))
struct ShardVerifyRandom {
    let plan: PlanStage
    private var stage: Stage { plan.stage }

    init() throws { plan = try PlanStage() }

    @Test(
        "shards and closing tell once what a comparison without a plan tells",
        arguments: Self.seeds
    )
    func damage(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let shards = 1 + random.below(6)
        let comment = "seed \(seed), \(shards) shards"
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 120)
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", plan.plainState])
        try plan.plan(shards: shards, plan.random(&random, shards: shards))
        for _ in 0..<random.below(12) { try damage(&random) }
        usleep(20_000)
        let pairs = try NamePartners(stage)
        var told: [JSON] = []
        var statuses: [Int32?] = []
        for part in (0..<shards).map({ ["--shard", "\($0)"] }) + [["--close"]] {
            let outcome = try plan.verify(
                part[0],
                part.count > 1 ? part[1] : "--json=-",
                "--json=-"
            )
            statuses.append(outcome.status)
            let report = try outcome.report()
            told += report.of("difference")
            #expect(report.of("changed").isEmpty && report.of("pending").isEmpty, "\(comment)")
        }
        let plain = try stage.verify("--json", "-", "--state", plan.plainState, "--strict")
        let expected = try plain.report().of("difference")
        let wanted = Set(expected.map(pairs.key))
        let found = Set(told.map(pairs.key))
        #expect(
            wanted == found,
            "\(comment): not told \(wanted.subtracting(found).sorted()), too much \(found.subtracting(wanted).sorted())"
        )
        let lines = told.map(Self.line)
        #expect(Set(lines).count == lines.count, "\(comment): told twice: \(lines.sorted())")
        // What a shard could not reach it says by 24, and closing that it is different.
        let last = statuses.last ?? nil
        #expect(wanted.isEmpty ? [0, 24].contains(last) : last == 1, "\(comment): \(statuses)")
        #expect(statuses.allSatisfy { [0, 1, 24].contains($0) }, "\(comment): \(statuses)")
    }

    private static func line(_ difference: JSON) -> String {
        guard case .object(var members) = difference else { return "" }
        members["time"] = nil
        return JSON.object(members).description
    }

    // MARK: Damage

    private func damage(_ random: inout SeededRandom) throws {
        let paths = try Files.tree(stage.to)
        guard !paths.isEmpty else { return }
        let path = joined(stage.to, paths[random.below(paths.count)])
        let kind = try Files.status(path).st_mode & S_IFMT
        switch random.below(8) {
        case 0 where kind == S_IFREG:
            let contents = try Files.read(path)
            guard !contents.isEmpty else { return }
            let before = try Files.status(path)
            let offset = random.below(contents.count)
            try Files.overwrite(path, [contents[offset] ^ 0x41], at: offset)
            try Files.changeTime(
                path,
                seconds: before.st_mtim.tv_sec,
                nanoseconds: before.st_mtim.tv_nsec
            )
        case 1 where kind != S_IFLNK: try Files.changeMode(path, mode_t(random.below(0o1000)))
        case 2 where kind == S_IFREG || kind == S_IFDIR:
            try Files.setAttribute(path, "user.damage", bytes("x"))
        case 3: try Files.removeTree(path)
        case 4 where kind == S_IFDIR:
            try Files.write(joined(path, "extra \(random.below(1000))"), bytes("x"))
        case 5 where kind == S_IFREG:
            // Torn from what it is linked to.
            let contents = try Files.read(path)
            try Files.unlink(path)
            try Files.write(path, contents)
        case 6 where kind == S_IFREG:
            // Joined with another.
            let other = joined(stage.to, paths[random.below(paths.count)])
            guard Files.exists(other), other != path,
                try Files.status(other).st_mode & S_IFMT == S_IFREG
            else { return }
            try Files.unlink(path)
            try Files.link(path, to: other)
        case 7:
            // Another type.
            try Files.removeTree(path)
            if kind == S_IFDIR {
                try Files.write(path, bytes("x"))
            } else {
                try Files.makeDirectory(path)
            }
        default: try Files.changeOwner(path, uid_t(random.below(5)), gid_t(random.below(5)))
        }
    }

    private static let seeds: [UInt64] = {
        let wanted = Seeds.number("CUTOVER_SHARD_SEEDS") ?? 16
        let first = Seeds.number("CUTOVER_SHARD_SEED") ?? 1
        return (0..<wanted).map { first + $0 }
    }()
}

/// Which names have what in common on either side: of what differs in an inode with several names each shard tells it by a
/// name of its own, and of names that are wrongly linked it depends on the order which of them is told.
private struct NamePartners {
    /// Both inodes of a name that has several on a side.
    private var inodes: [[UInt8]: String] = [:]
    /// The group of all names that are one on some side, by its first name.
    private var groups: [[UInt8]: [UInt8]] = [:]

    init(_ stage: Stage) throws {
        var byInode: [String: [[UInt8]]] = [:]
        for path in try Files.tree(stage.from) {
            let other = joined(stage.to, path)
            guard Files.exists(other) else { continue }
            let (left, right) = try (
                Files.status(joined(stage.from, path)), Files.status(other)
            )
            if left.st_mode & S_IFMT == S_IFDIR || right.st_mode & S_IFMT == S_IFDIR { continue }
            guard left.st_nlink > 1 || right.st_nlink > 1 else { continue }
            inodes[path] = "\(left.st_ino) \(right.st_ino)"
            byInode["s\(left.st_ino)", default: []].append(path)
            byInode["d\(right.st_ino)", default: []].append(path)
        }
        for path in inodes.keys { groups[path] = path }
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for names in byInode.values {
                let heads = names.compactMap { groups[$0] }
                guard let least = heads.min(by: { $0.lexicographicallyPrecedes($1) }) else {
                    continue
                }
                for name in names where groups[name] != least {
                    groups[name] = least
                    hasMoved = true
                }
            }
        }
    }

    /// What tells a difference from others.
    func key(_ difference: JSON) -> String {
        guard case .object(var members) = difference, let path = difference.path else { return "" }
        if difference.text("what") == "hard_links" {
            return "links " + shown(groups[path] ?? path)
        }
        members["time"] = nil
        if let inodes = inodes[path] {
            members["path_bytes"] = nil
            members["path"] = .string("inodes " + inodes)
        }
        return JSON.object(members).description
    }
}
