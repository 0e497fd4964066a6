"""The benchmark harness behind scripts/bench: python3 scripts/bench-support SWITCHES.

    options.py    switches                    scenarios.py  what is measured, and in which order
    peers.py      tools and their commands    stage.py      source trees, destinations, runs
    tree.py       what is copied              content.py    its bytes, sizes, ACLs
    edits.py      1 % of changes              volumes.py    XFS and ext4 in images
    measure.py    one run: time, memory, calls              command.py    mkfs, mount, --version
    results.py    figures as data             report.py     Markdown
    plots.py      SVG                         machine.py    what it ran on
    interruption.py  signals and progress

It promises to leave no volume, loop device or process behind, whether it ends well, fails or is
interrupted (SIGKILL excepted). It judges no time. Exit status: 0, 1 something failed, 20
interrupted, 64 usage.
"""

import json
import os
import pathlib
import shlex
import shutil
import sys
import tempfile

import interruption
import machine
import measure
import options as options_module
import peers
import plots
import report
import results
import scenarios
from command import CommandFailed
from interruption import Interrupted, say
from stage import Stage
from volumes import Workspace

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEFAULT_OUT = ROOT / "docs" / "benchmarks"


def shown_commands(stage, scene):
    """The commands as a reader would type them: the places by name instead of by path."""
    return {
        subject.label: peers.shown(subject.peer, subject.workers, stage.options)
        for subject in scene.subjects}


def publish(data, directory):
    """Writes report, data and plots; gives them to whoever called sudo."""
    directory.mkdir(parents=True, exist_ok=True)
    results.write(directory / "results.json", data)
    (directory / "results.md").write_text(report.render(data))
    for name, picture in plots.pictures(data).items():
        (directory / name).write_text(picture)
    if "SUDO_UID" in os.environ:
        owner = int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", -1))
        for path in (directory, *directory.iterdir()):
            os.chown(path, *owner)


def missing_tools(options):
    """Names of programs that are needed and not there."""
    needed = {"mkfs.xfs", "mkfs.ext4", "losetup", "rsync", "findmnt", "bash", "sync"}
    programs = {"thirty-rsyncs": "xargs", "fpsync": "fpsync", "tar": "tar", "cp": "cp"}
    needed |= {programs[name] for name in options.peers if name in programs}
    return sorted(name for name in needed if shutil.which(name) is None)


def perform(options, call, workspace):
    """Plays all chosen scenarios; the results so far are written after each of them."""
    stage = Stage(options, workspace, say)
    file = options.out / "results.json"
    earlier = json.loads(file.read_text())["scenarios"] if options.adds and file.exists() else []
    chosen = [one for one in scenarios.SCENARIOS if one.name in options.scenarios]
    data = {
        "call": call, "machine": machine.facts(options, ROOT), "versions": machine.versions(),
        "notes": {peer.name: peer.note for peer in stage.peers.values()},
        "titles": {peer.name: peer.title for peer in stage.peers.values()},
        "warnings": stage.warnings, "scenarios": earlier}
    scenes = []
    for index, scenario in enumerate(chosen):
        if not scenario.subjects(stage):
            say(f"== {scenario.title}: none of the chosen tools takes part")
            continue
        scene = scenarios.play(scenario, stage, options.rounds)
        scenes.append(results.scene_data(scene, shown_commands(stage, scene)))
        order = [one.name for one in scenarios.SCENARIOS]
        data["scenarios"] = results.merge(earlier, scenes, order)
        publish(data, options.out)
        later = {name for one in chosen[index + 1:] for name in one.trees()}
        for name in set(scenario.trees()) - later:
            stage.drop(name)
    say(f"written: {options.out}/results.md")


def main():
    """Parses, prepares, performs, cleans up; returns the exit status."""
    options = options_module.parse(sys.argv[1:], "scripts/bench [SWITCHES]")
    typed = sys.argv[3:] if sys.argv[1:2] == ["--built"] else sys.argv[1:]
    call = shlex.join(["scripts/bench", *typed])
    missing = missing_tools(options)
    if missing:
        print(f"bench: not installed: {', '.join(missing)}", file=sys.stderr)
        return 1
    interruption.listen()
    measure.adopt_orphans()
    os.umask(0o022)
    workspace = None
    temporary = None
    if options.out is None and options.quick:
        temporary = tempfile.TemporaryDirectory(prefix="cutover-bench-report-")
    options.out = options.out or pathlib.Path(temporary.name if temporary else DEFAULT_OUT)
    try:
        try:
            workspace = Workspace(options.directory, options.keep_source)
            perform(options, call, workspace)
        finally:
            interruption.ignore()
            if workspace is not None:
                workspace.close()
        if temporary is not None:
            print((options.out / "results.md").read_text())
    except Interrupted as reason:
        say(f"interrupted ({reason}); everything is cleaned up")
        return 20
    except (CommandFailed, measure.RunFailed, OSError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    finally:
        if temporary is not None:
            temporary.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
