"""Stories of what has to be refused before anything is touched."""

import json
import os
import shutil

import growth
from pair import expect
from told import story
from volumes import Volume

# Refused before starting; where it is the words of the command that are wrong, 64.
REFUSED = (3, 64)


@story(is_quick=True)
def shard_left_out(pair, options):
    """One of eight was never run: closing is refused and names it, and with --accept-failed it is 23."""
    growth.mixed(pair.source, options.seed)
    plan = pair.plan(8, "--delete")
    pair.finish(pair.array(plan, "0-4,6-7"))
    before = pair.look()
    pair.closing(plan).expect(3, says=[r"\b5\b"])
    pair.expect_untouched(before)
    pair.closing(plan, "--accept-failed").expect(23)
    pair.finish(pair.array(plan, "5"))
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def result_of_an_old_plan(pair, options):
    """Results of another plan, of another shard, cut short, or of a later format are no results."""
    growth.mixed(pair.source, options.seed)
    old = pair.plan(3, "--delete", name="old")
    pair.finish(pair.array(old, "0-2"))
    plan = pair.plan(3, "--delete")
    for number in range(3):
        shutil.copy(old / f"{number}.result.json", plan)
    pair.closing(plan).expect(3, says=[r"\b0\b", r"\b1\b", r"\b2\b"])
    pair.finish(pair.array(plan, "0-2"))
    good = {number: (plan / f"{number}.result.json").read_bytes() for number in range(3)}
    for name, spoilt in (
            ("another plan's", (old / "1.result.json").read_bytes()), ("another shard's", good[0]),
            ("cut short", good[1][:len(good[1]) // 2]), ("empty", b""), ("no JSON", b"yes\n")):
        (plan / "1.result.json").write_bytes(spoilt)
        outcome = pair.closing(plan)
        expect(outcome.status == 3, f"with a result that is {name}: {outcome}")
    (plan / "1.result.json").write_bytes(good[1])
    pair.closing(plan).expect(0)
    pair.expect_done()


@story(is_quick=True)
def plan_for_other_roots(pair, options):
    """Other volumes, the reverse direction, a directory below, a volume made anew: refused by shards and closing, and
    nothing is touched."""
    growth.branches(pair.source, 6)
    plan = pair.plan(2, "--delete")
    other = Volume(str(pair.folder), "other", "ext4", 64, ("-F",))
    growth.branches(other.path, 2)
    os.mkdir(f"{pair.destination}/below")
    growth.write(f"{pair.destination}/below/mine", b"kept")
    try:
        pairs = [(pair.source, other.path), (other.path, pair.destination), (pair.destination, pair.source),
                 (pair.source, f"{pair.destination}/below"), (f"{pair.source}/branch00", pair.destination)]
        for source, destination in pairs:
            for part in (("--shard", "0"), ("--close",), ("--close", "--accept-failed")):
                _expect_refused(pair, plan, part, source, destination)
    finally:
        other.close()
    for number in range(2):
        pair.shard(plan, number).expect(0)
    _make_anew(pair)
    for part in (("--shard", "0"), ("--close",), ("--close", "--accept-failed")):
        _expect_refused(pair, plan, part, pair.source, pair.destination)


def _expect_refused(pair, plan, part, source, destination):
    before = [pair.look(source), pair.look(destination)]
    outcome = pair.run("sync", "--plan", plan, *part, "-q", source, destination)
    outcome.expect(*REFUSED)
    for side, look in zip((source, destination), before):
        pair.expect_untouched(look, side)


def _make_anew(pair):
    """Another DESTINATION at the same place."""
    volume = pair.destination_volume
    size, options, folder = volume.size, pair.destination_options, str(pair.folder)
    volume.close()
    pair.destination_volume = Volume(folder, "destination", "ext4", size >> 20, options)


@story(is_quick=True)
def words_that_do_not_go_together(pair, options):
    """Numbers that are none of the plan's, options of a pass beside a plan, and folders that are no place for one."""
    growth.branches(pair.source, 6)
    plan = pair.plan(2, "--delete")
    before = pair.look()
    roots = (pair.source, pair.destination)
    for words in (("--shard", "2"), ("--shard", "-1"), ("--shard", "x"), ("--shard", "1", "--close"),
                  ("--shard", "0", "--exclude", "x"), ("--shard", "0", "--no-acls"), ("--accept-failed", "--shard", "0"),
                  ("--close", "--checksum")):
        pair.run("sync", "--plan", plan, *words, *roots).expect(*REFUSED)
    pair.run("sync", "--shard", "0", *roots).expect(*REFUSED)
    pair.run("sync", "--close", *roots).expect(*REFUSED)
    pair.run("sync", "--plan", pair.folder / "none", "--shard", "0", *roots).expect(*REFUSED)
    for place in roots:
        pair.run("plan", *roots, "--shards", "2", "--out", f"{place}/plan").expect(*REFUSED)
        expect(not os.path.exists(f"{place}/plan"), f"a plan was made in {place}")
    for shards in ("0", "-1", "x"):
        pair.run("plan", *roots, "--shards", shards, "--out", pair.folder / "nothing").expect(*REFUSED)
    # A plan that others work by is not written over.
    outcome = pair.run("plan", *roots, "--shards", "3", "--out", plan)
    outcome.expect(*REFUSED)
    pair.expect_untouched(before)


@story()
def spoilt_plan(pair, options):
    """plan.json cut short, of a later format or empty is refused by every command."""
    growth.branches(pair.source, 6)
    plan = pair.plan(2, "--delete")
    good = (plan / "plan.json").read_bytes()
    before = pair.look()
    later = good.replace(b'"version":1,', b'"version":99,')
    expect(later != good, "the plan has no version 1:", good[:200])
    for spoilt in (b"", good[:len(good) // 2], later, b"[]", json.dumps({"format": "cutover plan", "version": 1}).encode()):
        (plan / "plan.json").write_bytes(spoilt)
        for part in (("--shard", "0"), ("--close",), ("--close", "--accept-failed")):
            pair.run("sync", "--plan", plan, *part, pair.source, pair.destination).expect(*REFUSED)
        pair.run("plan", "--print", "slurm", plan).expect(*REFUSED)
    pair.expect_untouched(before)
