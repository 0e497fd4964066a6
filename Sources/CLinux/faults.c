// The fault table of debug builds: see include/faults.h.

#include "faults.h"

#ifdef CUTOVER_FAULTS

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS_MAX 16

struct fault {
    char operation[32];
    long first, last;  // the calls that fail, counted from 1
    int error;
    atomic_long calls;
};

static struct fault faults[FAULTS_MAX];
static int fault_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int error_named(const char *name) {
    static const struct { const char *name; int value; } errors[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE}, {"EINTR", EINTR},
        {"ENOENT", ENOENT}, {"ESTALE", ESTALE}, {"EROFS", EROFS}, {"EACCES", EACCES}, {"EPERM", EPERM},
        {"ENOTSUP", ENOTSUP}, {"EMLINK", EMLINK}, {"ENOMEM", ENOMEM}, {"EEXIST", EEXIST},
        {"ENFILE", ENFILE}, {"ENOSYS", ENOSYS}, {"EAGAIN", EAGAIN}, {"EINVAL", EINVAL}, {"ENOTTY", ENOTTY},
        {"EUCLEAN", EUCLEAN},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0) return errors[i].value;
    fprintf(stderr, "CUTOVER_FAULTS: unknown errno %s\n", name);
    abort();
}

static void parse(void) {
    const char *text = getenv("CUTOVER_FAULTS");
    if (text == NULL) return;
    char *copy = strdup(text), *rest = NULL;
    if (copy == NULL) abort();
    for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char error[16], count[16] = "1";
        struct fault *fault = &faults[fault_count];
        if (fault_count == FAULTS_MAX
            || sscanf(part, "%31[^:]:%ld:%15[^:]:%15s", fault->operation, &fault->first, error, count) < 3) {
            fprintf(stderr, "CUTOVER_FAULTS: cannot read %s\n", part);
            abort();
        }
        fault->error = error_named(error);
        fault->last = strcmp(count, "*") == 0 ? LONG_MAX : fault->first + atol(count) - 1;
        fault_count++;
    }
    free(copy);
}

int cl_fault(const char *operation) {
    pthread_once(&once, parse);
    for (int i = 0; i < fault_count; i++) {
        if (strcmp(faults[i].operation, operation) != 0) continue;
        long call = atomic_fetch_add(&faults[i].calls, 1) + 1;
        if (call >= faults[i].first && call <= faults[i].last) return faults[i].error;
    }
    return 0;
}

#endif
