// What no tool does that scripts/quota-trial needs in its machine: asks and spoils quotas by the plain calls, hides a
// call from a program, and measures one.
//
//   calls hide-quotactl-fd PROGRAM [ARGUMENT...]   runs it where quotactl_fd(2) gives ENOSYS, as before Linux 5.14
//   calls has-quotactl-fd                          status 0 if that call is there, else 1
//   calls grace DEVICE                             "KIND BLOCKS INODES" in seconds, a line for each kind
//   calls set-usage DEVICE KIND ID BYTES INODES    says so to the accounts, which are wrong then
//   calls measure FILE PROGRAM [ARGUMENT...]       "MILLISECONDS KIBIBYTES" to FILE: time, and most memory at a time
//
// Status 125 where it could not be done; else the program's.

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/quota.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { quotactl_fd_number = 443, cannot = 125 };

static const char *const kinds[] = {"user", "group", "project"};

static int fail(const char *what) {
    fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
    return cannot;
}

static int kind_of(const char *name) {
    for (int kind = 0; kind < 3; kind++) {
        if (strcmp(name, kinds[kind]) == 0) return kind;
    }
    return -1;
}

static int run(char **command) {
    execvp(command[0], command);
    return fail(command[0]);
}

static int hide_quotactl_fd(char **command) {
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, quotactl_fd_number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof lines / sizeof lines[0], .filter = lines};
    // Root needs no PR_SET_NO_NEW_PRIVS, which would change what the program may do.
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return fail("seccomp");
    return run(command);
}

static int has_quotactl_fd(void) {
    // A descriptor that cannot be: EBADF from the call itself.
    return syscall(quotactl_fd_number, -1, QCMD(Q_SYNC, 0), 0, NULL) != 0 && errno == ENOSYS;
}

static int print_grace(const char *device) {
    for (int kind = 0; kind < 3; kind++) {
        struct if_dqinfo info = {0};
        if (syscall(SYS_quotactl, QCMD(Q_GETINFO, kind), device, 0, &info) != 0) return fail(kinds[kind]);
        printf("%s %llu %llu\n", kinds[kind], (unsigned long long)info.dqi_bgrace, (unsigned long long)info.dqi_igrace);
    }
    return 0;
}

static int set_usage(char **arguments) {
    int kind = kind_of(arguments[1]);
    if (kind < 0) return fail(arguments[1]);
    struct if_dqblk account = {
        .dqb_curspace = strtoull(arguments[3], NULL, 10),
        .dqb_curinodes = strtoull(arguments[4], NULL, 10),
        .dqb_valid = QIF_SPACE | QIF_INODES,
    };
    unsigned id = (unsigned)strtoul(arguments[2], NULL, 10);
    if (syscall(SYS_quotactl, QCMD(Q_SETQUOTA, kind), arguments[0], id, &account) != 0) return fail("set-usage");
    return 0;
}

static int measure(const char *path, char **command) {
    struct timespec begin, end;
    struct rusage usage;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child == 0) _exit(run(command));
    if (wait4(child, &status, 0, &usage) != child) return fail("wait4");
    clock_gettime(CLOCK_MONOTONIC, &end);
    FILE *file = fopen(path, "w");
    if (!file) return fail(path);
    long milliseconds = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
    fprintf(file, "%ld %ld\n", milliseconds, usage.ru_maxrss);
    if (fclose(file) != 0) return fail(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "hide-quotactl-fd") == 0 && count > 2) return hide_quotactl_fd(arguments + 2);
    if (strcmp(what, "has-quotactl-fd") == 0 && count == 2) return has_quotactl_fd();
    if (strcmp(what, "grace") == 0 && count == 3) return print_grace(arguments[2]);
    if (strcmp(what, "set-usage") == 0 && count == 7) return set_usage(arguments + 2);
    if (strcmp(what, "measure") == 0 && count > 3) return measure(arguments[2], arguments + 3);
    fprintf(stderr, "calls: what to do? (see calls.c)\n");
    return cannot;
}
