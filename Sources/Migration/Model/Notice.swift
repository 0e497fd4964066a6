// What holds for a whole pass: a case and its word here, what it says to people and programs in NoticeText
// (Reporting).

package import History
package import LinuxIO

/// Things that hold for a whole pass and are said once.
package enum Notice: Sendable, Hashable {
    /// Not root: owners stay, devices are skipped (S31).
    case notRoot
    /// Root without these capabilities: what needs them fails (S54).
    case capabilitiesMissing(Capabilities)
    /// What this process may do, and whether SOURCE and DESTINATION are reached through views of its own.
    case reaches(Capabilities, isRoot: Bool, viewsSource: Bool, viewsDestination: Bool)
    /// `--idle` on a disk whose I/O scheduler takes no notice of it.
    case idleIgnored(device: String, scheduler: String)
    /// RLIMIT_NOFILE allows only so many workers.
    case workersLimited(Int, descriptors: Int)
    /// There are threads for so many workers and no more (S58).
    case threadsLimited(Int)
    /// DESTINATION stores times in steps of so many nanoseconds, or only in a range of years (S6).
    case coarseTimes(stepNanoseconds: UInt32)
    /// Times outside of what DESTINATION stores, of how many entries, and the first that was met (S64).
    case clampedTimes(entries: UInt64, first: [UInt8])
    /// DESTINATION holds no project ids (ext4 without `-O project`).
    case projectsNotKept
    /// DESTINATION has no inode flags.
    case flagsNotKept
    /// A link group is larger than DESTINATION's limit; fresh copies lead further groups (S41).
    case linkLimitReached(Int)
    /// An extra directory stays since a filter protects something in it (S45).
    case protectedByFilter
    /// Small files are read so many at a time, through io_uring.
    case readsTogether(Int)
    /// They are read one by one: io_uring is refused, or RLIMIT_NOFILE is too small.
    case readsAlone(SystemError)
    /// Both trees are walked, and why, where a scan is possible in principle.
    case walks(WalkReason)
    /// The state is not kept: the folder cannot be used, or a write to it failed.
    case nothingRemembered(path: String, reason: String)
    /// A state that cannot be used was put aside; this pass starts without one.
    case stateSetAside(SetAside)
    /// A pass was ended by a power cut, or DESTINATION mounted anew after it: contents that may be lost are compared.
    case comparesAfterPowerCut
    /// DESTINATION was put back to an earlier state: contents that may be old are compared.
    case comparesAfterRollback
    /// The state of earlier passes is there and cannot be read: all contents are compared.
    case comparesWithoutState
    /// Nothing is known of a DESTINATION that is not empty.
    case trustsSizeAndTime
    /// What of SOURCE's root is not copied for its name (S62).
    case leftOut(LeftOut)
    /// DESTINATION does not account what SOURCE limits (Q10).
    case quotasNotKept(QuotaShortage)
    /// SOURCE has quota inodes of these kinds, maybe, and is mounted without them (Q10).
    case sourceQuotasOff([QuotaKind])
    /// SOURCE has not one limit of these kinds and DESTINATION has: they were left, though extras are deleted (Q7).
    case noLimitsOnSource([QuotaKind])
    /// SOURCE has quotas, which are its volume's, and this side is no whole volume (Q1).
    case quotasNotCarried(Failure.Side)
    /// One side is an ext4 that is mounted read-only: it accounts nothing meanwhile.
    case quotasSuspended(Failure.Side)
    /// Quotas of one side cannot be asked for.
    case quotasUnread(Failure.Side, SystemError)
    /// Default limits of SOURCE, or limits of owner 0, which are not carried (Q6).
    case defaultLimitsNotKept([QuotaDefault])
    /// DESTINATION accounts these kinds and does not enforce the limits that were carried (Q2).
    case quotasNotEnforced([QuotaKind])
    /// Owners are above a hard limit on DESTINATION (Q13).
    case overLimit(QuotaExcess)

    /// A notice as a word for programs, which stays.
    package enum Word: String, CaseIterable, Sendable {
        case notRoot = "not_root"
        case capabilitiesMissing = "capabilities_missing"
        case reaches
        case idleIgnored = "idle_ignored"
        case workersLimited = "workers_limited"
        case threadsLimited = "threads_limited"
        case coarseTimes = "coarse_times"
        case clampedTimes = "clamped_times"
        case projectsNotKept = "projects_not_kept"
        case flagsNotKept = "flags_not_kept"
        case linkLimitReached = "link_limit_reached"
        case protectedByFilter = "protected_by_filter"
        case readsTogether = "reads_together"
        case readsAlone = "reads_alone"
        case walks
        case nothingRemembered = "nothing_remembered"
        case stateSetAside = "state_set_aside"
        case comparesAfterPowerCut = "compares_after_power_cut"
        case comparesAfterRollback = "compares_after_rollback"
        case comparesWithoutState = "compares_without_state"
        case trustsSizeAndTime = "trusts_size_and_time"
        case leftOut = "left_out"
        case quotasNotKept = "quotas_not_kept"
        case sourceQuotasOff = "source_quotas_off"
        case noLimitsOnSource = "no_limits_on_source"
        case quotasNotCarried = "quotas_not_carried"
        case quotasSuspended = "quotas_suspended"
        case quotasUnread = "quotas_unread"
        case defaultLimitsNotKept = "default_limits_not_kept"
        case quotasNotEnforced = "quotas_not_enforced"
        case overLimit = "over_limit"
    }

    package var word: Word {
        switch self {
        case .notRoot: .notRoot
        case .capabilitiesMissing: .capabilitiesMissing
        case .reaches: .reaches
        case .idleIgnored: .idleIgnored
        case .workersLimited: .workersLimited
        case .threadsLimited: .threadsLimited
        case .coarseTimes: .coarseTimes
        case .clampedTimes: .clampedTimes
        case .projectsNotKept: .projectsNotKept
        case .flagsNotKept: .flagsNotKept
        case .linkLimitReached: .linkLimitReached
        case .protectedByFilter: .protectedByFilter
        case .readsTogether: .readsTogether
        case .readsAlone: .readsAlone
        case .walks: .walks
        case .nothingRemembered: .nothingRemembered
        case .stateSetAside: .stateSetAside
        case .comparesAfterPowerCut: .comparesAfterPowerCut
        case .comparesAfterRollback: .comparesAfterRollback
        case .comparesWithoutState: .comparesWithoutState
        case .trustsSizeAndTime: .trustsSizeAndTime
        case .leftOut: .leftOut
        case .quotasNotKept: .quotasNotKept
        case .sourceQuotasOff: .sourceQuotasOff
        case .noLimitsOnSource: .noLimitsOnSource
        case .quotasNotCarried: .quotasNotCarried
        case .quotasSuspended: .quotasSuspended
        case .quotasUnread: .quotasUnread
        case .defaultLimitsNotKept: .defaultLimitsNotKept
        case .quotasNotEnforced: .quotasNotEnforced
        case .overLimit: .overLimit
        }
    }
}
