// A FUSE filesystem without a daemon: it is mounted and answers nothing, so whoever asks it waits (S56).
// Closing its device makes it what a killed daemon leaves: every request then fails with ENOTCONN.

import Glibc
import Testing

/// One mounted FUSE that nobody serves.
package final class SilentFilesystem {
    private let mountPoint: [UInt8]
    private var device: Int32

    /// Mounts it over a directory, or over a file.
    ///
    /// - Parameters:
    ///   - mountPoint: what it is mounted over.
    ///   - user: who may use it beside root's own programs; for another user's even root is refused (EACCES).
    /// - Throws: `CallError` when /dev/fuse cannot be opened or mount(2) fails.
    package init(over mountPoint: [UInt8], user: UInt32 = 0) throws {
        self.mountPoint = mountPoint
        device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard device >= 0 else { throw CallError(call: "open", name: "/dev/fuse", errno: errno) }
        let type = try Files.status(mountPoint).st_mode & S_IFMT
        let options =
            "fd=\(device),rootmode=\(String(type, radix: 8)),user_id=\(user),group_id=\(user)"
        let result = withBytes(mountPoint) { name in
            mount("silent", name, "fuse", 0, options)
        }
        guard result == 0 else {
            let error = errno
            close(device)
            throw CallError(call: "mount", name: shown(mountPoint), errno: error)
        }
    }

    /// The daemon is gone: what waits ends, what asks is told ENOTCONN.
    package func die() {
        if device >= 0 { close(device) }
        device = -1
    }

    /// Unmounts it, whatever still waits for it; a second call does nothing.
    package func remove() {
        die()
        // Unmounted already by the second call, or by the test.
        _ = withBytes(mountPoint) { umount2($0, Int32(MNT_DETACH)) }
    }

    deinit { remove() }

    /// Whether the kernel has FUSE, and this machine its device.
    package static let isAvailable = access("/dev/fuse", R_OK | W_OK) == 0
}
