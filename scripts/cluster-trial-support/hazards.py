"""Stories of what two runs can do to each other, found by reading what they do: links that one has and the other only
sees, moves between runs and closing, plans beside each other, closings that are killed."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time

import growth
import tree
from pair import expect
from told import story
from volumes import MS_BIND, Volume, mount, unmount

KILLED_CLOSINGS = 8
JOINED_NAMES = 6000
EXTRAS = 40
BESIDE = 30
DELETED_AT_MOST = 10


def _clear(root):
    for name in os.listdir(root):
        if name != "lost+found":
            path = f"{root}/{name}"
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)


def _fill(root, branches):
    for branch in branches:
        os.mkdir(f"{root}/{branch}")
        for number in range(5):
            growth.write(f"{root}/{branch}/file{number}", tree.content(f"{branch} {number}", 3000))
            os.utime(f"{root}/{branch}/file{number}", (1_500_000_000, 1_500_000_000))


@story(is_quick=True)
def file_beside_a_link(pair, options):
    """A file of its own shares an inode of DESTINATION with a name of a group of other shards, in every order of shards:
    neither gets the other's mode or contents and is called done."""
    branches = ("s1", "s2", "s3")
    for number, order in enumerate(itertools.permutations(range(3))):
        for root in (pair.source, pair.destination):
            _clear(root)
        _fill(pair.source, branches)
        for branch in branches:
            os.mkdir(f"{pair.destination}/{branch}")
        # Many of them, so that the names of some are in three shards.
        for index in range(BESIDE):
            _make_beside(pair, index)
        plan = pair.plan(3, "--delete", name=f"plan{number}")
        for shard in order:
            pair.shard(plan, shard).expect(0)
        if pair.closing(plan).expect(0, 23).status == 23:
            # Told: a plain pass has to settle it.
            pair.plain().expect(0)
        pair.expect_equal()


def _make_beside(pair, index):
    """On SOURCE x and y are one file of mode 600, z is another with the same contents; on DESTINATION, which is older, y and z
    are one, and x is another."""
    # By other orders of names, or equal weights would be dealt out in step.
    names = [f"s1/x{(index * 7 + 1) % BESIDE:02}", f"s2/y{index:02}", f"s3/z{(index * 7 + 2) % BESIDE:02}"]
    first, second, third = (f"{pair.source}/{name}" for name in names)
    for path in (second, third):
        growth.write(path, tree.content(f"the same in both {index}", 700))
        os.chmod(path, 0o644)
        os.utime(path, (1_400_000_000, 1_400_000_000))
    shutil.copy2(second, f"{pair.destination}/{names[1]}")
    os.link(f"{pair.destination}/{names[1]}", f"{pair.destination}/{names[2]}")
    growth.write(f"{pair.destination}/{names[0]}", b"other contents")
    os.link(second, first)
    os.chmod(second, 0o600)


@story(is_quick=True)
def moved_before_closing(pair, options):
    """What a shard has copied moves into what another has passed, before closing: nothing is called done that is nowhere."""
    # So many that none is opened: each lies in one shard with all that is in it.
    growth.branches(pair.source, 80, files=2)
    plan = pair.plan(4, "--delete")
    pair.finish(pair.array(plan, "0-3"))
    os.rename(f"{pair.source}/branch03", f"{pair.source}/branch08/below/branch03")
    outcome = pair.closing(plan)
    is_there = any(os.path.isdir(f"{pair.destination}/{path}") for path in ("branch03", "branch08/below/branch03"))
    expect(outcome.status != 0 or is_there, "closing ended with 0 and the directory is nowhere at DESTINATION")
    pair.finish(pair.array(plan, "0-3"), 0, 24)
    pair.closing(plan).expect(0, 24)
    pair.expect_done()


@story()
def two_plans_at_once(pair, options):
    """Shards of two plans of one pair at the same time, which is forbidden: what one takes from the other is told (23)."""
    growth.heavy(pair.source, options.seed)
    first = pair.plan(3, "--delete", name="first")
    second = pair.plan(4, "--delete", name="second")
    slow = pair.array(first, "0-2", slow=("--bwlimit", "1500K"))
    pair.wait_until_working(slow, 0, 1, 2)
    others = pair.scheduler.wait(pair.array(second, "0-3"))
    statuses = {task.status for task in others}
    expect(statuses <= {0, 3, 23}, "tasks of the second plan ended with", statuses)
    pair.finish(slow, 0, 23)
    pair.finish(pair.array(first, "0-2"))
    pair.closing(first).expect(0)
    pair.expect_done()


