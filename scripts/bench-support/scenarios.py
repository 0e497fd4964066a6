"""The scenarios: on which tree, which tools, what is prepared before each run.

A scenario is one small class. To add one: derive it, say what `subjects` there are and what
`stage_run` prepares, and put it into SCENARIOS, in the order in which they run and stand in the
report. A tool that needs another command there (another subcommand, a switch) is
`dataclasses.replace(peer, command=...)` in `subjects`, under a label of its own. `play` runs any of
them: round after round, in each round every subject once, in an order that rotates.
"""

import dataclasses
import datetime

from stage import Subject

DEFAULT_WORKERS = 30
# No folder: nothing is remembered of the pass, and nothing known of earlier ones.
NO_STATE = "--state /dev/null"


@dataclasses.dataclass
class Scene:
    """What one scenario gave: for each round the measurement of each subject, and the counts."""

    name: str
    title: str
    comparison: str
    date: str
    entries: int
    bytes: int
    subjects: list
    runs: list
    counts: dict
    facts: dict


class Scenario:
    """First copies of the balanced tree by all tools; others derive from it what differs."""

    name = "first-copy"
    title = "First copy, cold"
    # What the ratio in the report means; a ratio is the subject's time by that of its reference.
    comparison = "time, cutover = 1"
    tree = "balanced"
    peers = ("cutover", "baseline", "thirty-rsyncs", "rsync", "fpsync", "cp", "tar")
    # Whether system calls and memory are counted, by one more run of each subject before the
    # rounds.
    is_counted = True
    # Whether --quick counts too: it has to see that counting works, not to know the figures.
    is_counted_quickly = True
    # Whether rsync is asked, after the first run of cutover, if the copy is complete.
    is_checked = True

    def trees(self):
        """Names of the trees that it needs."""
        return (self.tree,)

    def subjects(self, stage):
        """Who is measured, in the order of the table."""
        return [
            Subject(stage.peers[name].title, stage.peers[name], self.tree, stage.options.workers,
                    "cutover")
            for name in self.peers
            if name in stage.peers and name in stage.options.peers]

    def prepare(self, stage):
        """Once, before everything else."""

    def begin_round(self, stage, facts):
        """Before each round, the one that counts included."""

    def stage_run(self, stage, subject):
        """Before each run; returns the destination."""
        destination = stage.fresh_target(subject.tree)
        stage.make_cold(subject, destination)
        return destination

    def verify(self, stage, subject, destination, facts):
        """After each run of cutover: whether it did what the scenario is about. Raises
        CommandFailed."""


def _with(subject, switches, label=None):
    """The same subject with more switches, if it is cutover."""
    if subject.peer.name not in ("cutover", "baseline"):
        return subject
    command = subject.peer.command.replace(" EXTRA ", f" {switches} EXTRA ")
    peer = dataclasses.replace(subject.peer, command=command)
    return dataclasses.replace(subject, peer=peer, label=label or subject.label)


def _workers(count):
    return "1 worker" if count == 1 else f"{count} workers"


class Recorded(Scenario):
    """What writing down the record costs the first copy, and how large it is."""

    name = "first-copy-recorded"
    title = "First copy, cold, with a record for the next pass and without"
    comparison = "time, without = 1"
    peers = ("cutover",)
    is_counted_quickly = False
    is_checked = False

    def subjects(self, stage):
        found = []
        for one in super().subjects(stage):
            without = f"{one.label}, nothing remembered"
            found.append(dataclasses.replace(
                _with(one, NO_STATE, without), reference=without))
            found.append(dataclasses.replace(one, reference=without))
        return found

    def verify(self, stage, subject, destination, facts):
        size = stage.state_bytes(destination)
        if size:
            facts["state_bytes"] = size


class Workers(Scenario):
    """First copies by cutover with several numbers of workers."""

    name = "workers"
    title = "First copy, cold, over the number of workers"
    comparison = f"time, {DEFAULT_WORKERS} workers = 1"
    is_counted = is_counted_quickly = False
    is_checked = False

    def subjects(self, stage):
        return [
            Subject(_workers(count), stage.peers["cutover"], self.tree, count,
                    _workers(DEFAULT_WORKERS))
            for count in stage.options.workers_list]


