// System calls that other threads of this process are in: their names, and the memory they point to.

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "CLinux.h"
#include "faults.h"

// Numbers of calls that older headers lack; the same on all architectures (the common table begins at 424).
#define NR_SETXATTRAT 463
#define NR_GETXATTRAT 464
#define NR_LISTXATTRAT 465
#define NR_REMOVEXATTRAT 466

static const struct {
    long number;
    struct cl_call call;
} calls[] = {
    {SYS_openat, {"open", 0, 1}},
    {SYS_openat2, {"open", 0, 1}},
    {SYS_open_by_handle_at, {"open_by_handle_at", 0, -1}},
    {SYS_open_tree, {"open_tree", 0, 1}},
    {SYS_close, {"close", 0, -1}},
    {SYS_statx, {"statx", 0, 1}},
    {SYS_newfstatat, {"stat", 0, 1}},
    {SYS_fstat, {"fstat", 0, -1}},
    {SYS_statfs, {"statfs", -1, 0}},
    {SYS_fstatfs, {"fstatfs", 0, -1}},
    {SYS_getdents64, {"getdents64", 0, -1}},
    {SYS_readlinkat, {"readlink", 0, 1}},
    {SYS_read, {"read", 0, -1}},
    {SYS_pread64, {"read", 0, -1}},
    {SYS_preadv, {"read", 0, -1}},
    {SYS_preadv2, {"read", 0, -1}},
    {SYS_write, {"write", 0, -1}},
    {SYS_pwrite64, {"write", 0, -1}},
    {SYS_pwritev, {"write", 0, -1}},
    {SYS_lseek, {"lseek", 0, -1}},
    {SYS_ftruncate, {"ftruncate", 0, -1}},
    {SYS_fallocate, {"fallocate", 0, -1}},
    {SYS_fadvise64, {"fadvise", 0, -1}},
    {SYS_fsync, {"fsync", 0, -1}},
    {SYS_fdatasync, {"fdatasync", 0, -1}},
    {SYS_syncfs, {"syncfs", 0, -1}},
    {SYS_mkdirat, {"mkdir", 0, 1}},
    {SYS_mknodat, {"mknod", 0, 1}},
    {SYS_symlinkat, {"symlink", 1, 2}},
    {SYS_linkat, {"link", 2, 3}},
    {SYS_unlinkat, {"unlink", 0, 1}},
    {SYS_renameat2, {"rename", 2, 3}},
    {SYS_fchown, {"chown", 0, -1}},
    {SYS_fchownat, {"chown", 0, 1}},
    {SYS_fchmod, {"chmod", 0, -1}},
    {SYS_fchmodat, {"chmod", 0, 1}},
    {SYS_utimensat, {"utimensat", 0, 1}},
    {SYS_listxattr, {"listxattr", -1, 0}},
    {SYS_llistxattr, {"listxattr", -1, 0}},
    {SYS_flistxattr, {"listxattr", 0, -1}},
    {NR_LISTXATTRAT, {"listxattr", 0, 1}},
    {SYS_getxattr, {"getxattr", -1, 0}},
    {SYS_lgetxattr, {"getxattr", -1, 0}},
    {SYS_fgetxattr, {"getxattr", 0, -1}},
    {NR_GETXATTRAT, {"getxattr", 0, 1}},
    {SYS_setxattr, {"setxattr", -1, 0}},
    {SYS_lsetxattr, {"setxattr", -1, 0}},
    {SYS_fsetxattr, {"setxattr", 0, -1}},
    {NR_SETXATTRAT, {"setxattr", 0, 1}},
    {SYS_removexattr, {"removexattr", -1, 0}},
    {SYS_lremovexattr, {"removexattr", -1, 0}},
    {SYS_fremovexattr, {"removexattr", 0, -1}},
    {NR_REMOVEXATTRAT, {"removexattr", 0, 1}},
    {SYS_ioctl, {"ioctl", 0, -1}},
    {SYS_fcntl, {"fcntl", 0, -1}},
    {SYS_flock, {"flock", 0, -1}},
    {SYS_io_uring_enter, {"io_uring_enter", -1, -1}},
#ifdef SYS_open
    {SYS_open, {"open", -1, 0}},
    {SYS_unlink, {"unlink", -1, 0}},
    {SYS_rename, {"rename", -1, 1}},
    {SYS_stat, {"stat", -1, 0}},
    {SYS_lstat, {"stat", -1, 0}},
    {SYS_readlink, {"readlink", -1, 0}},
    {SYS_mkdir, {"mkdir", -1, 0}},
#endif
#ifdef SYS_renameat
    {SYS_renameat, {"rename", 2, 3}},
#endif
};

bool cl_call_of(long number, struct cl_call *call) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number) {
            *call = calls[i].call;
            return true;
        }
    return false;
}

long cl_copy_memory(uint64_t address, void *buffer, size_t length) {
    // The call that it belongs to may have returned, and its memory be gone: then this is EFAULT, and no crash.
    struct iovec local = {buffer, length};
    struct iovec remote = {(void *)(uintptr_t)address, length};
    long count = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return count < 0 ? -errno : count;
}

long cl_wait_seconds(void) {
#ifdef CUTOVER_FAULTS
    const char *text = getenv("CUTOVER_WAIT_SECONDS");
    return text != NULL ? strtol(text, NULL, 10) : 0;
#else
    return 0;
#endif
}
