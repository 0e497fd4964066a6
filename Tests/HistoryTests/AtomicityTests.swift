// All of a pass's changes or none, whatever stops it: an error, a signal, the machine.

import Glibc
import History
import TestSupport
import Testing

@Suite("All or nothing", .timeLimit(.minutes(10))) struct AtomicityTests {
    private let state: State

    init() throws { state = try State() }

    private struct Stop: Error {}

    /// Where `finish` is stopped.
    enum Moment: CaseIterable {
        case atOnce, amongInodes, atTheirEnd, amongDirectories, amongNames, afterAll
    }

    @Test("An error in the middle of `finish` leaves all as it was", arguments: Moment.allCases)
    func thrown(moment: Moment) throws {
        let history = try state.open()
        try fill(history)
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        let before = try contents(history)
        var given = 0
        var changes = RecordChanges.of(replacesAll: true)
        changes.nextInode = {
            given += 1
            if moment == .atOnce || moment == .amongInodes && given == 500 { throw Stop() }
            if given <= 1000 { return .put(.example(UInt64(given), version: 9)) }
            if moment == .atTheirEnd { throw Stop() }
            return nil
        }
        changes.nextDirectory = {
            given += 1
            if moment == .amongDirectories && given == 1100 { throw Stop() }
            return given <= 1200 ? DirectoryRecord(inode: 5, parent: 1, name: [9]) : nil
        }
        changes.nextNames = {
            given += 1
            if moment == .amongNames && given == 1300 { throw Stop() }
            if moment == .afterAll && given > 1400 { throw Stop() }
            return given <= 1400 ? (UInt64(given), [NameRecord(parent: 1, nameHash: 9)]) : nil
        }
        #expect(throws: HistoryProblem.self) {
            try history.finish(
                pass.ended(),
                branches: [BranchRecord(name: [1], workNanoseconds: 1, entries: 1, bytes: 1)],
                failures: [FailureRecord(path: [1], side: "source", activity: "reading")],
                changes: changes
            )
        }
        #expect(try contents(history) == before)
        #expect(try history.failures(ofPass: pass.id) == [])
        #expect(try history.branches(ofPass: pass.id) == [])
        #expect(try history.lastPass() == pass)
        // It goes on afterwards.
        try history.finish(pass.ended(), branches: [], failures: [], changes: .of([.remove(1)]))
        #expect(try history.inode(1) == nil)
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("The problem that a source throws is the one that comes out")
    func problem() throws {
        let history = try state.open()
        var changes = RecordChanges.of()
        changes.nextInode = { throw HistoryProblem.failed("a reason") }
        #expect(throws: HistoryProblem.failed("a reason")) { try history.pass(changes) }
    }

    @Test("A pass killed while it writes leaves the record of the pass before")
    func killed() async throws {
        let before = try { () throws -> [String] in
            let history = try state.open()
            try fill(history)
            return try contents(history)
        }()
        let folder = state.folder
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as [UInt8]] in
            let state = try State()
            let (history, _) = try History.open(
                folder: folder,
                pair: state.pair,
                isReadOnly: false
            )
            try history?.pass(.large { kill(getpid(), SIGKILL) })
        }
        let journal = state.file(".sqlite-journal")
        let hot = try Files.read(journal).prefix(8)
        // https://sqlite.org/fileformat2.html, "The Rollback Journal": a journal that counts.
        try #require(hot == [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7], "not hot: \(hot)")

        let files = try state.everything()
        let looked = try state.openReadOnly()
        #expect(looked.history == nil && looked.setAside != nil)
        #expect(try state.everything() == files)

        let history = try state.open()
        // The begin of the killed pass was durable.
        let killed = try #require(try history.lastPass())
        #expect(killed.endNanoseconds == nil)
        #expect(try contents(history) == before)
        #expect(!Files.exists(journal))
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("The files as they are in the middle of a change, elsewhere: rolled back")
    func copied() throws {
        let history = try state.open()
        try fill(history)
        let before = try contents(history)
        let other = try State()
        let copy = { try Shell.run("cp -a -- \"$1\" \"$2\"", self.state.folder, other.folder) }
        try history.pass(.large { _ = try copy() })  // its output is empty
        let unfinished = try Files.status(other.database).st_size
        #expect(unfinished > 10_000_000, "nothing of the change was in the file: \(unfinished)")
        do {
            let rolledBack = try other.open()
            #expect(try rolledBack.lastPass()?.endNanoseconds == nil)
            #expect(try contents(rolledBack) == before)
        }
        #expect(try history.records() == [.example(7)])
        #expect(try SQLiteOracle.integrity(other.database) == "ok")
    }

    private func fill(_ history: History) throws {
        var linked = InodeRecord.example(3)
        linked.hasSeveralNames = true
        var directory = InodeRecord.example(5)
        directory.isDirectory = true
        var inodes = (1...2000).map { InodeRecord.example($0) }
        inodes[2] = linked
        inodes[4] = directory
        try history.pass(
            .of(
                inodes.map { .put($0) },
                directories: [DirectoryRecord(inode: 5, parent: 1, name: [1])],
                names: [(inode: 3, names: [NameRecord(parent: 1, nameHash: 1)])]
            )
        )
    }

    /// What is recorded of inodes, and of the first pass.
    private func contents(_ history: History) throws -> [String] {
        let rest = [
            "\(try history.names(of: 3))", "\(try history.names(of: 1300))",
            "\(try history.directory(5), default: "-")",
            "\(try history.lastCompletePass(), default: "-")",
        ]
        return try history.records().map { "\($0)" } + rest
    }
}

extension RecordChanges {
    /// A walk of more than SQLite keeps in memory (16 MiB), so that pages of the database have been
    /// written when it calls `atEnd`, before its last directory.
    fileprivate static func large(atEnd: @escaping () throws -> Void) -> RecordChanges {
        var changes = RecordChanges.of(replacesAll: true, [.put(.example(7))])
        var given: UInt64 = 0
        let name = [UInt8](repeating: 0x6e, count: 255)
        changes.nextDirectory = {
            given += 1
            if given == 90_000 { try atEnd() }
            return given <= 90_000 ? DirectoryRecord(inode: given, parent: 1, name: name) : nil
        }
        return changes
    }
}
