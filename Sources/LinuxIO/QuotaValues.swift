// Quotas as values: kinds of owners, limits, the record of one owner, grace times. Bytes and seconds everywhere: the
// kernel's units (blocks of 512 bytes or of 1 KiB, times of 32 or 40 bits) do not leave this file and Quotas.swift.

import CLinux

/// Whose usage is counted and limited.
package enum QuotaKind: String, CaseIterable, Sendable, Hashable {
    case user, group, project

    /// USRQUOTA, GRPQUOTA or PRJQUOTA.
    var number: Int32 {
        switch self {
        case .user: CL_QUOTA_USER
        case .group: CL_QUOTA_GROUP
        case .project: CL_QUOTA_PROJECT
        }
    }
}

/// One owner: a user, a group or a project.
package struct QuotaOwner: Sendable, Hashable {
    package var kind: QuotaKind
    package var id: UInt32

    package init(_ kind: QuotaKind, _ id: UInt32) {
        self.kind = kind
        self.id = id
    }

    /// "user 1001".
    package var words: String { "\(kind.rawValue) \(id)" }

    /// Reads such words; nil: they are none.
    package init?(words: some StringProtocol) {
        let parts = words.split(separator: " ")
        guard parts.count == 2, let kind = QuotaKind(rawValue: String(parts[0])),
            let id = UInt32(parts[1])
        else { return nil }
        self.init(kind, id)
    }
}

/// The limits of one owner: space in bytes and inodes; 0 is no limit.
package struct QuotaLimits: Sendable, Hashable {
    package var blockSoftBytes: UInt64
    package var blockHardBytes: UInt64
    package var inodesSoft: UInt64
    package var inodesHard: UInt64

    package init(
        blockSoftBytes: UInt64 = 0,
        blockHardBytes: UInt64 = 0,
        inodesSoft: UInt64 = 0,
        inodesHard: UInt64 = 0
    ) {
        self.blockSoftBytes = blockSoftBytes
        self.blockHardBytes = blockHardBytes
        self.inodesSoft = inodesSoft
        self.inodesHard = inodesHard
    }

    /// No limit at all.
    package static let none = QuotaLimits()
    package var isNone: Bool { self == .none }

    /// The same with space in whole units, rounded up as the kernel does.
    ///
    /// What does not fit into 64 bits becomes the largest number, which is beyond every format.
    package func rounded(toMultiplesOf unitBytes: UInt64) -> QuotaLimits {
        var rounded = self
        rounded.blockSoftBytes = Self.rounded(blockSoftBytes, unitBytes)
        rounded.blockHardBytes = Self.rounded(blockHardBytes, unitBytes)
        return rounded
    }

    private static func rounded(_ bytes: UInt64, _ unitBytes: UInt64) -> UInt64 {
        let rest = bytes % unitBytes
        if rest == 0 { return bytes }
        let (sum, isTooLarge) = bytes.addingReportingOverflow(unitBytes - rest)
        return isTooLarge ? .max : sum
    }
}

/// What is kept of one owner.
package struct QuotaRecord: Sendable, Hashable {
    package var id: UInt32
    package var limits: QuotaLimits
    package var usedBytes: UInt64
    package var usedInodes: UInt64
    /// When grace ends above the soft limit of space, in seconds since 1970; 0: no grace runs.
    package var blockGraceEnd: Int64
    /// The same of inodes.
    package var inodeGraceEnd: Int64
    /// XFS has limits for its realtime device, too.
    package var hasRealtimeLimits: Bool

    package init(  // Seven: one for each value; tests name a few.
        id: UInt32,
        limits: QuotaLimits = .none,
        usedBytes: UInt64 = 0,
        usedInodes: UInt64 = 0,
        blockGraceEnd: Int64 = 0,
        inodeGraceEnd: Int64 = 0,
        hasRealtimeLimits: Bool = false
    ) {
        self.id = id
        self.limits = limits
        self.usedBytes = usedBytes
        self.usedInodes = usedInodes
        self.blockGraceEnd = blockGraceEnd
        self.inodeGraceEnd = inodeGraceEnd
        self.hasRealtimeLimits = hasRealtimeLimits
    }

    /// From the bytes of the kernel's struct fs_disk_quota; nil: too few of them.
    package init?(bytes: [UInt8]) {
        let size = MemoryLayout<cl_quota_record>.size
        guard bytes.count >= size else { return nil }
        self.init(bytes.withUnsafeBytes { $0.loadUnaligned(as: cl_quota_record.self) })
    }

    init(_ raw: cl_quota_record) {
        id = raw.id
        limits = QuotaLimits(
            blockSoftBytes: Self.bytes(raw.block_soft),
            blockHardBytes: Self.bytes(raw.block_hard),
            inodesSoft: raw.inode_soft,
            inodesHard: raw.inode_hard
        )
        usedBytes = Self.bytes(raw.block_count)
        usedInodes = raw.inode_count
        let isBig = raw.field_mask & CL_QUOTA_BIG_TIMES != 0
        blockGraceEnd = Self.time(raw.block_time, isBig ? raw.block_time_high : nil)
        inodeGraceEnd = Self.time(raw.inode_time, isBig ? raw.inode_time_high : nil)
        hasRealtimeLimits = raw.realtime_soft != 0 || raw.realtime_hard != 0
    }

    /// Of the kernel's blocks; what does not fit becomes the largest number.
    private static func bytes(_ blocks: UInt64) -> UInt64 {
        let (bytes, isTooLarge) = blocks.multipliedReportingOverflow(by: 512)
        return isTooLarge ? .max : bytes
    }

    /// 32 bits with a sign, or 40 where the record says so: then the lower 32 have none.
    private static func time(_ low: Int32, _ high: Int8?) -> Int64 {
        guard let high else { return Int64(low) }
        return Int64(UInt32(bitPattern: low)) | Int64(high) << 32
    }
}

