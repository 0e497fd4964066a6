// Inode flags (chattr(1)) and project ids, through FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR.

import CLinux

/// The inode flags that XFS and ext4 both hold, by the kernel's FS_XFLAG values (linux/fs.h).
package struct InodeFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let immutable = InodeFlags(rawValue: CL_XFLAG_IMMUTABLE)
    package static let appendOnly = InodeFlags(rawValue: CL_XFLAG_APPEND)
    package static let synchronous = InodeFlags(rawValue: CL_XFLAG_SYNC)
    package static let noAccessTime = InodeFlags(rawValue: CL_XFLAG_NOATIME)
    package static let noDump = InodeFlags(rawValue: CL_XFLAG_NODUMP)
    package static let projectInherit = InodeFlags(rawValue: CL_XFLAG_PROJINHERIT)

    /// The flags that stop every change of an entry; they are set last and cleared before an update.
    package static let frozen: InodeFlags = [.immutable, .appendOnly]
    /// The flags that are carried from SOURCE to DESTINATION.
    package static let carried: InodeFlags = [
        .immutable, .appendOnly, .synchronous, .noAccessTime, .noDump,
    ]
    /// Those of them that a directory gives to what is made in it (ext4, and XFS by its `fs.xfs.inherit_*`).
    package static let passedOn: InodeFlags = [.synchronous, .noAccessTime, .noDump]
    /// Those of them that statx(2) shows without opening the entry.
    package static let visible: InodeFlags = [.immutable, .appendOnly, .noDump]
}

/// An inode's flags and its project id.
package struct InodeSettings: Equatable, Sendable {
    private var raw: cl_inode_flags

    /// Flags that are carried; others that the filesystem set stay as they are.
    package var flags: InodeFlags {
        get { InodeFlags(rawValue: raw.flags).intersection(.carried.union(.projectInherit)) }
        set {
            let mask = InodeFlags.carried.union(.projectInherit).rawValue
            raw.flags = raw.flags & ~mask | newValue.rawValue & mask
        }
    }
    /// The project id, 0 for none.
    package var project: UInt32 {
        get { raw.project }
        set { raw.project = newValue }
    }

    package static func == (left: InodeSettings, right: InodeSettings) -> Bool {
        left.flags == right.flags && left.project == right.project
    }

    /// Reads them from an open file or directory; nil where the filesystem has none (ENOTTY, EOPNOTSUPP).
    ///
    /// The corresponding call is `ioctl(FS_IOC_FSGETXATTR)`.
    package init?(of descriptor: borrowing Descriptor) throws(SystemError) {
        var raw = cl_inode_flags()
        let fd = descriptor.raw
        do throws(SystemError) {
            guard try retrying(.getFlags, { cl_get_inode_flags(fd, &raw) }) >= 0 else { return nil }
        } catch {
            if error.code == .notSupportedByDevice || error.code == .notSupported { return nil }
            throw error
        }
        self.raw = raw
    }

    /// Sets them on an open file or directory.
    ///
    /// The corresponding call is `ioctl(FS_IOC_FSSETXATTR)`.
    package func apply(to descriptor: borrowing Descriptor) throws(SystemError) {
        var copy = raw
        let fd = descriptor.raw
        check(try retrying(.setFlags) { cl_set_inode_flags(fd, &copy) })
    }
}
