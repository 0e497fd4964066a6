"""One story's pair of volumes, the plans made for it, and the program run on them, by hand and by the scheduler."""

import json
import os
import re
import shutil
import subprocess
import time

from likeness import Tree
from volumes import Volume

# XFS takes no less than 300 MB.
SOURCE_MEBIBYTES = 320
DESTINATION_MEBIBYTES = 160
EXT4_OPTIONS = ("-F", "-I", "256", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-N", "60000")
RUN_SECONDS = 120
POLL_SECONDS = 0.05
DIFFERENCES_SHOWN = 12
RSYNC = ("rsync", "-naXAHic", "--delete", "--numeric-ids", "--exclude=/lost+found", "--filter=-x trusted.SGI_ACL_*")

# The numbers of tasks are those of shards. The first start of a task can be slow, so that there is time to do something
# to it; what is started again is not. exec: what is killed is the program.
BATCH = """\
#!/bin/bash
#SBATCH --requeue --open-mode=append --job-name=shards
printf '%s %s %s\\n' "$SLURM_ARRAY_TASK_ID" "$SLURMD_NODENAME" "${{SLURM_RESTART_COUNT:-0}}" >>{log}
slow=({slow})
if [ "${{SLURM_RESTART_COUNT:-0}}" -gt 0 ]; then slow=(); fi
exec {program} sync --plan {plan} --progress none "${{slow[@]}}" {source} {destination}
"""
CLOSING_BATCH = """\
#!/bin/bash
#SBATCH --job-name=closing
exec {program} sync --plan {plan} --close --progress none {source} {destination}
"""


class Wrong(Exception):
    """Something is not as it has to be."""


def expect(is_so, *words):
    """Ends the story unless it is so."""
    if not is_so:
        raise Wrong(" ".join(str(word) for word in words))


class Outcome:
    """What one run of the program came to."""

    def __init__(self, words, done):
        self.words = words
        self.status = done.returncode
        self.lines = done.stdout.decode(errors="replace").splitlines()
        self.told = done.stderr.decode(errors="replace")

    def expect(self, *statuses, says=()):
        """Ends the story where the status is none of these, or the text lacks one of the patterns."""
        expect(self.status in statuses, f"{self}: expected status {' or '.join(map(str, statuses))}")
        for pattern in says:
            expect(re.search(pattern, self.told), f"{self}: nothing said that is like '{pattern}'")
        return self

    def __str__(self):
        return f"{' '.join(self.words)}: status {self.status}: {self.told.strip()[-700:]}"


class Pair:
    """SOURCE (XFS) and DESTINATION (ext4), both new and empty, with a state of their own."""

    def __init__(self, folder, program, scheduler):
        self.folder = folder
        self.program = program
        self.scheduler = scheduler
        folder.mkdir()
        self.source_volume = Volume(str(folder), "source", "xfs", SOURCE_MEBIBYTES, ["-f"])
        self.destination_options = EXT4_OPTIONS
        self.destination_volume = Volume(
            str(folder), "destination", "ext4", DESTINATION_MEBIBYTES, self.destination_options)
        self.source, self.destination = self.source_volume.path, self.destination_volume.path
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.environment = {**os.environ, "CUTOVER_STATE": str(self.state), "LC_ALL": "C.UTF-8"}
        self._jobs = 0

    def close(self):
        """Takes the volumes away."""
        for volume in (self.source_volume, self.destination_volume):
            volume.close()
        shutil.rmtree(self.folder)

    # By hand

    def run(self, *words, variables=None):
        """Runs the program to its end."""
        words = [str(word) for word in words]
        try:
            done = subprocess.run(
                [str(self.program), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS,
                env={**self.environment, **(variables or {})}, check=False)
        except subprocess.TimeoutExpired as problem:
            raise Wrong(f"{' '.join(words)}: not done after {RUN_SECONDS} s") from problem
        return Outcome(words, done)

    def plan(self, shards, *options, name="plan"):
        """Makes a plan; returns its folder."""
        folder = self.folder / name
        self.run("plan", self.source, self.destination, "--shards", shards, "--out", folder, *options).expect(0)
        expect((folder / "plan.json").is_file(), "plan made no plan.json")
        return folder

    def shard(self, plan, number, *options, **more):
        """Does one shard here, without the scheduler."""
        return self.run(
            "sync", "--plan", plan, "--shard", number, "--progress", "none", *options, self.source, self.destination, **more)

    def closing(self, plan, *options):
        """Closes here, without the scheduler."""
        return self.run("sync", "--plan", plan, "--close", "--progress", "none", *options, self.source, self.destination)

    def plain(self, *options):
        """A pass without a plan, with the pair's own state; its lines are those of --itemize."""
        return self.run("sync", "-i", "--progress", "none", "--delete", *options, self.source, self.destination)

    # By the scheduler

    def array(self, plan, numbers, slow=()):
        """Submits an array of tasks; returns its number."""
        self._jobs += 1
        script = self.folder / f"job{self._jobs}"
        script.write_text(BATCH.format(
            program=self.program, plan=plan, source=self.source, destination=self.destination, slow=" ".join(slow),
            log=script.with_suffix(".started")))
        job = self.scheduler.submit(
            script, f"--array={numbers}", f"--output={script}.%a.log", f"--export=ALL,CUTOVER_STATE={self.state}")
        script.with_suffix(".started").touch()
        (self.folder / f"started.{job}").symlink_to(script.with_suffix(".started"))
        return job

    def nodes_of(self, job):
        """The nodes on which tasks of a job have begun."""
        lines = (self.folder / f"started.{job}").read_text().splitlines()
        return {line.split()[1] for line in lines}

    def close_after(self, plan, job):
        """Submits the closing so that it begins when all tasks of an array are done; returns its number."""
        self._jobs += 1
        script = self.folder / f"job{self._jobs}"
        script.write_text(CLOSING_BATCH.format(
            program=self.program, plan=plan, source=self.source, destination=self.destination))
        return self.scheduler.submit(
            script, f"--dependency=afterany:{job}", f"--output={script}.log",
            f"--export=ALL,CUTOVER_STATE={self.state}")

    def finish(self, job, *statuses):
        """Waits until all tasks of a job are over, each with one of these statuses (0)."""
        tasks = self.scheduler.wait(job)
        for task in tasks:
            expect(task.status in (statuses or (0,)) and not task.killed_by and task.state != "CANCELLED",
                   f"{task}: {self.log_of(task)}")
        return tasks

    def log_of(self, task):
        """The end of what tasks of this number have said."""
        texts = [path.read_text(errors="replace") for path in sorted(self.folder.glob(f"job*.{task.number}.log"))]
        return "".join(texts).strip()[-700:]

    def wait_until_working(self, job, *numbers):
        """Waits until these tasks run and have done something: each has made its state folder."""
        plan = self.plan_of(job)
        self.scheduler.wait(job, lambda tasks: all(
            any(task.number == number and task.state == "RUNNING" for task in tasks) for number in numbers))
        for number in numbers:
            while not self.is_working(plan, number):
                task = self.scheduler.task(job, number)
                expect(task.state == "RUNNING", f"{task} before it was seen to work: {self.log_of(task)}")
                time.sleep(POLL_SECONDS)
        time.sleep(0.5)

    def plan_of(self, job):
        """The plan of an array."""
        script = (self.folder / f"started.{job}").resolve().with_suffix("")
        return re.search(r"--plan (\S+)", script.read_text())[1]

    @staticmethod
    def is_working(plan, number):
        """Whether a shard has begun to keep a state."""
        folder = f"{plan}/{number}.state"
        return os.path.isdir(folder) and bool(os.listdir(folder))

    @staticmethod
    def is_in_use(plan, number):
        """Whether a process still does this shard, by what the kernel has of it."""
        wanted = os.fsencode(plan)
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    line = file.read().split(b"\0")
                with open(f"/proc/{process}/environ", "rb") as file:
                    environment = file.read().split(b"\0")
            except OSError:
                continue
            if wanted in line and b"SLURM_ARRAY_TASK_ID=%d" % number in environment:
                return True
        return False

    # What has to hold

    def expect_equal(self):
        """Both trees are the same by Python's own system calls and by rsync, and nothing temporary is left."""
        os.sync()
        source, destination = Tree(self.source), Tree(self.destination)
        found = source.differences(destination)
        expect(not found, f"{len(found)} differences: " + "; ".join(found[:DIFFERENCES_SHOWN]))
        expect(os.path.isdir(f"{self.destination}/lost+found"), "lost+found is gone")
        expect(not destination.leftovers(), "temporary names are left:", destination.leftovers()[:DIFFERENCES_SHOWN])
        done = subprocess.run(
            [*RSYNC, f"{self.source}/", f"{self.destination}/"], capture_output=True, timeout=RUN_SECONDS, check=False)
        expect(done.returncode == 0 and not done.stdout,
               "rsync would do", done.stdout.decode(errors="replace")[:600], done.stderr.decode(errors="replace")[:600])

    def expect_nothing_to_do(self):
        """A plain pass finds nothing to do."""
        report = self.folder / "report"
        outcome = self.plain("--json", report).expect(0)
        expect(not outcome.lines, "a plain pass did", outcome.lines[:DIFFERENCES_SHOWN])
        summary = [event for event in map(json.loads, report.read_text().splitlines()) if event["type"] == "summary"][-1]
        for name in ("files_copied", "entries_deleted", "bytes_copied"):
            expect(summary.get(name, 0) == 0, f"a plain pass has {name} {summary.get(name)}")

    def expect_done(self):
        """What holds after closing."""
        self.expect_equal()
        self.expect_nothing_to_do()
        self.expect_equal()

    def look(self, side=None):
        """What the tree of one side (DESTINATION) looks like, to ask later whether anybody touched it."""
        return Tree(side or self.destination, deep=False)

    def expect_untouched(self, before, side=None):
        """Nobody has changed anything there since."""
        found = self.look(side).changed(before)
        expect(not found, "changed although refused:", found[:DIFFERENCES_SHOWN])
