// Users who change names under a running pass: a thread that exchanges pairs of names as fast as it
// can, and one that would notice a FIFO being opened for reading.
//
// Both count what they did, so that a test can prove that its race was run.

import Dispatch
import Glibc
import Synchronization

/// Two names that are exchanged.
package struct SwappedNames: Sendable {
    /// One name.
    package let left: [UInt8]
    /// The other.
    package let right: [UInt8]

    package init(_ left: [UInt8], _ right: [UInt8]) {
        self.left = left
        self.right = right
    }
}

/// Exchanges pairs of names with RENAME_EXCHANGE until it is stopped.
package final class NameSwapper: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let count = Atomic<Int>(0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts its thread.
    ///
    /// - Parameters:
    ///   - pairs: names on one filesystem, exchanged in turn.
    ///   - restore: called when a pair could not be exchanged, since one of its names is missing.
    package init(
        _ pairs: [SwappedNames],
        restore: @escaping @Sendable (SwappedNames) -> Void = { _ in }
    ) {
        DispatchQueue(label: "name.swapper").async { [self] in
            while !isStopped.load(ordering: .relaxed) {
                for pair in pairs {
                    if Self.exchange(pair) {
                        count.wrappingAdd(1, ordering: .relaxed)
                    } else {
                        restore(pair)
                    }
                }
            }
            ended.signal()
        }
    }

    /// Exchanges done so far.
    package var swaps: Int { count.load(ordering: .relaxed) }

    /// Stops the thread and answers how many exchanges it did.
    package func stop() -> Int {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        ended.signal()
        return swaps
    }

    private static func exchange(_ pair: SwappedNames) -> Bool {
        do { try Files.exchange(pair.left, pair.right) } catch { return false }
        return true
    }
}

/// Asks of FIFOs, again and again, whether anybody has them open for reading.
package final class PipeReaderProbe: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let probes = Atomic<Int>(0)
    private let readers = Atomic<Int>(0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts its thread; the FIFOs are held by their inodes, whatever becomes of their names.
    ///
    /// - Throws: `CallError` when one cannot be opened.
    package init(_ pipes: [[UInt8]]) throws {
        let pathOnly: Int32 = 0o10_000_000
        let handles = try pipes.map { path in
            let handle = withBytes(path) { open($0, pathOnly | O_NOFOLLOW | O_CLOEXEC) }
            if handle < 0 { throw CallError(call: "open", name: shown(path), errno: errno) }
            return handle
        }
        DispatchQueue(label: "pipe.reader.probe").async { [self] in
            while !isStopped.load(ordering: .relaxed) {
                for handle in handles { probe(handle) }
                // The swapper and the pass want the processors too.
                usleep(200)
            }
            for handle in handles { close(handle) }
            ended.signal()
        }
    }

    private func probe(_ handle: Int32) {
        probes.wrappingAdd(1, ordering: .relaxed)
        let opened = open("/proc/self/fd/\(handle)", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else { return }
        // Without a reader the answer is ENXIO.
        readers.wrappingAdd(1, ordering: .relaxed)
        close(opened)
    }

    /// Stops the thread; how often it asked, and how often a reader was there.
    package func stop() -> (probes: Int, readers: Int) {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        ended.signal()
        return (probes.load(ordering: .relaxed), readers.load(ordering: .relaxed))
    }
}
