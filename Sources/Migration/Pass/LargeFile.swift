// A large file that is being copied: its two ends, and which ranges are still to be copied.

import LinuxIO
import Synchronization

/// One file that is copied by several workers at a time.
///
/// Shared by them.
final class LargeFile: Sendable {
    let entry: PassEntry
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
    let ranges: FileRanges
    private let file: Lock<NewFile?>
    private let damageRecord = Lock<CopyFailure?>(nil)
    /// Where the file ended for the reader that found it shortest (S17).
    private let shortestEnd: Atomic<UInt64>

    /// `workers` pieces of work are about to be made of it.
    init(
        entry: PassEntry,
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
        ranges = FileRanges(status, workers: workers)
        shortestEnd = Atomic(status.sizeBytes)
    }

    /// It was given up for what SOURCE's disk does not give.
    func noteDamage(_ failure: CopyFailure) { damageRecord.withLock { $0 = failure } }
    var damageFailure: CopyFailure? { damageRecord.withLock { $0 } }

    func noteEnd(_ end: UInt64) { shortestEnd.min(end, ordering: .relaxed) }
    var end: UInt64 { shortestEnd.load(ordering: .relaxed) }

    /// Hands the file over to the worker that completes it or removes it.
    func takeFile() -> NewFile? { file.withLock { $0.take() } }
}
