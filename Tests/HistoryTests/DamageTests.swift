// Damage that an opening does not see: it is an error when it is read, never an answer, never the end
// of the process; and the next pass begins a new record.

import Glibc
import History
import TestSupport
import Testing

@Suite("Damage in the record", .timeLimit(.minutes(10))) struct DamageTests {
    private let state: State

    init() throws { state = try State() }

    @Test("One bit of a record that was turned is found, and the next pass sets the record aside")
    func bit() throws {
        try { () throws -> Void in
            try state.open().pass(.of((1...200).map { .put(.example($0)) }))
        }()
        var file = try Files.read(state.database)
        let parent = pattern(InodeRecord.example(70).nameHash)
        let place = try #require(find(parent, in: file))
        file[place + 12] ^= 4
        try Files.overwrite(state.database, [file[place + 12]], at: place + 12)
        do {
            let history = try #require(try state.openReadOnly().history)
            #expect(try history.inode(5) == .example(5), "another chunk is whole")
            #expect(throws: HistoryProblem.self) { try history.inode(70) }
        }
        #expect(!Files.exists(state.file(".damaged")))
        do {
            let history = try state.open()
            #expect(throws: HistoryProblem.self) { try history.records() }
            #expect(throws: HistoryProblem.self) { try history.pass(.of([.put(.example(71))])) }
            #expect(try history.inode(5) == .example(5))
        }
        let looked = try state.openReadOnly()
        #expect(looked.history == nil && looked.setAside != nil)
        let made = try History.open(folder: state.folder, pair: state.pair, isReadOnly: false)
        guard case .corrupt(let reason) = made.setAside else {
            Issue.record("\(String(describing: made.setAside))")
            return
        }
        #expect(reason.contains("checksum"))
        #expect(try made.history?.records() == [])
        #expect(!Files.exists(state.file(".damaged")))
    }

    @Test(
        "A moment or a number that no pass can have is damage, and the next pass sets the record aside",
        arguments: [
            // One bit of a moment of 2025 that was turned: the difference to now is no number.
            "started = started - 9223372036854775807 - 1",
            "ended = ended - 9223372036854775807 - 1",
            "started_boot = -1 - 9223372036854775807", "ended_boot = 9223372036854775807",
            "watermark = 9223372036854775807", "rolled_back_to = 9223372036854775807",
            "id = 9223372036854775807",
        ]
    )
    func moment(change: String) throws {
        try { () throws -> Void in try state.open().pass(.of([.put(.example(1))])) }()
        try SQLiteOracle.execute(state.database, "UPDATE passes SET \(change)")
        do {
            let looked = try #require(try state.openReadOnly().history)
            #expect(throws: HistoryProblem.self) { try looked.lastPass() }
        }
        do {
            let history = try state.open()
            #expect(throws: HistoryProblem.self) { try history.lastPass() }
        }
        let made = try History.open(folder: state.folder, pair: state.pair, isReadOnly: false)
        guard case .corrupt? = made.setAside else {
            Issue.record("\(String(describing: made.setAside))")
            return
        }
        #expect(try made.history?.lastPass() == nil)
    }

    @Test("Noise anywhere in the file: an error, or what was stored", arguments: 1...40)
    func noise(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let expected = (1...30000).map { InodeRecord.example(UInt64($0) * 3) }
        try { () throws -> Void in
            try state.open().pass(
                .of(
                    expected.map { .put($0) },
                    directories: (1...2000).map {
                        DirectoryRecord(inode: $0 * 3, parent: $0, name: [1, 2, 3])
                    }
                )
            )
        }()
        let size = Int(try Files.status(state.database).st_size)
        for _ in 0...random.below(4) {
            let length = [1, 1, 16, 512, 16384][random.below(5)]
            var place = random.below(size - length)
            if length == 16384 { place -= place % 16384 }
            try Files.overwrite(state.database, random.bytes(length), at: place)
        }
        guard
            let opened = try? History.open(
                folder: state.folder,
                pair: state.pair,
                isReadOnly: false
            ),
            let history = opened.history
        else {
            Issue.record("seed \(seed): refused instead of set aside")
            return
        }
        if opened.setAside != nil {
            #expect(try history.records() == [])
            return
        }
        let looked = Dictionary(uniqueKeysWithValues: expected.map { ($0.inode, $0) })
        for inode in stride(from: UInt64(1), to: 90005, by: 61) {
            if let found = try? history.inode(inode) {
                #expect(found == looked[inode], "seed \(seed)")
            }
            returns { _ = try history.directory(inode) }  // any answer
            returns { _ = try history.directories(in: inode) }  // any answer
        }
        if let records = try? history.records() {
            #expect(Set(records.map { $0.inode }).isSubset(of: looked.keys), "seed \(seed)")
            for record in records { #expect(record == looked[record.inode], "seed \(seed)") }
        }
        returns { _ = try history.passes(newest: 9) }  // any answer
        returns { try history.pass(.of(expected.map { .put($0) })) }
    }

    /// Whatever it throws, it comes back, and it throws nothing but what it may.
    private func returns(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            #expect(error is HistoryProblem)
        }
    }

    private func pattern(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private func find(_ pattern: [UInt8], in file: [UInt8]) -> Int? {
        (0..<file.count - 100).first { start in
            file[start] == pattern[0] && Array(file[start..<start + pattern.count]) == pattern
        }
    }
}
