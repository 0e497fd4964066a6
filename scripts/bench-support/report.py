"""The Markdown report: the machine, one table for each scenario, the commands.

What is slower than cutover and what is faster stands in the same table, in the order of time.
"""

import results

HOW = """\
Each tool copies from an XFS to an ext4 volume, both in image files on loop devices with
direct I/O. Tools run in turn, every one once in each round, in an order that rotates. Time ends
after `sync -f DESTINATION`, for every tool. *Cold*: both volumes mounted anew, all caches dropped.
First copies go to a volume that was formatted just before; in delta passes each tool has a
destination of its own that it has brought up to date itself. The ratio of two tools is that of
their medians, in brackets the smallest and the largest ratio within one round. CPU is user and
system time of all processes of the run; *machine* is all that the CPUs did meanwhile, kernel
threads included. Memory (the peak of the sum of PSS over all processes) and system calls come from
one more, untimed run under `{counter}`.
"""


def render(data):
    """The whole report as Markdown."""
    parts = ["# Benchmarks", "", _how(data)]
    for warning in data["warnings"]:
        parts += [f"> **{warning}**", ""]
    if any(scene["name"] not in ("workers",) for scene in data["scenarios"]):
        parts += ["![Times of all tools](peers.svg)", ""]
    if any(scene["name"] == "workers" for scene in data["scenarios"]):
        parts += ["![Throughput over workers](workers.svg)", ""]
    for scene in data["scenarios"]:
        parts += _scene(scene)
    parts += ["## Commands", ""]
    parts += _commands(data)
    parts += ["", "## Machine", "", "| | |", "|---|---|"]
    parts += [f"| {name} | {value} |" for name, value in data["machine"].items()]
    parts += ["", "## Versions", "", "| | |", "|---|---|"]
    parts += [f"| {name} | {value} |" for name, value in data["versions"].items()]
    parts += ["", f"Measured by `{data['call']}`; each round's figures are in results.json.", ""]
    return "\n".join(parts)


def _how(data):
    counters = {subject["count"]["counter"] for scene in data["scenarios"]
                for subject in scene["subjects"] if subject["count"]}
    return HOW.format(counter=" or ".join(sorted(counters)) or "perf")


def _scene(scene):
    """Heading and table of one scenario."""
    rounds = len(scene["subjects"][0]["runs"]) if scene["subjects"] else 0
    extent = (f"{results.counted(scene['entries'], 'entry', 'entries')}, "
              f"{scene['bytes'] / 1e9:.2f} GB in blocks, "
              f"{scene['facts']['hole_bytes'] / 1e9:.2f} GB in holes")
    if "edited" in scene["facts"]:
        extent += f", {scene['facts']['edited']:,} edits before each round"
    if "state_bytes" in scene["facts"]:
        each = scene["facts"]["state_bytes"] / scene["entries"]
        extent += f", {each:.1f} bytes of state an entry"
    shown_rounds = results.counted(rounds, "round", "rounds")
    lines = [f"## {scene['title']}", "", f"{extent}; {shown_rounds}; {scene['date']}.", ""]
    lines += [
        f"| | median s | min - max | {scene['comparison']} | CPU s | machine s | entries/s "
        "| MB/s | peak MB | system calls per entry |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    subjects = scene["subjects"]
    if scene["name"] == "workers":
        best = results.sweet_spot(scene)["label"]
    else:
        subjects = sorted(subjects, key=results.median)
        best = None
    for subject in subjects:
        lines.append(_row(scene, subject, subject["label"] == best))
    return lines + [""]


def _row(scene, subject, is_best):
    walls = results.walls(subject)
    median = results.median(subject)
    ratio = results.ratios(scene, subject)
    counted = subject["count"]
    label = subject["label"].replace("|", "\\|")
    cells = [
        f"**{label}**" if subject["peer"] == "cutover" else label,
        f"{median:.2f}" + (" (sweet spot)" if is_best else ""),
        f"{min(walls):.2f} - {max(walls):.2f}",
        _ratio(ratio) if ratio else "",
        f"{results.median(subject, 'user') + results.median(subject, 'system'):.1f}",
        f"{results.median(subject, 'machine_cpu'):.1f}",
        f"{scene['entries'] / median:,.0f}",
        f"{scene['bytes'] / median / 1e6:,.0f}",
        f"{counted['peak_memory'] / 1e6:.0f}" if counted else "",
        f"{counted['system_calls'] / scene['entries']:.1f}" if counted else ""]
    return f"| {' | '.join(cells)} |"


def _ratio(ratio):
    middle, least, most = ratio
    if least == most == 1:
        return "1"
    return f"**{middle:.2f}** ({least:.2f} - {most:.2f})"


def _commands(data):
    """Each tool with its commands, each once, in the order of their first appearance."""
    shown = {}
    for scene in data["scenarios"]:
        for subject in scene["subjects"]:
            commands = shown.setdefault(subject["peer"], [])
            if subject["command"] not in commands:
                commands.append(subject["command"])
    lines = []
    for peer, commands in shown.items():
        note = data["notes"].get(peer, "")
        title = data["titles"].get(peer, peer)
        lines += [f"**{title}**" + (f" ({note})" if note else "") + ":", ""]
        lines += [f"    {command}" for command in commands] + [""]
    return lines
