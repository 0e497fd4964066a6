// How a record is found, made, refused and set aside. Nothing that cannot be used is believed, and
// nothing is deleted.

import Glibc
import History
import TestSupport
import Testing

@Suite("Opening the record", .timeLimit(.minutes(5))) struct OpeningTests {
    private let state: State

    init() throws { state = try State() }

    @Test("A missing folder is made with all above it, for its owner alone, as is the database")
    func modes() throws {
        let state = try State()
        let deep = joined(state.folder, "one//two/")
        let (history, setAside) = try History.open(
            folder: deep,
            pair: state.pair,
            isReadOnly: false
        )
        #expect(history != nil && setAside == nil)
        for folder in [state.folder, joined(state.folder, "one"), joined(state.folder, "one/two")] {
            #expect(try Files.status(folder).st_mode & 0o7777 == 0o700)
        }
        let names = try Files.names(deep).map(shown).sorted()
        #expect(names == [".lock", ".opening", ".sqlite"].map { State.base + $0 })
        for name in names {
            #expect(try Files.status(joined(deep, name)).st_mode & 0o7777 == 0o600)
        }
        #expect(history?.path == shown(deep) + State.base + ".sqlite")
    }

    @Test("The journal, which holds names too, is the owner's alone")
    func journal() throws {
        let history = try state.open()
        var modes: [mode_t] = []
        let path = state.file(".sqlite-journal")
        var changes = RecordChanges.of([.put(.example(1))])
        changes.nextDirectory = {
            modes.append(try Files.status(path).st_mode & 0o7777)
            return nil
        }
        try history.pass(changes)
        #expect(modes == [0o600])
        #expect(!Files.exists(path))
    }

    @Test("The name of the folder is any bytes")
    func folderName() throws {
        let folder = joined(state.parent, [0xff, 0x0a, 0x27, 0x20, 0x3f, 0x25, 0xc3])
        for _ in 1...2 {
            let opened = try History.open(folder: folder, pair: state.pair, isReadOnly: false)
            let history = try #require(opened.history)
            #expect(opened.setAside == nil)
            try history.pass(.of([.put(.example(64)), .put(.example(65))]))
            #expect(try history.records().count == 2)
        }
        #expect(try Files.names(folder).count == 3)
    }

    @Test("The path of a root is no part of its identity")
    func paths() throws {
        try state.open().pass(.of([.put(.example(5))]))
        state.pair.source.path = bytes("/mnt/elsewhere")
        #expect(try state.open().records() == [.example(5)])
    }

    @Test("Two pairs in one folder do not meet")
    func pairs() throws {
        try state.open().pass(.of([.put(.example(5))]))
        var others: [PairIdentity] = [state.pair, state.pair, state.pair, state.pair, state.pair]
        others[0].source.inode = 129
        others[1].destination.inode = 3
        others[2].source.filesystem.append(1)
        others[3].destination.filesystem = [0xff]
        others[4] = PairIdentity(source: state.pair.destination, destination: state.pair.source)
        for other in others {
            let opened = try History.open(folder: state.folder, pair: other, isReadOnly: false)
            #expect(opened.setAside == nil)
            #expect(try opened.history?.records() == [])
        }
        #expect(try state.open().records() == [.example(5)])
    }

    @Test(
        "A root that was made anew has another birth: the record is set aside",
        arguments: [0, 1]
    )
    func births(side: Int) throws {
        try state.open().pass(.of([.put(.example(5))]))
        if side == 0 {
            state.pair.source.birthNanoseconds += 1
        } else {
            state.pair.destination.birthNanoseconds += 1
        }
        try expectSetAside(.otherPair)
    }

    @Test("A record of another format is set aside")
    func version() throws {
        try state.open().pass(.of([.put(.example(5))]))
        try SQLiteOracle.execute(state.database, "PRAGMA user_version = 6")
        try expectSetAside(.otherVersion(6))
    }

    @Test("A database that is not ours, or was changed by others, is set aside")
    func foreign() throws {
        for change in [
            "PRAGMA application_id = 1", "CREATE TABLE more (a)", "DROP INDEX names_by_parent",
            "DELETE FROM roots", "PRAGMA journal_mode = WAL",
        ] {
            try state.open().pass(.of([.put(.example(5))]))
            try SQLiteOracle.execute(state.database, change)
            try expectSetAside(nil)
        }
    }

    @Test("What is no database is set aside", arguments: Wrong.allCases)
    func wrong(kind: Wrong) throws {
        let size = try { () throws -> Int in
            try state.open().pass(.of((1...100_000).map { .put(.example($0)) }))
            return Int(try Files.status(state.database).st_size)
        }()
        try kind.make(state.database, size: size)
        try expectSetAside(nil)
    }

    @Test("A symbolic link in place of the database is not followed")
    func symbolicLink() throws {
        try state.open().pass(.of([.put(.example(5))]))
        let target = joined(state.parent, "target")
        try Files.rename(state.database, to: target)
        try Files.link(symbolic: state.database, to: target)
        let before = try Files.read(target)
        try expectSetAside(nil)
        #expect(try Files.read(target) == before)
    }

    @Test("A journal whose database is gone is not rolled back into the new one")
    func orphanedJournal() throws {
        try state.open().pass(nil)
        try Files.unlink(state.database)
        for suffix in ["-journal", "-wal", "-shm"] {
            try Files.write(state.file(".sqlite" + suffix), bytes("left over"))
        }
        try state.open().pass(.of([.put(.example(5))]))
        #expect(try state.open().records() == [.example(5)])
        let kept = try Files.names(state.folder).map(shown).filter { $0.contains("set-aside") }
        #expect(kept.count == 3, "\(kept)")
    }

    @Test("What was left of a database in the making is no obstacle")
    func unfinished() throws {
        try Files.makeDirectory(state.folder, mode: 0o700)
        for suffix in [".sqlite.new", ".sqlite.new-journal"] {
            try Files.write(state.file(suffix), bytes("half"))
        }
        try state.open().pass(.of([.put(.example(5))]))
        #expect(try Files.names(state.folder).count == 3)
        #expect(try state.open().records() == [.example(5)])
    }

    @Test("Several that are set aside in one second are all kept")
    func severalSetAside() throws {
        try Files.makeDirectory(state.folder, mode: 0o700)
        for number in 1...4 {
            try Files.write(state.database, bytes("noise \(number)"))
            let made = try History.open(folder: state.folder, pair: state.pair, isReadOnly: false)
            #expect(made.setAside != nil)
        }
        let kept = try Files.names(state.folder).map(shown).filter { $0.contains("set-aside") }
        let contents = try kept.map { try Files.read(joined(state.folder, $0)) }
        #expect(Set(contents) == Set((1...4).map { bytes("noise \($0)") }))
    }

    @Test("A folder in which others can write is refused, and one that is no folder")
    func folders() throws {
        try Files.makeDirectory(state.folder, mode: 0o700)
        for mode: mode_t in [0o777, 0o1777, 0o770, 0o720] {
            try Files.changeMode(state.folder, mode)
            for isReadOnly in [false, true] { try expectRefused(state.folder, isReadOnly) }
        }
        let file = joined(state.parent, "file")
        try Files.write(file, [])
        try expectRefused(file, false)
        try expectRefused(joined(file, "below"), false)
        try expectRefused(bytes("/proc/cutover/state"), false)
        try expectRefused([], false)
        let dangling = joined(state.parent, "dangling")
        try Files.link(symbolic: dangling, to: bytes("nowhere"))
        try expectRefused(dangling, false)
        #expect(try Files.names(state.folder) == [])
    }

    /// Opens read-only, which changes nothing, then for writing, which sets aside and begins anew.
    private func expectSetAside(_ expected: SetAside?) throws {
        let before = try state.everything()
        let looked = try state.openReadOnly()
        #expect(looked.history == nil)
        let reason = try #require(looked.setAside)
        if let expected { #expect(reason == expected) }
        #expect(try state.everything() == before)
        do {
            let made = try History.open(folder: state.folder, pair: state.pair, isReadOnly: false)
            let history = try #require(made.history)
            #expect(made.setAside == reason)
            #expect(try history.lastPass() == nil)
            #expect(try history.records() == [])
            try history.pass(.of([.put(.example(9))]))
        }
        let again = try state.open()
        #expect(try again.records() == [.example(9)])
        let kept = try state.everything().filter { $0.contains("set-aside") }
        // Name aside, each is what it was.
        for line in kept {
            let facts = line.split(separator: " ").dropFirst()
            #expect(before.contains { $0.split(separator: " ").dropFirst() == facts }, "\(line)")
        }
        #expect(!kept.isEmpty)
    }

    private func expectRefused(_ folder: [UInt8], _ isReadOnly: Bool) throws {
        let problem = #expect(throws: HistoryProblem.self) {
            try History.open(folder: folder, pair: state.pair, isReadOnly: isReadOnly)
        }
        guard case .cannotUseFolder(_, let reason) = problem else {
            Issue.record("\(shown(folder)): \(String(describing: problem))")
            return
        }
        #expect(!reason.isEmpty)
    }
}

/// What may stand in the place of a database.
enum Wrong: CaseIterable {
    case empty, oneByte, header, halved, lastPageGone, noise, noiseInTheHeader, text, directory,
        pipe

    func make(_ path: [UInt8], size: Int) throws {
        var random = SeededRandom(seed: 1)
        switch self {
        case .empty: try Files.truncate(path, to: 0)
        case .oneByte: try Files.truncate(path, to: 1)
        case .header: try Files.truncate(path, to: 100)
        case .halved: try Files.truncate(path, to: size / 2)
        case .lastPageGone: try Files.truncate(path, to: size - 16384)
        case .noise: try Files.overwrite(path, random.bytes(size), at: 0)
        case .noiseInTheHeader: try Files.overwrite(path, random.bytes(84), at: 16)
        case .text:
            try Files.unlink(path)
            try Files.write(
                path,
                bytes("this is a text of more than a hundred bytes\n")
                    + [UInt8](
                        repeating: 0x41,
                        count: 20000
                    )
            )
        case .directory:
            try Files.unlink(path)
            try Files.makeDirectory(path)
        case .pipe:
            try Files.unlink(path)
            try Files.makeNode(path, S_IFIFO | 0o600)
        }
    }
}
