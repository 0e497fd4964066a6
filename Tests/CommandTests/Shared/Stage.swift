// What the tests of the rules share: two trees, one pass, and the questions asked after it.
//
// A rule's suite holds one Stage; swift-testing makes one instance for each test, so every test has
// directories of its own on real XFS and ext4. Tests that need a whole volume make a Stage from it.

import Glibc
import TestSupport
import Testing

/// A SOURCE and a DESTINATION.
struct Stage {
    /// The root of SOURCE.
    let from: [UInt8]
    /// The root of DESTINATION.
    let to: [UInt8]
    private let workspace: Workspace?

    /// Two empty directories, on the shared XFS and on the shared ext4 volume.
    init() throws {
        let workspace = try Workspace()
        self.workspace = workspace
        from = workspace.source
        to = workspace.destination
    }

    /// Two trees that exist.
    init(_ from: [UInt8], _ to: [UInt8]) {
        self.from = from
        self.to = to
        workspace = nil
    }

    /// A directory on neither volume; only of a Stage with directories of its own.
    var outside: [UInt8] { workspace?.outside ?? [] }
    /// A second directory on DESTINATION's volume.
    var reference: [UInt8] { workspace?.reference ?? [] }

    func source(_ name: String) -> [UInt8] { joined(from, name) }
    func destination(_ name: String) -> [UInt8] { joined(to, name) }

    /// A pass that must end with status 0.
    @discardableResult
    func pass(
        _ options: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        try Cutover.pass(from, to, ["--delete"] + options, sourceLocation: sourceLocation)
    }

    /// A pass whose status is the test's business, without `--delete` unless asked.
    func attempt(_ options: String..., seconds: Int = 120) throws -> Outcome {
        try Cutover.sync(from, to, options, seconds: seconds)
    }

    /// The calls of one pass with `--delete`; `strace` may make some fail.
    func trace(
        _ options: [String] = ["--delete"],
        calls: [String] = Trace.writing,
        strace: [String] = []
    ) throws -> Trace {
        try Trace.sync(from, to, options, calls: calls, strace: strace.map { bytes($0) })
    }

    /// The calls of one pass in which calls that name `name` fail with an errno.
    func trace(failing calls: String, of name: String, with code: String) throws -> Trace {
        let words = ["-P", name, "-e", "inject=\(calls):error=\(code)"]
        let names = calls.split(separator: ",").map(String.init)
        let trace = try trace(calls: names, strace: words)
        let isInjected = trace.calls.contains { $0.text.contains("INJECTED") }
        #expect(isInjected, "no call of \(name) was made to fail")
        return trace
    }

    /// The independent oracles find no difference.
    func expectSame(
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let differences = try Oracle.differences(from, to)
        let text = differences.joined(separator: "\n")
        #expect(
            differences.isEmpty,
            "\(comment?.description ?? "") \(text)",
            sourceLocation: sourceLocation
        )
    }

    /// One more pass writes nothing (but a file without a name, to learn how times are kept), by
    /// its system calls and by every ctime of DESTINATION.
    func expectNothingToDo(
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try Snapshot(to)
        let trace = try trace()
        let calls = trace.changes(in: to, unnamed: false).prefix(20).joined(separator: "\n")
        let changes = try before.changes().prefix(20).joined(separator: "\n")
        let note = comment?.description ?? ""
        #expect(
            trace.outcome.status == 0,
            "\(note) \(trace.outcome)",
            sourceLocation: sourceLocation
        )
        #expect(calls == "", "\(note)", sourceLocation: sourceLocation)
        #expect(changes == "", "\(note)", sourceLocation: sourceLocation)
    }

    /// Temporary files that a pass has left anywhere below DESTINATION (S13).
    func leftovers() throws -> [[UInt8]] {
        try Files.tree(to).filter { path in
            let name = path.suffix(from: (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)
            return name.starts(with: bytes(".cutover."))
        }
    }
}

/// The inode number of a path.
func inode(_ path: [UInt8]) throws -> UInt64 { UInt64(try Files.status(path).st_ino) }

/// The mode bits of a path, 07777.
func mode(_ path: [UInt8]) throws -> UInt32 { UInt32(try Files.status(path).st_mode) & 0o7777 }

/// The text of a file.
func text(_ path: [UInt8]) throws -> String {
    String(decoding: try Files.read(path), as: UTF8.self)
}
