// Bodies of process.h.

#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "faults.h"

// MFD_NOEXEC_SEAL of linux/memfd.h, which older headers lack.
#define CL_MFD_NOEXEC_SEAL 8U

static int argument_count;
static char **arguments;

// glibc calls constructors with what it calls main with.
__attribute__((constructor)) static void remember_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}

char *const *cl_arguments(int *count) {
    *count = argument_count;
    return arguments;
}

int cl_effective_capabilities(uint64_t *capabilities) {
    CL_FAULT("capget");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) < 0) return -errno;
    *capabilities = data[0].effective | (uint64_t)data[1].effective << 32;
    return 0;
}

int cl_try_trusted_attribute(void) {
    CL_FAULT("memfd_create");
    // vm.memfd_noexec=2 refuses it without that flag (Linux 6.3), and older kernels know none such: EINVAL.
    int file = memfd_create("cutover", MFD_CLOEXEC | CL_MFD_NOEXEC_SEAL);
    if (file < 0 && errno == EINVAL) file = memfd_create("cutover", MFD_CLOEXEC);
    if (file < 0) return -errno;
    int result = fremovexattr(file, "trusted.cutover") < 0 ? errno : 0;
    close(file);
    return result;
}

char *const *cl_environment(void) { return environ; }

int cl_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int cl_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

void cl_keep_children(void) {
    struct sigaction action;
    // Neither call fails for a signal that there is.
    if (sigaction(SIGCHLD, NULL, &action) < 0) return;
    bool is_ignored = action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0;
    if (!is_ignored) return;
    action = (struct sigaction){.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    // As above.
    (void)sigaction(SIGCHLD, &action, NULL);
}

int cl_process_handle(int process) {
    // Closed on exec by itself.
    int handle = (int)syscall(SYS_pidfd_open, process, 0);
    return handle < 0 ? -errno : handle;
}

int cl_wait_process(int process, int *status, bool is_patient) {
    pid_t ended;
    do {
        ended = waitpid(process, status, is_patient ? 0 : WNOHANG);
    } while (ended < 0 && errno == EINTR);
    return ended < 0 ? -errno : (int)ended;
}

int cl_begin_apart(int *reader) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    // Opened before: the child has nobody to tell that it cannot be.
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int process = nothing < 0 ? -1 : fork();
    if (process != 0) {
        int error = errno;
        if (nothing >= 0) close(nothing);
        close(ends[1]);
        if (process < 0) {
            close(ends[0]);
            return -error;
        }
        *reader = ends[0];
        return process;
    }
    // What is not had of this ends the child: it must not hold what the caller of the parent waits for.
    if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0 ||
        setpgid(0, 0) < 0)
        _exit(1);
    // close_range(2) is of Linux 5.9. Shells keep theirs far below.
    for (int other = STDERR_FILENO + 1; other < 1024; other++) close(other);
    return 0;
}

int cl_datagram_socket(void) {
    CL_FAULT("socket");
    int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return made < 0 ? -errno : made;
}

long cl_send_datagram(int socket, const void *address, size_t address_length, const void *text, size_t length) {
    CL_FAULT("sendto");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (address_length > sizeof name.sun_path) return -ENAMETOOLONG;
    memcpy(name.sun_path, address, address_length);
    // Its length, not that of the structure: an abstract name would go on with zeros.
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + address_length);
    long sent = sendto(socket, text, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name, size);
    return sent < 0 ? -errno : sent;
}
