"""Stories in which tasks end badly: killed, started again elsewhere, done twice, or with failures."""

import os
import time

import growth
from pair import expect
from told import story

# Of some 24 MB over three tasks: a few seconds each.
SLOW = ("--bwlimit", "1500K")
# More than ext4 has room for beside an inode.
LARGE_ATTRIBUTE = 20_000


def _begin(pair, options, *numbers, plan_options=("--delete",)):
    """A slow array of three; returns plan and job when these tasks are in the middle of their work."""
    growth.heavy(pair.source, options.seed)
    plan = pair.plan(3, *plan_options)
    job = pair.array(plan, "0-2", slow=SLOW)
    pair.wait_until_working(job, *numbers)
    return plan, job


@story(is_quick=True)
def killed_task(pair, options):
    """SIGKILL in the middle of a task: closing is refused and names it, until it has run again."""
    plan, job = _begin(pair, options, 1)
    pair.scheduler.kill(job, 1)
    tasks = pair.scheduler.wait(job, lambda tasks: all(task.has_ended for task in tasks))
    killed = next(task for task in tasks if task.number == 1)
    expect(killed.killed_by == 9, f"it was not killed: {killed}")
    pair.closing(plan).expect(3, says=[r"\b1\b"])
    pair.scheduler.requeue(job, 1)
    pair.scheduler.wait(job, lambda tasks: any(task.number == 1 and task.restarts for task in tasks))
    pair.finish(job)
    pair.closing(plan).expect(0)
    pair.expect_done()


def _result(plan, number):
    path = plan / f"{number}.result.json"
    return path.read_bytes() if path.exists() else None


@story()
def killed_when_it_was_done_before(pair, options):
    """A shard has a good result, begins again, and is killed: the old result does not speak for it."""
    growth.heavy(pair.source, options.seed)
    plan = pair.plan(3, "--delete")
    pair.finish(pair.array(plan, "0-2"))
    pair.closing(plan).expect(0)
    done = _result(plan, 2)
    for number in range(growth.HEAVY_BRANCHES):
        growth.write(f"{pair.source}/branch{number:02}/large0", os.urandom(growth.HEAVY_BYTES))
    job = pair.array(plan, "0-2", slow=SLOW)
    pair.wait_until_working(job, 0, 1, 2)
    while _result(plan, 2) == done:
        time.sleep(0.05)
    pair.scheduler.kill(job, 2)
    pair.scheduler.wait(job)
    pair.closing(plan).expect(3, says=[r"\b2\b"])
    pair.finish(pair.array(plan, "2"))
    pair.closing(plan).expect(0)
    pair.expect_done()


def _lose_node(pair, options, lose):
    """Takes the node of a running task away by `lose`; the task has to run again on another, and all be done."""
    plan, job = _begin(pair, options, 0)
    first = pair.scheduler.task(job, 0).node
    lose(first)
    tasks = pair.finish(job)
    again = next(task for task in tasks if task.number == 0)
    expect(again.restarts > 0 and again.node != first, f"it was not started again elsewhere: {again}, first on {first}")
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def node_crashes(pair, options):
    """A node loses its power: its tasks run again on others, go on from what is there, and leave nothing behind."""
    _lose_node(pair, options, pair.scheduler.crash)


@story()
def node_is_taken_down(pair, options):
    """An administrator takes a node down: its tasks are stopped there and run again elsewhere."""
    _lose_node(pair, options, pair.scheduler.take_down)


@story()
def node_loses_the_controller(pair, options):
    """The controller gives a task to another node while it still runs on the first: it is never done by two at once."""
    growth.heavy(pair.source, options.seed)
    plan = pair.plan(3, "--delete")
    # Longer than it takes until the task begins elsewhere.
    job = pair.array(plan, "0-2", slow=("--bwlimit", "500K"))
    pair.wait_until_working(job, 0)
    first = pair.scheduler.task(job, 0).node
    pair.scheduler.part(first)
    tasks = pair.scheduler.wait(job)
    again = next(task for task in tasks if task.number == 0)
    expect(again.status == 3, f"the second was not refused: {again}: {pair.log_of(again)}")
    while pair.is_in_use(plan, 0):
        time.sleep(0.1)
    # The first went on and has left a good result, which the refused one did not take away.
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def twice_at_once(pair, options):
    """A task of the same number is started while one runs: refused, and the first does not notice."""
    plan, job = _begin(pair, options, 1)
    second = pair.array(plan, "1")
    (refused,) = pair.scheduler.wait(second)
    expect(refused.status == 3, f"the second was not refused: {refused}: {pair.log_of(refused)}")
    expect(pair.scheduler.task(job, 1).state == "RUNNING", "the first was over before")
    pair.closing(plan).expect(3, says=["at work"])
    pair.finish(job)
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def neighbours_temporaries_stay(pair, options):
    """What looks like the file in work of another shard is left alone by a shard in the spine, and removed by closing."""
    growth.mixed(pair.source, options.seed)
    plan = pair.plan(4, "--delete")
    for number in range(4):
        pair.shard(plan, number).expect(0)
    planted = [f"{place}.cutover.{name}" for place in ("", "home/")
               for name in ("S0.0badcafe.1", "S1.0badcafe.1", "S2.0badcafe.1", "S3.0badcafe.1", "0badcafe.1")]
    for name in planted:
        growth.write(f"{pair.destination}/{name}", b"in work")
    for number in range(4):
        pair.shard(plan, number).expect(0)
        left = [name for name in planted if os.path.exists(f"{pair.destination}/{name}")]
        wrong = [name for name in planted if name not in left and not name.split(".")[-3] in
                 {f"S{done}" for done in range(number + 1)}]
        expect(not wrong, f"shard {number} has removed {wrong}")
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def failed_shard(pair, options):
    """A file that DESTINATION cannot hold: the shard ends with 23, closing is refused, joins it only when told to, and
    never ends with 0."""
    growth.branches(pair.source, 9)
    bad = f"{pair.source}/branch04/below/file1"
    os.setxattr(bad, "user.large", b"x" * LARGE_ATTRIBUTE)
    plan = pair.plan(3, "--delete")
    tasks = pair.scheduler.wait(pair.array(plan, "0-2"))
    failed = [task.number for task in tasks if task.status == 23]
    expect(len(failed) == 1 and sorted(task.status for task in tasks) == [0, 0, 23], "tasks ended as", tasks)
    pair.closing(plan).expect(3, says=[rf"\b{failed[0]}\b"])
    pair.closing(plan, "--accept-failed").expect(23)
    os.removexattr(bad, "user.large")
    pair.finish(pair.array(plan, failed[0]))
    pair.closing(plan).expect(0)
    pair.expect_done()


@story()
def stopped_by_the_scheduler(pair, options):
    """scancel as people use it (SIGTERM): the task ends with 20, closing is refused, and it goes on when run again."""
    plan, job = _begin(pair, options, 0, 1, 2)
    pair.scheduler.ask("scancel", f"{job}_2")
    pair.scheduler.wait(job)
    pair.closing(plan).expect(3, says=[r"\b2\b"])
    pair.finish(pair.array(plan, "2"))
    pair.closing(plan).expect(0)
    pair.expect_done()
