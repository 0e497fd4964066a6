// S12, S13, S23: a pass that is killed at any moment loses nothing and leaves nothing that the next
// pass does not put right.

import Glibc
import TestSupport
import Testing

@Suite("Hazard: SIGKILL, S12, S13", .requiresVolumes, .timeLimit(.minutes(30)))
struct HazardKill {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "S13: killed at random moments of copying and deleting, then run again",
        arguments: [1, 2, 3] as [UInt64]
    )
    func killedAnywhere(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var maker = RandomTree(seed: seed)
        try maker.fill(stage.from, entries: 600)
        try StandardTree.links(made("links"))
        try StandardTree.attributes(made("attributes"))
        var extras = RandomTree(seed: seed + 100)
        try extras.fill(stage.to, entries: 600)
        let whole = try duration(of: stage.reference)
        var kills = 0
        for round in 0..<10 {
            let process = try stage.start(
                "--workers",
                ["1", "30", "4"][round % 3],
                report: joined(stage.outside, "report")
            )
            // Most rounds have little left to do.
            let microseconds = Int(whole * 1e6) / (round == 0 ? 1 : 6)
            usleep(UInt32(random.below(microseconds + 1)))
            process.send(SIGKILL)
            if process.wait().signal == SIGKILL { kills += 1 }
            try expectNoFalseFiles("seed \(seed) round \(round)")
            if round % 3 == 2 {
                var edits = EditScript(seed: seed * 100 + UInt64(round))
                try edits.apply(stage.from, edits: 30)
            }
            if round == 5 { try extras.fill(stage.to, entries: 300) }
        }
        #expect(kills > 2, "seed \(seed): the pass was faster than most kills: \(kills) of 10")
        try stage.pass()
        try stage.expectSame("seed \(seed)")
        #expect(try stage.leftovers() == [], "seed \(seed)")
    }

    @Test("S13: killed while large files are copied in ranges", arguments: [11, 12] as [UInt64])
    func killedInLargeFiles(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        try Shell.run(
            """
            for name in a b; do dd if=/dev/urandom of="$1/$name" bs=1M count=200 status=none; done
            mkdir "$1/new"
            cp "$1/a" "$1/new/c"
            """,
            stage.from
        )
        try Files.write(stage.destination("a"), bytes("what was there"))
        var kills = 0
        for round in 0..<6 {
            let process = try stage.start("--workers", "8", report: joined(stage.outside, "report"))
            usleep(UInt32(20_000 + random.below(500_000)))
            process.send(SIGKILL)
            if process.wait().signal == SIGKILL { kills += 1 }
            try expectNoFalseFiles("seed \(seed) round \(round)")
            if round == 0 {
                let first = try Files.status(stage.destination("a")).st_size
                #expect(
                    first == 14 || first == 200 << 20,
                    "a part took the place of the old file: \(first)"
                )
            }
        }
        #expect(kills > 1, "seed \(seed): the pass was faster than most kills: \(kills) of 6")
        try stage.pass()
        try stage.expectSame("seed \(seed)")
        #expect(try stage.leftovers() == [])
    }

    @Test("S13: killed amid --delete of a large tree", arguments: [21, 22] as [UInt64])
    func killedInDeletion(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        try StandardTree.plain(stage.from)
        var kills = 0
        for round in 0..<5 {
            for branch in 0..<4 {
                let path = stage.destination("x\(branch)")
                if !Files.exists(path) { try Files.makeDirectory(path) }
                if !Files.exists(joined(path, "many")) { try StandardTree.wide(path) }
            }
            let process = try stage.start(report: joined(stage.outside, "report"))
            usleep(UInt32(random.below(60_000)))
            process.send(SIGKILL)
            if process.wait().signal == SIGKILL { kills += 1 }
            try expectNoFalseFiles("seed \(seed) round \(round)")
        }
        #expect(kills > 1, "seed \(seed): \(kills) of 5")
        try stage.pass()
        try stage.expectSame("seed \(seed)")
    }

    private func made(_ name: String) throws -> [UInt8] {
        try Files.makeDirectory(stage.source(name))
        return stage.source(name)
    }

    /// How long a whole pass takes, in seconds, with another DESTINATION.
    private func duration(of destination: [UInt8]) throws -> Double {
        let start = monotonicSeconds()
        try Cutover.pass(stage.from, destination)
        return monotonicSeconds() - start
    }

    /// No file has SOURCE's size and time without its contents: a later pass would never find it.
    private func expectNoFalseFiles(_ comment: String) throws {
        let wrong = try TreeImage(stage.from).falseCopies(in: TreeImage(stage.to))
        #expect(wrong.isEmpty, "\(comment): \(wrong.map(shown))")
    }
}
