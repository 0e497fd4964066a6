"""Which errors each operation of the fault table can have.

Operations are the names in the CL_FAULT lines of Sources/CLinux. A row names only what the kernel or the
filesystems in question can return for that call, by its man page in section 2 (or xattr(7), acl_get_file(3))
and, where that is silent, by fs/xfs and fs/ext4: EIO and EUCLEAN (both print "Structure needs cleaning" for
a damaged tree as EFSCORRUPTED), ESTALE (an inode that is gone below a handle), ENOMEM (any allocation).
Left out are answers that are no errors, and that the kernel would not give of these volumes: ENXIO of lseek (no
more data), ENODATA of getxattr and removexattr (whoever removed it moved the change time as well), ENOTSUP of
listxattr and ENOTTY of FS_IOC_FSGETXATTR (a filesystem without attributes, S34, or without flags: it is the
filesystem's answer and not an inode's), EMLINK and EXDEV of linkat (an inode that is full, or of another
project, has a second one from then on, S41, S57), EINTR of SQLite's fcntl (F_SETLK does not wait; of the network
it may, and SQLite takes it as any error). ENOENT of unlinkat is made true by the fault table.

An operation without a row stops the campaign: a new hook wants one.

KILL is no error: the process ends by SIGKILL where the call would be made.
"""

# fs/namei.c: what walking to one name can meet.
_LOOKUP = ["EIO", "EACCES", "ENOENT", "ENOMEM", "ESTALE", "EUCLEAN", "EINTR"]
# open(2): tables of descriptors of the process and of the machine.
_DESCRIPTORS = ["EMFILE", "ENFILE"]
# What changing a directory or an inode of ext4 can meet (ext4_journal_start, fs/quota/dquot.c).
_CHANGE = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "ENOMEM", "EINTR"]
# open(2), read(2), write(2), fcntl(2) of ordinary files that are no part of a volume.
_PLAIN_OPEN = ["EIO", "EACCES", "ENOENT", "EMFILE", "ENFILE", "ENOMEM", "EINTR"]

