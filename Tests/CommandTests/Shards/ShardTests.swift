// Parts of a plan: shards, each a process of its own, then closing. Together they do what one pass does, and none touches
// what is another's.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Shards", .requiresVolumes, .timeLimit(.minutes(5)))
struct ShardTests {
    let plan: PlanStage
    var stage: Stage { plan.stage }

    init() throws { plan = try PlanStage() }

    private func tree() throws {
        try Shell.run(
            """
            cd -- "$1"
            for top in a b c; do
                mkdir -p $top/one/deep $top/two
                for name in $top/f $top/one/g $top/one/deep/h $top/two/i; do
                    echo "$name" > $name
                done
            done
            echo top > file
            chmod 2750 a a/one; chown 12:34 a/one
            setfattr -n user.x -v y a b/one
            setfacl -m u:55:rx,d:u:55:rx b c/two
            touch -d 2001-02-03T04:05:06.789 a/one a b c
            """,
            stage.from
        )
    }

    @Test("shards and closing leave what one pass leaves, attributes of the spine included")
    func wholeCopy() throws {
        try tree()
        try plan.plan(shards: 3, plan.dealt(to: 3, opened: ["a", "b", "a/one", "c"]))
        try plan.run(shards: 3)
        try plan.expectDone()
    }

    @Test("all standard trees, cut at random")
    func standardTrees() throws {
        try StandardTree.everything(stage.from)
        var random = SeededRandom(seed: 5)
        try plan.plan(shards: 4, plan.random(&random, shards: 4))
        try plan.run(shards: 4, statuses: [0, 24])
        try plan.expectDone()
    }

