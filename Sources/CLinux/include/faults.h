// Faults on demand, for tests: the n-th call of an operation returns a chosen errno instead of being
// made. Compiled into debug builds only (CUTOVER_FAULTS in Package.swift); in a release build
// CL_FAULT is nothing and the variable is not read.
//
//   CUTOVER_FAULTS=operation:n:errno[:count][,...]     n counts from 1; count is a number or '*'
//
// for example CUTOVER_FAULTS=pwrite:3:ENOSPC,openat:10:EMFILE:5. Operations are named after the
// system call (see the CL_FAULT lines of this target). Calls are counted over all threads. KILL in the
// place of an errno ends the process by SIGKILL before that call: what is then on disk is what anybody
// could have seen at this instant.
//
//   CUTOVER_FAULTS=operation@DEVICE.INODE:n:errno[:count]    only calls by a descriptor of that file or folder
//                                                            (the CL_FAULT_AT lines) count
//
//   CUTOVER_FAULTS=count:/FILE[,...]         how often each operation was called: a line `operation calls`
//                                            each, written when the process exits; of faults with a place, how many
//                                            calls were theirs
//
//   CUTOVER_FAULTS=pread@DEVICE.INODE:FIRST-LAST:errno       a broken part of one file, both ends included
//
// for example pread@64768.131:4096-8191:EIO. Device and inode are those of stat(2) in decimal. Every way
// of reading meets it: direct reads, alone or in a batch, fail as a whole where they touch it, those
// through the page cache end before its page, and the page cache does not hold it.

#ifndef CUTOVER_FAULTS_H
#define CUTOVER_FAULTS_H

#ifdef CUTOVER_FAULTS
#include <stddef.h>
#include <stdint.h>

/// The errno to return for this call of `operation`, or 0. Thread-safe.
int cl_fault(const char *operation);
/// The same for a call by `descriptor`, which a fault may be limited to.
int cl_fault_at(const char *operation, int descriptor);
#define CL_FAULT_AT(operation, descriptor)                      \
    do {                                                        \
        int fault_ = cl_fault_at(operation, descriptor);        \
        if (fault_ != 0) return -fault_;                        \
    } while (0)
#define CL_FAULT(operation) CL_FAULT_AT(operation, -1)
/// What the broken parts leave of a read: all of `length`, less of it, or -errno. Thread-safe.
long cl_read_fault(int descriptor, int64_t offset, size_t length);
#else
#define CL_FAULT(operation) ((void)0)
#define CL_FAULT_AT(operation, descriptor) ((void)0)
#endif

#endif
