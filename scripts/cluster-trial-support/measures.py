"""What shards cost beside one plain pass: balance, processor time, and the closing.

The tree is that of the benchmarks with 90 % in one branch, and one inode of a hundred has one more name in another home.
Shards run one after the other, each as the first thing on a machine of its own: both volumes are mounted anew and no
cache is left. Entries and bytes of a shard are those that the program tells; inodes and blocks that DESTINATION has
gained are asked of the kernel, and stand beside them in the figures.
"""

import json
import os
import random
import shlex
import shutil
import statistics
import time

import machine
import measure as clock
import tree
from command import CommandFailed, run
from harness import ROOT, write
from volumes import GIBIBYTE, MEBIBYTE, Workspace

SHARDS = 8
LINKED_SHARE = 0.01
LIMITS = {
    "balance_entries": 1.15, "balance_bytes": 1.15, "balance_inodes_gained": 1.15, "balance_bytes_gained": 1.15,
    "processor": 1.10, "closing": 0.05}
TITLES = {
    "balance_entries": "largest shard / mean, entries", "balance_bytes": "largest shard / mean, bytes",
    "balance_inodes_gained": "the same by inodes that DESTINATION gained", "balance_bytes_gained": "the same by blocks",
    "processor": "processor time of shards and closing / plain pass", "closing": "closing / plain pass, seconds"}


def link_across(root, seed):
    """Gives one inode of a hundred one more name in another home; returns how many."""
    draw = random.Random(f"links {seed}")
    files, homes = [], {}
    for top, directories, names in os.walk(root):
        directories.sort()
        for name in sorted(names):
            path = f"{top}/{name}"
            if os.lstat(path).st_nlink == 1 and not os.path.islink(path):
                files.append(path)
                homes.setdefault(_home(root, path), []).append(top)
    times = {}
    chosen = draw.sample(files, int(len(files) * LINKED_SHARE))
    for number, path in enumerate(chosen):
        other = draw.choice([home for home in homes if home != _home(root, path)])
        place = draw.choice(homes[other])
        times.setdefault(place, os.stat(place).st_mtime_ns)
        os.link(path, f"{place}/across{number:06}")
    for place, moment in times.items():
        os.utime(place, ns=(moment, moment))
    return len(chosen)


def _home(root, path):
    parts = path[len(str(root)) + 1:].split("/")
    return "/".join(parts[:2]) if parts[0] == "all-users" else parts[0]


class Round:
    """One plain pass and one pass by shards, each into an empty DESTINATION."""

    def __init__(self, options, workspace, source, destination):
        self.options = options
        self.workspace = workspace
        self.source = source
        self.destination = destination
        self.plan = workspace.scratch / "plan"
        self.told = workspace.scratch / "told.json"

    def _begin(self):
        for folder in (self.plan, self.workspace.state):
            shutil.rmtree(folder, ignore_errors=True)
        self.workspace.state.mkdir(mode=0o700)
        os.environ["CUTOVER_STATE"] = str(self.workspace.state)
        self.destination.format()

    def _filled(self):
        run("sync", "-f", self.destination.mount_point)
        status = os.statvfs(self.destination.mount_point)
        return status.f_files - status.f_ffree, (status.f_blocks - status.f_bfree) * status.f_frsize

    def _timed(self, *words):
        """One command, cold: seconds, processor seconds, what it told, and what DESTINATION has gained."""
        self.workspace.make_cold(self.source, self.destination)
        before = self._filled()
        self.told.unlink(missing_ok=True)
        roots = [str(self.source.mount_point), str(self.destination.mount_point)]
        command = shlex.join([str(self.options.binary), *map(str, words), *roots])
        took = clock.measure(command, self.destination.mount_point, self.workspace.scratch / "output")
        after = self._filled()
        row = {"seconds": took.wall, "processor": took.user + took.system, "machine": took.machine_cpu,
               "inodes_gained": after[0] - before[0], "bytes_gained": after[1] - before[1]}
        if self.told.exists():
            events = [json.loads(line) for line in self.told.read_text().splitlines()]
            row["summary"] = [event for event in events if event["type"] == "summary"][-1]
        return row

    def _pass(self, *words):
        return self._timed("sync", "-q", "--json", self.told, *words)

    def measure(self):
        """Does both; returns the figures."""
        self._begin()
        row = {"plain": self._pass("--delete")}
        self._begin()
        row["plan"] = self._timed("plan", "--shards", SHARDS, "--out", self.plan, "--delete")
        row["plan_bytes"] = os.stat(self.plan / "plan.json").st_size
        row["shards"] = [self._pass("--plan", self.plan, "--shard", number) for number in range(SHARDS)]
        row["closing"] = self._pass("--plan", self.plan, "--close")
        return row

    def check(self):
        """What shards and closing have made is equal, as rsync sees it without reading contents."""
        told = run("rsync", "-naXAHi", "--delete", "--numeric-ids", "--exclude=/lost+found",
                   "--filter=-x trusted.SGI_ACL_*", f"{self.source.mount_point}/", f"{self.destination.mount_point}/")
        if told:
            raise CommandFailed(f"rsync would still do:\n{told[:2000]}")


