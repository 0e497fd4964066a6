// Bodies of process.h.

#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "faults.h"

// MFD_NOEXEC_SEAL of linux/memfd.h, which older headers lack.
#define CL_MFD_NOEXEC_SEAL 8U

static int argument_count;
static char **arguments;

// glibc calls constructors with what it calls main with.
__attribute__((constructor)) static void remember_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}

char *const *cl_arguments(int *count) {
    *count = argument_count;
    return arguments;
}

int cl_effective_capabilities(uint64_t *capabilities) {
    CL_FAULT("capget");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) < 0) return -errno;
    *capabilities = data[0].effective | (uint64_t)data[1].effective << 32;
    return 0;
}

int cl_try_trusted_attribute(void) {
    CL_FAULT("memfd_create");
    // vm.memfd_noexec=2 refuses it without that flag (Linux 6.3), and older kernels know none such: EINVAL.
    int file = memfd_create("cutover", MFD_CLOEXEC | CL_MFD_NOEXEC_SEAL);
    if (file < 0 && errno == EINVAL) file = memfd_create("cutover", MFD_CLOEXEC);
    if (file < 0) return -errno;
    int result = fremovexattr(file, "trusted.cutover") < 0 ? errno : 0;
    close(file);
    return result;
}
