"""Runs the small commands that prepare and describe (mkfs, mount, --version), never a measured one.

A command that fails raises CommandFailed with what it said: nothing is measured on top of a
failure.
"""

import subprocess


class CommandFailed(Exception):
    """A command ended with another status than 0; the text holds command, status and output."""


def run(*arguments, allowed=(0,)):
    """Runs a command and returns its standard output as text without the last newline.

    Raises CommandFailed for a status that `allowed` does not hold.
    """
    finished = subprocess.run(
        [str(argument) for argument in arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if finished.returncode not in allowed:
        output = (finished.stdout + finished.stderr).strip()
        raise CommandFailed(
            f"{' '.join(map(str, arguments))}: status {finished.returncode}\n{output}")
    return finished.stdout.rstrip("\n")


def first_line(*arguments):
    """The first line that a command prints on either stream, or "not installed"."""
    try:
        finished = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    except FileNotFoundError:
        return "not installed"
    lines = finished.stdout.strip().splitlines()
    return " ".join(lines[0].split()) if lines else ""
