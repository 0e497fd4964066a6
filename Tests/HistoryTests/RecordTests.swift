// The record of SOURCE's inodes against a simple model, with seeded random edits; and its edges.

import History
import TestSupport
import Testing

/// What the record has to hold, kept in dictionaries.
struct Model {
    var inodes: [UInt64: InodeRecord] = [:]
    var directories: [UInt64: DirectoryRecord] = [:]
    var names: [UInt64: [NameRecord]] = [:]

    private var lastHash: UInt32 = 0

    private mutating func nextHash() -> UInt32 {
        lastHash += 1
        return lastHash
    }

    /// Inodes lie in clusters, some alone, some at the ends of chunks, some where numbers are large.
    static func inode(_ random: inout SeededRandom) -> UInt64 {
        switch random.below(6) {
        case 0: UInt64(random.below(64 * 3))
        case 1: 64 * UInt64(random.below(40)) + (random.chance(50) ? 0 : 63)
        case 2: 1 << 40 + UInt64(random.below(300))
        case 3: UInt64(random.below(100_000))
        case 4: UInt64.max - 1 - UInt64(random.below(100))
        default: 5000 + UInt64(random.below(64 * 6))
        }
    }

    /// Draws the changes of one pass, applies them here, and gives them in their order.
    mutating func edit(_ random: inout SeededRandom) -> RecordChanges {
        let replacesAll = random.chance(15)
        if replacesAll { (inodes, directories, names) = ([:], [:], [:]) }
        var changes: [UInt64: InodeChange] = [:]
        var newDirectories: [DirectoryRecord] = []
        var newNames: [UInt64: [NameRecord]] = [:]
        for _ in 0..<random.below(replacesAll ? 900 : 300) {
            // Half of them hit what is there.
            let known = inodes.keys.sorted()
            let inode =
                known.isEmpty || random.chance(50)
                ? Self.inode(&random) : known[random.below(known.count)]
            if changes[inode] != nil { continue }
            if random.chance(30) {
                changes[inode] = .remove(inode)
                remove(inode)
                continue
            }
            var record = InodeRecord.example(inode, version: random.next(), parent: random.next())
            if random.chance(10) { record.changedNanoseconds = .min }
            record.isDirectory = random.chance(20)
            record.hasSeveralNames = !record.isDirectory && random.chance(20)
            changes[inode] = .put(record)
            if !record.isDirectory { directories[inode] = nil }
            if !record.hasSeveralNames { names[inode] = nil }
            inodes[inode] = record
            if record.isDirectory {
                let name = random.bytes(random.below(40))
                let parent = UInt64(random.below(20))
                let directory = DirectoryRecord(inode: inode, parent: parent, name: name)
                directories[inode] = directory
                newDirectories.append(directory)
            }
            if record.hasSeveralNames {
                let list = (0..<random.below(6)).map { _ in
                    NameRecord(
                        parent: UInt64(random.below(20)),
                        // No two inodes have one name: those are for NameOwnersTests.
                        nameHash: nextHash()
                    )
                }
                names[inode] = list.isEmpty ? nil : list
                newNames[inode] = list
            }
        }
        newDirectories.shuffle(using: &random)
        return .of(
            replacesAll: replacesAll,
            changes.sorted { $0.key < $1.key }.map { $0.value },
            directories: newDirectories,
            names: newNames.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        )
    }

    private mutating func remove(_ inode: UInt64) {
        inodes[inode] = nil
        directories[inode] = nil
        names[inode] = nil
    }

    var records: [InodeRecord] { inodes.sorted { $0.key < $1.key }.map { $0.value } }
}

