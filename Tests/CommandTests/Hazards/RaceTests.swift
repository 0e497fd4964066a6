// S28, S47 and "Hostile trees": users exchange names under a running pass. Whatever they exchange,
// nothing outside the two roots is read, written, changed or deleted, and no FIFO is opened.
//
// Each test counts exchanges and what the passes noticed of them: a race that never met a pass
// would prove nothing.

import Glibc
import TestSupport
import Testing

@Suite("Races, S28, S46, S47", .requiresVolumes, .timeLimit(.minutes(30)), .serialized)
struct RaceTests {
    let stage: Stage
    static let branches = 6

    init() throws { stage = try Stage() }

    /// Runs passes for some seconds; how many there were, and how many noticed something.
    private func passes(seconds: Double, _ options: String..., check: () throws -> Void) throws
        -> (count: Int, met: Int)
    {
        let end = monotonicSeconds() + seconds
        let report = joined(stage.outside, "report.json")
        var (count, met) = (0, 0)
        while monotonicSeconds() < end {
            let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
            let outcome = try Cutover.run(
                bytes: words + [report, stage.from, stage.to],
                seconds: 30
            )
            let status = outcome.status ?? -1
            #expect([0, 23, 24].contains(status), "\(outcome)")
            let told = try JSONReport(report)
            let noticed = (told.summary("vanished") ?? 0) + (told.summary("failures") ?? 0)
            if status != 0, noticed > 0 { met += 1 }
            count += 1
            try check()
        }
        return (count, met)
    }

    // MARK: On SOURCE

    @Test(
        "S28: on SOURCE directories, files and symlinks to a canary are exchanged: it is never read"
    )
    func symlinksOnSource() throws {
        let near = try Canary(in: joined(stage.from, ".."))
        let far = try Canary(in: stage.outside)
        var pairs: [SwappedNames] = []
        for index in 0..<Self.branches {
            let canary = index % 2 == 0 ? near : far
            let branch = stage.source("branch\(index)")
            try Files.makeDirectory(branch)
            try makeVictim(joined(branch, "victim"))
            try Files.link(symbolic: joined(branch, "evil"), to: canary.directory)
            try Files.write(joined(branch, "file"), bytes("harmless\n"))
            try Files.link(symbolic: joined(branch, "fileEvil"), to: canary.file)
            pairs.append(SwappedNames(joined(branch, "victim"), joined(branch, "evil")))
            pairs.append(SwappedNames(joined(branch, "file"), joined(branch, "fileEvil")))
        }
        let swapper = NameSwapper(pairs)
        let result = try passes(seconds: 8, "--ignore-times") { () throws in
            #expect(try Canary.copies(in: stage.to) == [])
        }
        let swaps = swapper.stop()
        #expect(swaps > 1000 && result.met > 0, "\(swaps) exchanges met \(result) passes")
        try near.expectUntouched()
        try far.expectUntouched()
        try stage.pass("--ignore-times")
        try stage.expectSame()
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S28: on SOURCE files and directories are exchanged with FIFOs and each other: no FIFO is opened"
    )
    func pipesOnSource() throws {
        var pairs: [SwappedNames] = []
        var pipes: [[UInt8]] = []
        for index in 0..<Self.branches {
            let branch = stage.source("branch\(index)")
            try Files.makeDirectory(branch)
            for name in ["plain", "mixed"] { try Files.write(joined(branch, name), bytes("x\n")) }
            for name in ["pipe", "pipe2"] {
                try Files.makeNode(joined(branch, name), S_IFIFO | 0o666)
                pipes.append(joined(branch, name))
            }
            for name in ["victim", "other"] { try makeVictim(joined(branch, name)) }
            pairs.append(SwappedNames(joined(branch, "plain"), joined(branch, "pipe")))
            pairs.append(SwappedNames(joined(branch, "victim"), joined(branch, "pipe2")))
            pairs.append(SwappedNames(joined(branch, "mixed"), joined(branch, "other")))
        }
        let probe = try PipeReaderProbe(pipes)
        let swapper = NameSwapper(pairs)
        let result = try passes(seconds: 8, "--ignore-times") {}
        let swaps = swapper.stop()
        let found = probe.stop()
        #expect(swaps > 1000 && result.met > 0, "\(swaps) exchanges met \(result) passes")
        #expect(found.probes > 1000)
        #expect(found.readers == 0, "a FIFO was open for reading \(found.readers) times")
        try stage.pass("--ignore-times")
        try stage.expectSame()
    }

    @Test("S47: entries of SOURCE vanish between listing and opening, and come back")
    func vanishingEntries() throws {
        var pairs: [SwappedNames] = []
        let place = joined(stage.from, "../elsewhere")
        try Files.makeDirectory(place)
        try Files.makeDirectory(stage.source("branch"))
        for index in 0..<40 {
            let name = stage.source("branch/entry\(index)")
            if index % 4 == 0 {
                try makeVictim(name)
            } else {
                try Files.write(name, bytes("\(index)"))
            }
            pairs.append(SwappedNames(name, joined(place, "entry\(index)")))
        }
        // Nothing to exchange with: the entry is moved away, and back at the next turn.
        let swapper = NameSwapper(pairs) { pair in
            do { try Files.rename(pair.left, to: pair.right) } catch {
                // It was away: the failed call has already said so, and this one brings it back.
                try? Files.rename(pair.right, to: pair.left)
            }
        }
        let result = try passes(seconds: 6, "--ignore-times") {}
        #expect(swapper.stop() == 0)
        #expect(result.met > 0, "\(result)")
        try Shell.run("mv -n -- \"$1\"/* \"$2\" || true", place, stage.source("branch"))
        #expect(try Files.names(stage.source("branch")).count == 40)
        try stage.pass()
        try stage.expectSame()
    }

