// Bodies of CLinux.h. _GNU_SOURCE stands here and not in the header: it would change what other
// C modules see. See the man page of each call.

#define _GNU_SOURCE
#include "CLinux.h"

#include <acl/libacl.h>
#include <attr/libattr.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

_Static_assert(sizeof(struct cl_inode_flags) == sizeof(struct fsxattr), "FS_IOC_FSGETXATTR");

#define RESULT(call)                             \
    do {                                         \
        __typeof__(call) result_ = (call);       \
        return result_ < 0 ? -errno : result_;   \
    } while (0)

// "/proc/self/fd/" and ten digits, the slash before a name, the terminator.
#define DESCRIPTOR_PATH_MAX 32
#define ENTRY_PATH_MAX (DESCRIPTOR_PATH_MAX + 256)

static const char *descriptor_path(char path[DESCRIPTOR_PATH_MAX], int descriptor) {
    snprintf(path, DESCRIPTOR_PATH_MAX, "/proc/self/fd/%d", descriptor);
    return path;
}

int cl_openat(int directory, const char *name, int flags, mode_t mode) {
    CL_FAULT_AT("openat", directory);
    RESULT(openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode));
}

int cl_open_path(const char *path, int flags, mode_t mode) {
    CL_FAULT("open");
    RESULT(open(path, flags | O_CLOEXEC | O_NOCTTY, mode));
}

int cl_set_direct(int descriptor, bool is_direct) {
    CL_FAULT("fcntl");
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -errno;
    RESULT(fcntl(descriptor, F_SETFL, is_direct ? flags | O_DIRECT : flags & ~O_DIRECT));
}

int cl_duplicate(int descriptor) {
    CL_FAULT("fcntl");
    RESULT(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

int cl_close(int descriptor) {
    int result = close(descriptor);
    if (result == 0) CL_FAULT("close");
    return result < 0 ? -errno : 0;
}

// Neither is in the table of faults: tests count the locks and truncations of volumes and of their state.
int cl_claim_report(int descriptor) {
    RESULT(flock(descriptor, LOCK_EX | LOCK_NB));
}

int cl_empty_report(int descriptor) {
    RESULT(ftruncate(descriptor, 0));
}

int cl_wait_in_writes(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -errno;
    RESULT(fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK));
}

int cl_flock(int descriptor, bool is_exclusive) {
    CL_FAULT_AT("flock", descriptor);
    RESULT(flock(descriptor, (is_exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB));
}

int cl_unlock(int descriptor) {
    CL_FAULT_AT("flock", descriptor);
    RESULT(flock(descriptor, LOCK_UN));
}

static int statx_with(int directory, const char *name, int flags, unsigned mask, struct cl_status *status) {
    struct statx s;
    if (statx(directory, name, flags | AT_NO_AUTOMOUNT, mask, &s) < 0) return -errno;
    *status = (struct cl_status){
        .mask = s.stx_mask,
        .mode = s.stx_mode,
        .uid = s.stx_uid,
        .gid = s.stx_gid,
        .link_count = s.stx_nlink,
        .device_major = s.stx_dev_major,
        .device_minor = s.stx_dev_minor,
        .special_major = s.stx_rdev_major,
        .special_minor = s.stx_rdev_minor,
        .modified_nanoseconds = s.stx_mtime.tv_nsec,
        .changed_nanoseconds = s.stx_ctime.tv_nsec,
        .born_nanoseconds = s.stx_btime.tv_nsec,
        .attributes = s.stx_attributes,
        .inode = s.stx_ino,
        .size_bytes = s.stx_size,
        .blocks = s.stx_blocks,
        .mount = s.stx_mnt_id,
        .modified_seconds = s.stx_mtime.tv_sec,
        .changed_seconds = s.stx_ctime.tv_sec,
        .born_seconds = s.stx_btime.tv_sec,
    };
    return 0;
}

int cl_statx(int directory, const char *name, int flags, struct cl_status *status) {
    CL_FAULT_AT("statx", directory);
    const unsigned mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
    return statx_with(directory, name, flags | AT_SYMLINK_NOFOLLOW, mask, status);
}

int cl_statx_mount(int directory, const char *name, struct cl_status *status) {
    CL_FAULT("statx_boundary");
    // The kernel adds the mount to every answer; a FUSE of another user's answers only who asks for nothing.
    return statx_with(directory, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, 0, status);
}

int cl_statx_linked(int directory, const char *name, struct cl_status *status) {
    return statx_with(directory, name, AT_STATX_DONT_SYNC, STATX_TYPE, status);
}

int cl_fstatfs(int descriptor, struct cl_volume_status *status) {
    CL_FAULT("fstatfs");
    struct statfs s;
    if (fstatfs(descriptor, &s) < 0) return -errno;
    *status = (struct cl_volume_status){
        .type = (uint64_t)s.f_type,
        .block_bytes = (uint64_t)s.f_bsize,
        .blocks = s.f_blocks,
        .blocks_free = s.f_bfree,
        .blocks_available = s.f_bavail,
        .inodes = s.f_files,
        .inodes_free = s.f_ffree,
        .flags = (uint64_t)s.f_flags,
    };
    memcpy(&status->identifier, &s.f_fsid, sizeof status->identifier);
    return 0;
}

long cl_getdents64(int descriptor, void *buffer, size_t length) {
    CL_FAULT_AT("getdents64", descriptor);
    RESULT(syscall(SYS_getdents64, descriptor, buffer, length));
}

long cl_fpathconf_link_max(int descriptor) {
    CL_FAULT("fpathconf");
    RESULT(fpathconf(descriptor, _PC_LINK_MAX));
}

long cl_readlinkat(int directory, const char *name, char *buffer, size_t length) {
    CL_FAULT_AT("readlinkat", directory);
    RESULT(readlinkat(directory, name, buffer, length));
}

long cl_descriptor_path(int descriptor, char *buffer, size_t length) {
    CL_FAULT("readlink");
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(readlink(descriptor_path(path, descriptor), buffer, length));
}

int cl_private_mount(int directory, bool is_read_only) {
    CL_FAULT("open_tree");
    // OPEN_TREE_CLONE is 1; OPEN_TREE_CLOEXEC is O_CLOEXEC; AT_RECURSIVE is 0x8000.
    const unsigned recursive = 0x8000;
    int tree = (int)syscall(SYS_open_tree, directory, "", AT_EMPTY_PATH | 1 | O_CLOEXEC | recursive);
    if (tree < 0) return -errno;
#ifdef CUTOVER_FAULTS
    int fault = cl_fault("mount_setattr");
    if (fault != 0) {
        close(tree);
        return -fault;
    }
#endif
    // struct mount_attr of linux/mount.h: MOUNT_ATTR_RDONLY 1, NODEV 4, NOATIME 0x10 (of the mask 0x70),
    // NOSYMFOLLOW 0x200000. MS_PRIVATE is 1 << 18: what is mounted later does not come into the view.
    struct { uint64_t set, clear, propagation, userns; } attributes = {
        .set = (is_read_only ? 1 : 0) | 4 | 0x10 | 0x200000,
        .clear = 0x70,
        .propagation = 1 << 18,
    };
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes) < 0) {
        int error = errno;
        close(tree);
        return -error;
    }
    return tree;
}

