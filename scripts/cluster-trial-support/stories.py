"""Stories in which all tasks end well: first copies, changes, moves, deletions and links, by arrays of every size."""

import collections
import os
import random
import re
import shutil

import growth
import tree
from pair import expect, Wrong
from scheduler import NODES
from told import story

# What was cut may have gone since: closing deletes it, and all that is there is equal.
CHANGED = (0, 24)
MANY_NAMES = 70_000
MOST_NAMES_OF_EXT4 = 65_000


def _by_array(pair, plan, shards, *statuses):
    """An array with a closing that waits for it, as `plan --print slurm` has them; all end with one of these (0)."""
    job = pair.array(plan, f"0-{shards - 1}")
    closing = pair.close_after(plan, job)
    pair.finish(job, *statuses)
    pair.finish(closing, *statuses)
    return job


def _first_copy(pair, seed, shards):
    growth.mixed(pair.source, seed)
    source = pair.look(pair.source)
    plan = pair.plan(shards, "--delete")
    job = _by_array(pair, plan, shards)
    pair.expect_untouched(source, pair.source)
    pair.expect_done()
    return plan, job


@story()
def array_of_1(pair, options):
    """An array of one task copies everything."""
    _first_copy(pair, options.seed, 1)


@story(is_quick=True)
def array_of_3(pair, options):
    """An array of three, on several nodes; verify finds both sides equal."""
    _, job = _first_copy(pair, options.seed + 1, 3)
    expect(len(pair.nodes_of(job)) > 1, "all tasks ran on", pair.nodes_of(job))
    pair.run("verify", "-q", pair.source, pair.destination).expect(0)


@story(is_quick=True)
def array_of_8(pair, options):
    """An array of eight over all nodes; then 1 % changes and the same array runs again, three times."""
    plan, job = _first_copy(pair, options.seed + 2, 8)
    expect(len(pair.nodes_of(job)) == NODES, "tasks ran on", pair.nodes_of(job))
    for number in range(1, 2 if options.quick else 4):
        growth.edit(pair.source, options.seed, number)
        _by_array(pair, plan, 8, *CHANGED)
        pair.expect_equal()
    pair.expect_done()


@story(seconds=300)
def array_of_64(pair, options):
    """An array of sixty-four, more than there are processors; then 1 % changes."""
    plan, _ = _first_copy(pair, options.seed + 3, 64)
    growth.edit(pair.source, options.seed, 1)
    _by_array(pair, plan, 64, *CHANGED)
    pair.expect_done()


@story(is_quick=True)
def printed_job(pair, options):
    """The job that `plan --print slurm` prints, submitted as it is, with a path that a shell has to be told."""
    growth.mixed(pair.source, options.seed + 8)
    plan = pair.plan(6, "--delete", name="a plan's $folder")
    printed = pair.folder / "job.sh"
    outcome = pair.run("plan", "--print", "slurm", plan).expect(0)
    printed.write_text("\n".join(outcome.lines) + "\n")
    programs = pair.folder / "programs"
    programs.mkdir()
    (programs / "cutover").symlink_to(pair.program)
    path = {"PATH": f"{programs}:{pair.environment['PATH']}", "CUTOVER_STATE": str(pair.state)}
    told = pair.scheduler.ask("sh", printed, "--comment=trial", variables=path, directory=pair.folder)
    closing = re.search(r"Submitted batch job (\d+)", told)
    expect(closing, "the job told no number of its closing:", told)
    (task,) = pair.scheduler.wait(closing[1])
    text = (pair.folder / f"slurm-{closing[1]}.out").read_text(errors="replace")
    expect(task.status == 0, f"{task}: {text}")
    pair.expect_done()


@story(is_quick=True)
def index_of_kubernetes(pair, options):
    """A task takes its number from JOB_COMPLETION_INDEX; without any number it is a usage error."""
    growth.branches(pair.source, 6)
    plan = pair.plan(2)
    words = ("sync", "--plan", plan, "-q", pair.source, pair.destination)
    pair.run(*words).expect(64, 3)
    for number in range(2):
        pair.run(*words, variables={"JOB_COMPLETION_INDEX": str(number)}).expect(0)
        expect((plan / f"{number}.result.json").exists(), f"task {number} left no result")
    pair.closing(plan).expect(0)
    pair.expect_done()


