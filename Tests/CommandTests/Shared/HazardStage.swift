// What the tests of hazards share: passes with a report, limits set by a shell, a canary that
// nothing may touch, and a search for what a pass has left.

import Glibc
import TestSupport
import Testing

extension Stage {
    /// One pass with `--delete`, and what it told as JSON.
    func reported(
        _ options: String...,
        environment: [String] = [],
        seconds: Int = 120
    ) throws -> (outcome: Outcome, report: JSONReport) {
        let file = joined(outside, "report.json")
        let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
        let outcome = try Cutover.run(
            bytes: words + [file, from, to],
            environment: environment,
            seconds: seconds
        )
        return (outcome, try JSONReport(file))
    }

    /// Starts a pass with `--delete` that tells JSON into `report`.
    func start(_ options: String..., report: [UInt8], seconds: Int = 120) throws -> Subprocess {
        let words = (["sync", "--delete"] + options + ["--json"]).map { bytes($0) }
        return try Cutover.start(words + [report, from, to], seconds: seconds)
    }

    /// One pass with `--delete` under bash, which first runs `setup`: limits, closed streams,
    /// pipes.
    func pass(under setup: String, _ options: String..., seconds: Int = 120) throws -> Outcome {
        let words = (["sync", "--delete"] + options).map { bytes($0) }
        return try Shell.attempt(
            setup,
            [Cutover.binary] + words + [from, to],
            seconds: seconds
        )
    }

    /// Temporary files that a pass has left, found at any depth (S13, S51).
    func leftoversAtAnyDepth() throws -> [String] {
        try Shell.run("find \"$1\" -name '.cutover.*'", to).lines
    }

    /// Independent tools find no difference; only those that walk below PATH_MAX.
    func expectSameAtAnyDepth(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let differences = try Oracle.differences(from, to, deep: true)
        #expect(differences.isEmpty, "\(differences)", sourceLocation: sourceLocation)
        #expect(try leftoversAtAnyDepth() == [], sourceLocation: sourceLocation)
    }
}

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
