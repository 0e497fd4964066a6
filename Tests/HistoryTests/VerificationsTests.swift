// Verifications in the record: they come back, where passes are recorded and nowhere else, and cost no record.

import History
import LinuxIO
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

    @Test("while a pass holds the record it is busy, and the pass is not disturbed") func busy()
        throws
    {
        let history = try state.open()
        let id = try history.begin(.example())
        #expect(throws: HistoryProblem.busy) { try add(example()) }
        var pass = PassRecord.example()
        pass.id = id
        try history.finish(pass.ended(), branches: [], failures: [], changes: nil)
        history.close()
        #expect(try add(example()))
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
