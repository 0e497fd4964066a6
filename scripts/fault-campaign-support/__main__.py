"""The campaign of failing calls behind scripts/fault-campaign: python3 scripts/fault-campaign-support SWITCHES.

    scenarios.py  what is run              judges.py    what must hold afterwards
    tree.py       trees and their edits    likeness.py  how a tree is looked at
    stage.py      one scenario set up      volumes.py   XFS and ext4 in images
    errnos.py     which errors each operation can have
    proof.py      that each judge can fail

The calls of a scenario are counted by a run without faults; each of them then fails once with each error
that it can have, in a run of its own. Jobs are processes with volumes of their own, which take turns.
"""

import argparse
import collections
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

import errnos
import proof
from judges import Injection
from scenarios import BY_NAME, SCENARIOS
from stage import Stage

# In an order of their own, or neighbours would be the same call with another error.
QUICK_SEED = 1
LOST = "lost"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def parse(words):
    """The switches; see scripts/fault-campaign."""
    parser = argparse.ArgumentParser(prog="scripts/fault-campaign", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--prove", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seed", type=int, default=QUICK_SEED)
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--operation", action="append", default=[])
    parser.add_argument("--scenario", action="append", default=[], choices=sorted(BY_NAME))
    parser.add_argument("--errno", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--directory")
    parser.add_argument("--report")
    parser.add_argument("--binary", required=True)
    options = parser.parse_args(words)
    if options.only:
        options.scenario = list(dict.fromkeys(each.split(":")[0] for each in options.only))
        for name in options.scenario:
            if name not in BY_NAME:
                parser.error(f"no scenario {name}: {' '.join(sorted(BY_NAME))}")
    return options


def positions(calls, most):
    """Which of so many calls fail: all, or the first, the last and some between, as far as `most` goes."""
    if calls <= most:
        return list(range(1, calls + 1))
    return sorted({1 + round(index * (calls - 1) / (most - 1)) for index in range(most)})


def plan(scenario, counts, options):
    """The injections of a scenario, in an order by the seed."""
    if options.only:
        wanted = [each.split(":") for each in options.only]
        return [Injection(scenario.name, words[1], int(words[2]), words[3])
                for words in wanted if words[0] == scenario.name]
    found = []
    for operation, calls in sorted(counts.items()):
        if options.operation and operation not in options.operation:
            continue
        errors = errnos.of(operation) + ([errnos.KILLED] if scenario.has_kills else [])
        found += [Injection(scenario.name, operation, number, error)
                  for number in positions(calls, scenario.positions_max) for error in errors
                  if not options.errno or error in options.errno]
    shuffle = random.Random(f"{options.seed} {scenario.name}")
    shuffle.shuffle(found)
    if options.quick:
        whole = [each for each in found if (each.operation, each.error) == scenario.quick_whole]
        return whole + _spread([each for each in found if each not in whole], scenario.quick)
    return _spread(found, options.most) if options.most else found


def _spread(injections, most):
    """So many of them, each operation in turn: rare calls are not crowded out by frequent ones."""
    queues = collections.OrderedDict()
    for injection in injections:
        queues.setdefault(injection.operation, []).append(injection)
    chosen = []
    while queues and len(chosen) < most:
        for operation in list(queues):
            chosen.append(queues[operation].pop())
            if not queues[operation]:
                del queues[operation]
            if len(chosen) == most:
                break
    return chosen


def clean_counts(stage):
    """How often each operation is called by the scenario's run without faults."""
    stage.reset()
    scenario = stage.scenario
    words = {"sync": ["sync", "--progress", "none", "--state", stage.state, "--json", stage.report],
             "verify": ["verify", "--progress", "none", "--json", stage.report]}.get(
                 scenario.command, [scenario.command, "--state", stage.state, "--json", stage.report])
    outcome = stage.run([*words, *scenario.options, stage.source.path, stage.destination.path])
    if outcome.status not in ((0, 1, 3) if scenario.command in ("verify", "check") else (0,)):
        raise RuntimeError(f"{scenario.name}: without faults it ended with {outcome.status}: {outcome.last_words()}")
    by = outcome.summary.get("changes_by")
    if scenario.changes_by not in (None, by):
        raise RuntimeError(f"{scenario.name}: this pass was to find changes by {scenario.changes_by}, not by {by}"
                           f" ({outcome.summary.get('walk_reason')})")
    counts = outcome.calls
    if not counts:
        raise RuntimeError(f"{stage.program} counts no calls: is it built with -DCUTOVER_FAULTS?")
    unknown = sorted(set(counts) - set(errnos.ERRNOS))
    if unknown:
        raise RuntimeError(f"no row in errnos.py for: {' '.join(unknown)}")
    return counts


def shared_counts(stage, directory):
    """The counts of whichever job was first: all have to have one plan, and some calls are not always made."""
    counts = clean_counts(stage)
    path = os.path.join(directory, f"counts-{stage.scenario.name}")
    own = f"{path}-{os.getpid()}"
    with open(own, "w", encoding="ascii") as file:
        json.dump(counts, file)
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    with open(path, encoding="ascii") as file:
        return json.load(file)


def work(job, options, results):
    """One job: its share of every scenario, on volumes of its own."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL)  # the parent ends it, and clears away what it leaves
    directory = os.path.join(options.directory, f"job{job}")
    os.mkdir(directory, 0o700)
    try:
        for name in options.scenario:
            stage = Stage(os.path.join(directory, name), options.binary, BY_NAME[name])
            try:
                injections = plan(stage.scenario, shared_counts(stage, options.directory), options)
                for injection in injections[job::options.jobs]:
                    try:
                        outcome, violations = stage.scenario.judge(stage, injection)
                        status, is_met = outcome.status, met(outcome, injection)
                    except (OSError, RuntimeError, KeyError, ValueError):
                        # What the judge could not look at is no pass that went well.
                        status, is_met, violations = LOST, False, [traceback.format_exc()]
                    results.put((name, injection.operation, str(injection), status, is_met, violations))
            finally:
                stage.close()
    except BaseException:  # pylint: disable=broad-except
        results.put((None, None, f"job {job}", LOST, False, [traceback.format_exc()]))
    results.put(None)


def met(outcome, injection):
    """Whether the call that was to fail was made: the order of several workers is not always the same."""
    if injection.error == errnos.KILLED:
        return outcome.status == -9
    return outcome.is_hung or outcome.calls.get(injection.operation, 0) >= injection.number


def collect(options, results, report):
    """Prints violations as they come; returns statuses and violations by scenario and operation."""
    table = collections.defaultdict(lambda: [collections.Counter(), 0, 0])
    violations, running, done = 0, options.jobs, 0
    began = last = time.monotonic()
    while running:
        result = results.get()
        if result is None:
            running -= 1
            continue
        scenario, operation, name, status, is_met, lines = result
        if scenario is not None:
            row = table[scenario, operation]
            row[0][status] += 1
            row[1] += not is_met
            row[2] += bool(lines)
            done += 1
        if lines:
            violations += 1
            text = "\n".join(f"      {line}" for each in lines for line in each.splitlines())
            again = f"\n      again: scripts/fault-campaign --only '{name}'" if scenario is not None else ""
            say(report, f"VIOLATION {name} (status {_status_name(status)})\n{text}{again}")
        if time.monotonic() - last > 30:
            last = time.monotonic()
            print(f"   {last - began:.0f} s: {done} injections, {violations} violations", flush=True)
    return table, violations, done, time.monotonic() - began


def say(report, text):
    """One text on standard output and in the report."""
    print(text, flush=True)
    if report is not None:
        print(text, file=report, flush=True)


def print_table(report, table):
    """What was done: a row for each scenario, and one for each operation."""
    for title, index in [("scenario", 0), ("operation", 1)]:
        rows = collections.defaultdict(lambda: [0, collections.Counter(), 0, 0, set()])
        for key, (statuses, unmet, violations) in table.items():
            row = rows[key[index]]
            row[0] += sum(statuses.values())
            row[1].update(statuses)
            row[2] += unmet
            row[3] += violations
            row[4].add(key[1 - index])
        other = "operations" if index == 0 else "scenarios"
        say(report, f"\n   {title:<19} {other:>10} {'injections':>10} {'not met':>8} {'violations':>10}  statuses")
        for name, row in sorted(rows.items()):
            statuses = " ".join(f"{_status_name(status)}:{count}"
                                for status, count in sorted(row[1].items(), key=lambda item: str(item[0])))
            say(report, f"   {name:<19} {len(row[4]):>10} {row[0]:>10} {row[2]:>8} {row[3]:>10}  {statuses}")


def _status_name(status):
    return {None: "hung", -9: "killed"}.get(status, str(status))


def interrupt(number, _frame):
    """Stops once: what follows is cleaning up, which a second Ctrl-C must not cut short."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    """Runs what the switches ask for; the exit status."""
    for each in SIGNALS:
        signal.signal(each, interrupt)
    options = parse(sys.argv[1:])
    if options.list:
        for scenario in SCENARIOS:
            print(f"{scenario.name:<19} cutover {scenario.command} {' '.join(scenario.options)}")
        return 0
    options.scenario = options.scenario or [
        scenario.name for scenario in SCENARIOS if scenario.quick or not options.quick]
    parent = options.directory or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    options.directory = tempfile.mkdtemp(prefix="cutover-campaign-", dir=parent)
    try:
        if options.prove:
            return proof.prove(options.directory, options.binary)
        report = open(options.report, "w", encoding="utf-8") if options.report else None
        return campaign(options, report)
    finally:
        shutil.rmtree(options.directory, ignore_errors=True)


def campaign(options, report):
    """All of it."""
    # No more volumes and programs than there is to do.
    if options.only:
        options.jobs = 1
    results = multiprocessing.Queue()
    jobs = [multiprocessing.Process(target=work, args=(job, options, results)) for job in range(options.jobs)]
    try:
        for job in jobs:
            job.start()
        table, violations, done, seconds = collect(options, results, report)
    finally:
        for job in jobs:
            job.terminate()
            job.join()
    print_table(report, table)
    rate = done / max(seconds, 1)
    say(report, f"\n   {done} injections in {seconds:.0f} s, {rate:.1f} a second, seed {options.seed}")
    if violations or done == 0:
        say(report, f"\nVERDICT: {violations} VIOLATIONS" if done else "\nVERDICT: NOTHING WAS TRIED")
        return 1
    say(report, "\nVERDICT: every pass after a failing call made both trees equal, and nothing else was lost.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
