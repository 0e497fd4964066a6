// Verifications in the record: they come back, where passes are recorded and nowhere else, and cost no record.

import History
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite("Recorded verifications", .timeLimit(.minutes(5))) struct VerificationsTests {
    private let state: State

    init() throws { state = try State() }

    private func example(_ differences: UInt64 = 3) -> RecordedVerification {
        var row = RecordedVerification(
            startNanoseconds: 1_700_000_000_123_456_789,
            durationNanoseconds: 77,
            status: 1,
            comparesContents: true,
            samplePercent: "12.5",
            isPartial: true,
            isFiltered: true,
            isComplete: false,
            isStrict: true,
            lastPass: 4,
            machine: "0123456789abcdef",
            cutoverVersion: "0.2.0",
            loginUser: 4_294_967_294
        )
        row.counts.entriesSeen = 1
        row.counts.filesCompared = 2
        row.counts.bytesRead = UInt64.max
        row.counts.differences = differences
        row.counts.pending = 4
        row.counts.changed = 5
        row.counts.failures = 6
        row.counts.vanished = 7
        row.leftAside = bytes("--quotas=off\0")
        return row
    }

    private func add(_ row: RecordedVerification) throws -> Bool {
        try History.add(row, folder: state.folder, pair: state.pair)
    }

    @Test("what is recorded comes back, the oldest first, and passes stay") func back() throws {
        try state.open().pass(.of([.put(.example(5))]))
        #expect(try add(example()))
        #expect(try add(example(9)))
        let history = try #require(try state.openReadOnly().history)
        var wanted = [example(), example(9)]
        wanted[0].id = 1
        wanted[1].id = 2
        #expect(try history.verifications() == wanted)
        #expect(try history.passes(newest: 9).count == 1)
        #expect(try history.records() == [.example(5)])
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("one that left out what passes carry is told apart from one that looked as they do")
    func leftAside() throws {
        func isFiltered(_ words: String, after carried: String?) throws -> Bool? {
            let state = try State()
            let history = try state.open()
            for (isPartial, arguments) in [
                (false, carried.map { bytes($0) }), (true, bytes("--xattrs=user\0--quotas=off\0")),
            ] {
                var pass = PassRecord.example()
                pass.arguments = arguments
                pass.isPartial = isPartial
                pass.id = try history.begin(pass)
                try history.finish(pass.ended(), branches: [], failures: [], changes: nil)
            }
            history.close()
            var row = example()
            row.isFiltered = false
            row.leftAside = bytes(words)
            #expect(try History.add(row, folder: state.folder, pair: state.pair))
            return try state.openReadOnly().history?.verifications().first?.isFiltered
        }
        #expect(try isFiltered("", after: "") == false)
        #expect(try isFiltered("--quotas=off\0", after: "") == true)
        #expect(
            try isFiltered("--quotas=off\0", after: nil) == true,
            "what it carried is not known"
        )
        #expect(try isFiltered("--quotas=off\0", after: "--delete\0--quotas=off\0") == false)
        #expect(try isFiltered("--xattrs=user\0", after: "--xattrs=trusted\0") == true)
        #expect(
            try isFiltered("--xattrs=user\0--quotas=off\0", after: "--quotas=off\0") == true
        )
    }

    @Test("the newest 1,000 are kept") func limit() throws {
        try state.open().pass(nil)
        #expect(try add(example()))
        try SQLiteOracle.execute(state.database, "UPDATE verifications SET id = 5000")
        #expect(try add(example()))
        try SQLiteOracle.execute(
            state.database,
            "UPDATE verifications SET id = 6001 WHERE id = 5001"
        )
        #expect(try add(example()))
        #expect(try state.openReadOnly().history?.verifications().map(\.id) == [6001, 6002])
    }

    @Test("where no pass is recorded nothing is made") func nowhere() throws {
        #expect(try add(example()) == false)
        #expect(!Files.exists(state.folder))
        try Files.makeDirectory(state.folder, mode: 0o700)
        #expect(try add(example()) == false)
        #expect(try Files.names(state.folder) == [])
    }

    @Test("one that ends while a pass runs is recorded, and the pass is not disturbed")
    func besidePass() throws {
        let history = try state.open()
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        #expect(try add(example()))
        try history.setWatermark(5, pass: pass.id)
        #expect(try add(example(9)))
        try history.finish(
            pass.ended(),
            branches: [],
            failures: [],
            changes: .of([.put(.example(5))])
        )
        history.close()
        try expectBoth([3, 9])
    }

    @Test("one that ends while a pass writes its end waits for that") func besideEnd() throws {
        let history = try state.open()
        let (row, folder, pair) = (example(9), state.folder, state.pair)
        let added = Atomic<Int>(0)
        var waiting: Thread?
        var changes = RecordChanges.of([.put(.example(5))])
        changes.nextDirectory = {
            if waiting == nil {
                waiting = try Thread {
                    let isAdded = try? History.add(row, folder: folder, pair: pair)
                    if isAdded == true { added.add(1, ordering: .relaxed) }
                }
            }
            return nil
        }
        try history.pass(changes)
        waiting?.join()
        #expect(added.load(ordering: .relaxed) == 1)
        history.close()
        try expectBoth([9])
    }

    @Test("a dry run is in nobody's way, and nobody in its") func besideDryRun() throws {
        try state.open().pass(.of([.put(.example(5))]))
        let reading = try state.openReadOnly()
        #expect(try add(example()))
        #expect(try reading.history?.verifications().count == 1)
        #expect(try reading.history?.records() == [.example(5)])
        try expectBoth([3])
    }

    private func expectBoth(_ differences: [UInt64]) throws {
        let history = try #require(try state.openReadOnly().history)
        #expect(try history.verifications().map(\.counts.differences) == differences)
        #expect(try history.passes(newest: 9).count == 1)
        #expect(try history.records() == [.example(5)])
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("a record that is of no use is told of, and never set aside or changed")
    func unfit() throws {
        for change in [
            "PRAGMA user_version = 99", "CREATE TABLE more (a)", "PRAGMA application_id = 1",
        ] {
            let state = try State()
            try state.open().pass(nil)
            try SQLiteOracle.execute(state.database, change)
            let before = try state.everything()
            #expect(throws: HistoryProblem.self, "\(change)") {
                try History.add(example(), folder: state.folder, pair: state.pair)
            }
            #expect(try state.everything() == before)
        }
    }

    @Test(
        "the space of branches is kept from the last whole walk, however many scans came after it"
    )
    func space() throws {
        let history = try state.open()
        var walk = PassRecord.example()
        walk.id = try history.begin(walk)
        let branch = BranchRecord(name: bytes("b"), workNanoseconds: 1, entries: 2, bytes: 3)
        try history.finish(walk.ended(), branches: [branch], failures: [], changes: .of())
        for _ in 0..<60 {
            var scan = PassRecord.example()
            scan.method = "scan"
            scan.id = try history.begin(scan)
            try history.finish(scan.ended(), branches: [branch], failures: [], changes: .of())
        }
        #expect(try history.branches(ofPass: walk.id) == [branch])
        #expect(try history.branches(ofPass: 5) == [])
        #expect(try history.branches(ofPass: 61) == [branch])
    }
}
