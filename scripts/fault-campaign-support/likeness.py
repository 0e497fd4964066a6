"""What a tree looks like, by system calls of Python's own: nothing of cutover's is believed.

`Tree` reads everything that a migration keeps, and what tells an entry that was touched from one that was
not. Reading moves no access time (O_NOATIME). Left out are lost+found at the root and the attributes by which
XFS shows ACLs a second time.
"""

import fcntl
import hashlib
import os
import stat
import struct

from tree import APPEND, FS_IOC_FSGETXATTR, FSXATTR, IMMUTABLE, NOATIME, NODUMP

# The flags that ext4 has, too; FS_XFLAG_SYNC is 0x20.
FLAGS = IMMUTABLE | APPEND | NOATIME | NODUMP | 0x20
SHADOWS = ("trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT")
TEMPORARY = b".cutover."
ANYBODY = "anybody"


class Entry:
    """One name."""

    def __init__(self, path, status):
        self.path = path
        self.status = status
        self.kind = stat.S_IFMT(status.st_mode)
        self.identity = (status.st_ino, status.st_dev)
        self.kept = {
            "type": self.kind,
            "mode": stat.S_IMODE(status.st_mode),
            "owner": (status.st_uid, status.st_gid),
            "time": status.st_mtime_ns,
        }

    @property
    def touched(self):
        """What moves when anybody touches it, access times included."""
        status = self.status
        return (status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_nlink,
                status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def changed(self):
        """The same without access times, which oracles move."""
        return self.touched[:6] + self.touched[7:]

    def rights(self):
        """Who may do what: a set of (subject, right)."""
        found = set()
        mode = self.kept["mode"]
        owner, group = self.kept["owner"]
        if self.kind == stat.S_IFLNK:
            return found
        listed = _access_list(self.kept["attributes"].get("system.posix_acl_access"))
        mask = mode >> 3 & 7 if listed else 7
        own_group = listed["own"] if listed else mode >> 3 & 7
        for subject, bits in [(("user", owner), mode >> 6 & 7), (("group", group), own_group & mask),
                              (ANYBODY, mode & 7)] + \
                [(subject, bits & mask) for subject, bits in (listed or {}).items() if subject != "own"]:
            found |= {(subject, bit) for bit in (1, 2, 4) if bits & bit}
        if self.kind == stat.S_IFREG:
            if mode & 0o4000:
                found.add((("runs as user", owner), 1))
            if mode & 0o2000 and mode & 0o010:
                found.add((("runs as group", group), 1))
        # root may do anything anyway.
        return {right for right in found if right[0] != ("user", 0)}


def _access_list(packed):
    """Permissions by subject of an ACL's entries beyond the mode, "own" the owning group's; None without."""
    if not packed:
        return None
    found = {}
    for offset in range(4, len(packed), 8):
        tag, permissions, identifier = struct.unpack_from("<HHI", packed, offset)
        if tag == 2:
            found[("user", identifier)] = permissions
        elif tag == 8:
            found[("group", identifier)] = permissions
        elif tag == 4:
            found["own"] = permissions
    return found


class Tree:
    """Everything below a root, by path; the root itself is b""."""

    def __init__(self, root, deep=True):
        self.root = os.fsencode(root)
        self.deep = deep
        self.entries = {}
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME)
        try:
            self._add(b"", os.fstat(descriptor), self.root)
        finally:
            os.close(descriptor)
        self._walk(b"", self.root)
        if deep:
            self._group()

    def _walk(self, path, absolute):
        descriptor = os.open(absolute, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME)
        try:
            names = sorted(os.fsencode(name) for name in os.listdir(descriptor))
        finally:
            os.close(descriptor)
        for name in names:
            child = path + b"/" + name if path else name
            if child == b"lost+found":
                continue
            inner = absolute + b"/" + name
            status = os.lstat(inner)
            self._add(child, status, inner)
            if stat.S_ISDIR(status.st_mode):
                self._walk(child, inner)

    def _add(self, path, status, absolute):
        entry = Entry(path, status)
        self.entries[path] = entry
        if not self.deep:
            return
        kept = entry.kept
        kept["attributes"] = {
            name: os.getxattr(absolute, name, follow_symlinks=False)
            for name in os.listxattr(absolute, follow_symlinks=False) if name not in SHADOWS}
        if entry.kind == stat.S_IFLNK:
            kept["target"] = os.readlink(absolute)
        elif entry.kind in (stat.S_IFBLK, stat.S_IFCHR):
            kept["device"] = status.st_rdev
        elif entry.kind in (stat.S_IFREG, stat.S_IFDIR):
            descriptor = os.open(absolute, os.O_RDONLY | os.O_NOATIME | os.O_NOFOLLOW)
            try:
                kept["flags"] = struct.unpack(FSXATTR, fcntl.ioctl(descriptor, FS_IOC_FSGETXATTR, bytes(28)))[0] & FLAGS
                if entry.kind == stat.S_IFREG:
                    kept["size"] = status.st_size
                    kept["contents"] = _digest(descriptor)
            finally:
                os.close(descriptor)

    def _group(self):
        """Names of one inode: the first of them is what each remembers."""
        first = {}
        for path, entry in self.entries.items():
            if entry.kind != stat.S_IFDIR:
                entry.kept["links"] = first.setdefault(entry.identity, path)
                entry.kept["names"] = entry.status.st_nlink

    def leftovers(self):
        """Temporary names."""
        return [path for path in self.entries if os.path.basename(path).startswith(TEMPORARY)]

    def touched(self, since):
        """Paths of which anything moved, access times included, since another look."""
        return [path for path in sorted(self.entries.keys() | since.entries.keys())
                if path not in self.entries or path not in since.entries
                or self.entries[path].touched != since.entries[path].touched]

    def changed(self, since):
        """Paths of which anything but access times moved."""
        return [path for path in sorted(self.entries.keys() | since.entries.keys())
                if path not in self.entries or path not in since.entries
                or self.entries[path].changed != since.entries[path].changed]

    def differences(self, other):
        """What other has not as this one has it, a line each."""
        found = []
        for path in sorted(self.entries.keys() | other.entries.keys()):
            mine, its = self.entries.get(path), other.entries.get(path)
            if mine is None or its is None:
                found.append(f"{shown(path)}: only {'there' if mine is None else 'here'}")
                continue
            found += [f"{shown(path)}: {field}: {_shown_value(mine.kept.get(field))} and "
                      f"{_shown_value(its.kept.get(field))}"
                      for field in sorted(mine.kept.keys() | its.kept.keys())
                      if mine.kept.get(field) != its.kept.get(field)]
        return found


