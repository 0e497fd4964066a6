// Signals that steer a run, taken by a thread of its own: it is there from the start, so that none needs a thread
// when there are no more (S58), and it never writes and never waits for anything else.

import Glibc
import LinuxIO
import Migration

/// The signals of a running command.
enum Signals {
    /// SIGINT, SIGTERM and SIGHUP stop, a second one at once; SIGUSR1 and SIGUSR2 change the number of workers.
    private static let numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2]
    private static let stopping: Set<Int32> = [SIGINT, SIGTERM, SIGHUP]

    /// From the start: writing to a closed pipe, or beyond the largest size that a file may have, is an error to
    /// be handled, and a request for more workers that comes too early is not the end of a migration.
    static func ignoreHarmless() {
        // The results are the handlers before, which nobody wants back.
        for number in [SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2] { _ = signal(number, SIG_IGN) }
    }

    /// Begins to listen; `receive` is called on the listening thread.
    ///
    /// Before other threads exist: each has the mask of the one that makes it, and a signal is kept for this one
    /// only where all others have it masked.
    ///
    /// `hearsContinue`: SIGCONT is one of them, too.
    static func begin(
        hearsContinue: Bool = false,
        _ receive: @escaping @Sendable (Int32) -> Void
    ) throws(SystemError) {
        let numbers = hearsContinue ? Self.numbers + [SIGCONT] : Self.numbers
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        // It fails for a wrong first argument only (pthread_sigmask(3)).
        _ = pthread_sigmask(SIG_BLOCK, &set, nil)
        // Masked and not ignored: sigwait(3) takes it. The result is the handler before.
        for number in numbers { _ = signal(number, SIG_DFL) }
        let waited = set
        try BlockingThread.start {
            var set = waited
            var end: UInt64?
            while true {
                var timeout = timespec(tv_sec: 1, tv_nsec: 0)
                let number = end == nil ? sigwaitinfo(&set, nil) : sigtimedwait(&set, nil, &timeout)
                if number > 0 {
                    if stopping.contains(number), end == nil {
                        let last = UInt64(Supervision.lastSeconds) * 1_000_000_000
                        end = monotonicNanoseconds() + last
                    }
                    receive(number)
                }
                // Whoever was to end the process does not come back from a call either: the state's disk, or
                // what reads the output.
                if let end, monotonicNanoseconds() >= end { _exit(ExitStatus.interrupted.rawValue) }
            }
        }
    }
}
