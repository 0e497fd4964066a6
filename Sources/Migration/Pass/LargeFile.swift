// A large file under way: its two ends, and which ranges are still to be copied. Several workers take
// ranges until none is left; the last one out completes the file.

import LinuxIO
import Synchronization

/// One file that is copied by several workers at a time.
///
/// Shared by them.
final class LargeFile: Sendable {
    /// 64 MiB: at 2 GB/s a range takes 30 ms, so a file of 1 GiB keeps 16 workers busy and the last range
    /// keeps nobody waiting; a multiple of every block size.
    static let rangeBytes: UInt64 = 64 << 20

    let entry: Entry
    let status: FileStatus
    /// What the name was on DESTINATION before.
    let destination: FileStatus?
    let reader: SharedDescriptor
    /// The end that ranges are written through; the one that made the file is closed by the last worker,
    /// which wants to hear what close(2) says.
    let writer: Descriptor
    let passing: PageCachePassing
    let target: SharedDescriptor
    let line: Itemization?
    let isLeader: Bool
    private let file: Lock<NewFile?>
    /// Its space on SOURCE that the counts do not have yet.
    private let unseenBytes: Lock<UInt64>
    private let nextRange = Atomic<UInt64>(0)
    private let workersIn: Atomic<Int>
    private let damageRecord = Lock<CopyFailure?>(nil)
    private let isGivenUpValue = Atomic<Bool>(false)
    /// Where the file ended for the reader that found it shortest (S17).
    private let shortestEnd: Atomic<UInt64>

    /// `workers` pieces of work are about to be made of it.
    init(
        entry: Entry,
        status: FileStatus,
        destination: FileStatus?,
        reader: SharedDescriptor,
        writer: consuming Descriptor,
        passing: PageCachePassing,
        file: consuming sending NewFile,
        target: SharedDescriptor,
        line: Itemization?,
        isLeader: Bool,
        workers: Int
    ) {
        self.entry = entry
        self.status = status
        self.destination = destination
        self.reader = reader
        self.writer = writer
        self.passing = passing
        self.target = target
        self.line = line
        self.isLeader = isLeader
        self.file = Lock(consume file)
        workersIn = Atomic(workers)
        unseenBytes = Lock(status.allocatedBytes)
        shortestEnd = Atomic(status.sizeBytes)
    }

    /// What of the file's space a finished range stands for, in bytes.
    func see(_ range: Range<UInt64>) -> UInt64 {
        let share = Double(range.count) / Double(status.sizeBytes)
        return take(UInt64(Double(status.allocatedBytes) * share))
    }

    /// What no finished range stood for: rounding, and ranges that were given up.
    func takeUnseen() -> UInt64 { take(.max) }

    private func take(_ wanted: UInt64) -> UInt64 {
        unseenBytes.withLock { unseen in
            let taken = min(wanted, unseen)
            unseen -= taken
            return taken
        }
    }

    static func rangeCount(sizeBytes: UInt64) -> Int {
        Int((sizeBytes + rangeBytes - 1) / rangeBytes)
    }

    /// The next range that nobody copies yet; nil when there is none or the file was given up.
    func takeRange() -> Range<UInt64>? {
        if isGivenUp { return nil }
        let start = nextRange.wrappingAdd(Self.rangeBytes, ordering: .relaxed).oldValue
        guard start < status.sizeBytes else { return nil }
        return start..<min(start + Self.rangeBytes, status.sizeBytes)
    }

    /// It failed or was interrupted: no further range is begun.
    ///
    /// True for the first who says so.
    func giveUp() -> Bool { !isGivenUpValue.exchange(true, ordering: .relaxed) }
    var isGivenUp: Bool { isGivenUpValue.load(ordering: .relaxed) }

    /// It was given up for what SOURCE's disk does not give.
    func noteDamage(_ failure: CopyFailure) { damageRecord.withLock { $0 = failure } }
    var damageFailure: CopyFailure? { damageRecord.withLock { $0 } }

    func noteEnd(_ end: UInt64) { shortestEnd.min(end, ordering: .relaxed) }
    var end: UInt64 { shortestEnd.load(ordering: .relaxed) }

    /// One worker leaves.
    ///
    /// True for the last: everything that the others wrote is then visible to it.
    func leave() -> Bool {
        workersIn.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }

    /// Hands the file over to the worker that completes it or removes it.
    func takeFile() -> NewFile? { file.withLock { $0.take() } }
}