@story()
def plain_pass_between(pair, options):
    """Plain passes before and after, with a record of their own: they do not believe it over what shards have done."""
    growth.mixed(pair.source, options.seed)
    pair.plain().expect(0)
    plan = pair.plan(3, "--delete")
    growth.edit(pair.source, options.seed, 1)
    _by_array(pair, plan, 3, *CHANGED)
    pair.expect_equal()
    growth.edit(pair.source, options.seed, 2)
    pair.plain().expect(0)
    pair.expect_equal()
    growth.edit(pair.source, options.seed, 3)
    # What shards remember is older than what the plain pass has done.
    _by_array(pair, plan, 3, *CHANGED)
    pair.expect_done()


@story(is_quick=True)
def deletion_at_every_level(pair, options):
    """Extras at the top, in the spine, in subtrees, in a directory dealt by names: gone after closing."""
    growth.mixed(pair.source, options.seed + 4)
    _plant_extras(pair.destination)
    plan = pair.plan(5, "--delete")
    _by_array(pair, plan, 5)
    pair.expect_done()
    _plant_extras(pair.destination)
    _by_array(pair, plan, 5)
    pair.expect_done()


def _plant_extras(root):
    places = ["", "home", "home/user09", "home/user03", "spool", "every", "every/kept", "extra/below/far"]
    for place in places:
        os.makedirs(f"{root}/{place}", exist_ok=True)
        os.makedirs(f"{root}/{place}/more/of/it", exist_ok=True)
        for name in (b"\xff odd\n", b"zz", b".hidden"):
            growth.write(os.fsencode(f"{root}/{place}/") + name, b"not on SOURCE")
        growth.write(f"{root}/{place}/more/of/it/file", b"nor this")
    for number in range(40):
        growth.write(f"{root}/spool/extra{number}", b"nor this")
    os.link(f"{root}/home/zz", f"{root}/spool/linked")


@story()
def nothing_deleted_without_delete(pair, options):
    """The same extras without --delete: each is still there."""
    growth.mixed(pair.source, options.seed + 4)
    _plant_extras(pair.destination)
    plan = pair.plan(5)
    _by_array(pair, plan, 5)
    for place in ("", "home/", "home/user09/", "spool/", "every/", "extra/below/far/"):
        for name in ("zz", ".hidden", "more/of/it/file"):
            expect(os.path.exists(f"{pair.destination}/{place}{name}"), f"{place}{name} was deleted")


@story()
def other_types_in_the_way(pair, options):
    """DESTINATION has files where SOURCE has directories, and the reverse, on the spine and at cuts: a closing or a
    plain pass settles it, and nothing is called done before."""
    growth.mixed(pair.source, options.seed + 5)
    growth.write(f"{pair.destination}/home", b"a file where the spine is")
    os.symlink("/etc", f"{pair.destination}/spool")
    os.makedirs(f"{pair.destination}/.loose/with/contents")
    os.makedirs(f"{pair.destination}/symlink/too")
    plan = pair.plan(5, "--delete")
    job = pair.array(plan, "0-4")
    statuses = {task.status for task in pair.scheduler.wait(job)}
    expect(statuses <= {0, 23}, "tasks ended with", statuses)
    expect(os.path.islink(f"{pair.destination}/spool") or statuses != {0} or os.path.isdir(f"{pair.destination}/spool"),
           "the symlink is neither replaced nor told")
    expect(not os.path.exists("/etc/.cutover") and not _has_new_names("/etc"), "a symlink of DESTINATION was followed")
    if statuses != {0}:
        pair.closing(plan).expect(3)
        pair.closing(plan, "--accept-failed").expect(23)
        _by_array(pair, plan, 5)
    else:
        pair.closing(plan).expect(0)
    pair.expect_done()


