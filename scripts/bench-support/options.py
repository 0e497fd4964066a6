"""The switches of scripts/bench, and what --quick makes of them."""

import argparse
import dataclasses
import pathlib

import peers
import scenarios

QUICK_ENTRIES = 2000
SMALLEST_ENTRIES = 500
LARGEST_ENTRIES = 2_000_000


@dataclasses.dataclass
class Options:
    """What one call does. Sizes in bytes; `large_directory` in files."""

    quick: bool
    counts: bool
    entries: int
    rounds: int
    seed: int
    workers: int
    workers_list: list
    large_file: int
    large_directory: int
    scenarios: list
    peers: list
    out: pathlib.Path | None
    adds: bool
    directory: pathlib.Path
    keep_source: bool
    binary: pathlib.Path
    is_built: bool
    baseline: pathlib.Path | None
    extra: str


def _names(known):
    """A type for argparse: names with commas between them, each one known."""
    def parse(text):
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {name}: there are {', '.join(known)}")
        return names
    return parse


def _between(least, most):
    """A type for argparse: a whole number within limits."""
    def parse(text):
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return int(text)
    return parse


def _workers_list(text):
    return [_between(1, 250)(part) for part in text.split(",")]


def parse(arguments, usage):
    """Options from the command line; ends the process with status 64 for a usage error."""
    parser = argparse.ArgumentParser(prog="scripts/bench", usage=usage, add_help=False)
    parser.error = lambda message: parser.exit(64, f"bench: {message} (try --help)\n")
    scenario_names = [scenario.name for scenario in scenarios.SCENARIOS]
    peer_names = list(peers.available(baseline=True))
    add = parser.add_argument
    add("--quick", action="store_true")
    add("--no-counts", dest="counts", action="store_false")
    add("--entries", type=_between(SMALLEST_ENTRIES, LARGEST_ENTRIES))
    add("--rounds", type=_between(1, 1000))
    add("--seed", type=_between(0, 2**32), default=1)
    add("--workers", type=_between(1, 250), default=scenarios.DEFAULT_WORKERS)
    add("--workers-list", type=_workers_list)
    add("--large-file", type=_between(1, 1 << 20), metavar="MIB")
    add("--large-directory", type=_between(1, 10_000_000), metavar="FILES")
    add("--scenarios", type=_names(scenario_names), default=scenario_names)
    add("--peers", type=_names(peer_names), default=peer_names)
    add("--out", type=pathlib.Path)
    add("--add", dest="adds", action="store_true")
    add("--directory", type=pathlib.Path, default=pathlib.Path("/var/tmp"))
    add("--keep-source", action="store_true")
    add("--binary", type=pathlib.Path)
    # Not for users: where scripts/bench has built cutover when --binary is not given.
    add("--built", type=pathlib.Path)
    # Nor this: to find a wrong switch before a build of minutes and not after it.
    add("--parse-only", action="store_true")
    add("--baseline", type=pathlib.Path)
    add("--cutover-options", dest="extra", default="")
    given = parser.parse_args(arguments)
    quick = given.quick
    given.entries = given.entries or (QUICK_ENTRIES if quick else 200_000)
    given.rounds = given.rounds or (1 if quick else 5)
    given.workers_list = given.workers_list or (
        [1, 4, 30] if quick else [1, 2, 4, 8, 16, 30, 64, 128])
    given.large_file = (given.large_file or (64 if quick else 8192)) << 20
    given.large_directory = given.large_directory or (2000 if quick else 500_000)
    given.is_built = given.binary is None
    given.binary = given.binary or given.built
    if given.parse_only:
        parser.exit(0)
    del given.built, given.parse_only
    if given.binary is None:
        parser.error("--binary is missing: scripts/bench would have built one")
    for binary in filter(None, (given.binary, given.baseline)):
        if not binary.is_file():
            parser.error(f"{binary} is not there")
    if not given.directory.is_dir():
        parser.error(f"--directory {given.directory} is not a directory")
    given.binary = given.binary.resolve()
    given.baseline = given.baseline.resolve() if given.baseline else None
    return Options(**vars(given))
