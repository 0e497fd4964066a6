// A tree that no pass may touch, to see that none does.

import Glibc
import TestSupport
import Testing

/// A tree outside the two roots that nothing may read, change or delete.
struct Canary {
    /// A directory.
    let directory: [UInt8]
    /// A file beside it.
    let file: [UInt8]
    /// What its files hold, and no other file does.
    static let mark = "CANARY: this must never be read\n"
    private let snapshot: Snapshot
    private let home: [UInt8]

    /// Makes one in an existing directory that is below neither root.
    init(in place: [UInt8]) throws {
        home = joined(place, Scratch.uniqueName("canary"))
        directory = joined(home, "directory")
        file = joined(home, "file")
        try Files.makeDirectory(home)
        try Files.makeDirectory(directory, mode: 0o751)
        try Files.makeDirectory(joined(directory, "sub"), mode: 0o2711)
        for path in [file, joined(directory, "secret"), joined(directory, "sub/secret")] {
            try Files.write(path, bytes(Canary.mark))
            try Files.changeMode(path, 0o640)
            try Files.changeOwner(path, 4321, 1234)
            try Files.setAttribute(path, "user.canary", bytes("alive"))
            try Files.changeTime(path, seconds: 1_000_000_000, nanoseconds: 42)
        }
        snapshot = try Snapshot(home)
    }

    /// It is as it was: nothing came, went or changed, by every ctime, and contents are what they
    /// were.
    func expectUntouched(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let changes = try snapshot.changes()
        #expect(changes.isEmpty, "\(changes)", sourceLocation: sourceLocation)
        for path in [file, joined(directory, "secret"), joined(directory, "sub/secret")] {
            #expect(try text(path) == Canary.mark, sourceLocation: sourceLocation)
        }
    }

    /// The regular files below `root` that hold what only a canary holds.
    static func copies(in root: [UInt8]) throws -> [String] {
        try Files.tree(root).filter { path in
            let path = joined(root, path)
            guard try Files.status(path).st_mode & S_IFMT == S_IFREG else { return false }
            return try Files.read(path).starts(with: bytes("CANARY"))
        }.map(shown)
    }
}
