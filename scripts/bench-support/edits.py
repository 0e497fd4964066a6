"""Changes one hundredth of a tree's entries, as users do between two passes.

The same seed, round and tree give the same edits. They are spread over all homes evenly, which is
the hard case for whoever looks for changes. Half of them rewrite or append to files; the rest are
new files, deletions, renames and changes of mode, attribute or time alone. Top-level entries stay:
the thirty rsyncs would not notice when one goes.
"""

import os
import random
import stat

from content import Content

EDITED_SHARE = 0.01


def _files(root):
    """Paths of all regular files below the top-level entries, always in the same order."""
    found = []
    for directory, names, files in os.walk(root):
        names.sort()
        if os.path.samefile(directory, root):
            continue
        for name in sorted(files):
            path = f"{directory}/{name}"
            if stat.S_ISREG(os.lstat(path).st_mode):
                found.append(path)
    return found


def _append(path, content, _number):
    with open(path, "ab") as file:
        file.write(content.slice(200))


def _rewrite(path, content, _number):
    size = os.lstat(path).st_size
    with open(path, "r+b") as file:
        file.write(content.slice(min(size, 4096)))


def _add(path, content, number):
    status = os.lstat(path)
    descriptor = os.open(f"{path}.new{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        content.write(descriptor, content.small_size())
        os.fchown(descriptor, status.st_uid, status.st_gid)
    finally:
        os.close(descriptor)


def _delete(path, _content, _number):
    os.unlink(path)


def _rename(path, _content, number):
    os.rename(path, f"{os.path.dirname(path)}/renamed{number}")


def _change_mode(path, _content, _number):
    os.chmod(path, stat.S_IMODE(os.lstat(path).st_mode) ^ 0o040)


def _set_attribute(path, _content, number):
    os.setxattr(path, "user.bench", str(number).encode())


def _touch(path, _content, _number):
    os.utime(path)


# Weights in percent.
EDITS = (
    (_append, 30), (_rewrite, 20), (_add, 15), (_delete, 10), (_rename, 10), (_change_mode, 5),
    (_set_attribute, 5), (_touch, 5))


def edit(root, seed, number):
    """Applies round `number` of the edits to the tree at `root`; returns how many there were."""
    content = Content(f"edits {seed} {number}")
    draw = random.Random(f"choice {seed} {number}")
    files = _files(root)
    chosen = draw.sample(files, max(1, int(len(files) * EDITED_SHARE)))
    kinds, weights = zip(*EDITS)
    kinds = draw.choices(kinds, weights, k=len(chosen))
    for index, (path, kind) in enumerate(zip(chosen, kinds)):
        kind(path, content, number * 1_000_000 + index)
    return len(chosen)