class DeltaCold(Scenario):
    """Nothing has changed, nothing is in memory. cutover walks and knows nothing of earlier passes, as
    the other tools."""

    name = "delta-cold"
    title = "Unchanged delta by a walk without a record, cold"
    is_counted_quickly = False
    is_checked = False
    # How cutover finds out what changed: its switches, and what its history must say of a run.
    switches = NO_STATE
    method = None

    def subjects(self, stage):
        return [
            _with(one, self.switches) for one in super().subjects(stage) if one.peer.has_delta]

    def verify(self, stage, subject, destination, facts):
        if self.method is not None:
            stage.check_pass(subject, destination, changes_by=self.method)

    def prepare(self, stage):
        for subject in self.subjects(stage):
            stage.own_destination(subject)

    def stage_run(self, stage, subject):
        destination = stage.own_destination(subject)
        stage.make_cold(subject, destination)
        return destination


class DeltaWarm(DeltaCold):
    """Nothing has changed, all is in memory: the same tool has just looked at it."""

    name = "delta-warm"
    title = "Unchanged delta by a walk without a record, warm"
    is_counted_quickly = True

    def stage_run(self, stage, subject):
        destination = stage.own_destination(subject)
        stage.measure(subject, destination)
        return destination


class DeltaScanCold(DeltaCold):
    """Nothing has changed, and cutover asks XFS what has."""

    name = "delta-scan-cold"
    title = "Unchanged delta by a scan, cold"
    peers = ("cutover", "baseline", "thirty-rsyncs")
    switches = "--changes scan"
    method = "scan"


class DeltaScanWarm(DeltaWarm):
    """The same, and all is in memory. Its memory is that of a scan."""

    name = "delta-scan-warm"
    title = "Unchanged delta by a scan, warm"
    peers = ("cutover", "baseline", "thirty-rsyncs")
    switches = "--changes scan"
    method = "scan"


class DeltaRememberedWarm(DeltaWarm):
    """cutover walks both trees, and knows from the last pass what it need not read."""

    name = "delta-remembered-warm"
    title = "Unchanged delta by a walk with a record, warm"
    peers = ("cutover", "baseline", "thirty-rsyncs")
    switches = "--changes walk"
    method = "walk"


class DeltaRememberedCold(DeltaCold):
    """The same, and nothing is in memory."""

    name = "delta-remembered-cold"
    title = "Unchanged delta by a walk with a record, cold"
    peers = ("cutover", "baseline", "thirty-rsyncs")
    switches = "--changes walk"
    method = "walk"


class DeltaChanged(DeltaCold):
    """1 % of the entries changed since the last pass of each tool, nothing is in memory."""

    name = "delta-changed"
    title = "Delta after 1 % of the entries changed, by a scan, cold"
    is_counted_quickly = False
    is_checked = True
    switches = "--changes scan"
    method = "scan"

    def begin_round(self, stage, facts):
        facts["edited"] = stage.edit(self.tree)


class RenamedDirectory(DeltaCold):
    """A directory with many files got another name."""

    name = "renamed-directory"
    title = "A directory of many files was renamed, cold"
    tree = "renamed"
    peers = ("cutover", "baseline", "thirty-rsyncs", "rsync")
    switches = "--changes scan"
    method = "scan"
    is_checked = True

    def begin_round(self, stage, facts):
        stage.rename(self.tree)

    def verify(self, stage, subject, destination, facts):
        stage.check_pass(
            subject, destination, changes_by="scan", files_copied=0, directories_moved=1)


class Skewed(Scenario):
    """The same homes, balanced and with 90 % of the entries in one branch, by those who work in
    parallel. Each is compared with itself."""

    name = "skewed"
    title = "First copy, cold, 90 % of the entries in one branch"
    comparison = "time, the same tool on the balanced tree = 1"
    peers = ("cutover", "thirty-rsyncs")
    is_counted = is_counted_quickly = False

    def trees(self):
        return ("balanced", "skewed")

    def subjects(self, stage):
        found = []
        for one in super().subjects(stage):
            balanced = f"{one.label}, balanced"
            found.append(Subject(balanced, one.peer, "balanced", one.workers, balanced))
            found.append(Subject(
                f"{one.label}, 90 % in one", one.peer, "skewed", one.workers, balanced))
        return found


class LargeFile(Scenario):
    """One file."""

    name = "large-file"
    title = "One large file, cold"
    tree = "large-file"
    is_counted_quickly = False
    peers = ("cutover", "baseline", "cp", "rsync")


