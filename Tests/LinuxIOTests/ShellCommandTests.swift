// Commands of a person: nothing of ours reaches them, and none holds us up.

import Dispatch
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite("ShellCommand", .serialized, .timeLimit(.minutes(2))) struct ShellCommandTests {
    private let folder: [UInt8]
    private let output: [UInt8]

    init() throws {
        folder = try Scratch.directory()
        output = joined(folder, Scratch.uniqueName("output"))
    }

    private func run(
        _ text: String,
        environment: [(name: String, value: [UInt8])] = [],
        mask: UInt32? = nil,
        seconds: UInt64 = 60
    ) throws -> ShellCommand.End {
        try ShellCommand(
            bytes(text),
            environment: [("OUTPUT", output)] + environment,
            mask: mask,
            limitNanoseconds: seconds * 1_000_000_000
        ).run()
    }

    private func lines() throws -> [String] {
        String(decoding: try Files.read(output), as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }

    @Test("its status, or its signal")
    func status() throws {
        #expect(try run("exit 0") == .exited(0))
        #expect(try run("exit 7") == .exited(7))
        #expect(try run("no-such-command-here") == .exited(127))
        #expect(try run("kill -TERM $$") == .killed(signal: SIGTERM))
        #expect(ShellCommand.End.killed(signal: 9).status == 137)
    }

    @Test(
        "it sits in /, has /dev/null for its streams and no descriptor of ours, and leads its group"
    )
    func surroundings() throws {
        // Left open to us by whoever started us: without close-on-exec.
        let left = open("/", O_RDONLY)
        let high = fcntl(left, F_DUPFD, 100)
        defer {
            close(left)
            close(high)
        }
        let end = try run(
            """
            { pwd; readlink /proc/self/fd/0; cat
              ps -o pgid= -p $$ | tr -d ' '; echo $$; } > "$OUTPUT"
            """
        )
        #expect(end == .exited(0))
        let lines = try lines()
        try #require(lines.count == 4, "\(lines)")
        #expect(lines[0] == "/" && lines[1] == "/dev/null")
        #expect(lines[2] == lines[3])
        // No shell, which opens pipes; 3 is that of the listing.
        #expect(try run("exec ls /proc/self/fd > \"$OUTPUT\"") == .exited(0))
        #expect(try self.lines() == ["0", "1", "2", "3"])
    }

    @Test("no signal is masked or ignored, whatever this thread and process do")
    func signals() throws {
        var set = sigset_t()
        var before = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &set, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let handler = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, handler) }
        #expect(try run("grep -E '^Sig(Blk|Ign)' /proc/self/status > \"$OUTPUT\"") == .exited(0))
        let lines = try lines()
        try #require(lines.count == 2 && lines[0] == "SigBlk:\t0000000000000000", "\(lines)")
        // 32 and 33 are the C library's own, which posix_spawn(3) has ignored in every child.
        let ignored = try #require(UInt64(lines[1].dropFirst("SigIgn:\t".count), radix: 16))
        #expect(ignored & ~0x1_8000_0000 == 0, "\(lines)")
    }

    @Test(
        "names and values in bytes are set in the place of what was there, and its umask is its own"
    )
    func environment() throws {
        let value: [UInt8] = [0x61, 0xFF, 0x20, 0x22, 0x27, 0x0A, 0x24]
        let end = try run(
            "printf %s \"$HOME\" > \"$OUTPUT\"",
            environment: [("HOME", value)],
            mask: 0o027
        )
        #expect(end == .exited(0))
        #expect(try Files.read(output) == value)
        #expect(try Files.status(output).st_mode & 0o777 == 0o640)
    }

    @Test("a command that prints much is not held up, one that fails after it tells")
    func largeOutput() throws {
        #expect(try run("head -c 50000000 /dev/zero; exit 3") == .exited(3))
    }

    @Test("after its time it is killed with all that it started")
    func timeLimit() throws {
        let start = monotonicSeconds()
        let end = try run("sleep 1000 & echo $! > \"$OUTPUT\"; wait", seconds: 1)
        #expect(end == .timedOut)
        #expect(monotonicSeconds() - start < hangSeconds)
        let child = try #require(try lines().first.flatMap { Int32($0) })
        // Its new parent takes it away.
        waitUntil { !isRunning(child) }
    }

    private func isRunning(_ process: Int32) -> Bool {
        guard let status = try? Files.read(bytes("/proc/\(process)/stat")) else { return false }
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }

    @Test("it is stopped from another thread, and one that was stopped before is not begun")
    func stop() throws {
        let command = ShellCommand(bytes("sleep 1000"), limitNanoseconds: .max)
        let ended = DispatchGroup()
        let end = Lock<ShellCommand.End?>(nil)
        DispatchQueue(label: "run").async(group: ended) {
            let found = try? command.run()
            end.withLock { $0 = found }
        }
        pauseThread(nanoseconds: 100_000_000)
        command.stop()
        #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
        #expect(end.withLock { $0 } == .stopped)
        let early = ShellCommand(
            bytes("echo > '\(String(decoding: output, as: UTF8.self))'"),
            limitNanoseconds: .max
        )
        early.stop()
        #expect(try early.run() == .stopped)
        #expect(!Files.exists(output))
    }

    private static let freezer = "/sys/fs/cgroup/freezer"
    static let canFreeze = Files.exists(bytes(freezer + "/tasks"))

    @Test(
        "a child that does not end when it is killed keeps nobody who stops it until its time is over",
        .enabled(if: canFreeze)
    )
    func stopsWhatCannotEnd() throws {
        // No signal reaches a frozen process, as in a call that cannot be interrupted.
        let group = "\(Self.freezer)/\(Scratch.uniqueName("cutover"))"
        try Shell.run("mkdir -- \"$1\"", bytes(group))
        // A group without members harms nobody.
        defer { _ = try? Shell.run("rmdir -- \"$1\"", bytes(group)) }
        let command = ShellCommand(
            bytes("echo $$ > '\(group)/tasks'; echo > \"$OUTPUT\"; exec sleep 1000"),
            environment: [("OUTPUT", output)],
            limitNanoseconds: .max
        )
        let ended = DispatchGroup()
        let end = Lock<ShellCommand.End?>(nil)
        DispatchQueue(label: "run").async(group: ended) {
            let found = try? command.run()
            end.withLock { $0 = found }
        }
        waitUntil { Files.exists(output) }
        // Freezing can stay incomplete, and is then asked for again (freezer-subsystem.rst).
        try waitUntil {
            try Files.overwrite(bytes(group + "/freezer.state"), bytes("FROZEN"), at: 0)
            return try Files.read(bytes(group + "/freezer.state")) == bytes("FROZEN\n")
        }
        command.stop()
        let result = ended.wait(timeout: .now() + hangSeconds)
        try Files.overwrite(bytes(group + "/freezer.state"), bytes("THAWED"), at: 0)
        #expect(result == .success)
        #expect(end.withLock { $0 } == .stopped)
        try waitUntil { try Files.read(bytes(group + "/tasks")).isEmpty }
    }

    @Test("a thread of the idle class runs it as it runs itself, or as usual when it is put back")
    func priority() throws {
        let answers = Lock<[String]>([])
        let ended = DispatchGroup()
        // A thread of its own: the class is a thread's.
        let body: @Sendable () -> Void = { [self] in
            for isUsual in [false, true] {
                do {
                    try isUsual
                        ? ProcessLimits.setUsualPriority() : ProcessLimits.setIdlePriority()
                    let end = try run("ionice > \"$OUTPUT\"; nice >> \"$OUTPUT\"")
                    let found = try lines().joined(separator: ", ")
                    answers.withLock { $0.append("\(end.status) \(found)") }
                } catch { answers.withLock { $0.append("\(error)") } }
            }
        }
        ended.enter()
        try BlockingThread.start {
            body()
            ended.leave()
        }
        #expect(ended.wait(timeout: .now() + hangSeconds) == .success)
        #expect(answers.withLock { $0 } == ["0 idle, 19", "0 best-effort: prio 4, 0"])
    }
}