@Suite("The record of inodes", .timeLimit(.minutes(10))) struct RecordTests {
    private let state: State

    init() throws { state = try State() }

    @Test(
        "Merging any edits gives what a dictionary holds",
        arguments: [1, 2, Seeds.base]
    )
    func model(seed: UInt64) throws {
        print("the record against the model: seed \(seed)")
        var random = SeededRandom(seed: seed)
        var model = Model()
        for round in 0..<25 {
            // Opened anew for each: what one opening remembers is no help to the next.
            let history = try state.open()
            let comment = Comment("seed \(seed), round \(round)")
            try history.pass(model.edit(&random))
            #expect(try history.records() == model.records, comment)
            for _ in 0..<200 {
                let inode = Model.inode(&random)
                #expect(try history.inode(inode) == model.inodes[inode], comment)
                #expect(try history.directory(inode) == model.directories[inode], comment)
                #expect(try history.names(of: inode) == model.names[inode] ?? [], comment)
            }
            for parent: UInt64 in 0..<20 {
                let below = model.directories.values.filter {
                    $0.parent == parent && $0.inode != parent
                }
                let found = try history.directories(in: parent).sorted()
                #expect(found == below.map { $0.inode }.sorted(), comment)
                let linked = model.names.filter { name in
                    name.value.contains { $0.parent == parent }
                }
                let several = try history.inodesWithSeveralNames(in: parent).sorted()
                #expect(several == linked.keys.sorted(), comment)
                let hashes = linked.values.joined().filter { $0.parent == parent }.map(\.nameHash)
                #expect(
                    try history.hashesOfSeveralNames(in: parent) == Set(hashes),
                    comment
                )
            }
            try ranges(history, model, &random, comment)
        }
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    private func ranges(
        _ history: History,
        _ model: Model,
        _ random: inout SeededRandom,
        _ comment: Comment
    ) throws {
        for _ in 0..<10 {
            let one = Model.inode(&random)
            let other = random.chance(20) ? one : Model.inode(&random)
            let range = min(one, other)..<max(one, other)
            let expected = model.records.filter { range.contains($0.inode) }
            #expect(try history.records(range) == expected, comment)
        }
    }

    @Test("A reader gives each inode of its range once, whatever the range and the batches")
    func rangeEdges() throws {
        let history = try state.open()
        // Across some batches of 64 chunks, with a gap.
        let inodes = Array(1..<UInt64(64 * 200)) + Array(UInt64(64 * 5000)..<64 * 5100)
        try history.pass(.of(inodes.map { .put(.example($0)) }))
        let ends: [UInt64] = [0, 1, 63, 64, 65, 64 * 64 - 1, 64 * 64, 64 * 199, 64 * 200]
        for low in ends {
            for high in ends + [64 * 5050 + 7, .max] where high >= low {
                let expected = inodes.filter { low <= $0 && $0 < high }
                #expect(try history.records(low..<high).map { $0.inode } == expected)
            }
        }
        let reader = try history.inodeReader(7..<7)
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil)
    }

    @Test("Several readers at once, and a watermark meanwhile: none waits for another")
    func readers() throws {
        let history = try state.open()
        let id = try history.begin(.example())
        try history.pass(.of((1...20000).map { .put(.example($0)) }))
        let one = try history.inodeReader(1..<10000)
        let two = try history.inodeReader(10000..<20001)
        for inode: UInt64 in 1..<10000 {
            #expect(try one.next()?.inode == inode)
            if inode == 5000 { try history.setWatermark(5, pass: id) }
            #expect(try two.next()?.inode == inode + 9999)
        }
        #expect(try one.next() == nil)
        #expect(try two.next()?.inode == 19999)
        #expect(try two.next()?.inode == 20000)
        #expect(try two.next() == nil)
    }

    @Test("Names of directories are any bytes, of any length that a filesystem has")
    func names() throws {
        let history = try state.open()
        let names: [[UInt8]] = [
            [], [UInt8](1...255), [0xff, 0xfe], [0x0a], [UInt8](repeating: 0xc3, count: 255),
            bytes("'; DROP TABLE inodes; --"), [UInt8](repeating: 0, count: 3),
        ]
        let directories = names.enumerated().map {
            DirectoryRecord(inode: UInt64($0.offset) + 10, parent: .max, name: $0.element)
        }
        try history.pass(.of(directories: directories))
        for directory in directories {
            #expect(try history.directory(directory.inode) == directory)
        }
        #expect(try history.directories(in: .max).count == names.count)
    }

    @Test("A root that is its own parent is not among its directories")
    func root() throws {
        let history = try state.open()
        try history.pass(
            .of(directories: [
                DirectoryRecord(inode: 128, parent: 128, name: []),
                DirectoryRecord(inode: 129, parent: 128, name: [1]),
            ])
        )
        #expect(try history.directories(in: 128) == [129])
    }

    @Test("What hangs on an inode goes with it, however it goes")
    func orphans() throws {
        let history = try state.open()
        var directory = InodeRecord.example(100)
        directory.isDirectory = true
        var linked = InodeRecord.example(101)
        linked.hasSeveralNames = true
        let fill = {
            RecordChanges.of(
                [.put(directory), .put(linked)],
                directories: [DirectoryRecord(inode: 100, parent: 1, name: [1])],
                names: [(inode: 101, names: [NameRecord(parent: 1, nameHash: 1)])]
            )
        }
        let ways: [RecordChanges] = [
            .of([.remove(100), .remove(101)]),
            .of([.put(.example(100)), .put(.example(101))]),
            .of(replacesAll: true),
            .of(replacesAll: true, [.put(directory), .put(linked)]),
        ]
        for way in ways {
            try history.pass(.of(replacesAll: true))
            try history.pass(fill())
            #expect(try history.directories(in: 1) == [100])
            #expect(try history.inodesWithSeveralNames(in: 1) == [101])
            try history.pass(way)
            #expect(try history.directory(100) == nil)
            #expect(try history.directories(in: 1) == [])
            #expect(try history.names(of: 101) == [])
            #expect(try history.inodesWithSeveralNames(in: 1) == [])
        }
    }

    @Test("Changes out of order are refused, and nothing is changed")
    func order() throws {
        let history = try state.open()
        try history.pass(.of([.put(.example(7))]))
        let passes = try history.passes(newest: 9).count
        for wrong: [InodeChange] in [
            [.put(.example(9)), .put(.example(8))],
            [.put(.example(9)), .remove(9)],
            [.put(.example(900)), .put(.example(8))],
        ] {
            #expect(throws: HistoryProblem.self) { try history.pass(.of(wrong)) }
            #expect(try history.records() == [.example(7)])
        }
        #expect(throws: HistoryProblem.self) {
            try history.pass(.of(names: [(inode: 9, names: []), (inode: 9, names: [])]))
        }
        #expect(try history.passes(newest: 9).count == passes + 4)
    }
}
