// Comparisons by shards: each tells what differs in its part, closing what differs on the spine and between shards, once;
// and none is taken for a pass, nor a pass for one.

import Glibc
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ShardVerify", .requiresVolumes, .timeLimit(.minutes(10)))
struct ShardVerify {
    let plan: PlanStage
    var stage: Stage { plan.stage }

    /// Three shards over two equal trees: `a` is opened, with x and y below; b, c and 5 are dealt whole.
    init() throws {
        plan = try PlanStage()
        try Shell.run(
            """
            cd -- "$1"; mkdir -p a/x a/y b c
            for f in a/x/1 a/y/2 b/3 c/4 5; do echo $f > $f; done
            ln b/3 a/x/linked; ln b/3 c/linked
            """,
            stage.from
        )
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", plan.plainState])
        usleep(20_000)
        try plan.plan(shards: 3, plan.dealt(to: 3, opened: ["a"]))
    }

    private func compare(_ shard: Int) throws -> Outcome { try plan.verify("--shard", "\(shard)") }

    private func close(_ options: String...) throws -> Outcome {
        let words = [bytes("verify"), bytes("--plan"), plan.folder, bytes("--close")]
        return try Cutover.run(bytes: words + options.map { bytes($0) } + [stage.from, stage.to])
    }

    /// All shards and closing; the statuses and what they printed.
    private func compareAll() throws -> (statuses: [Int32?], lines: [[String]]) {
        let outcomes = try (0..<3).map { try compare($0) } + [close()]
        return (outcomes.map(\.status), outcomes.map(\.lines))
    }

    @Test("equal trees are equal in all shards and in closing, which counts each entry once")
    func equal() throws {
        let all = try compareAll()
        #expect(all.statuses == [0, 0, 0, 0], "\(all)")
        for shard in 0..<3 { #expect(try compare(shard).status == 0) }
        let closing = try close("--json", "-").report()
        let plain = try stage.verify("--json", "-").report()
        #expect(closing.summary("entries_seen") == plain.summary("entries_seen"))
        #expect(closing.summary("differences") == 0)
        #expect(closing.summary("shards_joined") == 3)
        for shard in 0..<3 { #expect(try compare(shard).status == 0) }
        // Counts of all by the seconds of closing would be no rate.
        let told = try close()
        #expect(told.status == 0 && told.errors.contains("counts are"), "\(told)")
        #expect(!told.errors.contains(/[0-9B]\/s\b/), "\(told)")
        #expect(
            try Files.names(plan.folder).allSatisfy { !$0.starts(with: bytes("closing.state")) }
        )
    }

    @Test(
        "one byte of one file of a shard makes that shard and closing different, and closing says which shard"
    )
    func oneByte() throws {
        try stage.flip("b/3", at: 2)
        try stage.flip("5", at: 0)
        let all = try compareAll()
        #expect(all.statuses.filter { $0 == 1 }.count >= 2 && all.statuses[3] == 1, "\(all)")
        #expect(all.lines[3] == [], "\(all)")
        #expect(all.lines.joined().filter { $0.hasPrefix("5: contents") }.count == 1, "\(all)")
        let different = (0..<3).filter { all.statuses[$0] == 1 }
        for shard in 0..<3 { #expect(try compare(shard).status == all.statuses[shard]) }
        let outcome = try close("--json", "-")
        #expect(
            outcome.errors.contains(
                "differences in shards " + different.map(String.init).joined(separator: ", ")
            ),
            "\(outcome)"
        )
        #expect(
            outcome.output.contains(
                "\"shards_different\":[\(different.map(String.init).joined(separator: ","))]"
            ),
            "\(outcome)"
        )
    }

    @Test(
        "names that only one side has on the spine are told once, by closing, and a missing spine directory too"
    )
    func spine() throws {
        try stage.spoil(
            "cd -- \"$1\"; echo x > extra; echo x > a/extra; rm -r c",
            keepingTimesOf: []
        )
        var all = try compareAll()
        // c is a shard's: it tells that DESTINATION lacks it.
        #expect(all.lines.prefix(3).joined().count { $0.hasPrefix("c: missing") } == 1, "\(all)")
        #expect(all.lines[3].count { $0.hasPrefix("extra: ") } == 1, "\(all)")
        #expect(all.lines[3].count { $0.hasPrefix("a/extra: ") } == 1, "\(all)")
        #expect(all.lines.prefix(3).joined().count == 1, "\(all)")
        // Of a directory that lacks nothing below it is told; its shards could not judge.
        try stage.spoil("rm -r -- \"$1/a\"", keepingTimesOf: [])
        all = try compareAll()
        #expect(all.lines.prefix(3).joined().allSatisfy { !$0.hasPrefix("a") }, "\(all)")
        #expect(all.lines[3].count { $0.hasPrefix("a") } == 1, "\(all)")
        #expect(all.statuses[3] == 1 && all.statuses.contains(24), "\(all)")
    }

