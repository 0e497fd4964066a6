"""What must hold after a run in which a call failed, and after the passes that follow it.

A judge takes a stage and an injection and returns the outcome of the run with the fault and a list of
violations, each a line or more for people. What it believes is Tree's own look at both volumes, and rsync's.
"""

import collections
import os
import stat

import errnos
from likeness import Tree, shown, wider

STATUSES = frozenset({0, 3, 11, 23, 24})
# Where unlinking fails, a temporary name may stay until the next pass.
REMOVALS = {"unlinkat"}
# The calls by which reports are written: what they lack then is told by the status and on standard error.
REPORTS = {"open", "write"}
# The calls that make a pass's own views of the roots.
VIEWS = {"open_tree", "mount_setattr"}
SHOWN_MAX = 6


class Injection:
    """One call that fails once: `operation` at its `number`-th time with `error`."""

    def __init__(self, scenario, operation, number, error):
        self.scenario = scenario
        self.operation = operation
        self.number = number
        self.error = error

    @property
    def faults(self):
        """As the fault table wants it."""
        return f"{self.operation}:{self.number}:{self.error}"

    def __str__(self):
        return f"{self.scenario}:{self.faults}"


def some(lines):
    """The first of many."""
    return lines[:SHOWN_MAX] + ([f"and {len(lines) - SHOWN_MAX} more"] if len(lines) > SHOWN_MAX else [])


def nothing():
    """Spoils nothing."""


def _ending(outcome, injection, statuses=STATUSES):
    """How it ended: hung, by a signal, or with a status that does not fit."""
    if outcome.is_hung:
        return ["it did not come to an end"]
    if injection.error == errnos.KILLED:
        # With several workers a call can be the last of its name in one run and not be made in another.
        return [] if outcome.status in (-9, 0) else [f"status {outcome.status} does not fit"]
    if outcome.status < 0:
        return [f"it ended by signal {-outcome.status}: {outcome.last_words()}"]
    if injection.error == errnos.INTERRUPTED and outcome.status not in (0, 1):
        return [f"EINTR is made again and no failure: status {outcome.status}: {outcome.last_words()}"]
    if outcome.status == 64 and injection.operation == "open":
        return []  # a file that an option names
    return [] if outcome.status in statuses else [f"status {outcome.status} does not fit: {outcome.last_words()}"]


def _untouched_source(stage, when, injection=None):
    now = Tree(stage.source.path, deep=False)
    touched, changed = now.touched(stage.resting), now.changed(stage.resting)
    # What is told once is not told of every run after it.
    stage.resting = now
    if injection is not None and injection.operation in VIEWS:
        # Without a view of its own a pass cannot read a symlink and leave its access time (docs/design/volumes.md).
        touched = [path for path in touched if now.entries[path].kind != stat.S_IFLNK]
    if injection is not None and (injection.operation, injection.error) == ("openat", "EPERM"):
        # open(2): O_NOATIME is refused to who is no owner; what is opened without it has its access time moved.
        touched = [path for path in touched if path in changed]
    return [f"{when} touched SOURCE: {', '.join(map(shown, some(touched)))}"] if touched else []


def judge_pass(stage, injection, spoil=None):
    """A pass in which a call fails, the next one with the same state, and one that has nothing to do."""
    stage.reset()
    first = stage.run_pass(stage.scenario.options, injection.faults)
    violations = _ending(first, injection)
    after = Tree(stage.destination.path)
    violations += _after_the_fault(stage, injection, first, after)
    violations += _untouched_source(stage, "the pass with the fault", injection)
    violations += _next_passes(stage, spoil)
    return first, violations


def _after_the_fault(stage, injection, outcome, after):
    found = [f"wider than SOURCE: {line}" for line in some(wider(after, stage.expected, stage.before))]
    leftovers = after.leftovers()
    if leftovers and injection.error != errnos.KILLED and injection.operation not in REMOVALS:
        found.append(f"left behind: {', '.join(map(shown, leftovers))}")
    if outcome.status == 0:
        found += [f"status 0, but {line}" for line in some(stage.expected.differences(after))]
        if injection.operation == "syncfs" and injection.error != errnos.INTERRUPTED:
            found += _unsynchronised(outcome, injection)
    elif outcome.status == 3:
        found += [f"refused, but changed {shown(path)}" for path in some(after.changed(stage.before))]
    elif outcome.status in (23, 24):
        told = [kind for kind in ("failure", "vanished", "directory_protected") if outcome.of(kind)]
        # Of a report that cannot be written a line on standard error tells.
        if not told and not outcome.of("notice") and injection.operation not in REPORTS:
            found.append(f"status {outcome.status}, and nothing is named")
    return found


