"""The harness behind scripts/scale-bench: python3 scripts/scale-bench-support SWITCHES.

    grow.py     the trees           scale_report.py     table and plot

Volumes and what is told of the machine are those of scripts/bench-support. It promises to leave no
volume, loop device or process behind, whether it ends well, fails or is interrupted (SIGKILL
excepted). Exit status: 0, 1 something failed, 20 interrupted, 64 usage.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.append(str(HERE.parent / "bench-support"))

import harness  # noqa: E402 (found by the line before)
import machine  # noqa: E402
import grow  # noqa: E402
import scale_report  # noqa: E402
from command import CommandFailed, run  # noqa: E402
from interruption import say  # noqa: E402
from volumes import GIBIBYTE  # noqa: E402

# Blocks, an inode and its names, generously: of an entry of grow.py.
SOURCE_BYTES = 2048
DESTINATION_BYTES = 1536


def parse(arguments):
    """Options from the command line; ends the process with status 64 for a usage error."""
    parser = harness.Switches("scale-bench")
    add = parser.add_argument
    add("--entries", type=int)
    add("--reference", type=int)
    add("--rounds", type=int)
    options = parser.parse_args(arguments)
    options.entries = options.entries or (20_000 if options.quick else 10_000_000)
    options.reference = options.reference or (2_000 if options.quick else 200_000)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.seed = 0
    return parser.finish(options)


def _watch(process):
    """Waits for a process: its status, its resources and the peak of its memory in bytes."""
    memory = 0
    while True:
        # Not ru_maxrss: that is at least what this process had when it started the other.
        found, status, usage = os.wait4(process, os.WNOHANG)
        if found:
            return status, usage, memory
        text = pathlib.Path("/proc", str(process), "status").read_text(errors="replace")
        for line in text.splitlines():
            if line.startswith("VmHWM:"):
                memory = max(memory, int(line.split()[1]) * 1024)
        time.sleep(0.01)


def timed(options, workspace, source, destination):
    """One pass: its seconds, processor seconds, peak memory, counters and progress."""
    workspace.make_cold(source, destination)
    told = workspace.scratch / "told.json"
    errors = workspace.scratch / "errors"
    command = [
        str(options.binary), "sync", "-q", "--json", str(told), "--state",
        str(workspace.state), str(source.mount_point), str(destination.mount_point)]
    begin = time.monotonic()
    with open(errors, "wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            status, usage, memory = _watch(process.pid)
        except BaseException:
            process.kill()
            process.wait()
            raise
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    if process.returncode != 0:
        raise CommandFailed(
            f"{shlex.join(command)}: status {process.returncode}\n"
            + errors.read_text(errors="replace")[-2000:])
    events = [json.loads(line) for line in told.read_text().splitlines()]
    summary = next(event for event in events if event["type"] == "summary")
    return {
        "seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime,
        "memory": memory, "files_copied": summary["files_copied"],
        "entries_seen": summary["entries_seen"], "changes_by": summary["changes_by"],
        "progress": [
            [event["seconds"], event["entries_seen"]] for event in events
            if event["type"] == "progress"]}


def make_tree(workspace, entries):
    """A volume with so many entries, and how many inodes it has."""
    source = workspace.make(f"source-{entries}", "xfs", entries * SOURCE_BYTES + GIBIBYTE)
    begin = time.monotonic()
    grow.grow(source.mount_point, entries)
    made = int(run("df", "--output=iused", source.mount_point).split()[-1])
    say(f"{entries:,} entries: {made:,} inodes, made in {time.monotonic() - begin:.0f} s")
    return source, made


def measure(options, workspace, tree, entries, rounds):
    """First copies and passes with nothing to do, of one size."""
    source, made = tree
    destination = workspace.make(
        f"destination-{entries}", "ext4", entries * DESTINATION_BYTES + GIBIBYTE,
        int(entries * 1.1) + 10_000)
    rows = []
    for number in range(rounds):
        if number:
            run("find", workspace.state, "-mindepth", "1", "-delete")
            destination.format()
        row = {"copy": timed(options, workspace, source, destination)}
        # What is so young is compared again by the next pass.
        time.sleep(0 if options.quick else 3)
        row["unchanged"] = timed(options, workspace, source, destination)
        if row["unchanged"]["files_copied"]:
            raise CommandFailed(f"a pass with nothing to do copied {row['unchanged']}")
        rows.append(row)
        say("  " + ", ".join(
            f"{name} {one['seconds']:.1f} s ({one['changes_by']}), {one['cpu']:.1f} s of processor, "
            f"{one['memory'] / 1e6:.0f} MB" for name, one in row.items()))
    workspace.remove(f"source-{entries}")
    workspace.remove(f"destination-{entries}")
    return {"entries": entries, "inodes": made, "rows": rows}


def perform(options, workspace, out, call):
    """Measures both volumes, and publishes."""
    # Both before anything is measured: making one takes as long as all the rest.
    small, large = (make_tree(workspace, entries) for entries in (options.reference, options.entries))
    scale_report.publish({
        "call": call,
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": machine.facts(options, ROOT),
        "reference": measure(options, workspace, small, options.reference, options.rounds),
        "large": measure(options, workspace, large, options.entries, 1)}, out)


def main():
    """Parses, performs, cleans up; returns the exit status."""
    options = parse(sys.argv[1:])
    return harness.run(
        "scale-bench", "scale.md", options, False,
        lambda workspace, out, call: perform(options, workspace, out, call))


if __name__ == "__main__":
    sys.exit(main())
