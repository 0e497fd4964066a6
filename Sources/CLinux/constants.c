// Values of constants.h, as the headers of the architecture that is built for have them.

#define _GNU_SOURCE
#include "constants.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const int CL_O_PATH = O_PATH;
const int CL_O_NOATIME = O_NOATIME;
const int CL_O_TMPFILE = O_TMPFILE;
const int CL_O_DIRECT = O_DIRECT;

const int CL_AT_FDCWD = AT_FDCWD;
const int CL_AT_REMOVEDIR = AT_REMOVEDIR;
const int CL_AT_EMPTY_PATH = AT_EMPTY_PATH;
const int CL_AT_STATX_DONT_SYNC = AT_STATX_DONT_SYNC;

const int CL_SEEK_DATA = SEEK_DATA;
const int CL_SEEK_HOLE = SEEK_HOLE;

const uint32_t CL_RENAME_NOREPLACE = RENAME_NOREPLACE;
const uint32_t CL_RENAME_EXCHANGE = RENAME_EXCHANGE;

const uint32_t CL_STATX_BTIME = STATX_BTIME;
const uint32_t CL_STATX_MNT_ID = STATX_MNT_ID;
const uint64_t CL_STATX_ATTR_IMMUTABLE = STATX_ATTR_IMMUTABLE;
const uint64_t CL_STATX_ATTR_APPEND = STATX_ATTR_APPEND;
const uint64_t CL_STATX_ATTR_NODUMP = STATX_ATTR_NODUMP;
const uint64_t CL_STATX_ATTR_ENCRYPTED = STATX_ATTR_ENCRYPTED;
const uint64_t CL_STATX_ATTR_MOUNT_ROOT = STATX_ATTR_MOUNT_ROOT;

const uint32_t CL_XFLAG_REALTIME = FS_XFLAG_REALTIME;
const uint32_t CL_XFLAG_IMMUTABLE = FS_XFLAG_IMMUTABLE;
const uint32_t CL_XFLAG_APPEND = FS_XFLAG_APPEND;
const uint32_t CL_XFLAG_SYNC = FS_XFLAG_SYNC;
const uint32_t CL_XFLAG_NOATIME = FS_XFLAG_NOATIME;
const uint32_t CL_XFLAG_NODUMP = FS_XFLAG_NODUMP;
const uint32_t CL_XFLAG_PROJINHERIT = FS_XFLAG_PROJINHERIT;
const uint32_t CL_XFLAG_EXTSIZE = FS_XFLAG_EXTSIZE;
const uint32_t CL_XFLAG_EXTSZINHERIT = FS_XFLAG_EXTSZINHERIT;
const uint32_t CL_XFLAG_DAX = FS_XFLAG_DAX;
const uint32_t CL_XFLAG_COWEXTSIZE = FS_XFLAG_COWEXTSIZE;
