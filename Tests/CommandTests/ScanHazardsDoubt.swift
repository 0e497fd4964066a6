// S52, S53: what a failure leaves in the record is doubt about the right thing. One call of a pass fails; the next pass,
// which rests on what that one wrote down, must end with equal trees or not with 0.

import TestSupport
import Testing

@Suite(
    "Change scan: what a failure leaves in the record",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(15))
)
struct ScanHazardsDoubt {
    /// A pass in which one call fails, then one without faults: that must make good.
    ///
    /// Returns the status of the first.
    private func fail(
        _ fault: String,
        _ stage: ScanStage,
        _ options: [String] = ["--workers", "1"]
    ) throws -> Int32 {
        let failing = try stage.pair.sync(options, environment: ["CUTOVER_FAULTS=" + fault])
        let next = try stage.pair.sync(options)
        #expect(next.outcome.status == 0, "after \(fault): \(next.outcome)")
        let left = try stage.pair.differences()
        #expect(left.isEmpty, "after \(fault), which gave \(failing.outcome): \(left)")
        return failing.outcome.status ?? -1
    }

    @Test(
        "S52: a directory that moved and could not be examined is not believed to lie anywhere",
        // Two of three change places, and all three.
        arguments: ["mv A T; mv B A; mv T B", "mv A T; mv B A; mv C B; mv T C"]
    )
    func movedDirectories(moves: String) throws {
        let stage = try ScanStage()
        try Files.makeDirectory(stage.from("m"))
        for (name, contents) in [("A", "AAAA"), ("B", "BBBB"), ("C", "CCCC")] {
            try Files.makeDirectory(stage.from("m/\(name)"))
            let file = stage.from("m/\(name)/f")
            try Files.write(file, bytes(contents))
            try Files.changeTime(file, seconds: 1_700_000_000, nanoseconds: 5)
        }
        stage.age()
        try stage.settle()
        var statuses: [Int32: Int] = [:]
        for number in 1...40 {
            try Shell.run("cd \"$1\"/m; " + moves, stage.pair.from)
            try stage.tick()
            statuses[try fail("statx:\(number):EIO", stage), default: 0] += 1
        }
        #expect((statuses[23] ?? 0) > 3, "\(statuses)")
    }

    @Test("S52: a name that waited for its link group and then failed is doubted as that name")
    func waitingNames() throws {
        let stage = try ScanStage()
        for name in ["a", "b", "c"] { try Files.makeDirectory(stage.from(name)) }
        try Files.write(stage.from("a/f"), Lookalike.contents(1, count: 500))
        for name in ["b", "c"] {
            try Files.link(stage.from("\(name)/f"), to: stage.from("a/f"))
        }
        try stage.settle()
        var statuses: [Int32: Int] = [:]
        for number in 18...38 {
            try stage.rewriteKeepingTime(stage.from("a/f"), salt: UInt64(number))
            // A racy inode is looked at again anyway.
            stage.age()
            statuses[try fail("statx:\(number):EIO", stage), default: 0] += 1
        }
        #expect((statuses[23] ?? 0) > 3, "\(statuses)")
    }

    @Test(
        "S53: a leader that cannot be looked at is not gone: the name fails, and no copy leads",
        arguments: ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EIO", "ESTALE"]
    )
    func leaders(error: String) throws {
        let stage = try ScanStage()
        for name in ["a", "b", "c"] { try Files.makeDirectory(stage.from(name)) }
        try Files.write(stage.from("a/f"), bytes("words"))
        for name in ["b", "c"] {
            try Files.link(stage.from("\(name)/f"), to: stage.from("a/f"))
        }
        try stage.tick()
        var failed = 0
        for call in ["openat", "statx"] {
            for number in 1...40 {
                try Shell.run("rm -rf \"$1\"/* \"$2\"", stage.pair.to, stage.pair.state)
                let fault = "\(call):\(number):\(error)"
                if try fail(fault, stage) == 23 { failed += 1 }
            }
        }
        #expect(failed > 6, "\(failed) were met")
    }
}
