// Threads: started, and counted before they are needed.

#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "CLinux.h"
#include "faults.h"

// Of the address space for all but workers: the database, names of directories, and some ten stacks of 8 MiB, for a busy
// machine lets timers and signals run side by side (64 MiB were too little in 1 of 30 passes there).
static const size_t reserve_bytes = 96 << 20;

static bool is_address_space_limited(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

void cl_share_arena(void) {
    if (is_address_space_limited()) mallopt(M_ARENA_MAX, 1);
}

void cl_return_memory(void) { malloc_trim(0); }

unsigned cl_thread_number(void) {
    static _Atomic unsigned threads;
    static _Thread_local unsigned number; // 0: none yet
    if (number == 0) number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    return number - 1;
}

int cl_start_thread(void *(*run)(void *), void *context) {
    CL_FAULT("pthread_create");
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, context);
    if (error == 0) pthread_detach(thread);
    return -error;
}

struct gate {
    pthread_mutex_t lock;
    // Who counts waits for one, who is counted for the other: a start must not wake all before it.
    pthread_cond_t changed, opened;
    int started;
    int served;
    bool is_open;
    size_t bytes;
};

static void *hold(void *context) {
    struct gate *gate = context;
    // What a worker needs of the address space beside its stack.
    void *buffers = gate->bytes > 0 ? malloc(gate->bytes) : NULL;
    bool has_room = gate->bytes == 0 || buffers != NULL;
    pthread_mutex_lock(&gate->lock);
    gate->started++;
    if (has_room) gate->served++;
    pthread_cond_signal(&gate->changed);
    while (!gate->is_open) pthread_cond_wait(&gate->opened, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    free(buffers);
    return NULL;
}

static int may_start(void) {
    CL_FAULT("pthread_create");
    return 0;
}

// Waits until `count` threads have asked for their buffers: the stacks of more must not take what is theirs.
static bool is_served(struct gate *gate, int count) {
    pthread_mutex_lock(&gate->lock);
    while (gate->started < count) pthread_cond_wait(&gate->changed, &gate->lock);
    bool is_served = gate->served == count;
    pthread_mutex_unlock(&gate->lock);
    return is_served;
}

int cl_count_threads(int wanted, size_t bytes) {
    bool is_limited = is_address_space_limited();
    struct gate gate = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
        .opened = PTHREAD_COND_INITIALIZER,
    };
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return 0;
    // Only a limit of the address space asks for the stacks that workers have; small ones are made and freed faster.
    // Where so little is refused (PTHREAD_STACK_MIN), they are as large as usual.
    if (!is_limited) (void)pthread_attr_setstacksize(&attributes, 64 << 10);
    void *reserve = MAP_FAILED;
    if (is_limited) {
        gate.bytes = bytes;
        reserve = mmap(NULL, reserve_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (reserve == MAP_FAILED) {
            pthread_attr_destroy(&attributes);
            return 0;
        }
    }
    pthread_t *threads = calloc((size_t)wanted, sizeof *threads);
    int count = 0;
    while (threads != NULL && count < wanted) {
        if (may_start() != 0 || pthread_create(&threads[count], &attributes, hold, &gate) != 0) break;
        count++;
        if (is_limited && !is_served(&gate, count)) break;
    }
    pthread_mutex_lock(&gate.lock);
    while (gate.started < count) pthread_cond_wait(&gate.changed, &gate.lock);
    gate.is_open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    free(threads);
    pthread_attr_destroy(&attributes);
    if (reserve != MAP_FAILED) munmap(reserve, reserve_bytes);
    return gate.served;
}
