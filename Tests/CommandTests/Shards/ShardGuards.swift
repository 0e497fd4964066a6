// What runs of plans must never do: end well with a part missing or of another plan, take a neighbour's work for a
// leftover, be two at once, be taken for the whole.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ShardGuards", .requiresVolumes, .timeLimit(.minutes(5)))
struct ShardGuards {
    let plan: PlanStage
    var stage: Stage { plan.stage }

    init() throws {
        plan = try PlanStage()
        try Shell.run(
            "cd -- \"$1\"; mkdir -p a/x a/y b c; for f in a/x/1 a/y/2 b/3 c/4 5; do echo $f > $f; done",
            stage.from
        )
    }

    private func cut(_ shards: Int = 3) throws {
        try plan.plan(shards: shards, plan.dealt(to: shards, opened: ["a"]))
    }

    @Test("closing is refused while a shard has no result, and says which")
    func missingShard() throws {
        try cut()
        try plan.runShards([0, 2])
        let outcome = try plan.close()
        #expect(outcome.status == 3 && outcome.errors.contains("1 has no result"), "\(outcome)")
        let before = try Snapshot(stage.to)
        #expect(try plan.close().status == 3)
        #expect(try before.changes().isEmpty)
        #expect(try plan.close("--accept-failed").status == 23)
    }

    @Test("closing is refused when a shard failed, was killed, or ended under another plan")
    func otherResults() throws {
        try cut()
        try plan.runShards([0, 1, 2])
        let result = joined(plan.folder, "1.result.json")
        let good = try text(result)
        for (wrong, words) in [
            (good.replacing("\"status\":0", with: "\"status\":23"), "ended with status 23"),
            (good.replacing("\"status\":0", with: "\"status\":26"), "ended with status 26"),
            (good.replacing("\"status\":0", with: "\"status\":null"), "did not come to its end"),
            (good.replacing("\"shard\":1", with: "\"shard\":2"), "of another plan"),
            ("{}", "cannot be used"), (String(good.prefix(40)), "cannot be used"),
            ("", "cannot be used"),
        ] {
            try Files.unlink(result)
            try Files.write(result, bytes(wrong))
            let outcome = try plan.close()
            #expect(outcome.status == 3 && outcome.errors.contains(words), "\(words): \(outcome)")
        }
        // The same cuts, made once more, are another plan.
        try Files.unlink(result)
        try Files.write(result, bytes(good))
        try Files.unlink(joined(plan.folder, "plan.json"))
        try cut()
        let outcome = try plan.close()
        #expect(outcome.status == 3 && outcome.errors.contains("of another plan"), "\(outcome)")
    }

    @Test("a result is gone before its shard begins again")
    func oldResult() throws {
        try cut()
        try plan.runShards([0, 1, 2])
        // Of shard 1: it takes some 40 s.
        try Shell.run("head -c 4000000 /dev/urandom > \"$1/c/big\"", stage.from)
        let run = try plan.start(["--shard", "1", "--bwlimit", "100K"])
        try waitUntil {
            try plan.file("1.result.json").contains("\"status\":null")
        }
        run.send(SIGKILL)
        #expect(run.wait().signal == SIGKILL)
        let outcome = try plan.close()
        #expect(outcome.status == 3 && outcome.errors.contains("1 did not come"), "\(outcome)")
        #expect(try plan.shard(1).status == 0)
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test("other roots are refused, by shards and by closing, whichever it is")
    func otherRoots() throws {
        try cut()
        let other = try PlanStage(Stage(), "other")
        try Shell.run("cp -a \"$1/.\" \"$2\"", stage.from, other.stage.from)
        try Shell.run("cp \"$1\"/* \"$2\"/", plan.folder, other.folder)
        for words in [["--shard", "0"], ["--close", "--accept-failed"]] {
            for (from, to) in [
                (other.stage.from, stage.to), (stage.from, other.stage.to),
            ] {
                let outcome = try Cutover.run(
                    bytes: [bytes("sync"), bytes("--plan"), plan.folder] + words.map { bytes($0) }
                        + [from, to]
                )
                #expect(
                    outcome.status == 3 && outcome.errors.contains("the plan was made for another"),
                    "\(outcome)"
                )
            }
        }
        #expect(try Files.names(other.stage.to).isEmpty)
        #expect(try Files.names(stage.to).isEmpty)
    }

