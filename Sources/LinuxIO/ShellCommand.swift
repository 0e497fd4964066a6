// Commands that a person gave as text, run by /bin/sh: with a time limit, and without anything of ours.
//
// A child gets none of our descriptors, whoever left them open to us, the default disposition of every signal with none
// masked, `/` as its directory, so that it keeps no volume busy, and a process group of its own, by which it is killed
// with what it has started. Its output is discarded: to a pipe it could block, and a file could fill a disk.
//
// Kept true: a number of a process is used only while that process has not been waited for, so never that of another.

import CLinux
import Glibc

/// One command, to be run once.
///
/// Any thread. The child has the nice value and the I/O class of the thread that calls `run`.
package final class ShellCommand: Sendable {
    /// How a command ended.
    package enum End: Equatable, Sendable {
        /// By itself, with this status (0 to 255); 126 and 127 are the shell's own.
        case exited(Int32)
        /// By a signal that was not ours.
        case killed(signal: Int32)
        /// It took longer than it may, and was killed.
        case timedOut
        /// `stop` was called.
        case stopped

        /// As `$?` of a shell has it: 128 and the number where a signal ended it.
        package var status: Int32 {
            switch self {
            case .exited(let status): status
            case .killed(let signal): 128 + signal
            case .timedOut, .stopped: 128 + SIGKILL
            }
        }
    }

    private struct State: Sendable {
        /// The child, which leads a group of this number; nil where there is none that was not waited for.
        var process: pid_t?
        var isStopped = false
    }

    /// How long a killed child is waited for; in a call that cannot be interrupted it ends when that does.
    private static let killSeconds: UInt64 = 5
    /// How soon `stop` is seen where the child does not end by it.
    private static let lookNanoseconds: UInt64 = 1_000_000_000

    private let text: [UInt8]
    private let environment: [(name: String, value: [UInt8])]
    private let limitNanoseconds: UInt64
    private let state = Lock(State())

    /// - Parameters:
    ///   - command: what `sh -c` is given, in bytes.
    ///   - environment: set beside what this process has, or in its place.
    ///   - mask: the umask of the command, 0 to 0777; nil: that of this process, which a pass may have cleared.
    ///   - limitNanoseconds: how long it may take.
    package init(
        _ command: [UInt8],
        environment: [(name: String, value: [UInt8])] = [],
        mask: UInt32? = nil,
        limitNanoseconds: UInt64
    ) {
        // posix_spawn(3) knows no umask. A line of its own: what follows may begin with anything.
        let prefix = mask.map { "umask " + String($0 & 0o777, radix: 8) + "\n" } ?? ""
        text = Array(prefix.utf8) + command
        self.environment = environment
        self.limitNanoseconds = limitNanoseconds
    }

    /// Runs it to its end, or until it is killed; blocks, and returns some seconds after the limit, or after `stop`, at
    /// the latest.
    ///
    /// Throws where no process can be made (EAGAIN, ENOMEM), there is no /bin/sh (ENOENT), or others have waited for
    /// our children (ECHILD). The corresponding calls are `posix_spawn`, `pidfd_open`, `poll` and `waitpid`.
    package func run() throws(SystemError) -> End {
        guard let process = try start() else { return .stopped }
        let handle = Self.handle(of: process)
        let start = monotonicNanoseconds()
        var deadline = start.addingReportingOverflow(limitNanoseconds)
        var isKilled = false
        var isTimedOut = false
        while true {
            let found = try reap()
            let isStopped = state.withLock { $0.isStopped }
            if let found { return isTimedOut ? .timedOut : isStopped ? .stopped : found }
            let now = monotonicNanoseconds()
            if isStopped, !isKilled {
                isKilled = true
                deadline = (now + Self.killSeconds * 1_000_000_000, false)
            }
            let left =
                deadline.overflow
                ? UInt64.max : deadline.partialValue &- min(now, deadline.partialValue)
            if left == 0 {
                if isKilled {
                    leave(process)
                    return isTimedOut ? .timedOut : .stopped
                }
                (isKilled, isTimedOut) = (true, true)
                kill()
                deadline = (now + Self.killSeconds * 1_000_000_000, false)
                continue
            }
            Self.wait(handle, nanoseconds: min(left, Self.lookNanoseconds))
        }
    }

    /// Kills it, with its group; before `run` it is not begun.
    package func stop() {
        state.withLock { $0.isStopped = true }
        kill()
    }

    private func kill() {
        state.withLock { state in
            // It cannot fail: the child was not waited for, so it and its group are there, and they are ours.
            if let process = state.process { _ = Glibc.kill(-process, SIGKILL) }
        }
    }

    /// How it ended, if it has.
    private func reap() throws(SystemError) -> End? {
        let (result, status) = state.withLock { state -> (Int32, Int32) in
            guard let process = state.process else { return (0, 0) }
            var status: Int32 = 0
            let result = cl_wait_process(process, &status, false)
            if result != 0 { state.process = nil }
            return (result, status)
        }
        if result < 0 { throw SystemError(.wait, ErrorCode(rawValue: -result)) }
        if result == 0 { return nil }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }

    /// A child that does not even end when it is killed is waited for by nobody but a thread of its own.
    private func leave(_ process: pid_t) {
        state.withLock { $0.process = nil }
        // Without one it stays in the table of processes until we end: no more than that.
        try? BlockingThread.start {
            var status: Int32 = 0
            // There is nobody left to tell.
            _ = cl_wait_process(process, &status, true)
        }
    }

    // MARK: Waiting

    /// A descriptor by which the end of a process can be waited for; nil before Linux 5.3, and where it is refused.
    private static func handle(of process: pid_t) -> SharedDescriptor? {
        let raw = cl_process_handle(process)
        return raw < 0 ? nil : SharedDescriptor(Descriptor(owning: raw))
    }

    /// Waits for the end of the child, for a signal, or for so long, up to days.
    private static func wait(_ handle: SharedDescriptor?, nanoseconds: UInt64) {
        guard let raw = handle?.descriptor.raw else {
            pauseThread(nanoseconds: min(nanoseconds, 20_000_000))
            return
        }
        // Rounded up: the caller looks at the clock again.
        let milliseconds = nanoseconds / 1_000_000 + 1
        var events = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        // Whatever it says, the caller looks whether the child has ended.
        _ = poll(&events, 1, Int32(milliseconds))
    }

    // MARK: Starting

    /// Starts the child; nil when it was stopped before.
    private func start() throws(SystemError) -> pid_t? {
        cl_keep_children()
        let arguments = CStrings([Array("sh".utf8), Array("-c".utf8), text])
        let variables = CStrings(mergedEnvironment())
        // Under the lock: who stops it finds either no child yet or this one.
        let (process, error) = state.withLock { state -> (pid_t?, Int32) in
            if state.isStopped { return (nil, 0) }
            var process: pid_t = 0
            let error = Self.spawn(&process, arguments, variables)
            if error == 0 { state.process = process }
            return (error == 0 ? process : nil, error)
        }
        if error != 0 { throw SystemError(.spawn, ErrorCode(rawValue: error)) }
        return process
    }

    /// Zero, or an errno.
    private static func spawn(
        _ process: inout pid_t,
        _ arguments: borrowing CStrings,
        _ variables: borrowing CStrings
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var error = posix_spawn_file_actions_init(&actions)
        if error != 0 { return error }
        // It frees memory, and cannot fail.
        defer { _ = posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        error = posix_spawnattr_init(&attributes)
        if error != 0 { return error }
        // Likewise.
        defer { _ = posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var every = sigset_t()
        sigemptyset(&none)
        sigfillset(&every)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        let steps = [
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0),
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0),
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0),
            cl_spawn_close_from(&actions, 3),
            cl_spawn_change_directory(&actions, "/"),
            posix_spawnattr_setsigmask(&attributes, &none),
            posix_spawnattr_setsigdefault(&attributes, &every),
            posix_spawnattr_setpgroup(&attributes, 0),
            posix_spawnattr_setflags(&attributes, Int16(flags)),
        ]
        if let failed = steps.first(where: { $0 != 0 }) { return failed }
        return posix_spawn(
            &process,
            "/bin/sh",
            &actions,
            &attributes,
            arguments.pointers,
            variables.pointers
        )
    }

    /// `NAME=value` entries: what this process has, but for names that are given.
    private func mergedEnvironment() -> [[UInt8]] {
        let prefixes = environment.map { Array($0.name.utf8) + [0x3D] }
        var entries: [[UInt8]] = []
        var next = cl_environment()
        while let entry = next?.pointee {
            let bytes = Array(Name(cString: entry).bytes)
            if !prefixes.contains(where: { bytes.starts(with: $0) }) { entries.append(bytes) }
            next = next?.successor()
        }
        return entries + zip(prefixes, environment).map { $0 + $1.value }
    }
}

/// A vector of C strings that ends with NULL.
private struct CStrings: ~Copyable {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [[UInt8]]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() {
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
            for (place, byte) in string.enumerated() { bytes[place] = CChar(bitPattern: byte) }
            bytes[string.count] = 0
            (pointers + index).initialize(to: bytes)
        }
        (pointers + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { pointers[index]?.deallocate() }
        pointers.deallocate()
    }
}
