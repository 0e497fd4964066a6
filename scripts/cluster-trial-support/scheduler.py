"""A real Slurm on this machine: a controller and some virtual nodes, all of whose files lie in one folder.

It is Debian's slurmctld, slurmd and munged, configured to decide at once. They run in the namespaces of
`enclosure`, so they need no port, key, name or process id of the host and nothing of them outlives the trial.
"""

import os
import re
import signal
import subprocess
import time

import enclosure

NODES = 3
PROCESSORS = 8
READY_SECONDS = 40
COMMAND_SECONDS = 30
POLL_SECONDS = 0.1
# Whoever inherits it was started on that node.
NODE_VARIABLE = "CUTOVER_TRIAL_NODE"
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE"}

CONFIGURATION = """\
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
CryptoType=crypto/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=0
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/saved
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
SlurmctldPort=26817
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
PriorityType=priority/basic
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MinJobAge=3600
KillWait=2
SlurmdTimeout=300
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[26821-{last_port}] CPUs={processors} State=UNKNOWN
PartitionName=main Nodes=n[1-{nodes}] Default=YES MaxTime=INFINITE State=UP LLN=YES
"""


class SchedulerFailed(Exception):
    """Slurm did not do what a trial needs of it."""


class Task:
    """One task of an array as the controller knows it."""

    def __init__(self, line):
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        self.job = fields["JobId"]
        number = fields.get("ArrayTaskId", "")
        # A range is one record of all that have not begun.
        self.number = int(number) if number.isdigit() else None
        self.state = fields["JobState"]
        self.reason = fields.get("Reason", "")
        self.node = fields.get("BatchHost", "")
        self.restarts = int(fields.get("Restarts", "0"))
        exit_code = fields.get("ExitCode", "0:0").split(":")
        self.status, self.killed_by = int(exit_code[0]), int(exit_code[1])

    @property
    def has_ended(self):
        """Whether it is over, and nothing of it is left to be waited for."""
        return self.state in ENDED

    def __repr__(self):
        return f"task {self.number} of {self.job}: {self.state} {self.status}:{self.killed_by} on {self.node or '-'}"


