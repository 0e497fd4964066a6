// Bodies of inode.h.

#define _GNU_SOURCE
#include "inode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

// fs/xfs/xfs_export.h: a handle of type 0x81 is the inode number and its generation.
enum { XFS_HANDLE_TYPE = 0x81, XFS_HANDLE_BYTES = 12 };

int cl_open_xfs_directory(int volume, uint64_t inode, uint32_t generation) {
    CL_FAULT("open_by_handle_at");
    union {
        struct file_handle handle;
        unsigned char room[sizeof(struct file_handle) + XFS_HANDLE_BYTES];
    } request;
    request.handle.handle_bytes = XFS_HANDLE_BYTES;
    request.handle.handle_type = XFS_HANDLE_TYPE;
    memcpy(request.handle.f_handle, &inode, sizeof inode);
    memcpy(request.handle.f_handle + sizeof inode, &generation, sizeof generation);
    int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC;
    int result = open_by_handle_at(volume, &request.handle, flags);
    return result < 0 ? -errno : result;
}

// linux/stat.h of 6.8; older headers lack it.
enum { UNIQUE_MOUNT = 0x4000 };

int cl_unique_mount(int descriptor, uint64_t *mount) {
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, UNIQUE_MOUNT, &status) < 0) return -errno;
    if ((status.stx_mask & UNIQUE_MOUNT) == 0) return -ENOSYS;
    // stx_mnt_id, at byte 144 of struct statx since Linux 5.8.
    memcpy(mount, (const char *)&status + 144, sizeof *mount);
    return 0;
}
