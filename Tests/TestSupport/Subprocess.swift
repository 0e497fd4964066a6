// Other programs, run with bytes: arguments, environment and output are never decoded on the way,
// because names are bytes (S50) and a test of that must not pass through String.
//
// Output goes to unlinked files, not pipes: a child can never block on us, and what it has printed
// so far can be read while it runs. Every child leads a process group of its own and has a time
// limit; at the limit the group is killed and the test fails, so nothing hangs.
//
// Not promised: an interactive standard input (it is /dev/null, or the bytes given).

package import Glibc
import Testing

/// What a finished program left behind.
package struct Outcome: Sendable, CustomStringConvertible {
    /// The exit status, or nil when a signal ended the program.
    package let status: Int32?
    /// The signal that ended the program, or nil when it exited by itself.
    package let signal: Int32?
    /// Everything written to standard output.
    package let stdout: [UInt8]
    /// Everything written to standard error.
    package let stderr: [UInt8]
    /// The command, for messages only.
    package let command: String

    /// Standard output as text, bytes that are not UTF-8 replaced.
    package var output: String { String(decoding: stdout, as: UTF8.self) }
    /// Standard error as text, bytes that are not UTF-8 replaced.
    package var errors: String { String(decoding: stderr, as: UTF8.self) }
    /// Standard error in one line: sentences that are wrapped to the width of a terminal are whole again.
    package var errorsUnwrapped: String {
        errors.split { $0.isWhitespace }.joined(separator: " ")
    }
    /// Standard output cut at newlines, without empty lines.
    package var lines: [String] {
        stdout.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    package var description: String {
        let end = status.map { "status \($0)" } ?? "signal \(signal ?? 0)"
        return "\(command): \(end)\nstdout: \(output.suffix(4000))\nstderr: \(errors.suffix(4000))"
    }
}

/// A program that was started and may still run.
///
/// One owner waits for it: `wait` may be called again and answers the same outcome.
package final class Subprocess {
    /// The child's process id, which is also its process group.
    package let processID: pid_t
    private let command: String
    private let outputFile: Int32
    private let errorFile: Int32
    private let deadline: timespec
    private var outcome: Outcome?

    /// Starts `arguments[0]`, searched in PATH, with `posix_spawnp`.
    ///
    /// - Parameters:
    ///   - arguments: the whole vector, program first.
    ///   - environment: `NAME=value` entries; nil is `Environment.inherited`.
    ///   - input: what standard input holds; nil is /dev/null.
    ///   - terminal: where standard error goes instead of a file that can be read back.
    ///   - seconds: the time limit, counted from now.
    /// - Throws: `CallError` when a file or the process cannot be made.
    package init(
        _ arguments: [[UInt8]],
        environment: [[UInt8]]? = nil,
        input: [UInt8]? = nil,
        terminal: Screen? = nil,
        seconds: Int = 120
    ) throws {
        guard !arguments.isEmpty else {
            throw CallError(call: "posix_spawnp", name: "no program", errno: EINVAL)
        }
        command = arguments.map(shown).joined(separator: " ")
        outputFile = try ScratchFile.open()
        errorFile = try ScratchFile.open()
        let inputFile = try ScratchFile.open(containing: input)
        defer { close(inputFile) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputFile, 0)
        posix_spawn_file_actions_adddup2(&actions, outputFile, 1)
        posix_spawn_file_actions_adddup2(&actions, terminal?.descriptor ?? errorFile, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        setUsualSignals(&attributes, andFlags: Int32(POSIX_SPAWN_SETPGROUP))

        var started: pid_t = 0
        let error = withBytes(arguments[0]) { name in
            withVector(arguments) { argv in
                withVector(environment ?? Environment.inherited) { envp in
                    posix_spawnp(&started, name, &actions, &attributes, argv, envp)
                }
            }
        }
        if error != 0 {
            close(outputFile)
            close(errorFile)
            throw CallError(call: "posix_spawnp", name: command, errno: error)
        }
        processID = started
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        deadline = timespec(tv_sec: now.tv_sec + seconds, tv_nsec: now.tv_nsec)
    }

    deinit {
        if outcome == nil {
            kill(-processID, SIGKILL)
            var ignored: Int32 = 0
            waitpid(processID, &ignored, 0)
        }
        close(outputFile)
        close(errorFile)
    }

    /// Runs a program to its end.
    ///
    /// - Throws: `CallError` when it cannot be started.
    package static func run(
        _ arguments: [[UInt8]],
        environment: [[UInt8]]? = nil,
        input: [UInt8]? = nil,
        seconds: Int = 120
    ) throws -> Outcome {
        try Subprocess(
            arguments,
            environment: environment,
            input: input,
            seconds: seconds
        ).wait()
    }

    /// Starts a program that outlives us, its output to /dev/null, and answers its process id.
    static func detached(_ arguments: [[UInt8]], input: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var started: pid_t = 0
        let error = withBytes(arguments[0]) { name in
            withVector(arguments) { argv in
                withVector(Environment.ours) { envp in
                    posix_spawnp(&started, name, &actions, nil, argv, envp)
                }
            }
        }
        if error != 0 {
            throw CallError(call: "posix_spawnp", name: shown(arguments[0]), errno: error)
        }
        return started
    }

    /// Sends a signal to the child alone, unless it has been waited for.
    package func send(_ signal: Int32) {
        if outcome == nil { kill(processID, signal) }
    }

    /// True until the child has ended; reaps it when it has.
    package var isRunning: Bool {
        outcome == nil && !reap(options: WNOHANG)
    }

    /// What the child has written to standard output so far.
    package var outputSoFar: [UInt8] { contents(of: outputFile) }

    /// What the child has written to standard error so far.
    package var errorsSoFar: [UInt8] { contents(of: errorFile) }

    /// Waits for the child to end, and kills its process group and fails the test at the time
    /// limit.
    @discardableResult
    package func wait() -> Outcome {
        while !reap(options: WNOHANG) {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            if now.tv_sec >= deadline.tv_sec {
                Issue.record("time limit reached: \(command)")
                kill(-processID, SIGKILL)
                while !reap(options: 0) {}
                break
            }
            usleep(1000)
        }
        return outcome
            ?? Outcome(status: nil, signal: nil, stdout: [], stderr: [], command: command)
    }

    private func reap(options: Int32) -> Bool {
        if outcome != nil { return true }
        var state: Int32 = 0
        let reaped = waitpid(processID, &state, options)
        guard reaped == processID else { return false }
        let signal = state & 0x7f
        outcome = Outcome(
            status: signal == 0 ? (state >> 8) & 0xff : nil,
            signal: signal == 0 ? nil : signal,
            stdout: outputSoFar,
            stderr: errorsSoFar,
            command: command
        )
        return true
    }
}

/// Our environment with messages and sorting fixed to the C locale.
package enum Environment {
    /// `NAME=value` entries to give to a child: by whatever ways it starts cutover, that leaves its state where
    /// nothing outlives the tests.
    package static let inherited: [[UInt8]] = {
        // Without a scratch directory every test that needs one fails and says so.
        let state = (try? Scratch.directory()).map { bytes("CUTOVER_STATE=") + joined($0, "state") }
        return ours.filter { !$0.starts(with: bytes("CUTOVER_STATE=")) }
            + (state.map { [$0] } ?? [])
    }()

    /// The same before there is a scratch directory.
    static let ours: [[UInt8]] = {
        let all = (try? readFile("/proc/self/environ")) ?? []
        let kept = all.split(separator: 0).map(Array.init)
            .filter { !$0.starts(with: Array("LC_ALL=".utf8)) }
        return kept + [Array("LC_ALL=C".utf8)]
    }()

    /// Where the tests keep what they need: `$TMPDIR`, or /tmp.
    package static var temporaryFolder: String { value("TMPDIR") ?? "/tmp" }

    /// One variable's value, or nil when it is unset.
    package static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

/// A process that is started so has every signal at its default, and none masked; with other flags of posix_spawn(3).
func setUsualSignals(_ attributes: inout posix_spawnattr_t, andFlags flags: Int32) {
    var none = sigset_t()
    sigemptyset(&none)
    var every = sigset_t()
    sigfillset(&every)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &every)
    let signals = Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, Int16(signals | flags))
}
