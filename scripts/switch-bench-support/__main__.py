"""The harness behind scripts/switch-bench: python3 scripts/switch-bench-support SWITCHES.

    parts.py    what is measured             pair.py     passes and loops of one pair of volumes
    users.py    who writes                   reader.py   who reads and is timed
    report.py   Markdown

Volumes, trees and what is told of the machine are those of scripts/bench-support. It promises to
leave no volume, loop device or process behind, whether it ends well, fails or is interrupted
(SIGKILL excepted). Exit status: 0, 1 something failed, 20 interrupted, 64 usage.
"""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.append(str(HERE.parent / "bench-support"))

import harness  # noqa: E402 (found by the line before)
import machine  # noqa: E402
import report  # noqa: E402
import tree  # noqa: E402
from interruption import say  # noqa: E402
from pair import Pair  # noqa: E402
from parts import PARTS  # noqa: E402
from volumes import GIBIBYTE, MEBIBYTE  # noqa: E402

SEED = 1


class Bench:
    """What the parts play on."""

    def __init__(self, options, workspace):
        self.options = options
        self.workspace = workspace
        self.say = say
        self.log = workspace.scratch / "told"
        size = options.entries * 48 * 1024 + 2 * GIBIBYTE if not options.quick else 700 * MEBIBYTE
        description = {"tree": "switch", "entries": options.entries, "version": tree.VERSION}
        say("source: filling it, or taking the kept image")
        source, facts = workspace.make_source(
            "source-switch", size, description,
            lambda root: tree.fill_homes(root, options.entries, SEED, False), tree.weigh)
        say(f"source: {facts['entries']:,} entries, {facts['bytes'] / 1e9:.2f} GB")
        self.pair = Pair(workspace, source, facts, options)


def names(text):
    """The parts that were asked for."""
    chosen = text.split(",")
    for name in chosen:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no {name}: there are {', '.join(PARTS)}")
    return chosen


def parse(arguments):
    """Options from the command line; ends the process with status 64 for a usage error."""
    parser = harness.Switches("switch-bench")
    add = parser.add_argument
    add("--parts", type=names, default=list(PARTS))
    add("--entries", type=int)
    add("--trials", type=int)
    add("--idle-passes", type=int)
    add("--keep-source", action="store_true")
    options = parser.parse_args(arguments)
    options.entries = options.entries or (2000 if options.quick else 200_000)
    options.trials = options.trials or (1 if options.quick else 10)
    options.idle_passes = options.idle_passes or (20 if options.quick else 1000)
    options.seed = SEED
    return parser.finish(options)


def publish(data, directory):
    """Writes figures and tables; gives them to whoever called sudo."""
    directory.mkdir(parents=True, exist_ok=True)
    # Figures took hours and tables can be made of them again: nothing in a table may keep them from the disk.
    harness.write(directory / "switch.json", json.dumps(data, indent=1) + "\n")
    harness.write(directory / "switch.md", report.render(data))


def perform(options, workspace, out, call):
    """Plays the chosen parts; what is known is written after each of them."""
    bench = Bench(options, workspace)
    file = out / "switch.json"
    data = json.loads(file.read_text()) if file.exists() else {"parts": {}}
    for name in options.parts:
        say(f"== {name}")
        figures = PARTS[name](bench)
        data["parts"][name] = {
            "call": call, "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "entries": bench.pair.facts["entries"], "machine": machine.facts(options, ROOT),
            **figures}
        publish(data, out)


def main():
    """Parses, performs, cleans up; returns the exit status."""
    options = parse(sys.argv[1:])
    return harness.run(
        "switch-bench", "switch.md", options, options.keep_source,
        lambda workspace, out, call: perform(options, workspace, out, call))


if __name__ == "__main__":
    sys.exit(main())
