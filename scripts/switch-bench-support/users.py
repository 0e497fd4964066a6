"""The user beside whom passes run, who changes entries at a steady pace."""

import os
import random
import stat
import threading
import time

from content import Content


def regular_files(root):
    """Paths of the regular files below `root`, in the order of the walk."""
    found = []
    for directory, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = f"{directory}/{name}"
            if stat.S_ISREG(os.lstat(path).st_mode):
                found.append(path)
    return found


class Writer:
    """Changes entries of a tree at a steady pace, in a thread, until it is stopped.

    Four of ten changes append, two rewrite, two make a file, one deletes one, one changes a mode:
    `count` says how many there were so far.
    """

    def __init__(self, root, files, seed, pace):
        self.files = list(files)
        self.pace = pace
        self.count = 0
        self._content = Content(f"writer {seed}")
        self._draw = random.Random(f"writer {seed}")
        # Files of earlier writers are there still: the tree is not made anew for each.
        self._mark = f"w{time.time_ns():x}"
        self._root = root
        self._end = threading.Event()
        self._problem = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the writing; what failed in it is raised here."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._problem is not None:
            raise self._problem

    def _run(self):
        try:
            due = time.monotonic()
            while not self._end.is_set():
                self._change()
                self.count += 1
                due += 1 / self.pace
                self._end.wait(max(0.0, due - time.monotonic()))
        except OSError as problem:
            self._problem = problem

    def _change(self):
        index = self._draw.randrange(len(self.files))
        path = self.files[index]
        kind = self._draw.randrange(10)
        if kind < 4:
            with open(path, "ab") as file:
                file.write(self._content.slice(self._content.small_size()))
        elif kind < 6:
            with open(path, "r+b") as file:
                file.write(self._content.slice(4096))
        elif kind < 8:
            made = f"{path}.{self._mark}.{self.count}"
            with open(made, "xb") as file:
                file.write(self._content.slice(self._content.small_size()))
            self.files.append(made)
        elif kind < 9:
            os.unlink(path)
            self.files[index] = self.files[-1]
            self.files.pop()
        else:
            os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) ^ 0o040)