/// How long owners may stay above their soft limits, in seconds.
package struct QuotaGrace: Sendable, Hashable {
    package var blockSeconds: UInt64
    package var inodeSeconds: UInt64

    package init(blockSeconds: UInt64, inodeSeconds: UInt64) {
        self.blockSeconds = blockSeconds
        self.inodeSeconds = inodeSeconds
    }
}

/// Which kinds a filesystem accounts, and of which it enforces the limits.
package struct QuotaState: Sendable, Hashable {
    package var accounted: Set<QuotaKind>
    package var enforced: Set<QuotaKind>
    /// Kinds that have a quota file and are not accounted now: their limits, if any, cannot be read.
    ///
    /// Told only while another kind is accounted.
    package var hidden: Set<QuotaKind>

    package init(
        accounted: Set<QuotaKind> = [],
        enforced: Set<QuotaKind> = [],
        hidden: Set<QuotaKind> = []
    ) {
        self.accounted = accounted
        self.enforced = enforced
        self.hidden = hidden
    }

    /// From FS_QUOTA_UDQ_ACCT and so on, and a bit for each kind that has a file.
    package init(flags: UInt16, files: UInt32 = 0) {
        let bits: [(QuotaKind, accounted: UInt16, enforced: UInt16)] = [
            (.user, CL_QUOTA_USER_ACCOUNTED, CL_QUOTA_USER_ENFORCED),
            (.group, CL_QUOTA_GROUP_ACCOUNTED, CL_QUOTA_GROUP_ENFORCED),
            (.project, CL_QUOTA_PROJECT_ACCOUNTED, CL_QUOTA_PROJECT_ENFORCED),
        ]
        accounted = Set(bits.filter { flags & $0.accounted != 0 }.map(\.0))
        enforced = Set(bits.filter { flags & $0.enforced != 0 }.map(\.0))
        hidden = Set(QuotaKind.allCases.filter { files >> UInt32($0.number) & 1 != 0 })
            .subtracting(accounted)
    }
}

/// What a filesystem can hold of limits.
package struct QuotaStorage: Sendable, Hashable {
    /// Space is stored in multiples of this, rounded up.
    package var unitBytes: UInt64
    package var blockBytesMax: UInt64
    package var inodesMax: UInt64

    package init(unitBytes: UInt64, blockBytesMax: UInt64, inodesMax: UInt64) {
        self.unitBytes = unitBytes
        self.blockBytesMax = blockBytesMax
        self.inodesMax = inodesMax
    }

    /// The unit of Q_SETQUOTA.
    static let kibibyte: UInt64 = 1024

    /// By the number that Q_GETFMT gives; nil: there is none, which is XFS with blocks of `blockBytes`.
    ///
    /// Of the old format and of vfsv0 32 bits (fs/quota/quota_v1.c, quota_v2.c of Linux), of vfsv1 and of those that are
    /// not known 2^63 - 1 bytes. Of XFS what can be asked for: the kernel takes KiB and shifts them left, so from
    /// 2^54 KiB on a limit would wrap and become none, without an error.
    package init(format: UInt32?, blockBytes: UInt64) {
        switch format {
        case CL_QUOTA_FORMAT_OLD?, CL_QUOTA_FORMAT_V0?:
            self.init(
                unitBytes: Self.kibibyte,
                blockBytesMax: UInt64(UInt32.max) * Self.kibibyte,
                inodesMax: UInt64(UInt32.max)
            )
        case nil:
            self.init(
                unitBytes: max(Self.kibibyte, blockBytes),
                blockBytesMax: .max - (Self.kibibyte - 1),
                inodesMax: .max
            )
        default:
            self.init(
                unitBytes: Self.kibibyte,
                blockBytesMax: UInt64(Int64.max) / Self.kibibyte * Self.kibibyte,
                inodesMax: UInt64(Int64.max)
            )
        }
    }
}
