// Making, renaming and removing names: each call is (directory, name), no path is joined.

import CLinux
import Glibc

extension Descriptor {
    /// Makes a directory.
    ///
    /// The corresponding system call is `mkdirat`.
    package func makeDirectory(_ name: NamePointer, mode: UInt32) throws(SystemError) {
        check(try retrying(.mkdir) { cl_mkdirat(raw, name, mode_t(mode)) })
    }

    /// Makes a symlink that holds the bytes of `target`.
    ///
    /// The corresponding system call is `symlinkat`.
    package func makeSymlink(_ name: NamePointer, target: NamePointer) throws(SystemError) {
        check(try retrying(.symlink) { cl_symlinkat(target, raw, name) })
    }

    /// Makes a device, FIFO or socket.
    ///
    /// The corresponding system call is `mknodat`.
    package func makeSpecial(
        _ name: NamePointer,
        kind: EntryKind,
        mode: UInt32,
        major: UInt32,
        minor: UInt32
    ) throws(SystemError) {
        check(
            try retrying(.mknod) {
                cl_mknodat(raw, name, mode_t(kind.typeBits | mode), major, minor)
            }
        )
    }

    /// Gives the entry that `handle` holds one more name here: that very inode, whatever its first
    /// name means by now; a symlink is linked itself.
    ///
    /// EEXIST when `name` is taken.
    ///
    /// The corresponding system call is `linkat` on /proc/self/fd with AT_SYMLINK_FOLLOW.
    package func makeLink(_ name: NamePointer, to handle: borrowing Descriptor) throws(SystemError)
    {
        let target = handle.raw
        check(try retrying(.link) { cl_linkat_descriptor(target, raw, name) })
    }

    /// Removes a name that is no directory.
    ///
    /// The corresponding system call is `unlinkat`.
    package func removeFile(_ name: NamePointer) throws(SystemError) {
        check(try retrying(.unlink) { cl_unlinkat(raw, name, 0) })
    }

    /// Removes an empty directory.
    ///
    /// The corresponding system call is `unlinkat` with AT_REMOVEDIR.
    package func removeDirectory(_ name: NamePointer) throws(SystemError) {
        check(try retrying(.rmdir) { cl_unlinkat(raw, name, CL_AT_REMOVEDIR) })
    }

    /// Renames an entry of this directory over another name of it, in one step.
    ///
    /// The corresponding system call is `renameat2` without flags.
    package func rename(_ name: NamePointer, to newName: NamePointer) throws(SystemError) {
        check(try retrying(.rename) { cl_renameat2(raw, name, raw, newName, 0) })
    }

    /// Moves the directory `name` of this directory into another one of the same mount, or within this one,
    /// under a name that is free there.
    ///
    /// Never replaces anything: EEXIST when `newName` is taken. EXDEV for another mount or, on XFS and ext4,
    /// out of a project's tree; EINVAL for a directory that would come to lie in itself. The corresponding
    /// system call is `renameat2` with RENAME_NOREPLACE.
    package func renameDirectory(
        _ name: NamePointer,
        to directory: borrowing Descriptor,
        _ newName: NamePointer
    ) throws(SystemError) {
        let target = directory.raw
        check(
            try retrying(.rename) {
                cl_renameat2(raw, name, target, newName, CL_RENAME_NOREPLACE)
            }
        )
    }

    /// The same for names that are owned.
    package func renameDirectory(
        _ name: Name,
        to directory: borrowing Descriptor,
        _ newName: Name
    ) throws(SystemError) {
        let target = directory.raw
        let flags = CL_RENAME_NOREPLACE
        check(
            try name.withPointer { name throws(SystemError) in
                try newName.withPointer { newName throws(SystemError) in
                    try retrying(.rename) { cl_renameat2(raw, name, target, newName, flags) }
                }
            }
        )
    }

    /// Lets two entries of the same mount change places in one step, whatever their types.
    ///
    /// ENOENT when one of them is missing; otherwise as `renameDirectory`. The corresponding system call
    /// is `renameat2` with RENAME_EXCHANGE.
    package func exchange(
        _ name: NamePointer,
        with otherName: NamePointer,
        in directory: borrowing Descriptor
    ) throws(SystemError) {
        let other = directory.raw
        check(
            try retrying(.rename) {
                cl_renameat2(raw, name, other, otherName, CL_RENAME_EXCHANGE)
            }
        )
    }

    /// The target of the symlink `name`, at most PATH_MAX bytes as the kernel holds them.
    ///
    /// Returns the number of bytes put into `buffer`. The corresponding system call is `readlinkat`.
    package func readSymlink(
        _ name: NamePointer,
        into buffer: UnsafeMutableBufferPointer<CChar>
    ) throws(SystemError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return try retrying(.readlink) { cl_readlinkat(raw, name, base, buffer.count) }
    }

    /// The same of the symlink that this handle holds, whatever its name means by now.
    package func readHeldSymlink(
        into buffer: UnsafeMutableBufferPointer<CChar>
    ) throws(SystemError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return try retrying(.readlink) { cl_readlinkat(raw, "", base, buffer.count) }
    }
}
