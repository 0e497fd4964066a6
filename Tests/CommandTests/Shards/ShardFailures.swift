// The failures of all runs of a plan in one list, which closing leaves: whole, of this round, and each once.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ShardFailures", .requiresVolumes, .timeLimit(.minutes(5)))
struct ShardFailures {
    let plan: PlanStage
    private var stage: Stage { plan.stage }

    /// Each of two shards has a file that ext4 cannot hold, and so has closing; the third shard has none.
    init() throws {
        plan = try PlanStage()
        try Shell.run(
            "cd -- \"$1\"; mkdir a b c; echo x > c/f; truncate -s 17T a/big b/big",
            stage.from
        )
        try plan.plan(shards: 3, plan.dealt(to: 3))
        try Shell.run("truncate -s 17T -- \"$1/late\"", stage.from)
    }

    private func paths(_ file: String) throws -> [String] {
        try JSONReport(joined(plan.folder, file)).of("failure").map { $0.text("path") ?? "" }
    }

    @Test(
        "closing leaves one list of all failures, shard by shard and its own last, and counts them"
    )
    func list() throws {
        for (shard, status) in [(0, 23), (1, 23), (2, 0)] {
            #expect(try plan.shard(shard).status == Int32(status))
        }
        #expect(try plan.close().status == 3)
        let outcome = try plan.close("--accept-failed", "--json", "-")
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try paths("closing.failures") == ["a/big", "b/big", "late"])
        #expect(try outcome.report().summary("failures") == 3)
        #expect(try outcome.report().of("summary").last?["failures_unread"] == [])
        #expect(try paths("0.failures") == ["a/big"])
        // Once more: nothing is there twice. And where another file is named it has all.
        let file = joined(stage.outside, "all")
        let named = try Cutover.run(
            bytes: [
                bytes("sync"), bytes("--plan"), plan.folder, bytes("--close"),
                bytes("--accept-failed"), bytes("--failures"), file, stage.from, stage.to,
            ]
        )
        #expect(named.status == 23, "\(named)")
        #expect(try JSONReport(file).of("failure").count == 3)
    }

    @Test(
        "a shard's failures that are missing, or of another round, are not joined, and closing says so"
    )
    func missing() throws {
        for shard in 0..<3 { #expect([0, 23].contains(try plan.shard(shard).status)) }
        let earlier = try Files.read(joined(plan.folder, "0.failures"))
        #expect(!earlier.isEmpty)
        try Files.unlink(joined(plan.folder, "1.failures"))
        var outcome = try plan.close("--accept-failed")
        #expect(try paths("closing.failures") == ["a/big", "late"])
        #expect(
            outcome.status == 23 && outcome.errors.contains("failures of shard 1 are not"),
            "\(outcome)"
        )
        // This round's go elsewhere: what PLAN has is of the one before.
        let elsewhere = joined(stage.outside, "elsewhere")
        #expect(
            try plan.shard(0, "--failures", String(decoding: elsewhere, as: UTF8.self)).status == 23
        )
        for contents in [[], earlier] {
            let path = joined(plan.folder, "0.failures")
            if Files.exists(path) { try Files.unlink(path) }
            try Files.write(path, contents)
            outcome = try plan.close("--accept-failed", "--json", "-")
            #expect(
                outcome.status == 23 && outcome.errors.contains("failures of shards 0, 1"),
                "\(outcome)"
            )
            #expect(try outcome.report().of("summary").last?["failures_unread"] == [0, 1])
            #expect(try paths("closing.failures") == ["late"])
        }
    }
}
