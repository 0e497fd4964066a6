// Bodies of ring.h.

#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "faults.h"

// What this thread has let go of and not closed yet; `ring` is NULL while it gathers nothing.
static _Thread_local struct {
    struct io_uring *ring;
    uint32_t most, count;
    int failure;
    int numbers[CL_GATHERED_MOST];
} gathered;

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

// Whether an entry that ended so has closed nothing: EBADF says that there was nothing to close, and errors of a last
// write come after the number was given up.
static bool was_not_closed(int result) {
    return result == -EINVAL || result == -EOPNOTSUPP || result == -ECANCELED || result == -EACCES;
}

// Closes what was gathered. The kernel takes entries in order, so what it did not take is at the end, and is closed here:
// a ring that failed is never handed its entries again, for their numbers may be others' by then.
static void close_gathered(void) {
    struct io_uring *ring = gathered.ring;
    uint32_t taken = 0, done = 0;
#ifdef CUTOVER_FAULTS
    if (gathered.failure == 0) gathered.failure = -cl_fault("io_uring_enter");
#endif
    while (gathered.failure == 0 && taken < gathered.count) {
        struct io_uring_sqe *entry = io_uring_get_sqe(ring);
        if (entry == NULL) break;
        io_uring_prep_close(entry, gathered.numbers[taken]);
        entry->user_data = taken++;
    }
    uint32_t prepared = taken;
    while (gathered.failure == 0 && done < prepared) {
        int result = io_uring_submit_and_wait(ring, prepared - done);
        if (result < 0 && result != -EINTR && result != -EAGAIN) gathered.failure = result;
        unsigned head, seen = 0;
        struct io_uring_cqe *completion;
        io_uring_for_each_cqe(ring, head, completion) {
            if (was_not_closed(completion->res)) close(gathered.numbers[completion->user_data]);
            seen++;
        }
        io_uring_cq_advance(ring, seen);
        done += seen;
    }
    if (gathered.failure != 0 && prepared > 0) taken = prepared - io_uring_sq_ready(ring);
    for (uint32_t i = taken; i < gathered.count; i++) close(gathered.numbers[i]);
    gathered.count = 0;
}

void cl_begin_gathering(void *ring, uint32_t most) {
    gathered.ring = ring;
    gathered.most = most < CL_GATHERED_MOST ? most : CL_GATHERED_MOST;
    gathered.failure = 0;
}

int cl_end_gathering(void) {
    if (gathered.count > 0) close_gathered();
    gathered.ring = NULL;
    return gathered.failure;
}

void cl_release(int descriptor) {
    if (gathered.ring == NULL) {
        close(descriptor);
        return;
    }
    gathered.numbers[gathered.count++] = descriptor;
    if (gathered.count >= gathered.most) close_gathered();
}
