// S52, S53: what a failure leaves in the record is doubt about the right thing. One call of a pass fails; the next pass,
// which rests on what that one wrote down, must end with equal trees or not with 0.

import Glibc
import TestSupport
import Testing

@Suite(
    "Change scan: what a failure leaves in the record",
    .requiresVolumes,
    .requiresFaultTable,
    .timeLimit(.minutes(15))
)
struct ScanHazardsDoubt {
    /// How often a pass makes a call.
    private func calls(
        of operation: String,
        _ stage: ScanStage,
        _ options: [String] = ["--workers", "1", "-q"]
    ) throws -> Int {
        let file = joined(stage.outside, "calls")
        let counted = try stage.pair.sync(
            options,
            environment: ["CUTOVER_FAULTS=count:" + shown(file)]
        )
        #expect(counted.outcome.status == 0, "\(counted.outcome)")
        let lines = String(decoding: try Files.read(file), as: UTF8.self).split(separator: "\n")
        let found = lines.first { $0.hasPrefix(operation + " ") }
        return try #require(found.flatMap { Int($0.dropFirst(operation.count + 1)) })
    }

    /// A pass in which one call fails, then one without faults: that must make good.
    ///
    /// Returns the status of the first.
    private func fail(
        _ fault: String,
        _ stage: ScanStage,
        _ options: [String] = ["--workers", "1", "-q"]
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
        try Shell.run("cd \"$1\"/m; " + moves, stage.pair.from)
        let last = try calls(of: "statx", stage)
        var statuses: [Int32: Int] = [:]
        // Those before look at the roots.
        for number in (last - 25)...last {
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
        try stage.rewriteKeepingTime(stage.from("a/f"), salt: 7)
        let last = try calls(of: "statx", stage)
        var statuses: [Int32: Int] = [:]
        for number in (last - 20)...last {
            try stage.rewriteKeepingTime(stage.from("a/f"), salt: UInt64(number))
            // A racy inode is looked at again anyway.
            stage.age()
            statuses[try fail("statx:\(number):EIO", stage), default: 0] += 1
        }
        #expect((statuses[23] ?? 0) > 3, "\(statuses)")
    }

    @Test(
        "S53: a leader that cannot be looked at is not gone: the name fails, and no copy leads",
        arguments: ["EMFILE", "EACCES", "EIO", "ESTALE"]
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
            try Shell.run("rm -rf \"$1\"/* \"$2\"", stage.pair.to, stage.pair.state)
            let last = try calls(of: call, stage)
            for number in (last - 16)...last {
                try Shell.run("rm -rf \"$1\"/* \"$2\"", stage.pair.to, stage.pair.state)
                if try fail("\(call):\(number):\(error)", stage) == 23 { failed += 1 }
            }
        }
        #expect(failed > 6, "\(failed) were met")
    }

    @Test("S40, S52: a directory that is met in two places tears no link group for ever")
    func metTwice() throws {
        let stage = try ScanStage()
        // One worker takes directories by their inode numbers, the highest first.
        let made = ["1", "2", "3"].map { stage.from($0) }
        for directory in made { try Files.makeDirectory(directory) }
        let ordered = try made.map { (inode: try Files.status($0).st_ino, path: $0) }
            .sorted { $0.inode > $1.inode }
        for (directory, name) in zip(ordered, ["c", "b", "a"]) {
            try Files.rename(directory.path, to: stage.from(name))
        }
        try Files.makeDirectory(stage.from("c/X"))
        try Files.write(stage.from("a/A"), bytes("words"))
        try Files.link(stage.from("c/X/C"), to: stage.from("a/A"))
        var random = SeededRandom(seed: 4)
        try Files.write(stage.from("b/big"), random.bytes(6 << 20))
        stage.age()
        let pass = try stage.pair.start("--workers", "1", "--bwlimit", "2M")
        waitUntil { Files.exists(stage.to("b/big")) }
        try Files.rename(stage.from("c/X"), to: stage.from("a/X"))
        let outcome = pass.wait()
        // The name that its link group rested on is gone, and that is told.
        #expect(outcome.status == 24, "\(outcome)")
        let wasMetTwice = Files.exists(stage.to("c/X/C")) && Files.exists(stage.to("a/X/C"))
        #expect(wasMetTwice, "the race was not met: \(outcome)")
        try stage.tick()
        try stage.expectScanFindsIt()
    }

    @Test(
        "S34, S52: ENOTSUP is an answer when attributes are listed, not for one that was listed",
        arguments: ["getxattr", "removexattr", "acl_get"]
    )
    func listedAttributes(call: String) throws {
        let stage = try ScanStage()
        let prepare = """
            cd "$1"; rm -rf k; mkdir k; echo words > k/f; setfattr -n user.one -v 1 k/f
            setfattr -n trusted.two -v 2 k; setfacl -m u:1234:rw k/f; setfacl -d -m u:1234:rx k
            """
        let change = "cd \"$1\"; setfattr -x user.one k/f; setfacl -b k/f; setfacl -k k"
        try Shell.run(prepare, stage.pair.from)
        try stage.settle()
        try Shell.run(change, stage.pair.from)
        let last = try calls(of: call, stage)
        var failed = 0
        for number in 1...last {
            for script in [prepare, change] {
                try Shell.run(script, stage.pair.from)
                try stage.tick()
                let fault = "\(call):\(number):ENOTSUP"
                let failing = try stage.pair.sync(
                    ["--workers", "1"],
                    environment: ["CUTOVER_FAULTS=" + fault]
                )
                let left = try Oracle.differences(stage.pair.from, stage.pair.to)
                if failing.outcome.status == 0 {
                    #expect(left.isEmpty, "\(fault): \(left) after \(failing.outcome)")
                } else {
                    #expect(failing.outcome.status == 23, "\(fault): \(failing.outcome)")
                    failed += 1
                }
                let next = try stage.pass("--workers", "1")
                #expect(next.outcome.status == 0, "after \(fault): \(next.outcome)")
                #expect(try Oracle.differences(stage.pair.from, stage.pair.to) == [], "\(fault)")
            }
        }
        #expect(failed > 0, "no fault was met")
    }

    @Test(
        "S49: a symlink that cannot be read is a failure of a dry run, too",
        arguments: ["-n", "-ni"]
    )
    func unreadableTarget(options: String) throws {
        let stage = try ScanStage()
        try Files.link(symbolic: stage.from("link"), to: bytes("target"))
        // In SOURCE: how many paths are asked of the kernel before is of no interest.
        let folder = try Files.status(stage.pair.from)
        let fault = "readlinkat@\(folder.st_dev).\(folder.st_ino):1:EIO"
        let dry = try stage.pass(options, environment: ["CUTOVER_FAULTS=" + fault])
        #expect(dry.outcome.status == 23, "\(dry.outcome)")
        let failure = try #require(dry.report.of("failure").first)
        #expect(failure.path == bytes("link"))
        #expect(failure.text("side") == "source")
    }

    @Test(
        "S52: a pass that cannot tell which volumes these are is refused",
        arguments: ["EIO", "EMFILE"]
    )
    func unknownPair(error: String) throws {
        let stage = try ScanStage()
        try stage.makeFolder(stage.from("a"), salt: 1)
        try stage.settle()
        let refused = try stage.pass(environment: ["CUTOVER_FAULTS=getfsuuid:1:\(error)"])
        #expect(refused.outcome.status == 3, "\(refused.outcome)")
    }
}
