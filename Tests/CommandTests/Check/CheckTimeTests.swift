// `cutover check --time`: what is measured and what is not, and that nothing of it stays.

import Glibc
import TestSupport
import Testing

@Suite("check: how long a first copy takes", .requiresVolumes, .timeLimit(.minutes(10)))
struct CheckTimeTests {
    /// A second for each of both tests.
    private static let short = ["CUTOVER_WAIT_SECONDS=1"]

    private func fill(_ volume: LoopVolume, megabytes: Int) throws {
        let script = "for i in 1 2 3 4; do head -c \(megabytes / 4)M /dev/urandom >\"$1/f$i\"; done"
        try Shell.run(script, volume.mountPoint)
    }

    private func time(_ from: LoopVolume, _ to: LoopVolume, _ fault: String? = nil) throws
        -> CheckRun
    {
        let environment = Self.short + (fault.map { ["CUTOVER_FAULTS=\($0)"] } ?? [])
        return try CheckRun(from.mountPoint, to.mountPoint, ["--time"], environment: environment)
    }

    private func leftovers(_ volume: LoopVolume) throws -> [[UInt8]] {
        try Files.names(volume.mountPoint).filter { $0.starts(with: bytes(".cutover")) }
    }

    @Test("both disks are timed, and neither side is changed by that")
    func both() throws {
        try withVolumes { from, to in
            try fill(from, megabytes: 80)
            let source = try Snapshot(from.mountPoint, agesAccess: true)
            try Files.changeTime(to.mountPoint, seconds: 1_000_000_001, nanoseconds: 123_456_789)
            let before = try RootState(to.mountPoint)
            let used = try Shell.run("df --output=iused \"$1\"", to.mountPoint).output
            let run = try time(from, to)
            #expect(run.outcome.status == 0 && run.troubles == [:], "\(run.outcome)")
            let line = try #require(run.copyTime, "\(run.outcome)")
            // All that there is was read, or a second long.
            let bytes = try #require(line.number("read_bytes"))
            let seconds = try #require(line.decimal("read_seconds"))
            #expect(bytes >= 80 << 20 || seconds >= 1, "\(line)")
            #expect(try #require(line.number("made_files")) > 0, "\(line)")
            #expect(line["read_untimed"] == .null && line["make_untimed"] == .null, "\(line)")
            let parts = ["copy_read_seconds", "copy_make_seconds"].compactMap { line.decimal($0) }
            #expect(line.decimal("at_least_seconds") == parts.max() && parts.count == 2, "\(line)")
            #expect(run.outcome.output.contains("A first copy takes at least "))
            for line in run.outcome.lines.dropFirst() { #expect(line.count <= 80, "\(line)") }
            #expect(try source.changes() == [])
            #expect(try RootState(to.mountPoint) == before)
            #expect(try Shell.run("df --output=iused \"$1\"", to.mountPoint).output == used)
        }
    }

    @Test("a small SOURCE says nothing of its disk; where a pass was whole nothing is timed")
    func untimed() throws {
        try withVolumes { from, to in
            try Files.write(joined(from.mountPoint, "file"), bytes("small"))
            let small = try time(from, to)
            #expect(small.copyTime?.text("read_untimed") == "too_small", "\(small.outcome)")
            #expect(small.copyTime?["read_bytes"] == .null)
            #expect(small.outcome.output.contains("Reading SOURCE was not timed"))
            // Without --time nothing is said, and nothing done.
            #expect(try CheckRun(from.mountPoint, to.mountPoint).copyTime == nil)
            let state = joined(try Scratch.directory(), Scratch.uniqueName("state"))
            let pass = try Cutover.run(
                bytes: [bytes("sync"), bytes("--state"), state, from.mountPoint, to.mountPoint]
            )
            #expect(pass.status == 0, "\(pass)")
            let changed = try Files.status(to.mountPoint).st_ctim
            let copied = try CheckRun(
                from.mountPoint,
                to.mountPoint,
                ["--time"],
                state: state,
                environment: Self.short
            )
            #expect(copied.copyTime?.text("read_untimed") == "holds_copy", "\(copied.outcome)")
            #expect(copied.copyTime?.text("make_untimed") == "holds_copy")
            // The next pass keeps its scan.
            let after = try Files.status(to.mountPoint).st_ctim
            #expect(changed.tv_sec == after.tv_sec && changed.tv_nsec == after.tv_nsec)
        }
    }

    @Test("a signal amid it: all that was made is gone, status 20")
    func interrupted() throws {
        try withVolumes { from, to in
            try Files.changeTime(to.mountPoint, seconds: 1_000_000_000)
            let before = try RootState(to.mountPoint)
            let process = try Subprocess(
                [Cutover.binary] + ["check", "--time"].map { bytes($0) }
                    + [from.mountPoint, to.mountPoint],
                seconds: 60
            )
            try waitUntil { try leftovers(to).contains { isDirectory(joined(to.mountPoint, $0)) } }
            process.send(SIGTERM)
            let outcome = process.wait()
            #expect(outcome.status == 20, "\(outcome)")
            #expect(try leftovers(to) == [])
            #expect(try RootState(to.mountPoint) == before)
        }
    }

    private func isDirectory(_ path: [UInt8]) -> Bool {
        // Gone again.
        (try? Files.status(path)).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    @Test(
        "a call that fails is told, and nothing stays",
        .requiresFaultTable,
        arguments: ["mkdirat:1:ENOSPC", "mkdirat:2:EIO", "syncfs:2:EIO"]
    )
    func failing(fault: String) throws {
        try withVolumes { from, to in
            let before = try RootState(to.mountPoint)
            let run = try time(from, to, fault)
            #expect(run.copyTime?.text("make_untimed") == "failed", "\(run.outcome)")
            #expect(run.outcome.output.contains("Making files was not timed"), "\(run.outcome)")
            #expect(try RootState(to.mountPoint) == before)
        }
    }
}