def _has_new_names(directory):
    return [name for name in os.listdir(directory) if name.startswith(".cutover") or name.startswith("new1.")]


@story(is_quick=True)
def links_across_all_shards(pair, options):
    """Names of one inode in every branch, some hundred inodes; groups then join, part and move between branches."""
    growth.branches(pair.source, 16)
    draw = random.Random(options.seed)
    groups = 120 if options.quick else 400
    for number in range(groups):
        first = f"{pair.source}/branch{draw.randrange(16):02}/group{number}"
        growth.write(first, tree.content(f"group {number}", 900))
        for name in range(draw.choice((1, 1, 2, 5, 17))):
            os.link(first, f"{pair.source}/branch{draw.randrange(16):02}/below/g{number}.{name}")
    plan = pair.plan(8, "--delete")
    _by_array(pair, plan, 8)
    pair.expect_done()
    _regroup(pair.source, draw, groups)
    _by_array(pair, plan, 8, *CHANGED)
    pair.expect_done()


def _regroup(root, draw, groups):
    names = collections.defaultdict(list)
    for top, _, files in os.walk(root):
        for name in sorted(files):
            path = f"{top}/{name}"
            if name.startswith("g"):
                names[os.lstat(path).st_ino].append(path)
    for inode in draw.sample(sorted(names), groups // 4):
        paths = sorted(names[inode])
        kind = draw.randrange(4)
        if kind == 0:
            # One name becomes a file of its own.
            os.unlink(paths[-1])
            growth.write(paths[-1], tree.content(paths[-1], 900))
        elif kind == 1:
            # All names now lead to new contents.
            growth.write(paths[0], tree.content(paths[0] + "!", 901))
        elif kind == 2:
            other = draw.choice(sorted(names))
            os.unlink(paths[0])
            os.link(names[other][-1], paths[0]) if os.path.lexists(names[other][-1]) else growth.write(paths[0], b"alone")
        else:
            os.rename(paths[-1], f"{root}/branch{draw.randrange(16):02}/{os.path.basename(paths[-1])}.moved{inode}")


@story(seconds=400)
def seventy_thousand_names(pair, _options):
    """70,000 names of one inode over all shards, more than an inode of ext4 can have."""
    branches = 14
    growth.branches(pair.source, branches)
    first = f"{pair.source}/branch00/name"
    growth.write(first, b"one inode")
    os.utime(first, (1_500_000_000, 1_500_000_000))
    for number in range(MANY_NAMES - 1):
        os.link(first, f"{pair.source}/branch{number % branches:02}/below/{number:05}")
    plan = pair.plan(8, "--delete")
    _by_array(pair, plan, 8)
    groups = _names_by_inode(pair.destination, os.lstat(first))
    expect(sum(groups.values()) == MANY_NAMES, f"{sum(groups.values())} names and not {MANY_NAMES}")
    expect(len(groups) == 2 and max(groups.values()) <= MOST_NAMES_OF_EXT4, "names by inode:", sorted(groups.values()))
    pair.expect_nothing_to_do()
    expect(_names_by_inode(pair.destination, os.lstat(first)) == groups, "a plain pass has changed the groups")


def _names_by_inode(root, like):
    found = collections.Counter()
    for top, _, files in os.walk(root):
        for name in files:
            status = os.lstat(f"{top}/{name}")
            if status.st_size == like.st_size and status.st_mtime_ns == like.st_mtime_ns:
                found[status.st_ino] += 1
    return found


@story()
def everything_in_one_branch(pair, options):
    """All that was planned moves into one new branch: nothing is deleted before closing, and then it is all there."""
    growth.mixed(pair.source, options.seed + 6)
    # Or what is frozen could not be deleted.
    growth.thaw(pair.source)
    plan = pair.plan(4, "--delete")
    _by_array(pair, plan, 4)
    names = sorted(os.listdir(pair.source))
    os.mkdir(f"{pair.source}/all")
    for name in names:
        if name != "lost+found":
            os.rename(f"{pair.source}/{name}", f"{pair.source}/all/{name}")
    job = pair.array(plan, "0-3")
    pair.finish(job, 0, 24)
    for name in ("home/user09", "spool", "every/kept"):
        expect(os.path.isdir(f"{pair.destination}/{name}"), f"{name} was deleted by a shard")
    pair.closing(plan).expect(0, 24)
    pair.expect_done()
    # A plan of what it has become.
    other = pair.plan(4, "--delete", name="other")
    _by_array(pair, other, 4)
    pair.expect_done()


@story()
def renamed_while_tasks_run(pair, options):
    """Directories move between shards while their tasks run, and back: never lost, equal when all is quiet."""
    growth.heavy(pair.source, options.seed)
    plan = pair.plan(3, "--delete")
    # Extras, so that deletion meets what moves.
    for number in range(growth.HEAVY_BRANCHES):
        os.makedirs(f"{pair.destination}/branch{number:02}/moved/old")
    job = pair.array(plan, "0-2", slow=("--bwlimit", "1M"))
    pair.wait_until_working(job, 0, 1, 2)
    _rotate(pair.source)
    pair.finish(job, 0, 24)
    closing = pair.closing(plan)
    closing.expect(0, 24)
    _by_array(pair, plan, 3, *CHANGED)
    pair.expect_done()


def _rotate(root):
    count = growth.HEAVY_BRANCHES
    for number in range(count):
        os.rename(f"{root}/branch{number:02}/moving", f"{root}/branch{(number + 5) % count:02}/moved")
    # Whole branches, too: what one task has becomes another's.
    os.rename(f"{root}/branch03", f"{root}/aside")
    os.rename(f"{root}/branch08", f"{root}/branch03")
    os.rename(f"{root}/aside", f"{root}/branch08")


@story(is_quick=True)
def new_and_gone_since_the_plan(pair, options):
    """Top entries that came or went since the plan, before any task ran and after: new ones are closing's."""
    growth.mixed(pair.source, options.seed + 7)
    plan = pair.plan(4, "--delete")
    growth.branches(pair.source, 2)
    shutil.rmtree(f"{pair.source}/home/user02")
    os.rename(f"{pair.source}/home/user03", f"{pair.source}/home/renamed")
    os.rmdir(f"{pair.source}/empty")
    os.mkdir(f"{pair.source}/home/user99")
    growth.write(f"{pair.source}/home/user99/new", b"new in the spine")
    os.chmod(f"{pair.source}/home", 0o700)
    job = pair.array(plan, "0-3")
    pair.finish(job, 0, 24)
    pair.closing(plan).expect(0, 24)
    pair.expect_done()
    shutil.rmtree(f"{pair.source}/spool")
    growth.write(f"{pair.source}/spool", b"a file now")
    job = pair.array(plan, "0-3")
    statuses = {task.status for task in pair.scheduler.wait(job)}
    expect(statuses <= {0, 23, 24}, "tasks ended with", statuses)
    outcome = pair.closing(plan)
    if outcome.status == 3:
        outcome = pair.closing(plan, "--accept-failed").expect(23)
    expect(outcome.status in (0, 23, 24), outcome)
    pair.expect_equal()


@story(seconds=300)
def random_plans(pair, options):
    """Seeded trees, edits and plans of random size, without the scheduler: equal after each closing."""
    draw = random.Random(f"plans {options.seed}")
    growth.mixed(pair.source, draw.random())
    for number in range(1, 9):
        shards = draw.choice((1, 2, 3, 5, 9, 17))
        plan = pair.plan(shards, "--delete", name=f"plan{number}")
        for turn in range(draw.choice((1, 2))):
            order = list(range(shards))
            draw.shuffle(order)
            growth.edit(pair.source, draw.random(), number * 2 + turn)
            for shard in order:
                pair.shard(plan, shard).expect(*CHANGED)
            pair.closing(plan).expect(*CHANGED)
            try:
                pair.expect_equal()
            except Wrong as problem:
                raise Wrong(f"plan {number} of {shards} shards, turn {turn}, seed {options.seed}: {problem}") from problem
    pair.expect_done()