    @Test(
        "names linked on one side only are told by closing, where no shard could see it (S40, S42)"
    )
    func links() throws {
        try stage.spoil(
            """
            cd -- "$1"; cp -a c/linked c/new; mv c/new c/linked; rm 5; ln c/4 5
            """,
            keepingTimesOf: ["5", "c", "."]
        )
        let all = try compareAll()
        let links = all.lines.map { $0.filter { $0.contains("links:") || $0.contains("linked") } }
        #expect(all.statuses[3] == 1, "\(all)")
        #expect(links[3].count >= 1, "\(all)")
    }

    @Test(
        "closing is refused while a comparison is missing, failed, or older than the last closing"
    )
    func missing() throws {
        #expect(try compare(0).status == 0)
        #expect(try compare(2).status == 0)
        var outcome = try close()
        #expect(outcome.status == 3 && outcome.errors.contains("1 has no result"), "\(outcome)")
        #expect(try close("--accept-failed").status == 23)
        #expect(try compare(1).status == 0)
        #expect(try close().status == 0)
        // A further round is of all of them, or of none.
        #expect(try compare(1).status == 0)
        outcome = try close()
        #expect(
            outcome.status == 3 && outcome.errors.contains("0 did not run since"),
            "\(outcome)"
        )
        let result = joined(plan.folder, "0.verify.result.json")
        let good = try text(result)
        #expect(try compare(0).status == 0 && compare(2).status == 0)
        try Files.unlink(result)
        try Files.write(
            result,
            bytes(good.replacing("\"status\":0", with: "\"status\":23"))
        )
        outcome = try close()
        #expect(
            outcome.status == 3 && outcome.errors.contains("0 ended with status 23"),
            "\(outcome)"
        )
    }

    @Test("a round that ended with differences is over: the next one is of all shards, too")
    func roundsWithDifferences() throws {
        try stage.flip("5", at: 0)
        #expect(try compareAll().statuses[3] == 1)
        try Files.write(stage.destination("5"), bytes("5\n"))
        try Cutover.pass(stage.from, stage.to, ["--checksum", "--state", plan.plainState])
        usleep(20_000)
        #expect(try compare(0).status == 0)
        let outcome = try close()
        #expect(outcome.status == 3, "\(outcome)")
        #expect(try compareAll().statuses == [0, 0, 0, 0])
    }

    @Test("a pass's results do for no comparison, a comparison's for no pass, under whatever name")
    func kept() throws {
        for shard in 0..<3 { #expect(try plan.shard(shard).status == 0) }
        var outcome = try close()
        #expect(outcome.status == 3 && outcome.errors.contains("0 has no result"), "\(outcome)")
        let before = try passFiles()
        for shard in 0..<3 { #expect(try compare(shard).status == 0) }
        #expect(try close().status == 0)
        #expect(try passFiles() == before)
        for shard in 0..<3 {
            try Shell.run(
                "cd -- \"$1\"; cp $2.verify.result.json $2.result.json; cp $2.verify.links $2.links",
                plan.folder,
                bytes("\(shard)")
            )
        }
        outcome = try plan.close()
        #expect(outcome.status == 3 && outcome.errors.contains("cannot be used"), "\(outcome)")
        for (name, contents) in before
        where name.hasSuffix(".result.json") || name.hasSuffix(".links") {
            let path = joined(plan.folder, name)
            try Files.unlink(path)
            try Files.write(path, bytes(contents))
        }
        #expect(try plan.close().status == 0)
        for shard in 0..<3 {
            try Shell.run(
                "cd -- \"$1\"; cp $2.result.json $2.verify.result.json",
                plan.folder,
                bytes("\(shard)")
            )
        }
        outcome = try close()
        #expect(outcome.status == 3 && outcome.errors.contains("cannot be used"), "\(outcome)")
    }

    /// Files of the passes' ends, by name.
    private func passFiles() throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try Files.names(plan.folder).map({ String(decoding: $0, as: UTF8.self) })
        where !name.contains("verify") && !name.hasSuffix(".state") && !name.hasSuffix(".lock") {
            found[name] = try plan.file(name)
        }
        return found
    }

    @Test("what a comparison records harms no pass: the next round of passes finds nothing to do")
    func records() throws {
        try plan.run(shards: 3)
        let all = try compareAll()
        #expect(all.statuses == [0, 0, 0, 0], "\(all)")
        try Shell.run("echo more >> \"$1/b/3\"", stage.from)
        // Users changed it since the shard's pass.
        let statuses = try compareAll().statuses
        #expect(statuses.contains(24) && !statuses.contains(1), "\(statuses)")
        try plan.run(shards: 3)
        #expect(try compareAll().statuses == [0, 0, 0, 0])
        try plan.expectDone()
    }

    @Test("a comparison that was killed has no result, and closing waits for it")
    func killed() throws {
        #expect(try compareAll().statuses == [0, 0, 0, 0])
        let run = try plan.startVerify("--shard", "1", "--workers", "1")
        try waitUntil { try plan.file("1.verify.result.json").contains("\"round\":2") }
        run.send(SIGKILL)
        let outcome = run.wait()
        let result = try plan.file("1.verify.result.json")
        if outcome.signal == SIGKILL, result.contains("\"status\":null") {
            let refused = try close()
            #expect(refused.status == 3 && refused.errors.contains("1 did not come"), "\(refused)")
        }
        #expect(try compareAll().statuses == [0, 0, 0, 0])
    }

    @Test("links files that are missing or of another run are told by closing, which ends with 23")
    func linksFiles() throws {
        for shard in 0..<3 { #expect(try compare(shard).status == 0) }
        let path = joined(plan.folder, "1.verify.links")
        let good = try text(path)
        for bad in [good.replacing(" 1\n", with: " 2\n", maxReplacements: 1), ""] {
            try Files.unlink(path)
            if !bad.isEmpty { try Files.write(path, bytes(bad)) }
            let outcome = try close()
            #expect(
                outcome.status == 23 && outcome.errors.contains("links file of shard 1"),
                "\(outcome)"
            )
            if bad.isEmpty { try Files.write(path, bytes(good)) }
        }
        #expect(try close().status == 0)
    }

    @Test("schedulers tell the number, and what makes no sense with a plan is refused in one line")
    func options() throws {
        for (variable, number) in [("SLURM_ARRAY_TASK_ID", 0), ("JOB_COMPLETION_INDEX", 2)] {
            let outcome = try plan.verify(environment: ["\(variable)=\(number)"])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try plan.file("\(number).verify.result.json").contains("\"status\":0"))
        }
        for option in [
            "--metadata", "--sample=5", "--branch=a", "--exclude=x", "--xattrs=user",
            "--state=/tmp/x", "--manifest=/tmp/none", "--accept-failed",
        ] {
            let outcome = try plan.verify("--shard", "1", option)
            #expect(outcome.status == 64, "\(option): \(outcome)")
            #expect(!Files.exists(joined(plan.folder, "1.verify.result.json")))
        }
        #expect(try plan.verify("--shard", "3").status == 3)
        #expect(try plan.verify("--shard", "1", "--close").status == 64)
        #expect(try stage.verify("--shard", "1").status == 64)
    }

    @Test("roots that the plan was not made for are refused, by shards and by closing")
    func otherRoots() throws {
        let other = try Stage()
        for words in [["--shard", "0"], ["--close", "--accept-failed"]] {
            for (from, to) in [(other.from, stage.to), (stage.from, other.to)] {
                let outcome = try Cutover.run(
                    bytes: [bytes("verify"), bytes("--plan"), plan.folder]
                        + words.map { bytes($0) } + [from, to]
                )
                #expect(
                    outcome.status == 3 && outcome.errors.contains("the plan was made for another"),
                    "\(outcome)"
                )
            }
        }
    }

    @Test("a second comparison of one shard is refused, a pass of it is not")
    func locks() throws {
        let marker = joined(plan.folder, "held")
        let lock = String(decoding: joined(plan.folder, "1.verify.lock"), as: UTF8.self)
        let holder = try Subprocess(
            [
                "flock", "-F", "-x", lock, "sh", "-c", "touch \"$0\"; exec sleep 60",
                String(decoding: marker, as: UTF8.self),
            ].map { bytes($0) }
        )
        defer {
            holder.send(SIGKILL)
            #expect(holder.wait().signal == SIGKILL)
        }
        try waitUntil { Files.exists(marker) }
        let outcome = try compare(1)
        #expect(outcome.status == 3 && outcome.errors.contains("shard 1"), "\(outcome)")
        #expect(try plan.shard(1).status == 0)
    }
}
