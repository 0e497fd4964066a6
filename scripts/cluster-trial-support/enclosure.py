"""A place of its own for everything that a trial starts, which leaves nothing behind however it ends.

The trial runs in new namespaces of processes, mounts, network and host name. When its first process is gone
the kernel ends all others in it, daemons and what they started included, and with the last of them go the
mounts and the loop devices below them. Ports are those of a network in which nobody else is. What is left is
one folder, which the process outside removes.
"""

import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import sys
import tempfile

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x04000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 1 << 14, 1 << 18
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8913, 0x8914, 0x8916, 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HOST = "trial"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _mount(device, directory, kind, flags):
    words = [os.fsencode(word) if word else None for word in (device, directory, kind)]
    _check(_libc.mount(*words, ctypes.c_ulong(flags), None), f"mount {directory}")


def run(prefix, directory, keeps, perform):
    """Runs `perform(folder)` enclosed and returns its exit status. The folder is removed, unless it is to be kept."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=directory))
    try:
        return _enclosed(folder, perform)
    finally:
        _ignore_signals()
        if keeps:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _enclosed(folder, perform):
    # The first process in there is a child's.
    _check(_libc.unshare(CLONE_NEWPID), "unshare")
    return _shield(lambda: _first(folder, perform))


def _first(folder, perform):
    """The first process: it waits for everything that has lost its parent, as an init does."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS), "unshare")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    socket.sethostname(HOST)
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {HOST}\n")
    _mount(hosts, "/etc/hosts", None, MS_BIND)
    _raise_loopback()
    return _shield(lambda: perform(folder))


def _raise_loopback():
    """Brings up the only interface, and gives it one more address: getaddrinfo(3) with AI_ADDRCONFIG, of which Slurm
    asks even 127.0.0.1, finds nothing where 127.0.0.1 is the only one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack(
            "16sh2s4s8x", b"lo:0", socket.AF_INET, bytes(2), socket.inet_aton("192.0.2.1")))


def _ignore_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _shield(perform):
    """Runs `perform` in a child of another session, to which signals are handed on; returns its exit status. Waits for
    whatever else becomes a child of this process, too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            status = perform()
        except Exception as problem:  # pylint: disable=broad-except # a child must not go on as its parent
            print(f"cluster-trial: {problem!r}", file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    for number in SIGNALS:
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    while True:
        found, status = os.waitpid(-1, 0)
        if found == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1
