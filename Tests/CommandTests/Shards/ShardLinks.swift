// Hard links whose names lie in several shards: after closing one inode on SOURCE is one inode on DESTINATION, and what
// shards no group shares no inode.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("ShardLinks", .requiresVolumes, .timeLimit(.minutes(10)))
struct ShardLinks {
    let plan: PlanStage
    var stage: Stage { plan.stage }

    init() throws { plan = try PlanStage() }

    private func tree() throws {
        try Shell.run(
            """
            cd -- "$1"
            for d in a b c d; do mkdir -p $d/sub; done
            echo one > a/1; ln a/1 b/1; ln a/1 c/sub/1; ln a/1 d/1; ln a/1 top
            echo two > a/sub/2; ln a/sub/2 a/2; ln a/2 d/sub/2
            echo three > b/3; ln b/3 b/sub/3
            ln -s target c/link; ln c/link d/link
            mkfifo a/fifo; ln a/fifo b/fifo
            setfattr -n user.x -v y a/1; touch -d 2003-03-03 a b c d a/sub b/sub c/sub d/sub
            """,
            stage.from
        )
    }

    @Test(
        "one inode with names in all shards and on the spine is one inode, and times of directories stay"
    )
    func acrossShards() throws {
        try tree()
        try plan.plan(shards: 4, plan.dealt(to: 4))
        try plan.run(shards: 4)
        #expect(
            try Set(
                ["a/1", "b/1", "c/sub/1", "d/1", "top"].map { try inode(stage.destination($0)) }
            ).count == 1
        )
        try plan.expectDone()
    }

    @Test("groups that changed between rounds are regrouped")
    func regrouped() throws {
        try tree()
        try plan.plan(shards: 4, plan.dealt(to: 4, opened: ["a"]))
        try plan.run(shards: 4)
        try Shell.run(
            """
            cd -- "$1"
            rm b/1; echo own > b/1
            ln a/2 c/2; rm a/sub/2
            echo new > new1; ln new1 d/new1; rm d/link
            echo longer contents >> c/sub/1
            """,
            stage.from
        )
        try plan.run(shards: 4, statuses: [0, 24])
        try plan.expectDone()
    }

    @Test("a group is not torn when one of its shards runs again alone before closing")
    func again() throws {
        try tree()
        try plan.plan(shards: 4, plan.dealt(to: 4))
        try plan.runShards([0, 1, 2, 3])
        try plan.run(shards: 4)
        try plan.run(shards: 4)
        try plan.expectDone()
    }

    @Test("names that shards cannot tell to share an inode wrongly are told, not left so")
    func sharedByAccident() throws {
        // Two files on SOURCE, alike in everything; one inode on DESTINATION.
        try Shell.run(
            """
            cd -- "$1"; mkdir a b; echo same > a/f; cp -a a/f b/f; touch -d 2002-02-02 a b
            cd -- "$2"; mkdir a b; cp -a "$1/a/f" a/f; ln a/f b/f
            """,
            stage.from,
            stage.to
        )
        try plan.plan(shards: 2, plan.dealt(to: 2))
        try plan.runShards([0, 1])
        let outcome = try plan.close()
        let isSeparated = try inode(stage.destination("a/f")) != inode(stage.destination("b/f"))
        #expect(isSeparated ? outcome.status == 0 : outcome.status == 23, "\(outcome)")
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", plan.plainState])
        try stage.expectSame()
    }

    @Test(
        "a mode set for one inode of SOURCE does not reach the file of another shard on the same inode"
    )
    func sharedWithAnother() throws {
        try Shell.run(
            """
            cd -- "$1"; mkdir s0 s1 s2
            echo same > s0/x; ln s0/x s1/y; chmod 600 s0/x
            echo same > s2/z; chmod 644 s2/z; touch -d 2001-01-01 s0/x s2/z
            cd -- "$2"; mkdir s0 s1 s2
            echo another > s0/x; echo same > s1/y; ln s1/y s2/z; chmod 644 s2/z; touch -d 2001-01-01 s2/z
            """,
            stage.from,
            stage.to
        )
        try plan.plan(shards: 3, plan.dealt(to: 3))
        try plan.runShards([2], together: 1)
        try plan.runShards([0, 1], together: 1)
        #expect(try plan.close().status == 0)
        try plan.expectDone()
    }

    @Test(
        "what a killed closing left beside a name goes with the next closing, and is no name of the group"
    )
    func closingWasKilled() throws {
        try tree()
        let made = try plan.plan(shards: 4, plan.dealt(to: 4))
        try plan.runShards([0, 1, 2, 3])
        try Shell.run("cd -- \"$1\"; ln a/1 d/.cutover.0123abcd.1; touch -d 2003-03-03 d", stage.to)
        let begun = PartResult(plan: made.identifier, part: .closing, round: 1, host: "")
        try Files.write(joined(plan.folder, "closing.result.json"), begun.fileContents)
        let outcome = try plan.close()
        #expect(outcome.status == 0, "\(outcome)")
        try plan.expectDone()
    }

    @Test("what others changed since a shard ended is told, and not linked over")
    func changedMeanwhile() throws {
        try tree()
        try plan.plan(shards: 4, plan.dealt(to: 4))
        try plan.runShards([0, 1, 2, 3])
        try Shell.run("cd -- \"$1\"; echo other > d/new; mv d/new d/1", stage.to)
        let outcome = try plan.close()
        #expect(outcome.status == 23, "\(outcome)")
        #expect(try text(stage.destination("d/1")) == "other\n")
        try plan.run(shards: 4)
        try plan.expectDone()
    }

    @Test("a links file that is missing or cut off is a failure")
    func linksFile() throws {
        try tree()
        try plan.plan(shards: 4, plan.dealt(to: 4))
        try plan.runShards([0, 1, 2, 3])
        let file = joined(plan.folder, "2.links")
        let good = try Files.read(file)
        try Files.truncate(file, to: good.count - 4)
        #expect(try plan.close().status == 23)
        try Files.unlink(file)
        #expect(try plan.close().status == 23)
        try plan.run(shards: 4)
        try plan.expectDone()
    }

    @Test("S41: 70,000 names of one inode over two shards", .timeLimit(.minutes(10)))
    func crowd() throws {
        try Shell.run(
            """
            cd -- "$1"; mkdir a b; echo x > a/f
            perl -e 'for (1..35000) { link("a/f", "a/$_") or die; link("a/f", "b/$_") or die }'
            """,
            stage.from
        )
        try plan.plan(shards: 2, plan.dealt(to: 2))
        try plan.run(shards: 2)
        let inodes = try Shell.run(
            "cd -- \"$1\"; find . -type f -printf '%i\\n' | sort | uniq -c | awk '{print $1}' | sort -n | paste -sd' '",
            stage.to
        )
        #expect(inodes.lines == ["5001 65000"], "\(inodes)")
        let before = try Snapshot(stage.to)
        try Cutover.pass(stage.from, stage.to, ["--delete", "--state", plan.plainState])
        #expect(try before.changes().isEmpty)
    }
}
