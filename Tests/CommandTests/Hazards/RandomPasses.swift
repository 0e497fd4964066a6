// Random trees and random changes between passes, on real XFS and ext4, judged by tools that are
// not ours.
//
// After every pass the two trees are the same, and one more pass does nothing at all. The seed is
// in every message; a seed that fails becomes a permanent argument here.

import TestSupport
import Testing

@Suite(
    "Random trees and changes, S1-S51",
    .requiresVolumes,
    .requiresTool("strace"),
    .timeLimit(.minutes(10))
)
struct RandomPasses {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test(
        "random edits between passes leave no difference and nothing to do",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64]
    )
    func editsBetweenPasses(seed: UInt64) throws {
        let workers = ["1", "2", "30", "8", "30", "100"][Int(seed) % 6]
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 250)
        try stage.pass("--workers", workers)
        try stage.expectSame("seed \(seed), first pass")
        var edits = EditScript(seed: seed &* 7919)
        for round in 1...4 {
            try edits.apply(stage.from, edits: 120)
            try stage.pass("--workers", workers)
            try stage.expectSame("seed \(seed), round \(round)")
            if round % 2 == 0 { try stage.expectNothingToDo("seed \(seed), round \(round)") }
        }
    }

    @Test("DESTINATION changed by others is put right again", arguments: [11, 12, 13] as [UInt64])
    func editsOfDestination(seed: UInt64) throws {
        var tree = RandomTree(seed: seed)
        try tree.fill(stage.from, entries: 250)
        try stage.pass()
        var theirs = EditScript(seed: seed)
        try theirs.apply(stage.to, edits: 150)
        var ours = EditScript(seed: seed &+ 1000)
        try ours.apply(stage.from, edits: 50)
        try stage.pass()
        try stage.expectSame("seed \(seed)")
        try stage.expectNothingToDo("seed \(seed)")
    }

    @Test(
        "DESTINATION that holds another tree altogether becomes SOURCE",
        arguments: [21, 22] as [UInt64]
    )
    func unrelatedDestination(seed: UInt64) throws {
        // The same seeds give the same names, so that types and link groups collide.
        var right = RandomTree(seed: seed)
        try right.fill(stage.from, entries: 250)
        var wrong = RandomTree(seed: seed &+ 5)
        try wrong.fill(stage.to, entries: 250)
        try stage.pass()
        try stage.expectSame("seed \(seed)")
        try stage.expectNothingToDo("seed \(seed)")
    }

    @Test("all standard trees at once: the same, and nothing left to do")
    func standardTrees() throws {
        try StandardTree.everything(stage.from)
        try stage.pass()
        try stage.expectSame()
        try stage.expectNothingToDo()
    }
}