long cl_pread(int descriptor, void *buffer, size_t length, int64_t offset) {
    CL_FAULT_AT("pread", descriptor);
#ifdef CUTOVER_FAULTS
    long left = cl_read_fault(descriptor, offset, length);
    if (left < 0) return left;
    length = (size_t)left;
#endif
    RESULT(pread(descriptor, buffer, length, offset));
}

long cl_pread_cached(int descriptor, void *buffer, size_t length, int64_t offset) {
    CL_FAULT("preadv2");
#ifdef CUTOVER_FAULTS
    long left = cl_read_fault(descriptor, offset, length);
    if (left < 0) return -EAGAIN;
    length = (size_t)left;
#endif
    struct iovec part = {.iov_base = buffer, .iov_len = length};
    RESULT(preadv2(descriptor, &part, 1, offset, RWF_NOWAIT));
}

long cl_pwrite(int descriptor, const void *buffer, size_t length, int64_t offset) {
    CL_FAULT_AT("pwrite", descriptor);
    RESULT(pwrite(descriptor, buffer, length, offset));
}

long cl_read(int descriptor, void *buffer, size_t length) {
    CL_FAULT("read");
    RESULT(read(descriptor, buffer, length));
}

long cl_write(int descriptor, const void *buffer, size_t length) {
    CL_FAULT("write");
    RESULT(write(descriptor, buffer, length));
}

int64_t cl_lseek(int descriptor, int64_t offset, int whence) {
    CL_FAULT("lseek");
    RESULT((int64_t)lseek(descriptor, offset, whence));
}

int cl_ftruncate(int descriptor, int64_t length) {
    CL_FAULT("ftruncate");
    RESULT(ftruncate(descriptor, length));
}

int cl_fadvise_random(int descriptor) {
    CL_FAULT("fadvise");
    return -posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM);
}

