// The file calls of SQLite, each behind a fault of the table. In a release build there are none of these, and
// SQLite calls the C library as it always does.
//
// Most calls are replaced by sqlite3_vfs.xSetSystemCall. fsync(2) is not among those that it offers (the unix
// VFS calls it directly), so that one is the method xSync of an open file. The fsync of a folder has no hook;
// opening the folder for it has.

#include "CSQLite.h"

#include <CLinux.h>

#ifndef CUTOVER_FAULTS

void cl_sqlite_prepare_faults(void) {}

#else

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

// Returns -1 with errno set when this call is to fail.
#define FAULT(operation)                          \
    do {                                          \
        int fault_ = cl_fault("sqlite_" operation); \
        if (fault_ != 0) {                        \
            errno = fault_;                       \
            return -1;                            \
        }                                         \
    } while (0)

static struct {
    int (*open)(const char *, int, int);
    int (*close)(int);
    int (*access)(const char *, int);
    int (*stat)(const char *, struct stat *);
    int (*fstat)(int, struct stat *);
    int (*ftruncate)(int, off_t);
    int (*fcntl)(int, int, ...);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*pread)(int, void *, size_t, off_t);
    ssize_t (*pread64)(int, void *, size_t, off_t);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*pwrite64)(int, const void *, size_t, off_t);
    int (*fchmod)(int, mode_t);
    int (*fchown)(int, uid_t, gid_t);
    int (*unlink)(const char *);
    int (*open_folder)(const char *, int *);
    int (*open_file)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
} real;

static int faulty_open(const char *path, int flags, int mode) {
    FAULT("open");
    return real.open(path, flags, mode);
}

static int faulty_close(int descriptor) {
    // As the kernel does it: the number is gone whatever is said.
    int result = real.close(descriptor);
    if (result == 0) FAULT("close");
    return result;
}

static int faulty_access(const char *path, int mode) {
    FAULT("access");
    return real.access(path, mode);
}

static int faulty_stat(const char *path, struct stat *status) {
    FAULT("stat");
    return real.stat(path, status);
}

static int faulty_fstat(int descriptor, struct stat *status) {
    FAULT("fstat");
    return real.fstat(descriptor, status);
}

static int faulty_ftruncate(int descriptor, off_t length) {
    FAULT("ftruncate");
    return real.ftruncate(descriptor, length);
}

// SQLite gives a lock or a size hint: a pointer, or a number that fits into one.
static int faulty_fcntl(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    FAULT("fcntl");
    return real.fcntl(descriptor, command, argument);
}

static ssize_t faulty_read(int descriptor, void *buffer, size_t length) {
    FAULT("read");
    return real.read(descriptor, buffer, length);
}

static ssize_t faulty_pread(int descriptor, void *buffer, size_t length, off_t offset) {
    FAULT("pread");
    return real.pread(descriptor, buffer, length, offset);
}

static ssize_t faulty_pread64(int descriptor, void *buffer, size_t length, off_t offset) {
    FAULT("pread");
    return real.pread64(descriptor, buffer, length, offset);
}

static ssize_t faulty_write(int descriptor, const void *buffer, size_t length) {
    FAULT("write");
    return real.write(descriptor, buffer, length);
}

static ssize_t faulty_pwrite(int descriptor, const void *buffer, size_t length, off_t offset) {
    FAULT("pwrite");
    return real.pwrite(descriptor, buffer, length, offset);
}

static ssize_t faulty_pwrite64(int descriptor, const void *buffer, size_t length, off_t offset) {
    FAULT("pwrite");
    return real.pwrite64(descriptor, buffer, length, offset);
}

static int faulty_fchmod(int descriptor, mode_t mode) {
    FAULT("fchmod");
    return real.fchmod(descriptor, mode);
}

static int faulty_fchown(int descriptor, uid_t user, gid_t group) {
    FAULT("fchown");
    return real.fchown(descriptor, user, group);
}

static int faulty_unlink(const char *path) {
    FAULT("unlink");
    return real.unlink(path);
}

static int faulty_open_folder(const char *path, int *descriptor) {
    int fault = cl_fault("sqlite_open_folder");
    if (fault == 0) return real.open_folder(path, descriptor);
    errno = fault;
    return SQLITE_CANTOPEN;
}

// The methods of the unix VFS's files, one set for databases and one for journals, with xSync replaced.
static struct { const sqlite3_io_methods *real; sqlite3_io_methods faulty; } methods[8];
static pthread_mutex_t methods_lock = PTHREAD_MUTEX_INITIALIZER;

static int faulty_sync(sqlite3_file *file, int flags) {
    int fault = cl_fault("sqlite_fsync");
    if (fault != 0) {
        errno = fault;
        return SQLITE_IOERR_FSYNC;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (file->pMethods == &methods[i].faulty) return methods[i].real->xSync(file, flags);
    abort();
}

static const sqlite3_io_methods *with_faults(const sqlite3_io_methods *found) {
    const sqlite3_io_methods *result = NULL;
    if (pthread_mutex_lock(&methods_lock) != 0) abort();
    for (size_t i = 0; i < sizeof methods / sizeof *methods && result == NULL; i++) {
        if (methods[i].real == NULL) {
            methods[i].real = found;
            methods[i].faulty = *found;
            methods[i].faulty.xSync = faulty_sync;
        }
        if (methods[i].real == found) result = &methods[i].faulty;
    }
    if (pthread_mutex_unlock(&methods_lock) != 0 || result == NULL) abort();
    return result;
}

static int faulty_open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
    int result = real.open_file(vfs, path, file, flags, out);
    if (result == SQLITE_OK && file->pMethods != NULL) file->pMethods = with_faults(file->pMethods);
    return result;
}

static void replace(sqlite3_vfs *vfs, const char *name, void *place, sqlite3_syscall_ptr faulty) {
    sqlite3_syscall_ptr found = vfs->xGetSystemCall(vfs, name);
    // SQLite was built without this one, and calls its sibling.
    if (found == NULL) return;
    memcpy(place, &found, sizeof found);
    if (vfs->xSetSystemCall(vfs, name, faulty) != SQLITE_OK) abort();
}

static void prepare(void) {
    if (sqlite3_initialize() != SQLITE_OK) abort();
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    if (vfs == NULL || vfs->iVersion < 3) abort();
#define REPLACE(name, call) replace(vfs, name, &real.call, (sqlite3_syscall_ptr)faulty_##call)
    REPLACE("open", open);
    REPLACE("close", close);
    REPLACE("access", access);
    REPLACE("stat", stat);
    REPLACE("fstat", fstat);
    REPLACE("ftruncate", ftruncate);
    REPLACE("fcntl", fcntl);
    REPLACE("read", read);
    REPLACE("pread", pread);
    REPLACE("pread64", pread64);
    REPLACE("write", write);
    REPLACE("pwrite", pwrite);
    REPLACE("pwrite64", pwrite64);
    REPLACE("fchmod", fchmod);
    REPLACE("fchown", fchown);
    REPLACE("unlink", unlink);
    REPLACE("openDirectory", open_folder);
    real.open_file = vfs->xOpen;
    vfs->xOpen = faulty_open_file;
}

void cl_sqlite_prepare_faults(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, prepare) != 0) abort();
}

#endif
