// How many workers there are threads for (S58), found out before any work depends on them.

import LinuxIO

/// The threads that a run can have.
///
/// Made once, before workers exist. A limit can be that of a pids cgroup, of a user (RLIMIT_NPROC), of the kernel, or
/// of the address space: what is left of each is known only by trying.
struct ThreadSupply {
    /// Workers that there are threads for, at most those that were asked for.
    let workers: Int

    /// Beside the workers: the clock of progress, and the watermark.
    private static let reserved = 2
    /// Buffers of one worker, and what is read together.
    private static let workerBytes = 4 << 20

    /// Finds out whether there are threads for so many workers; the first is carried by the caller's.
    ///
    /// Refused where there are none for what goes with a worker.
    init(workers wanted: Int) throws(Refusal) {
        let extra = wanted - 1 + Self.reserved
        let had = BlockingThread.available(upTo: extra, bytes: Self.workerBytes)
        guard had >= Self.reserved else { throw .tooFewThreads }
        workers = had - Self.reserved + 1
    }

    /// Whether there may be so many workers; `running`: the lanes that were started, nil before any was.
    static func allows(_ workers: Int, running: Int?) -> Bool {
        if let running, workers <= running { return true }
        // Before the start also what else is kept back.
        let needed = running.map { workers - $0 } ?? workers - 1 + reserved
        return BlockingThread.available(upTo: needed, bytes: workerBytes) == needed
    }
}
