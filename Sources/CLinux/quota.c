// Bodies of quota.h.

#define _GNU_SOURCE
#include "quota.h"

#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/quota.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

// The same number on every architecture (asm-generic/unistd.h of Linux 5.14); older headers lack it.
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

#define SAME(field, theirs) \
    _Static_assert(offsetof(struct cl_quota_record, field) == offsetof(struct fs_disk_quota, theirs), #theirs)
_Static_assert(sizeof(struct cl_quota_record) == 112, "struct fs_disk_quota");
_Static_assert(sizeof(struct cl_quota_record) == sizeof(struct fs_disk_quota), "struct fs_disk_quota");
SAME(field_mask, d_fieldmask);
SAME(id, d_id);
SAME(block_hard, d_blk_hardlimit);
SAME(block_soft, d_blk_softlimit);
SAME(inode_hard, d_ino_hardlimit);
SAME(inode_soft, d_ino_softlimit);
SAME(block_count, d_bcount);
SAME(inode_count, d_icount);
SAME(inode_time, d_itimer);
SAME(block_time, d_btimer);
SAME(realtime_hard, d_rtb_hardlimit);
SAME(realtime_soft, d_rtb_softlimit);
SAME(realtime_count, d_rtbcount);
SAME(realtime_time, d_rtbtimer);
// Named d_itimer_hi and d_btimer_hi since the headers of Linux 5.10.
_Static_assert(offsetof(struct cl_quota_record, inode_time_high) == 68
    && offsetof(struct cl_quota_record, block_time_high) == 69, "d_itimer_hi, d_btimer_hi");
_Static_assert(sizeof(struct fs_quota_statv) == 160 && offsetof(struct fs_quota_statv, qs_flags) == 2,
    "struct fs_quota_statv");
_Static_assert(sizeof(struct if_dqblk) == 72 && offsetof(struct if_dqblk, dqb_valid) == 64, "struct if_dqblk");
_Static_assert(sizeof(struct if_dqinfo) == 24 && offsetof(struct if_dqinfo, dqi_valid) == 20, "struct if_dqinfo");

const int CL_QUOTA_USER = USRQUOTA;
const int CL_QUOTA_GROUP = GRPQUOTA;
const int CL_QUOTA_PROJECT = PRJQUOTA;

const uint32_t CL_QUOTA_FORMAT_OLD = QFMT_VFS_OLD;
const uint32_t CL_QUOTA_FORMAT_V0 = QFMT_VFS_V0;

const uint16_t CL_QUOTA_USER_ACCOUNTED = FS_QUOTA_UDQ_ACCT;
const uint16_t CL_QUOTA_USER_ENFORCED = FS_QUOTA_UDQ_ENFD;
const uint16_t CL_QUOTA_GROUP_ACCOUNTED = FS_QUOTA_GDQ_ACCT;
const uint16_t CL_QUOTA_GROUP_ENFORCED = FS_QUOTA_GDQ_ENFD;
const uint16_t CL_QUOTA_PROJECT_ACCOUNTED = FS_QUOTA_PDQ_ACCT;
const uint16_t CL_QUOTA_PROJECT_ENFORCED = FS_QUOTA_PDQ_ENFD;

// FS_DQ_BIGTIME, which headers before 5.10 lack.
const uint16_t CL_QUOTA_BIG_TIMES = 1 << 15;

static int control(struct cl_quota_place place, int command, int kind, uint32_t id, void *address) {
    long result;
    if (place.node < 0) {
        CL_FAULT("quotactl_fd");
        result = syscall(SYS_quotactl_fd, place.volume, QCMD(command, kind), id, address);
    } else {
        CL_FAULT("quotactl");
        // The kernel asks what device the node stands for, and follows this link to it.
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", place.node);
        result = syscall(SYS_quotactl, QCMD(command, kind), path, id, address);
    }
    return result < 0 ? -errno : 0;
}

int cl_has_quota_descriptors(void) {
    CL_FAULT("quotactl_fd");
    return syscall(SYS_quotactl_fd, -1, QCMD(Q_GETFMT, USRQUOTA), 0, NULL) < 0 && errno == EBADF;
}

// 0: nothing was told. XFS tells NULLFSINO where it has none.
static unsigned file_bit(int kind, struct fs_qfilestatv file) {
    return file.qfs_ino != 0 && file.qfs_ino != UINT64_MAX ? 1u << kind : 0;
}

int cl_quota_state(struct cl_quota_place place, uint16_t *flags, unsigned *files) {
    CL_FAULT("quota_state");
    struct fs_quota_statv state = {.qs_version = FS_QSTATV_VERSION1};
    int result = control(place, Q_XGETQSTATV, USRQUOTA, 0, &state);
    *flags = state.qs_flags;
    *files = file_bit(USRQUOTA, state.qs_uquota) | file_bit(GRPQUOTA, state.qs_gquota)
        | file_bit(PRJQUOTA, state.qs_pquota);
    return result;
}

int cl_quota_next(struct cl_quota_place place, int kind, uint32_t id, struct cl_quota_record *record) {
    CL_FAULT("quota_next");
    return control(place, Q_XGETNEXTQUOTA, kind, id, record);
}

int cl_quota_grace(struct cl_quota_place place, int kind, uint64_t *block_seconds, uint64_t *inode_seconds) {
    CL_FAULT("quota_grace");
    struct if_dqinfo answer = {0};
    int result = control(place, Q_GETINFO, kind, 0, &answer);
    *block_seconds = answer.dqi_bgrace;
    *inode_seconds = answer.dqi_igrace;
    return result;
}

int cl_quota_format(struct cl_quota_place place, int kind, uint32_t *format) {
    CL_FAULT("quota_format");
    return control(place, Q_GETFMT, kind, 0, format);
}

int cl_set_quota_grace(struct cl_quota_place place, int kind, uint64_t block_seconds, uint64_t inode_seconds) {
    CL_FAULT("set_quota_grace");
    struct if_dqinfo request = {
        .dqi_bgrace = block_seconds, .dqi_igrace = inode_seconds, .dqi_valid = IIF_BGRACE | IIF_IGRACE,
    };
    return control(place, Q_SETINFO, kind, 0, &request);
}

int cl_set_quota_limits(struct cl_quota_place place, int kind, uint32_t id, struct cl_quota_limits limits) {
    CL_FAULT("set_quota_limits");
    struct if_dqblk request = {
        .dqb_bhardlimit = limits.block_hard, .dqb_bsoftlimit = limits.block_soft,
        .dqb_ihardlimit = limits.inode_hard, .dqb_isoftlimit = limits.inode_soft,
        .dqb_valid = QIF_BLIMITS | QIF_ILIMITS,
    };
    return control(place, Q_SETQUOTA, kind, id, &request);
}

int cl_set_quota_times(
    struct cl_quota_place place, int kind, uint32_t id, const uint64_t *block_time, const uint64_t *inode_time) {
    CL_FAULT("set_quota_times");
    struct if_dqblk request = {0};
    if (block_time != NULL) {
        request.dqb_btime = *block_time;
        request.dqb_valid |= QIF_BTIME;
    }
    if (inode_time != NULL) {
        request.dqb_itime = *inode_time;
        request.dqb_valid |= QIF_ITIME;
    }
    return control(place, Q_SETQUOTA, kind, id, &request);
}
