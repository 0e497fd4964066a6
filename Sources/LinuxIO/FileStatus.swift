// What statx(2) says of an entry, in the types of the engine.

import CLinux

/// The type of an entry, from the S_IFMT bits of its mode.
package enum EntryKind: UInt8, Sendable, CaseIterable {
    case regular, directory, symlink, characterDevice, blockDevice, fifo, socket
    /// A type that no Linux filesystem stores; never copied.
    case unknown

    /// The kind that a mode's S_IFMT bits name (inode(7)).
    package init(mode: UInt32) {
        switch mode & 0o170000 {
        case 0o100000: self = .regular
        case 0o040000: self = .directory
        case 0o120000: self = .symlink
        case 0o020000: self = .characterDevice
        case 0o060000: self = .blockDevice
        case 0o010000: self = .fifo
        case 0o140000: self = .socket
        default: self = .unknown
        }
    }

    /// The S_IFMT bits of this kind.
    package var typeBits: UInt32 {
        switch self {
        case .regular: 0o100000
        case .directory: 0o040000
        case .symlink: 0o120000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        case .socket: 0o140000
        case .unknown: 0
        }
    }

    /// What a person calls it.
    package var noun: String {
        switch self {
        case .regular: "regular file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .fifo: "FIFO"
        case .socket: "socket"
        case .unknown: "entry of unknown type"
        }
    }

    /// Whether mknod(2) with a device number makes it.
    package var isDevice: Bool { self == .characterDevice || self == .blockDevice }
}

/// A moment as a filesystem stores it: seconds since 1970, negative before, and nanoseconds.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var seconds: Int64
    /// 0 to 999,999,999, also for moments before 1970.
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Nanoseconds since 1970, negative before; what lies beyond the years 1677 to 2262, as XFS's times can
    /// (up to 2486), is the nearest number that there is.
    package var nanosecondsSince1970: Int64 {
        // Before 1970 the nanoseconds count up from the second below; both parts get one sign, or the
        // first moment that fits would be lost on the way.
        let second: Int64 = 1_000_000_000
        let isBefore = seconds < 0
        let whole = (isBefore ? seconds + 1 : seconds).multipliedReportingOverflow(by: second)
        let part = Int64(nanoseconds) - (isBefore ? second : 0)
        let sum = whole.partialValue.addingReportingOverflow(part)
        if whole.overflow || sum.overflow { return isBefore ? .min : .max }
        return sum.partialValue
    }
}

/// Identity of an inode while the machine runs: its filesystem's device number and inode number.
package struct InodeIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// The status of one entry.
///
/// The corresponding system call is `statx`, symlinks not followed.
package struct FileStatus: Sendable {
    private let raw: cl_status

    init(_ raw: cl_status) { self.raw = raw }

    package var kind: EntryKind { EntryKind(mode: raw.mode) }
    /// Permission bits, setuid, setgid and sticky: 0 to 07777.
    package var mode: UInt32 { raw.mode & 0o7777 }
    package var owner: UInt32 { raw.uid }
    package var group: UInt32 { raw.gid }
    package var linkCount: UInt32 { raw.link_count }
    package var sizeBytes: UInt64 { raw.size_bytes }
    /// Space that the entry holds, in bytes (st_blocks times 512).
    package var allocatedBytes: UInt64 { raw.blocks &* 512 }
    package var modified: Timestamp {
        Timestamp(seconds: raw.modified_seconds, nanoseconds: raw.modified_nanoseconds)
    }
    package var changed: Timestamp {
        Timestamp(seconds: raw.changed_seconds, nanoseconds: raw.changed_nanoseconds)
    }
    /// Whether the filesystem stores a time of birth for it (ext4: not in 128-byte inodes).
    package var hasBirthTime: Bool { raw.mask & CL_STATX_BTIME != 0 }
    /// When it was made, which nothing changes afterwards; nil where the filesystem does not store it.
    package var birth: Timestamp? {
        guard hasBirthTime else { return nil }
        return Timestamp(seconds: raw.born_seconds, nanoseconds: raw.born_nanoseconds)
    }
    package var identity: InodeIdentity { InodeIdentity(device: device, inode: raw.inode) }
    package var inode: UInt64 { raw.inode }
    /// The device number of the filesystem, major in the upper half.
    package var device: UInt64 { UInt64(raw.device_major) << 32 | UInt64(raw.device_minor) }
    /// The mount that the entry was reached through (Linux 5.8), or 0 where the kernel does not tell.
    package var mount: UInt64 { raw.mask & CL_STATX_MNT_ID != 0 ? raw.mount : 0 }
    /// What a device entry stands for.
    package var specialMajor: UInt32 { raw.special_major }
    package var specialMinor: UInt32 { raw.special_minor }
    /// Whether another filesystem, or another part of this one, is mounted here.
    package var isMountRoot: Bool { raw.attributes & CL_STATX_ATTR_MOUNT_ROOT != 0 }
    /// Whether its contents, and a directory's names, are encrypted (fscrypt, Linux 5.4).
    package var isEncrypted: Bool { raw.attributes & CL_STATX_ATTR_ENCRYPTED != 0 }
    /// The inode flags that statx(2) tells of: immutable, append only, no dump.
    package var visibleFlags: InodeFlags {
        var flags: InodeFlags = []
        if raw.attributes & CL_STATX_ATTR_IMMUTABLE != 0 { flags.insert(.immutable) }
        if raw.attributes & CL_STATX_ATTR_APPEND != 0 { flags.insert(.appendOnly) }
        if raw.attributes & CL_STATX_ATTR_NODUMP != 0 { flags.insert(.noDump) }
        return flags
    }
}
