// A name that a pass found another inode under: what the record said of the one that had it is not believed any
// more, and its directory is looked at again.

import History
import Testing

@Suite("The record: names that were given to another inode") struct NameOwnersTests {
    private let state: State
    private let history: History
    /// Directory 128 with the files 200 and 201, and far away 70,000; all of 128.
    private let files: [InodeRecord]
    private let directory: InodeRecord

    init() throws {
        state = try State()
        history = try state.open()
        var directory = InodeRecord.example(128, parent: 1)
        directory.isDirectory = true
        self.directory = directory
        files = [200, 201, 70_000].map { .example($0, parent: 128) }
        try history.pass(
            .of(
                ([directory] + files).map { .put($0) },
                directories: [DirectoryRecord(inode: 128, parent: 1, name: [1])]
            )
        )
    }

    private var uncertainDirectory: InodeRecord {
        var record = directory
        record.changedNanoseconds = InodeRecord.mustRecheck
        return record
    }

    @Test("an inode that was not met loses its record to the one that was met under its name")
    func takenName() throws {
        var other = InodeRecord.example(50, version: 3, parent: 128)
        other.nameHash = files[2].nameHash
        try history.pass(.of([.put(other)]))
        #expect(try history.records() == [other, uncertainDirectory, files[0], files[1]])
        #expect(try history.directory(128) != nil)
    }

    @Test("two that changed places and were both met keep their records")
    func exchanged() throws {
        var (one, two) = (files[0], files[2])
        (one.nameHash, two.nameHash) = (two.nameHash, one.nameHash)
        try history.pass(.of([.put(one), .put(two)]))
        #expect(try history.records() == [directory, one, files[1], two])
    }

    @Test("of two that were met under one name neither is believed")
    func bothMet() throws {
        var (one, two) = (files[0], files[2])
        one.nameHash = 7
        two.nameHash = 7
        try history.pass(.of([.put(one), .put(two)]))
        #expect(try history.records() == [uncertainDirectory, files[1]])
    }

    @Test(
        "one of several names counts as any other; a directory goes with its row",
        arguments: [true, false]
    )
    func otherKinds(ownerHasSeveral: Bool) throws {
        var linked = InodeRecord.example(300, parent: 128)
        linked.hasSeveralNames = true
        var child = InodeRecord.example(301, parent: 128)
        child.isDirectory = true
        let names = [linked, child].map { NameRecord(parent: 128, nameHash: $0.nameHash) }
        let far = NameRecord(parent: 128, nameHash: 99)
        try history.pass(
            .of(
                [.put(linked), .put(child)],
                directories: [DirectoryRecord(inode: 301, parent: 128, name: [2])],
                names: [(inode: 300, names: [names[0], far])]
            )
        )
        var owner = InodeRecord.example(400, parent: 128)
        owner.hasSeveralNames = ownerHasSeveral
        owner.nameHash = names[1].nameHash
        var second = InodeRecord.example(401, parent: 128)
        second.nameHash = 99
        try history.pass(
            .of(
                [.put(owner), .put(second)],
                names: ownerHasSeveral ? [(inode: 400, names: [names[1]])] : []
            )
        )
        #expect(try history.inode(300) == nil)
        #expect(try history.names(of: 300) == [])
        #expect(try history.inode(301) == nil)
        #expect(try history.directory(301) == nil)
        #expect(try history.inode(400) == owner)
        #expect(try history.inode(128) == uncertainDirectory)
    }
}
