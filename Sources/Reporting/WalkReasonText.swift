// Why a pass walks, as the end of a sentence.

import LinuxIO
import Migration

/// The words for one reason.
enum WalkReasonText {
    /// Whether whoever started the pass expects a walk anyway: told with `-v` only.
    static func isExpected(_ reason: WalkReason) -> Bool {
        switch reason.word {
        case .asked, .comparesAll, .branchesOnly, .planned, .crossesMounts, .nothingRemembered,
            .noEarlierPass:
            true
        case .notRoot, .capabilitiesMissing, .notXFS, .noBirthTimes, .lastPassUnfinished,
            .lastPassOfBranches, .optionsChanged, .clockSteppedBack, .destinationRootChanged,
            .destinationUnknown, .destinationChanged, .destinationRolledBack, .destinationWritten,
            .tooManyChanges, .scanFailed, .directoryNotFound, .recordFailed:
            false
        }
    }

    /// The rest of the sentence "both trees are walked: …".
    static func clause(_ reason: WalkReason) -> String {
        let detail = text(reason.detail)
        return switch reason.word {
        case .asked: "--changes walk asks for it"
        case .comparesAll: "every file has to be read"
        case .branchesOnly: "--branch names a part of the volume"
        case .planned: "--plan gives this run a part of the volume"
        case .crossesMounts: "--cross-mounts includes other filesystems"
        case .notRoot: "a scan of SOURCE's inodes is for root"
        case .capabilitiesMissing:
            "a scan of SOURCE's inodes needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH"
        case .notXFS: "SOURCE is \(detail), and only XFS lists its inodes"
        case .noBirthTimes:
            "SOURCE is an XFS of version 4, which stores no times of birth"
        case .nothingRemembered: "no record of earlier passes is kept"
        case .noEarlierPass: "no earlier pass of these two volumes is known"
        case .lastPassUnfinished: "the last pass did not finish"
        case .lastPassOfBranches: "the last pass covered some branches only"
        case .optionsChanged:
            "options that decide what is copied have changed since the last pass"
        case .clockSteppedBack: "the clock has been set back since the last pass"
        case .destinationRootChanged:
            "something else changed DESTINATION's root directory since the last pass"
        case .destinationUnknown:
            "it is not known whether DESTINATION was written to since the last pass: its syncfs failed"
        case .destinationChanged:
            "the number of inodes in use on DESTINATION has changed since the last pass"
        case .destinationRolledBack:
            "DESTINATION is older than the last pass left it (was a backup or snapshot restored?)"
        case .destinationWritten:
            "DESTINATION was written to since the last pass (--changes scan ignores this)"
        case .tooManyChanges: "more than \(detail) inodes have changed"
        case .scanFailed: "the scan of SOURCE's inodes failed: \(detail)"
        case .directoryNotFound:
            "a directory that was renamed during an earlier pass could not be found"
        case .recordFailed: "the record of earlier passes cannot be read: \(detail)"
        }
    }

    private static func text(_ detail: WalkReason.Detail) -> String {
        switch detail {
        case .nothing: ""
        case .text(let text): text
        // The one that was too many was counted, too.
        case .count(let count): Quantity.count(UInt64(max(count - 1, 0)))
        case .error(let error): "\(error.operation.rawValue): \(error.code.sentence)"
        }
    }
}