def _shares(row):
    """The figures that count, of one round."""
    def balance(values):
        return max(values) / statistics.mean(values)
    plain = row["plain"]
    parts = [*row["shards"], row["closing"]]
    return {
        "balance_entries": balance([shard["summary"]["entries_seen"] for shard in row["shards"]]),
        "balance_bytes": balance([shard["summary"]["bytes_copied"] for shard in row["shards"]]),
        "balance_inodes_gained": balance([shard["inodes_gained"] for shard in row["shards"]]),
        "balance_bytes_gained": balance([shard["bytes_gained"] for shard in row["shards"]]),
        "processor": sum(part["processor"] for part in parts) / plain["processor"],
        "longest_shard": max(shard["seconds"] for shard in row["shards"]) / plain["seconds"],
        "closing": row["closing"]["seconds"] / plain["seconds"]}


def render(data):
    """The table in Markdown."""
    shares = data["medians"]
    rows = data["rows"]

    def median(of):
        return statistics.median(of(row) for row in rows)
    lines = [
        f"{data['entries']:,} entries, 90 % in one branch, {data['linked']:,} inodes with a name in another home; {SHARDS} "
        f"shards one after the other, first copy, cold; medians of {len(rows)}.", "",
        "| | measured | at most |", "|---|--:|--:|"]
    lines += [f"| {TITLES[name]} | {shares[name]:.3f} | {limit:.2f} |" for name, limit in LIMITS.items()]
    lines += [
        "", "| | seconds | processor, s |", "|---|--:|--:|",
        f"| plain pass | {median(lambda row: row['plain']['seconds']):.2f} "
        f"| {median(lambda row: row['plain']['processor']):.2f} |",
        f"| plan | {median(lambda row: row['plan']['seconds']):.2f} "
        f"| {median(lambda row: row['plan']['processor']):.2f} |",
        f"| longest shard | {median(lambda row: max(one['seconds'] for one in row['shards'])):.2f} "
        f"| {median(lambda row: max(one['processor'] for one in row['shards'])):.2f} |",
        f"| all shards | {median(lambda row: sum(one['seconds'] for one in row['shards'])):.2f} "
        f"| {median(lambda row: sum(one['processor'] for one in row['shards'])):.2f} |",
        f"| closing | {median(lambda row: row['closing']['seconds']):.2f} "
        f"| {median(lambda row: row['closing']['processor']):.2f} |"]
    return "\n".join(lines)


def measure(folder, options):
    """Measures, prints the table and writes the figures; returns the exit status."""
    clock.adopt_orphans()
    entries = options.entries
    workspace = Workspace(folder, False)
    try:
        source = workspace.make(
            "source", "xfs", entries * 24 * 1024 + 14_500 * 2 * min(entries, 200_000) + GIBIBYTE)
        tree.fill_homes(source.mount_point, entries, options.seed, True)
        linked = link_across(source.mount_point, options.seed)
        weight = tree.weigh(source.mount_point)
        print(f"   {weight['entries']:,} entries, {weight['bytes'] / 1e9:.2f} GB, {linked:,} linked across", flush=True)
        destination = workspace.make(
            "destination", "ext4", int(weight["bytes"] * 1.15) + weight["entries"] * 333 + 512 * MEBIBYTE,
            int(weight["entries"] * 1.3) + 20_000)
        destination.unmount()
        # Or the first pass would pay for the blocks of the image.
        destination.allocate()
        rows = []
        for number in range(options.rounds):
            one = Round(options, workspace, source, destination)
            rows.append(one.measure())
            print(f"   round {number + 1}: " + ", ".join(
                f"{name} {value:.3f}" for name, value in _shares(rows[-1]).items()), flush=True)
        one.check()
    finally:
        workspace.close()
    shares = [_shares(row) for row in rows]
    data = {
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "entries": weight["entries"], "bytes": weight["bytes"],
        "linked": linked, "shards": SHARDS, "machine": machine.facts(options, ROOT), "limits": LIMITS,
        "medians": {name: statistics.median(share[name] for share in shares) for name in shares[0]}, "rows": rows}
    write(options.json, json.dumps(data, indent=1) + "\n")
    print("\n" + render(data))
    return 0
