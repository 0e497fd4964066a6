// Two at once, and readers: who may, who must wait, and what a dry run leaves (nothing).

import Glibc
import History
import Synchronization
import TestSupport
import Testing

@Suite("Sharing the record", .timeLimit(.minutes(5))) struct SharingTests {
    private let state: State

    init() throws { state = try State() }

    @Test("Two passes of one pair never run together, in one process or two")
    func exclusive() async throws {
        do {
            let history = try state.open()
            #expect(throws: HistoryProblem.busy) { try state.open() }
            #expect(throws: HistoryProblem.busy) { try state.openReadOnly() }
            let pair = state.pair
            let folder = state.folder
            await #expect(processExitsWith: .success) {
                [
                    folder = folder as [UInt8], source = pair.source.filesystem as [UInt8],
                    destination = pair.destination.filesystem as [UInt8]
                ] in
                let pair = PairIdentity(
                    source: RootIdentity(
                        filesystem: source,
                        inode: 128,
                        birthNanoseconds: 0,
                        path: []
                    ),
                    destination: RootIdentity(
                        filesystem: destination,
                        inode: 2,
                        birthNanoseconds: 0,
                        path: []
                    )
                )
                #expect(throws: HistoryProblem.busy) {
                    try History.open(folder: folder, pair: pair, isReadOnly: false)
                }
            }
            withExtendedLifetime(history) {}
        }
        try state.open().pass(nil)
    }

    @Test("A reader of inodes holds the record's lock")
    func readerHoldsLock() throws {
        var reader: InodeReader?
        try {
            let history = try state.open()
            try history.pass(.of([.put(.example(1)), .put(.example(2))]))
            reader = try history.inodeReader(0..<99)
        }()
        #expect(try reader?.next() == .example(1))
        #expect(throws: HistoryProblem.busy) { try state.open() }
        reader = nil
        try state.open().pass(nil)
    }

    @Test("A record that is closed while threads ask it answers them or fails, and hurts nobody")
    func closedWhileAsked() throws {
        let history = try state.open()
        try history.pass(.of((1...200).map { .put(.example($0)) }))
        let counts = Counts()
        let threads = try (0..<3).map { _ in
            try Thread {
                // Each goes on until it has met the end, and a little further.
                var failures = 0
                while failures < 100 {
                    do {
                        if try history.passCount() != 1 { counts.wrong.add(1, ordering: .relaxed) }
                        counts.right.add(1, ordering: .relaxed)
                    } catch {
                        failures += 1
                    }
                }
            }
        }
        while counts.right.load(ordering: .relaxed) < 100 { sched_yield() }
        history.close()
        for thread in threads { thread.join() }
        #expect(counts.wrong.load(ordering: .relaxed) == 0)
        #expect(throws: HistoryProblem.self) { try history.passCount() }
        // It was no damage, and the next pass finds all.
        let next = try state.open()
        #expect(try next.records().count == 200)
    }

    @Test("Dry runs share; a pass has to wait for them")
    func shared() throws {
        try state.open().pass(.of([.put(.example(1))]))
        do {
            let one = try state.openReadOnly()
            let two = try state.openReadOnly()
            #expect(try one.history?.records() == [.example(1)])
            #expect(try two.history?.records() == [.example(1)])
            #expect(throws: HistoryProblem.busy) { try state.open() }
            withExtendedLifetime((one, two)) {}
        }
        try state.open().pass(nil)
    }

    @Test("S46: a dry run makes nothing where nothing is")
    func nothing() throws {
        let looked = try state.openReadOnly()
        #expect(looked.history == nil && looked.setAside == nil)
        #expect(!Files.exists(state.folder))
        try Files.makeDirectory(state.folder, mode: 0o755)
        let again = try state.openReadOnly()
        #expect(again.history == nil && again.setAside == nil)
        #expect(try Files.names(state.folder) == [])
    }

    @Test("S46: a dry run changes no file, reads all, and refuses to write")
    func readOnly() throws {
        var pass = PassRecord.example()
        try {
            let history = try state.open()
            try history.pass(
                .of(
                    [.put(.example(1))],
                    directories: [DirectoryRecord(inode: 1, parent: 2, name: [3])],
                    names: [(inode: 1, names: [NameRecord(parent: 2, nameHash: 3)])]
                )
            )
            pass.id = try history.begin(pass)
        }()
        let before = try state.everything()
        do {
            let history = try #require(try state.openReadOnly().history)
            #expect(try history.lastPass() == pass)
            #expect(try history.inode(1) == .example(1))
            #expect(try history.directory(1)?.name == [3])
            #expect(try history.names(of: 1).count == 1)
            #expect(try history.records() == [.example(1)])
            #expect(throws: HistoryProblem.self) { try history.begin(pass) }
            #expect(throws: HistoryProblem.self) { try history.setWatermark(1, pass: pass.id) }
            #expect(throws: HistoryProblem.self) { try history.pass(nil) }
            #expect(try state.everything() == before)
        }
        #expect(try state.everything() == before)
        // The lock's file may be missing, too.
        try Files.unlink(state.file(".lock"))
        let without = try state.everything()
        let history = try #require(try state.openReadOnly().history)
        #expect(try history.inode(1) == .example(1))
        #expect(try state.everything() == without)
    }

    @Test(
        "A full folder and one that cannot be written are told, with the reason",
        .requiresVolumes
    )
    func fullAndReadOnly() throws {
        let folder = state.folder
        try Files.makeDirectory(folder)
        try Shell.run("mount -t tmpfs -o size=4m,mode=0700 none \"$1\"", folder)
        // What stays mounted is unmounted by the watcher of Scratch.
        defer { _ = try? Shell.run("umount -- \"$1\"", folder) }
        try Shell.run("dd if=/dev/zero of=\"$1/ballast\" bs=64k 2>/dev/null || true", folder)
        expectReason("No space left on device")
        try Shell.run("rm -- \"$1/ballast\"", folder)
        try {
            let history = try state.open()
            try history.pass(.of([.put(.example(1))]))
            let id = try history.begin(.example())
            try Shell.run("dd if=/dev/zero of=\"$1/ballast\" bs=4k 2>/dev/null || true", folder)
            let problem = #expect(throws: HistoryProblem.self) {
                try history.setWatermark(5, pass: id)
            }
            #expect(problem == .failed("No space left on device"))
            #expect(try history.inode(1) == .example(1))
        }()
        // What is there can be read; the first that is to be remembered fails.
        #expect(throws: HistoryProblem.failed("No space left on device")) {
            try state.open().begin(.example())
        }
        try Shell.run("rm -- \"$1/ballast\"; mount -o remount,ro \"$1\"", folder)
        expectReason("Read-only file system")
        #expect(try state.openReadOnly().history?.inode(1) == .example(1))
    }

    @Test("A database that cannot be written is refused, not set aside", .requiresVolumes)
    func immutable() throws {
        try state.open().pass(.of([.put(.example(1))]))
        try Shell.run("chattr +i -- \"$1\"", state.database)
        // So that it can be removed.
        defer { _ = try? Shell.run("chattr -i -- \"$1\"", state.database) }
        let before = try state.everything()
        expectReason("the file cannot be written")
        #expect(try state.everything() == before)
    }

    private func expectReason(
        _ expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let problem = #expect(throws: HistoryProblem.self, sourceLocation: sourceLocation) {
            try state.open()
        }
        guard case .cannotUseFolder(let path, let reason) = problem else { return }
        #expect(reason.hasSuffix(expected), "\(reason)", sourceLocation: sourceLocation)
        #expect(path == shown(state.folder), sourceLocation: sourceLocation)
    }

    @Test("Lookups of many threads go on while a pass changes the record: each of before or after")
    func threads() throws {
        let history = try state.open()
        let count: UInt64 = 3000
        try history.pass(.of((1...count).map { .put(.example($0)) }))
        let wrong = Atomic<Int>(0)
        let threads = try (0..<8).map { number in
            try Thread {
                var random = SeededRandom(seed: UInt64(number))
                for _ in 0..<3000 {
                    let inode = UInt64(random.below(Int(count) * 2)) + 1
                    let found = try? history.inode(inode)
                    let isRight =
                        inode > count
                        ? found == nil
                        : found == .example(inode) || found == .example(inode, version: 1)
                    if !isRight { wrong.add(1, ordering: .relaxed) }
                }
            }
        }
        try history.pass(.of((1...count).map { .put(.example($0, version: 1)) }))
        let inodes = Array(1...count)
        let old = try inodes.filter { try history.inode($0) != .example($0, version: 1) }
        for thread in threads { thread.join() }
        #expect(old == [])
        #expect(wrong.load(ordering: .relaxed) == 0)
    }
}

/// What threads count together.
private final class Counts: Sendable {
    let right = Atomic(0)
    let wrong = Atomic(0)
}
