"""The trees of the scenarios: a small one with an entry of every kind, its edits, and the recipes.

Everything is deterministic: contents come from the name, times from a counter. `make` builds what the first
pass copies, `edit` what happens to SOURCE afterwards. All paths are relative to the current directory, which
is the root of SOURCE.
"""

import ctypes
import fcntl
import hashlib
import os
import socket
import stat
import struct

FS_IOC_FSGETXATTR = 0x801C581F
FS_IOC_FSSETXATTR = 0x401C5820
IMMUTABLE, APPEND, NOATIME, NODUMP = 0x8, 0x10, 0x40, 0x80
FSXATTR = "IIIII8s"
RENAME_EXCHANGE = 2
AT_FDCWD = -100
_libc = ctypes.CDLL(None, use_errno=True)
_moment = 1_500_000_000


def content(name, size):
    """Bytes that depend on the name, none of them a block of zeros."""
    seed = hashlib.sha256(name.encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


def directory(path, mode=0o755):
    """Makes a directory of exactly this mode."""
    os.mkdir(path)
    os.chmod(path, mode)


def write(path, data, mode=0o644, owner=(0, 0)):
    """Makes or rewrites a file, keeping its inode."""
    with open(path, "wb") as file:
        file.write(data)
    os.chown(path, *owner)
    os.chmod(path, mode)


def named(path, size, **options):
    """A file whose contents come from its name."""
    write(path, content(str(path), size), **options)


def acl(*entries):
    """The kernel's form of an ACL (linux/posix_acl_xattr.h): (tag, permissions, id)."""
    packed = struct.pack("<I", 2)
    for tag, permissions, identifier in sorted(entries):
        packed += struct.pack("<HHI", tag, permissions, identifier)
    return packed


USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32
NOBODY = 0xFFFFFFFF


def access_list(user, permissions):
    """An ACL that gives one user more than the mode says."""
    return acl((USER_OBJ, 6, NOBODY), (USER, permissions, user), (GROUP_OBJ, 4, NOBODY),
               (MASK, 6, NOBODY), (OTHER, 0, NOBODY))


def set_acl(path, value, kind="access"):
    """Sets an access or default ACL."""
    os.setxattr(path, f"system.posix_acl_{kind}", value)


def set_flags(path, add=0, remove=0):
    """Sets and clears inode flags (ioctl_fsxattr)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fields = list(struct.unpack(FSXATTR, fcntl.ioctl(descriptor, FS_IOC_FSGETXATTR, bytes(28))))
        fields[0] = fields[0] & ~remove | add
        fcntl.ioctl(descriptor, FS_IOC_FSSETXATTR, struct.pack(FSXATTR, *fields))
    finally:
        os.close(descriptor)


def exchange(left, right):
    """renameat2(2) with RENAME_EXCHANGE."""
    if _libc.renameat2(AT_FDCWD, os.fsencode(left), AT_FDCWD, os.fsencode(right), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2", left)


def stamp(*paths):
    """Gives paths times that nothing else has, to the nanosecond; of a symlink its own."""
    global _moment
    for path in paths:
        _moment += 1
        nanoseconds = _moment * 1_000_000_000 + 123_456_789
        os.utime(path, ns=(nanoseconds, nanoseconds), follow_symlinks=False)


def stamp_all():
    """The same for everything, directories after what is in them."""
    for top, directories, files in os.walk(b".", topdown=False):
        for name in sorted(files + directories):
            path = os.path.join(top, name)
            try:
                stamp(path)
            except PermissionError:
                pass  # immutable or append-only: it was given a time before that
    stamp(".")


ODD_NAMES = [b"new\nline", b"\xff\xfe not text", b" blank ", b"-n", b"\\#012", b"n" * 255]


def make():
    """An entry of every kind."""
    os.chmod(".", 0o751)
    os.setxattr(".", "user.root", b"of the root")
    for path in ["kept", "work", "work/deep", "links", "links/one", "links/two", "types", "gone", "gone/in"]:
        directory(path)
    _make_kept()
    _make_work()
    _make_links()
    _make_moves()
    stamp_all()
    _freeze()


def _make_kept():
    for name in ODD_NAMES:
        write(b"kept/" + name, name)
    write("kept/empty", b"", mode=0o600)
    named("kept/setuid", 100, mode=0o4711, owner=(1000, 50))
    os.setxattr("kept/setuid", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    named("kept/attributes", 50, mode=0o640, owner=(1001, 100))
    for name in ["user.a", "trusted.b", "security.c"]:
        os.setxattr("kept/attributes", name, content(name, 60))
    named("kept/acl", 20)
    set_acl("kept/acl", access_list(7, 6))
    directory("kept/inherits", 0o2770)
    set_acl("kept/inherits", access_list(8, 4), "default")
    os.symlink("t" * 200, "kept/symlink")
    os.mkfifo("kept/fifo")
    os.chmod("kept/fifo", 0o620)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("kept/socket")
    os.mknod("kept/device", stat.S_IFBLK | 0o660, os.makedev(7, 240))


def _make_work():
    for name, size in [("small", 10), ("same", 30), ("mode", 10), ("owner", 10), ("attribute", 10),
                       ("lost-attribute", 10), ("acl", 10), ("by-contents", 5000), ("frozen", 20),
                       ("appended", 20), ("deep/medium", 300_000), ("nodump", 5), ("in-place", 10)]:
        named(f"work/{name}", size)
    sparse("work/sparse", [(0, 4096), (524_288, 8192)], 1 << 20)
    os.setxattr("work/lost-attribute", "user.gone", b"soon gone")
    os.setxattr("work/attribute", "user.a", b"first")
    set_acl("work/acl", access_list(9, 6))
    os.symlink("first", "work/symlink")
    os.mknod("work/device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    named("types/becomes-directory", 5)
    directory("types/becomes-symlink")
    named("types/becomes-symlink/inside", 5)
    os.symlink("x", "types/becomes-file")
    for name in ["gone/a", "gone/in/b", "work/extra"]:
        named(name, 10)


def sparse(path, extents, size):
    """A file with holes."""
    with open(path, "wb") as file:
        for offset, length in extents:
            file.seek(offset)
            file.write(content(f"{path}{offset}", length))
        file.truncate(size)


def _make_links():
    named("links/one/f", 40)
    os.link("links/one/f", "links/two/f")
    os.link("links/one/f", "kept/f")
    named("links/one/leaves", 41)
    os.link("links/one/leaves", "links/two/leaves")
    os.link("links/one/leaves", "links/two/stays")
    named("links/one/joins", 42)
    named("links/steady", 43)
    os.link("links/steady", "work/deep/steady")


def _make_moves():
    for name in ["A", "B", "P", "Q", "whole", "outer"]:
        directory(f"moves-{name}")
        named(f"moves-{name}/f", 64)
        directory(f"moves-{name}/sub")
        named(f"moves-{name}/sub/g", 65)


def _freeze():
    set_flags("work/nodump", NODUMP | NOATIME)
    set_flags("work/appended", APPEND)
    set_flags("work/frozen", IMMUTABLE)
    directory("kept/frozen")
    named("kept/frozen/f", 9)
    stamp("kept/frozen/f", "kept/frozen", "kept")
    set_flags("kept/frozen", IMMUTABLE)


def edit():
    """Every kind of change."""
    _edit_files()
    _edit_types()
    _edit_links()
    os.rename("moves-A", "moves-C")
    os.rename("moves-B", "moves-A")
    exchange("moves-P", "moves-Q")
    os.rename("moves-whole", "work/deep/whole")
    named("work/deep/whole/f", 64 + 3)
    os.rename("moves-outer/sub", "moves-outer/sub2")
    for top, _, names in os.walk("gone", topdown=False):
        for name in names:
            os.unlink(os.path.join(top, name))
        os.rmdir(top)
    stamp("moves-C", "moves-A", "moves-P", "work/deep/whole/f", "work/deep", "work", ".")


def _edit_files():
    named("work/small", 11)
    named("work/deep/medium", 280_000)
    sparse("work/sparse", [(4096, 4096)], 1 << 20)
    os.chmod("work/mode", 0o600)
    os.chown("work/owner", 1002, 101)
    os.setxattr("work/attribute", "user.a", b"second")
    os.setxattr("work/attribute", "trusted.new", b"third")
    os.removexattr("work/lost-attribute", "user.gone")
    set_acl("work/acl", access_list(10, 4))
    set_flags("work/frozen", remove=IMMUTABLE)
    write("work/frozen", b"changed while thawed")
    stamp("work/frozen")
    set_flags("work/frozen", IMMUTABLE)
    set_flags("work/appended", remove=APPEND)
    set_flags("work/nodump", remove=NODUMP)
    set_flags("work/in-place", NODUMP)
    os.unlink("work/extra")
    os.unlink("work/symlink")
    os.symlink("second", "work/symlink")
    os.unlink("work/device")
    os.mknod("work/device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    os.chmod("kept/fifo", 0o600)
    stamp("work/small", "work/deep/medium", "work/sparse", "work/symlink", "work/device")
    directory("fresh", 0o2750)
    for index in range(3):
        named(f"fresh/f{index}", 1000 * index)
    set_acl("fresh/f1", access_list(11, 6))
    os.symlink("f1", "fresh/symlink")
    os.mkfifo("fresh/fifo")


def _edit_types():
    os.unlink("types/becomes-directory")
    directory("types/becomes-directory")
    named("types/becomes-directory/inside", 6)
    os.unlink("types/becomes-symlink/inside")
    os.rmdir("types/becomes-symlink")
    os.symlink("y", "types/becomes-symlink")
    os.unlink("types/becomes-file")
    named("types/becomes-file", 7)


def _edit_links():
    write("links/one/f", content("changed", 44))
    os.unlink("links/one/leaves")
    named("links/one/leaves", 41)
    os.unlink("links/one/joins")
    os.link("links/two/stays", "links/one/joins")
    os.link("links/steady", "fresh/steady")
    stamp("links/one/f", "links/one/leaves", "links/one", "fresh")


def make_by_contents():
    """Every kind of entry."""
    make()


def edit_by_contents():
    """The usual edits, and files whose contents alone changed: same size, time of modification put back."""
    edit()
    for name in ["work/by-contents", "kept/acl", "work/same"]:
        before = os.stat(name)
        data = bytearray(open(name, "rb").read())
        data[len(data) // 2] ^= 1
        with open(name, "r+b") as file:
            file.write(data)
        os.utime(name, ns=(before.st_mtime_ns, before.st_mtime_ns))


def make_moved():
    """Two directories of one shape, and two more."""
    for top in ["m", "x"]:
        directory(top)
        for name, letter in [("A", b"A"), ("B", b"B")]:
            directory(f"{top}/{name}")
            write(f"{top}/{name}/f", letter * 4)
    stamp_all()
    for top in ["m", "x"]:
        # One size and one time: only their places tell them apart.
        for name in ["A", "B"]:
            os.utime(f"{top}/{name}/f", ns=(1_500_000_000_000_000_000,) * 2)


def edit_moved():
    """One moves into the other's place, the others are exchanged."""
    os.rename("m/A", "m/C")
    os.rename("m/B", "m/A")
    exchange("x/A", "x/B")


def make_links():
    """One inode under three directories."""
    for name in ["a", "b", "c"]:
        directory(name)
    write("a/f", b"before")
    os.link("a/f", "b/f")
    os.link("a/f", "c/f")
    stamp_all()


def edit_links():
    """Its contents change."""
    write("a/f", b"after!")


def make_attributes():
    """Attributes of every namespace, and symlinks."""
    directory("d")
    for name in ["f", "d/g"]:
        named(name, 20)
        for attribute in ["user.a", "trusted.b", "security.c"]:
            os.setxattr(name, attribute, content(attribute, 30))
    os.symlink("one", "d/symlink")
    os.symlink("two", "symlink")
    stamp_all()


def edit_attributes():
    """One attribute of each file changes, and both symlinks."""
    for name in ["f", "d/g"]:
        os.setxattr(name, "trusted.b", b"other")
    for name in ["d/symlink", "symlink"]:
        os.unlink(name)
        os.symlink("new", name)
        stamp(name)


def make_large():
    """A file that several workers copy in ranges: 128 MiB of data."""
    with open("large", "wb") as file:
        for index in range(128):
            file.write(content(f"large{index}", 1 << 20))
        file.write(b"tail")
    named("small", 10)
    stamp_all()
