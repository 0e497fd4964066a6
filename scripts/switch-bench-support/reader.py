"""A user who reads 4 KiB anywhere on a device, past the page cache, 50 times a second, and is timed.

As a program (python3 reader.py DEVICE LOG) it is that user: what it is to measure must not share an
interpreter with the harness.
"""

import mmap
import os
import random
import subprocess
import sys
import threading
import time

SECTOR = 4096


class Reader:
    """The process of such a user; `log` gets the moment and the seconds of each read."""

    def __init__(self, device, log):
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, __file__, device, str(log)], stdin=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()

    def times(self, begin, end):
        """Seconds of each read that began between two moments of the monotonic clock."""
        rows = (line.split() for line in self._log.read_text().splitlines())
        return [float(taken) for moment, taken in rows if begin <= float(moment) < end]


def percentile(values, share):
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def read_for_ever(device, log):
    """The reader's process; it ends with its standard input."""
    descriptor = os.open(device, os.O_RDONLY | os.O_DIRECT)
    sectors = os.lseek(descriptor, 0, os.SEEK_END) // SECTOR
    buffer = mmap.mmap(-1, SECTOR)
    draw = random.Random("reader")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), ended.set()), daemon=True).start()
    with open(log, "w", buffering=1, encoding="ascii") as file:
        while not ended.wait(0.02):
            begin = time.monotonic()
            os.preadv(descriptor, [buffer], draw.randrange(sectors) * SECTOR)
            file.write(f"{begin:.6f} {time.monotonic() - begin:.6f}\n")


if __name__ == "__main__":
    read_for_ever(sys.argv[1], sys.argv[2])
