// Regular files opened in a folder where anything else may have their names: FIFOs, devices and symlinks are
// looked at and left alone.

/// A regular file, open for reading, and the status of that very inode.
package struct RegularFile: ~Copyable {
    package let status: FileStatus
    package let reader: Descriptor
    /// Whether reads pass the page cache by, and need buffers, offsets and lengths in whole blocks.
    package let isDirect: Bool

    /// Its first bytes, at most `count`.
    package borrowing func start(count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = try bytes.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
            try reader.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        return Array(bytes.prefix(length))
    }

    /// The descriptor alone.
    package consuming func takeReader() -> Descriptor { reader }
}

extension Descriptor {
    /// Opens for reading what is called `name` in this directory, if it is a regular file; nil for any other type.
    ///
    /// It is held by a handle and looked at first, then that inode is opened: a FIFO or a device that takes the
    /// file's place meanwhile is not.
    ///
    /// With `isDirect` it asks for O_DIRECT; a filesystem that has none is read through the page cache.
    /// The error is the kernel's: ENOENT, EACCES, EIO and the like.
    package func openRegularFile(
        _ name: NamePointer,
        isDirect: Bool
    ) throws(SystemError) -> RegularFile? {
        let handle = try openHandle(name)
        return try handle.reopen(withStatus: try handle.status(), isDirect: isDirect)
    }

    /// The same of what this handle holds, of which `status` was taken through it.
    package func reopen(
        withStatus status: FileStatus,
        isDirect: Bool
    ) throws(SystemError) -> RegularFile? {
        guard status.kind == .regular else { return nil }
        if isDirect, let reader = try reopenForDirectReading() {
            return RegularFile(status: status, reader: reader, isDirect: true)
        }
        return RegularFile(
            status: status,
            reader: try reopenForReading(),
            isDirect: false
        )
    }

    /// Opens for reading and writing what is called `name` in this directory, and makes it, empty, where
    /// nothing is; nil for anything but a regular file.
    ///
    /// As above it is held and looked at first. EEXIST when others make and remove it meanwhile.
    package func openOrCreateRegularFile(
        _ name: Name,
        mode: UInt32
    ) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try createFile(name, mode: mode, isReadable: true)
        } catch {
            guard error.code == .exists else { throw error }
        }
        let handle = try openHandle(name)
        return try handle.status().kind == .regular ? try handle.reopenForWriting() : nil
    }
}
