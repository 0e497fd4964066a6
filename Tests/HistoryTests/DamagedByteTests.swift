// S52: one byte of the database is another one. Whatever byte it is: nothing false is believed, nothing
// throws where a pass begins, and no pass after the next one meets it again.

import History
import TestSupport
import Testing

@Suite("One damaged byte of the record, S52", .timeLimit(.minutes(10))) struct DamagedByteTests {
    private let state: State
    private let expected = (1...3000).map { InodeRecord.example(UInt64($0) * 7) }
    private let original: [UInt8]

    init() throws {
        state = try State()
        let changes = RecordChanges.of(
            expected.map { .put($0) },
            directories: (1...200).map {
                DirectoryRecord(inode: $0 * 7, parent: $0, name: [1, 2, 3])
            }
        )
        try state.open().pass(changes)
        original = try Files.read(state.database)
    }

    @Test("each byte of the header, with one bit turned, and with all turned", arguments: 0..<100)
    func header(place: Int) throws {
        for value in [original[place] ^ 1, ~original[place]] { try damage(place, value) }
    }

    @Test("a byte anywhere else", arguments: 1...40)
    func elsewhere(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let place = 100 + random.below(original.count - 100)
        try damage(place, original[place] ^ UInt8(1 << random.below(8)))
    }

    private func damage(_ place: Int, _ value: UInt8) throws {
        try Files.removeTree(state.folder)
        try Files.makeDirectory(state.folder, mode: 0o700)
        var bytes = original
        bytes[place] = value
        try Files.write(state.database, bytes)
        let what = "byte \(place) is \(value)"
        // Two passes: the second may still meet what the first has found.
        for round in 1...2 {
            let opened = try History.open(
                folder: state.folder,
                pair: state.pair,
                isReadOnly: false
            )
            let history = try #require(opened.history, "\(what)")
            try expectNothingFalse(history, isNew: opened.setAside != nil, what)
            #expect(opened.setAside == nil || round == 1 || wasNoted, "\(what)")
            // It may find the damage, and then notes it.
            do { try history.pass(.of(expected.map { .put($0) })) } catch {
                #expect(error is HistoryProblem && round == 1, "\(what): \(error)")
            }
        }
        let last = try History.open(folder: state.folder, pair: state.pair, isReadOnly: false)
        #expect(last.setAside == nil, "\(what): a third pass meets it again")
        #expect(try last.history?.records() == expected, "\(what)")
    }

    /// The first pass may have noted damage, for which the second sets the record aside.
    private var wasNoted: Bool {
        let names = (try? Files.names(state.folder).map(shown)) ?? []
        return names.contains { $0.contains("set-aside") }
    }

    private func expectNothingFalse(_ history: History, isNew: Bool, _ what: String) throws {
        if isNew {
            #expect(try history.records() == [], "\(what)")
            return
        }
        // Damage that is met is thrown, which is no answer.
        if let records = try? history.records() { #expect(records == expected, "\(what)") }
        for record in expected.prefix(200) {
            guard let found = try? history.inode(record.inode) else { continue }
            #expect(found == record, "\(what)")
        }
    }
}
