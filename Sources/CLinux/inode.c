// Bodies of inode.h.

#define _GNU_SOURCE
#include "inode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

// fs/xfs/xfs_export.h: a handle of type 0x81 is the inode number and its generation.
enum { XFS_HANDLE_TYPE = 0x81, XFS_HANDLE_BYTES = 12 };

static int open_handle(int volume, uint64_t inode, uint32_t generation, int flags) {
    CL_FAULT("open_by_handle_at");
    union {
        struct file_handle handle;
        unsigned char room[sizeof(struct file_handle) + XFS_HANDLE_BYTES];
    } request;
    request.handle.handle_bytes = XFS_HANDLE_BYTES;
    request.handle.handle_type = XFS_HANDLE_TYPE;
    memcpy(request.handle.f_handle, &inode, sizeof inode);
    memcpy(request.handle.f_handle + sizeof inode, &generation, sizeof generation);
    int result = open_by_handle_at(volume, &request.handle, flags | O_NOFOLLOW | O_CLOEXEC);
    return result < 0 ? -errno : result;
}

int cl_open_xfs_directory(int volume, uint64_t inode, uint32_t generation) {
    return open_handle(volume, inode, generation, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOATIME);
}

int cl_open_xfs_handle(int volume, uint64_t inode, uint32_t generation) {
    return open_handle(volume, inode, generation, O_PATH);
}

// linux/stat.h of 6.8; older headers lack it.
enum { UNIQUE_MOUNT = 0x4000 };

int cl_unique_mount(int descriptor, uint64_t *mount) {
    CL_FAULT("statx_mount");
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, UNIQUE_MOUNT, &status) < 0) return -errno;
    if ((status.stx_mask & UNIQUE_MOUNT) == 0) return -ENOSYS;
    // stx_mnt_id, at byte 144 of struct statx since Linux 5.8.
    memcpy(mount, (const char *)&status + 144, sizeof *mount);
    return 0;
}

// linux/stat.h of 6.1 and of 6.14; older headers lack them.
enum { DIRECT_ALIGNMENT = 0x2000, DIRECT_READ_ALIGNMENT = 0x20000 };

int cl_direct_read_alignment(int descriptor, uint32_t *alignment) {
    CL_FAULT("statx_alignment");
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH, DIRECT_ALIGNMENT | DIRECT_READ_ALIGNMENT, &status) < 0)
        return -errno;
    // stx_dio_offset_align, at byte 156, and stx_dio_read_offset_align, at byte 180.
    uint32_t offset_alignment = 0, read_alignment = 0;
    if (status.stx_mask & DIRECT_ALIGNMENT)
        memcpy(&offset_alignment, (const char *)&status + 156, sizeof offset_alignment);
    if (status.stx_mask & DIRECT_READ_ALIGNMENT)
        memcpy(&read_alignment, (const char *)&status + 180, sizeof read_alignment);
    *alignment = read_alignment != 0 ? read_alignment : offset_alignment;
    return 0;
}

int cl_first_place(int descriptor, uint64_t *bytes) {
    CL_FAULT("fiemap");
    // One extent of the first byte alone: a longer range would have the kernel look for the second one, too.
    union {
        struct fiemap map;
        unsigned char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
    } request = {.map = {.fm_length = 1, .fm_extent_count = 1}};
    if (ioctl(descriptor, FS_IOC_FIEMAP, &request) < 0) return -errno;
    if (request.map.fm_mapped_extents == 0) return -ENXIO;
    *bytes = request.map.fm_extents[0].fe_physical;
    return 0;
}

int cl_advise_huge(void *memory, size_t length) {
    return madvise(memory, length, MADV_HUGEPAGE) < 0 ? -errno : 0;
}
