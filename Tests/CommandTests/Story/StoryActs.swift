// What happens in the story, act by act; each knows what it has to leave.

import Glibc
import TestSupport
import Testing

/// The volumes, the users, and what has been seen so far.
final class Story {
    let stage: ScanStage
    let writers: [StoryWriter]
    /// The users' probe takes this lock; who holds it makes it wait.
    let lock: Int32
    private let lockPath: [UInt8]
    /// A file that the disk does not give whole from the loop on, and what DESTINATION has of it before.
    private(set) var damaged = DamagedSource(path: bytes("ledger.db"), contents: [], broken: [])
    private(set) var copyOfDamaged: [UInt8] = []
    /// Keeps the damaged inode from being used anew while its faults are known.
    private var damagedInode: Int32 = -1
    private var random = SeededRandom(seed: 15)

    var pair: ScanPair { stage.pair }
    var root: [UInt8] { stage.pair.from }

    /// Volumes with a tree of every kind of entry, and two users who do not write yet.
    init() throws {
        stage = try ScanStage(isWhole: true)
        let root = stage.pair.from
        try Files.makeDirectory(joined(root, "old"))
        try StandardTree.everything(joined(root, "old"))
        // More than ext4 gives the attributes of a file without `-O ea_inode`.
        try Files.removeAttribute(joined(root, "old/attributes/file"), "user.long")
        for name in ["users", "pictures"] { try Files.makeDirectory(joined(root, name)) }
        for index in 0..<8 {
            try Files.write(joined(root, "pictures/\(index)"), random.bytes(3 << 20))
        }
        copyOfDamaged = random.bytes(256 << 10)
        try Files.write(joined(root, damaged.path), copyOfDamaged)
        writers = try ["anna", "ben"].enumerated().map { index, name in
            try StoryWriter(name, root: root, seed: UInt64(index) + 100)
        }
        writers.work(times: 120)
        lockPath = joined(stage.outside, "lock")
        lock = withBytes(lockPath) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        if lock < 0 { throw CallError(call: "open", name: shown(lockPath), errno: errno) }
    }

    deinit {
        close(lock)
        if damagedInode >= 0 { close(damagedInode) }
    }

    // MARK: The first copy

    /// `sync` while users write, so slow that its status file can be read.
    func firstCopy() throws {
        let before = try SeenTree(root)
        let watcher = StatusWatcher(pair.state)
        writers.resume()
        let begin = SeenMoment()
        let process = try pair.start("--bwlimit", "8M", "--workers", "8")
        let outcome = process.wait()
        let end = SeenMoment()
        writers.pause()
        let told = watcher.stop()
        // Nothing fails but what users took away.
        #expect([0, 24].contains(outcome.status), "\(outcome)")
        let report = try JSONReport(pair.reportFile)
        try FirstCopyJudge(
            before: before,
            operations: writers.operations,
            begin: begin,
            end: end,
            process: process.processID
        ).judge(outcome, report, history: try history(), statuses: told)
    }

    /// All that is recorded.
    func history() throws -> JSONReport {
        try Cutover.run(
            bytes: ["history", "-v", "--json", "-", "--state"].map { bytes($0) } + [pair.state]
        ).report()
    }

    // MARK: The loop

    /// SOURCE's disk has lost two blocks of a file that was changed since, and somebody keeps the users' disk busy.
    func beginLoop() throws -> StoryLoop {
        let contents = random.bytes(256 << 10)
        damaged = DamagedSource(
            path: damaged.path,
            contents: contents,
            broken: [8_192..<12_288, 65_536..<69_632]
        )
        try Files.overwrite(joined(root, damaged.path), contents, at: 0)
        #expect(flock(lock, LOCK_EX) == 0)
        let folder = joined(stage.outside, "loop")
        try Files.makeDirectory(folder)
        return try StoryLoop(
            [
                "--workers", "4", "--pause", "1s", "--ready-below", "1h", "--until-ready",
                "--probe", "flock '\(shown(lockPath))' true", "--probe-limit", "1s",
            ],
            pair,
            folder: folder,
            writers: writers,
            environment: try brokenDisk([damaged], in: root) + ["CUTOVER_WAIT_SECONDS=2"]
        )
    }

    /// The probe hangs: passes give way, until it is let go.
    func givesWay(_ loop: StoryLoop) throws {
        for turn in 0..<5 {
            try loop.pass("gives way", isStill: false) {
                for index in 0..<400 {
                    try Files.write(
                        joined(root, "pictures/s\(turn)-\(index)"),
                        random.bytes(30_000)
                    )
                }
                // Longer than --probe-limit since it began.
                waitUntil { monotonicSeconds() > loop.begin.monotonic + 1.5 }
            }
            if loop.told("back_off").contains(where: { $0.text("state") == "held" }) { break }
        }
        #expect(flock(lock, LOCK_UN) == 0)
    }

