// S52: the state cannot be read or written as it should: a call of it fails once, the folder vanishes, is
// crowded or locked. The pass ends with a right copy and says that nothing will be remembered, or remembers;
// the next one with the same state makes both trees equal.

import Glibc
import TestSupport
import Testing

@Suite("The state fails, S52", .requiresVolumes, .timeLimit(.minutes(20)))
struct StateFaults {
    let stage: ScanStage

    init() throws {
        stage = try ScanStage()
        for (index, name) in ["a", "b", "c"].enumerated() {
            try stage.makeFolder(stage.from(name), salt: UInt64(index + 1))
        }
    }

    @Test(
        "each file call of SQLite fails once, at several places, with several errors",
        .requiresFaultTable,
        arguments: [
            "sqlite_open", "sqlite_stat", "sqlite_fstat", "sqlite_fcntl", "sqlite_pread",
            "sqlite_pwrite", "sqlite_fsync", "sqlite_unlink", "sqlite_open_folder",
            "sqlite_close",
        ]
    )
    func sqliteCalls(operation: String) throws {
        try stage.settle()
        var salt: UInt64 = 100
        for (error, numbers) in [("EIO", [1, 2, 4, 9]), ("ENOSPC", [1, 6]), ("EINTR", [3])] {
            for number in numbers {
                salt += 1
                try stage.rewriteKeepingTime(stage.from("a/one"), salt: salt)
                try Files.exchange(stage.from("b"), stage.from("c"))
                try stage.tick()
                try expectSurvives("\(operation):\(number):\(error)")
                try stage.tick()
            }
        }
    }

