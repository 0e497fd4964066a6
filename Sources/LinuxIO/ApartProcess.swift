// A look at files whose disk, server or daemon may not answer, made by a process of its own. A thread that waits in such
// a call cannot always be killed, and keeps its process, with all that it has open, from ending; whoever waits for that
// process waits as long. So the caller's process makes none of these calls and ends in time, whatever becomes of the other.

import CLinux
import Glibc

/// What another process finds out.
package enum ApartProcess {
    /// What `body` returns in a process of its own; nil when it took longer than `limitNanoseconds`, returned more than
    /// `bytesMax` bytes, or no process could be made.
    ///
    /// `body` has no standard input or error and no other open file, and nothing that it changes in memory is seen here.
    /// At the limit it is killed; a call in which that cannot be done keeps that process alone. Only while this process
    /// has one thread. The corresponding system calls are `fork`, `poll` and `kill`.
    package static func answer(
        limitNanoseconds: UInt64,
        bytesMax: Int,
        _ body: () -> [UInt8]
    ) -> [UInt8]? {
        var reader: Int32 = -1
        let process = cl_begin_apart(&reader)
        if process < 0 { return nil }
        if process == 0 {
            OutputFile.standardOutput.write(body() + [endMark])
            _exit(0)
        }
        let answers = Descriptor(owning: reader)
        let found = read(answers, until: monotonicNanoseconds() + limitNanoseconds, bytesMax)
        // It was not waited for, so the number is its own; where it has ended this does nothing.
        _ = kill(process, SIGKILL)
        reap(process)
        return found
    }

    /// Takes an ended child from the table of processes; one that does not end is left to init(1).
    private static func reap(_ process: Int32) {
        var status: Int32 = 0
        for _ in 0..<50 {
            if cl_wait_process(process, &status, false) != 0 { return }
            pauseThread(nanoseconds: 2_000_000)
        }
    }

    /// Ends an answer: what a process that died has written is none.
    private static let endMark: UInt8 = 0x2E

    /// Everything up to the end of the pipe; nil when that does not come in time.
    private static func read(
        _ pipe: borrowing Descriptor,
        until deadline: UInt64,
        _ bytesMax: Int
    ) -> [UInt8]? {
        var found: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let now = monotonicNanoseconds()
            if now >= deadline { return nil }
            var events = pollfd(fd: pipe.raw, events: Int16(POLLIN), revents: 0)
            let isReady = poll(&events, 1, Int32((deadline - now) / 1_000_000 + 1))
            // A signal that was handled is no answer; anything else that poll(2) can say of a pipe is no time limit.
            if isReady <= 0 { continue }
            let count = Glibc.read(pipe.raw, &buffer, buffer.count)
            if count == 0 { return found.popLast() == endMark ? found : nil }
            guard count > 0, found.count + count <= bytesMax else { return nil }
            found += buffer[..<count]
        }
    }
}
