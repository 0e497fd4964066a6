"""A pair of volumes, and the program run on it: passes, loops and what they told."""

import json
import shutil
import signal
import subprocess
import threading
import time

from command import CommandFailed, run
from volumes import GIBIBYTE, MEBIBYTE


class Pair:
    """SOURCE with a tree, DESTINATION, and the state of their passes."""

    def __init__(self, workspace, source, facts, options):
        self.options = options
        self.source = source
        self.facts = facts
        size = int(facts["bytes"] * 1.3) + 2 * GIBIBYTE if not options.quick else 700 * MEBIBYTE
        self.destination = workspace.make("destination", "ext4", size, facts["entries"] * 2)
        self.destination.unmount()
        if not options.quick:
            self.destination.allocate()
        self.state = workspace.state / "pair"

    def begin_anew(self):
        """An empty DESTINATION of which nothing is recorded."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.destination.format()

    def command(self, name, *options):
        """The words of a command on this pair."""
        return [
            str(self.options.binary), name, "--state", str(self.state), *options,
            str(self.source.mount_point), str(self.destination.mount_point)]

    def call(self, name, *options, allowed=(0, 24)):
        """Runs a command with --json; returns its events and its seconds, seen from outside."""
        begin = time.monotonic()
        finished = subprocess.run(
            self.command(name, "--progress", "none", "--json", "-", *options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        seconds = time.monotonic() - begin
        if finished.returncode not in allowed:
            raise CommandFailed(
                f"{name} {' '.join(options)}: status {finished.returncode}\n"
                + finished.stderr.decode(errors="replace")[-2000:])
        return [json.loads(line) for line in finished.stdout.splitlines()], seconds

    def passes(self):
        """The recorded passes, the oldest first."""
        text = run(
            self.options.binary, "history", "--json", "-", "--limit", "100000", "--state",
            self.state)
        return [one for one in map(json.loads, text.splitlines()) if one["type"] == "pass"]

    def set_read_only(self, is_read_only):
        """Remounts SOURCE."""
        word = "ro" if is_read_only else "rw"
        run("mount", "-o", f"remount,{word}", self.source.mount_point)


class Loop:
    """A running `cutover follow`, whose events are read as they come. One that hurries makes no
    pauses: SIGCONT ends each of them."""

    def __init__(self, pair, log, *options, hurries=False):
        self.events = []
        self.hurries = hurries
        self._log = log
        self._problem = None
        with open(log, "wb") as errors:
            self._process = subprocess.Popen(
                pair.command("follow", "--json", "-", *options), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, text=True)
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            # Read to the end in any case: nobody else empties the pipe, and a loop that cannot write never ends.
            if self._problem is not None:
                continue
            try:
                event = json.loads(line)
                self.events.append((time.monotonic(), event))
                if self.hurries and event["type"] == "pause":
                    self._process.send_signal(signal.SIGCONT)
            except (ValueError, KeyError, TypeError) as problem:
                self._problem = CommandFailed(f"follow told {line!r}: {problem!r}")
                self._process.terminate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def wait(self, allowed=(0, 24)):
        """Waits for the end; another status than those allowed is a failure."""
        status = self._process.wait()
        self._reader.join()
        if self._problem is not None:
            raise self._problem
        if status not in allowed:
            text = self._log.read_text(errors="replace")[-2000:]
            raise CommandFailed(f"follow: status {status}\n{text}")

    def wait_for(self, kind, count=1, meanwhile=lambda: None):
        """Waits until `count` events of a kind were told; a loop that ends before is a failure."""
        while len(self.told(kind)) < count:
            if self.is_over():
                self.wait()
                if len(self.told(kind)) >= count:
                    return
                raise CommandFailed(
                    f"follow ended with {self._process.returncode} after {len(self.told(kind))} "
                    f"of {count} events of the kind {kind}\n"
                    + self._log.read_text(errors="replace")[-2000:])
            meanwhile()
            time.sleep(0.05)

    def is_over(self):
        """Whether the process has ended."""
        return self._process.poll() is not None

    def told(self, kind):
        """(moment, event) of all events of a kind so far."""
        return [one for one in list(self.events) if one[1]["type"] == kind]
