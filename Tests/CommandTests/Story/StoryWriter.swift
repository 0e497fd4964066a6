// A user at work: a thread that makes, changes, links, renames and removes files in a directory of its own, keeps a log
// open for writing all the time, and keeps a journal of what every file of its holds.

import Dispatch
import Glibc
import Synchronization
import TestSupport

/// One user.
final class StoryWriter: Sendable {
    /// What it knows of its files.
    struct Journal: Sendable {
        /// Which contents a name has, by the path below SOURCE's root.
        fileprivate(set) var names: [[UInt8]: Int] = [:]
        fileprivate(set) var contents: [Int: [UInt8]] = [:]
        /// Operations done, and of these what went wrong, which nothing may.
        fileprivate(set) var operations = 0
        fileprivate(set) var troubles: [String] = []
        /// How often each operation was done.
        fileprivate(set) var done: [String: Int] = [:]
        fileprivate var nextContents = 0
        fileprivate var random: SeededRandom
        fileprivate var isPaused = true

        /// Every name and what it has to hold.
        var expected: [[UInt8]: [UInt8]] { names.mapValues { contents[$0] ?? [] } }
        /// Names that share a file with others, by that file.
        var linked: [Set<[UInt8]>] {
            Dictionary(grouping: names.keys) { names[$0] ?? -1 }.values.map(Set.init)
                .filter { $0.count > 1 }
        }
    }

