// The kernel's calls as Swift needs them: prototypes, the layouts that cross the boundary, constants
// (constants.h). Each function makes one system call (or one libacl/libattr call) and
// returns its value, or -errno; errno itself never crosses into Swift, where a release between the
// call and the reading could change it. EINTR is returned like any other error: LinuxIO decides.
//
// Nothing here is clever, keeps state or allocates, with three exceptions that say so:
// cl_attribute_is_skipped (libattr reads its rules once), cl_reopen (a folder that stays open) and the fault table
// (faults.h).

#ifndef CUTOVER_CLINUX_H
#define CUTOVER_CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "constants.h"
#include "digest.h"
#include "faults.h"
#include "inode.h"
#include "process.h"
#include "quota.h"
#include "ring.h"
#include "scan.h"

/// The fields of statx(2) that a migration uses.
struct cl_status {
    uint32_t mask;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t link_count;
    uint32_t device_major, device_minor;      // of the filesystem that holds the entry
    uint32_t special_major, special_minor;    // what a device entry stands for
    uint32_t modified_nanoseconds;
    uint32_t changed_nanoseconds;
    uint32_t born_nanoseconds;
    uint64_t attributes;
    uint64_t inode;
    uint64_t size_bytes;
    uint64_t blocks;                          // in units of 512 bytes
    uint64_t mount;
    int64_t modified_seconds;
    int64_t changed_seconds;
    int64_t born_seconds;
};

/// The fields of fstatfs(2) that a migration uses.
struct cl_volume_status {
    uint64_t type;
    uint64_t block_bytes;
    uint64_t blocks, blocks_free, blocks_available;
    uint64_t inodes, inodes_free;
    uint64_t identifier;
    uint64_t flags;
};

/// struct fsxattr of linux/fs.h (FS_IOC_FSGETXATTR).
struct cl_inode_flags {
    uint32_t flags;
    uint32_t extent_size;
    uint32_t extent_count;
    uint32_t project;
    uint32_t copy_on_write_extent_size;
    unsigned char padding[8];
};

// Descriptors, names and status.
int cl_openat(int directory, const char *name, int flags, mode_t mode);
/// Opens a directory of the same mount: openat2(2) with RESOLVE_NO_XDEV, Linux 5.6; EXDEV where another is
/// mounted, whose filesystem is not asked. On older kernels openat(2), which crosses and may wait.
int cl_open_directory(int directory, const char *name, int flags);
/// Takes a handle (O_PATH) on an entry of the same mount, likewise; ENOSYS or EPERM where openat2(2) cannot be had, and
/// then nothing was opened.
int cl_open_handle_inside(int directory, const char *name);
/// Opens once more what a descriptor is open on: /proc/self/fd/N, from that folder, which is opened once.
int cl_reopen(int descriptor, int flags);
/// Whether a descriptor is that of the folder.
bool cl_is_descriptor_folder(int descriptor);
/// A path as a person gave it, symlinks followed.
int cl_open_path(const char *path, int flags, mode_t mode);
/// Sets O_DIRECT of an open file, or takes it away: F_SETFL of fcntl(2); EINVAL where there is none.
int cl_set_direct(int descriptor, bool is_direct);
int cl_duplicate(int descriptor);
int cl_close(int descriptor);
/// flock(2) of a file for reports, exclusive, with LOCK_NB.
int cl_claim_report(int descriptor);
/// ftruncate(2) to nothing.
int cl_empty_report(int descriptor);
/// Takes O_NONBLOCK of an open file away: F_SETFL of fcntl(2).
int cl_wait_in_writes(int descriptor);
/// flock(2) with LOCK_NB: EWOULDBLOCK when another open file has the lock.
int cl_flock(int descriptor, bool is_exclusive);
/// flock(2) with LOCK_UN.
int cl_unlock(int descriptor);
int cl_statx(int directory, const char *name, int flags, struct cl_status *status);
/// Only the mount that a name leads to, and whether it is its root; no filesystem is asked for it.
int cl_statx_mount(int directory, const char *name, struct cl_status *status);
/// The type of what a symlink leads to, as a file in /proc/PID/fd; no filesystem is asked for it.
int cl_statx_linked(int directory, const char *name, struct cl_status *status);
int cl_fstatfs(int descriptor, struct cl_volume_status *status);
long cl_getdents64(int descriptor, void *buffer, size_t length);
long cl_fpathconf_link_max(int descriptor);
long cl_readlinkat(int directory, const char *name, char *buffer, size_t length);
long cl_descriptor_path(int descriptor, char *buffer, size_t length);

/// A copy of the mount that holds a directory, with that directory as its root and everything mounted
/// below it at that moment, attached nowhere: open_tree(2) and mount_setattr(2), Linux 5.12, root only.
/// What is mounted below it later is not in it. It never moves access times, follows no symlink, opens no device; with `is_read_only` it takes no write at all.
/// Lives until the descriptor is closed.
int cl_private_mount(int directory, bool is_read_only);

/// Whether the key of an encrypted directory is there (1) or not (0), or -errno:
/// FS_IOC_GET_ENCRYPTION_POLICY_EX and FS_IOC_GET_ENCRYPTION_KEY_STATUS, Linux 5.4 (ENOTTY before).
int cl_has_encryption_key(int descriptor);

