"""Bytes, sizes, ACLs and attributes from which the trees are made, all out of one seed.

Contents are slices of one pool of random bytes: nothing compresses, nothing is a run of zeros that
a tool could turn into a hole. Sizes of small files are log-normal (median 2 KiB, mean about 6 KiB),
those of media and logs have a heavy tail.
"""

import os
import random
import struct

POOL_BYTES = 4 << 20
CHUNK_BYTES = 1 << 20
LARGEST_MEDIA_BYTES = 40 << 20

ACL_VERSION = 2
ACL_USER_OWNER, ACL_USER, ACL_GROUP_OWNER, ACL_MASK, ACL_OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
ACL_NOBODY = 0xFFFFFFFF


class Content:
    """A source of deterministic randomness for one tree."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        pool = random.Random("pool").randbytes(POOL_BYTES)
        self._pool = memoryview(pool + pool[:CHUNK_BYTES])

    def slice(self, size):
        """`size` bytes of the pool, at most 1 MiB, from anywhere."""
        start = self.random.randrange(POOL_BYTES)
        return self._pool[start:start + size]

    def write(self, descriptor, size):
        """Writes `size` bytes at the descriptor's position."""
        while size > 0:
            size -= os.write(descriptor, self.slice(min(size, CHUNK_BYTES)))

    def small_size(self):
        """The size of a script, a message, a configuration file."""
        return min(int(self.random.lognormvariate(7.62, 1.45)), 1 << 20)

    def media_size(self):
        """The size of an image, an archive, a video: from 60 KB, a few of tens of MB."""
        return min(int(60_000 * self.random.paretovariate(0.75)), LARGEST_MEDIA_BYTES)

    def modification_time(self):
        """Nanoseconds since 1970, in 2018 to 2024: old enough for no tool to distrust it."""
        return self.random.randrange(1_514_764_800_000_000_000, 1_735_689_600_000_000_000)


def access_list(user):
    """The kernel's form of `u::rw-,u:USER:r--,g::r--,m::r--,o::---` (linux/posix_acl_xattr.h)."""
    rows = [
        (ACL_USER_OWNER, 6, ACL_NOBODY), (ACL_USER, 4, user), (ACL_GROUP_OWNER, 4, ACL_NOBODY),
        (ACL_MASK, 4, ACL_NOBODY), (ACL_OTHER, 0, ACL_NOBODY)]
    return struct.pack("<I", ACL_VERSION) + b"".join(struct.pack("<HHI", *row) for row in rows)


def default_list(user):
    """A default ACL for a directory: `d:u::rwx,d:u:USER:rwx,d:g::r-x,d:m::rwx,d:o::r-x`."""
    rows = [
        (ACL_USER_OWNER, 7, ACL_NOBODY), (ACL_USER, 7, user), (ACL_GROUP_OWNER, 5, ACL_NOBODY),
        (ACL_MASK, 7, ACL_NOBODY), (ACL_OTHER, 5, ACL_NOBODY)]
    return struct.pack("<I", ACL_VERSION) + b"".join(struct.pack("<HHI", *row) for row in rows)
