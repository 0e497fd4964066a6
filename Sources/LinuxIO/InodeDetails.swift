// What XFS_IOC_BULKSTAT tells of an inode beyond what a change scan needs: sizes, flags, attributes. The same
// scan tells of it, so a census keeps all that InodeScan keeps true.

import CLinux

/// One inode in use, with what another filesystem may not be able to hold.
package struct InodeDetails: Sendable {
    package let identity: ScannedInode
    package let sizeBytes: UInt64
    /// Filesystem blocks that it holds, for contents, attributes and maps; shared ones count in each inode.
    package let blocks: UInt64
    package let modified: Timestamp
    package let owner: UInt32
    package let group: UInt32
    package let project: UInt32
    /// The flags that ext4 has too, and inheritance of project ids.
    package let flags: InodeFlags
    /// Flags and values of XFS's own.
    package let isRealtime: Bool
    package let isDirectAccess: Bool
    package let hasExtentSize: Bool
    /// Whether it has a fork for extended attributes and ACLs; it may be empty.
    package let hasAttributes: Bool
    /// Whether those do not fit into the inode any more.
    package let hasAttributeBlocks: Bool
    /// Whether the kernel, or a scrub, has found it damaged since the volume was mounted.
    package let isSick: Bool

    init(_ identity: ScannedInode, _ raw: cl_xfs_inode) {
        self.identity = identity
        sizeBytes = raw.size_bytes
        blocks = raw.blocks
        modified = Timestamp(seconds: raw.modified_seconds, nanoseconds: raw.modified_nanoseconds)
        owner = raw.uid
        group = raw.gid
        project = raw.project
        let bits = UInt32(truncatingIfNeeded: raw.flags)
        flags = InodeFlags(rawValue: bits).intersection(.carried.union(.projectInherit))
        isRealtime = bits & CL_XFLAG_REALTIME != 0
        isDirectAccess = bits & CL_XFLAG_DAX != 0
        let sizes = CL_XFLAG_EXTSIZE | CL_XFLAG_EXTSZINHERIT | CL_XFLAG_COWEXTSIZE
        hasExtentSize = bits & sizes != 0
        hasAttributes = raw.fork_offset != 0
        hasAttributeBlocks = raw.attribute_extents != 0
        isSick = raw.sick != 0
    }
}

extension InodeScan {
    /// The next inode with all that is told of it, or nil at the end of the group; see `next`.
    package mutating func nextDetails(
        _ descriptor: borrowing Descriptor
    ) throws(SystemError) -> InodeDetails? {
        guard let identity = try next(descriptor) else { return nil }
        let answers = (memory + MemoryLayout<cl_xfs_bulk_request>.stride)
            .assumingMemoryBound(to: cl_xfs_inode.self)
        // `next` has gone past it, and asks the kernel for others only when it is called again.
        return InodeDetails(identity, answers[index - 1])
    }
}
