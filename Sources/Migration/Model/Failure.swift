// Failures as values: what could not be done to which entry, and what to do about it. One of an entry
// is recorded and counted and the pass goes on; one of the pass stops it. The list of the second kind
// is `DestinationStop.init(_:)`, one function.

package import LinuxIO

/// Something that could not be done to one entry.
package struct Failure: Sendable, Equatable {
    /// The entry, relative to the roots, without a leading slash; empty for the roots themselves.
    package var path: [UInt8]
    /// On which of the two volumes the call failed.
    package var side: Side
    /// What was being done, as a verb phrase: "read data", "set owner".
    package var activity: Activity
    /// The call that failed; nil when no call did (a type change that is not allowed, for instance).
    package var error: SystemError?
    /// The bytes of the file that could not be read or written, where that is known.
    package var bytes: Range<UInt64>?
    /// What the sentence needs beside that: an attribute's name and size, both types.
    package var detail: String?
    /// The unreadable ranges of a file that was examined for them, and what became of it.
    package var damage: DamageReport?
    /// ENOSPC though DESTINATION has room: the limit is one directory's, or one project's (S18).
    package var volumeHasRoom = false

    package init(  // One for each field.
        path: [UInt8],
        side: Side,
        activity: Activity,
        error: SystemError? = nil,
        bytes: Range<UInt64>? = nil,
        detail: String? = nil,
        damage: DamageReport? = nil
    ) {
        self.path = path
        self.side = side
        self.activity = activity
        self.error = error
        self.bytes = bytes
        self.detail = detail
        self.damage = damage
    }

    /// One of the two volumes.
    package enum Side: String, Sendable { case source, destination }

    /// What was being done when it failed.
    package enum Activity: String, Sendable {
        case examine, list, open, read, write, create, publish, remove, link, synchronize
        case makeDirectory = "make directory"
        case makeSymlink = "make symlink"
        case makeSpecial = "make special file"
        case readAttributes = "read attributes"
        case readAccessControl = "read ACL"
        case setOwner = "set owner"
        case setMode = "set mode"
        case setTimes = "set times"
        case setAttribute = "set attribute"
        case setAccessControl = "set ACL"
        case setFlags = "set inode flags"
        case replaceType = "replace by another type"
        case enter = "enter another filesystem"
        case readQuota = "read_quota"
        case setQuota = "set_quota"

        /// Of the whole volume, and of no entry.
        package var isOfQuotas: Bool { self == .readQuota || self == .setQuota }
    }
}

/// Why DESTINATION takes no more writes: the errors that stop a pass (S18).
package enum DestinationStop: Sendable, Equatable {
    case full, readOnly, broken

    /// The one list of errors that stop a pass, of calls that write to DESTINATION.
    ///
    /// ENOSPC is on it for a volume without room, see `hasRoom`. Not among them: EDQUOT, which can be one owner's limit, and the ENOSPC of setxattr(2), which
    /// means a full inode (S35).
    package init?(_ error: SystemError) {
        switch error.code {
        case .noSpace where error.operation != .setxattr && error.operation != .setACL: self = .full
        case .readOnly: self = .readOnly
        // Of quotas it can be one damaged record; the others are carried.
        case .inputOutput where error.operation == .quotactl: return nil
        case .inputOutput: self = .broken
        // What was written is lost, by whatever name the disk calls it.
        case _ where error.operation == .syncfs: self = .broken
        default: return nil
        }
    }

    /// Whether a filesystem that has answered ENOSPC has room all the same: then the error is one entry's (S18).
    ///
    /// So answer an XFS for a project that is at its limit, an ext4 for a directory at the limit of its index. What
    /// is available is without the blocks that are kept for root and for the filesystem itself, so it is 0 long
    /// before root is refused.
    package static func hasRoom(_ volume: VolumeStatus) -> Bool {
        volume.availableBytes >= roomBytesMin
            && (!volume.countsInodes || volume.freeInodes >= roomInodesMin)
    }

    /// What a full volume may still call available: more than one call asks for, with what its maps take, for each
    /// of 30 workers.
    private static let roomBytesMin: UInt64 = 16 << 20
    /// More than there can be workers, each with an inode that is being made.
    private static let roomInodesMin: UInt64 = 256
}
