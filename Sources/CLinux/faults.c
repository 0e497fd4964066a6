// The fault table of debug builds: see include/faults.h.

#define _GNU_SOURCE
#include "faults.h"

#ifdef CUTOVER_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FAULTS_MAX 16
#define BROKEN_MAX 1024
// Twice the operations that there are.
#define OPERATIONS_MAX 128
#define OPERATION_BYTES 32
// In the place of an errno: the process ends by SIGKILL where the call would be made.
#define KILL_INSTEAD -1
// What a read through the page cache brings in, and fails by.
#define PAGE 4096

struct fault {
    char operation[OPERATION_BYTES];
    // Only calls by a descriptor of this inode count; all calls where `has_place` is false.
    bool has_place;
    unsigned long long device, inode;
    long first, last;  // the calls that fail, counted from 1
    int error;
    atomic_long calls;
};

static struct fault faults[FAULTS_MAX];
static int fault_count;

// Bytes of a file that a broken disk does not give.
struct broken {
    unsigned long long device, inode;
    long long first, last;
    int error;
};

static struct broken broken[BROKEN_MAX];
static int broken_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// How often each operation was called: written to `count_path` when the process exits.
struct counted {
    _Atomic(const char *) operation;  // a literal of this target: one address or several with equal text
    atomic_long calls;
};

static struct counted counts[OPERATIONS_MAX];
static char *count_path;

static int error_named(const char *name) {
    static const struct { const char *name; int value; } errors[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE}, {"EINTR", EINTR},
        {"ENOENT", ENOENT}, {"ESRCH", ESRCH}, {"ESTALE", ESTALE}, {"EROFS", EROFS}, {"EACCES", EACCES}, {"EPERM", EPERM},
        {"ENOTSUP", ENOTSUP}, {"EMLINK", EMLINK}, {"ENOMEM", ENOMEM}, {"EEXIST", EEXIST},
        {"ENFILE", ENFILE}, {"ENOSYS", ENOSYS}, {"EAGAIN", EAGAIN}, {"EINVAL", EINVAL}, {"ENOTTY", ENOTTY},
        {"EUCLEAN", EUCLEAN}, {"ENODATA", ENODATA}, {"EILSEQ", EILSEQ}, {"ETIMEDOUT", ETIMEDOUT},
        {"EXDEV", EXDEV}, {"EBUSY", EBUSY}, {"ENOTDIR", ENOTDIR}, {"ELOOP", ELOOP}, {"ENOTEMPTY", ENOTEMPTY},
        {"ERANGE", ERANGE}, {"E2BIG", E2BIG}, {"EFBIG", EFBIG}, {"EOVERFLOW", EOVERFLOW}, {"ENOLCK", ENOLCK},
        {"ENAMETOOLONG", ENAMETOOLONG}, {"ENOTCONN", ENOTCONN}, {"ETXTBSY", ETXTBSY}, {"EBADF", EBADF},
        {"ENODEV", ENODEV}, {"ENXIO", ENXIO}, {"EFAULT", EFAULT}, {"ENOKEY", ENOKEY}, {"EPIPE", EPIPE},
        {"KILL", KILL_INSTEAD},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0) return errors[i].value;
    fprintf(stderr, "CUTOVER_FAULTS: unknown errno %s\n", name);
    abort();
}

static int parse_call(const char *text) {
    char error[16], count[16] = "1", place[48] = "";
    struct fault *fault = &faults[fault_count];
    if (fault_count == FAULTS_MAX) return 0;
    if (sscanf(text, "%31[^:@]%47[^:]:%ld:%15[^:]:%15s", fault->operation, place, &fault->first, error, count) >= 4) {
        if (sscanf(place, "@%llu.%llu", &fault->device, &fault->inode) != 2) return 0;
        fault->has_place = true;
    } else if (sscanf(text, "%31[^:@]:%ld:%15[^:]:%15s", fault->operation, &fault->first, error, count) < 3) {
        return 0;
    }
    fault->error = error_named(error);
    fault->last = strcmp(count, "*") == 0 ? LONG_MAX : fault->first + atol(count) - 1;
    fault_count++;
    return 1;
}

