// Bodies of ring.h.

#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "faults.h"

int cl_ring_make(uint32_t entries, void **ring) {
    CL_FAULT("io_uring_setup");
    struct io_uring *made = malloc(sizeof *made);
    if (made == NULL) return -ENOMEM;
    // Completions are run by this thread when it waits for them, and by no interrupt in between (6.1).
    int result = io_uring_queue_init(entries, made, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (result == -EINVAL) result = io_uring_queue_init(entries, made, 0);
    if (result < 0) {
        free(made);
        return result;
    }
    *ring = made;
    return 0;
}

void cl_ring_free(void *ring) {
    io_uring_queue_exit(ring);
    free(ring);
}

// Takes what has completed; returns how much that is.
static uint32_t harvest(struct io_uring *ring, struct cl_read *reads) {
    uint32_t taken = 0;
    unsigned head;
    struct io_uring_cqe *completion;
    io_uring_for_each_cqe(ring, head, completion) {
        reads[completion->user_data].result = completion->res;
        taken++;
    }
    io_uring_cq_advance(ring, taken);
    return taken;
}

int cl_ring_read(void *opaque, struct cl_read *reads, uint32_t count) {
    CL_FAULT("io_uring_enter");
    struct io_uring *ring = opaque;
    for (uint32_t i = 0; i < count; i++) {
        reads[i].result = -ECANCELED;
        struct io_uring_sqe *entry = io_uring_get_sqe(ring);
        if (entry == NULL) return -EBUSY;  // more than the ring was made for; nothing is under way yet
        io_uring_prep_read(entry, reads[i].descriptor, reads[i].buffer, reads[i].length, 0);
        // Never by a thread of the kernel behind our back: what would wait is read by itself (EAGAIN).
        entry->rw_flags = RWF_NOWAIT;
        entry->user_data = i;
    }
    uint32_t done = 0;
    int failure = 0;
    while (done < count) {
        uint32_t waiting = failure == 0 ? count : count - io_uring_sq_ready(ring);
        if (done == waiting) break;
        int result = failure == 0
            ? io_uring_submit_and_wait(ring, waiting - done)
            : io_uring_wait_cqe_nr(ring, &(struct io_uring_cqe *){NULL}, 1);
        // What was submitted writes into buffers: it is waited for, whatever else fails.
        if (result < 0 && result != -EINTR && result != -EAGAIN && failure == 0) failure = result;
        done += harvest(ring, reads);
    }
#ifdef CUTOVER_FAULTS
    for (uint32_t i = 0; i < count; i++) {
        int fault = cl_fault("io_uring_read");
        if (fault != 0) reads[i].result = -fault;
        long left = cl_read_fault(reads[i].descriptor, 0, reads[i].length);
        if (left < (long)reads[i].length) reads[i].result = left < 0 ? (int)left : -EIO;
    }
#endif
    return failure;
}