    /// Pass after pass beside users who write.
    func rollingPasses(_ loop: StoryLoop) throws {
        for turn in 0..<2 { try loop.pass("rolling \(turn)", isStill: false) }
    }

    /// Users wait while a pass runs: each figure is known to the last one.
    func exactPasses(_ loop: StoryLoop) throws {
        try loop.pass("as users left it", isStill: true)
        try loop.pass("of every kind", isStill: true) { try changeOfEveryKind() }
        try loop.pass("a directory that was renamed", isStill: true) {
            try Files.rename(joined(root, "old/plain/a"), to: joined(root, "old/plain/renamed"))
        }
        try loop.pass("nothing", isStill: true)
        // What it has is whole, and older.
        #expect(try Files.read(joined(pair.to, damaged.path)) == copyOfDamaged)
    }

    private func changeOfEveryKind() throws {
        let old = joined(root, "old")
        try Files.makeDirectory(joined(root, "new"))
        try Files.makeDirectory(joined(root, "new/empty"))
        for size in [0, 1, 4_096, 100_000] {
            try Files.write(joined(root, "new/f\(size)"), random.bytes(size))
        }
        try Files.write(joined(root, "new/linked"), random.bytes(9_000))
        try Files.link(joined(root, "new/again"), to: joined(root, "new/linked"))
        try Files.link(joined(root, "new/picture"), to: joined(root, "pictures/0"))
        try Files.link(symbolic: joined(root, "new/symbolic"), to: bytes("../old"))
        try Files.makeNode(joined(root, "new/fifo"), S_IFIFO | 0o620)
        // A hole between two blocks of data.
        try Files.write(joined(root, "new/sparse"), random.bytes(4_096))
        try Files.overwrite(joined(root, "new/sparse"), random.bytes(4_096), at: 1 << 20)
        try Files.write(joined(root, "pictures/1"), random.bytes(2 << 20))
        try Files.changeMode(joined(root, "pictures/2"), 0o640)
        try Files.setAttribute(joined(root, "pictures/3"), "user.title", bytes("harbour"))
        try Files.changeOwner(joined(root, "pictures/4"), 1_001, 1_002)
        try Files.changeTime(joined(root, "pictures/5"), seconds: 1_600_000_000)
        try Files.removeTree(joined(old, "plain/b"))
        try Files.unlink(joined(old, "links/two/a"))
        try Files.unlink(joined(old, "links/symbolic"))
    }

    // MARK: Full, and ready

    /// Somebody fills DESTINATION where no pass cleans up, and takes it away again.
    func fullDestination(_ loop: StoryLoop) throws {
        let ballast = joined(pair.to, "lost+found/ballast")
        let seen = try loop.pass("full", isStill: true) {
            // Else what is available would be nothing, for root's blocks are none.
            try Shell.run("tune2fs -m 0 \"$1\" >/dev/null", bytes(stage.destination.device))
            let room = try SeenRoom(pair.to).availableBytes
            try Shell.run("fallocate -l \"$2\" \"$1\"", ballast, bytes("\(room - (8 << 20))"))
            for index in 0..<10 {
                try Files.write(joined(root, "pictures/large\(index)"), random.bytes(3 << 20))
            }
        }
        #expect(seen.environment["CUTOVER_STATUS"] == "11", "\(seen.environment)")
        #expect(seen.copyRoom.availableBytes > 0)
        waitUntil(seconds: 60) { loop.told("pause").contains { $0.text("reason") == "full" } }
        try Files.unlink(ballast)
        // It goes on by itself.
        try loop.pass("room again", isStill: true)
    }

    /// The damaged file is put back from a backup, and the loop ends when the switch would be short.
    func ready(_ loop: StoryLoop) throws {
        let path = joined(root, damaged.path)
        damagedInode = withBytes(path) { open($0, O_RDONLY | O_CLOEXEC) }
        #expect(damagedInode >= 0)
        for turn in 0..<8 where loop.process.isRunning {
            try loop.pass("restored \(turn)", isStill: turn == 0) {
                if turn > 0 { return }
                try Files.write(path + bytes(".restored"), damaged.contents)
                try Files.rename(path + bytes(".restored"), to: path)
            }
            // It ends after a pass where nothing fails.
            waitUntil { !loop.process.isRunning || loop.pauses >= loop.passes.count }
        }
        #expect(loop.process.wait().status == 0, "\(loop.process.wait())")
        #expect(loop.told("end").first?.text("reason") == "until_ready")
        #expect(loop.told("end").first?.number("passes") == loop.passes.count)
    }

