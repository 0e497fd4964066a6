// Reads of many files in one submission, and closing them: io_uring(7) through liburing, Linux 5.6. One ring belongs to
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

/// From here to `cl_end_gathering` descriptors that this thread releases are closed together, `most` at a time (at most
/// CL_GATHERED_MOST, and as many as the ring was made for); nested calls are not allowed. io_uring_enter(2).
void cl_begin_gathering(void *ring, uint32_t most);

/// Closes what is left. After a negative result all is closed, and the ring must not be used again.
int cl_end_gathering(void);

#define CL_GATHERED_MOST 32

/// Closes a descriptor that nothing was written through, at once or with those that this thread gathers: its status tells
/// nothing.
void cl_release(int descriptor);

#endif
