// The ranges of one large file, handed out to several workers until none is left; the last one out completes
// what they did together.

import LinuxIO
import Synchronization

/// What is left to do of a large file, and who is at it.
///
/// Shared by its workers.
final class FileRanges: Sendable {
    /// 64 MiB: at 2 GB/s a range takes 30 ms, so a file of 1 GiB keeps 16 workers busy and the last range
    /// keeps nobody waiting; a multiple of every block size.
    static let rangeBytes: UInt64 = 64 << 20
    /// Files of this size and above are for several workers.
    static let largeFileBytes = 2 * rangeBytes

    private let sizeBytes: UInt64
    private let allocatedBytes: UInt64
    private let rangeBytes: UInt64
    private let nextRange = Atomic<UInt64>(0)
    private let workersIn: Atomic<Int>
    private let isGivenUpValue = Atomic<Bool>(false)
    /// Its space on SOURCE that the counts do not have yet.
    private let unseenBytes: Lock<UInt64>

    /// `workers` pieces of work are about to be made of it; `isWhole`: all of it is one range.
    init(_ status: FileStatus, workers: Int, isWhole: Bool = false) {
        sizeBytes = status.sizeBytes
        allocatedBytes = status.allocatedBytes
        rangeBytes = isWhole ? max(status.sizeBytes, 1) : Self.rangeBytes
        workersIn = Atomic(workers)
        unseenBytes = Lock(status.allocatedBytes)
    }

    /// Whether a file has ranges enough for several workers, and data in them.
    static func isLarge(_ status: FileStatus) -> Bool {
        status.sizeBytes >= largeFileBytes && status.allocatedBytes >= largeFileBytes
    }

    static func count(sizeBytes: UInt64) -> Int {
        Int((sizeBytes + rangeBytes - 1) / rangeBytes)
    }

    /// The next range that nobody has; nil when there is none or the file was given up.
    func take() -> Range<UInt64>? {
        if isGivenUp { return nil }
        let start = nextRange.wrappingAdd(rangeBytes, ordering: .relaxed).oldValue
        guard start < sizeBytes else { return nil }
        return start..<min(start + rangeBytes, sizeBytes)
    }

    /// It failed or was interrupted: no further range is begun.
    ///
    /// True for the first who says so.
    func giveUp() -> Bool { !isGivenUpValue.exchange(true, ordering: .relaxed) }
    var isGivenUp: Bool { isGivenUpValue.load(ordering: .relaxed) }

    /// One worker leaves.
    ///
    /// True for the last: everything that the others did is then visible to it.
    func leave() -> Bool {
        workersIn.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }

    /// What of the file's space a finished range stands for, in bytes.
    func see(_ range: Range<UInt64>) -> UInt64 {
        let share = Double(range.count) / Double(sizeBytes)
        return takeUnseen(UInt64(Double(allocatedBytes) * share))
    }

    /// What no finished range stood for: rounding, and ranges that were given up.
    func takeUnseen() -> UInt64 { takeUnseen(.max) }

    private func takeUnseen(_ wanted: UInt64) -> UInt64 {
        unseenBytes.withLock { unseen in
            let taken = min(wanted, unseen)
            unseen -= taken
            return taken
        }
    }
}