class Scheduler:
    """The cluster, from `start` to the end of the namespaces."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons = {}

    def start(self):
        """Starts everything and waits until all nodes are idle."""
        self.folder.mkdir(mode=0o755)
        (self.folder / "saved").mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o400)
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=enclosure.HOST, folder=self.folder, nodes=NODES, last_port=26820 + NODES, processors=PROCESSORS))
        self._spawn("munged", "munged", "--foreground", "--force", "--origin=127.0.0.1",
                    *(f"--{name}={self.folder}/munge.{end}" for name, end in (
                        ("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"), ("log-file", "log"),
                        ("seed-file", "seed"))))
        self._wait(lambda: (self.folder / "munge.socket").exists(), "munged made no socket")
        self._spawn("slurmctld", "slurmctld", "-D", "-f", self.folder / "slurm.conf")
        for node in self.nodes:
            self._start_node(node)
        self._wait(lambda: self.idle_nodes() == NODES, "not all nodes became idle")

    @property
    def nodes(self):
        """Names of the nodes."""
        return [f"n{number}" for number in range(1, NODES + 1)]

    def _start_node(self, node):
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self._spawn(node, "slurmd", "-D", "-f", self.folder / "slurm.conf", "-N", node, variables={NODE_VARIABLE: node})

    def _spawn(self, name, *words, variables=None):
        with open(self.folder / f"{name}.out", "ab") as output:
            self._daemons[name] = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**self.environment, **(variables or {})}, start_new_session=True)

    def _wait(self, is_so, problem):
        end = time.monotonic() + READY_SECONDS
        while not is_so():
            for name, daemon in self._daemons.items():
                if daemon.poll() is not None:
                    raise SchedulerFailed(f"{name} ended with {daemon.returncode}: {self.last_words(name)}")
            if time.monotonic() > end:
                raise SchedulerFailed(f"{problem} in {READY_SECONDS} s: {self.last_words('slurmctld')}")
            time.sleep(POLL_SECONDS)

    def last_words(self, name):
        """The end of what a daemon has logged."""
        path = self.folder / {"slurmctld": "ctld.log", "munged": "munge.log"}.get(name, f"{name}.log")
        return path.read_text(errors="replace")[-600:] if path.exists() else "no log"

    def ask(self, *words, allowed=(0,), variables=None, directory=None):
        """Runs one of Slurm's commands, or a script of them; returns what it printed."""
        done = subprocess.run(
            [str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=directory,
            env={**self.environment, **(variables or {})}, timeout=COMMAND_SECONDS, check=False)
        if done.returncode not in allowed:
            raise SchedulerFailed(f"{' '.join(map(str, words))}: status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def idle_nodes(self):
        """How many nodes wait for work."""
        return len(self.ask("sinfo", "-h", "-N", "-t", "idle", allowed=(0, 1)).split("\n")) - 1

    # Jobs

    def submit(self, script, *options):
        """Submits a batch script's path; returns the number of the job."""
        told = self.ask("sbatch", "--parsable", *options, script)
        return told.strip().split(";")[0]

    def tasks(self, job):
        """The tasks of a job that the controller knows, by number; those of a range that has not begun are one."""
        lines = self.ask("scontrol", "show", "job", "-o", job).splitlines()
        return [Task(line) for line in lines if line.startswith("JobId=")]

    def wait(self, job, until=lambda tasks: all(task.has_ended for task in tasks)):
        """Waits until a job's tasks are as they shall be (ended); returns them. The story's own limit ends it."""
        while True:
            tasks = self.tasks(job)
            if tasks and until(tasks):
                return tasks
            time.sleep(POLL_SECONDS)

    def task(self, job, number):
        """One task of a job; None while it has not begun."""
        return next((task for task in self.tasks(job) if task.number == number), None)

    def kill(self, job, number):
        """SIGKILL to a task's processes, as the kernel's out-of-memory killer or a neighbour sends it."""
        self.ask("scancel", "--signal=KILL", "--batch", f"{job}_{number}")

    def requeue(self, job, number):
        """Has a task that is over run again."""
        self.ask("scontrol", "requeue", f"{job}_{number}")

    def cancel_all(self):
        """Ends all jobs and waits until no node has one."""
        self.ask("scancel", "--user=root", allowed=(0, 1))
        end = time.monotonic() + READY_SECONDS
        while self.ask("squeue", "-h").strip():
            if time.monotonic() > end:
                raise SchedulerFailed("jobs do not end: " + self.ask("squeue", "-h"))
            time.sleep(POLL_SECONDS)

    # Nodes

    def crash(self, node):
        """A node loses its power: everything on it is gone at once. The controller is told that it is down, as it would
        notice itself after SlurmdTimeout, and gives its tasks to others."""
        self._daemons.pop(node).kill()
        while processes := self.processes_of(node):
            for process in processes:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.02)
        self.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=crash")

    def part(self, node):
        """A node loses the controller while its tasks go on: the controller gives them to others."""
        self._daemons.pop(node).kill()
        self.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=parted")

    def take_down(self, node):
        """An administrator takes a node down: its tasks are ended there and given to others."""
        self.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=trial")

    def resume(self):
        """All nodes are back and idle."""
        for node in self.nodes:
            if node not in self._daemons:
                self._start_node(node)
        self.ask("scontrol", "update", f"NodeName=n[1-{NODES}]", "State=RESUME", allowed=(0, 1))
        self._wait(lambda: self.idle_nodes() == NODES, "not all nodes came back")

    @staticmethod
    def processes_of(node):
        """Process ids of all that was started on a node, by what they inherited."""
        found = []
        wanted = re.compile(rb"(^|\0)(" + NODE_VARIABLE.encode() + rb"|SLURMD_NODENAME)=" + node.encode() + rb"(\0|$)")
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    environment = file.read()
                with open(f"/proc/{name}/stat", "rb") as file:
                    is_dead = file.read().rpartition(b")")[2].split()[0] == b"Z"
            except OSError:
                continue
            if not is_dead and wanted.search(environment):
                found.append(int(name))
        return found

    def stop(self):
        """Ends the daemons in order. What does not listen ends with the namespaces."""
        try:
            self.ask("scontrol", "shutdown", allowed=(0, 1))
        except (SchedulerFailed, subprocess.TimeoutExpired):
            pass  # it may not have started
        for daemon in self._daemons.values():
            daemon.terminate()
        for daemon in self._daemons.values():
            try:
                daemon.wait(timeout=5)
            except subprocess.TimeoutExpired:
                daemon.kill()
