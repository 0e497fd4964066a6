// This process: its arguments, and what the kernel lets it do.

#ifndef CUTOVER_PROCESS_H
#define CUTOVER_PROCESS_H

#include <stdint.h>

/// The arguments as execve(2) gave them, the program's name first, and their number; NULL where the C library
/// does not hand them to constructors (glibc does). Needs no /proc, from which Swift's runtime reads its own.
char *const *cl_arguments(int *count);

/// The effective capabilities of this thread, one bit each: capget(2).
int cl_effective_capabilities(uint64_t *capabilities);

/// Removes a trusted attribute, which is not there, from a file in memory, and returns the errno of that: EPERM when
/// the caller lacks CAP_SYS_ADMIN in the first user namespace (fs/xattr.c, xattr_permission), which is asked first of
/// all. -errno when there was no such file: memfd_create(2) failed.
int cl_try_trusted_attribute(void);

#endif
