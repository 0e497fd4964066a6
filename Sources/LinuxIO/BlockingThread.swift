// Threads for what blocks: workers, signals, the clock of progress.
//
// pthread_create(3) says at once when no thread can be had. Dispatch tries again every second until there is one, and
// not only in who asks it for a thread (docs/design/workers.md).

import CLinux

/// Threads that run one closure each.
package enum BlockingThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread; nobody waits for its end.
    ///
    /// EAGAIN where the pids limit of a cgroup, RLIMIT_NPROC or the address space allows no more. The thread has
    /// the signal mask of the caller. The corresponding function is `pthread_create`.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let context = Unmanaged.passRetained(Body(body))
        let status = cl_start_thread(
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            },
            context.toOpaque()
        )
        if status == 0 { return }
        context.release()
        throw SystemError(.startThread, ErrorCode(rawValue: -status))
    }

    /// Makes do with little address space, where that is limited (RLIMIT_AS).
    ///
    /// Before other threads exist. The corresponding function is `mallopt` with M_ARENA_MAX.
    package static func shareArena() { cl_share_arena() }

    /// Returns to the kernel what ended threads have left free in their arenas, which else stays with the process.
    ///
    /// Some milliseconds. The corresponding function is `malloc_trim`.
    package static func returnFreeMemory() { cl_return_memory() }

    /// How many more threads can be had at the same time, up to `count`.
    ///
    /// So many are started, held until all are there, and let go. Where the address space is limited each takes
    /// `bytes` of it meanwhile, for what a worker will need.
    package static func available(upTo count: Int, bytes: Int) -> Int {
        count > 0 ? Int(cl_count_threads(Int32(count), bytes)) : 0
    }
}

/// A number of the calling thread, from 0 in the order in which threads first ask for theirs.
///
/// No system call: it is kept in the thread's own memory.
package func threadNumber() -> Int { Int(cl_thread_number()) }
