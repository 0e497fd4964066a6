"""What was measured, as plain data: the results.json that the tables and plots are made from.

Keys of one scenario: name, title, comparison, date, entries, bytes, facts, and subjects: a list of
{label, peer, tree, workers, reference, command, runs: [{wall, user, system, machine_cpu} per
round], count: {system_calls, peak_memory, counter} or null}. Times in seconds, sizes in bytes.
"""

import dataclasses
import json
import statistics


def scene_data(scene, commands):
    """One Scene as plain data; `commands` gives the shown command of each label."""
    subjects = []
    for subject in scene.subjects:
        counted = scene.counts.get(subject.label)
        subjects.append({
            "label": subject.label, "peer": subject.peer.name, "tree": subject.tree,
            "workers": subject.workers, "reference": subject.reference,
            "command": commands[subject.label],
            "runs": [dataclasses.asdict(row[subject.label]) for row in scene.runs],
            "count": dataclasses.asdict(counted) if counted else None})
    return {
        "name": scene.name, "title": scene.title, "comparison": scene.comparison,
        "date": scene.date, "entries": scene.entries, "bytes": scene.bytes, "facts": scene.facts,
        "subjects": subjects}


def merge(old, new, order):
    """The scenarios of an earlier file and those of this call, which replace their namesakes."""
    by_name = {scene["name"]: scene for scene in old + new}
    return [by_name[name] for name in order if name in by_name]


def counted(number, one, many):
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def walls(subject):
    """Seconds of each round."""
    return [run["wall"] for run in subject["runs"]]


def median(subject, key="wall"):
    """The median over the rounds."""
    return statistics.median(run[key] for run in subject["runs"])


def reference_of(scene, subject):
    """The subject that this one is compared with; None where that one was not measured."""
    for other in scene["subjects"]:
        if other["label"] == subject["reference"]:
            return other
    return None


def ratios(scene, subject):
    """(ratio of the medians, smallest and largest ratio of a pair): the subject's time by that of
    its reference in the same round. None where there is no reference."""
    reference = reference_of(scene, subject)
    if reference is None:
        return None
    pairs = [own / other for own, other in zip(walls(subject), walls(reference))]
    return median(subject) / median(reference), min(pairs), max(pairs)


def sweet_spot(scene, tolerance=0.03):
    """The subject with the fewest workers whose median is within 3 % of the best one's."""
    best = min(median(subject) for subject in scene["subjects"])
    near = [one for one in scene["subjects"] if median(one) <= best * (1 + tolerance)]
    return min(near, key=lambda subject: subject["workers"])


def write(path, data):
    """Writes the file for machines, one value a line."""
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
