// The kernel's constants that `import Glibc` lacks. Swift cannot read macros that are made of others, and some of these
// numbers differ between architectures: O_DIRECT is 040000 on x86_64 and 0200000 on arm64, where 040000 is O_DIRECTORY.
// So no number stands here: constants.c takes each from the system's headers.

#ifndef CUTOVER_CONSTANTS_H
#define CUTOVER_CONSTANTS_H

#include <stdint.h>

// open(2).
extern const int CL_O_PATH;
extern const int CL_O_NOATIME;
extern const int CL_O_TMPFILE;
extern const int CL_O_DIRECT;

// The *at calls.
extern const int CL_AT_FDCWD;
extern const int CL_AT_REMOVEDIR;
extern const int CL_AT_EMPTY_PATH;
extern const int CL_AT_STATX_DONT_SYNC;

// lseek(2).
extern const int CL_SEEK_DATA;
extern const int CL_SEEK_HOLE;

// renameat2(2).
extern const uint32_t CL_RENAME_NOREPLACE;
extern const uint32_t CL_RENAME_EXCHANGE;

// statx(2): bits of `mask`, then of `attributes`.
extern const uint32_t CL_STATX_BTIME;
extern const uint32_t CL_STATX_MNT_ID;
extern const uint64_t CL_STATX_ATTR_IMMUTABLE;
extern const uint64_t CL_STATX_ATTR_APPEND;
extern const uint64_t CL_STATX_ATTR_NODUMP;
extern const uint64_t CL_STATX_ATTR_ENCRYPTED;
extern const uint64_t CL_STATX_ATTR_MOUNT_ROOT;

// FS_IOC_FSGETXATTR and XFS's bulkstat: FS_XFLAG_*.
extern const uint32_t CL_XFLAG_REALTIME;
extern const uint32_t CL_XFLAG_IMMUTABLE;
extern const uint32_t CL_XFLAG_APPEND;
extern const uint32_t CL_XFLAG_SYNC;
extern const uint32_t CL_XFLAG_NOATIME;
extern const uint32_t CL_XFLAG_NODUMP;
extern const uint32_t CL_XFLAG_PROJINHERIT;
extern const uint32_t CL_XFLAG_EXTSIZE;
extern const uint32_t CL_XFLAG_EXTSZINHERIT;
extern const uint32_t CL_XFLAG_DAX;
extern const uint32_t CL_XFLAG_COWEXTSIZE;

#endif
