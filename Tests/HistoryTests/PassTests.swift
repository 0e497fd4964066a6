// What is remembered of passes comes back as it was given, within its limits.

import History
import TestSupport
import Testing

@Suite("Passes in the record", .timeLimit(.minutes(5))) struct PassTests {
    private let state: State

    init() throws { state = try State() }

    @Test("A pass comes back as it was given: at its beginning, with a watermark, at its end")
    func roundTrip() throws {
        var pass = PassRecord.example()
        let id = try { () throws -> Int64 in
            let history = try state.open()
            let none = try history.lastPass()
            #expect(none == nil)
            return try history.begin(pass)
        }()
        #expect(id > 0)
        pass.id = id
        let history = try state.open()
        #expect(try history.lastPass() == pass)
        #expect(try history.lastCompletePass() == nil)
        try history.setWatermark(4711, pass: id)
        pass.watermarkNanoseconds = 4711
        #expect(try history.lastPass() == pass)
        pass = pass.ended()
        pass.destinationInodes = .max
        pass.counts[.entriesSeen] = 1
        pass.counts[.filesCopied] = 2
        pass.counts[.bytesCopied] = .max
        pass.counts[.attributesRepaired] = 4
        pass.counts[.directoriesMade] = 5
        pass.counts[.directoriesMoved] = 6
        pass.counts[.linksMade] = 7
        pass.counts[.extrasDeleted] = 8
        pass.counts[.failures] = 9
        pass.counts[.vanished] = 10
        try history.finish(pass, branches: [], failures: [], changes: nil)
        #expect(try history.lastPass() == pass)
        #expect(try history.lastCompletePass() == pass)
        #expect(try history.passes(newest: 10) == [pass])
    }

    @Test("The last pass is the newest whatever its end, the last complete one need not be")
    func newest() throws {
        let history = try state.open()
        var passes: [PassRecord] = []
        for isComplete in [true, false] {
            var pass = PassRecord.example(boot: "\(isComplete)")
            pass.id = try history.begin(pass)
            pass = pass.ended(isComplete: isComplete)
            try history.finish(pass, branches: [], failures: [], changes: nil)
            passes.insert(pass, at: 0)
        }
        var running = PassRecord.example()
        running.id = try history.begin(running)
        passes.insert(running, at: 0)
        #expect(try history.lastPass() == running)
        #expect(try history.lastCompletePass() == passes[2])
        #expect(try history.passes(newest: 2) == Array(passes.prefix(2)))
        #expect(try history.passes(newest: 9) == passes)
        #expect(try history.passes(newest: 0) == [])
        #expect(try history.passes(newest: -1) == [])
    }

    @Test("Names of branches and paths of failures are any bytes; what is absent stays absent")
    func details() throws {
        let history = try state.open()
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        let allBytes = [UInt8](0...255)
        let branches = [
            BranchRecord(name: allBytes, workNanoseconds: .max, entries: .max, bytes: .max),
            BranchRecord(name: [], workNanoseconds: 0, entries: 0, bytes: 0),
        ]
        let failures = [
            FailureRecord(path: [], side: "", activity: ""),
            FailureRecord(
                path: allBytes,
                side: "source",
                activity: "reading\u{0001}é",
                errorNumber: -1,
                firstByte: 0,
                endByte: .max,
                detail: ""
            ),
        ]
        try history.finish(
            pass.ended(),
            branches: branches.reversed(),
            failures: failures,
            changes: nil
        )
        #expect(try history.branches(ofPass: pass.id) == branches)
        #expect(try history.failures(ofPass: pass.id) == failures)
        #expect(try history.branches(ofPass: pass.id + 1) == [])
        #expect(try history.failures(ofPass: pass.id + 1) == [])
    }

    @Test("Of branches the 1,000 slowest are kept, of failures the first 10,000")
    func mostDetails() throws {
        let history = try state.open()
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        let branches = (0..<1200).map { index in
            BranchRecord(
                name: bytes("\(index)"),
                workNanoseconds: UInt64(index * 7919 % 1200),
                entries: 0,
                bytes: 0
            )
        }
        let failures = (0..<10500).map {
            FailureRecord(path: bytes("\($0)"), side: "source", activity: "reading")
        }
        try history.finish(pass.ended(), branches: branches, failures: failures, changes: nil)
        let kept = try history.branches(ofPass: pass.id).map { $0.workNanoseconds }
        #expect(kept == (200..<1200).reversed().map { UInt64($0) })
        #expect(try history.failures(ofPass: pass.id) == Array(failures.prefix(10000)))
    }

    @Test("Old passes are forgotten, but none that the next pass has to know of")
    func pruning() throws {
        let last = try { () throws -> Int64 in
            let history = try state.open()
            for index in 0..<3 {
                var pass = PassRecord.example(options: index == 1 ? "rare" : "delete")
                pass.id = try history.begin(pass)
                // The first never ends, the second has options of which no pass completes.
                if index != 2 { continue }
                try history.finish(
                    pass.ended(),
                    branches: [BranchRecord(name: [], workNanoseconds: 1, entries: 1, bytes: 1)],
                    failures: [FailureRecord(path: [1], side: "source", activity: "reading")],
                    changes: nil
                )
            }
            return 3
        }()
        // 1,100 more, complete but for the last 100, each with a failure.
        try SQLiteOracle.execute(
            state.database,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
            INSERT INTO passes (id, started, ended, boot, options, is_partial, is_complete)
            SELECT \(last) + i, i, i, 'boot', 'delete', i > 990, i <= 1000 FROM n;
            INSERT INTO failures (pass, position, path) SELECT id, 0, x'01' FROM passes
            WHERE id > \(last);
            """
        )
        let history = try state.open()
        let newest = try history.begin(.example())
        #expect(newest == last + 1101)
        let kept = try history.passes(newest: 5000).map { $0.id }
        // Not the first: a later pass of the whole with its options has compared what it left.
        #expect(kept == Array(((newest - 999)...newest).reversed()) + [2])
        #expect(try history.lastCompletePass()?.id == last + 1000)
        // The last complete one, the last of those of the whole, and 49 of the newest.
        let detailed = kept.filter { (try? history.failures(ofPass: $0).count) == 1 }
        #expect(detailed.contains(last + 1000) && detailed.contains(last + 990))
        #expect(detailed.count == 51)
        let unsafe = try history.unsafeSince(
            bootIdentifier: "other",
            instance: nil,
            options: "rare"
        )
        #expect(unsafe != nil)
    }

    @Test("A pass that was never begun can neither end nor move its watermark")
    func unknown() throws {
        let history = try state.open()
        let id = try history.begin(.example())
        let unchanged = try history.passes(newest: 9)
        var pass = PassRecord.example()
        pass.id = id + 1
        #expect(throws: HistoryProblem.self) { try history.setWatermark(1, pass: id + 1) }
        #expect(throws: HistoryProblem.self) {
            let changes = RecordChanges.of([.put(.example(1))])
            try history.finish(pass.ended(), branches: [], failures: [], changes: changes)
        }
        #expect(try history.passes(newest: 9) == unchanged)
        #expect(try history.records() == [])
    }
}
