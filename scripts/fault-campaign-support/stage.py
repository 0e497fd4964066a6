"""One scenario set up: SOURCE as it is before the pass that calls fail in, DESTINATION and the state as the
pass before left them, and how to run cutover on them.

SOURCE is made once: no pass may touch it, which is one of the things asked afterwards. DESTINATION and the
state are put back before each injection.
"""

import json
import os
import shutil
import signal
import subprocess
import time

from likeness import Tree
from volumes import ReadOnlyView, Volume, run

SECONDS_MAX = 60
# XFS takes no less than 300 MB.
SOURCE_MEBIBYTES = 300
RSYNC = ["rsync", "-naXAHic", "--delete", "--numeric-ids", "--exclude=/lost+found",
         "--filter=-x trusted.SGI_ACL_*"]


class Outcome:
    """What one run of the program came to."""

    def __init__(self, command, status, output, errors, events, calls):
        self.command = command
        self.status = status
        self.output = output
        self.errors = errors
        self.events = events
        # By operation; nothing of a process that was killed.
        self.calls = calls

    @property
    def is_hung(self):
        """Whether it had to be ended."""
        return self.status is None

    def of(self, kind):
        """The events of one type."""
        return [event for event in self.events if event.get("type") == kind]

    @property
    def summary(self):
        """The last event of a pass; empty without one."""
        return (self.of("summary") or [{}])[-1]

    def last_words(self):
        """What it said, for people."""
        return self.errors.decode(errors="replace").strip()[-600:]


class Stage:
    """Volumes, state and program of one scenario."""

    def __init__(self, directory, program, scenario):
        self.program = program
        self.scenario = scenario
        self.directory = directory
        os.mkdir(directory, 0o700)
        self.state = os.path.join(directory, "state")
        self.report = os.path.join(directory, "report")
        self.counts_path = os.path.join(directory, "counts")
        os.mkdir(self.state, 0o700)
        self.source = Volume(directory, "source", "xfs", SOURCE_MEBIBYTES + scenario.extra_mebibytes, ["-f"])
        self.destination = Volume(directory, "destination", "ext4", 24 + scenario.extra_mebibytes,
                                  ["-F", "-I", "256", "-E", "lazy_itable_init=0,lazy_journal_init=0"])
        self.view = None
        self._prepare()

    def _prepare(self):
        self._in_source(self.scenario.make)
        if self.scenario.edit is not None:
            self._wait_for_the_clock()
            self.expect_done(self.run_pass(["--delete"]))
            self._wait_for_the_clock()
            self._in_source(self.scenario.edit)
        if self.scenario.spoil is not None:
            self.expect_done(self.run_pass(["--delete"]))
            self._wait_for_the_clock()
            self._in(self.destination.path, self.scenario.spoil)
        # From the disk: what is asked of access times then does not depend on what was cached.
        self.source.unmount()
        self.source.mount()
        self.view = ReadOnlyView(self.source.path, "view")
        self._wait_for_the_clock()
        self.destination.keep()
        self.kept_state = {name: self._state_file(name) for name in os.listdir(self.state)}
        self.expected = Tree(self.view.path)  # reading a symlink moves its access time
        # What SOURCE's access and change times are while nobody touches it.
        self.resting = Tree(self.source.path, deep=False)
        self.before = Tree(self.destination.path)

    def _state_file(self, name):
        with open(os.path.join(self.state, name), "rb") as file:
            return file.read()

    def _in_source(self, change):
        self._in(self.source.path, change)

    def _in(self, path, change):
        here = os.getcwd()
        os.chdir(path)
        try:
            change()
        finally:
            os.chdir(here)
        os.sync()

    @staticmethod
    def _wait_for_the_clock():
        """Beyond the step of the clock that inodes are stamped by: what is racy is not left to chance."""
        time.sleep(0.03)

    def expect_done(self, outcome):
        """Ends the campaign where a pass without faults fails."""
        if outcome.status != 0:
            raise RuntimeError(f"{self.scenario.name}: a pass without faults ended with {outcome.status}: "
                               f"{' '.join(outcome.command)}\n{outcome.last_words()}")

    def reset(self):
        """DESTINATION and state as they were kept."""
        self.destination.restore()
        for name in os.listdir(self.state):
            os.unlink(os.path.join(self.state, name))
        for name, data in self.kept_state.items():
            with open(os.path.join(self.state, name), "wb") as file:
                file.write(data)
            os.chmod(os.path.join(self.state, name), 0o600)

    def state_files(self):
        """Names and contents of the state."""
        return {name: self._state_file(name) for name in os.listdir(self.state)}

    def run(self, words, faults=""):
        """Runs the program with faults."""
        for path in (self.report, self.counts_path):
            if os.path.exists(path):
                os.unlink(path)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "CUTOVER_FAULTS": ",".join(filter(None, [faults, f"count:{self.counts_path}"]))}
        command = [self.program, *words]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment, start_new_session=True) as process:
            try:
                output, errors = process.communicate(timeout=SECONDS_MAX)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, errors = process.communicate()
                status = None
        return Outcome(command, status, output, errors, self._events(), self._counts())

    def _events(self):
        try:
            with open(self.report, "rb") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"type": "unreadable"})  # of a process that was killed
        return found

    def _counts(self):
        try:
            with open(self.counts_path, encoding="ascii") as file:
                return {operation: int(calls) for operation, calls in map(str.split, file)}
        except FileNotFoundError:
            return {}

    def run_pass(self, options, faults=""):
        """One pass with these options."""
        return self.run(["sync", "--progress", "none", "--state", self.state, "--json", self.report,
                         *options, self.source.path, self.destination.path], faults)

    def rsync_differences(self):
        """What rsync would still do, by every byte; nothing when the trees are equal."""
        lines = run(*RSYNC, "--", self.view.path + "/", self.destination.path + "/").splitlines()
        return [line.decode(errors="replace") for line in lines]

    def close(self):
        """Takes everything away."""
        if self.view is not None:
            self.view.close()
        self.source.close()
        self.destination.close()
        shutil.rmtree(self.directory)
