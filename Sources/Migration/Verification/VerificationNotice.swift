// What holds for a whole verification: a case and its word here, what it says to people and programs in
// VerificationNoticeText (Reporting).

package import LinuxIO

/// Things that hold for a whole verification and are said once.
package enum VerificationNotice: Sendable, Hashable {
    /// Not root: attributes that only root can read are not compared.
    case notRoot
    /// Root without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what others have closed cannot be read.
    case closedEntriesFail
    /// RLIMIT_NOFILE allows only so many workers.
    case workersLimited(Int, descriptors: Int)
    /// There are threads for so many workers and no more (S58).
    case threadsLimited(Int)
    /// DESTINATION shows no project id at all, though SOURCE has some: they are not compared.
    case projectsNotKept
    /// Times outside of what DESTINATION stores count as equal to what it makes of them (S64).
    case clampedTimes(entries: UInt64, first: [UInt8])
    /// What of SOURCE's root is not compared for its name (S62).
    case leftOut(LeftOut)
    /// SOURCE holds nothing: that DESTINATION holds nothing either proves nothing (S61).
    case emptySource
    /// Filters leave nothing of SOURCE over.
    case nothingCompared
    /// One side is an ext4 that is mounted read-only: it accounts nothing meanwhile, so quotas are not compared.
    case quotasSuspended(Failure.Side)
    /// Quotas of one side may not be asked for, as in a container: they are not compared.
    case quotasUnread(Failure.Side, SystemError)
    /// SOURCE is an XFS that has limits of these kinds, maybe, and is mounted without them: they are not compared.
    case sourceQuotasOff([QuotaKind])
    /// DESTINATION accounts these kinds and does not enforce their limits, as SOURCE does.
    case quotasNotEnforced([QuotaKind])

    /// The record of passes is of no use for this verification: what users changed since then is different.
    case recordNotUsed(RecordTrouble)
    /// What the last whole pass left out is not known, so nothing is.
    case filtersUnknown
    /// How the comparison ended cannot be recorded.
    case nothingRecorded(path: String, reason: String)

    /// A notice as a word for programs, which stays.
    package enum Word: String, CaseIterable, Sendable {
        case notRoot = "not_root"
        case closedEntriesFail = "closed_entries_fail"
        case workersLimited = "workers_limited"
        case threadsLimited = "threads_limited"
        case projectsNotKept = "projects_not_kept"
        case clampedTimes = "clamped_times"
        case leftOut = "left_out"
        case emptySource = "empty_source"
        case nothingCompared = "nothing_compared"
        case quotasSuspended = "quotas_suspended"
        case quotasUnread = "quotas_unread"
        case sourceQuotasOff = "source_quotas_off"
        case quotasNotEnforced = "quotas_not_enforced"
        case recordNotUsed = "record_not_used"
        case filtersUnknown = "filters_unknown"
        case nothingRecorded = "nothing_recorded"
    }

    package var word: Word {
        switch self {
        case .notRoot: .notRoot
        case .closedEntriesFail: .closedEntriesFail
        case .workersLimited: .workersLimited
        case .threadsLimited: .threadsLimited
        case .projectsNotKept: .projectsNotKept
        case .clampedTimes: .clampedTimes
        case .leftOut: .leftOut
        case .emptySource: .emptySource
        case .nothingCompared: .nothingCompared
        case .quotasSuspended: .quotasSuspended
        case .quotasUnread: .quotasUnread
        case .sourceQuotasOff: .sourceQuotasOff
        case .quotasNotEnforced: .quotasNotEnforced
        case .recordNotUsed: .recordNotUsed
        case .filtersUnknown: .filtersUnknown
        case .nothingRecorded: .nothingRecorded
        }
    }
}
