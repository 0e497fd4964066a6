// Where the filesystem of a root ends: the one place that says so, for passes, verifications and checks (S4,
// S46, S55), and that asks for a status without waiting for what is mounted below (S56).
//
// What is kept true: a mount point is recognised before anything of it is opened, listed or read. The kernel
// answers that from its own table (AT_STATX_DONT_SYNC), also for a FUSE whose daemon hangs or is gone.

import CLinux
import Glibc

/// An entry that is held by a handle, and what it was when it was taken hold of.
package struct HeldEntry: Sendable {
    package let status: FileStatus
    package let handle: SharedDescriptor

    init(_ status: FileStatus, _ handle: SharedDescriptor) {
        self.status = status
        self.handle = handle
    }
}

/// The end of one root's filesystem.
package struct MountBoundary: Sendable {
    /// What begins at an entry.
    package enum Crossing: Sendable, Hashable {
        /// Something is mounted there: another filesystem, or a part of one.
        case mount
        /// A directory of the same mount with a device number of its own: a btrfs subvolume.
        case subvolume
    }

    /// How a status is asked for.
    private enum Asking: Sendable {
        /// One call that asks no server, for filesystems that have none: it changes nothing for them.
        case local
        /// The same first; a second call brings what a server or a lower filesystem knows now.
        case distant
        /// One call that may wait: mounts are crossed (`--cross-mounts`).
        case crossing
    }

    private let device: UInt64
    private let mount: UInt64
    private let asking: Asking

    /// The boundary of an open root; with `isCrossed` there is none.
    package init(root: FileStatus, volume: VolumeStatus, isCrossed: Bool = false) {
        device = root.device
        mount = root.mount
        asking = isCrossed ? .crossing : volume.keepsAttributesItself ? .local : .distant
    }

    /// What begins at an entry below the root; nil where it belongs to the root's filesystem.
    ///
    /// A device number of its own means nothing for others than directories: an overlay filesystem gives the
    /// files of each layer theirs.
    package func crossing(at status: FileStatus) -> Crossing? {
        if asking == .crossing { return nil }
        if status.mount != mount || status.isMountRoot { return .mount }
        return status.device != device && status.kind == .directory ? .subvolume : nil
    }

    /// Whether an entry below the root does not belong to its filesystem.
    package func isOutside(_ status: FileStatus) -> Bool { crossing(at: status) != nil }

    /// The status of the entry `name` of a directory, or nil when there is none.
    ///
    /// Of a mount point only the mount, and its type and owner where the kernel remembers them, may be told.
    /// The system call is `statx`.
    package func status(
        of name: NamePointer,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> FileStatus? {
        if asking == .crossing { return try directory.status(of: name) }
        var found = cl_status()
        let descriptor = directory.raw
        var result: Int32
        repeat {
            result = cl_statx(descriptor, name, CL_AT_STATX_DONT_SYNC, &found)
        } while result == -EINTR
        if result == -ENOENT { return nil }
        if result < 0 {
            // A FUSE of another user's refuses its attributes even to root (EACCES), but not to be one.
            let error = SystemError(.statx, ErrorCode(rawValue: -result))
            guard cl_statx_mount(descriptor, name, &found) == 0, isOutside(FileStatus(found)) else {
                throw error
            }
            return FileStatus(found)
        }
        let status = FileStatus(found)
        if asking == .local || isOutside(status) { return status }
        return try directory.status(of: name)
    }

    /// A handle on the entry `name` of a directory, and its status from that handle: for what is to be opened anyway, one
    /// call less than asking by the name first.
    ///
    /// Nil where that cannot be had, be it that something is mounted there or that nothing is: `status(of:in:)` tells
    /// which. The corresponding system calls are `openat2` with O_PATH and `statx`.
    package func hold(
        _ name: NamePointer,
        in directory: borrowing Descriptor
    ) -> HeldEntry? {
        guard asking != .crossing, let handle = directory.handleInside(name),
            let status = try? handle.status(), !isOutside(status)
        else { return nil }
        return HeldEntry(status, SharedDescriptor(handle))
    }

    /// Opens the directory `name` in another; EXDEV where something is mounted on it.
    ///
    /// A subvolume is opened: the caller asks `crossing` of what is open. The corresponding system call is
    /// `openat2`.
    package func openDirectory(
        _ name: Name,
        in directory: borrowing Descriptor
    ) throws(SystemError) -> Descriptor {
        asking == .crossing
            ? try directory.openDirectoryAcrossMounts(name) : try directory.openDirectory(name)
    }
}
