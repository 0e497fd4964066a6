// Open descriptors and the calls that need nothing else. A descriptor has one owner and is closed
// once; whoever wrote through it closes it explicitly, for close(2) can report a lost write.
//
// Every opening call is (directory, name) with O_NOFOLLOW, O_CLOEXEC and O_NOCTTY, set in CLinux.
// Only `openRoot` and files that a person named (InputFile, OutputFile) are opened by a path.

import CLinux
import Glibc

/// An open file description of this process.
///
/// Closed when it goes out of scope, unless `close` was called.
package struct Descriptor: ~Copyable, Sendable {
    /// The number, 0 or more; it does not leave this target.
    let raw: Int32
    /// Whether it was opened with O_PATH: a handle on an entry of any type that reads no data.
    package let isPath: Bool

    /// Takes ownership of an open descriptor.
    package init(owning raw: Int32, isPath: Bool = false) {
        precondition(raw >= 0)
        self.raw = raw
        self.isPath = isPath
    }

    deinit {
        // Only descriptors that nothing was written through come here, so nothing can be lost by it;
        // Linux has released the number whatever close(2) says.
        cl_release(raw)
    }

    /// Closes it and reports what close(2) says.
    ///
    /// EINTR counts as closed (Linux never keeps the number).
    package consuming func close() throws(SystemError) {
        let raw = raw
        discard self
        let result = cl_close(raw)
        if result < 0, result != -EINTR { throw SystemError(.close, ErrorCode(rawValue: -result)) }
    }

    /// Opens a directory that a person named, symlinks followed: one of the two roots (S2), the state folder.
    ///
    /// Without touching its access time where that is allowed: where no view of SOURCE can be had, it is listed
    /// through this descriptor (S10). The corresponding system call is `open` with O_DIRECTORY.
    package static func openRoot(_ path: Name) throws(SystemError) -> Descriptor {
        // O_PATH handles follow symlinks on the way only without O_NOFOLLOW, which openat always sets:
        // so a name that is a symlink is opened through its slash-dot.
        let directory = Name(Array(path.bytes) + Array("/.".utf8))
        return Descriptor(
            owning: try directory.withPointer { name throws(SystemError) in
                try Self.openWithoutAccessTime {
                    cl_openat(CL_AT_FDCWD, name, O_RDONLY | O_DIRECTORY | $0, 0)
                }
            }
        )
    }

    /// Makes a directory that a person named, 0700, and opens it: the root DESTINATION (S1), the state folder.
    ///
    /// The system call is `mkdirat`.
    package static func makeRoot(_ path: Name) throws(SystemError) -> Descriptor {
        try path.withPointer { name throws(SystemError) in
            check(try retrying(.mkdir) { cl_mkdirat(CL_AT_FDCWD, name, 0o700) })
        }
        return try openRoot(path)
    }

    /// A view of this directory and all below it that is this process's own: access times never move,
    /// symlinks are never followed, devices never opened, and a read-only one takes no write at all,
    /// whoever asks.
    ///
    /// The view ends when the result is closed. Nil where it cannot be had: not root (EPERM), Linux before
    /// 5.12 (ENOSYS, EINVAL for a flag), an unbindable mount (EINVAL); every other error passes, and is none
    /// that says so. The corresponding system calls are `open_tree` with OPEN_TREE_CLONE and `mount_setattr`.
    package func privateView(isReadOnly: Bool) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            let view = try retrying(.open) { cl_private_mount(raw, isReadOnly) }
            return Descriptor(owning: view, isPath: true)
        } catch {
            switch error.code {
            case .notPermitted, .notImplemented, .invalid: return nil
            default: throw error
            }
        }
    }

    /// Opens the directory `name` in this one, on the same mount, without touching its access time where that is
    /// allowed.
    ///
    /// ENOTDIR or ELOOP tell that it is no directory, EXDEV that something is mounted there, which is not
    /// asked (but see `cl_open_directory`). The corresponding system call is `openat2`.
    package func openDirectory(_ name: NamePointer) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try Self.openWithoutAccessTime {
                cl_open_directory(raw, name, O_RDONLY | O_NONBLOCK | $0)
            }
        )
    }

    /// The same for a name that is owned.
    package func openDirectory(_ name: Name) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try name.withPointer { name throws(SystemError) in
                try Self.openWithoutAccessTime {
                    cl_open_directory(raw, name, O_RDONLY | O_NONBLOCK | $0)
                }
            }
        )
    }

    /// Opens the directory `name` in this one, whatever is mounted there, and may wait for it.
    ///
    /// The corresponding system call is `openat`.
    package func openDirectoryAcrossMounts(_ name: Name) throws(SystemError) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK
        return Descriptor(
            owning: try name.withPointer { name throws(SystemError) in
                try Self.openWithoutAccessTime { cl_openat(raw, name, flags | $0, 0) }
            }
        )
    }

    /// Opens the directory that is inode `inode` of this XFS, whatever its name, without touching its access
    /// time.
    ///
    /// ESTALE when that number means another inode by now, or none. The system call is `open_by_handle_at`.
    package func openDirectory(
        inode: UInt64,
        generation: UInt32
    ) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try retrying(.openHandle) { cl_open_xfs_directory(raw, inode, generation) }
        )
    }

    /// Takes a handle on the entry of any type that is inode `inode` of this XFS, whatever its name.
    ///
    /// ESTALE when that number means another inode by now, or none. The system call is `open_by_handle_at`
    /// with O_PATH.
    package func openHandle(
        inode: UInt64,
        generation: UInt32
    ) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try retrying(.openHandle) { cl_open_xfs_handle(raw, inode, generation) },
            isPath: true
        )
    }

    /// Takes a handle on the entry `name` of any type: no data, no side effect, symlinks not followed.
    ///
    /// The corresponding system call is `openat` with O_PATH.
    package func openHandle(_ name: NamePointer) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try retrying(.open) { cl_openat(raw, name, CL_O_PATH, 0) },
            isPath: true
        )
    }

    /// The same for a name that is owned.
    package func openHandle(_ name: Name) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try name.withPointer { name throws(SystemError) in
                try retrying(.open) { cl_openat(raw, name, CL_O_PATH, 0) }
            },
            isPath: true
        )
    }

    /// Takes a handle on the entry `name` of this mount; nil where that cannot be had in one call, for whatever reason:
    /// who gets none asks for the status of the name, which says why.
    ///
    /// Where something is mounted it is not asked (EXDEV). The corresponding system call is `openat2` with O_PATH.
    package func handleInside(_ name: NamePointer) -> Descriptor? {
        var result: Int32
        repeat { result = cl_open_handle_inside(raw, name) } while result == -EINTR
        if result < 0 { return nil }
        return Descriptor(owning: result, isPath: true)
    }

    /// Opens for reading what this handle holds: never another entry, whatever its name means by now.
    ///
    /// The caller has seen by `status` that it is a regular file, so no FIFO or device is ever opened.
    /// The corresponding system call is `open` on /proc/self/fd.
    package func reopenForReading() throws(SystemError) -> Descriptor {
        Descriptor(owning: try Self.openWithoutAccessTime { cl_reopen(raw, O_RDONLY | $0) })
    }

    /// Opens for reading and writing what this handle holds, likewise.
    ///
    /// The corresponding system call is `open` on /proc/self/fd.
    package func reopenForWriting() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying(.open) { cl_reopen(raw, O_RDWR) })
    }

    /// The same with O_DIRECT: reads pass the page cache by and need buffers, offsets and lengths in whole
    /// blocks.
    ///
    /// Nil where the filesystem cannot (EINVAL).
    package func reopenForDirectReading() throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return Descriptor(
                owning: try Self.openWithoutAccessTime {
                    cl_reopen(raw, O_RDONLY | CL_O_DIRECT | $0)
                }
            )
        } catch {
            if error.code == .invalid { return nil }
            throw error
        }
    }

    /// Begins or ends O_DIRECT for an open file: reads and writes then pass the page cache by, or no longer.
    ///
    /// False where the filesystem cannot (EINVAL). The corresponding system call is `fcntl` with F_SETFL.
    package func setDirect(_ isDirect: Bool) throws(SystemError) -> Bool {
        var result: Int32
        repeat { result = cl_set_direct(raw, isDirect) } while result == -EINTR
        if result == -EINVAL { return false }
        if result < 0 { throw SystemError(.setOpenFlags, ErrorCode(rawValue: -result)) }
        return true
    }

    /// Makes the regular file `name`, which must not exist, and opens it for writing, or for both.
    ///
    /// `isDirect`: writes pass the page cache by; only for a filesystem that is known to have that, for another makes
    /// the file before it refuses (EINVAL). The corresponding system call is `openat` with O_CREAT and O_EXCL.
    package func createFile(
        _ name: Name,
        mode: UInt32,
        isReadable: Bool = false,
        isDirect: Bool = false
    ) throws(SystemError) -> Descriptor {
        let access = isReadable ? O_RDWR : O_WRONLY
        let flags = access | O_CREAT | O_EXCL | (isDirect ? CL_O_DIRECT : 0)
        return Descriptor(
            owning: try name.withPointer { name throws(SystemError) in
                try retrying(.open) { cl_openat(raw, name, flags, mode_t(mode)) }
            }
        )
    }

    /// Makes a regular file without a name in this directory: gone when closed.
    ///
    /// The corresponding system call is `openat` with O_TMPFILE (EOPNOTSUPP where there is none).
    package func createUnnamedFile() throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try retrying(.open) {
                cl_openat(raw, ".", O_RDWR | CL_O_TMPFILE, 0o600)
            }
        )
    }

    /// One more descriptor of the same open file.
    ///
    /// The corresponding system call is `fcntl` with F_DUPFD_CLOEXEC.
    package func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try retrying(.open) { cl_duplicate(raw) }, isPath: isPath)
    }

    /// The status of the entry `name`, or nil when there is none.
    ///
    /// The system call is `statx`.
    package func status(of name: NamePointer) throws(SystemError) -> FileStatus? {
        var status = cl_status()
        var result: Int32
        repeat { result = cl_statx(raw, name, 0, &status) } while result == -EINTR
        if result == -ENOENT { return nil }
        if result < 0 { throw SystemError(.statx, ErrorCode(rawValue: -result)) }
        return FileStatus(status)
    }

    /// The status of what this descriptor is open on.
    ///
    /// The system call is `statx` with AT_EMPTY_PATH.
    package func status() throws(SystemError) -> FileStatus {
        var status = cl_status()
        let fd = raw
        check(try retrying(.statx) { cl_statx(fd, "", CL_AT_EMPTY_PATH, &status) })
        return FileStatus(status)
    }

    /// The path that the kernel would show for it; for people and for the check of nested roots only.
    ///
    /// The corresponding system call is `readlink` on /proc/self/fd.
    package func path() throws(SystemError) -> [UInt8] {
        let capacity = 65_536
        var buffer = [CChar](repeating: 0, count: capacity)
        let fd = raw
        let length = try retrying(.readlink) { cl_descriptor_path(fd, &buffer, capacity) }
        return buffer.prefix(length).map { UInt8(bitPattern: $0) }
    }

    /// A path of the entry `name` of this directory, for a library that takes nothing else: good as long as
    /// this descriptor is open, whatever becomes of the directory's own path.
    package func path(toEntry name: String) -> String { "/proc/self/fd/\(raw)/\(name)" }

    /// O_NOATIME is refused (EPERM) to those who neither own the file nor have CAP_FOWNER: then without.
    @inline(__always)
    private static func openWithoutAccessTime(
        _ open: (Int32) -> Int32
    ) throws(SystemError) -> Int32 {
        var result: Int32
        repeat { result = open(CL_O_NOATIME) } while result == -EINTR
        if result >= 0 { return result }
        if result != -EPERM { throw SystemError(.open, ErrorCode(rawValue: -result)) }
        return try retrying(.open) { open(0) }
    }
}

/// Takes note that a call which returns nothing but success has succeeded.
///
/// `retrying` has thrown for every negative result, so what is left is 0 (or a count nobody needs).
@inline(__always)
func check(_ result: some SignedInteger) {
    assert(result >= 0)
}
