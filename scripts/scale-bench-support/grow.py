"""Trees of very many entries, made by as many processes as there are processors.

Homes of a thousand entries: directories of fifty, files of which every eighth has a block of data (ten million blocks
on both sides would fill the disk of most who run this), symlinks, second names, owners and times. All from the number
of the home, so both volumes are of one kind and differ in size alone.
"""

import multiprocessing
import os
import random
import signal

HOME_ENTRIES = 1000
DIRECTORY_ENTRIES = 50
FIRST_USER = 10_000
EPOCH = 1_700_000_000
# Homes lie in directories of so many, as nobody lists ten thousand in one.
HOMES_TOGETHER = 500


def grow(root, entries):
    """Fills the volume at `root` with about `entries` entries."""
    homes = max(1, entries // HOME_ENTRIES)
    for number in range(0, homes, HOMES_TOGETHER):
        os.mkdir(f"{root}/shelf{number // HOMES_TOGETHER:04}", 0o755)
    mask = os.umask(0)
    try:
        # An interruption is the parent's, which ends them.
        with multiprocessing.Pool(initializer=_as_usual) as pool:
            for _ in pool.imap_unordered(_home, ((str(root), number) for number in range(homes)), 8):
                pass
    finally:
        os.umask(mask)


def _as_usual():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _home(place):
    root, number = place
    draw = random.Random(number)
    user = FIRST_USER + number
    home = f"{root}/shelf{number // HOMES_TOGETHER:04}/home{number:06}"
    os.mkdir(home, 0o755)
    os.chown(home, user, user)
    left = HOME_ENTRIES - 1
    part = 0
    while left > 0:
        path = f"{home}/part{part:02}"
        os.mkdir(path, 0o750)
        os.chown(path, user, user)
        left -= 1
        count = min(left, DIRECTORY_ENTRIES)
        _fill(path, count, draw, user)
        left -= count
        part += 1


def _fill(path, count, draw, user):
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for index in range(count):
            name = f"file{index:03}.txt"
            if index % 25 == 24:
                os.symlink("file000.txt", name, dir_fd=folder)
                os.chown(name, user, user, dir_fd=folder, follow_symlinks=False)
                continue
            if index == 45:
                os.link("file000.txt", name, src_dir_fd=folder, dst_dir_fd=folder)
                continue
            _file(folder, name, draw, user, index % 8 == 0)
    finally:
        os.close(folder)


def _file(folder, name, draw, user, has_data):
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640, dir_fd=folder)
    try:
        if has_data:
            os.write(file, draw.randbytes(draw.randrange(16, 2048)))
        os.fchown(file, user, user)
        time = (EPOCH + draw.randrange(30_000_000)) * 1_000_000_000 + draw.randrange(1_000_000_000)
        os.utime(file, ns=(time, time))
    finally:
        os.close(file)
