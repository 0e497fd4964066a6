// A walk that compares its notes with the record comes to the very record that it would have written
// anew. Everything that a later scan concludes rests on that.

import History
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("What a walk leaves of the record") struct MetInodesTests {
    @Test(
        "Notes compared with the record come to what notes alone come to",
        arguments: [1, 2, Seeds.base],
        [RecordTable.bytesMax, 0]
    )
    func equivalence(seed: UInt64, bytesMax: Int) throws {
        print("the roll call: seed \(seed)")
        var random = SeededRandom(seed: seed)
        let compared = try RecordedPair()
        let renewed = try RecordedPair()
        var past = PastWalk()
        for round in 0..<8 {
            let walk = past.walk(&random)
            let table =
                round == 0 ? nil : try RecordTable(compared.history, bytesMax: bytesMax)
            try compared.record(walk, comparingWith: table, &random)
            try renewed.record(walk, comparingWith: nil, &random)
            let comment = Comment("seed \(seed), round \(round)")
            let (inodes, expected) = try (compared.inodes(), renewed.inodes())
            #expect(inodes == expected, comment)
            for record in expected {
                #expect(
                    try compared.history.names(of: record.inode)
                        == renewed.history.names(of: record.inode),
                    comment
                )
                #expect(
                    try compared.history.directory(record.inode)
                        == renewed.history.directory(record.inode),
                    comment
                )
                let isPlaced = try renewed.history.directory(record.inode) != nil
                #expect(isPlaced == (record.isDirectory && record.hasPlace), comment)
            }
            past.records = expected
            past.names = try Dictionary(
                uniqueKeysWithValues: expected.map {
                    ($0.inode, try renewed.history.names(of: $0.inode))
                }
            )
        }
        #expect(past.records.count > 100, "nothing was compared")
    }

    private static func directory(_ inode: UInt64, in parent: UInt64, _ name: String) -> Step {
        let record = InodeRecord(
            inode: inode,
            parent: parent,
            changedNanoseconds: 5,
            birth: 7,
            nameHash: InodeNote.hash(bytes(name)),
            hasSeveralNames: false,
            isDirectory: true
        )
        return .directory(InodeNote(record), parent: parent, name: Name(bytes(name)))
    }

    @Test(
        "S52: what was met at two places has none in the record, and the directories of both are listed again",
        arguments: [true, false]
    )
    func metTwice(isWalk: Bool) throws {
        var random = SeededRandom(seed: 4)
        let pair = try RecordedPair()
        let before = [
            Self.directory(1, in: 0, "."), Self.directory(70, in: 1, "a"),
            Self.directory(71, in: 1, "b"), Self.directory(72, in: 1, "c"),
            Self.directory(73, in: 70, "child"),
        ]
        try pair.record(before, comparingWith: nil, &random)
        let file = InodeRecord(
            inode: 74,
            parent: 71,
            changedNanoseconds: 5,
            birth: 7,
            nameHash: 8,
            hasSeveralNames: false,
            isDirectory: false
        )
        let elsewhere = NameRecord(parent: 70, nameHash: 9)
        let meanwhile = [
            Self.directory(70, in: 71, "a"), Self.directory(71, in: 70, "b"),
            .note(InodeNote(file)), .note(InodeNote(file, elsewhere, changed: 5)),
        ]
        let recorder =
            isWalk
            ? try pair.recorder(
                before + meanwhile,
                comparingWith: try RecordTable(pair.history),
                &random
            )
            : try pair.scanRecorder(Array(before[1...2] + meanwhile))
        try pair.finish(recorder)
        for inode: UInt64 in [70, 71] {
            let record = try #require(try pair.history.inode(inode))
            #expect(!record.hasPlace && record.isDirectory)
            #expect(record.changedNanoseconds == InodeNote.mustRecheck)
            #expect(try pair.history.directory(inode) == nil)
        }
        #expect(try pair.history.inode(1)?.changedNanoseconds == InodeNote.mustRecheck)
        #expect(try pair.history.inode(72)?.changedNanoseconds == 5, "nothing was met in it")
        #expect(try pair.history.directories(in: 70) == [73], "what lies below is known")
        #expect(try pair.history.inode(74) == nil, "it is new to the next scan")
        // A doubt about one without a place makes no name of it.
        let later = try pair.scanRecorder([Self.directory(70, in: 1, "a")])
        later.doubt(70, in: later.makeBuffer())
        try pair.finish(later)
        #expect(try pair.history.directory(70)?.parent == 1)
        #expect(try pair.history.inode(70)?.changedNanoseconds == InodeNote.mustRecheck)
    }

    @Test("A walk that finds all as it was changes no row of the record")
    func nothingChanged() throws {
        var random = SeededRandom(seed: 3)
        let pair = try RecordedPair()
        var past = PastWalk()
        let first = past.walk(&random)
        try pair.record(first, comparingWith: nil, &random)
        past.records = try pair.inodes()
        past.names = try Dictionary(
            uniqueKeysWithValues: past.records.map {
                ($0.inode, try pair.history.names(of: $0.inode))
            }
        )
        let again = past.walkAgain()
        let recorder = try pair.recorder(
            again,
            comparingWith: try RecordTable(pair.history),
            &random
        )
        let changes = recorder.changes(after: [])
        #expect(!changes.replacesAll)
        #expect(try changes.nextInode() == nil)
        #expect(try changes.nextDirectory() == nil)
        #expect(try changes.nextNames() == nil)
    }
}