    // MARK: The switch

    private func last() throws -> (pass: ScanPass, seconds: Double) {
        let begin = SeenMoment()
        let pass = try pair.sync(["--final"], deletes: false)
        return (pass, SeenMoment().monotonic - begin.monotonic)
    }

    /// Refused while users write; then they stop, SOURCE is read-only, and the last pass is made.
    func lastPass() throws {
        writers.resume()
        try expectRefused()
        #expect(try Shell.attempt("mount -o remount,ro -- \"$1\" 2>/dev/null", [root]).status != 0)
        writers.pause()
        writers.work(times: 40)
        writers.stop()
        close(damagedInode)
        damagedInode = -1
        // A process that another test is just starting has the writers' descriptors for a moment.
        try Shell.run(
            """
            for turn in $(seq 50); do mount -o remount,ro -- "$1" 2>/dev/null && exit; sleep 0.1; done
            mount -o remount,ro -- "$1"
            """,
            root
        )
        let toDo = try SeenWork(
            from: try SeenTree(root),
            to: try SeenTree(pair.to),
            mayLookAlike: StoryWriter.owns
        )
        #expect(toDo.files > 0, "\(toDo)")
        let (pass, seconds) = try last()
        #expect(pass.outcome.status == 0, "\(pass.outcome)")
        try FinalJudge(toDo: toDo, seconds: seconds, entries: try SeenTree(root).names)
            .judge(pass, history: try history())
    }

    private func expectRefused() throws {
        let before = try SeenTree(pair.to).entries
        let (pass, _) = try last()
        #expect(pass.outcome.status == 3, "\(pass.outcome)")
        let line = try #require(pass.report.of("refused").last, "\(pass.outcome)")
        #expect(line.text("reason") == "source_writable")
        #expect(line["writable_mounts"]?.elements.contains { $0.path == root } == true, "\(line)")
        let named = line["writers"]?.elements.filter { $0.number("process") == Int(getpid()) } ?? []
        let logs = writers.map { joined(root, $0.log) }
        #expect(named.contains { logs.contains($0.path ?? []) }, "\(line)")
        let name = String(decoding: try readFile("/proc/self/comm"), as: UTF8.self)
        #expect(named.first?.text("name") == String(name.dropLast()), "\(line)")
        #expect(try SeenTree(pair.to).entries == before)
    }

    /// Every byte of both is read.
    func comparison() throws {
        let source = try SeenTree(root)
        let data = try source.files.reduce(0) { $0 + (try source.dataBytes($1)) }
        let begin = SeenMoment()
        let report = joined(stage.outside, "verify.json")
        let outcome = try Cutover.run(
            bytes: [bytes("verify"), bytes("--state"), pair.state, bytes("--json"), report]
                + [pair.from, pair.to]
        )
        let seconds = SeenMoment().monotonic - begin.monotonic
        #expect(outcome.status == 0, "\(outcome)")
        try ComparisonJudge(
            names: source.names,
            files: source.files.count,
            dataBytes: data,
            copyBytes: try copiedData(),
            seconds: seconds
        ).judge(outcome, try JSONReport(report))
    }

    private func copiedData() throws -> Int {
        let copy = try SeenTree(pair.to)
        return try copy.files.reduce(0) { $0 + (try copy.dataBytes($1)) }
    }

    /// By tools and journals that know nothing of the program.
    func end() throws {
        try stage.expectSame("the end")
        let rsync = try Shell.run(
            """
            rsync -naXAHSi --delete --checksum --numeric-ids --exclude=/lost+found \
                --filter='-x system.*' --filter='-x trusted.SGI_*' "$1/" "$2/"
            """,
            pair.from,
            pair.to
        )
        #expect(rsync.stdout == [], "\(rsync)")
        for writer in writers {
            let journal = writer.written
            #expect(journal.troubles == [])
            #expect(journal.done.count == 9 && journal.operations > 200, "\(journal.done)")
            let home = "users/\(writer.name)"
            let there = try SeenTree(joined(pair.to, home))
            let names = Set(there.entries.filter { $0.value.kind == S_IFREG }.keys)
            #expect(names == Set(journal.names.keys.map { Array($0.dropFirst(home.count + 1)) }))
            for (path, contents) in journal.expected {
                #expect(try Files.read(joined(pair.to, path)) == contents, "\(shown(path))")
            }
            let groups = there.groups.values.filter { $0.count > 1 }
            #expect(
                Set(groups.map { Set($0.map { joined(bytes(home), $0) }) }) == Set(journal.linked)
            )
        }
    }
}
