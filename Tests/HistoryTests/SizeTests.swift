// What a record costs on the disk, and in time.
//
// `CUTOVER_HISTORY_INODES=1000000` measures with other numbers; times are printed, not judged.

import Glibc
import History
import TestSupport
import Testing

@Suite("The size of the record", .timeLimit(.minutes(10))) struct SizeTests {
    private let state: State

    init() throws { state = try State() }

    @Test("200,000 inodes and 15,000 directories take at most 64 bytes each, a delta little time")
    func size() throws {
        let inodes = Environment.value("CUTOVER_HISTORY_INODES").flatMap { Int($0) } ?? 200_000
        let directories = inodes * 15 / 200
        let all = Self.typical(inodes: inodes, directories: directories)
        let history = try state.open()
        try timed("\(all.count) inodes written") {
            try history.pass(Self.changes(all, replacesAll: true))
        }
        let size = Int(try Files.status(state.database).st_size)
        print("\(size) bytes, \(Double(size) / Double(all.count)) an entry")
        #expect(size <= 64 * all.count)

        try timed("read in order") {
            let reader = try history.inodeReader(0..<UInt64.max)
            var count = 0
            while try reader.next() != nil { count += 1 }
            #expect(count == all.count)
        }
        try timed("looked up one by one, in order") {
            for record in all where try history.inode(record.inode) != record {
                Issue.record("\(record)")
            }
        }
        var random = SeededRandom(seed: 5)
        try timed("10,000 looked up anywhere") {
            for _ in 0..<10000 {
                let record = all[random.below(all.count)]
                if try history.inode(record.inode) != record { Issue.record("\(record)") }
            }
        }
        let some = all.filter { _ in random.below(200) == 0 }
        try timed("\(some.count) of them changed") {
            try history.pass(.of(some.map { .put($0) }))
        }
        try timed("all replaced by a walk") {
            try history.pass(Self.changes(all, replacesAll: true))
        }
        let grown = Int(try Files.status(state.database).st_size)
        #expect(grown <= size + size / 10, "\(grown) after \(size)")
    }

    /// Inodes as XFS gives them: in chunks of 64 of which nine in ten are used, directories among
    /// files, names of 4 to 20 bytes, 1 in 500 with two names.
    private static func typical(inodes: Int, directories: Int) -> [InodeRecord] {
        var random = SeededRandom(seed: 1)
        var records: [InodeRecord] = []
        records.reserveCapacity(inodes + directories)
        var inode: UInt64 = 128
        while records.count < inodes + directories {
            inode += random.below(10) == 0 ? 2 : 1
            if random.below(2000) == 0 { inode += UInt64(random.below(1 << 20)) & ~63 }
            var record = InodeRecord.example(inode, parent: 128 + UInt64(random.below(50000)))
            record.isDirectory = random.below(inodes + directories) < directories
            record.hasSeveralNames = !record.isDirectory && random.below(500) == 0
            records.append(record)
        }
        return records
    }

    private static func changes(_ all: [InodeRecord], replacesAll: Bool) -> RecordChanges {
        var random = SeededRandom(seed: 2)
        var inodes = all.makeIterator()
        var directories = all.filter { $0.isDirectory }.makeIterator()
        var linked = all.filter { $0.hasSeveralNames }.makeIterator()
        return RecordChanges(
            replacesAll: replacesAll,
            nextInode: { inodes.next().map { .put($0) } },
            nextDirectory: {
                directories.next().map {
                    let name = random.bytes(4 + random.below(17))
                    return DirectoryRecord(inode: $0.inode, parent: $0.parent, name: name)
                }
            },
            nextNames: {
                linked.next().map {
                    let name = NameRecord(parent: $0.parent, nameHash: $0.nameHash)
                    return (inode: $0.inode, names: [name, name])
                }
            }
        )
    }

    /// Prints how long `body` took, and how much of that it computed: the rest it waited.
    private func timed(_ what: String, _ body: () throws -> Void) rethrows {
        let start = (
            Self.milliseconds(CLOCK_MONOTONIC), Self.milliseconds(CLOCK_PROCESS_CPUTIME_ID)
        )
        try body()
        let passed = Self.milliseconds(CLOCK_MONOTONIC) - start.0
        let computed = Self.milliseconds(CLOCK_PROCESS_CPUTIME_ID) - start.1
        print("\(what): \(passed) ms, \(computed) ms of CPU")
    }

    private static func milliseconds(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
