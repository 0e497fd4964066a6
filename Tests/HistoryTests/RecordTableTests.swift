// The record at hand says what SQLite says, whatever of it is kept in memory.

import History
import TestSupport
import Testing

@Suite("The record at hand", .timeLimit(.minutes(10))) struct RecordTableTests {
    private let state: State

    init() throws { state = try State() }

    @Test(
        "Each question has the answer that a dictionary has",
        arguments: [1, 2, Seeds.base]
    )
    func model(seed: UInt64) throws {
        print("the record at hand against the model: seed \(seed)")
        var random = SeededRandom(seed: seed)
        var model = Model()
        let history = try state.open()
        for round in 0..<10 {
            try history.pass(model.edit(&random))
            // All of it, nothing, and something between: each part is kept whole or not at all.
            for bytesMax in [RecordTable.bytesMax, 0, random.below(20_000)] {
                let table = try RecordTable(history, bytesMax: bytesMax)
                let comment = Comment("seed \(seed), round \(round), \(bytesMax) bytes")
                try compare(table, model, &random, comment)
            }
            let unread = RecordCursor(RecordTable(unread: history))
            for inode in model.inodes.keys {
                #expect(try unread.inode(inode) == model.inodes[inode])
            }
        }
    }

    private func compare(
        _ table: RecordTable,
        _ model: Model,
        _ random: inout SeededRandom,
        _ comment: Comment
    ) throws {
        var recorded: [UInt64] = []
        for chunk in 0..<table.chunkCount {
            for shift in 0..<UInt64(64) where table.recorded(inChunk: chunk) & 1 << shift != 0 {
                recorded.append(table.inode(at: RecordTable.Place(chunk: chunk, bit: 1 << shift)))
            }
        }
        #expect(recorded == model.records.map(\.inode), comment)
        let cursor = RecordCursor(table)
        for inode in recorded.shuffled(using: &random)
            + (0..<200).map({ _ in Model.inode(&random) })
        {
            #expect(try cursor.inode(inode) == model.inodes[inode], comment)
            let names = model.names[inode] ?? []
            #expect(try table.names(of: inode) == names.sorted(), comment)
            for parent: UInt64 in 0..<20 {
                for hash: UInt32 in 0..<3 {
                    let name = NameRecord(parent: parent, nameHash: hash)
                    #expect(
                        try cursor.hasName(name, of: inode) == names.contains(name),
                        comment
                    )
                }
            }
        }
        for directory in model.directories.values {
            func isThere(_ parent: UInt64, _ name: [UInt8]) throws -> Bool {
                try name.withUnsafeBytes {
                    try cursor.hasDirectory(directory.inode, in: parent, named: $0)
                }
            }
            #expect(try isThere(directory.parent, directory.name), comment)
            #expect(try !isThere(directory.parent &+ 1, directory.name), comment)
            #expect(try !isThere(directory.parent, directory.name + [1]), comment)
            guard let last = directory.name.last else { continue }
            #expect(try !isThere(directory.parent, directory.name.dropLast() + [last ^ 1]), comment)
        }
    }

    @Test("An empty record, and one inode")
    func edges() throws {
        let history = try state.open()
        let empty = RecordCursor(try RecordTable(history))
        #expect(try empty.inode(0) == nil)
        #expect(try empty.hasName(NameRecord(parent: 1, nameHash: 1), of: 1) == false)
        try history.pass(.of([.put(.example(63))]))
        let table = try RecordTable(history)
        let one = RecordCursor(table)
        for inode: UInt64 in [0, 62, 64, 127, .max] { #expect(try one.inode(inode) == nil) }
        #expect(try one.inode(63) == .example(63))
        #expect(table.chunkCount == 1)
    }

    @Test("A chunk with a turned bit is an error, not an answer")
    func damage() throws {
        try state.open().pass(.of((0..<64 * 40).map { .put(.example($0)) }))
        // Within the records of some chunk: its checksum is found wrong.
        let found = try Files.read(state.database)
        let record = InodeRecord.example(64 * 20 + 7)
        let bytes = withUnsafeBytes(of: record.changedNanoseconds.littleEndian) { Array($0) }
        let place = try #require(
            found.indices.first { found[$0...].starts(with: bytes) }
        )
        try Files.overwrite(state.database, [found[place] ^ 4], at: place)
        let history = try state.open()
        #expect(throws: HistoryProblem.self) { try RecordTable(history) }
    }
}
