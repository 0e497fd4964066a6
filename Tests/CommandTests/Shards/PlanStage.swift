// A SOURCE, a DESTINATION and a plan for them, which a test makes as it likes; then its shards and closing, each a
// process of its own, judged by tools that are not ours.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

/// What the tests of plans share.
struct PlanStage {
    let stage: Stage
    /// The folder PLAN.
    let folder: [UInt8]
    /// The state of passes without a plan.
    private let state: [UInt8]

    init(_ name: String = "plan") throws { try self.init(Stage(), name) }

    init(_ stage: Stage, _ name: String = "plan") throws {
        self.stage = stage
        folder = joined(stage.outside, name)
        state = joined(stage.outside, "state")
        try Files.makeDirectory(folder, mode: 0o700)
    }

    var plainState: String { String(decoding: state, as: UTF8.self) }

    // MARK: Plans

    /// Writes a plan for these roots.
    @discardableResult
    func plan(
        shards: Int,
        options: [String] = ["--delete"],
        _ root: PlanDirectory
    ) throws -> TreePlan {
        let heading = PlanHeading(
            shards: shards,
            seed: 1,
            source: try Self.root(stage.from),
            destination: try Self.root(stage.to),
            options: options.map { bytes($0) }
        )
        let plan = TreePlan(
            heading,
            loads: Array(repeating: PlanWeight(), count: shards),
            spine: PlanWeight(),
            root: root
        )
        try Files.write(joined(folder, "plan.json"), plan.fileContents)
        return plan
    }

    private static func root(_ path: [UInt8]) throws -> PlannedRoot {
        try PlannedRoot(of: Descriptor.openRoot(Name(path)), path: path)
    }

    /// A plan with every name of a directory dealt to one shard after the other, and those of `opened` opened likewise.
    func dealt(
        _ path: [UInt8] = [],
        to shards: Int,
        opened: [String] = [],
        _ next: inout Int
    ) throws -> PlanDirectory {
        let directory = path.isEmpty ? stage.from : joined(stage.from, path)
        var children: [Name: PlanPart] = [:]
        for name in try Files.names(directory).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let inner = path.isEmpty ? name : joined(path, name)
            if opened.contains(String(decoding: inner, as: UTF8.self)) {
                children[Name(name)] = .opened(
                    try dealt(inner, to: shards, opened: opened, &next)
                )
            } else {
                children[Name(name)] = .shard(next % shards)
                next += 1
            }
        }
        return PlanDirectory(children: children)
    }

    func dealt(to shards: Int, opened: [String] = []) throws -> PlanDirectory {
        var next = 0
        return try dealt(to: shards, opened: opened, &next)
    }

    /// Any plan: directories opened or given away, names left to closing, names that are not there, and some directories
    /// dealt out by hash.
    func random(
        _ random: inout SeededRandom,
        shards: Int,
        _ path: [UInt8] = [],
        depth: Int = 0
    ) throws -> PlanDirectory {
        let directory = path.isEmpty ? stage.from : joined(stage.from, path)
        var children: [Name: PlanPart] = [:]
        let isHashed = random.chance(25)
        for name in try Files.names(directory).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let inner = path.isEmpty ? name : joined(path, name)
            let kind = try Files.status(joined(stage.from, inner)).st_mode & S_IFMT
            if kind == S_IFDIR, depth < 4, random.chance(50) {
                children[Name(name)] = .opened(
                    try self.random(&random, shards: shards, inner, depth: depth + 1)
                )
            } else if random.chance(isHashed ? 20 : 80) {
                children[Name(name)] = .shard(random.below(shards))
            }
        }
        if random.chance(20) {
            children[Name("not there \(random.below(1000))")] = .shard(random.below(shards))
        }
        let dealt = (0..<shards).filter { _ in random.chance(70) }
        let cut = isHashed ? HashCut(seed: 1, dealtTo: dealt.isEmpty ? [0] : dealt) : nil
        return PlanDirectory(children: children, hashCut: cut)
    }

    // MARK: Runs

    private func command(_ words: [String], of name: String = "sync") -> [[UInt8]] {
        [bytes(name), bytes("--plan"), folder] + words.map { bytes($0) } + [stage.from, stage.to]
    }

    /// One comparison, whatever its status.
    func verify(_ words: String..., environment: [String] = []) throws -> Outcome {
        try Cutover.run(bytes: command(words, of: "verify"), environment: environment)
    }

    /// The same in the background.
    func startVerify(_ words: String...) throws -> Subprocess {
        try Cutover.start(command(words, of: "verify"))
    }

    /// One shard, whatever its status.
    func shard(_ shard: Int, _ options: String...) throws -> Outcome {
        try Cutover.run(bytes: command(["--shard", "\(shard)"] + options))
    }

    /// Closing, whatever its status.
    func close(_ options: String...) throws -> Outcome {
        try Cutover.run(bytes: command(["--close"] + options))
    }

    /// A run in the background.
    func start(_ words: [String], environment: [String] = []) throws -> Subprocess {
        try Cutover.start(command(words), environment: environment)
    }

    /// All shards, some at a time, and closing; each must end as one of `statuses`.
    func run(
        shards: Int,
        together: Int = 3,
        _ comment: String = "",
        statuses: [Int32?] = [0],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try runShards(
            Array(0..<shards),
            together: together,
            comment,
            statuses: statuses,
            sourceLocation: sourceLocation
        )
        let outcome = try close()
        #expect(
            statuses.contains(outcome.status),
            "\(comment) closing: \(outcome)",
            sourceLocation: sourceLocation
        )
    }

    func runShards(
        _ shards: [Int],
        together: Int = 3,
        _ comment: String = "",
        statuses: [Int32?] = [0],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for start in stride(from: 0, to: shards.count, by: together) {
            let group = shards[start..<min(start + together, shards.count)]
            let runs = try group.map { try (shard: $0, run: self.start(["--shard", "\($0)"])) }
            for (shard, run) in runs {
                let outcome = run.wait()
                #expect(
                    statuses.contains(outcome.status),
                    "\(comment) shard \(shard): \(outcome)",
                    sourceLocation: sourceLocation
                )
            }
        }
    }

    // MARK: Questions

    /// DESTINATION is what SOURCE is, and a pass without a plan, which knows of none before, finds nothing to do.
    func expectDone(
        _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try stage.expectSame("\(comment)", sourceLocation: sourceLocation)
        let leftovers = try stage.leftovers()
        #expect(leftovers.isEmpty, "\(comment)", sourceLocation: sourceLocation)
        let before = try Snapshot(stage.to)
        let outcome = try Cutover.run(
            bytes: ["sync", "--delete", "-i", "--state", plainState].map { bytes($0) }
                + [stage.from, stage.to]
        )
        #expect(outcome.status == 0, "\(comment) \(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.lines.isEmpty, "\(comment) \(outcome)", sourceLocation: sourceLocation)
        let changes = try before.changes().prefix(20).joined(separator: "\n")
        #expect(changes == "", "\(comment)", sourceLocation: sourceLocation)
    }

    /// What its shards' temporary names have of the plan's identifier.
    func digits() throws -> String {
        let plan = try TreePlan(reading: Files.read(joined(folder, "plan.json")))
        return String(plan.identifier.prefix(4))
    }

    /// The text of a file of PLAN.
    func file(_ name: String) throws -> String { try text(joined(folder, name)) }
}
