// Looking at records while passes go on: what is told, and that nothing comes of the looking.

import Dispatch
import Glibc
import History
import TestSupport
import Testing

@Suite("Looking at a state folder", .timeLimit(.minutes(5))) struct ArchiveTests {
    private let state: State

    init() throws { state = try State() }

    private func records(_ folder: [UInt8]? = nil) throws -> [ArchivedRecord] {
        let archive = try Archive(folder: folder ?? state.folder)
        return try #require(archive).records()
    }

    /// The only record of the folder, which can be read.
    private func only() throws -> ArchivedRecord.Contents {
        let records = try records()
        #expect(records.count == 1)
        return try #require(records.first).contents.get()
    }

    private func problem(_ record: ArchivedRecord) -> ArchiveProblem? {
        if case .failure(let problem) = record.contents { problem } else { nil }
    }

    @Test("A missing folder is none, and is not made; an empty one has no records")
    func nothing() throws {
        #expect(try Archive(folder: state.folder) == nil)
        #expect(!Files.exists(state.folder))
        try Files.makeDirectory(state.folder, mode: 0o700)
        #expect(try records().isEmpty)
    }

    @Test("The pair is told with the paths of its last pass; files of others are passed over")
    func pair() throws {
        try state.open().pass(nil)
        for name in ["other.sqlite", "a-b-c.sqlite", "x-1-y-2.sqlite", ".sqlite"] {
            try Files.write(joined(state.folder, name), [])
        }
        try Files.rename(
            state.file(".lock"),
            to: joined(state.folder, State.base + ".sqlite.set-aside-20380119T031407Z")
        )
        let contents = try only()
        #expect(contents.pair == state.pair)
        #expect(contents.pair.source.path == state.pair.source.path)
        #expect(contents.pair.destination.path == state.pair.destination.path)
        let record = try #require(try records().first)
        #expect(record.isNamed(for: state.pair))
        #expect(record.path == shown(state.database))
        var other = state.pair
        other.destination.inode += 1
        #expect(!record.isNamed(for: other))
    }

    @Test("The newest pass runs as long as its pair is locked; without the lock it is dead")
    func running() throws {
        let history = try state.open()
        try history.pass(nil)
        let ended = try only().history.observedPasses(newest: 9)
        #expect(ended.passes.count == 1 && ended.running == nil)
        let id = try history.begin(.example())
        let open = try only().history.observedPasses(newest: 1)
        #expect(open.passes.map(\.id) == [id] && open.running == id)
        #expect(try only().history.passCount() == 2)
        #expect(throws: HistoryProblem.busy) { try state.open() }
        withExtendedLifetime(history) {}
    }

    @Test("A pass whose process is gone does not run, nor does it while a dry run looks")
    func dead() throws {
        let id = try { try state.open().begin(.example()) }()
        #expect(try only().history.observedPasses(newest: 9).running == nil)
        let dryRun = try state.openReadOnly().history
        try withExtendedLifetime(dryRun) {
            let seen = try only().history.observedPasses(newest: 9)
            #expect(seen.passes.map(\.id) == [id] && seen.running == nil)
        }
    }

    @Test("One pass by its id, with its failures and branches")
    func one() throws {
        let history = try state.open()
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        pass = pass.ended()
        let failures = [FailureRecord(path: [0xff], side: "source", activity: "read")]
        let branches = [BranchRecord(name: [0xff], workNanoseconds: 1, entries: 2, bytes: 3)]
        try history.finish(pass, branches: branches, failures: failures, changes: nil)
        let seen = try only().history
        #expect(try seen.pass(pass.id) == pass)
        #expect(try seen.pass(pass.id + 1) == nil)
        #expect(try seen.failures(ofPass: pass.id) == failures)
        #expect(try seen.branches(ofPass: pass.id) == branches)
    }

    @Test("Looking changes nothing in the folder, and nothing can be written through it")
    func changesNothing() throws {
        try state.open().pass(nil)
        let before = try state.everything()
        let history = try only().history
        #expect(try history.observedPasses(newest: 9).passes.count == 1)
        #expect(throws: HistoryProblem.self) { try history.begin(.example()) }
        #expect(try state.everything() == before)
    }

    @Test("In the middle of a pass's last transaction the record is that of before")
    func duringTransaction() throws {
        let history = try state.open()
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        var seen: [(passes: [PassRecord], running: Int64?)] = []
        let changes = RecordChanges(
            replacesAll: false,
            nextInode: {
                seen.append(try only().history.observedPasses(newest: 9))
                return nil
            }
        )
        try history.finish(pass.ended(), branches: [], failures: [], changes: changes)
        #expect(seen.map(\.running) == [pass.id])
        #expect(seen.first?.passes == [pass])
        #expect(try only().history.lastPass() == pass.ended())
    }

    @Test("What a killed process was writing is neither believed nor put right by looking")
    func hotJournal() throws {
        try state.open().pass(nil)
        // A journal that has to be rolled back, by its header alone: https://sqlite.org/fileformat2.html,
        // "The Rollback Journal".
        let magic: [UInt8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]
        let numbers: [UInt8] = [0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0x40, 0]
        let rest = [UInt8](repeating: 0, count: 512 - magic.count - numbers.count)
        try Files.write(state.file(".sqlite-journal"), magic + numbers + rest)
        let before = try state.everything()
        #expect(try records().map(problem) == [.interrupted])
        #expect(try state.everything() == before)
    }

    @Test("Of a record that cannot be used the reason is told, and it stays as it is")
    func problems() throws {
        try state.open().pass(nil)
        func change(_ bytes: [UInt8], at offset: Int) throws -> ArchiveProblem? {
            let whole = try Files.read(state.database)
            try Files.overwrite(state.database, bytes, at: offset)
            let before = try state.everything()
            let found = try records().map(problem)
            #expect(try state.everything() == before)
            try Files.overwrite(state.database, whole, at: 0)
            return try #require(found.count == 1 ? found[0] : nil)
        }
        // Places of the header: https://sqlite.org/fileformat2.html.
        #expect(try change([0, 0, 0, 9], at: 60) == .otherVersion(9))
        #expect(try change([1, 2, 3, 4], at: 68) == .damaged("it is not a database of cutover"))
        #expect(try change([2, 2], at: 18) == .damaged("its journal mode is not ours"))
        #expect(try change(bytes("Not"), at: 0) == .damaged("it is not an SQLite database"))
        #expect(try records().map(problem) == [nil])
        try Files.write(state.file(".damaged"), bytes("why"))
        #expect(
            try records().map(problem) == [.damaged("an earlier pass found it damaged: why")]
        )
        try Files.unlink(state.file(".damaged"))
        try Files.unlink(state.database)
        try Files.makeDirectory(state.database)
        #expect(try records().map(problem) == [.damaged("it is not a file")])
    }

    @Test("A folder in which others can write is refused")
    func others() throws {
        try state.open().pass(nil)
        try Files.changeMode(state.folder, 0o777)
        #expect(throws: HistoryProblem.self) { try Archive(folder: state.folder) }
    }

    @Test(
        "A look at the lock keeps no pass from beginning: it lasts a moment, and the pass tries again"
    )
    func doesNotDisturb() throws {
        try state.open().pass(nil)
        // What `observedPasses` does, and longer than it does it.
        let look = withBytes(state.file(".lock")) { open($0, O_RDONLY | O_CLOEXEC) }
        try #require(look >= 0 && flock(look, LOCK_SH | LOCK_NB) == 0)
        DispatchQueue(label: "look").asyncAfter(deadline: .now() + .milliseconds(30)) {
            close(look)
        }
        try state.open().pass(nil)
        #expect(try only().history.passCount() == 2)
    }
}
