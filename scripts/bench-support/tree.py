"""The source trees: homes as a hosting company has them, or one extreme of a tree.

`fill_homes` makes homes with virtualenvs of thousands of small files, a web site, mail, logs, media
and a sparse database each, with owners, ACLs, attributes, symlinks and hard links. The same seed
and number of entries give the same names, contents, owners and times. Skewed, the very same homes
lie below one top-level directory until it holds 90 % of the entries: what differs is the shape and
nothing else.

Files with holes exist but are few: rsync reads every hole, and a tree full of them would flatter
those that do not.
"""

import os

from content import Content, access_list, default_list

# Raise it with every change that makes another tree: kept images of the old one are then made anew.
VERSION = 1

MEAN_HOME_ENTRIES = 2000
# Bytes in media and logs per entry; beyond 200,000 entries they grow no further, so that two
# million entries fit on a small disk. Small files add about 8 KiB of blocks each.
MEDIA_BYTES_PER_ENTRY = 14_500
MEDIA_ENTRIES_MOST = 200_000
SKEWED_SHARE = 0.9
FIRST_USER = 10_000
SPARSE_FILE_BYTES = 8 << 20
SPARSE_ISLAND_BYTES = 64 << 10


class HomeWriter:
    """Writes one home, and counts what it made."""

    def __init__(self, content, root, user, media_budget):
        self.content = content
        self.random = content.random
        self.root = root
        self.user = user
        self.media_budget = media_budget
        self.entries = 0
        self.directories = []
        self.linkable = []

    def directory(self, path):
        """Makes a directory; its time is set by `finish`, after its contents."""
        os.mkdir(path, 0o755)
        os.chown(path, self.user, self.user)
        self.directories.append(path)
        self.entries += 1
        return path

    def file(self, path, size, mode=0o644):
        """Makes a file; a few get an attribute or an ACL."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            self.content.write(descriptor, size)
            os.fchown(descriptor, self.user, self.user)
            draw = self.random.random()
            if draw < 0.03:
                os.setxattr(descriptor, "user.mime_type", b"text/x-python")
            elif draw < 0.05:
                os.setxattr(descriptor, "system.posix_acl_access", access_list(self.user + 1))
            time = self.content.modification_time()
            os.utime(descriptor, ns=(time, time))
        finally:
            os.close(descriptor)
        self.entries += 1
        if draw > 0.98:
            self.linkable.append(path)

    def sparse_file(self, path):
        """A database with three islands of data in a sea of holes."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            os.ftruncate(descriptor, SPARSE_FILE_BYTES)
            for island in range(3):
                os.lseek(descriptor, (island * 2 << 20) + (1 << 20), os.SEEK_SET)
                self.content.write(descriptor, SPARSE_ISLAND_BYTES)
            os.fchown(descriptor, self.user, self.user)
            time = self.content.modification_time()
            os.utime(descriptor, ns=(time, time))
        finally:
            os.close(descriptor)
        self.entries += 1

    def symlink(self, target, path):
        """Makes a symlink."""
        os.symlink(target, path)
        os.lchown(path, self.user, self.user)
        self.entries += 1

    def link(self, path):
        """Gives a file written before, of this home, one more name; nothing where there is none."""
        if self.linkable:
            os.link(self.random.choice(self.linkable), path)
            self.entries += 1

    def package(self, site, number, most):
        """One Python package: modules, their compiled form, sometimes data below."""
        package = self.directory(f"{site}/package{number:04}")
        cache = self.directory(f"{package}/__pycache__")
        for module in range(min(most, self.random.randrange(2, 30))):
            size = self.content.small_size()
            self.file(f"{package}/module{module:03}.py", size)
            self.file(f"{cache}/module{module:03}.cpython-311.pyc", int(size * 0.8))
        if self.random.random() < 0.2:
            self.link(f"{package}/shared.dat")
            self.symlink("module000.py", f"{package}/main.py")

    def virtualenv(self, entries):
        """Python with packages until `entries` are written."""
        base = self.directory(f"{self.root}/venv")
        binaries = self.directory(f"{base}/bin")
        self.symlink("/usr/bin/python3.11", f"{binaries}/python3.11")
        self.symlink("python3.11", f"{binaries}/python")
        self.file(f"{binaries}/activate", 1700, 0o755)
        site = base
        for name in ("lib", "python3.11", "site-packages"):
            site = self.directory(f"{site}/{name}")
        number = 0
        while self.entries < entries:
            self.package(site, number, max(1, (entries - self.entries) // 2))
            number += 1

    def website(self, entries):
        """Pages, with a default ACL on the directory that holds them."""
        site = self.directory(f"{self.root}/public_html")
        os.setxattr(site, "system.posix_acl_default", default_list(self.user + 1))
        number = 0
        end = self.entries + entries
        while self.entries < end:
            section = self.directory(f"{site}/section{number:03}")
            for page in range(min(40, max(1, end - self.entries))):
                self.file(f"{section}/page{page:03}.php", self.content.small_size())
            number += 1

    def mail(self, entries):
        """One Maildir; a message now and then has a second name in another folder."""
        folder = self.directory(f"{self.root}/Maildir")
        current = self.directory(f"{folder}/cur")
        archive = self.directory(f"{folder}/.Archive")
        self.directory(f"{folder}/new")
        self.directory(f"{folder}/tmp")
        for number in range(entries):
            self.file(f"{current}/17{number:08}.M{number * 7919}P1.host,S=1:2,S",
                      1200 + self.content.small_size(), 0o600)
            if number % 50 == 49:
                self.link(f"{archive}/17{number:08}.M1P1.host")

    def media(self):
        """Images, archives and logs until the home's share of bytes is used."""
        folder = self.directory(f"{self.root}/media")
        logs = self.directory(f"{self.root}/logs")
        number = 0
        while self.media_budget > 0:
            size = min(self.content.media_size(), max(self.media_budget, 4096))
            is_log = number % 8 == 0
            self.file(f"{logs}/access.{number}" if is_log else f"{folder}/image{number}.jpg", size)
            self.media_budget -= size
            number += 1

    def finish(self):
        """Sets the times of the directories, the deepest first."""
        for path in reversed(self.directories):
            time = self.content.modification_time()
            os.utime(path, ns=(time, time))


def write_home(content, root, user, entries, media_bytes):
    """Writes one home of about `entries` entries; returns how many they became."""
    home = HomeWriter(content, root, user, media_bytes)
    home.directory(root)
    home.file(f"{root}/.bashrc", 3500)
    home.file(f"{root}/.profile", 800)
    home.mail(int(entries * 0.12))
    home.website(int(entries * 0.2))
    if user % 8 == 0:
        data = home.directory(f"{root}/data")
        home.sparse_file(f"{data}/app.sqlite")
    before = home.entries
    home.media()
    home.virtualenv(max(entries, before + 20))
    home.finish()
    return home.entries


def fill_homes(root, entries, seed, skewed):
    """Fills the volume at `root` with homes of `entries` entries in all.

    Returns what is to be known of the tree beside `weigh`: homes, and entries of the crowded
    branch.
    """
    previous_mask = os.umask(0)
    content = Content(f"homes {seed}")
    mean = min(MEAN_HOME_ENTRIES, max(60, entries // 12))
    bytes_per_entry = MEDIA_BYTES_PER_ENTRY * min(1.0, MEDIA_ENTRIES_MOST / entries)
    together = f"{root}/all-users"
    written = 0
    crowded = 0
    if skewed:
        os.mkdir(together, 0o755)
        written = crowded = 1
    number = 0
    while written < entries:
        # Some homes are ten times the mean, and most are below it.
        wanted = int(mean * min(10.0, 0.35 * content.random.paretovariate(1.5)))
        wanted = max(40, min(wanted, entries - written))
        inside = skewed and crowded < SKEWED_SHARE * entries
        path = f"{together if inside else root}/user{number:05}"
        media_bytes = int(wanted * bytes_per_entry * content.random.uniform(0.6, 1.4))
        made = write_home(content, path, FIRST_USER + number, wanted, media_bytes)
        written += made
        crowded = crowded + made if inside else crowded
        number += 1
    os.umask(previous_mask)
    return {"homes": number, "crowded": crowded}


def fill_large_file(root, size, seed):
    """One file of `size` bytes without a hole."""
    content = Content(f"large file {seed}")
    descriptor = os.open(f"{root}/disk.img", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        content.write(descriptor, size)
    finally:
        os.close(descriptor)
    return {}


def fill_renamed(root, entries, seed):
    """A directory `home` with such a directory in it, which will be renamed, and another one."""
    home = f"{root}/home"
    os.mkdir(home, 0o755)
    os.mkdir(f"{home}/other", 0o755)
    fill_large_directory(home, entries, seed)
    fill_large_directory(f"{home}/other", entries // 10, seed)
    return {}


def fill_large_directory(root, entries, seed):
    """One directory `spool` of `entries` small files, as queues and sessions leave them."""
    content = Content(f"large directory {seed}")
    spool = f"{root}/spool"
    os.mkdir(spool, 0o755)
    for number in range(entries):
        name = f"{spool}/sess_{content.random.getrandbits(64):016x}{number:07}"
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, content.slice(content.random.randrange(64, 2048)))
            time = content.modification_time()
            os.utime(descriptor, ns=(time, time))
        finally:
            os.close(descriptor)
    return {}


def weigh(root):
    """What lies below `root`: names, bytes in blocks, bytes in holes; an inode counts once."""
    entries = blocks = holes = 0
    linked = set()
    directories = [str(root)]
    while directories:
        with os.scandir(directories.pop()) as listing:
            for entry in listing:
                status = entry.stat(follow_symlinks=False)
                entries += 1
                if entry.is_dir(follow_symlinks=False):
                    directories.append(entry.path)
                elif status.st_nlink > 1 and status.st_ino in linked:
                    continue
                elif status.st_nlink > 1:
                    linked.add(status.st_ino)
                blocks += status.st_blocks * 512
                if entry.is_file(follow_symlinks=False):
                    holes += max(0, status.st_size - status.st_blocks * 512)
    return {"entries": entries, "bytes": blocks, "hole_bytes": holes}
