// Bodies of CLinux.h for opening once more what is open. The folder /proc/self/fd is kept open: from there a descriptor
// is one name to walk, and not four, of which one is a symlink that the kernel makes anew for each walk
// (docs/benchmarks/NOTES.md).

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "faults.h"

// -1: not open yet. Never closed: a number that one thread has taken must not become another's.
static atomic_int folder = -1;

// A child has descriptors of its own, and this folder shows its parent's.
static void forget_folder(void) { atomic_store(&folder, -1); }

// The folder, or -1 where it cannot be had (EMFILE, say).
static int descriptor_folder(void) {
    int known = atomic_load_explicit(&folder, memory_order_acquire);
    if (known >= 0) return known;
    int opened = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return -1;
    // Before anybody has the number. Without memory for that (ENOMEM) a child could not tell: then none is kept.
    if (pthread_atfork(NULL, NULL, forget_folder) != 0) {
        close(opened);
        return -1;
    }
    if (atomic_compare_exchange_strong(&folder, &known, opened)) return opened;
    close(opened);
    return known;
}

int cl_reopen(int descriptor, int flags) {
    CL_FAULT_AT("openat", descriptor);
    char path[32];
    int directory = descriptor_folder();
    snprintf(path, sizeof path, directory < 0 ? "/proc/self/fd/%d" : "%d", descriptor);
    int result = openat(directory < 0 ? AT_FDCWD : directory, path, flags | O_CLOEXEC | O_NOCTTY);
    return result < 0 ? -errno : result;
}

bool cl_is_descriptor_folder(int descriptor) {
    return descriptor >= 0 && descriptor == atomic_load_explicit(&folder, memory_order_acquire);
}
