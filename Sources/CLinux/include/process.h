// This process: its arguments, and what the kernel lets it do.

#ifndef CUTOVER_PROCESS_H
#define CUTOVER_PROCESS_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
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

/// The environment as it is now, `NAME=value` each, with NULL at its end: environ(7).
char *const *cl_environment(void);

/// Steps of posix_spawn(3) that `import Glibc` lacks: closing all descriptors from a number on (glibc 2.34), and another
/// working directory (2.29). They return 0 or an errno value, as their likes do.
int cl_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
int cl_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path);

/// Has the kernel keep children that ended until they are waited for: a SIGCHLD that is ignored, which a process
/// inherits, lets them go at once, with their status. Another disposition stays as it is: sigaction(2).
void cl_keep_children(void);

/// A descriptor that can be read, as poll(2) says it, when a process has ended: pidfd_open(2), Linux 5.3.
int cl_process_handle(int process);

/// Waits for a child: its number when it has ended, 0 when it has not and `is_patient` is false, or -errno;
/// waitpid(2).
int cl_wait_process(int process, int *status, bool is_patient);

/// Goes on in two processes: fork(2). The parent gets the child's number, and in `reader` the end of a pipe to which the
/// child's standard output goes; the child gets 0, /dev/null as standard input and error, no other descriptor, and a
/// process group of its own. Or -errno. Only while this process has one thread: of others a child has the locks alone.
int cl_begin_apart(int *reader);

/// A socket that datagrams are sent from and that has no address of its own: socket(2), AF_UNIX. Or -errno.
int cl_datagram_socket(void);

/// Sends one datagram to a socket of this machine, or fails at once: sendto(2) with MSG_DONTWAIT. `address` is what
/// stands in sun_path (unix(7)), of `address_length` bytes: a path without a NUL, or a NUL and an abstract name.
/// -ENAMETOOLONG where it is longer than sun_path; EAGAIN is of a receiver that is full, ENOENT and ECONNREFUSED of one
/// that is gone.
long cl_send_datagram(int socket, const void *address, size_t address_length, const void *text, size_t length);

#endif
