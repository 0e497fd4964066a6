// Which ends of shards closing may join: those of this round alone. An old answer that passes for a new one says "equal" of
// what nobody has compared, and "done" of what nobody has copied.

import Glibc
import TestSupport
import Testing

@Suite("ShardRounds", .requiresVolumes, .timeLimit(.minutes(10)))
struct ShardRounds {
    let plan: PlanStage
    var stage: Stage { plan.stage }

    /// Three shards over two equal trees, whose passes have ended well.
    init() throws {
        plan = try PlanStage()
        try Shell.run(
            "cd -- \"$1\"; mkdir a b c; for d in a b c; do echo $d > $d/file; done",
            stage.from
        )
        try plan.plan(shards: 3, plan.dealt(to: 3))
        try plan.run(shards: 3)
    }

    private func compare(_ shards: [Int] = [0, 1, 2]) throws {
        for shard in shards {
            let outcome = try plan.verify("--shard", "\(shard)")
            #expect(outcome.status == 0, "\(outcome)")
        }
    }

    private func close(_ options: String...) throws -> Outcome {
        try Cutover.run(
            bytes: [bytes("verify"), bytes("--plan"), plan.folder, bytes("--close")]
                + options.map { bytes($0) } + [stage.from, stage.to]
        )
    }

    private func expectRefused(
        _ outcome: Outcome,
        _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            outcome.status == 3 && outcome.errors.contains(words),
            "\(outcome)",
            sourceLocation: sourceLocation
        )
    }

    @Test(
        "a closing after which no shard ran is no answer about today: refused, of passes and of comparisons"
    )
    func twice() throws {
        try Files.write(stage.source("a/file"), bytes("the array did not start"))
        expectRefused(try plan.close(), "0 did not run since the last closing")
        try plan.run(shards: 3)
        usleep(20_000)
        try compare()
        #expect(try close().status == 0)
        try stage.flip("b/file", at: 0)
        expectRefused(try close(), "1 did not run since the last closing")
    }

    @Test("a closing that was killed, or let go of shards, does not make old results new ones")
    func unfinishedClosing() throws {
        try compare()
        #expect(try close().status == 0)
        try stage.flip("b/file", at: 0)
        let killed = try Subprocess(
            ["strace", "-f", "-o", "/dev/null", "-e", "inject=statx:delay_enter=300000", "--"]
                .map { bytes($0) } + [Cutover.binary]
                + ["verify", "--close", "--accept-failed", "--plan"].map { bytes($0) }
                + [plan.folder, stage.from, stage.to]
        )
        try waitUntil { try plan.file("closing.verify.result.json").contains("\"round\":2") }
        // strace and what it traces.
        #expect(kill(-killed.processID, SIGKILL) == 0)
        #expect(killed.wait().signal == SIGKILL)
        #expect(try plan.file("closing.verify.result.json").contains("\"status\":null"))
        try compare([0])
        expectRefused(try close(), "1 did not run since the last closing")
        #expect(try close("--accept-failed").status == 23)
        expectRefused(try close(), "1 did not run since the last closing")
    }

    @Test("what closing has joined cannot be read: refused, with what to do")
    func unreadableClosing() throws {
        try compare()
        #expect(try close().status == 0)
        try compare()
        let result = joined(plan.folder, "closing.verify.result.json")
        for contents in ["", "{\"format\":\"something\"}\n"] {
            try Files.unlink(result)
            try Files.write(result, bytes(contents))
            expectRefused(try close(), "remove it and run all shards again")
            expectRefused(try plan.verify("--shard", "0"), "remove it and run all shards again")
        }
        try Files.unlink(result)
        #expect(try close().status == 0)
    }

    @Test("a comparison says nothing of what passes did after it")
    func beforePass() throws {
        try compare([0, 2])
        try Files.write(stage.source("c/file"), bytes("changed by users"))
        try plan.run(shards: 3)
        try stage.flip("c/file", at: 0)
        try compare([1])
        expectRefused(try close(), "2 was compared before the last pass")
        let again = try plan.verify("--shard", "2")
        #expect(again.status == 1, "\(again)")
    }

    @Test("a shard whose result was lost is not taken for one that did not run")
    func lostResult() throws {
        try compare()
        #expect(try close().status == 0)
        try Files.unlink(joined(plan.folder, "0.verify.result.json"))
        try compare()
        #expect(try close().status == 0)
    }

    @Test("a run that is refused leaves how its part ended before")
    func refusedRun() throws {
        try compare()
        let report = joined(stage.outside, "report.json")
        try Files.write(stage.source("a/large"), [UInt8](repeating: 1, count: 1 << 20))
        let busy = try Cutover.start(
            ["sync", "--bwlimit", "64K", "--json"].map { bytes($0) }
                + [report, stage.from, joined(stage.to, "a")]
        )
        defer {
            busy.send(SIGKILL)
            #expect(busy.wait().signal == SIGKILL)
        }
        waitUntil { ((try? text(report)) ?? "").contains("\n") }
        let before = try plan.file("1.verify.result.json")
        let outcome = try plan.verify(
            "--shard",
            "1",
            "--json",
            String(decoding: report, as: UTF8.self)
        )
        expectRefused(outcome, "another run writes this file")
        #expect(try plan.file("1.verify.result.json") == before)
        #expect(try close().status == 0)
    }

    @Test("an interrupted shard makes closing no interrupted one")
    func acceptedInterrupt() throws {
        try compare([0, 1])
        let result = joined(plan.folder, "2.verify.result.json")
        try compare([2])
        let good = try text(result)
        try Files.unlink(result)
        try Files.write(result, bytes(good.replacing("\"status\":0", with: "\"status\":20")))
        expectRefused(try close(), "2 ended with status 20")
        let outcome = try close("--accept-failed")
        #expect(outcome.status == 23 && outcome.errors.contains("shards are missing"), "\(outcome)")
    }
}

