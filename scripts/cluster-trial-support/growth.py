"""The trees of the stories. All from a seed; names, links and sizes cross every cut that a plan can make.

`mixed` has an entry of every kind, homes of unequal weight, one directory of very many names, links between all of
them, and loose entries at the top. `heavy` has files that take a slow task some seconds. `branches` has one weight in
each of many branches.
"""

import os
import random

import edits
import tree
from content import Content

SPOOL_NAMES = 700
HOMES = 10
CROSS_LINKS = 40
HEAVY_BRANCHES = 12
HEAVY_BYTES = 2 << 20


def in_directory(path, change, *arguments):
    """Calls `change` with `path` as the current directory."""
    here = os.getcwd()
    os.chdir(path)
    try:
        return change(*arguments)
    finally:
        os.chdir(here)


def write(path, data):
    """Writes a file."""
    with open(path, "wb") as file:
        file.write(data)


def mixed(root, seed):
    """Fills a volume with some thousand entries."""
    draw = random.Random(f"mixed {seed}")
    content = Content(f"mixed {seed}")
    os.mkdir(f"{root}/every")
    in_directory(f"{root}/every", tree.make)
    files = []
    for number in range(HOMES):
        _home(f"{root}/home/user{number:02}", draw, content, 20 * (1 + number * number // 4), files)
    os.mkdir(f"{root}/spool", 0o700)
    for number in range(SPOOL_NAMES):
        path = f"{root}/spool/{draw.getrandbits(48):012x}"
        write(path, content.slice(draw.randrange(1, 900)))
        files.append(path)
    directories = sorted({os.path.dirname(path) for path in files})
    for number in range(CROSS_LINKS):
        for _ in range(draw.randrange(1, 4)):
            os.link(draw.choice(files), f"{draw.choice(directories)}/link{number}.{draw.getrandbits(32):x}")
    write(f"{root}/.loose", b"at the top")
    os.symlink("home/user00", f"{root}/symlink")
    os.link(draw.choice(files), f"{root}/loose-link")
    os.mkdir(f"{root}/empty", 0o1777)
    os.mkdir(f"{root}/home/empty")
    write(f"{root}/home/loose", b"in the spine")
    os.chown(f"{root}/home", 1234, 77)
    os.chmod(f"{root}/home", 0o2751)
    os.setxattr(f"{root}/home", "user.spine", b"kept")
    _age(root, draw, ("home", "spool", ".loose", "symlink", "empty", "loose-link"))


def thaw(root):
    """Takes away the flags that keep entries from being deleted or changed."""
    for name in ("work/frozen", "work/appended", "kept/frozen"):
        tree.set_flags(f"{root}/every/{name}", remove=tree.IMMUTABLE | tree.APPEND)


def _home(path, draw, content, entries, files):
    os.makedirs(path)
    places = [path]
    for number in range(entries):
        place = draw.choice(places)
        kind = draw.random()
        name = f"{place}/{draw.choice('abcdefgh')}{number:04}"
        if kind < 0.15 and place.count("/") < 14:
            os.mkdir(name, draw.choice((0o755, 0o700, 0o2770)))
            places.append(name)
        elif kind < 0.2:
            os.symlink(f"../{number}", name)
        else:
            write(name, content.slice(draw.randrange(0, 9000)))
            os.chown(name, draw.randrange(1000, 1010), draw.randrange(100, 104))
            os.chmod(name, draw.choice((0o644, 0o600, 0o755)))
            files.append(name)


def _age(root, draw, names):
    """Times of years ago for everything: what is young is nothing that a later pass has to doubt."""
    def stamp(path):
        moment = (1_500_000_000 + draw.randrange(100_000_000)) * 1_000_000_000 + draw.randrange(1_000_000_000)
        os.utime(path, ns=(moment, moment), follow_symlinks=False)
    for name in names:
        for top, directories, below in os.walk(f"{root}/{name}", topdown=False):
            for one in sorted(below + directories):
                stamp(f"{top}/{one}")
        stamp(f"{root}/{name}")
    stamp(root)


def edit(root, seed, number):
    """Changes 1 % of what `mixed` has made, at least an entry of every kind."""
    if number == 1:
        in_directory(f"{root}/every", tree.edit)
    edits.edit(f"{root}/home", seed, number)
    draw = random.Random(f"edit {seed} {number}")
    spool = sorted(os.listdir(f"{root}/spool"))
    for name in draw.sample(spool, 5):
        os.unlink(f"{root}/spool/{name}")
    for name in range(5):
        write(f"{root}/spool/new{number}.{name}", draw.randbytes(100))
    homes = sorted(name for name in os.listdir(f"{root}/home") if name.startswith("user"))
    links = [draw.choice(homes) for _ in range(3)]
    for index, home in enumerate(links):
        os.link(f"{root}/home/loose", f"{root}/home/{home}/shared{number}.{index}")


def heavy(root, seed):
    """Branches with a file of some megabytes, a directory to move, and links to the next branch."""
    content = Content(f"heavy {seed}")
    for number in range(HEAVY_BRANCHES):
        branch = f"{root}/branch{number:02}"
        os.makedirs(f"{branch}/moving/deep")
        for index in range(4):
            descriptor = os.open(f"{branch}/large{index}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            content.write(descriptor, HEAVY_BYTES // 4)
            os.close(descriptor)
        for index in range(10):
            write(f"{branch}/moving/deep/file{index}", content.slice(2000 + 100 * number + index))
            write(f"{branch}/small{index}", content.slice(500 + index))
        if number:
            os.link(f"{branch}/small0", f"{root}/branch{number - 1:02}/next")
    _age(root, random.Random(seed), os.listdir(root))


def branches(root, count, files=6):
    """So many branches of the same weight, beside what is there."""
    names = [f"branch{number:02}" for number in range(count)]
    for number in range(count):
        os.makedirs(f"{root}/branch{number:02}/below")
        for index in range(files):
            write(f"{root}/branch{number:02}/below/file{index}", tree.content(f"{number} {index}", 700))
            write(f"{root}/branch{number:02}/file{index}", tree.content(f"{number}/{index}", 300))
    _age(root, random.Random(count), names)
