// Quotas of a whole filesystem: quotactl_fd(2), Linux 5.14, by any descriptor of it, an O_PATH one too; before that
// quotactl(2) by a block device's node.
//
// Only commands that read, and two that write, are here. Reading is done by those that a read-only mount allows:
// Q_GETQUOTA and Q_GETNEXTQUOTA count as writing there (EROFS; fs/quota/quota.c, quotactl_cmd_write). No command here
// switches quotas on or off, none sets a usage.

#ifndef CUTOVER_QUOTA_H
#define CUTOVER_QUOTA_H

#include <stdint.h>

// Kinds: USRQUOTA, GRPQUOTA, PRJQUOTA.
extern const int CL_QUOTA_USER;
extern const int CL_QUOTA_GROUP;
extern const int CL_QUOTA_PROJECT;

// Formats of the files that hold the limits: QFMT_*.
extern const uint32_t CL_QUOTA_FORMAT_OLD;
extern const uint32_t CL_QUOTA_FORMAT_V0;

// Bits of cl_quota_state: FS_QUOTA_UDQ_ACCT and so on.
extern const uint16_t CL_QUOTA_USER_ACCOUNTED, CL_QUOTA_USER_ENFORCED;
extern const uint16_t CL_QUOTA_GROUP_ACCOUNTED, CL_QUOTA_GROUP_ENFORCED;
extern const uint16_t CL_QUOTA_PROJECT_ACCOUNTED, CL_QUOTA_PROJECT_ENFORCED;

// In `field_mask` of a record: its times have 40 bits. FS_DQ_BIGTIME.
extern const uint16_t CL_QUOTA_BIG_TIMES;

/// struct fs_disk_quota: what is kept of one owner. Blocks are of 512 bytes, times in seconds since 1970.
struct cl_quota_record {
    int8_t version, flags;
    uint16_t field_mask;
    uint32_t id;
    uint64_t block_hard, block_soft, inode_hard, inode_soft, block_count, inode_count;
    int32_t inode_time, block_time;
    uint16_t inode_warnings, block_warnings;
    int8_t inode_time_high, block_time_high, realtime_time_high, padding;
    uint64_t realtime_hard, realtime_soft, realtime_count;
    int32_t realtime_time;
    uint16_t realtime_warnings;
    int16_t padding_after_warnings;
    char padding_at_end[8];
};

/// How the calls reach the filesystem: by `volume`, a descriptor of it, or, where `node` is not -1, by that handle
/// of its block device.
struct cl_quota_place { int volume, node; };

/// Whether quotactl_fd(2) is there. Asked with no descriptor at all: ENOSYS of a real one can also mean that the
/// filesystem has no quotas.
int cl_has_quota_descriptors(void);

/// Which kinds are accounted and enforced, and of which (1 << kind) there is a quota file, also of those that are not
/// accounted: XFS tells it as soon as one kind is on. Q_XGETQSTATV, Linux 3.12; ENOSYS when none is.
int cl_quota_state(struct cl_quota_place place, uint16_t *flags, unsigned *files);

/// The record of the least id from `id` on. Q_XGETNEXTQUOTA, Linux 4.6; ENOENT at the end, ESRCH for a kind that is
/// not accounted.
int cl_quota_next(struct cl_quota_place place, int kind, uint32_t id, struct cl_quota_record *record);

/// How long owners may stay above their soft limits, in seconds. Q_GETINFO.
int cl_quota_grace(struct cl_quota_place place, int kind, uint64_t *block_seconds, uint64_t *inode_seconds);

/// The number of the format. Q_GETFMT; ESRCH where there is none (XFS).
int cl_quota_format(struct cl_quota_place place, int kind, uint32_t *format);

/// Sets the grace times of a kind. Q_SETINFO.
int cl_set_quota_grace(struct cl_quota_place place, int kind, uint64_t block_seconds, uint64_t inode_seconds);

/// Limits of one owner: blocks of 1 KiB, and inodes.
struct cl_quota_limits { uint64_t block_hard, block_soft, inode_hard, inode_soft; };

/// Sets all four limits of one owner, and nothing else of it. Q_SETQUOTA.
int cl_set_quota_limits(struct cl_quota_place place, int kind, uint32_t id, struct cl_quota_limits limits);

/// Sets when grace ends of an owner that is above a soft limit, in seconds since 1970; null: as it is. Q_SETQUOTA.
int cl_set_quota_times(
    struct cl_quota_place place, int kind, uint32_t id, const uint64_t *block_time, const uint64_t *inode_time);

#endif