    @Test(
        "each call for the state folder's files fails once",
        .requiresFaultTable,
        arguments: ["flock:2:ENOLCK", "flock:2:EIO", "fsync:1:EIO", "fsync:2:EIO"]
    )
    func folderCalls(fault: String) throws {
        try stage.settle()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 77)
        try Files.exchange(stage.from("b"), stage.from("c"))
        try stage.tick()
        try expectSurvives(fault)
    }

    /// A pass with a fault, and one without.
    private func expectSurvives(_ fault: String) throws {
        let before = try passesRecorded()
        let pass = try stage.pass(environment: ["CUTOVER_FAULTS=\(fault)"])
        #expect(pass.outcome.status == 0, "\(fault): \(pass.outcome)")
        #expect(try stage.pair.differences() == [], "\(fault): the copy is right")
        let isTold = pass.outcome.errors.contains("will be remembered")
        let isRecorded = try passesRecorded() > before
        #expect(isTold || isRecorded, "\(fault): neither told nor recorded: \(pass.outcome)")
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "after \(fault): \(next.outcome)")
        #expect(try stage.pair.differences() == [], "after \(fault)")
        let walk = try stage.pair.leftToDo()
        #expect(walk.stdout == [], "after \(fault) a walk would do: \(walk)")
    }

    /// Passes that came to their end, as `history` shows them.
    private func passesRecorded() throws -> Int {
        let words = ["history", "--limit", "900", "--json", "-", "--state"].map { bytes($0) }
        let outcome = try Cutover.run(bytes: words + [stage.pair.state])
        return try outcome.report().of("pass").count { $0.text("end") != nil }
    }

    @Test(
        "a state that is there and cannot be read: all contents are compared, and that is told",
        .requiresFaultTable,
        arguments: [
            "sqlite_open:1:EIO:*", "sqlite_open:1:EMFILE:*", "sqlite_fstat:1:ENOMEM:*",
            "sqlite_pread:1:EIO:*", "flock:2:ENOLCK:*",
        ]
    )
    func unread(fault: String) throws {
        try stage.settle()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 78)
        try Files.exchange(stage.from("b"), stage.from("c"))
        try stage.tick()
        try expectComparesAll(stage.pass(environment: ["CUTOVER_FAULTS=\(fault)"]))
        try expectNextIsRight()
    }

    /// It could not read the state, and its copy is right all the same.
    private func expectComparesAll(_ pass: ScanPass) throws {
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(
            pass.outcome.errors.contains("all files are compared byte by byte"),
            "\(pass.outcome)"
        )
        #expect(try stage.pair.differences() == [], "the copy is right")
    }

    private func expectNextIsRight() throws {
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "\(next.outcome)")
        try stage.expectSame()
    }

    /// A pass is killed when its record is written but not committed: the journal is what undoes it.
    private func killWhileRecording() throws {
        for index in 0..<400 { try Files.write(stage.from("a/file\(index)"), bytes("x")) }
        try stage.tick()
        let killed = try stage.pass(environment: ["CUTOVER_FAULTS=sqlite_unlink:2:KILL"])
        #expect(killed.outcome.signal == SIGKILL, "\(killed.outcome)")
    }

    @Test(
        "a state that a killed pass left half written, where nothing can be written: all contents are compared",
        .requiresFaultTable
    )
    func halfWritten() throws {
        try stage.settle()
        try killWhileRecording()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 80)
        try stage.tick()
        try stage.memory.remount("ro")
        try expectComparesAll(stage.pairReportingAside.sync())
        try stage.memory.remount("rw")
        try expectNextIsRight()
    }

    @Test("where no state was ever kept, size and time are trusted, and that is told")
    func neverKept() throws {
        try stage.settle()
        try stage.rewriteKeepingTime(stage.from("a/one"), salt: 79)
        // A folder that is not to be had: a file stands in its way.
        try Files.removeTree(stage.pair.state)
        try Files.write(stage.pair.state, bytes("x"))
        let pass = try stage.pass()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.outcome.errors.contains("will be remembered"), "\(pass.outcome)")
        #expect(
            !pass.outcome.errors.contains("all files are compared byte by byte"),
            "\(pass.outcome)"
        )
        #expect(pass.outcome.errors.contains("--checksum"), "\(pass.outcome)")
    }

    @Test("a journal that cannot be looked at is not taken for none", .requiresFaultTable)
    func unseenJournal() throws {
        try stage.settle()
        let database = try #require(try stage.pair.databases().first)
        try killWhileRecording()
        let journal = database + bytes("-journal")
        #expect(try Files.status(journal).st_size > 0, "there is something to roll back")
        let half = try Files.read(database)
        for number in 1...12 {
            let fault = "CUTOVER_FAULTS=sqlite_stat:\(number):EIO"
            let dry = try stage.pass("-n", environment: [fault])
            #expect(dry.outcome.status == 0, "\(fault): \(dry.outcome)")
            #expect(dry.method == .walk, "\(fault): a record that is half changed was believed")
            #expect(try Files.read(database) == half && Files.exists(journal), "\(fault)")
        }
        let blind = try stage.pass(environment: ["CUTOVER_FAULTS=sqlite_stat:1:EIO:*"])
        #expect(blind.outcome.status == 0, "\(blind.outcome)")
        #expect(blind.method == .walk)
        #expect(blind.outcome.errors.contains("will be remembered"), "\(blind.outcome)")
        #expect(try stage.pair.differences() == [])
        #expect(Files.exists(journal), "nothing was written over it")
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "\(next.outcome)")
        #expect(!Files.exists(journal))
        try stage.expectSame()
    }

    @Test("locks that the state's filesystem does not have: told, and the pass is done")
    func noLocks() throws {
        guard FaultTable.isCompiledIn else { return }
        try stage.settle()
        let pass = try stage.pass(environment: ["CUTOVER_FAULTS=flock:2:ENOLCK:*"])
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        #expect(pass.outcome.errors.contains("No locks available"), "\(pass.outcome)")
        try stage.expectSame()
    }

    @Test("the state folder is removed while a pass runs: it ends, and says so")
    func vanishes() throws {
        try stage.settle()
        try Files.write(stage.from("large"), Lookalike.contents(3, count: 3 << 20))
        let process = try stage.pair.start("--bwlimit", "1M")
        waitUntil { (try? JSONReport(stage.pair.reportFile))?.of("progress").isEmpty == false }
        try Files.removeTree(stage.pair.state)
        #expect(process.isRunning, "the test came too late")
        let outcome = process.wait()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.errors.contains("will be remembered"), "\(outcome)")
        #expect(try stage.pair.differences() == [])
        let next = try stage.pass()
        #expect(next.outcome.status == 0, "\(next.outcome)")
        try stage.expectSame()
    }

    @Test("two passes start at once: one runs, or both, one after the other; the record is whole")
    func simultaneous() throws {
        for round in 0..<4 {
            try stage.rewriteKeepingTime(stage.from("a/one"), salt: UInt64(200 + round))
            try stage.tick()
            let script = """
                set +e
                "$1" sync --delete --state "$2" "$3" "$4" & first=$!
                "$1" sync --delete --state "$2" "$3" "$4"; second=$?
                wait $first; echo $? $second
                """
            let outcome = try Shell.attempt(
                script,
                [Cutover.binary, stage.pair.state, stage.pair.from, stage.pair.to]
            )
            let statuses = outcome.output.split(separator: "\n").last ?? ""
            #expect(["0 0", "0 3", "3 0"].contains(String(statuses)), "\(outcome)")
            #expect(try stage.pair.differences() == [])
        }
        try stage.settledScan()
    }

    @Test(
        "`history` looks on again and again while passes begin and end: neither disturbs the other"
    )
    func historyMeanwhile() throws {
        try stage.settle()
        let script = """
            ( while [ -e "$5" ]; do "$1" history --state "$2" > /dev/null || echo history $?; done ) &
            for round in 1 2 3 4 5 6; do
                "$1" sync --delete --state "$2" "$3" "$4" 2>&1 | grep remembered || true
            done
            rm "$5"; wait
            """
        let going = joined(stage.outside, "going")
        try Files.write(going, [])
        let outcome = try Shell.attempt(
            script,
            [Cutover.binary, stage.pair.state, stage.pair.from, stage.pair.to, going]
        )
        #expect(outcome.output == "", "\(outcome)")
        try stage.settledScan()
    }
}
