"""The plots as SVG, written by hand: bars against the other tools, four jobs at a glance, throughput over workers.

800 pixels wide on white, in fonts that every system has, so that they read the same in a browser
and on a forge's page, in its dark theme too. Every bar begins at 0; the line over it spans the
slowest and the fastest round.
"""

import math
from xml.sax.saxutils import escape

import results

WIDTH = 800
LABEL_WIDTH_MIN = 120
# A bold letter of 14 pixels is less wide on average, in any of the fonts.
LETTER_WIDTH = 8.5
VALUE_WIDTH = 150
BAR_HEIGHT = 24
TITLE_HEIGHT = 52
PANEL_GAP = 18

INK = "#1f2328"
FAINT = "#59636e"
GRID = "#d1d9e0"
OWN = "#0b6e4f"
OTHER = "#9aa7b4"
WHISKER = "#3d4650"
# What a migration consists of, in its order, and the words for it at a glance.
JOBS = {
    "first-copy": "First copy, cold",
    "delta-scan-cold": "Delta pass, nothing changed, cold",
    "delta-changed": "Delta pass, 1 % changed, cold",
    "verify-content": "Verify every byte, cold",
}

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"


def pictures(data):
    """SVG texts by file name, for what was measured."""
    found = {}
    bars = [scene for scene in data["scenarios"] if scene["name"] != "workers"]
    if bars:
        found["peers.svg"] = _bars(bars)
        for scene in bars:
            found[f"{scene['name']}.svg"] = _bars([scene])
    jobs = [dict(scene, title=JOBS[scene["name"]]) for name in JOBS for scene in bars
            if scene["name"] == name]
    if len(jobs) == len(JOBS):
        found["jobs.svg"] = _bars(jobs)
    for scene in data["scenarios"]:
        if scene["name"] == "workers":
            found["workers.svg"] = _workers(scene)
    return found


def document(height, elements, description):
    """An SVG of these elements, described for who cannot see it."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="{FONT}" role="img">',
        f"<title>{escape(description)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *elements, "</svg>", ""])


def text(x, y, words, size=14, anchor="start", colour=INK, weight="normal"):
    """Words at a place."""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}">{escape(words)}</text>')


def line(x1, y1, x2, y2, colour=GRID, width=1.0):
    """A line between two places."""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>')


def _seconds(value):
    return f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def _extent(scene):
    rounds = len(scene["subjects"][0]["runs"])
    return (("one round, " if rounds == 1 else f"median of {rounds} rounds, ")
            + results.counted(scene["entries"], "entry", "entries")
            + f", {scene['bytes'] / 1e9:.1f} GB")


# Bars

def _bars(scenes):
    """One panel for each scenario, below each other."""
    elements = []
    top = 8.0
    label_width = max(
        LABEL_WIDTH_MIN,
        24 + LETTER_WIDTH * max(
            len(subject["label"]) for scene in scenes for subject in scene["subjects"]))
    for scene in scenes:
        panel, height = _panel(scene, top, label_width)
        elements += panel
        top += height + PANEL_GAP
    titles = "; ".join(scene["title"] for scene in scenes)
    return document(math.ceil(top), elements, f"Seconds, less is better: {titles}")


def _panel(scene, top, label_width):
    """Elements of one scenario's bars, the fastest first, and their height."""
    subjects = sorted(scene["subjects"], key=results.median)
    longest = max(max(results.walls(subject)) for subject in subjects)
    scale = (WIDTH - label_width - VALUE_WIDTH) / longest
    elements = [
        text(12, top + 20, scene["title"], 17, weight="bold"),
        text(12, top + 39, f"seconds, less is better; {_extent(scene)}", 13, colour=FAINT)]
    y = top + TITLE_HEIGHT
    for subject in subjects:
        elements += _bar(scene, subject, y, label_width, scale)
        y += BAR_HEIGHT + 6
    elements.append(line(label_width, top + TITLE_HEIGHT - 4, label_width, y - 2, FAINT))
    return elements, y - top


