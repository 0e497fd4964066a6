"""The figures as Markdown."""

import statistics

TITLE = """# Beside live users, and the switch

What `scripts/switch-bench` measured, on real XFS and ext4 volumes in image files on loop devices with direct I/O.
Users are a process that changes entries at a steady pace, and one that reads 4 KiB at a time anywhere on SOURCE's device.
"""


def _median(values, decimals=2):
    """The median of what is known; "-" where nothing is."""
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):,.{decimals}f}" if known else "-"


def _span(values):
    """Smallest and largest of what is known; "-" where nothing is."""
    known = [value for value in values if value is not None]
    return f"{min(known):.2f} - {max(known):.2f}" if known else "-"


def _within(ratios, share):
    """How many ratios are at most that share from 1, and of how many; a pass of which nothing was foreseen has none."""
    known = [ratio for ratio in ratios if ratio is not None]
    return f"{sum(abs(ratio - 1) <= share for ratio in known)} of {len(known)}"


def _inside(rows):
    known = [row for row in rows if None not in (row["low"], row["high"], row["took"])]
    return f"{sum(row['low'] <= row['took'] <= row['high'] for row in known)} of {len(known)}"


def _ratio(row):
    return row["took"] / row["foreseen"] if row["took"] is not None and row["foreseen"] else None


def _gaps(pairs):
    """Differences of two measurements of the same, where both are known."""
    return [abs(one - other) for one, other in pairs if one is not None and other is not None]


def _estimate(data):
    lines = [
        "## What the last pass takes, and what was foreseen", "",
        f"{len(data['trials']) // 2} trials each: a first copy, {data['passes']} passes of `follow` beside a writer of "
        f"{data['pace']} changes a second with {data['pause']} s between them, then SOURCE read-only and `sync --final`. "
        "*Full power*: `--no-idle --no-back-off`. *As it comes*: the loop runs idle and gives way, the last pass does not.",
        "", "| | passes | within 20 % | inside the interval | took, s | took / foreseen |", "|---|--:|--:|--:|--:|--:|"]
    for manner in dict.fromkeys(one["manner"] for one in data["trials"]):
        trials = [one for one in data["trials"] if one["manner"] == manner]
        last = [{**one, "took": one["pass_seconds"]} for one in trials]
        rolling = [
            {**row, "took": row["told"]} for one in trials for row in one["rolling"][1:]]
        for title, rows in (("the last pass", last), ("passes of the loop, from the third on", rolling)):
            ratios = [_ratio(row) for row in rows]
            lines.append(
                f"| {manner}: {title} | {len(rows)} | {_within(ratios, 0.2)} | {_inside(rows)} | "
                f"{_span(row['took'] for row in rows)} | {_span(ratios)}, median {_median(ratios)} |")
    told = _gaps((one["command_seconds"], one["took_told"]) for one in data["trials"])
    outside = _gaps(
        (row["outside"], row["told"]) for one in data["trials"] for row in one["rolling"])
    lines += ["", f"Told and taken by a clock outside differ by {max(told, default=0):.2f} s at most for `--final`, by "
              f"{max(outside, default=0):.2f} s for single passes (a median of {_median(outside, 3)} s)."]
    return lines


def _jump(data):
    lines = [
        "## Users write ten times as fast", "",
        f"From {data['pace']} to {data['pace'] * 10} changes a second, after the fifth pass of the loop.", "",
        "| pass of the loop | pending entries | foreseen, s | took, s |", "|--:|--:|--:|--:|"]
    for index, rows in enumerate(zip(*data["trials"]), 1):
        def median(key, decimals, rows=rows):
            return _median((row[key] for row in rows), decimals)
        lines.append(f"| {index} | {median('pending', 0)} | {median('foreseen', 2)} | {median('told', 2)} |")
    lines += ["", f"Medians of {len(data['trials'])} trials."]
    return lines


def _latency(data):
    rows = data["rows"]
    base = statistics.mean(row["p95"] for row in rows if row["files_a_second"] is None)
    lines = [
        "## What users feel", "",
        f"50 reads a second, of 4 KiB, anywhere on SOURCE's device, past the page cache, for {data['watch']:.0f} s "
        f"after the first {data['settle']:.0f} s. The loop copies everything again and again (`-I`), begun cold, after one "
        f"pass and one pause of {data['settle']:.0f} s without further pauses.",
        "", "| | reads | median, ms | 95 % below, ms | idle = 1 | 99 % below, ms | longest, ms | files copied a second |",
        "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in rows:
        copied = "" if row["files_a_second"] is None else f"{row['files_a_second']:,.0f}"
        lines.append(
            f"| {row['title']} | {row['reads']:,} | {row['median'] * 1e3:.2f} | {row['p95'] * 1e3:.2f} | "
            f"**{row['p95'] / base:.2f}** | {row['p99'] * 1e3:.2f} | {row['worst'] * 1e3:.1f} | {copied} |")
    return lines


def _idle(data):
    samples = data["samples"]
    lines = [
        "## A loop with nothing to do", "", "| passes | memory, MB | descriptors | threads | record, MB |",
        "|--:|--:|--:|--:|--:|"]
    for row in [*samples[:1], *samples[1:-1:4], samples[-1]]:
        lines.append(
            f"| {row['passes']:,} | {row['memory'] / 1024:.1f} | {row['descriptors']} | {row['threads']} | "
            f"{row['record'] / 1e6:.2f} |")
    first, last = samples[0], samples[-1]
    each = (last["processor"] - first["processor"]) / max(1, last["passes"] - first["passes"])
    lines += ["", f"{each:.2f} s of processor time a pass, with both looks. "]
    if data["default_pause"]:
        rest = data["default_pause"]
        lines[-1] += (
            f"At the default pause: {rest['processor']:.2f} s in {rest['seconds']:.0f} s, "
            f"{100 * rest['processor'] / rest['seconds']:.2f} % of one processor.")
    return lines


def _final(data):
    lines = [
        "## `sync --final`", "",
        "1 % of the entries edited each time, three seconds without writers, SOURCE remounted read-only; against a pass alone and a `verify --metadata` alone in the same state after as many edits.",
        "", "| | median s | min - max |", "|---|--:|--:|"]
    for key, title in (("pass", "a pass alone"), ("verify", "`verify --metadata` alone"), ("final", "`sync --final`"),
                       ("ratio", "ratio, `--final` to the sum of both")):
        values = [row[key] for row in data["rows"]]
        lines.append(f"| {title} | {statistics.median(values):.2f} | {min(values):.2f} - {max(values):.2f} |")
    return lines


SECTIONS = {"estimate": _estimate, "jump": _jump, "latency": _latency, "idle": _idle, "final": _final}


def render(data):
    """The whole page."""
    lines = [TITLE]
    for name, section in SECTIONS.items():
        if name in data["parts"]:
            figures = data["parts"][name]
            lines += section(figures)
            lines += ["", f"{figures['entries']:,} entries; {figures['at']}; `{figures['call']}`.", ""]
    lines += ["## The machine", ""]
    facts = next(reversed(data["parts"].values()))["machine"]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join(lines) + "\n"
