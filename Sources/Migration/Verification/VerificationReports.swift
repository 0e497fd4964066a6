// What a verification's lane tells of the entry in hand: a difference, that it vanished, a failure.

import LinuxIO

/// The reports of one lane.
///
/// Belongs to one worker.
struct VerificationReports {
    let context: VerificationContext
    var log: VerificationFindings { context.log }

    /// Records a failure.
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
    func report(
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

    /// Whether one of the two changed after the verification had begun.
    func isRecent(_ source: FileStatus, _ destination: FileStatus) -> Bool {
        context.isRecent(source) || context.isRecent(destination)
    }

    /// Whether an entry changed between two looks at it.
    func hasMoved(_ before: FileStatus, _ now: FileStatus) -> Bool {
        before.identity != now.identity || before.changed != now.changed
            || before.modified != now.modified || before.sizeBytes != now.sizeBytes
    }

    /// Tells what of an entry differs; `isChanged`: one of the two sides changed meanwhile.
    func tell(
        _ aspects: [FoundDifference.Aspect],
        of entry: VerifiedEntry,
        _ status: FileStatus,
        isChanged: Bool
    ) {
        if aspects.isEmpty { return }
        tell(aspects, path: entry.path, status.kind, isChanged: isChanged)
    }

    func tell(
        _ aspects: [FoundDifference.Aspect],
        path: [UInt8],
        _ kind: EntryKind,
        isChanged: Bool
    ) {
        for aspect in aspects {
            let difference = FoundDifference(path: path, kind: kind, aspect: aspect)
            if case .project(_, 0) = aspect {
                context.projects.noteMissing(difference, isChanged: isChanged)
            } else {
                log.tell(difference, isChanged: isChanged)
            }
        }
    }
}
