// Why a pass walks both trees though it could have asked the filesystem what changed. Each has one sentence
// (WalkReasonText in Reporting); the order is the one in which they are looked for.

package import LinuxIO

/// Why a pass walks.
package enum WalkReason: Error, Sendable, Hashable {
    /// `--changes walk`.
    case asked
    /// Every file is to be read or copied (`--checksum`, `--ignore-times`).
    case comparesAll
    /// Only some branches (`--branch`).
    case branchesOnly
    /// Other filesystems below SOURCE belong to it (`--cross-mounts`).
    case crossesMounts
    /// Bulkstat is for root.
    case notRoot
    /// And of root for CAP_SYS_ADMIN, and CAP_DAC_READ_SEARCH.
    case capabilitiesMissing
    /// SOURCE's filesystem does not tell of all inodes.
    case notXFS(String)
    /// An XFS of version 4 stores no times of birth, by which inode numbers that are used again are told apart.
    case noBirthTimes
    /// There is no state folder, or it cannot be used.
    case nothingRemembered
    case noEarlierPass
    case lastPassUnfinished
    case lastPassOfBranches
    case optionsChanged
    case clockSteppedBack
    /// DESTINATION's root has another time of change than the last pass left: an entry was made or removed in it, or
    /// somebody else's pass marked it.
    case destinationRootChanged
    /// What was written to DESTINATION since cannot be told: its `syncfs` failed.
    case destinationUnknown
    /// DESTINATION has another number of inodes in use than at the end of the last pass.
    case destinationChanged
    /// DESTINATION's root is older than the last pass left it: an earlier image or snapshot was put back.
    case destinationRolledBack
    /// DESTINATION's device was written to since the last pass.
    case destinationWritten
    /// More inodes have changed than a scan is made for.
    case tooManyChanges(Int)
    /// A call of the scan failed.
    case scanFailed(SystemError)
    /// The record has directories without a place, for they were renamed while the last pass ran, and they were not
    /// found where they should be.
    case directoryNotFound
    /// The record could not be read.
    case recordFailed(String)
}

/// How a pass finds out what changed.
package enum ChangeMethod: Sendable, Equatable {
    /// Asking XFS which inodes changed, then looking at their directories.
    case scan
    /// Comparing both trees entry by entry.
    case walk(WalkReason?)

    package var name: String {
        switch self {
        case .scan: "scan"
        case .walk: "walk"
        }
    }

    /// Why it walks.
    var reason: WalkReason? {
        if case .walk(let reason) = self { reason } else { nil }
    }
}