    @Test("a shard makes the spine closed and empty, and gives it nothing")
    func spineIsClosings() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a", "a/one"]))
        let outcome = try plan.shard(0)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try mode(stage.destination("a")) == 0o700)
        #expect(try Files.attribute(stage.destination("a"), "user.x") == nil)
        #expect(try plan.shard(1).status == 0)
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test(
        "no shard deletes on the spine nor in a neighbour's subtree; closing does, at every level"
    )
    func deletion() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a", "b"]))
        try plan.run(shards: 2)
        for name in ["extra", "a/extra", "a/one/extra", "b/extra", "c/extra", "c/one/deep/extra"] {
            try Shell.run("mkdir -p \"$1/sub\"; echo x > \"$1/sub/x\"", stage.destination(name))
        }
        #expect(try plan.shard(0).status == 0)
        for name in ["extra", "a/extra", "b/extra"] {
            #expect(Files.exists(stage.destination(name)), "\(name)")
        }
        #expect(try plan.shard(1).status == 0)
        for name in ["extra", "a/extra", "b/extra"] {
            #expect(Files.exists(stage.destination(name)), "\(name)")
        }
        for name in ["a/one/extra", "c/extra", "c/one/deep/extra"] {
            #expect(!Files.exists(stage.destination(name)), "\(name)")
        }
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test("closing deletes nothing that SOURCE has, be it whose it is")
    func closingKeepsShards() throws {
        try tree()
        let root = try plan.dealt(to: 2, opened: ["a", "b"])
        try plan.plan(shards: 2, root)
        #expect(try plan.shard(0).status == 0)
        let before = try Files.tree(stage.to).count
        let outcome = try plan.close("--accept-failed")
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try Files.tree(stage.to).count >= before)
        // The neighbour's part is not there, and nothing of the first is gone.
        #expect(try plan.shard(0).status == 0)
        #expect(try plan.shard(1).status == 0)
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test(
        "a subtree that is gone from SOURCE has vanished for its shard, and is closing's to delete"
    )
    func vanishedSubtree() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a"]))
        try plan.run(shards: 2)
        try Shell.run("rm -r -- \"$1/a/one\" \"$1/b\"; rm \"$1/file\"", stage.from)
        let outcomes = try [plan.shard(0), plan.shard(1)]
        #expect(outcomes.contains { $0.status == 24 }, "\(outcomes)")
        #expect(outcomes.allSatisfy { [0, 24].contains($0.status) }, "\(outcomes)")
        for name in ["a/one/g", "b/f", "file"] { #expect(Files.exists(stage.destination(name))) }
        #expect(try plan.close().status == 24)
        try plan.expectDone()
    }

    @Test(
        "what came to the spine after the plan is closing's, what came below a shard's is the shard's"
    )
    func newEntries() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a"]))
        try Shell.run(
            "mkdir \"$1/new\" \"$1/a/new\" \"$1/b/new\"; for d in new a/new b/new; do echo 1 > \"$1/$d/f\"; done",
            stage.from
        )
        try plan.runShards([0, 1])
        #expect(!Files.exists(stage.destination("new")))
        #expect(!Files.exists(stage.destination("a/new")))
        #expect(Files.exists(stage.destination("b/new/f")))
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test("a file in the place of a spine directory stops its shards, and closing replaces it")
    func fileOnSpine() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a"]))
        try Files.write(stage.destination("a"), bytes("in the way"))
        let outcomes = try [plan.shard(0), plan.shard(1)]
        #expect(outcomes.contains { $0.status == 23 }, "\(outcomes)")
        #expect(try text(stage.destination("a")) == "in the way")
        #expect(try plan.close().status == 3)
        #expect(try plan.close("--accept-failed").status == 23)
        try plan.run(shards: 2)
        try plan.expectDone()
    }

    @Test("a directory of the spine that is none any more is closing's")
    func spineBecameFile() throws {
        try tree()
        try plan.plan(shards: 2, plan.dealt(to: 2, opened: ["a"]))
        try plan.run(shards: 2)
        try Shell.run("rm -r -- \"$1/a\"; echo file > \"$1/a\"", stage.from)
        try plan.runShards([0, 1], statuses: [0, 24])
        #expect(Files.exists(stage.destination("a/f")))
        let outcome = try plan.close()
        #expect([0, 24].contains(outcome.status), "\(outcome)")
        try plan.expectDone()
    }

    @Test(
        "names of one directory dealt out by hash: copied, and deleted, by whom they are dealt to"
    )
    func hashCut() throws {
        try Shell.run(
            "mkdir \"$1/big\"; cd \"$1/big\"; for n in $(seq 300); do echo $n > file$n; done; mkdir sub; echo s > sub/f",
            stage.from
        )
        let sub = PlanDirectory(children: [Name("f"): .shard(1)])
        let big = PlanDirectory(
            children: [Name("sub"): .opened(sub)],
            hashCut: HashCut(seed: 1, dealtTo: [0, 1, 2])
        )
        try plan.plan(shards: 3, PlanDirectory(children: [Name("big"): .opened(big)]))
        #expect(try plan.shard(0).status == 0)
        let first = try Files.names(stage.destination("big")).count
        #expect(first > 50 && first < 150, "\(first)")
        try plan.run(shards: 3)
        try plan.expectDone()
        try Shell.run("cd \"$1/big\"; for n in $(seq 1 2 300); do rm file$n; done", stage.from)
        #expect(try plan.shard(2).status == 0)
        let left = try Files.names(stage.destination("big")).count
        #expect(left > 200 && left < 290, "\(left)")
        try plan.run(shards: 3)
        try plan.expectDone()
    }

    @Test("1 % changed, and all run again: the same once more")
    func secondRound() throws {
        try tree()
        try plan.plan(shards: 3, plan.dealt(to: 3, opened: ["a", "b"]))
        try plan.run(shards: 3)
        try Shell.run(
            """
            cd -- "$1"; echo more >> a/one/g; chmod 600 b/f; mv c/two/i c/one/; rm a/f; touch -d 1999-01-01 b
            ln c/f b/link; setfattr -n user.z -v 1 a
            """,
            stage.from
        )
        try plan.run(shards: 3, statuses: [0, 24])
        try plan.expectDone()
    }

    @Test("quotas are carried once: a shard that was asked for them carries none")
    func quotas() throws {
        try tree()
        // On a directory they cannot be had: a shard does not ask, closing does.
        try plan.plan(
            shards: 2,
            options: ["--delete", "--quotas=on"],
            plan.dealt(to: 2)
        )
        try plan.runShards([0, 1])
        let outcome = try plan.close()
        #expect(outcome.status == 3, "\(outcome)")
    }
}
