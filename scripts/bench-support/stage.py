"""What scenarios play on: the source trees, the destinations and the one way to run a tool over
them.

Trees are made when a scenario first asks for one and removed when no later scenario will. For first
copies there is one `target` volume per size, formatted anew before each run; for delta passes each
tool has a destination of its own, filled and brought up to date by itself, outside of the timing.
"""

import dataclasses
import json
import os
import shutil

import edits
import measure
import peers
import tree
from command import CommandFailed, run
from volumes import GIBIBYTE, MEBIBYTE


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is measured in turn: a tool, with a number of workers, on a tree. `label` names it in
    tables; `reference` is the label of the subject it is compared with."""

    label: str
    peer: peers.Peer
    tree: str
    workers: int
    reference: str


class Source:
    """One source volume and what is known of its tree."""

    def __init__(self, name, volume, facts):
        self.name = name
        self.volume = volume
        self.facts = facts
        self.entries = facts["entries"]
        self.bytes = facts["bytes"]


class Stage:
    """Volumes and runs for one call of the harness."""

    def __init__(self, options, workspace, say):
        self.options = options
        self.workspace = workspace
        self.say = say
        self.log = workspace.scratch / "output"
        self.peers = peers.available(options.baseline)
        self.sources = {}
        self.destinations = {}
        self.warnings = []

    # Sources

    def _fillers(self):
        """For each tree: bytes that its volume needs at most, and how to fill it."""
        options = self.options
        homes = options.entries * 24 * 1024 + 14_500 * 2 * min(options.entries, 200_000) + GIBIBYTE
        return {
            "balanced": (homes, lambda root: tree.fill_homes(
                root, options.entries, options.seed, False)),
            "skewed": (homes, lambda root: tree.fill_homes(
                root, options.entries, options.seed, True)),
            "large-file": (options.large_file + GIBIBYTE, lambda root: tree.fill_large_file(
                root, options.large_file, options.seed)),
            "renamed": (
                options.large_directory * 1024 + GIBIBYTE,
                lambda root: tree.fill_renamed(
                    root, options.large_directory // 10, options.seed)),
            "large-directory": (
                options.large_directory * 6 * 1024 + GIBIBYTE,
                lambda root: tree.fill_large_directory(
                    root, options.large_directory, options.seed)),
        }

    def source(self, name):
        """The volume with the tree of this name; made now unless it is there."""
        if name not in self.sources:
            self.say(f"source {name}: filling it, or taking the kept image")
            size, fill = self._fillers()[name]
            # What was appended to may hold blocks in advance until it is weighed after a remount.
            volume, facts = self.workspace.make_source(
                f"source-{name}", size, self._description(name), fill, tree.weigh)
            self.sources[name] = Source(name, volume, facts)
            self.say(f"source {name}: {facts['entries']:,} entries, {facts['bytes'] / 1e9:.2f} GB")
            if not volume.has_direct_io:
                self._warn("loop devices without direct I/O: images are cached twice")
        return self.sources[name]

    def _description(self, name):
        """What a kept image must have been made from to be used again."""
        options = self.options
        extent = {
            "large-file": options.large_file, "large-directory": options.large_directory,
            "renamed": options.large_directory // 10}
        return {
            "tree": name, "seed": options.seed, "extent": extent.get(name, options.entries),
            "generator": tree.VERSION}

    def edit(self, name):
        """Changes 1 % of the tree; returns how many entries."""
        source = self.source(name)
        # A kept image that is edited half is neither the old tree nor the new one: without its
        # label the next call fills it again.
        self.workspace.label_source(f"source-{name}", None, {})
        source.facts["rounds_of_edits"] = source.facts.get("rounds_of_edits", 0) + 1
        edited = edits.edit(
            source.volume.mount_point, self.options.seed, source.facts["rounds_of_edits"])
        self.workspace.label_source(f"source-{name}", self._description(name), source.facts)
        return edited

    def rename(self, name):
        """Gives the large directory of a tree its other name."""
        home = self.source(name).volume.mount_point / "home"
        names = ("spool", "renamed")
        old, new = names if (home / names[0]).exists() else reversed(names)
        (home / old).rename(home / new)

    def drop(self, name):
        """Removes a source tree and every destination that was made for it."""
        for key in [key for key in self.destinations if key[0] == name]:
            destination = self.destinations.pop(key)
            self._forget(destination)
            self.workspace.remove(destination.mount_point.name)
        if name in self.sources:
            self.sources.pop(name)
            self.workspace.remove(f"source-{name}")

    # Destinations

    def _make_destination(self, source, name):
        spare = 128 * MEBIBYTE if self.options.quick else 2 * GIBIBYTE
        size = int(source.bytes * 1.15) + int(source.entries * 1.3) * 256 + spare
        return self.workspace.make(name, "ext4", size, int(source.entries * 1.3) + 20_000)

    def fresh_target(self, source_name):
        """An ext4 volume, formatted now, that may have been used before."""
        key = (source_name, "target")
        if key not in self.destinations:
            volume = self._make_destination(self.source(source_name), f"target-{source_name}")
            self.destinations[key] = volume
            if not self.options.quick:
                volume.unmount()
                volume.allocate()
        self._forget(self.destinations[key])
        self.destinations[key].format()
        return self.destinations[key]

    def own_destination(self, subject):
        """The destination that this subject alone writes to, up to date when this returns the first
        time; later on it is what the subject's own last run made of it."""
        # With other switches it may leave another state.
        key = (subject.tree, subject.peer.command, subject.workers)
        if key not in self.destinations:
            source = self.source(subject.tree)
            name = f"own-{subject.tree}-{len(self.destinations)}"
            self.destinations[key] = self._make_destination(source, name)
            # Twice: the second run settles what the first could not (times of directories, say).
            for _ in range(2):
                self.measure(subject, self.destinations[key])
        return self.destinations[key]

    def copy(self, source_name):
        """A copy of the tree, made by cutover at the first call; nobody writes to it afterwards."""
        key = (source_name, "copy")
        if key not in self.destinations:
            volume = self._make_destination(self.source(source_name), f"copy-{source_name}")
            if not self.options.quick:
                volume.unmount()
                volume.allocate()
                volume.format()
            self.destinations[key] = volume
            peer = self.peers["cutover"]
            self.measure(
                Subject(peer.title, peer, source_name, self.options.workers, peer.title), volume)
        return self.destinations[key]

    # What cutover remembers

    def _state(self, destination):
        """The state folder of the passes to this destination."""
        return self.workspace.state / destination.mount_point.name

    def _forget(self, destination):
        shutil.rmtree(self._state(destination), ignore_errors=True)

    def state_bytes(self, destination):
        """The size of what is remembered of this destination."""
        folder = self._state(destination)
        return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0

    def check_pass(self, subject, destination, **expected):
        """The last pass to this destination must have been as `expected`, in the words of cutover
        history --json."""
        text = run(
            self.options.binary, "history", "--json", "-", "--limit", "1",
            "--state", self._state(destination))
        found = [one for one in map(json.loads, text.splitlines()) if one["type"] == "pass"]
        for name, value in expected.items():
            if not found or found[-1].get(name) != value:
                raise CommandFailed(
                    f"{subject.label}: the last pass was not one with {name} {value}: {found[-1:]}")

    # Runs

    def command(self, subject, destination):
        """The shell text of this subject's run."""
        return peers.command(
            subject.peer, self.source(subject.tree).volume.mount_point, destination.mount_point,
            subject.workers, self.options, self.workspace.scratch)

    def make_cold(self, subject, destination):
        """Both volumes mounted anew, nothing of them in memory."""
        self.workspace.make_cold(self.source(subject.tree).volume, destination)

    def measure(self, subject, destination):
        """One timed run."""
        os.environ["CUTOVER_STATE"] = str(self._state(destination))
        return measure.measure(
            self.command(subject, destination), destination.mount_point, self.log)

    def count(self, subject, destination):
        """One untimed run under a tracer."""
        os.environ["CUTOVER_STATE"] = str(self._state(destination))
        return measure.count(
            self.command(subject, destination), self.log, self.workspace.scratch)

    def check_equal(self, subject, destination):
        """rsync, asked what it would still do after cutover, must have no answer. XFS shows root
        its ACLs a second time as trusted.SGI_ACL_*, shadows that have no place on ext4; with a
        filter for attributes rsync looks at system.* too, which -A has compared already."""
        source = self.source(subject.tree).volume.mount_point
        answer = run(
            "rsync", "-naXAHi", "--delete", "--numeric-ids", "--filter=-x system.*",
            "--filter=-x trusted.SGI_ACL_*", f"{source}/", f"{destination.mount_point}/")
        if answer:
            shown = "\n  ".join(answer.splitlines()[:12])
            raise CommandFailed(f"{subject.label}: the copy is not like its source:\n  {shown}")
        self.say(f"  {subject.label}: equal to its source, says rsync -naXAHi --delete")

    def _warn(self, text):
        if text not in self.warnings:
            self.warnings.append(text)
            self.say(f"WARNING: {text}")
