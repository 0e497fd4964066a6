// Where the program's own output goes: standard output, standard error, files named by options.
// Lines are gathered whole in memory and written in the order in which they were appended, so lines
// of several workers never mix. `append` never waits for the descriptor until a bound is reached.
//
// A write that fails drops what was gathered and everything later, and is remembered; whoever made
// the file decides what that means. Nothing is promised about what reaches a disk before a power cut.

import CLinux
import Glibc
import Synchronization

/// A descriptor that whole lines are written to, by any number of threads.
///
/// Two guards: `gathered` is held for the length of a copy in memory, `writing` for the length of a
/// write, always taken first. A terminal that is stopped (^S) therefore holds up who writes, not who
/// appends.
package final class OutputFile: Sendable {
    /// The open descriptor's number.
    private let raw: Int32
    /// Whether the descriptor is a terminal (isatty(3)).
    package let isTerminal: Bool

    /// Appending beyond so many bytes writes first: enough for some 600 lines in one call, little
    /// enough to lose when the process is killed.
    package static let gatheredMax = 65_536

    private let isOwned: Bool
    private let writing = Lock<[UInt8]>([])
    private let gathered = Lock<[UInt8]>([])
    private let failure = Lock<SystemError?>(nil)
    private let isImpatient = Atomic<Bool>(false)
    /// Pipes, terminals, sockets: a write may wait for whoever reads.
    private let hasReader: Bool

    /// Standard output.
    ///
    /// Appending and flushing are its only uses; it is never closed.
    package static let standardOutput = OutputFile(borrowing: STDOUT_FILENO)
    /// Standard error.
    package static let standardError = OutputFile(borrowing: STDERR_FILENO)

    /// Writes to a descriptor that somebody else closes.
    package convenience init(borrowing raw: Int32) { self.init(raw, isOwned: false) }

    /// Makes or empties a file for a report; a new one is readable by its owner only, for it names
    /// other people's files.
    ///
    /// Symlinks are followed and devices and pipes are welcome: the person who runs the program named
    /// it. The corresponding system call is `open` with O_CREAT and O_TRUNC.
    package convenience init(creating path: Name) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        let raw = try path.withPointer { name throws(SystemError) in
            try retrying(.open) { cl_open_path(name, flags, 0o600) }
        }
        self.init(raw, isOwned: true)
    }

    /// How wide the terminal is now, in columns; nil when it is none or does not say.
    ///
    /// The corresponding system call is `ioctl` with TIOCGWINSZ.
    package var columns: Int? { Terminal.columns(of: raw) }

    /// Whether both write to one regular file, each over what the other wrote.
    package func isSameFile(as other: OutputFile) -> Bool {
        var mine = stat()
        var its = stat()
        guard fstat(raw, &mine) == 0, fstat(other.raw, &its) == 0 else { return false }
        return mine.st_dev == its.st_dev && mine.st_ino == its.st_ino
            && mine.st_mode & S_IFMT == S_IFREG
    }

    private init(_ raw: Int32, isOwned: Bool) {
        self.raw = raw
        self.isOwned = isOwned
        isTerminal = isatty(raw) == 1
        var status = stat()
        hasReader = fstat(raw, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
        Self.closedPipesAreErrors
    }

    deinit {
        // `close` was called when there was anything to learn from it; this only frees the number.
        if isOwned { cl_release(raw) }
    }

    /// Why the first write failed; nil while all went well.
    ///
    /// Later output was dropped.
    package var error: SystemError? { failure.withLock { $0 } }

    /// Whether the reader of a pipe went away (EPIPE): `head` has seen enough.
    package var isClosedPipe: Bool { error?.code == .brokenPipe }

    /// Adds bytes without writing; the answer tells that more than `gatheredMax` wait and that the
    /// caller must flush.
    package func gather(_ bytes: [UInt8]) -> Bool {
        gathered.withLock { gathered in
            gathered += bytes
            return gathered.count > Self.gatheredMax
        }
    }

    /// Adds bytes, which are written by a later `flush`; at once when more than `gatheredMax` wait.
    package func append(_ bytes: [UInt8]) {
        if gather(bytes) { flush() }
    }

    /// Whether appended bytes have not been written yet.
    package var hasGathered: Bool { gathered.withLock { !$0.isEmpty } }

    /// Adds bytes and writes all that was gathered.
    package func write(_ bytes: [UInt8]) {
        append(bytes)
        flush()
    }

    /// Writes all that was gathered.
    ///
    /// The corresponding system call is `write`.
    package func flush() {
        writing.withLock { outgoing in
            gathered.withLock { gathered in
                swap(&gathered, &outgoing)
                gathered.removeAll(keepingCapacity: true)
            }
            defer { outgoing.removeAll(keepingCapacity: true) }
            guard !outgoing.isEmpty, error == nil else { return }
            if let code = writeAll(outgoing) {
                failure.withLock { $0 = SystemError(.write, code) }
            }
        }
    }

    /// Writes no longer wait for a reader that takes nothing: then the rest is dropped, with ETIMEDOUT.
    ///
    /// One that waits just now comes back within `pollMilliseconds`.
    package func stopWaiting() { isImpatient.store(true, ordering: .relaxed) }

    private static let pollMilliseconds: Int32 = 250

    /// Waits until somebody reads; false: nobody does, and nobody waits for that any more.
    private func waitForReader() -> Bool {
        while true {
            // An error of poll(2), and a reader that went away, show at the next write.
            var wait = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
            if poll(&wait, 1, Self.pollMilliseconds) != 0 { return true }
            if isImpatient.load(ordering: .relaxed) { return false }
        }
    }

    /// Writes what is left and closes the file, if it was made here.
    ///
    /// Some filesystems report a lost write only then; `error` tells.
    package func finish() {
        flush()
        guard isOwned, error == nil else { return }
        // Not close(2): the number must stay ours as long as somebody may still append. Closing a
        // duplicate has the same effect on filesystems that write at every close.
        let duplicate = cl_duplicate(raw)
        let result = duplicate < 0 ? duplicate : cl_close(duplicate)
        if result < 0, result != -EINTR {
            failure.withLock { $0 = SystemError(.close, ErrorCode(rawValue: -result)) }
        }
    }

    /// Writes all bytes, however many calls that takes; the error, or nil.
    private func writeAll(_ bytes: [UInt8]) -> ErrorCode? {
        bytes.withUnsafeBytes { buffer in
            var rest = UnsafeRawBufferPointer(rebasing: buffer[...])
            while !rest.isEmpty {
                if hasReader, !waitForReader() { return .timedOut }
                // A pipe that is ready takes as much without waiting (PIPE_BUF, pipe(7)).
                let count = hasReader ? min(rest.count, Int(PIPE_BUF)) : rest.count
                let written = cl_write(raw, rest.baseAddress, count)
                switch written {
                // EAGAIN: whoever shares the terminal or pipe made it non-blocking.
                case -Int(EINTR), -Int(EAGAIN): continue
                case ..<0: return ErrorCode(rawValue: Int32(-written))
                default: rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                }
            }
            return nil
        }
    }

    /// Makes writing to a pipe without a reader give EPIPE instead of ending the process by SIGPIPE.
    ///
    /// Done once, at first use. The previous disposition is of no interest.
    private static let closedPipesAreErrors: Void = {
        signal(SIGPIPE, SIG_IGN)
    }()
}