@story(seconds=300, is_quick=True)
def closing_is_killed(pair, options):
    """SIGKILL in closing while it joins links, again and again: the next one ends it, with nothing left behind."""
    growth.branches(pair.source, 8)
    for number in range(JOINED_NAMES):
        first = f"{pair.source}/branch{number % 8:02}/below/a{number}"
        if number % 3 == 0:
            growth.write(first, tree.content(str(number), 100))
            last = first
        else:
            os.link(last, first)
    plan = pair.plan(4, "--delete")
    pair.finish(pair.array(plan, "0-3"))
    words = [str(pair.program), "sync", "--plan", str(plan), "--close", "-q", pair.source, pair.destination]
    kills = 0
    for turn in range(KILLED_CLOSINGS):
        before = _names_in_one(pair.destination)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=pair.environment)
        while process.poll() is None and _names_in_one(pair.destination) == before:
            time.sleep(0.002)
        time.sleep(0.003 * turn)
        process.send_signal(signal.SIGKILL)
        expect(process.wait() in (0, -signal.SIGKILL), "a closing ended with", process.returncode)
        if json.loads((plan / "closing.result.json").read_text())["status"] == 0:
            break
        kills += 1
    else:
        pair.closing(plan).expect(0)
    expect(kills > 0, "no closing was killed in the middle")
    pair.expect_done()


def _names_in_one(root):
    """How many names the inodes of a part of the tree have, to see that joining has begun."""
    names = 0
    for entry in os.scandir(f"{root}/branch00/below"):
        # A name that closing has just renamed.
        with contextlib.suppress(FileNotFoundError):
            names += entry.stat(follow_symlinks=False).st_nlink
    return names


@story()
def filesystems_below_source(pair, options):
    """Another filesystem below SOURCE has inodes of the same numbers: with --cross-mounts their links stay apart, or
    such a plan is refused."""
    growth.branches(pair.source, 6)
    os.mkdir(f"{pair.source}/other")
    other = Volume(str(pair.folder), "inside", "xfs", 320, ("-f",))
    mount(other.path, f"{pair.source}/other", None, MS_BIND)
    try:
        for top in range(6):
            os.mkdir(f"{other.path}/branch{top}")
        made = {}
        for root, word in ((pair.source, "outer"), (other.path, "inner")):
            names = [name for name in sorted(os.listdir(root)) if name.startswith("branch")]
            for number in range(400):
                path = f"{root}/{names[number % 6]}/{word}{number}"
                growth.write(path, tree.content(path, 64))
                made.setdefault(os.stat(path).st_ino, []).append(path)
                os.link(path, f"{root}/{names[(number + 1) % 6]}/{word}{number}.more")
        expect(any(len(paths) > 1 for paths in made.values()), "no two inodes have the same number")
        plan = pair.folder / "plan"
        words = ("--shards", "8", "--out", plan, "--delete", "--cross-mounts")
        planned = pair.run("plan", pair.source, pair.destination, *words).expect(0, 3, 64)
        if planned.status:
            planned.expect(planned.status, says=["--cross-mounts"])
            return
        for number in range(8):
            pair.shard(plan, number).expect(0)
        pair.closing(plan).expect(0)
        pair.expect_equal()
    finally:
        unmount(f"{pair.source}/other")
        other.close()


@story()
def leftovers_of_a_larger_plan(pair, options):
    """What a killed task of a larger plan left goes with the tasks of a smaller one; where names are dealt by hash, with a
    pass without a plan."""
    growth.mixed(pair.source, options.seed)
    for place in ("", "spool/", "home/", "home/user09/", "every/kept/"):
        os.makedirs(f"{pair.destination}/{place}", exist_ok=True)
        for name in ("S17.0badcafe.1", "S63.0badcafe.2", "0badcafe.3", "S0.0badcafe.4"):
            growth.write(f"{pair.destination}/{place}.cutover.{name}", b"left")
    plan = pair.plan(8, "--delete")
    pair.finish(pair.array(plan, "0-7"))
    pair.closing(plan).expect(0)
    pair.plain().expect(0)
    pair.expect_done()


@story(is_quick=True)
def limit_of_deletions(pair, options):
    """--max-delete is of all shards together, or such a plan is refused."""
    # Names that are dealt by hash: each shard deletes there.
    os.mkdir(f"{pair.source}/spool")
    for number in range(800):
        growth.write(f"{pair.source}/spool/file{number}", tree.content(str(number), 100))
    pair.plain().expect(0)
    for number in range(EXTRAS):
        growth.write(f"{pair.destination}/spool/extra{number}", b"extra")
    plan = pair.folder / "plan"
    words = ("--shards", "4", "--out", plan, "--delete", "--max-delete", str(DELETED_AT_MOST))
    made = pair.run("plan", pair.source, pair.destination, *words).expect(0, 3, 64)
    if made.status:
        made.expect(made.status, says=["--max-delete"])
        return
    for number in range(4):
        pair.shard(plan, number).expect(0, 25)
    pair.closing(plan).expect(0, 3, 25)
    left = sum(name.startswith("extra") for _, _, names in os.walk(pair.destination) for name in names)
    expect(left >= EXTRAS - DELETED_AT_MOST, f"{EXTRAS - left} were deleted, of {DELETED_AT_MOST} that are allowed")
