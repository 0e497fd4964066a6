// What a verification's lane tells of the entry in hand: a difference, that it vanished, a failure.

import LinuxIO

/// Two entries of one name, as they were when they differed.
struct DifferingEntries {
    let source: FileStatus
    let destination: FileStatus
    /// SOURCE's directory, where it may be asked for; the name may have been given to another inode in it.
    let directory: SharedDescriptor?
    /// Somebody changed something below DESTINATION's, where that is a directory and SOURCE's is none.
    let isTouchedBelow: Bool

    init(
        _ source: FileStatus,
        _ destination: FileStatus,
        in directory: SharedDescriptor? = nil,
        isTouchedBelow: Bool = false
    ) {
        self.isTouchedBelow = isTouchedBelow
        self.source = source
        self.destination = destination
        self.directory = directory
    }
}

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
    ///
    /// `isPending`: whether the entry was counted as pending; true from then on.
    func tell(
        _ aspects: [FoundDifference.Aspect],
        of entry: VerifiedEntry,
        _ entries: DifferingEntries,
        isChanged: Bool,
        isPending: inout Bool
    ) {
        if aspects.isEmpty { return }
        tell(
            aspects,
            path: entry.path,
            entries,
            isChanged: isChanged,
            isPending: &isPending
        )
    }

    /// The same by a path; an empty one is the roots'.
    func tell(
        _ aspects: [FoundDifference.Aspect],
        path: [UInt8],
        _ entries: DifferingEntries,
        isChanged: Bool,
        isPending: inout Bool
    ) {
        let sides = isChanged ? nil : sides(path, entries)
        for aspect in aspects {
            let difference = FoundDifference(
                path: path,
                kind: entries.source.kind,
                aspect: aspect
            )
            if case .project(_, 0) = aspect, !context.comparesProjects {
                context.projects.noteMissing(difference, isChanged: isChanged)
            } else if let sides, let judge = context.pending?.judge {
                let standing = judge.standing(aspect, sides)
                if case .pending = standing {
                    if !isPending { log.counters.pending.count() }
                    isPending = true
                }
                log.tell(difference, standing)
            } else {
                log.tell(difference, isChanged: isChanged)
            }
        }
    }

    /// What is asked of two entries that differ; nil where nothing of them can be pending.
    private func sides(
        _ path: [UInt8],
        _ entries: DifferingEntries
    ) -> PendingJudge.Sides? {
        guard let pending = context.pending, !pending.mayStay(path, entries.source)
        else { return nil }
        let (source, destination) = (entries.source, entries.destination)
        var sides = PendingJudge.Sides(
            source: source.changed.nanosecondsSince1970,
            destination: destination.changed.nanosecondsSince1970,
            isRoot: path.isEmpty,
            sourceDirectory: context.directoryChange(entries.directory),
            agree: source.sizeBytes == destination.sizeBytes
                && context.comparison.times.agree(
                    source: source.modified,
                    destination: destination.modified
                )
        )
        sides.isTouchedBelow = entries.isTouchedBelow
        return sides
    }
}
