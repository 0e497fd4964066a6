// What a filesystem says of itself as a whole, and the limits of this process.

import CLinux
import Glibc

/// Capacity and identity of the filesystem behind a descriptor.
///
/// The system call is `fstatfs`.
package struct VolumeStatus: Sendable {
    private let raw: cl_volume_status

    package init(of descriptor: borrowing Descriptor) throws(SystemError) {
        var raw = cl_volume_status()
        let fd = descriptor.raw
        check(try retrying(.fstatfs) { cl_fstatfs(fd, &raw) })
        self.raw = raw
    }

    package var blockBytes: UInt64 { max(raw.block_bytes, 512) }
    package var usedBytes: UInt64 { (raw.blocks &- raw.blocks_free) &* raw.block_bytes }
    /// What files and directories can take in all; the filesystem's own tables are no part of it on ext4.
    package var totalBytes: UInt64 { raw.blocks &* raw.block_bytes }
    /// What nobody uses, blocks that are kept for root included.
    package var freeBytes: UInt64 { raw.blocks_free &* raw.block_bytes }
    /// What others than root may still fill.
    package var availableBytes: UInt64 { raw.blocks_available &* raw.block_bytes }
    package var usedInodes: UInt64 {
        raw.inodes >= raw.inodes_free ? raw.inodes - raw.inodes_free : 0
    }
    package var freeInodes: UInt64 { raw.inodes_free }
    /// Those in use and those that are free.
    package var totalInodes: UInt64 { raw.inodes }
    /// Whether it takes no write as it is mounted here (ST_RDONLY).
    package var isReadOnly: Bool { raw.flags & 1 != 0 }
    /// Whether the filesystem counts inodes at all; btrfs does not.
    package var countsInodes: Bool { raw.inodes > 0 }

    /// Whether its attributes lie on a disk or in memory here, and on no server or other filesystem.
    ///
    /// Then AT_STATX_DONT_SYNC of statx(2) changes nothing, and an entry is made with the mode that was asked for. Types
    /// that are not listed count as others.
    package var keepsAttributesItself: Bool {
        switch raw.type {
        // XFS, ext2 to ext4, btrfs, tmpfs, ramfs, F2FS.
        case 0x5846_5342, 0xEF53, 0x9123_683E, 0x0102_1994, 0x8584_58F6, 0xF2F5_2010: true
        default: false
        }
    }

    /// Whether closing a file that was only read waits for nothing: such types have no `flush` in the kernel, so that
    /// io_uring closes files without a thread of its own (io_close in io_uring/openclose.c).
    package var closesAtOnce: Bool {
        switch raw.type {
        // XFS, ext2 to ext4, btrfs, tmpfs.
        case 0x5846_5342, 0xEF53, 0x9123_683E, 0x0102_1994: true
        default: false
        }
    }

    /// Whether it shows the layers of others (overlayfs).
    package var isOverlay: Bool { raw.type == 0x794C_7630 }

    /// The name of the filesystem's type by its magic number (statfs(2)), for people.
    package var typeName: String {
        switch raw.type {
        case 0x5846_5342: "xfs"
        case 0xEF53: "ext4"
        case 0x9123_683E: "btrfs"
        case 0x0102_1994: "tmpfs"
        case 0x794C_7630: "overlay"
        case 0x6969: "nfs"
        case 0x6573_5546: "fuse"
        default: "type 0x" + String(raw.type, radix: 16)
        }
    }
}

extension Descriptor {
    /// How many names one inode can have here, or nil where the C library does not know.
    ///
    /// The corresponding function is `fpathconf` with _PC_LINK_MAX.
    package func linkCountMax() -> UInt32? {
        let result = cl_fpathconf_link_max(raw)
        // 127 is glibc's answer for filesystems that it does not know (LINUX_LINK_MAX).
        return result > 127 && result < Int(Int32.max) ? UInt32(result) : nil
    }
}

/// What this process may do, set once at its start.
package enum ProcessLimits {
    /// Raises the limit of open descriptors to its hard limit and returns it, at most 1,048,576.
    ///
    /// The corresponding system call is `setrlimit` with RLIMIT_NOFILE.
    package static func raiseDescriptorLimit() throws(SystemError) -> Int {
        try retrying(.limit) { cl_raise_descriptor_limit() }
    }

    /// The value of a variable of the environment, unless it is empty (getenv(3)).
    package static func environment(_ name: String) -> Name? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return Name(cString: value)
    }

    /// Puts this process into the idle I/O class and at nice 19.
    ///
    /// The system calls are `ioprio_set` and `setpriority`.
    package static func setIdlePriority() throws(SystemError) {
        check(try retrying(.priority) { cl_set_idle_priority() })
    }

    /// Puts the calling thread alone back into the usual I/O class and to nice 0: what it reads waits as a user's reads
    /// do, and children that it makes begin so.
    ///
    /// EACCES where only the nice value stays, which needs CAP_SYS_NICE. The system calls are `ioprio_set` and
    /// `setpriority`.
    package static func setUsualPriority() throws(SystemError) {
        check(try retrying(.priority) { cl_set_usual_priority() })
    }

    /// Clears the umask, which would take bits from every mode given to mkdir(2) and mknod(2);
    /// returns the one that was set.
    ///
    /// The system call is `umask`.
    package static func clearMask() -> UInt32 { UInt32(umask(0)) }

    /// Whether this process acts as root: effective uid 0.
    package static var isRoot: Bool { effectiveUser == 0 }

    /// The groups that this process is in, the effective one included (getgroups(2)); nil on failure.
    package static var groups: Set<UInt32>? {
        let count = getgroups(0, nil)
        guard count >= 0 else { return nil }
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard count == 0 || getgroups(count, &groups) >= 0 else { return nil }
        return Set(groups.map { UInt32($0) }).union([getegid()])
    }

    /// The effective user (geteuid(2)), which this process never changes.
    package static let effectiveUser: UInt32 = geteuid()
    /// The id of this process, as getpid(2) gives it.
    package static var process: Int32 { getpid() }

    /// Whether /proc/self/fd works: handles of entries are used through it (proc(5)).
    package static func hasDescriptorPaths(_ descriptor: borrowing Descriptor) -> Bool {
        (try? descriptor.path()) != nil
    }
}

/// Monotonic time in nanoseconds, for rates and durations (clock_gettime(2), CLOCK_MONOTONIC).
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    // It cannot fail for a clock that Linux always has.
    _ = clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Sleeps; may wake early by a signal.
///
/// The corresponding system call is `nanosleep`.
package func pauseThread(nanoseconds: UInt64) {
    var time = timespec(
        tv_sec: Int(nanoseconds / 1_000_000_000),
        tv_nsec: Int(nanoseconds % 1_000_000_000)
    )
    // An early end is harmless: callers look at the clock again.
    _ = nanosleep(&time, nil)
}