    // MARK: On DESTINATION

    @Test(
        "S28, S46: on DESTINATION directories, files and symlinks are exchanged: nothing outside is touched"
    )
    func symlinksOnDestination() throws {
        let near = try Canary(in: joined(stage.to, ".."))
        let far = try Canary(in: stage.outside)
        var pairs: [SwappedNames] = []
        var links: [[UInt8]: [UInt8]] = [:]
        for index in 0..<Self.branches {
            let branch = "branch\(index)"
            let directory = (index % 2 == 0 ? near : far).directory
            let file = (index % 2 == 0 ? near : far).file
            try Files.makeDirectory(stage.source(branch))
            try makeVictim(stage.source(branch + "/victim"))
            try Files.write(stage.source(branch + "/file"), bytes("harmless\n"))
            try Files.makeDirectory(stage.destination(branch))
            // `extra` and the symlinks are missing on SOURCE: they are deleted, and made again.
            for (name, target) in [("evil", directory), ("evil2", directory), ("fileEvil", file)] {
                try Files.link(symbolic: stage.destination(branch + "/" + name), to: target)
                links[stage.destination(branch + "/" + name)] = target
            }
            let place = stage.destination(branch)
            pairs.append(SwappedNames(joined(place, "victim"), joined(place, "evil")))
            pairs.append(SwappedNames(joined(place, "extra"), joined(place, "evil2")))
            pairs.append(SwappedNames(joined(place, "file"), joined(place, "fileEvil")))
        }
        let targets = links
        let swapper = NameSwapper(pairs) { pair in Self.restore(pair, targets[pair.right] ?? []) }
        var turn = 0
        let result = try passes(seconds: 10) {
            // Modes and owners to repair in place, and contents to replace, at the next pass.
            turn += 1
            for index in 0..<Self.branches {
                for name in ["file", "victim/secret", "victim/sub/secret", "victim", "victim/sub"] {
                    let path = stage.source("branch\(index)/" + name)
                    try Files.changeMode(path, turn % 2 == 0 ? 0o777 : 0o700)
                    try Files.changeOwner(path, uid_t(turn), 1)
                    if turn % 3 == 0 { try Files.changeTime(path, seconds: turn) }
                }
            }
            try near.expectUntouched()
            try far.expectUntouched()
        }
        let swaps = swapper.stop()
        #expect(swaps > 1000 && result.met > 0, "\(swaps) exchanges met \(result) passes")
        try near.expectUntouched()
        try far.expectUntouched()
        try stage.pass()
        try stage.expectSame()
        #expect(try stage.leftovers() == [])
    }

    @Test(
        "S28: on DESTINATION files are exchanged with FIFOs: none is opened, with --checksum neither"
    )
    func pipesOnDestination() throws {
        var pairs: [SwappedNames] = []
        var pipes: [[UInt8]] = []
        for index in 0..<Self.branches {
            let branch = "branch\(index)"
            for root in [stage.from, stage.to] {
                try Files.makeDirectory(joined(root, branch))
                try Files.write(joined(root, branch + "/file"), bytes("the same\n"))
            }
            // Of an excluded name, so that the passes do not delete it.
            let pipe = stage.destination(branch + "/pipe.excluded")
            try Files.makeNode(pipe, S_IFIFO | 0o666)
            pipes.append(pipe)
            pairs.append(SwappedNames(stage.destination(branch + "/file"), pipe))
        }
        let probe = try PipeReaderProbe(pipes)
        let swapper = NameSwapper(pairs) { pair in
            // The FIFO had the file's name and was replaced: another takes part from now on.
            try? Files.makeNode(pair.right, S_IFIFO | 0o666)
        }
        let result = try passes(seconds: 8, "--checksum", "--exclude", "*.excluded") {}
        let swaps = swapper.stop()
        let found = probe.stop()
        // A pass of a debug build takes seconds on a busy machine.
        #expect(swaps > 1000 && result.count > 1, "\(swaps) exchanges met \(result) passes")
        #expect(found.probes > 1000)
        #expect(found.readers == 0, "a FIFO was open for reading \(found.readers) times")
        try stage.pass("--delete", "--checksum")
        try stage.expectSame()
    }

    /// A directory with the names that a canary has, and harmless contents.
    private func makeVictim(_ path: [UInt8]) throws {
        try Files.makeDirectory(path)
        try Files.makeDirectory(joined(path, "sub"))
        for name in ["secret", "sub/secret"] {
            try Files.write(joined(path, name), bytes("harmless\n"))
        }
    }

    /// Makes what a pass has removed of a pair.
    ///
    /// Any step may fail: the pass is at it too.
    private static func restore(_ pair: SwappedNames, _ target: [UInt8]) {
        let isFile = target.last == UInt8(ascii: "e")
        for name in [pair.right, pair.left] where !Files.exists(name) {
            let other = name == pair.left ? pair.right : pair.left
            let otherIsLink = (try? Files.status(other)).map { $0.st_mode & S_IFMT == S_IFLNK }
            if otherIsLink == true {
                // Only a directory that this very call made is filled: never one behind a symlink.
                guard !isFile, (try? Files.makeDirectory(name)) != nil else { continue }
                for index in 0..<30 { try? Files.makeDirectory(joined(name, "inner\(index)")) }
            } else {
                try? Files.link(symbolic: name, to: target)
            }
        }
    }
}
