// What one worker tells: failures, what vanished, what is mounted, lines of --itemize, counts of what was made or left
// out. Whatever is told as wrong is doubted in the same call (S52).

import LinuxIO

/// Tells what became of entries.
///
/// Belongs to one worker, for it writes doubt into that worker's notes.
final class PassReports {
    private let context: PassContext
    private let book: EvidenceBook

    init(_ context: PassContext, _ book: EvidenceBook) {
        self.context = context
        self.book = book
    }

    var counters: Counters { context.log.counters }

    // MARK: Failures

    /// Where failed steps of one entry are told.
    func of(_ affected: AffectedEntry) -> AffectedReport {
        AffectedReport(reports: self, affected: affected)
    }

    func of(_ pair: EntryPair) -> AffectedReport { of(pair.affected) }

    /// Records a failure of one entry.
    ///
    /// Of calls that write to DESTINATION, one may end all writing (S18).
    func fail(_ step: FailedStep, of affected: AffectedEntry) {
        book.doubt(affected)
        context.log.record(step, path: affected.path)
    }

    /// Records a file that the disk does not give whole.
    func fail(
        _ report: DamageReport,
        _ error: SystemError,
        _ side: Failure.Side,
        of affected: AffectedEntry
    ) {
        book.doubt(affected)
        context.log.record(
            Failure(
                path: affected.path,
                side: side,
                activity: .read,
                error: error,
                bytes: report.damage.bounds,
                damage: report
            )
        )
    }

    /// Something was left undone that is no failure: the next pass looks at it again.
    func doubt(_ affected: AffectedEntry) { book.doubt(affected) }

    /// Records that an entry went away between its listing and its opening (S47).
    func reportVanished(_ affected: AffectedEntry) {
        book.doubt(affected)
        counters.vanished.count()
        context.log.emit(.vanished(path: affected.path))
    }

    func reportVanished(_ pair: EntryPair) { reportVanished(pair.affected) }

    /// Records that a directory in hand cannot be used any more: it went away, or opening it again failed.
    ///
    /// Only what users take from SOURCE has vanished: what goes away on DESTINATION is missing there.
    func reportUnusable(_ lost: LostDirectory, _ node: PassDirectory) {
        switch (lost.side, lost.error.code) {
        case (.source, .noEntry), (.source, .notDirectory), (.source, .symlinkLoop):
            reportVanished(.directory(node))
        default: of(.directory(node)).fail(.open, lost.side, lost.error)
        }
    }

    /// Records what opening or reading an entry of SOURCE said: that it is gone, or a failure.
    func reportUnread(_ error: SystemError, _ activity: Failure.Activity, _ pair: EntryPair) {
        if error.code == .noEntry {
            reportVanished(pair)
        } else {
            of(pair).fail(activity, .source, error)
        }
    }

    /// Records that attributes of an entry could not be read, or that it vanished.
    func reportUnread(_ failure: AttributeFailure, _ pair: EntryPair) {
        if failure.side == .source, failure.error.code == .noEntry {
            reportVanished(pair)
        } else {
            of(pair).fail(failure)
        }
    }

    func reportProtected(_ node: PassDirectory) {
        guard context.plan.options.deletesExtras else { return }
        counters.directoriesProtected.count()
        context.log.emit(.directoryProtected(path: node.path))
    }

    /// S4: another filesystem is not entered.
    ///
    /// What it hides was not looked at, and an unmount shows in no time of change: the next pass looks again.
    func reportMount(
        _ affected: AffectedEntry,
        _ crossing: MountBoundary.Crossing,
        _ side: Failure.Side = .source
    ) {
        book.doubt(affected)
        counters.mountsSkipped.count()
        context.log.emit(.mountSkipped(path: affected.path, side: side, crossing: crossing))
    }

    /// Records why a directory of SOURCE was not entered; whether that is a failure.
    func reportNotEntered(_ error: NotEntered, _ node: PassDirectory) -> Bool {
        switch error {
        case .crossing(let crossing): reportMount(.directory(node), crossing)
        case .failed(let cause):
            switch cause.code {
            case .noEntry, .notDirectory, .symlinkLoop: reportVanished(.directory(node))
            default:
                of(.directory(node)).fail(.open, .source, cause)
                return true
            }
        }
        return false
    }

    // MARK: What was done

    /// Emits one line of `--itemize`, if any are wanted.
    func itemize(_ item: @autoclosure () -> Itemization) {
        if context.log.itemizes { context.log.emit(.changed(item())) }
    }

    /// Tells and counts what became of an entry that was to be made.
    func conclude(_ result: ActionResult, _ pair: EntryPair, line: Itemization?) {
        switch result {
        case .done:
            if let line { context.log.emit(.changed(line)) }
            if let destination = pair.destination { context.links.noteUnlinked(destination) }
        case .failed: tally(pair.source)
        case .underWay: break
        }
    }

    /// Counts one entry that was made, or in a dry run would be.
    func countMade(_ status: FileStatus) {
        switch status.kind {
        case .regular:
            counters.filesCopied.count()
            if context.plan.options.isDryRun {
                counters.bytesCopied.count(min(status.sizeBytes, status.allocatedBytes))
            }
        case .directory: counters.directoriesMade.count()
        case .symlink: counters.symlinksMade.count()
        default: counters.specialsMade.count()
        }
    }

    /// Counts what a stopped pass leaves out (S18).
    func tally(_ status: FileStatus?) {
        guard context.log.phase == .counting, let status else { return }
        counters.entriesMissing.count()
        // The names of one inode share its space.
        if status.kind == .directory || status.linkCount == 1
            || context.links.isFirstMissing(status)
        {
            counters.bytesMissing.count(status.allocatedBytes)
        }
    }
}

/// Failed steps of one entry of a pass.
struct AffectedReport: StepReporting {
    let reports: PassReports
    let affected: AffectedEntry

    func fail(_ step: FailedStep) { reports.fail(step, of: affected) }
}
