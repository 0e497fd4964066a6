// Some of the files that passes meet, to be read now and then: as fair a sample as if all of them were kept.
//
// Each file gets a random number, and those with the smallest are kept. Whoever meets a file compares its number with
// the largest that is kept, which is one load; that is all for nearly every file of a large tree, and no lane waits for
// another.

package import LinuxIO
import Synchronization

/// Regular files of SOURCE, by their paths.
///
/// Thread-safe. It holds nothing open. It grows over all passes of a process, for a pass by a scan meets only what
/// changed; who finds one gone drops it.
package final class MetFiles: Sendable {
    /// Files that are kept; some 100 KiB.
    ///
    /// With small files each has only a few places to be read, and a disk that is asked for the same ones again and again
    /// answers from its own memory.
    package static let filesMax = 1_024
    /// Files below this hold no whole block to be read.
    package static let fileBytesMin: UInt64 = 4_096
    /// Of blocks, for there to be something to read at random.
    static let blocksMin: UInt64 = 64

    /// A file as it was met.
    package struct File: Sendable {
        package let path: [UInt8]
        let blocks: UInt64
        fileprivate let number: UInt64
    }

    private struct Kept: Sendable {
        var files: [File] = []
        var blocks: UInt64 = 0
    }

    private let kept = Lock(Kept())
    /// Files with a number below this are taken.
    private let threshold = Atomic<UInt64>(.max)

    package init() {}

    /// Whether a file with that number is wanted.
    @inline(__always)
    func wants(_ number: UInt64) -> Bool { number < threshold.load(ordering: .relaxed) }

    /// Keeps a file, if it is still wanted.
    ///
    /// - Parameters:
    ///   - path: below SOURCE, in bytes.
    ///   - sizeBytes: of the file.
    ///   - number: random, of all that there are.
    package func add(_ path: [UInt8], sizeBytes: UInt64, number: UInt64) {
        let file = File(path: path, blocks: sizeBytes / Self.fileBytesMin, number: number)
        guard file.blocks > 0 else { return }
        kept.withLock { kept in
            if kept.files.count == Self.filesMax {
                guard let last = kept.files.last, number < last.number else { return }
                kept.files.removeLast()
                kept.blocks -= min(last.blocks, Self.blocksMin)
            }
            // In the order of their numbers. Binary, though files are rarely taken.
            var (low, high) = (0, kept.files.count)
            while low < high {
                let middle = (low + high) / 2
                if kept.files[middle].number < number { low = middle + 1 } else { high = middle }
            }
            kept.files.insert(file, at: low)
            kept.blocks += min(file.blocks, Self.blocksMin)
            setThreshold(kept)
        }
    }

    private func setThreshold(_ kept: Kept) {
        let isFull = kept.files.count == Self.filesMax
        threshold.store(isFull ? kept.files.last?.number ?? .max : .max, ordering: .relaxed)
    }

    /// One of them, at random; nil while they are too few to say anything.
    package func any() -> File? {
        kept.withLock { $0.blocks < Self.blocksMin ? nil : $0.files.randomElement() }
    }

    /// Drops one that cannot be read any more.
    package func drop(_ file: File) {
        kept.withLock { kept in
            guard
                let index = kept.files.firstIndex(where: {
                    $0.number == file.number && $0.path == file.path
                })
            else { return }
            kept.files.remove(at: index)
            kept.blocks -= min(file.blocks, Self.blocksMin)
            setThreshold(kept)
        }
    }

    /// Forgets all: another filesystem is there now.
    package func clear() {
        kept.withLock { kept in
            kept = Kept()
            setThreshold(kept)
        }
    }

    package var count: Int { kept.withLock { $0.files.count } }
}

/// Offers the files that one worker meets.
///
/// Belongs to one worker.
package struct MetFilesPicker {
    private let sample: MetFiles
    private var random: UInt64

    package init(_ sample: MetFiles) {
        self.sample = sample
        random = UInt64.random(in: 1 ... .max)
    }

    /// Offers a regular file; its path is asked for only when it is taken.
    @inline(__always)
    package mutating func offer(_ status: FileStatus, _ path: () -> [UInt8]) {
        guard status.sizeBytes >= MetFiles.fileBytesMin, status.allocatedBytes > 0 else { return }
        // xorshift64* (Marsaglia 2003, Vigna 2016): a system call for each file would cost more than the file.
        random ^= random >> 12
        random ^= random << 25
        random ^= random >> 27
        let number = random &* 0x2545_F491_4F6C_DD1D
        if sample.wants(number) { sample.add(path(), sizeBytes: status.sizeBytes, number: number) }
    }
}