def _is_closed(destination, path, before):
    """Whether a directory above an entry that the pass made lets nobody but root in: then the entry gives nobody
    anything. One that was there `before` closes nothing: somebody may be in it."""
    while path:
        path = os.path.dirname(path)
        above, was = destination.entries[path], before.entries.get(path)
        is_made = was is None or (was.kind, was.identity) != (above.kind, above.identity)
        if is_made and not any(right == 1 for _, right in above.rights()):
            return True
    return False


def wider(destination, source, before):
    """Entries of DESTINATION that give somebody a right which neither SOURCE's entry of that name gives nor
    DESTINATION's of that inode gave before the pass; a temporary one: which no entry of SOURCE gives. Only those that
    somebody can come to."""
    rights_before = {entry.identity: entry.rights() for entry in before.entries.values()}
    by_directory = {}
    for path, entry in source.entries.items():
        by_directory.setdefault(os.path.dirname(path), []).append(entry.rights())
    found = []
    for path, entry in destination.entries.items():
        allowed = [rights_before.get(entry.identity, set())]
        if os.path.basename(path).startswith(TEMPORARY):
            allowed += by_directory.get(os.path.dirname(path), [])
        elif path in source.entries:
            allowed.append(source.entries[path].rights())
        rights = entry.rights()
        if _is_closed(destination, path, before):
            continue
        if not any(rights <= each for each in allowed):
            found.append(f"{shown(path)}: mode {entry.kept['mode']:o}, owner {entry.kept['owner']}")
    return found


def _digest(descriptor):
    digest = hashlib.sha256()
    while data := os.read(descriptor, 1 << 20):
        digest.update(data)
    return digest.hexdigest()[:16]


def shown(path):
    """A path for people."""
    return repr(path)[2:-1] if path else "."


def _shown_value(value):
    text = f"{value:o}" if isinstance(value, int) and value < 1 << 20 else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