int cl_fadvise_forget(int descriptor) {
    CL_FAULT("fadvise");
    return -posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
}

int cl_fsync(int descriptor) {
    CL_FAULT_AT("fsync", descriptor);
    RESULT(fsync(descriptor));
}

int cl_syncfs(int descriptor) {
    CL_FAULT("syncfs");
    RESULT(syncfs(descriptor));
}

int cl_mkdirat(int directory, const char *name, mode_t mode) {
    CL_FAULT_AT("mkdirat", directory);
    RESULT(mkdirat(directory, name, mode));
}

int cl_mknodat(int directory, const char *name, mode_t mode, uint32_t major, uint32_t minor) {
    CL_FAULT("mknodat");
    RESULT(mknodat(directory, name, mode, makedev(major, minor)));
}

int cl_symlinkat(const char *target, int directory, const char *name) {
    CL_FAULT("symlinkat");
    RESULT(symlinkat(target, directory, name));
}

int cl_linkat_descriptor(int descriptor, int directory, const char *name) {
    CL_FAULT("linkat");
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(linkat(AT_FDCWD, descriptor_path(path, descriptor), directory, name, AT_SYMLINK_FOLLOW));
}

int cl_unlinkat(int directory, const char *name, int flags) {
#ifdef CUTOVER_FAULTS
    int fault = cl_fault_at("unlinkat", directory);
    // The name is gone when the kernel says so: somebody else removed it first.
    if (fault == ENOENT && unlinkat(directory, name, flags) < 0) return -errno;
    if (fault != 0) return -fault;
#endif
    RESULT(unlinkat(directory, name, flags));
}

int cl_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    CL_FAULT_AT("renameat", from_directory);
    RESULT(renameat2(from_directory, from, to_directory, to, flags));
}

int cl_fchown(int descriptor, bool is_path, uint32_t uid, uint32_t gid) {
    CL_FAULT("fchown");
    // An open file needs no look at a path, be it an empty one.
    if (!is_path) RESULT(fchown(descriptor, uid, gid));
    RESULT(fchownat(descriptor, "", uid, gid, AT_EMPTY_PATH));
}

int cl_fchmod(int descriptor, bool is_path, mode_t mode) {
    CL_FAULT("fchmod");
    if (!is_path) RESULT(fchmod(descriptor, mode));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(chmod(descriptor_path(path, descriptor), mode));
}

int cl_set_modified(int descriptor, bool is_path, int64_t seconds, uint32_t nanoseconds) {
    CL_FAULT("utimensat");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = nanoseconds}};
    if (!is_path) RESULT(futimens(descriptor, times));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(utimensat(AT_FDCWD, descriptor_path(path, descriptor), times, 0));
}

long cl_listxattr(int descriptor, bool is_path, char *buffer, size_t length) {
    CL_FAULT("listxattr");
    if (!is_path) RESULT(flistxattr(descriptor, buffer, length));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(listxattr(descriptor_path(path, descriptor), buffer, length));
}

long cl_getxattr(int descriptor, bool is_path, const char *attribute, void *buffer, size_t length) {
    CL_FAULT("getxattr");
    if (!is_path) RESULT(fgetxattr(descriptor, attribute, buffer, length));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(getxattr(descriptor_path(path, descriptor), attribute, buffer, length));
}

int cl_setxattr(int descriptor, bool is_path, const char *attribute, const void *value, size_t length) {
    CL_FAULT("setxattr");
    if (!is_path) RESULT(fsetxattr(descriptor, attribute, value, length, 0));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(setxattr(descriptor_path(path, descriptor), attribute, value, length, 0));
}

int cl_removexattr(int descriptor, bool is_path, const char *attribute) {
    CL_FAULT("removexattr");
    if (!is_path) RESULT(fremovexattr(descriptor, attribute));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(removexattr(descriptor_path(path, descriptor), attribute));
}

// listxattrat(2) and getxattrat(2) have one number on every architecture (Linux 6.13); glibc 2.36
// knows neither. ENOSYS is remembered, so an older kernel is asked once. EPERM: a filter of calls that does not know
// them either (systemd's answer, and that of older containers), or the entry refuses: the older call tells which.
#define SYSCALL_GETXATTRAT 464
#define SYSCALL_LISTXATTRAT 465

static atomic_bool attribute_calls_missing;

static const char *entry_path(char path[ENTRY_PATH_MAX], int directory, const char *name) {
    int length = snprintf(path, ENTRY_PATH_MAX, "/proc/self/fd/%d/%s", directory, name);
    return length < ENTRY_PATH_MAX ? path : NULL;
}