def _unsynchronised(outcome, injection):
    """Only SOURCE's syncfs, before the scan, may fail in a pass that ends well; DESTINATION's is the last."""
    last = outcome.calls.get("syncfs", 0)
    return ["status 0, but syncfs of DESTINATION failed"] if injection.number == last else []


def _next_passes(stage, spoil):
    options = ["--delete", "-w", "1"]
    if "--checksum" in stage.scenario.options:
        options.append("--checksum")
    second = stage.run_pass(options)
    if spoil is not None:
        spoil(stage)
    found = []
    if second.status != 0:
        found.append(f"the next pass ended with {second.status}: {second.last_words()}")
    settled = Tree(stage.destination.path)
    by = second.summary.get("changes_by")
    found += [f"after the next pass (by {by}, {second.status}): {line}"
              for line in some(stage.expected.differences(settled))]
    found += [f"the next pass left {shown(path)}" for path in settled.leftovers()]
    found += [f"rsync after the next pass: {line}" for line in some(stage.rsync_differences())]
    third = stage.run_pass(["--delete", "-w", "1"])
    if third.status != 0:
        found.append(f"the pass after that ended with {third.status}: {third.last_words()}")
    last = Tree(stage.destination.path)
    found += [f"the pass after that changed {shown(path)}" for path in some(last.changed(settled))]
    if not found:
        found += [f"after the pass after that: {line}" for line in some(stage.expected.differences(last))]
    found += _untouched_source(stage, "the passes without faults")
    return found


def judge_dry_run(stage, injection, spoil=None):
    """A dry run: nothing is written at all, and 0 means that it said what the real pass would."""
    clean = _clean(stage)
    first = stage.run_pass(stage.scenario.options, injection.faults)
    violations = _ending(first, injection)
    if spoil is not None:
        spoil(stage)
    # What seems to be gone is told as what is not there, which is all that a dry run can do.
    seems_gone = injection.error in errnos.GONE
    if first.status == 0 and not seems_gone and sorted(first.output.splitlines()) != sorted(clean.output.splitlines()):
        missing = set(clean.output.splitlines()) ^ set(first.output.splitlines())
        violations.append(f"status 0, but these lines are not those of a run without faults: "
                          f"{some(sorted(missing))}")
    violations += _unwritten(stage, "the dry run", injection)
    return first, violations


def _clean(stage):
    """The run without faults that others are compared with, made once."""
    if not hasattr(stage, "clean"):
        stage.reset()
        stage.untouched = Tree(stage.destination.path)
        stage.clean = stage.run(_words(stage))
        stage.clean_state = stage.state_files()
    return stage.clean


def _words(stage):
    scenario = stage.scenario
    roots = [stage.source.path, stage.destination.path]
    if scenario.command == "sync":
        return ["sync", "--progress", "none", "--state", stage.state, "--json", stage.report,
                *scenario.options, *roots]
    if scenario.command == "verify":
        return ["verify", "--progress", "none", "--json", stage.report, *scenario.options, *roots]
    return [scenario.command, "--state", stage.state, "--json", stage.report, *scenario.options, *roots]


def _unwritten(stage, what, injection):
    """Nothing of either volume or of the state moved; what moved is put back."""
    found = _untouched_source(stage, what, injection)
    now = Tree(stage.destination.path, deep=False)
    changed = now.changed(stage.untouched)
    if changed == [b""] and what == "check" and (
            now.entries[b""].status.st_mtime_ns == _root_time(stage) or injection.operation == "utimensat"):
        # It tried out in the root what DESTINATION can hold, and put the time of the root back.
        stage.untouched, changed = now, []
    if changed:
        found.append(f"{what} changed DESTINATION: {', '.join(map(shown, some(changed)))}")
    if stage.state_files() != stage.clean_state:
        found.append(f"{what} changed the state")
    if found:
        stage.reset()
        stage.untouched = Tree(stage.destination.path)
    return found


