// One lane's worker of a verification: its buffers and what it does with each piece of work. The steps stand in
// extensions:
//
//   Verifier+Directories   open, list, pair a directory
//   Verifier+Entries       one entry: status and attributes of both sides, looked at twice where they differ
//
// What it is made of: AspectFinder (what of an entry differs, with both values), FileVerifier (contents of files), ExtraTrees
// (what lies below a directory that only DESTINATION has), ComparedNames (which names are looked at),
// VerificationReports (what is told).

import LinuxIO

/// What is kept of a directory beside what the walk keeps.
struct VerifiedState: Sendable {
    /// What the plan of this run says of its names; nil: all are this run's, as without a plan.
    var spine: SpineDirectory?
}

typealias VerifiedDirectory = DirectoryNode<VerifiedState>
typealias VerifiedEntry = Entry<VerifiedState>

/// What a verification has to do beside directories and runs of entries.
enum VerificationTask: Sendable {
    /// Compare ranges of a large file until none is left.
    case ranges(LargeComparison)
    /// Read what there is to read of small files together; `isLast`: nothing else is left to do.
    case window(isLast: Bool)
}

/// A verification's visitor of a tree: does the work of one lane.
///
/// Made and used on that lane's thread only, so nothing in it is guarded.
final class Verifier: TreeVisitor {
    let context: VerificationContext
    let lane: WalkLane<VerifiedState, VerificationTask>
    let reports: VerificationReports
    let aspects: AspectFinder
    let files: FileVerifier
    let extras: ExtraTrees
    let names: ComparedNames
    let usage: UsageCount

    init(context: VerificationContext, lane: WalkLane<VerifiedState, VerificationTask>) {
        self.context = context
        self.lane = lane
        reports = VerificationReports(context: context)
        aspects = AspectFinder(reports)
        files = FileVerifier(lane, reports, aspects)
        extras = ExtraTrees(lane, reports)
        names = ComparedNames(reports)
        usage = context.usage.makeCount()
    }

    /// Adds an inode of DESTINATION to what its users and groups hold; call it once for each.
    func account(_ status: FileStatus) {
        if context.isAccounted(status) { usage.add(status) }
    }

    var counters: VerificationCounters { context.counters }
    var log: VerificationFindings { context.log }

    func perform(_ task: VerificationTask) {
        switch task {
        case .ranges(let file):
            if files.compareRanges(of: file) { finishPiece(of: file.pair.entry.directory) }
        // Its files keep no directory from being left: what is told of them needs none.
        case .window(let isLast): files.readWindows(isLast: isLast)
        }
    }
}
