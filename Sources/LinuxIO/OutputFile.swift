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

    /// Whether another process writes a report to this file: then nothing is written to it here.
    package let isUsedByAnother: Bool

    private let isOwned: Bool
    /// What the file held is still there; it goes with the first byte that is written.
    private let holdsEarlier: Atomic<Bool>
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

    /// Opens a file for a report, or makes it; a new one is readable by its owner only, for it names
    /// other people's files.
    ///
    /// What a file holds stays there until `begin`, or until the first byte is written: a run that is
    /// refused must not destroy the report of another. So that two runs do not write to one file, it is
    /// locked as long as this is there (flock(2)).
    ///
    /// Symlinks are followed and devices and pipes are welcome: the person who runs the program named
    /// it. ENXIO for a FIFO that nobody reads: waiting for a reader would be waiting for ever. The
    /// corresponding system call is `open` with O_CREAT, O_NONBLOCK and O_APPEND.
    package convenience init(report path: Name) throws(SystemError) {
        // At the end, wherever that is: who rotates a log empties it under us (logrotate's copytruncate).
        let flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_APPEND
        let raw = try path.withPointer { name throws(SystemError) in
            try retrying(.open) { cl_open_path(name, flags, 0o600) }
        }
        // Where it cannot be taken away, writes meet EAGAIN and are made again (`writeAll`).
        _ = cl_wait_in_writes(raw)
        self.init(raw, isOwned: true)
    }

    /// How wide the terminal is now, in columns; nil when it is none or does not say.
    ///
    /// The corresponding system call is `ioctl` with TIOCGWINSZ.
    package var columns: Int? { Terminal.columns(of: raw) }

    /// Whether both write to one regular file, each over what the other wrote.
    package func isSameFile(as other: OutputFile) -> Bool {
        var its = stat()
        return fstat(other.raw, &its) == 0 && isSameFile(as: its)
    }

    /// Whether this is the regular file that has a name now.
    ///
    /// The corresponding system call is `stat`.
    package func isFile(named path: Name) -> Bool {
        var its = stat()
        return path.withPointer { stat($0, &its) } == 0 && isSameFile(as: its)
    }

    private func isSameFile(as its: stat) -> Bool {
        var mine = stat()
        guard fstat(raw, &mine) == 0 else { return false }
        return mine.st_dev == its.st_dev && mine.st_ino == its.st_ino
            && mine.st_mode & S_IFMT == S_IFREG
    }

    private init(_ raw: Int32, isOwned: Bool) {
        self.raw = raw
        self.isOwned = isOwned
        isTerminal = isatty(raw) == 1
        var status = stat()
        let isRegular = fstat(raw, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        hasReader = !isRegular
        let isReport = isOwned && isRegular
        holdsEarlier = Atomic(isReport)
        // A filesystem without locks (an old NFS) tells of no other process.
        isUsedByAnother = isReport && cl_claim_report(raw) == -EWOULDBLOCK
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

    /// Empties a report, unless another process writes to it: what is told from now on is of this run.
    ///
    /// The corresponding system call is `ftruncate`.
    package func begin() {
        writing.withLock { _ in empty() }
    }

    /// Takes away what an earlier run wrote, once; with `writing` held.
    private func empty() {
        guard !isUsedByAnother, holdsEarlier.exchange(false, ordering: .relaxed) else { return }
        let result = cl_empty_report(raw)
        if result < 0 {
            failure.withLock { $0 = SystemError(.ftruncate, ErrorCode(rawValue: -result)) }
        }
    }

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
            guard !outgoing.isEmpty, !isUsedByAnother else { return }
            empty()
            guard error == nil else { return }
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
