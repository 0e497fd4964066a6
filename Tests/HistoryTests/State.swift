// A state folder for one test, the pair that is recorded in it, and what the tests put in and take out.

import Glibc
import History
import TestSupport
import Testing

/// An own state folder, which is removed with this object; nothing of it is there yet.
final class State {
    let parent: [UInt8]
    /// Where the databases are.
    let folder: [UInt8]
    var pair: PairIdentity

    init() throws {
        parent = joined(try Scratch.directory(), Scratch.uniqueName("state"))
        try Files.makeDirectory(parent, mode: 0o700)
        folder = joined(parent, "state")
        pair = PairIdentity(
            source: RootIdentity(
                filesystem: [UInt8](1...16),
                inode: 128,
                birthNanoseconds: 1_700_000_000_000_000_001,
                path: bytes("/home")
            ),
            destination: RootIdentity(
                filesystem: [0xff, 0],
                inode: 2,
                birthNanoseconds: 0,
                path: [0x2f, 0xff, 0x0a]
            )
        )
    }

    /// With a database that SQL makes, as an earlier version left it.
    convenience init(database tables: String) throws {
        try self.init()
        try Files.makeDirectory(folder, mode: 0o700)
        try Files.write(database, [])
        try Files.changeMode(database, 0o600)
        try SQLiteOracle.execute(database, tables)
    }

    deinit {
        // The watcher of Scratch removes what is left.
        try? Files.removeTree(parent)
    }

    /// The names of this pair's files begin with it.
    static let base = "0102030405060708090a0b0c0d0e0f10-80-ff00-2"

    /// The path of one of the pair's files.
    func file(_ suffix: String) -> [UInt8] { joined(folder, Self.base + suffix) }

    var database: [UInt8] { file(".sqlite") }

    /// Opens for writing; the test fails when that gives no record, or sets one aside.
    func open() throws -> History {
        let (history, setAside) = try History.open(folder: folder, pair: pair, isReadOnly: false)
        guard let history, setAside == nil else {
            throw Unexpected(what: "\(setAside, default: "-")")
        }
        return history
    }

    /// Expects that a pass leaves the tables that it makes in a folder where nothing is.
    func expectMadeAnew() throws {
        let other = try State()
        for state in [self, other] { try state.open().pass(nil) }
        let text = """
            SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master ORDER BY name)
            """
        #expect(try SQLiteOracle.text(database, text) == SQLiteOracle.text(other.database, text))
    }

    /// Opens for reading, which sets nothing aside and changes nothing, and hands over what it gives.
    func expectRead(_ read: (History) throws -> Void) throws {
        let before = try everything()
        let (history, setAside) = try openReadOnly()
        #expect(setAside == nil)
        try read(try #require(history))
        #expect(try everything() == before)
    }

    /// Opens for reading.
    func openReadOnly() throws -> (history: History?, setAside: SetAside?) {
        try History.open(folder: folder, pair: pair, isReadOnly: true)
    }

    /// Each file's name, mode, size, time and contents: what a dry run must not change.
    func everything() throws -> [String] {
        try Files.names(folder).sorted { shown($0) < shown($1) }.map { name in
            let path = joined(folder, name)
            let status = try Files.status(path)
            let isFile = status.st_mode & S_IFMT == S_IFREG
            let contents = isFile ? try Files.read(path).hashValue : 0
            let time = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
            return "\(shown(name)) \(status.st_mode) \(status.st_size) \(time) \(contents)"
        }
    }
}

struct Unexpected: Error { let what: String }

extension PassRecord {
    /// A pass that has just begun.
    static func example(
        boot: String = "boot",
        start: Int64 = 1_700_000_000_123_456_789,
        options: String = "delete"
    ) -> PassRecord {
        PassRecord(
            startNanoseconds: start,
            bootIdentifier: boot,
            startBootNanoseconds: 77,
            options: options,
            method: "walk",
            reason: "no record",
            workers: 30,
            isPartial: false,
            cutoverVersion: "0.1.0"
        )
    }

    /// The same, come to its end.
    func ended(isComplete: Bool = true) -> PassRecord {
        var pass = self
        pass.endNanoseconds = startNanoseconds + 1_000_000_000
        pass.endBootNanoseconds = startBootNanoseconds + 1_000_000_000
        pass.status = isComplete ? 0 : 1
        pass.isComplete = isComplete
        pass.watermarkNanoseconds = startNanoseconds + 999
        return pass
    }
}

extension InodeRecord {
    /// A record whose parts all follow from two numbers.
    static func example(_ inode: UInt64, version: UInt64 = 0, parent: UInt64 = 128) -> InodeRecord {
        let mixed = (inode &+ version &* 0x9e37_79b9) &* 0xff51_afd7_ed55_8ccd
        return InodeRecord(
            inode: inode,
            parent: parent,
            changedNanoseconds: Int64(bitPattern: mixed),
            birth: UInt32(truncatingIfNeeded: mixed >> 13),
            nameHash: UInt32(truncatingIfNeeded: mixed >> 29),
            hasSeveralNames: false,
            isDirectory: false
        )
    }
}

extension RecordChanges {
    /// Changes from lists.
    static func of(
        replacesAll: Bool = false,
        _ inodes: [InodeChange] = [],
        directories: [DirectoryRecord] = [],
        names: [(inode: UInt64, names: [NameRecord])] = []
    ) -> RecordChanges {
        var inode = inodes.makeIterator()
        var directory = directories.makeIterator()
        var name = names.makeIterator()
        return RecordChanges(
            replacesAll: replacesAll,
            nextInode: { inode.next() },
            nextDirectory: { directory.next() },
            nextNames: { name.next() }
        )
    }
}

extension History {
    /// A whole pass that changes the record; gives its id.
    @discardableResult
    func pass(_ changes: RecordChanges?) throws -> Int64 {
        var pass = PassRecord.example()
        pass.id = try begin(pass)
        try finish(pass.ended(), branches: [], failures: [], changes: changes)
        return pass.id
    }

    /// All that is recorded of inodes, by a reader.
    func records(_ range: Range<UInt64> = 0..<UInt64.max) throws -> [InodeRecord] {
        let reader = try inodeReader(range)
        var records: [InodeRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }
}
