// The chunks that were read last, for lookups from many threads.
//
// Lookups come in clusters: the entries of one directory mostly are in few chunks. The lock is a POSIX
// mutex of its own, for `Synchronization.Mutex` convoys on Linux (docs/DESIGN.md, "Locks").

import Glibc

/// A small cache, one place per chunk number modulo its size.
final class ChunkCache: @unchecked Sendable {
    // All is reached under the mutex only.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var chunks = [Int64](repeating: -1, count: ChunkCache.size)
    /// Records without the header; empty: nothing is stored.
    private var records = [[UInt8]](repeating: [], count: ChunkCache.size)
    private var generation = 0

    /// 8,192 chunks of at most 1.7 kB, 14 MB: a walk by 30 workers is in as many places at once.
    private static let size = 8_192

    /// What a lookup gave.
    enum Answer {
        /// The record, or that there is none.
        case known(InodeRecord?)
        /// Read the chunk, and `store` it with this number.
        case unknown(generation: Int)
    }

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init: \(status)")
    }

    deinit {
        let status = pthread_mutex_destroy(mutex)
        precondition(status == 0, "pthread_mutex_destroy: \(status)")
        mutex.deallocate()
    }

    func look(for inode: UInt64) -> Answer {
        lock()
        defer { unlock() }
        let chunk = Chunk.number(of: inode)
        let place = Int(chunk % Int64(Self.size))
        guard chunks[place] == chunk else { return .unknown(generation: generation) }
        return .known(records[place].withUnsafeBytes { Chunk.find(inode, in: $0) })
    }

    /// Keeps a chunk that was read, unless the record has changed since the lookup.
    func store(_ bytes: [UInt8], chunk: Int64, generation: Int) {
        lock()
        defer { unlock() }
        guard generation == self.generation else { return }
        let place = Int(chunk % Int64(Self.size))
        chunks[place] = chunk
        records[place] = bytes
    }

    /// Forgets all: the record has changed.
    func clear() {
        lock()
        defer { unlock() }
        generation += 1
        for place in chunks.indices {
            chunks[place] = -1
            records[place] = []
        }
    }

    private func lock() {
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock: \(status)")
    }

    private func unlock() {
        let status = pthread_mutex_unlock(mutex)
        precondition(status == 0, "pthread_mutex_unlock: \(status)")
    }
}
