// A large file that is being copied: its two ends, and which ranges are still to be copied.

import LinuxIO
import Synchronization

/// One file that is copied by several workers at a time.
///
/// Shared by them.
final class LargeFile: Sendable {
    /// SOURCE's status is that of the open file; its directory there is not held open.
    let pair: EntryPair
    let source: SourceFile
    /// The end that ranges are written through; the one that made the file is closed by the last worker,
    /// which wants to hear what close(2) says.
    let writer: Descriptor
    let bypass: CacheBypass
    let line: Itemization?
    let isLeader: Bool
    let ranges: FileRanges
    private let file: Lock<NewFile?>
    private let damageRecord = Lock<ContentFailure?>(nil)
    /// Where the file ended for the reader that found it shortest (S17).
    private let shortestEnd: Atomic<UInt64>

    /// `workers` pieces of work are about to be made of it.
    init(  // Six: a new file can only be handed in by itself, for it is no copyable value.
        _ pair: EntryPair,
        _ source: SourceFile,
        writing file: consuming sending NewFile,
        through writer: consuming Descriptor,
        _ bypass: CacheBypass,
        as task: CopyTask,
        workers: Int
    ) {
        self.pair = pair.withoutSource
        self.source = source
        self.writer = writer
        self.bypass = bypass
        line = task.line
        isLeader = task.isLeader
        self.file = Lock(consume file)
        ranges = FileRanges(source.status, workers: workers)
        shortestEnd = Atomic(source.status.sizeBytes)
    }

    /// It was given up for what SOURCE's disk does not give.
    func noteDamage(_ failure: ContentFailure) { damageRecord.withLock { $0 = failure } }
    var damageFailure: ContentFailure? { damageRecord.withLock { $0 } }

    func noteEnd(_ end: UInt64) { shortestEnd.min(end, ordering: .relaxed) }
    var end: UInt64 { shortestEnd.load(ordering: .relaxed) }

    /// Hands the file over to the worker that completes it or removes it.
    func takeFile() -> NewFile? { file.withLock { $0.take() } }
}
