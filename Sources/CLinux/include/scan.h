// What a change scan asks of the kernel: XFS's list of inodes in use (ioctl_xfs_bulkstat(2), Linux 5.3),
// its geometry (ioctl_xfs_fsgeometry(2), 5.2), and what tells filesystems and inodes apart.
//
// The layouts are the kernel's own (fs/xfs/libxfs/xfs_fs.h), declared here so that no package of headers
// is needed; their sizes are asserted in scan.c. Every descriptor must be open: O_PATH ones get EBADF.

#ifndef CUTOVER_SCAN_H
#define CUTOVER_SCAN_H

#include <stdint.h>

enum {
    CL_XFS_BULK_GROUP = 1,            // XFS_BULK_IREQ_AGNO: only inodes of the group that is named
    CL_XFS_GEOMETRY_QUOTA = 1 << 2,   // XFS_FSOP_GEOM_FLAGS_QUOTA: there are inodes that hold quotas
    CL_XFS_GEOMETRY_V5 = 1 << 15,     // XFS_FSOP_GEOM_FLAGS_V5SB: inodes hold a time of birth
    CL_XFS_GEOMETRY_BIGTIME = 1 << 21, // XFS_FSOP_GEOM_FLAGS_BIGTIME: times after 2038
    CL_UUID_BYTES = 16,
};

/// struct xfs_bulk_ireq: the request; its answers follow it in memory.
struct cl_xfs_bulk_request {
    uint64_t inode;                   // in: the first wanted; out: where the next call goes on
    uint32_t flags;
    uint32_t capacity;                // in: answers that there is room for
    uint32_t count;                   // out: answers given
    uint32_t group;                   // in: with CL_XFS_BULK_GROUP
    uint64_t reserved[5];             // zeros
};

/// struct xfs_bulkstat: one answer.
struct cl_xfs_inode {
    uint64_t inode, size_bytes, blocks, flags;
    int64_t accessed_seconds, modified_seconds, changed_seconds, born_seconds;
    uint32_t generation, uid, gid, project;
    uint32_t accessed_nanoseconds, modified_nanoseconds, changed_nanoseconds, born_nanoseconds;
    uint32_t block_bytes, device, copy_on_write_extent_size, extent_size;
    uint32_t link_count, extents, attribute_extents;
    uint16_t version, fork_offset, sick, checked, mode, padding;
    uint64_t extents_64, reserved[6];
};

/// struct xfs_fsop_geom.
struct cl_xfs_geometry {
    uint32_t block_bytes, realtime_extent_blocks, group_blocks, group_count, log_blocks, sector_bytes;
    uint32_t inode_bytes, inode_percent_max;
    uint64_t blocks, realtime_blocks, realtime_extents, log_start;
    uint8_t uuid[CL_UUID_BYTES];
    uint32_t stripe_unit, stripe_width, version, flags, log_sector_bytes, realtime_sector_bytes;
    uint32_t directory_block_bytes, log_stripe_unit, sick, checked;
    uint64_t reserved[17];
};

/// Fills the answers behind `request` with inodes in use, in ascending order. XFS_IOC_BULKSTAT.
int cl_xfs_bulkstat(int descriptor, struct cl_xfs_bulk_request *request);

/// XFS_IOC_FSGEOMETRY.
int cl_xfs_geometry(int descriptor, struct cl_xfs_geometry *geometry);

/// The filesystem's UUID, asked for in three ways: FS_IOC_GETFSUUID, Linux 6.9, of any filesystem that has
/// one; XFS_IOC_FSGEOMETRY; EXT4_IOC_GETFSUUID, Linux 5.19. Returns its length, at most CL_UUID_BYTES.
int cl_filesystem_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]);
int cl_xfs_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]);
int cl_ext4_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]);

/// Tells which use of its number an inode is. FS_IOC_GETVERSION.
int cl_generation(int descriptor, uint32_t *generation);

#endif
