// `cutover follow`, led from pass to pass: its own --before and --after stand still until the test has looked, so what a
// pass met and what it left are known, however slow the machine is.

import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

/// One pass of the loop, as it was seen from outside.
struct SeenPass {
    /// How the users behaved.
    enum Users {
        /// Nobody wrote from before it began until it had ended.
        case still
        /// They wrote; so many operations in all.
        case writing(Int)
    }

    let title: String
    let users: Users
    /// The number in the record, as --after was told it.
    let number: Int
    let begin: SeenMoment
    let end: SeenMoment
    let sourceBefore: SeenTree
    let copyBefore: SeenTree
    let sourceAfter: SeenTree
    let copyAfter: SeenTree
    /// Of SOURCE, before it.
    let sourceRoom: SeenRoom
    /// Of DESTINATION, after it.
    let copyRoom: SeenRoom
    /// What was left to do before it, and after it.
    let toDo: SeenWork
    let leftToDo: SeenWork
    /// What --after was told.
    let environment: [String: String]
}

/// The loop and its doors.
final class StoryLoop {
    let process: Subprocess
    let report: [UInt8]
    private let folder: [UInt8]
    private let pair: ScanPair
    private let writers: [StoryWriter]
    private(set) var passes: [SeenPass] = []
    /// When it was started.
    let begin = SeenMoment()

    /// Starts it.
    ///
    /// - Parameters:
    ///   - options: beside those that the story always has.
    ///   - pair: the volumes.
    ///   - folder: an empty folder on neither volume.
    ///   - writers: the users.
    ///   - environment: faults.
    /// - Throws: what a process that cannot be started throws.
    init(
        _ options: [String],
        _ pair: ScanPair,
        folder: [UInt8],
        writers: [StoryWriter],
        environment: [String]
    ) throws {
        (self.folder, self.pair, self.writers) = (folder, pair, writers)
        report = joined(folder, "follow.json")
        let doors = [
            "--before", Self.door("before", folder), "--after", Self.door("after", folder),
        ]
        let words = ["follow", "--delete", "--no-idle"] + options + doors + ["--json"]
        process = try Cutover.start(
            words.map { bytes($0) } + [report, bytes("--state"), pair.state, pair.from, pair.to],
            environment: environment,
            seconds: 400
        )
    }

    /// A command that says that it is there, and ends when the test has said so.
    private static func door(_ name: String, _ folder: [UInt8]) -> String {
        let door = shown(joined(folder, name))
        return "env | grep '^CUTOVER_' >'\(door).env'; : >'\(door).ready'; "
            + "until [ -e '\(door).go' ]; do sleep 0.02; done; rm '\(door).go'"
    }

    /// Waits until the loop stands at a door, and gives what it was told there.
    @discardableResult
    private func waitAt(_ name: String) throws -> [String: String] {
        let ready = joined(folder, name + ".ready")
        waitUntil(seconds: 120) { Files.exists(ready) || !process.isRunning }
        try #require(Files.exists(ready), "the loop never came to \(name): \(process.wait())")
        try Files.unlink(ready)
        let lines = try text(joined(folder, name + ".env")).split(separator: "\n")
        return Dictionary(
            lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
        ) { $1 }
    }

    private func open(_ name: String) throws { try Files.write(joined(folder, name + ".go"), []) }

    /// One pass; the loop stands before the next pause when it returns.
    ///
    /// - Parameters:
    ///   - title: for messages.
    ///   - isStill: nobody writes from before it begins until it has ended.
    ///   - change: done right before it, by nobody of `writers`.
    /// - Returns: what was seen of it.
    /// - Throws: what a failed look throws.
    @discardableResult
    func pass(
        _ title: String,
        isStill: Bool,
        change: () throws -> Void = {}
    ) throws -> SeenPass {
        try waitAt("before")
        if isStill { writers.pause() } else { writers.resume() }
        try change()
        let operations = writers.operations
        let source = try SeenTree(pair.from)
        let copy = try SeenTree(pair.to)
        let toDo = try SeenWork(from: source, to: copy, mayLookAlike: StoryWriter.owns)
        let room = try SeenRoom(pair.from)
        let begin = SeenMoment()
        try open("before")
        let after = try waitAt("after")
        let end = SeenMoment()
        let sourceAfter = try SeenTree(pair.from)
        let copyAfter = try SeenTree(pair.to)
        let done = writers.operations - operations
        let seen = SeenPass(
            title: title,
            users: isStill ? .still : .writing(done),
            number: try #require(after["CUTOVER_PASS"].flatMap { Int($0) }, "\(after)"),
            begin: begin,
            end: end,
            sourceBefore: source,
            copyBefore: copy,
            sourceAfter: sourceAfter,
            copyAfter: copyAfter,
            sourceRoom: room,
            copyRoom: try SeenRoom(pair.to),
            toDo: toDo,
            leftToDo: try SeenWork(
                from: sourceAfter,
                to: copyAfter,
                mayLookAlike: StoryWriter.owns
            ),
            environment: after
        )
        passes.append(seen)
        try open("after")
        return seen
    }

    /// Waits between two passes that have begun by now.
    var pauses: Int { told("pause").count { $0.text("reason") == "pause" } }

    /// Lines of JSON that are there by now.
    func told(_ type: String) -> [JSON] {
        // The last line may be being written.
        ((try? JSONReport(report)) ?? nil)?.of(type) ?? []
    }
}

/// Collects all that status files tell while passes run.
final class StatusWatcher: Sendable {
    private let state: [UInt8]
    private let texts = Shared<[(text: [UInt8], seen: SeenMoment)]>([])
    private let isStopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Looks at the folder with the record until `stop`.
    init(_ state: [UInt8]) {
        self.state = state
        DispatchQueue(label: "story.status").async { [self] in
            while !isStopped.load(ordering: .relaxed) {
                look()
                usleep(10_000)
            }
            ended.signal()
        }
    }

    private func look() {
        // There is none between passes.
        for name in (try? Files.names(state)) ?? [] where name.suffix(7) == bytes(".status")[...] {
            guard let text = try? Files.read(joined(state, name)), !text.isEmpty else { continue }
            let seen = SeenMoment()
            texts.withLock { if $0.last?.text != text { $0.append((text, seen)) } }
        }
    }

    /// Ends it; each text once, with when it was first seen.
    func stop() -> [(text: [UInt8], seen: SeenMoment)] {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        ended.signal()
        return texts.withLock { $0 }
    }
}