@Suite("What a scan leaves of the record") struct ScanNotesTests {
    private static let first = NameRecord(parent: 1, nameHash: 11)
    private static let second = NameRecord(parent: 2, nameHash: 22)
    private static let link = NameRecord(parent: 3, nameHash: 33)

    private static func file(_ inode: UInt64, names: Int) -> InodeRecord {
        InodeRecord(
            inode: inode,
            parent: first.parent,
            changedNanoseconds: 5,
            birth: 7,
            nameHash: first.nameHash,
            hasSeveralNames: names > 1,
            isDirectory: false
        )
    }

    /// An inode with one name or two, recorded; then a scan that meets it under a new one, in directory 3, when it has
    /// `now` names.
    private func scanned(
        names: Int,
        now: Int,
        link: NameRecord = ScanNotesTests.link,
        compared: Set<UInt64>,
        listed: [UInt64] = [],
        gone: [UInt64] = []
    ) throws -> (record: InodeRecord?, names: [NameRecord]) {
        var random = SeededRandom(seed: 1)
        let pair = try RecordedPair()
        let old = Self.file(9, names: names)
        let known = names > 1 ? [Self.first, Self.second] : [Self.first]
        try pair.record(
            known.map { .note(InodeNote(old, $0, changed: 5)) },
            comparingWith: nil,
            &random
        )
        let recorder = try pair.scanRecorder()
        recorder.noteCompared(compared)
        for directory in listed + [link.parent] {
            recorder.notePlace(of: directory, parent: 0, name: Name("directory"))
        }
        for directory in gone { recorder.noteGone(directory: directory) }
        recorder.makeBuffer().add(InodeNote(Self.file(9, names: now), link, changed: 6))
        try pair.finish(recorder)
        return (try pair.history.inode(9), try pair.history.names(of: 9))
    }

    @Test(
        "S40: a link that is made while it runs takes no other name from the record, and is looked at again",
        arguments: [1, 2]
    )
    func linkedMeanwhile(names: Int) throws {
        let found = try scanned(names: names, now: names + 1, compared: [])
        #expect(found.record?.changedNanoseconds == InodeNote.mustRecheck)
        let known = names > 1 ? [Self.first, Self.second] : [Self.first]
        #expect(found.names == known + [Self.link])
    }

    @Test(
        "a file that is renamed while it runs is looked for in both directories, whichever has the lower number",
        arguments: [UInt64(0), 3]
    )
    func renamedMeanwhile(parent: UInt64) throws {
        let link = NameRecord(parent: parent, nameHash: 33)
        let found = try scanned(names: 1, now: 1, link: link, compared: [])
        #expect(found.record?.changedNanoseconds == InodeNote.mustRecheck)
        #expect(found.record?.hasSeveralNames == true)
        #expect(found.names == [link, Self.first].sorted())
    }

    @Test(
        "of an inode that was planned, names in directories that were listed or are gone are no more"
    )
    func compared() throws {
        let several = try scanned(names: 2, now: 2, compared: [9], listed: [1], gone: [2])
        #expect(several.record?.changedNanoseconds == 6)
        #expect(several.names == [Self.link])
        let one = try scanned(names: 1, now: 1, compared: [9], gone: [1])
        #expect(one.record?.changedNanoseconds == 6 && one.record?.parent == Self.link.parent)
        #expect(one.record?.hasSeveralNames == false)
    }

    @Test("but not those in a directory that it did not come to")
    func leftOut() throws {
        let found = try scanned(names: 2, now: 3, compared: [9], listed: [1])
        #expect(found.record?.changedNanoseconds == InodeNote.mustRecheck)
        #expect(found.names == [Self.second, Self.link])
    }
}

