// Random trees, random plans of them and random changes between rounds. The seed is in every message; one that failed
// becomes an argument of its own.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("RandomShards", .requiresVolumes, .timeLimit(.minutes(10)))
struct RandomShards {
    let plan: PlanStage

    init() throws { plan = try PlanStage() }

    @Test(
        "shards, closing, changes, shards, closing: the same, and nothing to do",
        arguments: Self.seeds
    )
    func rounds(seed: UInt64) throws {
        let stage = plan.stage
        var random = SeededRandom(seed: seed)
        let shards = 1 + random.below(6)
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 120)
        if random.chance(30) {
            var other = RandomTree(seed: seed &+ 5)
            try other.fill(stage.to, entries: 60)
        }
        try plan.plan(shards: shards, plan.random(&random, shards: shards))
        var edits = EditScript(seed: seed &* 7919)
        for round in 1...3 {
            let comment = "seed \(seed), \(shards) shards, round \(round)"
            // What stands in the way of a spine directory only closing replaces.
            try plan.runShards(Array(0..<shards), comment, statuses: [0, 23, 24])
            var outcome = try plan.close()
            if outcome.status == 3 {
                outcome = try plan.close("--accept-failed")
                #expect(outcome.status == 23, "\(comment) \(outcome)")
                try plan.run(shards: shards, comment, statuses: [0, 24])
            } else {
                #expect([0, 24].contains(outcome.status), "\(comment) \(outcome)")
            }
            try stage.expectSame("\(comment)")
            if round == 3 { break }
            try edits.apply(stage.from, edits: 60)
        }
        try plan.expectDone("seed \(seed), \(shards) shards")
    }

    private static let seeds: [UInt64] = {
        let wanted = Seeds.number("CUTOVER_SHARD_SEEDS") ?? 16
        let first = Seeds.number("CUTOVER_SHARD_SEED") ?? 1
        return (0..<wanted).map { first + $0 }
    }()
}
