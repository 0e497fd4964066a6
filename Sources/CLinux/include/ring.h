// Reads of many files in one submission: io_uring(7) through liburing, Linux 5.6. One ring belongs to
// one thread. Why it is worth it: docs/design/copy.md.

#ifndef CUTOVER_RING_H
#define CUTOVER_RING_H

#include <stdint.h>

/// One read of a batch, from the start of a file.
struct cl_read {
    int descriptor;
    uint32_t length;
    void *buffer;
    /// Bytes read, or -errno; -ECANCELED for one that was not made.
    int32_t result;
};

/// Makes a ring for batches of at most `entries` reads. io_uring_setup(2).
int cl_ring_make(uint32_t entries, void **ring);

/// Makes all reads and returns when every one has ended, so that the kernel uses no buffer afterwards.
/// After a negative result the ring must not be used again. io_uring_enter(2).
int cl_ring_read(void *ring, struct cl_read *reads, uint32_t count);

void cl_ring_free(void *ring);

#endif