/// What a walk before left, and walks over what became of it.
private struct PastWalk {
    var records: [InodeRecord] = []
    var names: [UInt64: [NameRecord]] = [:]

    /// Names of directories, so that a note's hash can be that of a name.
    private static func name(_ number: Int) -> Name { Name("directory \(number)") }

    private static func draw(_ random: inout SeededRandom) -> NameRecord {
        NameRecord(
            parent: UInt64(random.below(8)),
            nameHash: InodeNote.hash(name(random.below(40)).bytes)
        )
    }

    private static func step(_ note: InodeNote) -> Step {
        guard note.isDirectory else { return .note(note) }
        let number = (0..<40).first { InodeNote.hash(name($0).bytes) == note.nameHash } ?? 0
        return .directory(note, parent: note.parent, name: name(number))
    }

    /// A walk that meets everything as it is recorded.
    func walkAgain() -> [Step] {
        records.flatMap { record -> [Step] in
            guard record.hasSeveralNames else { return [Self.step(InodeNote(record))] }
            return (names[record.inode] ?? []).map { name in
                .note(InodeNote(record, name, changed: record.changedNanoseconds))
            }
        }
    }

    /// A walk over a tree in which much happened, some of it meanwhile.
    mutating func walk(_ random: inout SeededRandom) -> [Step] {
        var steps: [Step] = []
        for record in records where !random.chance(5) { steps += again(record, &random) }
        var known = Set(records.map(\.inode))
        for _ in 0..<(known.isEmpty ? 500 : 40) {
            let inode = UInt64(random.below(2_000))
            if known.insert(inode).inserted { steps += fresh(inode, &random) }
        }
        return steps.shuffled(using: &random)
    }

    private func again(_ record: InodeRecord, _ random: inout SeededRandom) -> [Step] {
        var now = record
        // It was met at two places, and is at one of them now.
        if !record.hasPlace { (now.parent, now.nameHash) = parts(Self.draw(&random)) }
        var steps: [Step] = []
        if random.chance(10) { now.changedNanoseconds = Int64(random.below(1_000)) }
        if random.chance(3) { now.changedNanoseconds = InodeNote.mustRecheck }
        if random.chance(3) { now.birth = UInt32(random.below(1_000)) }
        if random.chance(3), !record.hasSeveralNames {
            now.isDirectory.toggle()
            if now.isDirectory { (now.parent, now.nameHash) = parts(Self.draw(&random)) }
        }
        var own = record.hasSeveralNames ? names[record.inode] ?? [] : []
        if record.hasSeveralNames, random.chance(20) { own.append(Self.draw(&random)) }
        if record.hasSeveralNames, random.chance(20), own.count > 1 { own.removeLast() }
        if !record.hasSeveralNames, !now.isDirectory, random.chance(5) {
            now.hasSeveralNames = true
            own = [NameRecord(parent: now.parent, nameHash: now.nameHash), Self.draw(&random)]
        }
        if now.hasSeveralNames {
            if random.chance(10), own.count == 1 { now.hasSeveralNames = false }
            steps += own.map {
                .note(InodeNote(now, $0, changed: now.changedNanoseconds))
            }
        } else {
            // Renamed before it was met, or met once more after that.
            let isMoved = random.chance(8)
            if !isMoved || random.chance(50) { steps.append(Self.step(InodeNote(now))) }
            if isMoved {
                let change = random.chance(70) ? Int64(random.below(1_000)) : now.changedNanoseconds
                let note = InodeNote(now, Self.draw(&random), changed: change)
                steps.append(Self.step(note))
            }
        }
        if random.chance(4) { steps.append(.note(InodeNote(inode: record.inode, .doubt))) }
        if random.chance(2) { steps = [.note(InodeNote(inode: record.inode, .doubt))] }
        return steps
    }

    private func fresh(_ inode: UInt64, _ random: inout SeededRandom) -> [Step] {
        let (parent, hash) = parts(Self.draw(&random))
        let isDirectory = random.chance(25)
        let record = InodeRecord(
            inode: inode,
            parent: parent,
            changedNanoseconds: Int64(random.below(1_000)),
            birth: 7,
            nameHash: hash,
            hasSeveralNames: !isDirectory && random.chance(15),
            isDirectory: isDirectory
        )
        guard record.hasSeveralNames else { return [Self.step(InodeNote(record))] }
        return (0..<1 + random.below(4)).map { _ in
            .note(InodeNote(record, Self.draw(&random), changed: record.changedNanoseconds))
        }
    }

    private func parts(_ name: NameRecord) -> (UInt64, UInt32) { (name.parent, name.nameHash) }
}
