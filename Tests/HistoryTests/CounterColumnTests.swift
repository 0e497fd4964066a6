// Counters in the table of passes: each in the column of its own name.

import History
import TestSupport
import Testing

@Suite("Counters in the record", .timeLimit(.minutes(5))) struct CounterColumnTests {
    private let state: State

    init() throws { state = try State() }

    @Test("each recorded counter comes back, from the column that has its key")
    func columns() throws {
        var pass = PassRecord.example()
        let history = try state.open()
        pass.id = try history.begin(pass)
        pass = pass.ended()
        for (index, (counter, _)) in PassCounter.recorded.enumerated() {
            pass.counts[counter] = 1_000 + UInt64(index)
        }
        try history.finish(pass, branches: [], failures: [], changes: nil)
        #expect(try history.lastPass() == pass)
        for (index, (counter, _)) in PassCounter.recorded.enumerated() {
            let sql = "SELECT \(counter.row.key) FROM passes"
            #expect(try SQLiteOracle.number(state.database, sql) == 1_000 + index)
        }
        #expect(PassCounter.recorded.count >= 10)
    }

    @Test("a counter that the record does not keep has no column")
    func others() throws {
        // Opened and closed: the tables are made.
        try state.open().pass(nil)
        let recorded = Set(PassCounter.recorded.map(\.counter))
        for counter in PassCounter.allCases {
            let sql =
                "SELECT count(*) FROM pragma_table_info('passes') WHERE name = '\(counter.row.key)'"
            let columns = try SQLiteOracle.number(state.database, sql)
            #expect(columns == (recorded.contains(counter) ? 1 : 0), "\(counter)")
        }
    }

    @Test(
        "version 2 brought no counter: its databases are there, and have none more than version 1"
    )
    func versions() {
        for (counter, version) in PassCounter.recorded {
            #expect(version == 1 || version > 2, "\(counter)")
        }
    }
}
