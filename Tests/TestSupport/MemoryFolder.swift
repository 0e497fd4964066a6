// A folder in memory (tmpfs), for files that many passes write and synchronise, and for folders that
// are full or read-only.

import Glibc
import Testing

/// A mounted tmpfs; it goes with the object, or with the test process.
package final class MemoryFolder {
    /// Where it is mounted.
    package let path: [UInt8]

    /// Mounts one.
    ///
    /// - Parameter size: as in tmpfs(5), for example `64m`.
    /// - Throws: `ScriptFailure` when it cannot be mounted.
    package init(size: String = "256m") throws {
        path = joined(try Scratch.directory(), Scratch.uniqueName("memory"))
        try Shell.run(
            "mkdir -- \"$1\"; mount -t tmpfs -o \"mode=755,size=$2\" tests \"$1\"",
            path,
            bytes(size)
        )
    }

    /// Mounts it again with other options, for example `ro` or `size=1m`; what it holds stays.
    package func remount(_ options: String) throws {
        try Shell.run("mount -o \"remount,$2\" -- \"$1\"", path, bytes(options))
    }

    deinit {
        do {
            try Shell.run("umount -l -- \"$1\"; rmdir -- \"$1\"", path)
        } catch {
            Issue.record("a folder was left behind: \(error)")
        }
    }
}
