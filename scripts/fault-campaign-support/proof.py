"""That the campaign can fail: what it looks at is spoilt on purpose, and has to be told as a violation.

Each row spoils one thing after the pass that should have set it right, or says of a run what is not so. A
harmless injection stands in for the failing call: what is found is found because of the spoiling alone.
"""

import os

from judges import Injection
from scenarios import BY_NAME
from stage import Stage


def _path(stage, name):
    return os.path.join(stage.destination.path, name)


def _contents(stage):
    """Other bytes, same size, same time."""
    path = _path(stage, "work/same")
    before = os.stat(path)
    with open(path, "r+b") as file:
        file.write(b"#")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _torn_link(stage):
    """A name of a link group becomes a file of its own."""
    path = _path(stage, "links/two/f")
    before = os.stat(path)
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, before.st_mode & 0o7777)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _attribute(stage):
    os.setxattr(_path(stage, "work/small"), "user.extra", b"x")


def _leftover(stage):
    with open(_path(stage, ".cutover.0.1"), "wb"):
        pass


def _read_source(stage):
    with open(os.path.join(stage.source.path, "work/small"), "rb") as file:
        file.read()


def _nothing_said(_stage):
    """The judge itself hides what the program said."""


# Scenario, injection, what is spoilt, and words that the violation has to have.
ROWS = [
    ("scan", "statx:1:EINTR", _contents, "contents"),
    ("scan", "statx:1:EINTR", _torn_link, "links"),
    ("scan", "statx:1:EINTR", _attribute, "user.extra"),
    ("scan", "statx:1:EINTR", _leftover, "left"),
    ("scan", "statx:1:EINTR", _read_source, "touched SOURCE"),
    ("dry-run", "statx:1:EINTR", _contents, "changed DESTINATION"),
    ("verify-different", "statx:1:EINTR", _nothing_said, "neither that nor a failure is told"),
    ("history", "statx:1:EINTR", _nothing_said, "not what is shown"),
]


def prove(directory, program):
    """Tries every row; 0 when each was told."""
    failures = 0
    stages = {}
    try:
        for name, faults, spoil, words in ROWS:
            if name not in stages:
                stages[name] = Stage(os.path.join(directory, name), program, BY_NAME[name])
            operation, number, error = faults.split(":")
            _, sound = BY_NAME[name].judge(stages[name], Injection(name, operation, int(number), error))
            _, found = BY_NAME[name].judge(stages[name], Injection(name, operation, int(number), error), spoil)
            # Without the spoiling the same injection has to go well, or something else was found.
            is_told = any(words in line for line in found) and not any(words in line for line in sound)
            failures += not is_told
            print(f"   {'ok' if is_told else 'NOT TOLD':<9} {name}: {spoil.__name__.strip('_').replace('_', ' ')}"
                  f" is told as: {words}", flush=True)
            if not is_told:
                print("\n".join(f"      {line}" for line in found or ["nothing"]))
    finally:
        for stage in stages.values():
            stage.close()
    print(f"\n   {len(ROWS)} proofs, {failures} failures")
    return 1 if failures else 0