long cl_listxattrat(int directory, const char *name, char *buffer, size_t length) {
    CL_FAULT("listxattr");
    if (!atomic_load_explicit(&attribute_calls_missing, memory_order_relaxed)) {
        long result = syscall(SYSCALL_LISTXATTRAT, directory, name, AT_SYMLINK_NOFOLLOW, buffer, length);
        if (result >= 0) return result;
        if (errno != ENOSYS && errno != EPERM) return -errno;
        if (errno == ENOSYS) atomic_store_explicit(&attribute_calls_missing, true, memory_order_relaxed);
    }
    char path[ENTRY_PATH_MAX];
    if (entry_path(path, directory, name) == NULL) return -ENAMETOOLONG;
    RESULT(llistxattr(path, buffer, length));
}

long cl_getxattrat(int directory, const char *name, const char *attribute, void *buffer, size_t length) {
    CL_FAULT("getxattr");
    if (!atomic_load_explicit(&attribute_calls_missing, memory_order_relaxed)) {
        struct { uint64_t value; uint32_t size, flags; } arguments = {(uintptr_t)buffer, (uint32_t)length, 0};
        long result = syscall(SYSCALL_GETXATTRAT, directory, name, AT_SYMLINK_NOFOLLOW, attribute,
                              &arguments, sizeof arguments);
        if (result >= 0) return result;
        if (errno != ENOSYS && errno != EPERM) return -errno;
        if (errno == ENOSYS) atomic_store_explicit(&attribute_calls_missing, true, memory_order_relaxed);
    }
    char path[ENTRY_PATH_MAX];
    if (entry_path(path, directory, name) == NULL) return -ENAMETOOLONG;
    RESULT(lgetxattr(path, attribute, buffer, length));
}

int cl_get_inode_flags(int descriptor, struct cl_inode_flags *flags) {
    CL_FAULT("fsgetxattr");
    RESULT(ioctl(descriptor, FS_IOC_FSGETXATTR, flags));
}

int cl_set_inode_flags(int descriptor, const struct cl_inode_flags *flags) {
    CL_FAULT("fssetxattr");
    RESULT(ioctl(descriptor, FS_IOC_FSSETXATTR, flags));
}

int cl_acl_get(int descriptor, bool is_path, bool is_default, cl_acl *acl) {
    CL_FAULT("acl_get");
    char path[DESCRIPTOR_PATH_MAX];
    // libacl has no call for the default ACL of an open directory.
    acl_t found = !is_path && !is_default
        ? acl_get_fd(descriptor)
        : acl_get_file(descriptor_path(path, descriptor), is_default ? ACL_TYPE_DEFAULT : ACL_TYPE_ACCESS);
    if (found == NULL) return -errno;
    *acl = found;
    return 0;
}

int cl_acl_set(int descriptor, bool is_path, bool is_default, cl_acl acl) {
    CL_FAULT("acl_set");
    if (!is_path && !is_default) RESULT(acl_set_fd(descriptor, acl));
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(acl_set_file(descriptor_path(path, descriptor), is_default ? ACL_TYPE_DEFAULT : ACL_TYPE_ACCESS, acl));
}

int cl_acl_delete_default(int descriptor) {
    CL_FAULT("acl_set");
    char path[DESCRIPTOR_PATH_MAX];
    RESULT(acl_delete_def_file(descriptor_path(path, descriptor)));
}

bool cl_attribute_is_skipped(const char *attribute) {
    return attr_copy_action(attribute, NULL) == ATTR_ACTION_SKIP;
}

const char *cl_error_sentence(int error) {
    return strerrordesc_np(error);
}

long cl_raise_descriptor_limit(void) {
    CL_FAULT("setrlimit");
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return limit.rlim_cur > 1 << 20 ? 1 << 20 : (long)limit.rlim_cur;
}

int cl_set_usual_priority(void) {
    // IOPRIO_CLASS_BE and its middle level, which is what a process has that never asked. No right is needed for it.
    if (syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 4) < 0) return -errno;
    // Linux has a nice value for each thread (setpriority(2), "C library/kernel differences").
    RESULT(setpriority(PRIO_PROCESS, 0, 0));
}

int cl_set_idle_priority(void) {
    CL_FAULT("ioprio_set");
    // ioprio_set(2): IOPRIO_WHO_PROCESS, this thread, IOPRIO_CLASS_IDLE. Threads made later inherit.
    if (syscall(SYS_ioprio_set, 1, 0, 3 << 13) < 0) return -errno;
    RESULT(setpriority(PRIO_PROCESS, 0, 19));
}
