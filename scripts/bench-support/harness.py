"""What scripts/switch-bench and scripts/scale-bench are made of beside what they measure: switches
that both have, files that whoever called sudo owns, one way through a run and its end."""

import argparse
import os
import pathlib
import shlex
import sys
import tempfile

import interruption
from command import CommandFailed
from interruption import Interrupted, say
from volumes import Workspace

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Switches(argparse.ArgumentParser):
    """The switches of both; a usage error ends the process with status 64."""

    def __init__(self, name):
        super().__init__(prog=f"scripts/{name}", add_help=False)
        self.name = name
        self.add_argument("--quick", action="store_true")
        self.add_argument("--out", type=pathlib.Path)
        self.add_argument("--directory", type=pathlib.Path, default=pathlib.Path("/var/tmp"))
        self.add_argument("--binary", type=pathlib.Path)
        # Not for users: where the script has built cutover when --binary is not given.
        self.add_argument("--built", type=pathlib.Path)
        # Nor this: to find a wrong switch before a build of minutes and not after it.
        self.add_argument("--parse-only", action="store_true")

    def error(self, message):
        self.exit(64, f"{self.name}: {message} (try --help)\n")

    def finish(self, options):
        """Decides what is measured; ends the process where only the switches were asked about."""
        if options.parse_only:
            self.exit(0)
        options.is_built = options.binary is None
        options.binary = options.binary or options.built
        if options.binary is None or not options.binary.is_file():
            self.error(f"--binary {options.binary} is not there")
        options.binary = options.binary.resolve()
        return options


def write(path, text):
    """Writes a file for whoever called sudo."""
    path.write_text(text)
    if "SUDO_UID" in os.environ:
        os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", -1)))


def run(name, page, options, keeps_source, perform):
    """Has `perform(workspace, out, call)` done and cleans up; returns the exit status.

    Of a quick run, whose figures go to a temporary directory, `page` is printed.
    """
    typed = sys.argv[3:] if sys.argv[1:2] == ["--built"] else sys.argv[1:]
    interruption.listen()
    os.umask(0o022)
    workspace = None
    with tempfile.TemporaryDirectory(prefix=f"cutover-{name}-") as temporary:
        fallback = pathlib.Path(temporary) if options.quick else ROOT / "docs" / "benchmarks"
        out = options.out or fallback
        try:
            try:
                workspace = Workspace(options.directory, keeps_source)
                perform(workspace, out, shlex.join([f"scripts/{name}", *typed]))
            finally:
                interruption.ignore()
                if workspace is not None:
                    workspace.close()
        except Interrupted as reason:
            say(f"interrupted ({reason}); everything is cleaned up")
            return 20
        except (CommandFailed, OSError) as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            return 1
        if options.quick:
            print((out / page).read_text())
    return 0