class LargeDirectory(Scenario):
    """One directory with very many files: nothing to hand out branch by branch."""

    name = "large-directory"
    title = "One large directory, first copy, cold"
    is_counted_quickly = False
    tree = "large-directory"
    peers = ("cutover", "baseline", "rsync", "cp", "tar")


class LargeDirectoryDelta(DeltaCold):
    """The same directory again, unchanged."""

    name = "large-directory-delta"
    title = "One large directory, unchanged delta, cold"
    tree = "large-directory"
    peers = ("cutover", "baseline", "rsync")


class VerifyContent(Scenario):
    """A copy is compared byte for byte, beside both devices read from their beginnings."""

    name = "verify-content"
    title = "Verify every byte, cold"
    is_counted_quickly = False
    is_checked = False
    peers = ("cutover", "dd")
    commands = {"cutover": "CUTOVER verify -q --workers WORKERS SOURCE DESTINATION"}

    def subjects(self, stage):
        found = []
        for one in super().subjects(stage):
            command = self.commands.get(one.peer.name, one.peer.command)
            found.append(dataclasses.replace(
                one, peer=dataclasses.replace(one.peer, command=command)))
        return found

    def prepare(self, stage):
        stage.copy(self.tree)

    def stage_run(self, stage, subject):
        destination = stage.copy(subject.tree)
        stage.make_cold(subject, destination)
        return destination


class VerifyMetadata(VerifyContent):
    """The same with attributes alone, beside rsync's comparison of them."""

    name = "verify-metadata"
    title = "Verify attributes, cold"
    peers = ("cutover", "rsync")
    commands = {
        "cutover": "CUTOVER verify -q --metadata --workers WORKERS SOURCE DESTINATION",
        "rsync": "rsync -naXAHi --delete --numeric-ids SOURCE/ DESTINATION/ >/dev/null"}


class VerifyMetadataWarm(VerifyMetadata):
    """The same with all in memory."""

    name = "verify-metadata-warm"
    title = "Verify attributes, warm"

    def stage_run(self, stage, subject):
        destination = stage.copy(subject.tree)
        stage.measure(subject, destination)
        return destination


SCENARIOS = (
    Scenario(), Recorded(), Workers(), Skewed(), DeltaCold(), DeltaWarm(),
    DeltaRememberedCold(), DeltaRememberedWarm(),
    DeltaScanCold(), DeltaScanWarm(), VerifyContent(), VerifyMetadata(), VerifyMetadataWarm(),
    DeltaChanged(), RenamedDirectory(), LargeFile(),
    LargeDirectory(), LargeDirectoryDelta())


def play(scenario, stage, rounds):
    """Runs one scenario; returns its Scene."""
    stage.say(f"== {scenario.title}")
    sources = [stage.source(name) for name in scenario.trees()]
    subjects = scenario.subjects(stage)
    facts = {}
    counts = {}
    runs = []
    scenario.prepare(stage)
    is_counted = scenario.is_counted_quickly if stage.options.quick else scenario.is_counted
    if is_counted and stage.options.counts:
        scenario.begin_round(stage, facts)
        for subject in subjects:
            destination = scenario.stage_run(stage, subject)
            counts[subject.label] = stage.count(subject, destination)
            stage.say(f"  {subject.label}: {counts[subject.label].system_calls} system calls, "
                      f"{counts[subject.label].peak_memory / 1e6:.0f} MB")
    for number in range(rounds):
        scenario.begin_round(stage, facts)
        shift = number % len(subjects) if subjects else 0
        row = {}
        for subject in subjects[shift:] + subjects[:shift]:
            destination = scenario.stage_run(stage, subject)
            row[subject.label] = stage.measure(subject, destination)
            stage.say(f"  round {number + 1}, {subject.label}: {row[subject.label].wall:.2f} s")
            if subject.peer.name == "cutover":
                scenario.verify(stage, subject, destination, facts)
                if scenario.is_checked and number == 0:
                    stage.check_equal(subject, destination)
        runs.append(row)
    return Scene(
        scenario.name, scenario.title, scenario.comparison,
        datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        sources[-1].entries, sources[-1].bytes, subjects, runs, counts,
        {**facts, "hole_bytes": sources[-1].facts["hole_bytes"]})
