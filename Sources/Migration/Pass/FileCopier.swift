// Which way the contents of a regular file take: with other small ones of its run (FileCopier+Batch), by several
// workers in ranges (FileCopier+Ranges), or alone.

import LinuxIO

/// What a copy is for.
struct CopyTask {
    /// The line of `--itemize` that is told when it is done.
    let line: Itemization?
    /// Whether a link group waits to hear of it.
    let isLeader: Bool
}

/// Copies regular files.
///
/// Belongs to one worker.
final class FileCopier {
    let context: PassContext
    let lane: PassLane
    let reports: PassReports
    let maker: FileMaker
    /// Small files that wait to be read together; made at the first one.
    var batch: FileBatch<WaitingFile>?
    /// Whether io_uring was refused to this worker.
    var lacksBatch = false

    init(_ rooms: LaneRooms, _ maker: FileMaker) {
        context = rooms.context
        lane = rooms.lane
        reports = rooms.reports
        self.maker = maker
    }

    /// Copies one regular file, now or with others of its run.
    ///
    /// `task.line` is emitted by the caller, or when a file that is under way is done.
    func copy(_ pair: EntryPair, _ task: CopyTask) -> ActionResult {
        if !task.isLeader, collect(pair, task.line) { return .underWay }
        return copyNow(pair, task)
    }

    /// Copies one that is not to wait.
    func copyNow(_ pair: EntryPair, _ task: CopyTask) -> ActionResult {
        let isDirect = pair.source.sizeBytes >= ContentCopier.directBytesMin
        guard let source = maker.openSource(pair, isDirect: isDirect) else { return .failed }
        return copy(pair.withoutHandle.with(source: source.status), source, task)
    }

    /// Copies one that is open already.
    func copy(_ pair: EntryPair, _ source: SourceFile, _ task: CopyTask) -> ActionResult {
        guard let target = pair.open.destination else { return .failed }
        if maker.salvager.failKnownDamage(pair, source) { return .failed }
        guard let new = maker.create(pair, source, in: target.descriptor) else { return .failed }
        if FileRanges.isLarge(source.status), lane.workers > 1,
            context.largeFiles.take(of: lane.workers)
        {
            return copyInRanges(pair, source, new, task)
        }
        return maker.copyAlone(pair, source, new, isLeader: task.isLeader)
    }
}
