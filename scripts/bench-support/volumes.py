"""Real XFS and ext4 volumes in image files, mounted by loop devices, and their removal.

The loop devices use direct I/O: an image then behaves like a disk, and its blocks are cached once,
by the mounted filesystem, so that remounting and dropping the caches makes a volume cold. Where the
directory of the images cannot do direct I/O the volume says so (`has_direct_io`) and the report
too.

Volumes belong to a Workspace, which unmounts, detaches and deletes all of them on its way out,
whatever the way is. What a volume holds is not kept, except an image that was asked to stay
(--keep-source).
"""

import json
import os
import pathlib
import shutil
import tempfile
import time

from command import CommandFailed, run

GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20

# Without atimes: or the first tool would write those that the second then finds written.
MOUNT_OPTIONS = "noatime"
XFS_OPTIONS = ("-q", "-f", "-K")
# Nothing is left for a kernel thread to initialise while a tool is measured. Without discard the
# image keeps its blocks: only the first run on it would pay for allocating them.
EXT4_OPTIONS = ("-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard")
# mkfs.ext4 gives this journal to volumes of 128 GiB and more; small test volumes would get one that
# stalls every tool at a size that no migration has.
LARGE_JOURNAL_MEBIBYTES = 1024
SMALL_JOURNAL_MEBIBYTES = 64
UNMOUNT_ATTEMPTS = 50


