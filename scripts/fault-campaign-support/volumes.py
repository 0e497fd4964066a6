"""Two small volumes in images, and how DESTINATION gets back to a kept state in some milliseconds.

The images lie in memory (/dev/shm) where that has room. A loop device is freed by the kernel when nobody has
it open and nothing is mounted from it (LO_FLAGS_AUTOCLEAR), and mounts are those of the process's own mount
namespace (scripts/fault-campaign makes it): nothing is left, whatever ends the process.
"""

import ctypes
import fcntl
import os
import struct
import subprocess

MEBIBYTE = 1 << 20
CHUNK = 1 << 16

LOOP_CTL_GET_FREE = 0x4C82
LOOP_CONFIGURE = 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
BLKFLSBUF = 0x1261

MS_RDONLY, MS_NOATIME, MS_REMOUNT, MS_BIND, MS_STRICTATIME = 1, 1024, 32, 4096, 1 << 24
UNMOUNT_ATTEMPTS = 200

_libc = ctypes.CDLL(None, use_errno=True)


def mount(device, directory, kind, flags, data=""):
    """mount(2)."""
    words = [os.fsencode(word) if word else None for word in (device, directory, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {device}: {os.strerror(error)}", directory)


def unmount(directory):
    """umount2(2), again while something that was just killed still holds it."""
    for _ in range(UNMOUNT_ATTEMPTS):
        if _libc.umount2(os.fsencode(directory), 0) == 0:
            return
        subprocess.run(["sleep", "0.05"], check=True)
    raise OSError(ctypes.get_errno(), "umount", directory)


def run(*words):
    """Runs a tool that has to succeed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


class Volume:
    """A filesystem in an image on a loop device."""

    def __init__(self, directory, name, kind, size_mebibytes, options=()):
        self.kind = kind
        self.image = os.path.join(directory, f"{name}.img")
        self.path = os.path.join(directory, name)
        self.size = size_mebibytes * MEBIBYTE
        os.mkdir(self.path)
        self.image_descriptor = os.open(self.image, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(self.image_descriptor, self.size)
        run(f"mkfs.{kind}", "-q", *options, self.image)
        self.device = self._attach()
        self.device_descriptor = os.open(self.device, os.O_RDWR)
        self.is_mounted = False
        self.mount()

    def _attach(self):
        with open("/dev/loop-control", "rb") as control:
            while True:
                number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
                device = f"/dev/loop{number}"
                descriptor = os.open(device, os.O_RDWR)
                # struct loop_config: descriptor, block size, struct loop_info64 (flags at 52), reserved.
                info = bytearray(232)
                struct.pack_into("<I", info, 52, LO_FLAGS_AUTOCLEAR)
                config = struct.pack("<II", self.image_descriptor, 0) + bytes(info) + bytes(64)
                try:
                    fcntl.ioctl(descriptor, LOOP_CONFIGURE, config)
                except OSError:
                    os.close(descriptor)
                    continue  # somebody else was faster
                self._keep_alive = descriptor
                return device

    def mount(self):
        """Mounts it so that every reading moves an access time."""
        mount(self.device, self.path, self.kind, MS_STRICTATIME)
        self.is_mounted = True

    def unmount(self):
        """Unmounts it."""
        if self.is_mounted:
            unmount(self.path)
            self.is_mounted = False

    def keep(self):
        """Remembers what the volume holds; it is mounted anew."""
        self.unmount()
        os.fsync(self.device_descriptor)
        kept = []
        offset = 0
        while True:
            try:
                offset = os.lseek(self.image_descriptor, offset, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(self.image_descriptor, offset, os.SEEK_HOLE)
            while offset < end:
                data = os.pread(self.image_descriptor, min(CHUNK, end - offset), offset)
                if data.strip(b"\0"):
                    kept.append((offset, data))
                offset += len(data)
        self.kept = kept
        self.mount()

    def restore(self):
        """Brings the volume back to what was kept; it is mounted anew."""
        self.unmount()
        os.fsync(self.device_descriptor)
        punch_hole_keep_size = 3
        if _libc.fallocate(self.image_descriptor, punch_hole_keep_size, ctypes.c_long(0),
                           ctypes.c_long(self.size)) != 0:
            raise OSError(ctypes.get_errno(), "fallocate")
        for offset, data in self.kept:
            os.pwrite(self.image_descriptor, data, offset)
        fcntl.ioctl(self.device_descriptor, BLKFLSBUF)
        self.mount()

    def close(self):
        """Unmounts it and removes the image."""
        self.unmount()
        for descriptor in (self.device_descriptor, self._keep_alive, self.image_descriptor):
            os.close(descriptor)
        os.unlink(self.image)
        os.rmdir(self.path)


class ReadOnlyView:
    """The same directory without access times that move, for tools that read it."""

    def __init__(self, directory, name):
        self.path = f"{directory}-{name}"
        os.mkdir(self.path)
        mount(directory, self.path, None, MS_BIND)
        mount(None, self.path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOATIME)

    def close(self):
        """Takes it away."""
        unmount(self.path)
        os.rmdir(self.path)
