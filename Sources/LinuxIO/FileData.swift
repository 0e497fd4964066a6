// Contents of files: reading, writing, holes.

import CLinux
import Glibc

extension Descriptor {
    /// Reads at most `buffer.count` bytes from `offset`; 0 at the end.
    ///
    /// The system call is `pread`.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        try retrying(.read) { cl_pread(raw, buffer.baseAddress, buffer.count, Int64(offset)) }
    }

    /// Writes all of `buffer` at `offset`.
    ///
    /// The system call is `pwrite`, again for what it left over.
    package func write(_ buffer: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var written = 0
        while written < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
            let count = try retrying(.write) {
                cl_pwrite(raw, rest.baseAddress, rest.count, Int64(offset) &+ Int64(written))
            }
            // pwrite(2) does not return 0 for a regular file and a length above 0; if it did, this
            // would never end.
            if count == 0 { throw SystemError(.write, .inputOutput) }
            written += count
        }
    }

    /// Sets the size; what is added reads as zeros and takes no space.
    ///
    /// The system call is `ftruncate`.
    package func truncate(to sizeBytes: UInt64) throws(SystemError) {
        // XFS has files of 2^63 - 1 bytes; rounded up to a block they are more than any call can name.
        guard let size = Int64(exactly: sizeBytes) else {
            throw SystemError(.ftruncate, .fileTooLarge)
        }
        check(try retrying(.ftruncate) { cl_ftruncate(raw, size) })
    }

    /// The next run of data at or after `offset`, or nil when only a hole is left.
    ///
    /// A filesystem that knows no holes answers with the rest of the file. Unwritten extents count as
    /// holes (S22). The corresponding system calls are `lseek` with SEEK_DATA and SEEK_HOLE.
    package func nextData(from offset: UInt64, sizeBytes: UInt64) throws(SystemError) -> Range<
        UInt64
    >? {
        guard offset < sizeBytes else { return nil }
        var start: Int64
        repeat {
            start = cl_lseek(raw, Int64(offset), CL_SEEK_DATA)
        } while start == -Int64(EINTR)
        if start == -Int64(ENXIO) { return nil }
        if start == -Int64(EINVAL) { return offset..<sizeBytes }
        if start < 0 { throw SystemError(.lseek, ErrorCode(rawValue: Int32(-start))) }
        guard UInt64(start) < sizeBytes else { return nil }
        var end: Int64
        repeat { end = cl_lseek(raw, start, CL_SEEK_HOLE) } while end == -Int64(EINTR)
        // The file shrank between the two calls: nothing is left.
        if end == -Int64(ENXIO) { return nil }
        if end < 0 { throw SystemError(.lseek, ErrorCode(rawValue: Int32(-end))) }
        return UInt64(start)..<min(UInt64(end), sizeBytes)
    }

    /// Drops what the page cache holds of this file, but for pages that are dirty or mapped; a hint, so its
    /// status is no error.
    ///
    /// The corresponding system call is `posix_fadvise` with POSIX_FADV_DONTNEED.
    package func forgetCachedPages() {
        // What stays cached is read from the cache where direct reads cannot be had, and no call can tell.
        _ = cl_fadvise_forget(raw)
    }

    /// Where the first byte of this file lies on its device, in bytes; nil where that cannot be told.
    ///
    /// For an order of reading and nothing else, so why it cannot be told is no error: what a disk does not give the
    /// reading itself says. The corresponding call is `ioctl(FS_IOC_FIEMAP)`.
    package func firstPlace() -> UInt64? {
        var place: UInt64 = 0
        return cl_first_place(raw, &place) < 0 ? nil : place
    }

    /// Writes back this file and its metadata and waits for it.
    ///
    /// The corresponding system call is `fsync`.
    package func synchronize() throws(SystemError) {
        check(try retrying(.fsync) { cl_fsync(raw) })
    }

    /// Writes back everything dirty of the filesystem that holds this descriptor and waits for it.
    ///
    /// Reports write-back errors since the descriptor was opened. The corresponding system call is `syncfs`.
    package func synchronizeFilesystem() throws(SystemError) {
        check(try retrying(.syncfs) { cl_syncfs(raw) })
    }
}

/// Whether both hold the same bytes.
///
/// The corresponding function is `memcmp`.
package func haveSameBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool
{
    guard left.count == right.count else { return false }
    guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return true }
    return memcmp(leftBase, rightBase, left.count) == 0
}

/// Whether every byte of `buffer` is zero.
///
/// Reads by words; stops at the first that is not.
@inlinable
package func isAllZero(_ buffer: UnsafeRawBufferPointer) -> Bool {
    guard let base = buffer.baseAddress else { return true }
    let words = buffer.count / 8
    var index = 0
    // Eight words at a time, so that the loop is vectorised; real data nearly always ends it at once.
    while index + 8 <= words {
        var union: UInt64 = 0
        for step in 0..<8 {
            union |= base.loadUnaligned(fromByteOffset: (index + step) * 8, as: UInt64.self)
        }
        if union != 0 { return false }
        index += 8
    }
    var offset = index * 8
    while offset < buffer.count {
        if buffer[offset] != 0 { return false }
        offset += 1
    }
    return true
}
