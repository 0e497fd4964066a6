// Locks that processes see of each other: flock(2) on an open file. They end with its last descriptor,
// however the process ends; nothing on the disk remembers them.

import CLinux

/// Who else may hold a lock at the same time.
package enum FileLock: Sendable {
    /// Nobody.
    case exclusive
    /// Others that share it.
    case shared
}

extension Descriptor {
    /// Locks this open file or directory until its descriptors are closed; false when another opening of it,
    /// in this process or another, has a lock that excludes this one.
    ///
    /// NFS takes an exclusive lock only of a file that is open for writing (EBADF). ENOLCK where a
    /// filesystem has no locks, or no more of them. The corresponding system call is `flock` with LOCK_NB.
    package func lock(_ lock: FileLock) throws(SystemError) -> Bool {
        do throws(SystemError) {
            check(try retrying(.flock) { cl_flock(raw, lock == .exclusive) })
            return true
        } catch {
            if error.code == .wouldBlock { return false }
            throw error
        }
    }
}
