"""What is measured: each part returns plain data, which report.py puts into tables."""

import os
import pathlib
import statistics
import time

import edits
from command import CommandFailed, run
from pair import Loop
from reader import Reader, percentile
from users import Writer, regular_files

# Changes a second; with PAUSE_SECONDS between passes nearly 1 % of 200,000 entries for each.
STEADY_PACE = 150
PAUSE_SECONDS = 8
# The first copy is the first pass; of three estimates there is an interval.
ROLLING_PASSES = 6
# What is younger when a pass begins it looks at once more.
YOUNG_SECONDS = 3
JUMP = 10


def _sizes(bench):
    """(pace, pause, seconds to watch a reader) of this call."""
    return (20, 1, 4) if bench.options.quick else (STEADY_PACE, PAUSE_SECONDS, 60)


def _anew(bench):
    """A first copy on an empty DESTINATION, after which SOURCE is as it was when copied."""
    pair = bench.pair
    pair.begin_anew()
    pair.call("sync", "--delete")
    return pair


def _only(events, kind):
    """The one event of its kind in what a command told."""
    found = [one for one in events if one["type"] == kind]
    if len(found) != 1:
        raise CommandFailed(f"{len(found)} events of the kind {kind}, not one")
    return found[0]


def _rolling(loop):
    """For each pass of a loop that was foreseen: told and taken seconds, and what was pending.

    The estimate before a pass is the last one before its `start`; taken is what passed outside,
    between the arrival of `start` and that of `summary`, and what the pass itself told.
    """
    rows, foreseen, before, begin = [], None, None, None
    for moment, event in loop.events:
        if event["type"] == "estimate":
            foreseen = event
        elif event["type"] == "start":
            begin, before = moment, foreseen
        elif event["type"] == "summary" and before is not None:
            rows.append({
                "pass": event.get("pass"), "told": event["seconds"], "outside": moment - begin,
                "foreseen": before["seconds"], "low": before["low_seconds"],
                "high": before["high_seconds"], "pending": before["pending_entries"],
                "upper_limit": before["upper_limit"], "changes_by": event["changes_by"]})
    return rows


def estimate(bench):
    """Trials of a first copy, rolling passes beside a steady writer, and a last pass."""
    pace, pause, _ = _sizes(bench)
    trials = []
    for number in range(bench.options.trials):
        # Half of the trials as a person would leave the loop alone, half at full power.
        for manner, words in (("full power", ("--no-idle", "--no-back-off")), ("as it comes", ())):
            pair = _anew(bench)
            files = regular_files(pair.source.mount_point)
            with Writer(pair.source.mount_point, files, f"{manner} {number}", pace) as writer:
                words = ("--delete", "--passes", str(ROLLING_PASSES), "--pause", f"{pause}s", *words)
                with Loop(pair, bench.log, *words) as loop:
                    loop.wait()
                time.sleep(pause)
                writer.stop()
                pair.set_read_only(True)
                try:
                    events, seconds = pair.call("sync", "--final")
                finally:
                    pair.set_read_only(False)
            final = _only(events, "final")
            told = loop.told("estimate")
            trials.append({
                "manner": manner, "rolling": _rolling(loop), "pass_seconds": final["pass_seconds"],
                "foreseen": final["foreseen_seconds"], "low": final["foreseen_low_seconds"],
                "high": final["foreseen_high_seconds"], "command_seconds": seconds,
                "took_told": final["took_seconds"], "last_line": told[-1][1]["seconds"] if told else None,
                "final": final["final"], "status": final["status"]})
            bench.say(f"  {manner} {number + 1}: foreseen {final['foreseen_seconds']} s "
                      f"({final['foreseen_low_seconds']} to {final['foreseen_high_seconds']}), "
                      f"took {final['pass_seconds']} s")
    return {"pace": pace, "pause": pause, "passes": ROLLING_PASSES, "trials": trials}


