// What reading around broken parts of a disk needs beside `read`: how finely a file can be read past the
// page cache, and what the page cache still holds of it.

import CLinux
import Glibc

extension Descriptor {
    /// What offsets and lengths of direct reads of this file must be multiples of, in bytes: the disk's logical
    /// block.
    ///
    /// Nil where the kernel does not tell, or the filesystem has no direct reads.
    ///
    /// The corresponding system call is `statx` with STATX_DIO_READ_ALIGN (Linux 6.14) and STATX_DIOALIGN (6.1).
    package func directReadAlignment() throws(SystemError) -> Int? {
        var alignment: UInt32 = 0
        let fd = raw
        check(try retrying(.statx) { cl_direct_read_alignment(fd, &alignment) })
        return alignment == 0 ? nil : Int(alignment)
    }

    /// Reads what the page cache holds of `buffer.count` bytes from `offset`, and asks no disk.
    ///
    /// Nil where it does not hold the first of them, or the filesystem cannot say. The file must not be open
    /// for direct reads. The system call is `preadv2` with RWF_NOWAIT.
    package func readCached(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemError) -> Int? {
        var result: Int
        repeat {
            result = cl_pread_cached(raw, buffer.baseAddress, buffer.count, Int64(offset))
        } while result == -Int(EINTR)
        if result == -Int(EAGAIN) || result == -Int(EOPNOTSUPP) { return nil }
        if result < 0 { throw SystemError(.read, ErrorCode(rawValue: Int32(-result))) }
        return result
    }

    /// Tells the kernel that no readahead is wanted; a hint, so its status is no error.
    ///
    /// The corresponding system call is `posix_fadvise` with POSIX_FADV_RANDOM.
    package func adviseRandom() {
        // A hint that is refused changes speed and nothing else.
        _ = cl_fadvise_random(raw)
    }
}

/// Memory that direct reads of many files go into, in large pages where the kernel gives them: it then looks up and
/// joins 512 times fewer.
///
/// Pages that are never used cost nothing. To be deallocated by its owner. The corresponding system call is `madvise`
/// with MADV_HUGEPAGE, a hint.
package func allocateForDirectReads(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 2 << 20)
    // A kernel that has none refuses: then they are small ones.
    _ = cl_advise_huge(memory.baseAddress, memory.count)
    return memory
}
