"""One run of one command over two volumes: how long it took, what it used, what it asked of the
kernel.

`measure` takes the time and nothing else: no tracer, no sampling. The clock stops after `sync -f
DESTINATION`, for every tool: what is not written back is not copied. CPU is that of all
descendants, orphans too; kernel threads (writeback, loop devices, journals) show only in the
machine's own CPU.

`count` runs the same command again, untimed, under `perf stat` (or strace where perf is missing)
and samples memory, every 50 ms in the end, as the sum of PSS over all processes of the run: PSS counts a page
shared by three rsyncs once, and no page cache, which a cgroup's memory.peak would. A single process
cannot slip between the samples: the greatest VmHWM seen is a lower bound.
"""

import ctypes
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
# Between two looks at the memory: often at first, for a pass that finds nothing to do is soon over.
SAMPLE_SECONDS_FIRST = 0.003
SAMPLE_SECONDS_MOST = 0.05
SAMPLE_SECONDS_GROWTH = 1.05
# Far beyond any run that makes sense: a tool that hangs must not hang the harness for ever.
TIME_LIMIT_SECONDS = 4 * 3600
OUTPUT_LINES_SHOWN = 12


class RunFailed(Exception):
    """A measured tool ended with another status than 0, or did not end."""


@dataclasses.dataclass
class Measurement:
    """Seconds: `wall` on the clock, `cpu` of the run's processes, `machine_cpu` of all that ran."""

    wall: float
    user: float
    system: float
    machine_cpu: float


@dataclasses.dataclass
class Count:
    """System calls of all processes of a run, and the peak of their memory together in bytes."""

    system_calls: int
    peak_memory: int
    counter: str


def adopt_orphans():
    """From now on descendants whose parents have ended become children of this process: their CPU
    counts, and they can be ended. The corresponding system call is
    `prctl(PR_SET_CHILD_SUBREAPER)`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def measure(command, destination, log):
    """Runs `command` (shell text), then `sync -f destination`. Raises RunFailed."""
    machine_before = _machine_cpu()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    _run(["bash", "-o", "pipefail", "-c", command], command, log)
    _run(["sync", "-f", str(destination)], "sync -f", log)
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measurement(
        wall=wall,
        user=after.ru_utime - before.ru_utime,
        system=after.ru_stime - before.ru_stime,
        machine_cpu=_machine_cpu() - machine_before)


def count(command, log, scratch):
    """Runs `command` untimed and counts its system calls and memory. Raises RunFailed."""
    result = pathlib.Path(scratch, "system-calls")
    result.unlink(missing_ok=True)
    counter = _counter()
    if counter == "perf":
        tracer = [
            "perf", "stat", "-x", ",", "-o", str(result), "-e", "raw_syscalls:sys_enter", "--"]
    else:
        tracer = ["strace", "-f", "-c", "-q", "-o", str(result)]
    memory = _MemorySampler()
    _run([*tracer, "bash", "-o", "pipefail", "-c", command], command, log, memory)
    read = _perf_total if counter == "perf" else _strace_total
    return Count(read(result.read_text()), memory.peak, counter)


class _MemorySampler:
    """Watches the processes of one session from a thread of its own; the leader is the tracer."""

    def __init__(self):
        self.peak = 0
        self._session = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def start(self, session):
        self._session = session
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        pause = SAMPLE_SECONDS_FIRST
        while not self._stop.wait(pause):
            pause = min(pause * SAMPLE_SECONDS_GROWTH, SAMPLE_SECONDS_MOST)
            together = 0
            for process in _processes_of(self._session):
                if process == self._session:
                    continue
                together += _kilobytes(process, "smaps_rollup", "Pss:")
                self.peak = max(self.peak, _kilobytes(process, "status", "VmHWM:") * 1024)
            self.peak = max(self.peak, together * 1024)


def _run(arguments, shown, log, sampler=None):
    """Runs to the end, orphans included. Whatever interrupts it ends all processes of the run."""
    with open(log, "w+b") as output:
        # A session of its own: its number finds all descendants, and a Ctrl-C reaches only us.
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True)
        if sampler is not None:
            sampler.start(process.pid)
        try:
            status = process.wait(timeout=TIME_LIMIT_SECONDS)
        except subprocess.TimeoutExpired as problem:
            raise RunFailed(f"{shown}: not done after {TIME_LIMIT_SECONDS} s") from problem
        finally:
            if sampler is not None:
                sampler.stop()
            if process.returncode is None:
                _end(process)
            _reap_orphans()
    if status != 0:
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-OUTPUT_LINES_SHOWN:]
        raise RunFailed("\n  ".join([f"{shown}: status {status}", *lines]))


def _end(process):
    """Ends the processes of an interrupted run; more may appear while we look."""
    for _ in range(50):
        members = _processes_of(process.pid)
        if not members:
            break
        for member in members:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.poll()
        _reap_orphans()
        time.sleep(0.05)
    process.wait()


def _reap_orphans():
    """Waits for what has no parent left but us."""
    try:
        while True:
            found, _ = os.waitpid(-1, os.WNOHANG)
            if found == 0:
                # Running, with its parent gone: it belongs to the run, which is not over then.
                os.waitpid(-1, 0)
    except ChildProcessError:
        return


def _processes_of(session):
    """The process ids of a session. Each line of stat: id (name) state parent group session ..."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            text = pathlib.Path("/proc", name, "stat").read_text(errors="replace")
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if len(fields) > 3 and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(name))
    return found


def _kilobytes(process, file, key):
    """One row of a file of /proc, 0 once the process is gone."""
    try:
        text = pathlib.Path("/proc", str(process), file).read_text(errors="replace")
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def _machine_cpu():
    """Seconds that all CPUs were busy since boot, whoever used them."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, interrupt, soft = map(int, file.readline().split()[1:8])
    return (user + nice + system + interrupt + soft) / os.sysconf("SC_CLK_TCK")


def _counter():
    """perf where it is there and may look (a container often forbids it), else strace."""
    try:
        probe = subprocess.run(
            ["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "--", "true"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if probe.returncode == 0 and _perf_total(probe.stderr) > 0:
            return "perf"
    except (FileNotFoundError, ValueError):
        pass
    return "strace"


def _perf_total(text):
    """The number in "1234,,raw_syscalls:sys_enter,..."; ValueError where perf could not count."""
    for line in text.splitlines():
        if "raw_syscalls:sys_enter" in line:
            return int(line.split(",")[0])
    raise ValueError("perf stat printed no count")


def _strace_total(text):
    """The calls in the last row of strace's table: "100.00 seconds usecs/call calls total"."""
    for line in reversed(text.splitlines()):
        fields = line.split()
        if fields and fields[-1] == "total":
            return int(fields[3])
    raise ValueError("strace printed no total")