    @Test(
        "a second run of one number is refused, and closing beside any shard, and shards beside closing"
    )
    func locks() throws {
        try cut()
        try plan.runShards([0, 1, 2])
        func held(_ kind: String, _ file: String, _ body: () throws -> Outcome) throws -> Outcome {
            let marker = joined(plan.folder, "held")
            let holder = try Subprocess(
                [
                    "flock", "-F", kind, String(decoding: joined(plan.folder, file), as: UTF8.self),
                    "sh", "-c", "touch \"$0\"; exec sleep 60",
                    String(decoding: marker, as: UTF8.self),
                ].map { bytes($0) }
            )
            defer {
                holder.send(SIGKILL)
                #expect(holder.wait().signal == SIGKILL)
                try? Files.unlink(marker)
            }
            try waitUntil { Files.exists(marker) }
            return try body()
        }
        let second = try held("-x", "1.lock") { try plan.shard(1) }
        #expect(second.status == 3 && second.errors.contains("shard 1"), "\(second)")
        let closing = try held("-s", "plan.lock") { try plan.close() }
        #expect(closing.status == 3 && closing.errors.contains("shards of this plan"), "\(closing)")
        let shard = try held("-x", "plan.lock") { try plan.shard(0) }
        #expect(shard.status == 3 && shard.errors.contains("closing"), "\(shard)")
        // A neighbour is no obstacle.
        let neighbour = try held("-x", "1.lock") { try plan.shard(0) }
        #expect(neighbour.status == 0, "\(neighbour)")
    }

    @Test("a shard and a pass without a plan do not run at once")
    func beside() throws {
        try cut()
        let busy = try Subprocess(
            [bytes("flock"), bytes("-F"), bytes("-s"), stage.to, bytes("sleep"), bytes("60")]
        )
        defer {
            busy.send(SIGKILL)
            #expect(busy.wait().signal == SIGKILL)
        }
        try waitUntil {
            try Cutover.sync(stage.from, stage.to, ["--state", plan.plainState]).status == 3
        }
        // Shards share it.
        #expect(try plan.shard(0).status == 0)
    }

    @Test(
        "leftovers on the spine: a shard takes its own of this plan, closing all; below its subtree a shard takes any"
    )
    func leftovers() throws {
        try cut()
        try plan.run(shards: 3)
        let digits = try plan.digits()
        let other = digits == "ffff" ? "0000" : "ffff"
        let names = [
            ".cutover.S0.\(digits)0000.1", ".cutover.S1.\(digits)0000.1",
            ".cutover.S17.\(digits)0000.1", ".cutover.S0.\(other)0000.1", ".cutover.00000000.1",
        ]
        func plant() throws {
            for name in names {
                for directory in ["", "a/", "b/"] {
                    try Files.write(stage.destination(directory + name), bytes("x"))
                }
            }
        }
        try plant()
        // b is the second name at the root: dealt to one shard with all below.
        let shards = try (0..<3).map { try ($0, plan.shard($0)) }
        for (shard, outcome) in shards { #expect(outcome.status == 0, "\(shard): \(outcome)") }
        for directory in ["", "a/"] {
            for name in names {
                // Shard 0 has nothing below a.
                let isGone =
                    name.hasPrefix(".cutover.S0.\(digits)") && directory == ""
                    || name.hasPrefix(".cutover.S1.")
                #expect(
                    Files.exists(stage.destination(directory + name)) == !isGone,
                    "\(directory)\(name)"
                )
            }
        }
        for name in names { #expect(!Files.exists(stage.destination("b/" + name)), "b/\(name)") }
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test("one shard alone removes no leftover of a neighbour")
    func neighboursLeftover() throws {
        try cut()
        let digits = try plan.digits()
        let (own, other) = (".cutover.S0.\(digits)0000.1", ".cutover.S1.\(digits)0000.1")
        for name in [own, other] { try Files.write(stage.destination(name), bytes("x")) }
        #expect(try plan.shard(0).status == 0)
        #expect(Files.exists(stage.destination(other)))
        #expect(!Files.exists(stage.destination(own)))
    }

    @Test(
        "what moved to where its shard had been already is not silently nowhere: closing ends with 24"
    )
    func movedBehind() throws {
        try Shell.run("cd -- \"$1\"; mkdir -p home/u1 other; echo x > home/u1/f", stage.from)
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["home"]))
        try plan.runShards([0, 1])
        try Shell.run("cd -- \"$1\"; mv home/u1 other/u1", stage.from)
        let outcome = try plan.close()
        #expect(outcome.status == 24, "\(outcome)")
        try plan.runShards([0, 1], statuses: [0, 24])
        #expect([0, 24].contains(try plan.close().status))
        try plan.expectDone()
    }