static int parse_broken(const char *text) {
    char error[16];
    struct broken *part = &broken[broken_count];
    if (broken_count == BROKEN_MAX
        || sscanf(text, "pread@%llu.%llu:%lld-%lld:%15s", &part->device, &part->inode, &part->first,
                  &part->last, error) != 5
        || part->last < part->first)
        return 0;
    part->error = error_named(error);
    broken_count++;
    return 1;
}

static void write_counts(void) {
    FILE *file = fopen(count_path, "w");
    if (file == NULL) abort();
    for (int i = 0; i < OPERATIONS_MAX && atomic_load(&counts[i].operation) != NULL; i++)
        fprintf(file, "%s %ld\n", atomic_load(&counts[i].operation), atomic_load(&counts[i].calls));
    for (int i = 0; i < fault_count; i++)
        if (faults[i].has_place)
            fprintf(file, "%s@%llu.%llu %ld\n", faults[i].operation, faults[i].device, faults[i].inode,
                    atomic_load(&faults[i].calls));
    if (fclose(file) != 0) abort();
}

static void count(const char *operation) {
    for (int i = 0; i < OPERATIONS_MAX; i++) {
        const char *expected = NULL;
        if (atomic_compare_exchange_strong(&counts[i].operation, &expected, operation)
            || strcmp(expected, operation) == 0) {
            atomic_fetch_add(&counts[i].calls, 1);
            return;
        }
    }
    abort();
}

static void parse(void) {
    const char *text = getenv("CUTOVER_FAULTS");
    if (text == NULL) return;
    char *copy = strdup(text), *rest = NULL;
    if (copy == NULL) abort();
    for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        if (strncmp(part, "count:/", 7) == 0 && count_path == NULL) {
            count_path = strdup(part + strlen("count:"));
            if (count_path == NULL || atexit(write_counts) != 0) abort();
            continue;
        }
        if (parse_broken(part) || parse_call(part)) continue;
        fprintf(stderr, "CUTOVER_FAULTS: cannot read %s\n", part);
        abort();
    }
    free(copy);
}

// Whether a call by `descriptor` is one that a fault counts.
static bool is_meant(const struct fault *fault, const char *operation, int descriptor) {
    if (strcmp(fault->operation, operation) != 0) return false;
    if (!fault->has_place) return true;
    struct stat status;
    return fstat(descriptor, &status) == 0 && status.st_dev == fault->device && status.st_ino == fault->inode;
}

int cl_fault_at(const char *operation, int descriptor) {
    pthread_once(&once, parse);
    if (count_path != NULL) count(operation);
    for (int i = 0; i < fault_count; i++) {
        if (!is_meant(&faults[i], operation, descriptor)) continue;
        long call = atomic_fetch_add(&faults[i].calls, 1) + 1;
        if (call < faults[i].first || call > faults[i].last) continue;
        if (faults[i].error == KILL_INSTEAD) raise(SIGKILL);
        return faults[i].error;
    }
    return 0;
}

int cl_fault(const char *operation) {
    return cl_fault_at(operation, -1);
}

// The first broken part of the file within a range; NULL when all of that is whole.
static const struct broken *first_broken(int descriptor, int64_t offset, size_t length) {
    struct stat status;
    if (fstat(descriptor, &status) < 0) return NULL;
    const struct broken *found = NULL;
    for (int i = 0; i < broken_count; i++) {
        const struct broken *part = &broken[i];
        if (part->device != status.st_dev || part->inode != status.st_ino || part->last < offset
            || part->first >= offset + (int64_t)length)
            continue;
        if (found == NULL || part->first < found->first) found = part;
    }
    return found;
}

long cl_read_fault(int descriptor, int64_t offset, size_t length) {
    pthread_once(&once, parse);
    if (broken_count == 0) return (long)length;
    const struct broken *found = first_broken(descriptor, offset, length);
    if (found == NULL) return (long)length;
    // A direct read fails as a whole; one through the page cache ends before the page that fails.
    int64_t page = found->first / PAGE * PAGE;
    if ((fcntl(descriptor, F_GETFL) & O_DIRECT) != 0 || page <= offset) return -found->error;
    return (long)(page - offset);
}

#endif