def _bar(scene, subject, y, label_width, scale):
    walls = results.walls(subject)
    median = results.median(subject)
    is_own = subject["peer"] == "cutover"
    middle = y + BAR_HEIGHT / 2
    end = label_width + max(walls) * scale
    ratio = results.ratios(scene, subject)
    weight = "bold" if is_own else "normal"
    elements = [
        text(label_width - 10, middle + 5, subject["label"], 14, "end", weight=weight),
        f'<rect x="{label_width:.1f}" y="{y:.1f}" width="{median * scale:.1f}" height="{BAR_HEIGHT}" '
        f'fill="{OWN if is_own else OTHER}"/>',
        text(end + 10, middle + 5, _seconds(median), 14, weight=weight)]
    if ratio and subject["label"] != subject["reference"]:
        elements.append(text(end + 74, middle + 5, f"{ratio[0]:.2f} ×", 14, colour=FAINT))
    if len(walls) > 1:
        begin = label_width + min(walls) * scale
        elements += [
            line(begin, middle, end, middle, WHISKER, 1.5),
            line(begin, middle - 5, begin, middle + 5, WHISKER, 1.5),
            line(end, middle - 5, end, middle + 5, WHISKER, 1.5)]
    return elements


# Workers

PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 96, 770, 92, 340


def _workers(scene):
    """Throughput over the number of workers, on a logarithmic axis, the sweet spot marked."""
    subjects = sorted(scene["subjects"], key=lambda subject: subject["workers"])
    fewest = math.log2(subjects[0]["workers"])
    span = max(math.log2(subjects[-1]["workers"]) - fewest, 1.0)
    fastest = max(scene["entries"] / min(results.walls(subject)) for subject in subjects)
    step = _round_step(fastest / 5)
    top_value = math.ceil(fastest * 1.08 / step) * step

    def x(workers):
        return PLOT_LEFT + 24 + (math.log2(workers) - fewest) / span * (PLOT_RIGHT - PLOT_LEFT - 48)

    def y(rate):
        return PLOT_BOTTOM - rate / top_value * (PLOT_BOTTOM - PLOT_TOP)

    elements = _worker_axes(scene, subjects, x, y, step, top_value)
    best = results.sweet_spot(scene)
    points = []
    for subject in subjects:
        place = x(subject["workers"])
        walls = results.walls(subject)
        points.append((place, y(scene["entries"] / results.median(subject))))
        elements.append(line(place, y(scene["entries"] / max(walls)),
                              place, y(scene["entries"] / min(walls)), WHISKER, 1.5))
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    elements.append(f'<polyline points="{path}" fill="none" stroke="{OWN}" stroke-width="2.5"/>')
    elements += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{OWN}"/>' for px, py in points]
    elements += _sweet_spot(scene, best, x, y)
    return document(400, elements, "Throughput of a first copy over the number of workers")


def _round_step(value):
    """The next of 1, 2, 5 times a power of ten that is not less: a step that reads well."""
    power = 10 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)


def _worker_axes(scene, subjects, x, y, step, top_value):
    elements = [
        text(12, 28, scene["title"], 17, weight="bold"),
        text(12, 48, f"entries a second, more is better; {_extent(scene)}", 13, colour=FAINT)]
    for index in range(round(top_value / step) + 1):
        rate = index * step
        elements.append(line(PLOT_LEFT, y(rate), PLOT_RIGHT, y(rate)))
        elements.append(text(PLOT_LEFT - 8, y(rate) + 5, f"{rate:,.0f}", 13, "end", FAINT))
    for subject in subjects:
        place = x(subject["workers"])
        elements.append(line(place, PLOT_BOTTOM, place, PLOT_BOTTOM + 5, FAINT))
        elements.append(text(place, PLOT_BOTTOM + 22, str(subject["workers"]), 14, "middle"))
    elements.append(line(PLOT_LEFT, PLOT_BOTTOM, PLOT_RIGHT, PLOT_BOTTOM, FAINT))
    middle = (PLOT_LEFT + PLOT_RIGHT) / 2
    elements.append(text(middle, PLOT_BOTTOM + 46, "workers", 14, "middle", FAINT))
    return elements


def _sweet_spot(scene, best, x, y):
    """A ring around the point, and what it means above the plot, where no point can be."""
    colour = "#b35900"
    words = f"sweet spot: {best['workers']} workers, the fewest within 3 % of the best"
    rings = [(x(best["workers"]), y(scene["entries"] / results.median(best)), 9), (19, 66, 6)]
    return [
        *(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius}" fill="none" stroke="{colour}" '
          'stroke-width="2.5"/>' for px, py, radius in rings),
        text(32, 71, words, 13, colour=colour, weight="bold")]
