// The number of workers in the record: committed with its pass or not at all, the newest counts, and few are kept.

import History
import TestSupport
import Testing

@Suite("A number of workers that was found", .timeLimit(.minutes(5))) struct TunedWorkersTests {
    private let state: State

    init() throws { state = try State() }

    private func tuned(_ workers: Int, pass: Int64 = 0) -> TunedWorkers {
        var tuned = TunedWorkers(
            workers: workers,
            topWorkers: 30,
            limit: "source",
            machine: "m",
            momentNanoseconds: 1_700_000_000_123_456_789,
            rates: [
                .init(workers: 1, rate: 0.1 + 0.2, spread: 1e-17, steps: 3),
                .init(workers: 250, rate: 1.5e21, spread: 0, steps: 2),
            ],
            isOfBytes: workers == 16
        )
        tuned.pass = pass
        return tuned
    }

    private func pass(_ tuned: TunedWorkers?) throws {
        let history = try state.open()
        defer { history.close() }
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        try history.finish(pass.ended(), branches: [], failures: [], changes: nil, tuned: tuned)
    }

    @Test("the newest comes back; a pass that found none changes nothing") func newest() throws {
        try pass(nil)
        #expect(try state.openReadOnly().history?.tunedWorkers() == nil)
        try pass(tuned(16))
        try pass(tuned(4))
        try pass(nil)
        let history = try #require(try state.openReadOnly().history)
        #expect(try history.tunedWorkers() == tuned(4, pass: 3))
        #expect(try history.tunings() == [tuned(16, pass: 2), tuned(4, pass: 3)])
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("a number that no pass can have is none") func damaged() throws {
        try pass(tuned(16))
        try SQLiteOracle.execute(state.database, "UPDATE tunings SET workers = -1")
        #expect(try state.openReadOnly().history?.tunedWorkers() == nil)
        #expect(try state.openReadOnly().history?.tunings() == [])
        let rates = "2:1:0:3 3:nan:0:3 x:1:0:3 4:1:0 0:1:0:1 5:1:0:1"
        let change = "UPDATE tunings SET workers = 2, rates = '\(rates)'"
        try SQLiteOracle.execute(state.database, change)
        let left = try state.openReadOnly().history?.tunedWorkers()
        #expect(left?.rates.map(\.workers) == [2, 5])
    }

    @Test("the newest 100 are kept") func limit() throws {
        try pass(tuned(1))
        try SQLiteOracle.execute(state.database, "UPDATE tunings SET id = 500")
        try pass(tuned(2))
        try SQLiteOracle.execute(state.database, "UPDATE tunings SET id = 600 WHERE id = 501")
        try pass(tuned(3))
        #expect(
            try SQLiteOracle.text(state.database, "SELECT group_concat(id) FROM tunings")
                == "600,601"
        )
    }
}