@Suite(
    "Shards of an overlay filesystem",
    .requiresVolumes,
    .requiresFilesystem("overlay"),
    .timeLimit(.minutes(10))
)
struct ShardOverlay {
    let stage: Stage

    init() throws { stage = try Stage() }

    /// Contents by name, for each name of both layers.
    private static let layer = """
        cd -- "$1"
        for d in 0 1 2 3 4 5 6; do mkdir $2$d; done
        echo $2 > $20/linked; for d in 1 2 3 4 5 6; do ln $20/linked $2$d/linked; done
        """

    @Test(
        "S40: inodes of several devices, which may have one number, are not joined across shards, and that is told"
    )
    func devices() throws {
        let lower = joined(stage.reference, "lower")
        try Files.makeDirectory(lower)
        try Shell.run(Self.layer, lower, bytes("lower"))
        let overlay = try Overlay(joined(stage.outside, "overlay"), lower: lower, upper: stage.from)
        defer { overlay.unmount() }
        try Shell.run(Self.layer, overlay.root, bytes("upper"))
        let plan = joined(stage.outside, "plan")
        let made = try Cutover.run(
            bytes: ["plan", "--delete", "--shards", "3", "--out"].map { bytes($0) }
                + [plan, overlay.root, stage.to]
        )
        #expect(made.status == 0, "\(made)")
        for work in ["sync", "verify"] {
            func run(_ words: String...) throws -> Outcome {
                try Cutover.run(
                    bytes: [bytes(work), bytes("--plan"), plan] + words.map { bytes($0) }
                        + [overlay.root, stage.to]
                )
            }
            let shards = try (0..<3).map { try run("--shard", "\($0)") }
            #expect(shards.allSatisfy { $0.status == 23 }, "\(work): \(shards)")
            #expect(
                shards.allSatisfy { $0.errors.contains("inodes of several devices") },
                "\(work): \(shards)"
            )
            #expect(try run("--close").status == 3)
            let closing = try run("--close", "--accept-failed")
            #expect(closing.status == 23, "\(work): \(closing)")
        }
        for layer in ["lower", "upper"] {
            for directory in 0..<7 {
                let contents = try text(joined(stage.to, "\(layer)\(directory)/linked"))
                #expect(contents == "\(layer)\n", "\(layer)\(directory)")
            }
        }
        // As the sentence says: without a plan all is well.
        try Cutover.pass(overlay.root, stage.to, ["--delete"])
        #expect(try Oracle.differences(overlay.root, stage.to) == [])
    }
}