def _root_time(stage):
    return stage.untouched.entries[b""].status.st_mtime_ns


def judge_verify_equal(stage, injection, spoil=None):
    """verify of equal trees: what is not there must not be told, and 0 means that all was compared."""
    clean = _clean(stage)
    if spoil is not None:
        spoil(stage)
    first = stage.run(_words(stage), injection.faults)
    statuses = {0, 3, 23, 24} | ({1} if injection.error in errnos.GONE else set())
    violations = _ending(first, injection, statuses)
    if first.status == 0:
        # More is no harm: where a hole cannot be found out it is read.
        for field in ("entries_seen", "files_compared", "bytes_read"):
            if first.summary[field] < clean.summary[field]:
                violations.append(f"equal, but {field} is {first.summary[field]} and without faults "
                                  f"{clean.summary[field]}")
    violations += _unwritten(stage, "verify", injection)
    return first, violations


def _path(event):
    """The path of an event as bytes."""
    if "path_bytes" in event:
        return bytes.fromhex(event["path_bytes"])
    return event.get("path", "").encode()


def judge_verify_different(stage, injection, spoil=None):
    """verify where every entry differs: each is told, or something that hides it is."""
    clean = _clean(stage)
    wanted = {_path(event) for event in clean.of("difference")}
    first = stage.run(_words(stage), injection.faults)
    if spoil is not None:
        spoil(stage)
        first.events = [event for event in first.events if event.get("type") != "difference"]
    violations = _ending(first, injection, {1, 3, 23})
    if first.status not in (3, -9, None) and injection.operation not in REPORTS:
        told = [_path(event) for kind in ("difference", "pending", "failure", "vanished", "changed", "mount_skipped")
                for event in first.of(kind)]
        hidden = [path for path in sorted(wanted)
                  if not any(path == each or each in (b"", b".") or path.startswith(each + b"/") for each in told)]
        if hidden:
            violations.append(f"differs, and neither that nor a failure is told: "
                              f"{', '.join(map(shown, some(hidden)))}")
    violations += _unwritten(stage, "verify", injection)
    return first, violations


def spoil_everything():
    """Makes each entry of DESTINATION differ: its group, which everything has."""
    for top, directories, files in os.walk(b".", topdown=False):
        for name in directories + files:
            path = os.path.join(top, name)
            if path == b"./lost+found":
                continue
            try:
                os.chown(path, -1, 4242, follow_symlinks=False)
            except PermissionError:
                pass  # frozen: it stays as it is


def judge_check(stage, injection, spoil=None):
    """check: where it says that all is well it found what it finds without faults."""
    clean = _clean(stage)
    first = stage.run(_words(stage), injection.faults)
    if spoil is not None:
        spoil(stage)
        for event in first.of("finding"):
            event["severity"] = "ok"
    violations = _ending(first, injection, {0, 3, 23})
    # A warning is said, whatever it is about: then nobody takes it that all is well.
    if first.status == 0 and not _warnings(first) > _warnings(clean):
        found = collections.defaultdict(list)
        for event in first.of("finding"):
            found[_question(event)].append(event)
        for event in clean.of("finding"):
            name = _question(event)
            now = found[name].pop(0) if found[name] else None
            if now is None:
                violations.append(f"all is well, and nothing is said of {name}")
            elif now["severity"] == "ok" and event["severity"] != "ok":
                violations.append(f"{name} is ok: {now['message']!r}; without faults "
                                  f"{event['severity']}: {event['message']!r}")
    violations += _unwritten(stage, "check", injection)
    return first, violations


def _question(finding):
    """What a finding answers: `probe` says why nothing was tried out, `writable` what trying showed."""
    return "writable" if finding["finding"] == "probe" else finding["finding"]


def _warnings(outcome):
    summary = (outcome.of("check_summary") or [{}])[-1]
    return summary.get("warnings", 0) + summary.get("fatal", 0)


def judge_history(stage, injection, spoil=None):
    """history: everything that is recorded is shown, or the status says that it is not."""
    clean = _clean(stage)
    first = stage.run(_words(stage), injection.faults)
    violations = _ending(first, injection, {0, 3, 23})
    output = b"" if spoil is not None else first.output
    if first.status == 0 and output != clean.output:
        violations.append("status 0, but not what is shown without faults")
    violations += _unwritten(stage, "history", injection)
    return first, violations
