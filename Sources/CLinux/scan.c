// Bodies of scan.h.

#define _GNU_SOURCE
#include "scan.h"

#include <errno.h>
#include <linux/fs.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "faults.h"

_Static_assert(sizeof(struct cl_xfs_bulk_request) == 64, "struct xfs_bulk_ireq");
_Static_assert(sizeof(struct cl_xfs_inode) == 192 && offsetof(struct cl_xfs_inode, generation) == 64
    && offsetof(struct cl_xfs_inode, link_count) == 112 && offsetof(struct cl_xfs_inode, mode) == 132
    && offsetof(struct cl_xfs_inode, extents_64) == 136, "struct xfs_bulkstat");
_Static_assert(sizeof(struct cl_xfs_geometry) == 256 && offsetof(struct cl_xfs_geometry, uuid) == 64
    && offsetof(struct cl_xfs_geometry, flags) == 92
    && offsetof(struct cl_xfs_geometry, reserved) == 120, "struct xfs_fsop_geom");

// The request's size is that of its head: answers are no part of it (struct xfs_bulkstat_req).
#define XFS_GEOMETRY _IOR('X', 126, struct cl_xfs_geometry)
#define XFS_BULKSTAT _IOR('X', 127, struct cl_xfs_bulk_request)

// struct fsuuid2 of linux/fs.h and struct fsuuid of linux/ext4.h, which headers before 6.9 lack.
struct uuid_of_filesystem { uint8_t length, uuid[CL_UUID_BYTES]; };
struct uuid_of_ext4 { uint32_t length, flags; };
#define FILESYSTEM_UUID _IOR(0x15, 0, struct uuid_of_filesystem)
#define EXT4_UUID _IOR('f', 44, struct uuid_of_ext4)

int cl_xfs_bulkstat(int descriptor, struct cl_xfs_bulk_request *request) {
    CL_FAULT("xfs_bulkstat");
    return ioctl(descriptor, XFS_BULKSTAT, request) < 0 ? -errno : 0;
}

int cl_xfs_geometry(int descriptor, struct cl_xfs_geometry *geometry) {
    CL_FAULT("xfs_geometry");
    return ioctl(descriptor, XFS_GEOMETRY, geometry) < 0 ? -errno : 0;
}

int cl_filesystem_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]) {
    CL_FAULT("getfsuuid");
    struct uuid_of_filesystem answer;
    if (ioctl(descriptor, FILESYSTEM_UUID, &answer) < 0) return -errno;
    if (answer.length > CL_UUID_BYTES) return -EOVERFLOW;
    memcpy(uuid, answer.uuid, answer.length);
    return answer.length;
}

int cl_xfs_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]) {
    struct cl_xfs_geometry geometry;
    int result = cl_xfs_geometry(descriptor, &geometry);
    if (result < 0) return result;
    memcpy(uuid, geometry.uuid, CL_UUID_BYTES);
    return CL_UUID_BYTES;
}

int cl_ext4_uuid(int descriptor, uint8_t uuid[CL_UUID_BYTES]) {
    CL_FAULT("ext4_getfsuuid");
    struct { struct uuid_of_ext4 head; uint8_t uuid[CL_UUID_BYTES]; } answer = {.head.length = CL_UUID_BYTES};
    if (ioctl(descriptor, EXT4_UUID, &answer) < 0) return -errno;
    memcpy(uuid, answer.uuid, CL_UUID_BYTES);
    return CL_UUID_BYTES;
}

int cl_generation(int descriptor, uint32_t *generation) {
    CL_FAULT("getversion");
    // The kernel writes an int, whatever the size in the request's number says (ioctl_iflags(2), BUGS).
    long answer = 0;
    if (ioctl(descriptor, FS_IOC_GETVERSION, &answer) < 0) return -errno;
    memcpy(generation, &answer, sizeof *generation);
    return 0;
}
