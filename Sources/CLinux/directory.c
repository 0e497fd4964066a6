// Bodies of CLinux.h for what is opened without leaving a mount: directories, and handles; and for the key of names.

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Linux 5.6. ENOSYS is remembered, so an older kernel is asked once.
static atomic_bool openat2_missing;

// openat2(2) with RESOLVE_NO_XDEV; -ENOSYS where the kernel has none, and -EPERM where a sandbox refuses it, too.
static int open_inside_mount(int directory, const char *name, int flags) {
    if (atomic_load_explicit(&openat2_missing, memory_order_relaxed)) return -ENOSYS;
    // struct open_how of linux/openat2.h; RESOLVE_NO_XDEV is 1.
    struct { uint64_t flags, mode, resolve; } how = {.flags = (uint64_t)(unsigned)flags, .resolve = 1};
    int result = (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
    if (result >= 0) return result;
    int error = errno;
    if (error == ENOSYS) atomic_store_explicit(&openat2_missing, true, memory_order_relaxed);
    return -error;
}

int cl_open_directory(int directory, const char *name, int flags) {
    CL_FAULT_AT("openat", directory);
    flags |= O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    int result = open_inside_mount(directory, name, flags);
    // EPERM: O_NOATIME is refused, or a sandbox refuses the call: openat(2) tells which.
    if (result != -ENOSYS && result != -EPERM) return result;
    result = openat(directory, name, flags);
    return result < 0 ? -errno : result;
}

int cl_open_handle_inside(int directory, const char *name) {
    CL_FAULT_AT("openat", directory);
    // No O_NOCTTY: openat2(2) refuses with O_PATH what it would ignore.
    return open_inside_mount(directory, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
}

int cl_has_encryption_key(int descriptor) {
    CL_FAULT("encryption_key");
    struct fscrypt_get_policy_ex_arg policy = {.policy_size = sizeof policy.policy};
    if (ioctl(descriptor, FS_IOC_GET_ENCRYPTION_POLICY_EX, &policy) < 0) return -errno;
    struct fscrypt_get_key_status_arg key = {0};
    if (policy.policy.version == FSCRYPT_POLICY_V2) {
        key.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
        memcpy(key.key_spec.u.identifier, policy.policy.v2.master_key_identifier, FSCRYPT_KEY_IDENTIFIER_SIZE);
    } else {
        key.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_DESCRIPTOR;
        memcpy(key.key_spec.u.descriptor, policy.policy.v1.master_key_descriptor, FSCRYPT_KEY_DESCRIPTOR_SIZE);
    }
    if (ioctl(descriptor, FS_IOC_GET_ENCRYPTION_KEY_STATUS, &key) < 0) return -errno;
    return key.status == FSCRYPT_KEY_STATUS_PRESENT;
}