// Data.
long cl_pread(int descriptor, void *buffer, size_t length, int64_t offset);
/// What the page cache holds of a file, without asking the disk for more (EAGAIN): RWF_NOWAIT of preadv2(2).
long cl_pread_cached(int descriptor, void *buffer, size_t length, int64_t offset);
long cl_pwrite(int descriptor, const void *buffer, size_t length, int64_t offset);
/// The same at the file's own position: standard streams, pipes, files that a person named.
long cl_read(int descriptor, void *buffer, size_t length);
long cl_write(int descriptor, const void *buffer, size_t length);
int64_t cl_lseek(int descriptor, int64_t offset, int whence);
int cl_ftruncate(int descriptor, int64_t length);
int cl_fadvise_random(int descriptor);
int cl_fadvise_forget(int descriptor);
int cl_fsync(int descriptor);
int cl_syncfs(int descriptor);

// Making and removing names.
int cl_mkdirat(int directory, const char *name, mode_t mode);
int cl_mknodat(int directory, const char *name, mode_t mode, uint32_t major, uint32_t minor);
int cl_symlinkat(const char *target, int directory, const char *name);
int cl_linkat_descriptor(int descriptor, int directory, const char *name);
int cl_unlinkat(int directory, const char *name, int flags);
int cl_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags);

// Attributes. Those that take a descriptor work for O_PATH descriptors of any type too, a symlink
// itself included: they go through /proc/self/fd/N (proc(5)), which never follows further.
int cl_fchown(int descriptor, bool is_path, uint32_t uid, uint32_t gid);
int cl_fchmod(int descriptor, bool is_path, mode_t mode);
int cl_set_modified(int descriptor, bool is_path, int64_t seconds, uint32_t nanoseconds);
long cl_listxattr(int descriptor, bool is_path, char *buffer, size_t length);
long cl_getxattr(int descriptor, bool is_path, const char *attribute, void *buffer, size_t length);
int cl_setxattr(int descriptor, bool is_path, const char *attribute, const void *value, size_t length);
int cl_removexattr(int descriptor, bool is_path, const char *attribute);
// The same, reading only, of the entry `name` of a directory, symlinks not followed: listxattrat(2)
// of Linux 6.13, else llistxattr(2) on /proc/self/fd/N/name, one component below a held directory.
long cl_listxattrat(int directory, const char *name, char *buffer, size_t length);
long cl_getxattrat(int directory, const char *name, const char *attribute, void *buffer, size_t length);
int cl_get_inode_flags(int descriptor, struct cl_inode_flags *flags);
int cl_set_inode_flags(int descriptor, const struct cl_inode_flags *flags);

// libacl(5) and libattr(3). An ACL handle is an acl_t; free it with cl_acl_free.
typedef void *cl_acl;
int cl_acl_get(int descriptor, bool is_path, bool is_default, cl_acl *acl);
int cl_acl_set(int descriptor, bool is_path, bool is_default, cl_acl acl);
int cl_acl_delete_default(int descriptor);
bool cl_acl_is_equal(cl_acl left, cl_acl right);
int cl_acl_entry_count(cl_acl acl);
/// 1 when the mode alone says the same, 0 when the ACL says more, or -errno (acl_equiv_mode(3)).
int cl_acl_is_mode(cl_acl acl, mode_t *mode);
/// The mode bits of the group and of others (077) that give nobody more than an access ACL does, or -errno.
int cl_acl_narrow_mode(cl_acl acl);
long cl_acl_text(cl_acl acl, bool is_abbreviated, char *buffer, size_t length);
void cl_acl_free(cl_acl acl);
/// Whether /etc/xattr.conf says that an attribute is not to be copied (attr_copy_action(3)).
/// The first call reads that file: make it before other threads start.
bool cl_attribute_is_skipped(const char *attribute);

// The process.
/// The C library's sentence for an errno value, untranslated, or NULL (strerrordesc_np(3), glibc 2.32).
const char *cl_error_sentence(int error);
long cl_raise_descriptor_limit(void);
int cl_set_idle_priority(void);
/// Puts the calling thread back into the usual I/O class (best effort, 4) and to nice 0.
int cl_set_usual_priority(void);

// Threads.
/// Where the address space is limited (RLIMIT_AS): lets all threads share one arena of malloc(3), of which each
/// takes 64 MiB of it otherwise. Before other threads exist.
void cl_share_arena(void);
/// Returns free pages of all arenas to the kernel. malloc_trim(3).
void cl_return_memory(void);
/// Starts a detached thread.
int cl_start_thread(void *(*run)(void *), void *context);
/// A number of the calling thread: threads that ask are numbered from 0, in the order in which they first do.
unsigned cl_thread_number(void);

/// How many of `wanted` threads can be had at a time: they are started, held, and let go. Where the address space
/// is limited each holds `bytes` of it meanwhile.
int cl_count_threads(int wanted, size_t bytes);

/// A system call by its number, if it is one that can wait for a filesystem: its name, and which of its arguments
/// are a descriptor and the address of a name (-1: none).
struct cl_call {
    const char *name;
    int descriptor, path;
};
bool cl_call_of(long number, struct cl_call *call);
/// Copies memory of this process that may not be there any more: the number of bytes, or -errno.
long cl_copy_memory(uint64_t address, void *buffer, size_t length);
/// Seconds after which a call is told that does not come back, from CUTOVER_WAIT_SECONDS; 0: none are given there,
/// or this is a release build, which does not read it.
long cl_wait_seconds(void);

#endif
