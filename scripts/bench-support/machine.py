"""What a reader has to know of the machine and the tools to judge a figure."""

import hashlib
import os
import pathlib
import platform
import sys

from command import CommandFailed, first_line, run
from volumes import (
    EXT4_OPTIONS, LARGE_JOURNAL_MEBIBYTES, MOUNT_OPTIONS, SMALL_JOURNAL_MEBIBYTES, XFS_OPTIONS)


def _value_of(file, key):
    """The first value of `key : value` in a file of /proc."""
    for line in pathlib.Path(file).read_text(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def _system_name():
    for line in pathlib.Path("/etc/os-release").read_text(errors="replace").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "unknown"


def _commit(root):
    try:
        git = ("git", "-c", f"safe.directory={root}", "-C", root)
        state = run(*git, "status", "--porcelain", "--untracked-files=no", "--", "Sources")
        commit = run(*git, "rev-parse", "--short=12", "HEAD")
    except (CommandFailed, FileNotFoundError):
        return "unknown"
    return commit + (" with local changes in Sources" if state else "")


def _cutover(options, root):
    digest = hashlib.sha256(options.binary.read_bytes()).hexdigest()[:16]
    if options.is_built:
        return f"built from commit {_commit(root)}, sha256 {digest}"
    return f"a given binary, sha256 {digest} (this checkout: commit {_commit(root)})"


def facts(options, root):
    """Rows for the report: what, and its value."""
    memory = int(_value_of("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    filesystem = run("findmnt", "-n", "-o", "FSTYPE,SOURCE", "-T", options.directory)
    return {
        "CPU": f"{_value_of('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "Memory": f"{memory:.1f} GiB",
        "System": f"{_system_name()}, kernel {platform.release()}",
        "Images on": f"{options.directory} ({' '.join(filesystem.split())})",
        "XFS": f"`mkfs.xfs {' '.join(XFS_OPTIONS)}`, mounted `-o {MOUNT_OPTIONS}`",
        "ext4": f"`mkfs.ext4 {' '.join(EXT4_OPTIONS)} -J size={LARGE_JOURNAL_MEBIBYTES} -N ...` "
                f"(volumes under 4 GiB: -J size={SMALL_JOURNAL_MEBIBYTES}), "
                f"mounted `-o {MOUNT_OPTIONS}`",
        "Source tree": f"--entries {options.entries}, seed {options.seed}",
        "cutover": _cutover(options, root),
    }


def versions():
    """First line of each tool's --version."""
    return {
        "rsync": first_line("rsync", "--version"),
        "cp": first_line("cp", "--version"),
        "tar": first_line("tar", "--version"),
        "fpsync": first_line("fpsync", "-h"),
        "xargs": first_line("xargs", "--version"),
        "perf": first_line("perf", "--version"),
        "strace": first_line("strace", "--version"),
        "mkfs.xfs": first_line("mkfs.xfs", "-V"),
        "mkfs.ext4": first_line("mkfs.ext4", "-V"),
        "python": sys.version.split()[0],
    }
