// What a check has found: one value for each question, with the numbers that decided it. Sentences are made of it
// elsewhere (FindingText in Reporting); programs read the numbers.

package import LinuxIO

/// The answer to one question.
package struct Finding: Sendable, Equatable {
    package enum Severity: String, Sendable, Comparable {
        case ok
        /// A pass will run; something is lost, or may be, or is worth a look before the switch.
        case warning
        /// A pass cannot end complete.
        case fatal

        package static func < (left: Severity, right: Severity) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .fatal: 2
            }
        }
    }

    package var severity: Severity
    package var matter: Matter
    /// The entries concerned.
    package var notable: NotableEntries

    package init(
        _ severity: Severity,
        _ matter: Matter,
        _ notable: NotableEntries = NotableEntries()
    ) {
        self.severity = severity
        self.matter = matter
        self.notable = notable
    }

    /// How well a need is known.
    package enum Knowledge: String, Sendable {
        /// All of SOURCE was counted, or is a whole filesystem that counts it.
        case counted
        /// Only the filesystem that SOURCE is a part of was asked: it is that much at most.
        case upperLimit = "upper_limit"
        /// A whole filesystem was asked, which counts space of its own with that of files: it is that much at least.
        case lowerLimit = "lower_limit"
    }

    /// Room of one kind, in bytes or inodes.
    package struct Balance: Sendable, Equatable {
        /// What a whole copy needs.
        package var needed: UInt64
        package var knowledge: Knowledge
        /// What may be there already: all that DESTINATION has in use, nothing if it is empty.
        package var held: UInt64
        package var free: UInt64
        package var total: UInt64
        /// Whether what is there is known to be the copy.
        package var holdsCopy: Bool
        /// `free` is what root may use; else what everybody may.
        package var isForRoot: Bool

        package init(  // One for each field.
            needed: UInt64,
            knowledge: Knowledge,
            held: UInt64,
            free: UInt64,
            total: UInt64,
            holdsCopy: Bool,
            isForRoot: Bool = true
        ) {
            self.needed = needed
            self.knowledge = knowledge
            self.held = held
            self.free = free
            self.total = total
            self.holdsCopy = holdsCopy
            self.isForRoot = isForRoot
        }

        /// What is needed beside what may be there already.
        package var missing: UInt64 { needed - min(held, needed) }
    }

    /// What a finding is about.
    package enum Matter: Sendable, Equatable {
        /// `hidden`: what a pass is to carry and this process cannot see.
        case privileges(isRoot: Bool, missing: [String], hidden: HiddenParts)
        /// What earlier passes say against these two roots.
        case pair(WrongRoots?)
        /// Whether something is mounted: DESTINATION where `/` is, SOURCE with nothing in it.
        case mounted(WrongRoots?, isSourceEmpty: Bool)
        case writable(ReadOnlyCause?)
        case probe(ProbeProblem)
        case errors(Failure.Side, FilesystemHealth)
        /// Entries whose inodes XFS knows to be damaged.
        case damaged
        /// Options of the mounts: quotas at DESTINATION, and those that one side has and the other lacks.
        case mounts(quotas: [String], sourceQuotas: [String], differences: [String])
        /// How these sides are mounted could not be read; without an error the table does not name them.
        case unknownMounts([Failure.Side], SystemError?)
        /// `shared`: bytes that several files share on SOURCE, at least; `reserved`: for root alone.
        /// No balance: DESTINATION does not count its blocks, or inodes.
        case space(Balance?, shared: UInt64?, reserved: UInt64)
        case inodes(Balance?)
        case fileSize(limit: UInt64?)
        /// The limit in bytes of entries; nil: none, or not known.
        case directories(limit: UInt64?, isKnown: Bool)
        case links(limit: UInt32?, Support)
        /// `unmeasured`: inodes with attributes that were not looked at.
        case attributeSizes(Support, unmeasured: UInt64)
        /// `asked`: entries of SOURCE that have any, at most; nil: unknown.
        case accessControl(Support, asked: UInt64?, isMountedWithout: Bool)
        case attributes(user: Support, trusted: Support, security: Support, asked: UInt64?)
        case times(TimeStorage?)
        case names(Support)
        case types(symlinks: Support, devices: Support, fifos: Support)
        case holes(Support)
        case flags(Support, asked: UInt64?)
        case projects(Support, asked: UInt64?)
        /// What only XFS has.
        case extents(realtime: UInt64, directAccess: UInt64, extentSizes: UInt64)
        /// Entries were not looked at one by one; why.
        case entries(NotLookedAt)
        /// Entries that could not be examined.
        case unread(UInt64)
        /// Limits of SOURCE, and what becomes of them.
        case quotas(QuotaForecast)
        /// What of SOURCE's root is not copied for its name.
        case leftOut(LeftOut)

        /// The word for it in tables and JSON.
        package var name: String {
            switch self {
            case .privileges: "privileges"
            case .pair: "pair"
            case .mounted: "mounted"
            case .writable: "writable"
            case .probe: "probe"
            case .errors: "errors"
            case .damaged: "damaged"
            case .mounts, .unknownMounts: "mounts"
            case .space: "space"
            case .inodes: "inodes"
            case .fileSize: "file_size"
            case .directories: "directories"
            case .links: "links"
            case .attributeSizes: "xattr_size"
            case .accessControl: "acls"
            case .attributes: "xattrs"
            case .times: "times"
            case .names: "names"
            case .types: "types"
            case .holes: "holes"
            case .flags: "flags"
            case .projects: "projects"
            case .extents: "xfs_only"
            case .entries: "entries"
            case .unread: "unread"
            case .quotas: "quotas"
            case .leftOut: "left_out"
            }
        }
    }

    /// Why entries were not looked at one by one.
    package enum NotLookedAt: String, Sendable {
        case notXFS = "not_xfs"
        case notRoot = "not_root"
        case part
        /// Whether SOURCE is a whole filesystem is in the table of mounts, which could not be read.
        case mountsUnread = "mounts_unread"
        case scanFailed = "scan_failed"
    }
}
