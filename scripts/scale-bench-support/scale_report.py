"""Table and plot of scripts/scale-bench."""

import json
import math
import statistics

import plots
from harness import write

KINDS = {"copy": "first copy, cold", "unchanged": "nothing to do, cold"}
LEFT, RIGHT, TOP, BOTTOM = 96, 770, 70, 320


def publish(data, directory):
    """Writes figures, table and plot; gives them to whoever called sudo."""
    directory.mkdir(parents=True, exist_ok=True)
    # Figures first: nothing in a table may keep what took an hour from the disk.
    write(directory / "scale.json", json.dumps(data, indent=1) + "\n")
    write(directory / "scale.svg", _plot(data["large"]["rows"][0]["copy"]["progress"], data["large"]))
    write(directory / "scale.md", render(data))


def _median(part, kind, key):
    return statistics.median(row[kind][key] for row in part["rows"])


def render(data):
    """The page in Markdown."""
    lines = [
        "# Ten million entries beside 200,000", "",
        f"`{data['call']}`, {data['at']}. Homes of a thousand small entries, every eighth file with data; both trees are of one kind "
        f"and differ in size alone. Of the small volume the median of {len(data['reference']['rows'])} rounds, of the large one "
        "one round. Both volumes were mounted anew and all caches dropped before each pass.", "",
        "| | entries | s | µs an entry | processor, µs an entry | memory, MB |", "|---|--:|--:|--:|--:|--:|"]
    for kind, title in KINDS.items():
        for key in ("reference", "large"):
            part = data[key]
            entries = part["rows"][0]["copy"]["entries_seen"]
            seconds, cpu = _median(part, kind, "seconds"), _median(part, kind, "cpu")
            lines.append(
                f"| {title} | {entries:,} | {seconds:.1f} | {seconds / entries * 1e6:.1f} "
                f"| {cpu / entries * 1e6:.1f} | {_median(part, kind, 'memory') / 1e6:.0f} |")
    lines.append("")
    for kind, title in KINDS.items():
        ratios = [
            _median(data["large"], kind, key) / data["large"]["rows"][0]["copy"]["entries_seen"]
            / (_median(data["reference"], kind, key) / data["reference"]["rows"][0]["copy"]["entries_seen"])
            for key in ("seconds", "cpu")]
        lines.append(
            f"- {title}: an entry of the large volume takes **{ratios[0]:.2f} times** as long, and {ratios[1]:.2f} times the processor.")
    lines += ["", "![Entries a second during the first copy of the large volume](scale.svg)", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in data["machine"].items() if name != "Source tree"]
    return "\n".join(lines) + "\n"


def _rates(progress):
    """(seconds, entries a second) between two lines of progress."""
    points = [(0.0, 0), *map(tuple, progress)]
    return [
        ((before[0] + after[0]) / 2, (after[1] - before[1]) / (after[0] - before[0]))
        for before, after in zip(points, points[1:]) if after[0] > before[0]]


def _ticks(greatest):
    """From 0 on in steps of 1, 2 or 5 times a power of ten, at most seven; the last is not below `greatest`."""
    power = 10.0 ** math.floor(math.log10(greatest / 6))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * 6 >= greatest)
    return [step * number for number in range(math.ceil(greatest / step) + 1)]


def _plot(progress, part):
    rates = _rates(progress) or [(0.0, 0.0)]
    times = _ticks(max(seconds for seconds, _ in rates) or 1.0)
    heights = _ticks(max(rate for _, rate in rates) or 1.0)

    def across(seconds):
        return LEFT + seconds / times[-1] * (RIGHT - LEFT)

    def up(rate):
        return BOTTOM - rate / heights[-1] * (BOTTOM - TOP)

    points = " ".join(f"{across(seconds):.1f},{up(rate):.1f}" for seconds, rate in rates)
    elements = [
        plots.text(12, 28, f"First copy of {part['inodes']:,} inodes", 17, weight="bold"),
        plots.text(12, 48, "entries a second over the seconds of the pass", 13, colour=plots.FAINT)]
    for rate in heights:
        elements += [
            plots.line(LEFT, up(rate), RIGHT, up(rate)),
            plots.text(LEFT - 8, up(rate) + 5, f"{rate:,.0f}", 13, "end", plots.FAINT)]
    elements += [
        plots.text(across(seconds), BOTTOM + 22, f"{seconds:,.0f} s", 13, "middle", plots.FAINT) for seconds in times]
    elements.append(f'<polyline points="{points}" fill="none" stroke="{plots.OWN}" stroke-width="2"/>')
    return plots.document(360, elements, "Entries a second during the first copy of the large volume")
