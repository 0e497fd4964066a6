"""The trial of shards under a real Slurm behind scripts/cluster-trial: python3 scripts/cluster-trial-support SWITCHES.

    enclosure.py    namespaces, so that nothing is left     scheduler.py    a real Slurm
    pair.py         two volumes and the program             growth.py       trees
    stories.py      what happens, and what has to hold      ends.py         likewise, of tasks that end badly
    refusals.py     likewise, of what is refused            hazards.py      likewise, of what two runs do to each other
    measures.py     what shards cost                        told.py         the list of stories

Of the campaign of faults it uses the volumes, how a tree is looked at, and the tree with an entry of every kind; of the
benchmarks the edits, and for its measures volumes and trees.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
# In this order: volumes and trees of these names are the campaign's, but for measures.
sys.path += [str(HERE.parent / name) for name in ("fault-campaign-support", "bench-support")]
if "--measure" in sys.argv:
    sys.path.remove(str(HERE.parent / "fault-campaign-support"))

import enclosure  # noqa: E402 (found by the lines before)

SCRATCH_BYTES = 2 << 30
# Of fewer a remount and a plan are most of what is measured.
SMALLEST_ENTRIES = 500
INTERRUPTED = 20
USAGE = 64


class Interrupted(BaseException):
    """A signal asked us to stop."""


class TooLong(Exception):
    """A story did not end in its time."""


def parse(words):
    """The switches; see scripts/cluster-trial."""
    parser = argparse.ArgumentParser(prog="scripts/cluster-trial", add_help=False, allow_abbrev=False)
    parser.error = lambda message: parser.exit(USAGE, f"cluster-trial: {message} (try --help)\n")
    add = parser.add_argument
    for name in ("--quick", "--list", "--keep", "--measure", "--parse-only", "--verbose"):
        add(name, action="store_true")
    add("--only", action="append", default=[])
    add("--seed", type=int, default=1)
    add("--entries", type=int, default=200_000)
    add("--rounds", type=int, default=3)
    add("--json", type=pathlib.Path)
    add("--directory", type=pathlib.Path)
    add("--binary", type=pathlib.Path)
    options = parser.parse_args(words)
    if not options.measure:
        known = {story.name for story in _all_stories()}
        for name in options.only:
            if name not in known:
                parser.error(f"no story {name}: see --list")
    if options.measure and options.json is None:
        parser.error("--measure wants --json FILE")
    if options.entries < SMALLEST_ENTRIES or options.rounds < 1:
        parser.error(f"--entries wants {SMALLEST_ENTRIES} or more, --rounds 1 or more")
    if options.list:
        for story in _all_stories():
            print(f"{story.name:<34}{'quick' if story.is_quick else '':<7}{story.title}")
        parser.exit(0)
    if options.parse_only:
        parser.exit(0)
    if options.binary is None or not options.binary.is_file():
        parser.error(f"there is no program {options.binary}")
    options.is_built = options.binary.resolve() == HERE.parent.parent / ".build/release/cutover"
    options.binary = options.binary.resolve()
    options.json = options.json and options.json.resolve()
    options.directory = options.directory or _roomy_directory(options.measure)
    return options


def _all_stories():
    import told  # pylint: disable=import-outside-toplevel # measures have other trees
    return told.all_stories()


def _roomy_directory(is_measured):
    """In memory where that has room, but for measures, which are of a disk."""
    memory = pathlib.Path("/dev/shm")
    if not is_measured and memory.is_dir() and shutil.disk_usage(memory).free > SCRATCH_BYTES:
        return memory
    return pathlib.Path(os.environ.get("TMPDIR", "/var/tmp"))


def _listen():
    def interrupt(number, _frame):
        for one in enclosure.SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    def give_up(*_):
        raise TooLong()
    for number in enclosure.SIGNALS:
        signal.signal(number, interrupt)
    signal.signal(signal.SIGALRM, give_up)


def tell(folder, options):
    """Tells all stories that are wanted; returns the exit status."""
    from pair import Pair  # pylint: disable=import-outside-toplevel # measures have other volumes
    from scheduler import Scheduler  # pylint: disable=import-outside-toplevel
    wanted = [story for story in _all_stories()
              if (story.name in options.only if options.only else story.is_quick or not options.quick)]
    scheduler = Scheduler(folder / "slurm")
    failed = []
    begin = time.monotonic()
    try:
        scheduler.start()
        print(f"   Slurm is up, {time.monotonic() - begin:.1f} s", flush=True)
        for story in wanted:
            if not _told(story, Pair, folder, options, scheduler):
                failed.append(story.name)
    finally:
        scheduler.stop()
    print(f"   {time.monotonic() - begin:.0f} s")
    if failed or not wanted:
        print(f"\n== VERDICT: FAILED: {len(failed)} of {len(wanted)} stories: {' '.join(failed)}")
        return 1
    print(f"\n== VERDICT: {len(wanted)} stories: nothing is lost, torn or missing, and nothing was called done that was not.")
    return 0


def _told(story, pair_of, folder, options, scheduler):
    """Tells one story within its time; returns whether all was as it has to be."""
    begin = time.monotonic()
    problem = None
    pair = None
    try:
        signal.alarm(story.seconds)
        pair = pair_of(folder / story.name, options.binary, scheduler)
        story.perform(pair, options)
        signal.alarm(0)
    except TooLong:
        where = traceback.extract_tb(sys.exc_info()[2])
        line = next((frame for frame in reversed(where)
                     if "cluster-trial-support" in frame.filename and frame.name != "give_up"), where[-1])
        problem = f"not done after {story.seconds} s, in {line.name}: {line.line}; {scheduler.ask('squeue', '-h')}"
    except Exception as found:  # pylint: disable=broad-except # the other stories are told all the same
        signal.alarm(0)
        problem = str(found) if type(found).__name__ == "Wrong" else repr(found)
        if options.verbose or type(found).__name__ not in ("Wrong", "SchedulerFailed"):
            problem += "\n" + traceback.format_exc()
    signal.alarm(0)
    seconds = time.monotonic() - begin
    print(f"ok {story.name}, {seconds:.1f} s" if problem is None
          else f"FAILED {story.name}: {problem}, {seconds:.1f} s", flush=True)
    scheduler.cancel_all()
    scheduler.resume()
    if pair is not None and not (options.keep and problem):
        pair.close()
    return problem is None


def perform(folder, options):
    """What happens in the enclosure."""
    _listen()
    try:
        if options.measure:
            import measures  # pylint: disable=import-outside-toplevel
            return measures.measure(folder, options)
        return tell(folder, options)
    except Interrupted as reason:
        print(f"cluster-trial: interrupted ({reason}); everything is cleaned up", file=sys.stderr)
        return INTERRUPTED
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
        print(f"cluster-trial: {problem}", file=sys.stderr)
        return 1


def main():
    """Parses and performs; returns the exit status."""
    options = parse(sys.argv[1:])
    return enclosure.run("cutover-cluster.", options.directory, options.keep, lambda folder: perform(folder, options))


if __name__ == "__main__":
    sys.exit(main())