def jump(bench):
    """The pace of the users grows tenfold between two passes."""
    pace, pause, _ = _sizes(bench)
    pace = max(2, pace // 3)
    trials = []
    for number in range(max(1, bench.options.trials // 3)):
        pair = _anew(bench)
        files = regular_files(pair.source.mount_point)
        with Writer(pair.source.mount_point, files, f"jump {number}", pace) as writer, Loop(
                pair, bench.log, "--delete", "--passes", "8", "--pause", f"{pause}s", "--no-idle",
                "--no-back-off") as loop:
            while not loop.is_over():
                if len(loop.told("summary")) == 5:
                    writer.pace = pace * JUMP
                time.sleep(0.01)
            loop.wait()
        rolling = _rolling(loop)
        trials.append(rolling)
        bench.say("  foreseen and taken: " + ", ".join(
            f"{row['foreseen']}/{row['told']}" for row in rolling))
    return {"pace": pace, "pause": pause, "trials": trials}


def latency(bench):
    """Random direct reads of 4 KiB on SOURCE's device: of an idle machine, and beside passes that
    copy everything again and again."""
    _, _, watch = _sizes(bench)
    settle = watch / 2
    pair = _anew(bench)
    log = bench.workspace.scratch / "reads"
    manners = (
        ("idle machine", None),
        ("`follow`", ()),
        ("`follow --no-back-off`", ("--no-back-off",)),
        ("`follow --no-back-off --no-idle`", ("--no-back-off", "--no-idle")),
        ("idle machine, again", None))
    rows = []
    for title, words in manners:
        bench.workspace.make_cold(pair.source, pair.destination)
        time.sleep(2)
        log.unlink(missing_ok=True)
        with Reader(pair.source.loop, log) as reader:
            if words is None:
                time.sleep(settle)
                begin = time.monotonic()
                time.sleep(watch)
                end = time.monotonic()
                copied = None
            else:
                # One pass and one pause as they come, in which the loop sees that SOURCE is used.
                with Loop(pair, bench.log, "-I", "--pause", f"{settle:.0f}s", "--passes", "10000",
                          *words) as loop:
                    loop.wait_for("pause")
                    time.sleep(settle)
                    loop.hurries = True
                    time.sleep(settle)
                    begin = time.monotonic()
                    time.sleep(watch)
                    end = time.monotonic()
                    copied = _pace_of(loop, begin)
                    if loop.is_over():
                        loop.wait(allowed=())
        times = reader.times(begin, end)
        if not times:
            raise CommandFailed(f"{title}: no read of the device within {watch} s")
        rows.append({
            "title": title, "reads": len(times), "median": statistics.median(times),
            "p95": percentile(times, 0.95), "p99": percentile(times, 0.99), "worst": max(times),
            "files_a_second": copied})
        bench.say(f"  {title}: p95 {rows[-1]['p95'] * 1000:.2f} ms, {copied} files/s")
    return {"settle": settle, "watch": watch, "rows": rows}


def _pace_of(loop, begin):
    """Files copied a second since a moment."""
    counts = {}
    for moment, event in loop.events:
        if event["type"] in ("progress", "summary"):
            counts.setdefault(event["pass"], []).append((moment, event["files_copied"]))
    done, span = 0, loop.events[-1][0] - begin
    for rows in counts.values():
        earlier = max((count for moment, count in rows if moment < begin), default=0)
        done += rows[-1][1] - min(earlier, rows[-1][1])
    return done / span


def idle(bench):
    """A loop of passes with nothing to do."""
    pair = _anew(bench)
    passes = bench.options.idle_passes
    # The first pass after a first copy settles what that left.
    pair.call("sync", "--delete")
    samples = []
    words = ("--delete", "--passes", str(passes))
    with Loop(pair, bench.log, *words, hurries=True) as loop:
        begin = time.monotonic()
        due = 1
        while not loop.is_over():
            done = len(loop.told("summary"))
            weight = _weight(loop.pid) if done >= due else None
            if weight is not None:
                samples.append({"passes": done, "at": time.monotonic() - begin,
                                **weight, "record": _record(pair)})
                due = done + max(1, passes // 20)
            time.sleep(0.05)
        loop.wait(allowed=(0,))
    if not samples:
        raise CommandFailed("follow ended too early to be weighed")
    rest = _at_default_pause(bench, pair)
    bench.say(f"  {samples[0]} to {samples[-1]}; {rest}")
    return {"samples": samples, "default_pause": rest}


def _at_default_pause(bench, pair):
    """Processor time of a loop that is left as it comes, for five passes."""
    if bench.options.quick:
        return None
    samples = []

    def weigh():
        weight = _weight(loop.pid)
        if weight is not None:
            samples.append((time.monotonic(), weight["processor"]))

    with Loop(pair, bench.log, "--delete", "--passes", "6") as loop:
        loop.wait_for("summary")
        loop.wait_for("summary", 6, meanwhile=weigh)
        loop.wait(allowed=(0,))
    if len(samples) < 2:
        raise CommandFailed("follow ended too early to be weighed")
    (begin, first), (end, last) = samples[0], samples[-1]
    return {"seconds": end - begin, "processor": last - first}


def _weight(pid):
    """Memory in KiB, descriptors, threads, and seconds of processor time of a process; None when it
    has ended."""
    process = pathlib.Path(f"/proc/{pid}")
    status = dict(
        line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
    # What has ended stays there without memory until it is waited for.
    if "VmRSS" not in status:
        return None
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return {
        "memory": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
        "descriptors": len(list((process / "fd").iterdir())),
        "processor": (int(fields[11]) + int(fields[12])) / ticks}


def _record(pair):
    """Bytes of all files in the state folder; the loop replaces some of them meanwhile."""
    total = 0
    for file in pair.state.iterdir():
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            pass
    return total


def final(bench):
    """`sync --final` where 1 % has changed, against a pass alone and a comparison alone."""
    pair = _anew(bench)
    root = pair.source.mount_point
    rows = []
    pair.call("sync", "-q", "--delete")
    # A kept source has the edits of earlier runs, and names that they made.
    first = int(time.time())
    for number in range(bench.options.trials):
        row = {}
        # In turn: who comes first finds the caches as the edits left them.
        for kind in ("apart", "final") if number % 2 == 0 else ("final", "apart"):
            row[f"edited_{kind}"] = edits.edit(
                root, "switch", first + 2 * number + (kind == "final"))
            run("sync", "-f", root)
            # Nobody switches in the second after the last write: what is so young is compared again by the next pass.
            time.sleep(YOUNG_SECONDS)
            # By hand it is read-only, too; a remount drops SOURCE's cached names, so it comes before each.
            pair.set_read_only(True)
            try:
                if kind == "apart":
                    _, row["pass"] = pair.call("sync", "-q", "--delete")
                    _, row["verify"] = pair.call("verify", "-q", "--metadata")
                    continue
                events, row["final"] = pair.call("sync", "-q", "--final")
            finally:
                pair.set_read_only(False)
            told = _only(events, "final")
            if not told["final"] or told["status"] != 0:
                raise CommandFailed(f"sync --final: {told}")
            row["told"] = told["took_seconds"]
        row["ratio"] = row["final"] / (row["pass"] + row["verify"])
        rows.append(row)
        bench.say(f"  pass {row['pass']:.2f} s + verify {row['verify']:.2f} s, "
                  f"--final {row['final']:.2f} s: {row['ratio']:.2f}")
    return {"rows": rows}


PARTS = {"estimate": estimate, "jump": jump, "latency": latency, "idle": idle, "final": final}
