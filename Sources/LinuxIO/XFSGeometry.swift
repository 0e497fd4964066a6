// How an XFS is laid out: the allocation groups that it is cut into, and the numbers of inodes in each.

import CLinux

/// Facts of an XFS volume.
///
/// They hold while it is mounted, but for the number of groups, which xfs_growfs(8) can add to: it is read
/// anew for each scan.
package struct XFSGeometry: Sendable {
    /// Allocation groups: parts of the volume with inodes of their own, which can be scanned side by side.
    package let groupCount: Int
    /// 16 bytes.
    package let uuid: [UInt8]
    /// Whether inodes hold the time of their birth: format version 5, what mkfs.xfs has made since 2014.
    package let hasBirthTimes: Bool
    /// Whether it stores times after 2038 (`bigtime`).
    package let hasBigTimes: Bool
    package let blockBytes: UInt64
    /// Whether the kernel, or a scrub, has found the metadata of the whole volume damaged since it was mounted
    /// (XFS_FSOP_GEOM_SICK_*).
    package let isSick: Bool
    /// Whether it was mounted with quotas at some time: limits may be stored, whether it accounts now or not
    /// (XFS_FSOP_GEOM_FLAGS_QUOTA).
    package let hasQuotaInodes: Bool
    /// What it was made with, as xfs_info(8) calls it.
    package let features: [String]
    /// The low bits of an inode's number that count within its group; the others are the group's number.
    private let inodeBits: Int

    /// Reads it from an open file or directory, not an O_PATH handle (EBADF).
    ///
    /// ENOTTY where it is no XFS, or the kernel is older than 5.2. Needs no privilege. The corresponding
    /// call is `ioctl` with XFS_IOC_FSGEOMETRY.
    package init(of descriptor: borrowing Descriptor) throws(SystemError) {
        var raw = cl_xfs_geometry()
        let number = descriptor.raw
        check(try retrying(.getGeometry) { cl_xfs_geometry(number, &raw) })
        guard raw.group_count > 0, raw.group_blocks > 0, raw.inode_bytes > 0,
            raw.block_bytes >= raw.inode_bytes
        else { throw SystemError(.getGeometry, .corrupted) }
        groupCount = Int(raw.group_count)
        uuid = withUnsafeBytes(of: raw.uuid) { Array($0) }
        hasBirthTimes = raw.flags & UInt32(CL_XFS_GEOMETRY_V5) != 0
        hasBigTimes = raw.flags & UInt32(CL_XFS_GEOMETRY_BIGTIME) != 0
        blockBytes = UInt64(raw.block_bytes)
        isSick = raw.sick != 0
        features = FeatureWords.xfs(raw.flags)
        hasQuotaInodes = raw.flags & UInt32(CL_XFS_GEOMETRY_QUOTA) != 0
        // Of a number the lowest bits say which inode of its block, the next which block of the group:
        // as many as the largest needs (sb_inopblog and sb_agblklog of the superblock).
        let inodesPerBlock = raw.block_bytes / raw.inode_bytes
        inodeBits = Self.bits(below: inodesPerBlock) + Self.bits(below: raw.group_blocks)
    }

    /// The numbers that inodes of a group can have; most of them are not in use.
    package func inodes(ofGroup group: Int) -> Range<UInt64> {
        precondition((0..<groupCount).contains(group), "no group \(group) of \(groupCount)")
        return UInt64(group) << inodeBits..<UInt64(group + 1) << inodeBits
    }

    /// Bits that hold every number below `count`.
    private static func bits(below count: UInt32) -> Int {
        UInt32.bitWidth - (count - 1).leadingZeroBitCount
    }
}