ERRNOS = {
    # open(2); ELOOP and ENOTDIR: the name means a symlink or no directory by now; EPERM: O_NOATIME.
    "openat": _LOOKUP + _DESCRIPTORS + ["EPERM", "ELOOP", "ENOTDIR", "ENOSPC", "EDQUOT", "EROFS"],
    "open_by_handle_at": ["ESTALE", "ENOMEM", "EMFILE", "ENFILE", "EPERM", "EIO", "EINTR"],
    "statx": _LOOKUP + ["ENOTDIR", "ELOOP"],
    "statx_alignment": ["EIO", "ENOMEM", "EINTR"],
    "statx_mount": ["EIO", "ENOMEM", "EINTR"],
    # getdents(2); ENOENT: the directory was removed.
    "getdents64": ["EIO", "ENOENT", "EUCLEAN", "ENOMEM", "ESTALE", "EINTR"],
    "readlinkat": ["EIO", "EACCES", "ENOENT", "ENOMEM", "ESTALE", "EUCLEAN", "EINTR"],
    # /proc/self/fd: readlink(2), proc(5).
    "readlink": ["ENOENT", "EACCES", "ENOMEM", "EINTR"],
    "fstatfs": ["EIO", "ENOMEM", "EINTR", "ENOSYS"],
    "fpathconf": ["EIO", "EINTR"],
    # read(2); ENODATA, EILSEQ, ETIMEDOUT: blk_status_to_errno in block/blk-core.c.
    "pread": ["EIO", "ENODATA", "EILSEQ", "ETIMEDOUT", "EAGAIN", "EINVAL", "ENOMEM", "ESTALE", "EINTR"],
    "preadv2": ["EAGAIN", "EIO", "ENOTSUP", "EINTR"],
    "pwrite": _CHANGE + ["EINVAL", "EFBIG", "EPERM"],
    "lseek": ["EIO", "EINVAL", "EINTR"],
    "ftruncate": ["EIO", "ENOSPC", "EFBIG", "EPERM", "EROFS", "ENOMEM", "EINTR"],
    "fadvise": ["EINVAL"],
    "fsync": ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR"],
    "syncfs": ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
    # close(2): what delayed writing found out.
    "close": ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
    # fcntl(2): F_DUPFD_CLOEXEC, F_SETFL with O_DIRECT.
    "fcntl": ["EMFILE", "EINVAL", "EINTR"],
    "mkdirat": _CHANGE + ["EACCES", "EEXIST", "EMLINK", "EPERM", "ENOENT"],
    "mknodat": _CHANGE + ["EACCES", "EEXIST", "EPERM", "ENOENT"],
    "symlinkat": _CHANGE + ["EACCES", "EEXIST", "EPERM", "ENOENT"],
    "linkat": _CHANGE + ["EACCES", "EEXIST", "EPERM", "ENOENT"],
    "unlinkat": ["EIO", "EACCES", "EBUSY", "ENOENT", "EPERM", "EROFS", "ENOMEM", "ENOSPC", "EINTR"],
    "renameat": _CHANGE + ["EACCES", "EBUSY", "EEXIST", "EINVAL", "EPERM", "EXDEV", "EMLINK", "ENOENT"],
    "fchown": ["EIO", "EPERM", "EDQUOT", "EROFS", "ENOMEM", "ENOSPC", "EINTR"],
    "fchmod": ["EIO", "EPERM", "EROFS", "ENOMEM", "ENOTSUP", "EINTR"],
    "utimensat": ["EIO", "EACCES", "EPERM", "EROFS", "ENOMEM", "EINTR"],
    # xattr(7), listxattr(2), getxattr(2): E2BIG, ERANGE: it grew between two calls.
    "listxattr": ["EIO", "EACCES", "ENOENT", "ERANGE", "E2BIG", "ENOMEM", "EUCLEAN", "EINTR"],
    "getxattr": ["EIO", "EACCES", "ENOTSUP", "ERANGE", "ENOMEM", "EUCLEAN", "EPERM", "EINTR"],
    "setxattr": _CHANGE + ["EPERM", "ENOTSUP", "E2BIG", "ERANGE", "EACCES"],
    "removexattr": ["EIO", "ENOTSUP", "EPERM", "EROFS", "ENOSPC", "ENOMEM", "EINTR"],
    # acl_get_file(3), acl_set_file(3).
    "acl_get": ["EIO", "EACCES", "ENOMEM", "ENOTSUP", "ENOENT", "EINTR"],
    "acl_set": ["EIO", "EACCES", "EINVAL", "ENOSPC", "ENOTSUP", "EPERM", "EROFS", "ENOMEM", "EINTR"],
    # ioctl_fs*(2): FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR, FS_IOC_GETVERSION, the UUIDs, XFS's own.
    "fsgetxattr": ["EIO", "ENOMEM", "EINTR"],
    "fssetxattr": ["EIO", "ENOTTY", "ENOTSUP", "EPERM", "EINVAL", "EROFS", "EDQUOT", "ENOSPC", "EINTR"],
    # FS_IOC_FIEMAP: an order of reading comes of it, and nothing else.
    "fiemap": ["EIO", "ENOMEM", "ENOTSUP", "EINTR"],
    "getversion": ["EIO", "ENOTTY", "EINTR"],
    "getfsuuid": ["ENOTTY", "EIO", "EINTR"],
    "ext4_getfsuuid": ["ENOTTY", "EIO", "EINTR"],
    "xfs_geometry": ["EIO", "ENOTTY", "EINTR"],
    "xfs_bulkstat": ["EIO", "EPERM", "ENOMEM", "EUCLEAN", "EINVAL", "EINTR"],
    # quotactl(2), fs/quota/quota.c: the call by itself, which seccomp may refuse, and its commands.
    "quotactl_fd": ["ENOSYS", "EPERM"],
    "quotactl": ["ENOSYS", "EPERM"],
    "quota_state": ["EIO", "EPERM", "ENOSYS", "EINTR"],
    "quota_next": ["EIO", "EUCLEAN", "EPERM", "ESRCH", "ENOMEM", "EINTR"],
    "quota_grace": ["EIO", "EPERM", "ESRCH", "EINTR"],
    "quota_format": ["EIO", "EPERM", "ESRCH", "EINTR"],
    "set_quota_grace": ["EIO", "EPERM", "ESRCH", "EROFS", "ENOSPC"],
    "set_quota_limits": ["EIO", "EPERM", "ESRCH", "EROFS", "ENOSPC", "ERANGE"],
    "set_quota_times": ["EIO", "EPERM", "ESRCH", "EROFS", "ENOSPC"],
    # open_tree(2), mount_setattr(2).
    "open_tree": ["EMFILE", "ENFILE", "ENOMEM", "EPERM", "ENOSYS", "EINVAL"],
    "mount_setattr": ["ENOMEM", "EPERM", "ENOSYS", "EINVAL", "EBUSY"],
    # io_uring_setup(2), io_uring_enter(2); what one read of a batch ends with is that of read(2).
    "io_uring_setup": ["ENOMEM", "EPERM", "ENOSYS", "EMFILE", "ENFILE"],
    "io_uring_enter": ["ENOMEM", "EAGAIN", "EBUSY", "EINTR"],
    "io_uring_read": ["EIO", "ENODATA", "EAGAIN", "EINVAL", "ENOMEM", "EINTR"],
    # open(2), flock(2), read(2), write(2) of files that are no part of a volume.
    "open": _PLAIN_OPEN + ["ENOSPC", "EROFS"],
    "flock": ["EINTR", "ENOLCK", "ENOMEM"],
    "read": ["EIO", "EINTR", "ENOMEM"],
    "write": ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EINTR", "EAGAIN"],
    # The same calls made by SQLite (CSQLite) on the state's files; close(2) and fcntl(2) for its locks.
    "sqlite_open": _PLAIN_OPEN + ["ENOSPC", "EROFS"],
    "sqlite_open_folder": _PLAIN_OPEN,
    "sqlite_close": ["EIO", "ENOSPC", "EDQUOT", "EINTR"],
    "sqlite_access": ["EIO", "EACCES", "ENOENT", "ENOMEM"],
    "sqlite_stat": ["EIO", "EACCES", "ENOENT", "ENOMEM"],
    "sqlite_fstat": ["EIO", "ENOMEM"],
    "sqlite_ftruncate": ["EIO", "ENOSPC", "EROFS", "EINTR"],
    "sqlite_fcntl": ["EAGAIN", "EACCES", "ENOLCK", "EIO"],
    "sqlite_read": ["EIO", "EINTR"],
    "sqlite_pread": ["EIO", "EINTR"],
    "sqlite_write": ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EINTR"],
    "sqlite_pwrite": ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EINTR"],
    "sqlite_fsync": ["EIO", "ENOSPC", "EDQUOT"],
    "sqlite_fchmod": ["EIO", "EPERM", "EROFS"],
    "sqlite_fchown": ["EIO", "EPERM", "EROFS"],
    "sqlite_unlink": ["EIO", "EACCES", "EPERM", "EROFS"],
    # capget(2), memfd_create(2), pthread_create(3); ioctl(2) of fscrypt; statx(2) that asks for the mount alone.
    "capget": ["EPERM", "EINVAL"],
    "memfd_create": ["EMFILE", "ENFILE", "ENOMEM", "EPERM"],
    "pthread_create": ["EAGAIN"],
    "encryption_key": ["ENOTTY", "ENOTSUP", "EIO"],
    "statx_boundary": _LOOKUP + ["ENOTDIR", "ELOOP", "ENOTCONN"],
    "setrlimit": ["EPERM", "EINVAL"],
    "ioprio_set": ["EPERM", "EINVAL"],
}

# Made again by whoever calls (signal(7)): of a pass in which only this happens nothing fails.
INTERRUPTED = "EINTR"
KILLED = "KILL"
# It was there, and what the call says is not true of the volume: no kernel would, but for a race. What
# is not seen then is not there for the pass, which may end as if it had gone.
GONE = {"ENOENT", "ESTALE", "ENOTDIR", "ELOOP"}


def of(operation):
    """The errors to try; KeyError where the table has no row."""
    return ERRNOS[operation]