    @Test(
        "a plan is not made with what counts for one run, or tells inodes of several filesystems apart",
        arguments: [["--delete", "--max-delete", "3"], ["--cross-mounts"]]
    )
    func refusedOptions(options: [String]) throws {
        let out = joined(stage.outside, "new plan")
        let words = ["plan", "--shards", "2"] + options + ["--out"]
        let outcome = try Cutover.run(
            bytes: words.map { bytes($0) } + [out, stage.from, stage.to]
        )
        #expect(
            outcome.status == 64
                && outcome.errors.contains(options.last == "3" ? "--max-delete" : "--cross-mounts"),
            "\(outcome)"
        )
        #expect(!Files.exists(out))
        // Nor is one taken that somebody wrote.
        try plan.plan(
            shards: 1,
            options: options.count == 3 ? ["--delete", "--max-delete=3"] : options,
            PlanDirectory()
        )
        #expect(try plan.shard(0).status == 3)
    }

    @Test("a pass without a plan removes what shards left behind")
    func plainPassKnowsLeftovers() throws {
        try Files.write(stage.destination(".cutover.S12.0123abcd.ff"), bytes("x"))
        try Cutover.pass(stage.from, stage.to, ["--state", plan.plainState])
        #expect(try stage.leftovers().isEmpty)
    }

    @Test("a further round is joined only when all shards have run again")
    func rounds() throws {
        try cut()
        try plan.run(shards: 3)
        try Shell.run("echo more >> \"$1/b/3\"", stage.from)
        #expect(try plan.shard(1).status == 0)
        let outcome = try plan.close()
        #expect(
            outcome.status == 3 && outcome.errors.contains("0 did not run since the last closing"),
            "\(outcome)"
        )
        try plan.runShards([0, 2])
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test("a shard's record is never taken for one of the whole")
    func recordOfPart() throws {
        try cut()
        #expect(try plan.shard(0).status == 0)
        let state = String(decoding: joined(plan.folder, "0.state"), as: UTF8.self)
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", state])
        try stage.expectSame()
    }

    @Test("a pass without a plan does not trust what it knew of DESTINATION before shards ran")
    func plainRecord() throws {
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", plan.plainState])
        try cut()
        try Shell.run("echo changed > \"$1/a/x/1\"", stage.from)
        try plan.runShards([0, 1, 2])
        let outcome = try Cutover.run(
            bytes: ["sync", "--delete", "--state", plan.plainState, "--json", "-"].map { bytes($0) }
                + [stage.from, stage.to]
        )
        #expect(outcome.status == 0, "\(outcome)")
        #expect(
            outcome.output.contains("\"walk_reason\":\"destination_root_changed\""),
            "\(outcome)"
        )
    }

    @Test(
        "options that the plan has are not given again, and what makes no sense of a part is refused"
    )
    func options() throws {
        try cut()
        for option in [
            "--delete", "--no-acls", "--exclude=x", "--dry-run", "--branch=a", "--changes=scan",
            "--state=/tmp/x", "--quotas=off", "--size-only", "--final", "--new-pair",
        ] {
            let outcome = try plan.shard(0, option)
            #expect(outcome.status == 64, "\(option): \(outcome)")
        }
        #expect(try Files.names(stage.to).isEmpty)
        #expect(try plan.shard(3).status == 3)
        #expect(try plan.shard(0, "--accept-failed").status == 64)
    }

    @Test("schedulers tell the number")
    func environment() throws {
        try cut()
        for (variable, number) in [("SLURM_ARRAY_TASK_ID", 0), ("JOB_COMPLETION_INDEX", 2)] {
            let outcome = try plan.start([], environment: ["\(variable)=\(number)"]).wait()
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try plan.file("\(number).result.json").contains("\"status\":0"))
        }
        #expect(try plan.start([], environment: ["SLURM_ARRAY_TASK_ID=x"]).wait().status == 64)
        #expect(try plan.start([]).wait().status == 64)
    }

    @Test("PLAN on one of the volumes, missing, or damaged is refused with a sentence")
    func badPlans() throws {
        try cut()
        let good = try text(joined(plan.folder, "plan.json"))
        let file = joined(plan.folder, "plan.json")
        for bad in [
            "", "{}", String(good.dropLast(10)), good.replacing("\"shard\":1", with: "\"shard\":2"),
        ] {
            try Files.unlink(file)
            try Files.write(file, bytes(bad))
            let outcome = try plan.shard(0)
            #expect(outcome.status == 3 && outcome.errors.contains("plan.json"), "\(outcome)")
        }
        for root in [stage.from, stage.to] {
            let folder = joined(root, "plan")
            try Files.makeDirectory(folder)
            try Files.write(joined(folder, "plan.json"), bytes(good))
            let outcome = try Cutover.run(
                bytes: [
                    bytes("sync"), bytes("--plan"), folder, bytes("--close"), stage.from, stage.to,
                ]
            )
            #expect(
                outcome.status == 3 && outcome.errors.contains("name a folder elsewhere"),
                "\(outcome)"
            )
        }
    }
}