class Volume:
    """One filesystem in one image: `attach`ed to a loop device, mounted after `format`, gone after
    `close`. Whether it is mounted or attached the kernel is asked each time: a signal may end a
    mount command at any point, and what we remember would then be wrong."""

    def __init__(self, workspace, name, kind, size, inodes=0, image=None):
        self.kind = kind
        self.size = size
        self.inodes = inodes
        self.is_kept = image is not None
        self.image = pathlib.Path(image or workspace.path / f"{name}.img")
        self.mount_point = workspace.path / name
        self.loop = ""

    def attach(self):
        """Makes the image unless it is there, and its loop device."""
        self.mount_point.mkdir()
        if not self.image.exists():
            with open(self.image, "xb") as file:
                file.truncate(self.size)
        try:
            self.loop = run("losetup", "--find", "--show", "--direct-io=on", self.image)
        except CommandFailed:
            self.loop = run("losetup", "--find", "--show", self.image)

    @property
    def is_mounted(self):
        """Whether something is mounted on the mount point."""
        return os.path.ismount(self.mount_point)

    @property
    def has_direct_io(self):
        """Whether the kernel really passes the image's pages by; asking for it is not enough."""
        flag = pathlib.Path("/sys/block", os.path.basename(self.loop), "loop/dio")
        return flag.exists() and flag.read_text().strip() == "1"

    def format(self):
        """Makes the filesystem anew, empty, and mounts it. ext4 loses `lost+found`: of the tools
        only cutover knows that it is to be left alone, and rsync would delete it."""
        self.unmount()
        if self.kind == "xfs":
            run("mkfs.xfs", *XFS_OPTIONS, self.loop)
        else:
            is_large = self.size >= 4 * GIBIBYTE
            journal = LARGE_JOURNAL_MEBIBYTES if is_large else SMALL_JOURNAL_MEBIBYTES
            inodes = max(self.inodes, self.size // 16384)
            run("mkfs.ext4", *EXT4_OPTIONS, "-J", f"size={journal}", "-N", inodes, self.loop)
        self.mount()
        if self.kind == "ext4":
            (self.mount_point / "lost+found").rmdir()

    def mount(self):
        """Mounts the volume unless it is mounted."""
        if not self.is_mounted:
            run("mount", "-t", self.kind, "-o", MOUNT_OPTIONS, self.loop, self.mount_point)

    def unmount(self):
        """Unmounts, with patience: what was just killed may hold the volume for a moment."""
        attempts = 0
        while self.is_mounted:
            try:
                run("umount", self.mount_point)
            except CommandFailed:
                attempts += 1
                if attempts == UNMOUNT_ATTEMPTS:
                    raise
                time.sleep(0.2)

    def allocate(self):
        """Writes the whole image once: no measured run then pays the host for its blocks."""
        run("dd", "if=/dev/zero", f"of={self.image}", "bs=16M", "oflag=direct", "conv=notrunc",
            f"count={self.size // (16 * MEBIBYTE)}", "status=none")

    def close(self):
        """Unmounts and detaches; deletes the image unless it is kept. Goes as far as it can."""
        try:
            self.unmount()
        finally:
            loops = run("losetup", "--noheadings", "--output", "NAME", "--associated", self.image)
            for loop in loops.split():
                run("losetup", "--detach", loop)
            if not self.is_kept:
                self.image.unlink(missing_ok=True)
            if self.mount_point.exists():
                self.mount_point.rmdir()


class Workspace:
    """The directory that holds images and mount points, and all volumes that were made in it."""

    def __init__(self, directory, keeps_sources):
        self.directory = pathlib.Path(directory)
        self.keeps_sources = keeps_sources
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="cutover-bench-", dir=directory))
        self.scratch = self.path / "scratch"
        self.scratch.mkdir()
        # What cutover remembers of these volumes goes with them.
        self.state = self.path / "state"
        self.state.mkdir(mode=0o700)
        self.volumes = {}

    def make(self, name, kind, size, inodes=0):
        """A formatted, mounted, empty volume of at least `size` bytes."""
        volume = self._attach(name, kind, size, inodes, None)
        volume.format()
        return volume

    def make_source(self, name, size, description, fill, weigh):
        """The XFS volume that `fill(mount point)` has filled, or a kept image that was filled by
        the same description. Returns it with what `fill` and then `weigh` say of the tree."""
        if not self.keeps_sources:
            volume = self.make(name, "xfs", size)
            return volume, self._filled(volume, fill, weigh)
        image = self.directory / f"cutover-bench-{name}.img"
        label = image.with_suffix(".json")
        kept = json.loads(label.read_text()) if label.exists() and image.exists() else {}
        if kept.get("description") == description:
            volume = self._attach(name, "xfs", size, 0, image)
            volume.mount()
            return volume, kept["tree"]
        # The label goes first and comes back last: an image without one was not filled to its end.
        label.unlink(missing_ok=True)
        image.unlink(missing_ok=True)
        volume = self._attach(name, "xfs", size, 0, image)
        volume.format()
        tree = self._filled(volume, fill, weigh)
        self.label_source(name, description, tree)
        return volume, tree

    def _filled(self, volume, fill, weigh):
        tree = fill(volume.mount_point)
        volume.unmount()
        volume.mount()
        return {**tree, **weigh(volume.mount_point)}

    def label_source(self, name, description, tree):
        """Records what a kept image holds; after each round of edits too."""
        if self.keeps_sources:
            label = self.directory / f"cutover-bench-{name}.json"
            label.write_text(json.dumps({"description": description, "tree": tree}))

    def remove(self, name):
        """Takes one volume away."""
        self.volumes[name].close()
        del self.volumes[name]

    def make_cold(self, *volumes):
        """Mounts the volumes anew with nothing left to write and every cache dropped."""
        for volume in volumes:
            volume.unmount()
        os.sync()
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n")
        for volume in volumes:
            volume.mount()

    def close(self):
        """Takes everything away. One volume that cannot be removed does not keep the others."""
        problems = []
        for name in list(self.volumes):
            try:
                self.remove(name)
            except (CommandFailed, OSError) as problem:
                problems.append(str(problem))
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)
        if problems:
            raise CommandFailed("could not clean up:\n" + "\n".join(problems))
        self.path.rmdir()

    def _attach(self, name, kind, size, inodes, image):
        size = max(size, 320 * MEBIBYTE)
        size += -size % (16 * MEBIBYTE)
        volume = Volume(self, name, kind, size, inodes, image)
        # Known before it is made: an interruption in the middle of making it is cleaned up too.
        self.volumes[name] = volume
        volume.attach()
        return volume
