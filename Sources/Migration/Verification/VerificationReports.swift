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
    ///
    /// `isPending`: whether the entry was counted as pending; true from then on. `directory`: that of SOURCE, where it
    /// may be needed.
    func tell(
        _ aspects: [FoundDifference.Aspect],
        of entry: VerifiedEntry,
        _ statuses: (source: FileStatus, destination: FileStatus),
        in directory: SharedDescriptor? = nil,
        isChanged: Bool,
        isPending: inout Bool
    ) {
        if aspects.isEmpty { return }
        tell(
            aspects,
            path: entry.path,
            statuses,
            in: directory,
            isChanged: isChanged,
            isPending: &isPending
        )
    }

    /// The same by a path; an empty one is the roots'.
    func tell(
        _ aspects: [FoundDifference.Aspect],
        path: [UInt8],
        _ statuses: (source: FileStatus, destination: FileStatus),
        in directory: SharedDescriptor? = nil,
        isChanged: Bool,
        isPending: inout Bool
    ) {
        let sides = isChanged ? nil : sides(path, statuses, directory)
        for aspect in aspects {
            let difference = FoundDifference(
                path: path,
                kind: statuses.source.kind,
                aspect: aspect
            )
            if case .project(_, 0) = aspect, !context.comparesProjects {
                context.projects.noteMissing(difference, isChanged: isChanged)
            } else if let sides, context.pending?.judge.isPending(aspect, sides) == true {
                if !isPending { log.counters.pending.count() }
                isPending = true
                log.tell(difference, .pending(changed: sides.source))
            } else {
                log.tell(difference, isChanged: isChanged)
            }
        }
    }

    /// What is asked of two entries that differ; nil where nothing of them can be pending.
    private func sides(
        _ path: [UInt8],
        _ statuses: (source: FileStatus, destination: FileStatus),
        _ directory: SharedDescriptor?
    ) -> PendingJudge.Sides? {
        guard let pending = context.pending, !pending.mayFail(path) else { return nil }
        let (source, destination) = statuses
        return PendingJudge.Sides(
            source: source.changed.nanosecondsSince1970,
            destination: destination.changed.nanosecondsSince1970,
            isRoot: path.isEmpty,
            // Where it cannot be asked any more, it shows nothing.
            sourceDirectory: (try? directory?.descriptor.status())?.changed.nanosecondsSince1970,
            agree: source.sizeBytes == destination.sizeBytes
                && context.comparison.times.agree(
                    source: source.modified,
                    destination: destination.modified
                )
        )
    }
}
