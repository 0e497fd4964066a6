// One lane's worker of a verification: its buffers and what it does with each piece of work. The steps stand in
// extensions:
//
//   Verifier+Directories   open, list, pair a directory
//   Verifier+Entries       one entry: status and attributes of both sides, looked at twice where they differ
//   Verifier+Aspects       what of an entry differs, with both values
//   Verifier+Contents      a regular file: opened, read on both sides, concluded
//   Verifier+Batch         small ones of a directory, read together
//   Verifier+LargeFiles    a large one, read by several workers
//   Verifier+Damage        what a disk does not give of a file, found to the block

import LinuxIO

/// Nothing is kept of a directory but what the walk keeps.
struct NoState: Sendable {}

typealias VerifiedDirectory = DirectoryNode<NoState>
typealias VerifiedEntry = Entry<NoState>

/// What a verification has to do beside directories and runs of entries.
enum VerificationTask: Sendable {
    /// Compare ranges of a large file until none is left.
    case ranges(LargeComparison)
}

/// A verification's visitor of a tree: does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class Verifier: TreeVisitor {
    let context: VerificationContext
    let lane: WalkLane<NoState, VerificationTask>
    let comparer: ContentComparer
    let attributes: AttributeComparer
    /// Targets of symlinks: PATH_MAX and one byte more.
    let sourceTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    let destinationTarget = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4097)
    /// Small files that wait to be read together, and what reads them; made at the first one.
    var batch: [FilePair] = []
    var ring: ReadRing?
    /// Whether files may wait: only while a piece goes through its entries.
    var isCollecting = false

    init(context: VerificationContext, lane: WalkLane<NoState, VerificationTask>) {
        self.context = context
        self.lane = lane
        comparer = ContentComparer(context.log.reading, blockBytes: context.blockBytes)
        attributes = AttributeComparer(
            AttributeScope(
                isRoot: context.isRoot,
                preserved: .all,
                selection: context.options.attributes
            )
        )
    }

    deinit {
        sourceTarget.deallocate()
        destinationTarget.deallocate()
    }

    var counters: VerificationCounters { context.counters }
    var log: VerificationFindings { context.log }

    func perform(_ task: VerificationTask) {
        switch task {
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
        case .noEntry, .stale, .notDirectory, .symlinkLoop: log.reportVanished(path())
        default: fail(activity, side, error, path: path())
        }
    }
}
