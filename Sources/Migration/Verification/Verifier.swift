// One lane's worker of a verification: its buffers and what it does with each piece of work. The steps stand in
// extensions:
//
//   Verifier+Directories   open, list, pair, hand out a directory
//   Verifier+Entries       one entry: status and attributes of both sides, looked at twice where they differ
//   Verifier+Aspects       what of an entry differs, with both values
//   Verifier+Contents      a regular file: opened, read on both sides, concluded
//   Verifier+Batch         small ones of a directory, read together
//   Verifier+LargeFiles    a large one, read by several workers

import LinuxIO

/// One piece of work of a verification.
enum VerificationWork: Sendable {
    /// Open and list a directory of both sides, hand out its entries.
    case directory(Directory)
    /// Compare a run of entries.
    case entries(EntryPiece)
    /// Compare ranges of a large file until none is left.
    case ranges(LargeComparison)
}

/// Does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class Verifier {
    let context: VerificationContext
    /// Adds work to this lane.
    let push: (VerificationWork) -> Void
    /// How many workers the pool has now; a large file is cut for that many.
    let workers: () -> Int
    let comparer: ContentComparer
    let attributes: AttributeComparer
    /// Scratch for getdents64(2): 64 KiB hold about 1,500 names of usual length.
    let listingBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Targets of symlinks: PATH_MAX and one byte more.
    let sourceTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    let destinationTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    /// Small files that wait to be read together, and what reads them; made at the first one.
    var batch: [FilePair] = []
    var ring: ReadRing?
    /// Whether files may wait: only while a piece goes through its entries.
    var isCollecting = false

    init(
        context: VerificationContext,
        push: @escaping (VerificationWork) -> Void,
        workers: @escaping () -> Int
    ) {
        self.context = context
        self.push = push
        self.workers = workers
        comparer = ContentComparer(log: context.log, blockBytes: context.blockBytes)
        attributes = AttributeComparer(
            AttributeScope(
                isRoot: context.isRoot,
                preserved: .all,
                selection: context.options.attributes
            )
        )
    }

    deinit {
        listingBuffer.deallocate()
        sourceTarget.deallocate()
        destinationTarget.deallocate()
    }

    var counters: VerificationCounters { context.counters }
    var log: VerificationLog { context.log }

    /// Does one piece of work, to its end or until the verification is stopped.
    func perform(_ work: VerificationWork) {
        switch work {
        case .directory(let directory):
            if !context.isInterrupted { process(directory) }
            finishPiece(of: directory)
        case .entries(let piece):
            handle(piece)
            finishPiece(of: piece.directory)
        case .ranges(let file): compareRanges(of: file)
        }
    }

    func fail(
        _ activity: Failure.Activity,
        _ side: Failure.Side,
        _ error: SystemError?,
        bytes: Range<UInt64>? = nil,
        path: @autoclosure () -> [UInt8]
    ) {
        log.record(
            Failure(path: path(), side: side, activity: activity, error: error, bytes: bytes)
        )
    }

    /// Records what a call on an entry said: that it is gone, or became another, or a failure.
    func note(
        _ error: SystemError,
        _ activity: Failure.Activity,
        _ side: Failure.Side,
        path: @autoclosure () -> [UInt8]
    ) {
        switch error.code {
        case .noEntry, .stale, .notDirectory, .symlinkLoop: log.noteVanished(path())
        default: fail(activity, side, error, path: path())
        }
    }
}
