// "Change scan" and S7: files that change while a pass runs, or so shortly after that no later time
// shows it. The pass may copy what it likes of them; the next one must leave them right.

import Glibc
import TestSupport
import Testing

@Suite("Change scan: racy files, S7", .requiresVolumes, .timeLimit(.minutes(10)), .serialized)
struct ScanHazardsRacy {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
    }

    @Test("S7: a rewrite of the same size whose mtime is put back is found by its ctime")
    func rewrittenKeepingTime() throws {
        try stage.settle()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 60)
        try stage.expectScanFindsIt()
    }

    @Test("S7: a walk finds such a rewrite too, when it remembers")
    func walkThatRemembers() throws {
        try stage.settle()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 61)
        let pass = try stage.pass("--changes", "walk")
        pass.expectWalk()
        try stage.expectSame()
    }

    @Test("S7: stores through a mapping, with msync and without", arguments: [true, false])
    func mappedStores(synchronizes: Bool) throws {
        try stage.settle()
        try Files.store(
            stage.from("a/one"),
            bytes("stored"),
            at: 10,
            synchronizes: synchronizes
        )
        try stage.expectScanFindsIt()
        try stage.tick()
        let time = try Files.status(stage.from("b/one")).st_mtim
        try Files.store(stage.from("b/one"), bytes("hidden"), at: 9, synchronizes: synchronizes)
        try Files.changeTime(
            stage.from("b/one"),
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec
        )
        try stage.expectScanFindsIt("mtime put back")
    }

    /// The kernel notes the time when a clean page is first stored into.
    ///
    /// As long as the page is dirty
    /// further stores leave no trace: a pass that read the file in between must not call it settled.
    @Test("S7: stores into a page that was dirty before the pass began, after the pass read it")
    func storesIntoDirtyPages() throws {
        try stage.settle()
        for round in 0..<3 {
            let mapping = try Mapping(stage.from("a/one"))
            mapping.store(bytes("before the pass \(round)"), at: 0)
            try stage.tick()
            let pass = try stage.pass()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            mapping.store(bytes("AFTER the pass  \(round)"), at: 0)
            try stage.tick()
            try stage.expectScanFindsIt("round \(round)")
        }
    }

    @Test("S7: a mapping that is stored into while passes run, and for the last time unseen")
    func storesDuringPasses() throws {
        try stage.settle()
        let mapping = try Mapping(stage.from("a/sub/three"))
        var random = SeededRandom(seed: 8)
        for round in 0..<8 {
            let process = try stage.pair.start()
            var stores = 0
            while process.isRunning || stores == 0 {
                mapping.store(random.bytes(8), at: random.below(600))
                stores += 1
                usleep(UInt32(random.below(2000)))
            }
            #expect(process.wait().status == 0)
            try stage.expectScanFindsIt("round \(round), \(stores) stores")
        }
    }

    /// Times of files are taken from a clock that ticks every 1 to 10 ms, and a pass is short: what
    /// is written twice within a tick, before it was read and after, has one ctime.
    @Test("S7: files written again and again within the ticks in which passes begin and end")
    func writtenWithinATick() throws {
        try stage.settle()
        let names = ["a/one", "a/two", "b/one", "b/sub/four"].map(stage.from)
        var scans = 0
        for round in 0..<25 {
            let process = try stage.pair.start()
            var random = SeededRandom(seed: UInt64(round))
            var writes = 0
            // Without a look at their status, which would make the next change's time a fine one.
            while process.isRunning {
                let name = names[random.below(names.count)]
                try Files.overwrite(name, Lookalike.contents(random.next(), count: 700), at: 0)
                let time = Lookalike.times[0]
                try Files.changeTime(name, seconds: time.tv_sec, nanoseconds: time.tv_nsec)
                writes += 1
                usleep(UInt32(random.below(3000)))
            }
            #expect(process.wait().status == 0 && writes > 0)
            let pass = try stage.pass()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            if pass.method == .scan { scans += 1 }
            let differences = try stage.pair.differences()
            #expect(differences.isEmpty, "round \(round): \(differences)")
        }
        #expect(scans > 20, "\(scans) of 25 scanned")
        try stage.expectSame()
    }

    @Test("S7: a file whose first half is written again while the second is copied")
    func writtenWhileCopied() throws {
        try Files.write(stage.from("large"), Lookalike.contents(1, count: 4 << 20))
        try stage.settle()
        try Files.overwrite(stage.from("large"), Lookalike.contents(2, count: 4 << 20), at: 0)
        let time = try Files.status(stage.from("large")).st_mtim
        let process = try stage.pair.start("--bwlimit", "2M")
        usleep(1_200_000)
        #expect(process.isRunning)
        try Files.overwrite(stage.from("large"), bytes("written late"), at: 100)
        try Files.changeTime(
            stage.from("large"),
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec
        )
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        try stage.expectScanFindsIt()
    }

    @Test("directories exchanged and renamed while passes scan: the next pass finds them all")
    func movedDuringPasses() throws {
        for index in 0..<6 {
            try stage.makeFolder(stage.from("a/folder\(index)"), salt: UInt64(100 + index))
            try stage.makeFolder(stage.from("b/folder\(index)"), salt: UInt64(200 + index))
        }
        try stage.settle()
        var scans = 0
        for round in 0..<12 {
            // Something to copy, so that the pass has work while names move.
            try Files.write(stage.from("a/work"), Lookalike.contents(UInt64(round), count: 1 << 20))
            let pairs = (0..<6).map { index in
                SwappedNames(
                    stage.from("a/folder\(index)"),
                    stage.from(index % 2 == 0 ? "b/folder\(index)" : "a/folder\((index + 2) % 6)")
                )
            }
            let swapper = NameSwapper(pairs)
            let first = try stage.pass("--bwlimit", "4M")
            let swaps = swapper.stop()
            #expect([0, 23, 24].contains(first.outcome.status ?? -1), "\(first.outcome)")
            #expect(swaps > 10, "\(swaps) exchanges")
            // The one after it walks, where this one saw that it was disturbed.
            if first.method == .scan { scans += 1 }
            let pass = try stage.pass()
            #expect(pass.outcome.status == 0, "\(pass.outcome)")
            let differences = try stage.pair.differences()
            #expect(differences.isEmpty, "round \(round): \(differences.prefix(5))")
        }
        #expect(scans > 6, "\(scans) of 12 scanned while names moved")
        try stage.expectSame()
    }
}