    let name: String
    private let root: [UInt8]
    private let directory: [UInt8]
    private let logFile: Int32
    private let journal: Shared<Journal>
    private let isStopped = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)

    /// Whether a path is below the users' directories.
    ///
    /// Two writes in one tick of the clock leave one time: there only contents tell.
    static func owns(_ path: [UInt8]) -> Bool { path.starts(with: bytes("users/")) }

    /// The log, below SOURCE's root; it is open for writing until `stop`.
    var log: [UInt8] { joined(directory, "log") }

    /// Makes its directory `users/NAME`, and begins paused.
    init(_ name: String, root: [UInt8], seed: UInt64) throws {
        self.name = name
        self.root = root
        directory = bytes("users/" + name)
        for sub in ["", "/mail"] {
            try Files.makeDirectory(joined(root, directory + bytes(sub)))
        }
        let path = joined(root, joined(directory, "log"))
        logFile = withBytes(path) { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640) }
        if logFile < 0 { throw CallError(call: "open", name: shown(path), errno: errno) }
        journal = Shared(Journal(random: SeededRandom(seed: seed)))
        journal.withLock {
            $0.names[joined(directory, "log")] = 0
            $0.contents[0] = []
            $0.nextContents = 1
        }
        DispatchQueue(label: "story.writer").async { [self] in
            while !isStopped.load(ordering: .relaxed) {
                journal.withLock { if !$0.isPaused { work(&$0) } }
                usleep(2_000)
            }
            close(logFile)
            ended.signal()
        }
    }

    /// Operations done so far.
    var operations: Int { journal.withLock { $0.operations } }
    /// The journal; nothing of it is under way.
    var written: Journal { journal.withLock { $0 } }
    /// Lets it work.
    func resume() { journal.withLock { $0.isPaused = false } }
    /// Waits for what it is doing; then it does nothing more.
    func pause() { journal.withLock { $0.isPaused = true } }
    /// Works so often at once, paused or not.
    func work(times: Int) { journal.withLock { for _ in 0..<times { work(&$0) } } }

    /// Ends it; its log is closed then.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        ended.signal()
    }

    // MARK: Work

    private func work(_ journal: inout Journal) {
        let kinds: [(String, (inout Journal) throws -> Void)] = [
            ("create", create), ("create", create), ("rewrite", rewrite), ("append", append),
            ("overwrite", overwrite), ("save", save), ("remove", remove), ("rename", rename),
            ("link", link), ("attributes", attributes),
        ]
        let (kind, act) = kinds[journal.random.below(kinds.count)]
        do {
            try act(&journal)
            try note("\(journal.operations) \(kind)\n", &journal)
        } catch {
            journal.troubles.append("\(kind): \(error)")
        }
        journal.operations += 1
        journal.done[kind, default: 0] += 1
    }

    private func note(_ line: String, _ journal: inout Journal) throws {
        let text = bytes(line)
        if write(logFile, text, text.count) != text.count {
            throw CallError(call: "write", name: "log", errno: errno)
        }
        journal.contents[0, default: []] += text
    }

    private func free(_ journal: inout Journal) -> [UInt8]? {
        for _ in 0..<20 {
            let number = journal.random.below(120)
            let path = joined(
                directory,
                journal.random.chance(50) ? "f\(number)" : "mail/\(number)"
            )
            if journal.names[path] == nil { return path }
        }
        return nil
    }

    private func taken(_ journal: inout Journal) -> [UInt8]? {
        let names = journal.names.keys.filter { $0 != log }
            .sorted { $0.lexicographicallyPrecedes($1) }
        return names.isEmpty ? nil : names[journal.random.below(names.count)]
    }

    private func create(_ journal: inout Journal) throws {
        guard let path = free(&journal) else { return }
        let contents = journal.random.bytes(1 + journal.random.below(40_000))
        try Files.write(joined(root, path), contents)
        journal.contents[journal.nextContents] = contents
        journal.names[path] = journal.nextContents
        journal.nextContents += 1
    }

    private func rewrite(_ journal: inout Journal) throws {
        guard let path = taken(&journal), let number = journal.names[path] else { return }
        let contents = journal.random.bytes(journal.random.below(20_000))
        try Files.write(joined(root, path), contents)
        journal.contents[number] = contents
    }

    private func append(_ journal: inout Journal) throws {
        guard let path = taken(&journal), let number = journal.names[path] else { return }
        let more = journal.random.bytes(1 + journal.random.below(3_000))
        try Files.overwrite(joined(root, path), more, at: journal.contents[number]?.count ?? 0)
        journal.contents[number, default: []] += more
    }

    private func overwrite(_ journal: inout Journal) throws {
        guard let path = taken(&journal), let number = journal.names[path],
            var contents = journal.contents[number], contents.count > 10
        else { return }
        let part = journal.random.bytes(1 + journal.random.below(contents.count / 2))
        let place = journal.random.below(contents.count - part.count)
        try Files.overwrite(joined(root, path), part, at: place)
        contents.replaceSubrange(place..<place + part.count, with: part)
        journal.contents[number] = contents
    }

    /// As editors save: written beside it, renamed over it.
    private func save(_ journal: inout Journal) throws {
        guard let path = taken(&journal) else { return }
        let contents = journal.random.bytes(journal.random.below(30_000))
        try Files.write(joined(root, path + bytes("~")), contents)
        try Files.rename(joined(root, path + bytes("~")), to: joined(root, path))
        journal.contents[journal.nextContents] = contents
        journal.names[path] = journal.nextContents
        journal.nextContents += 1
    }

    private func remove(_ journal: inout Journal) throws {
        guard let path = taken(&journal) else { return }
        try Files.unlink(joined(root, path))
        journal.names[path] = nil
    }

    private func rename(_ journal: inout Journal) throws {
        guard let path = taken(&journal), let other = free(&journal) else { return }
        try Files.rename(joined(root, path), to: joined(root, other))
        journal.names[other] = journal.names.removeValue(forKey: path)
    }

    private func link(_ journal: inout Journal) throws {
        guard let path = taken(&journal), let other = free(&journal) else { return }
        try Files.link(joined(root, other), to: joined(root, path))
        journal.names[other] = journal.names[path]
    }

    private func attributes(_ journal: inout Journal) throws {
        guard let path = taken(&journal) else { return }
        try Files.changeMode(joined(root, path), journal.random.chance(50) ? 0o600 : 0o664)
        try Files.setAttribute(
            joined(root, path),
            "user.story",
            bytes("\(journal.random.below(1_000))")
        )
    }
}

/// All users at once.
extension [StoryWriter] {
    func resume() { for writer in self { writer.resume() } }
    func pause() { for writer in self { writer.pause() } }
    func work(times: Int) { for writer in self { writer.work(times: times) } }
    func stop() { for writer in self { writer.stop() } }
    var operations: Int { reduce(0) { $0 + $1.operations } }
}

/// A value that two threads of a story have by turns.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let turn = DispatchSemaphore(value: 1)
    // Reached between `wait` and `signal` only.
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R {
        turn.wait()
        defer { turn.signal() }
        return try body(&value)
    }
}
