// Reading the beginnings of many files at once, and closing them: io_uring.

import CLinux

/// Reads of several files that are handed to the kernel in one submission, so that the block layer can
/// merge those that lie side by side on the disk.
///
/// Belongs to one thread, the one that first runs it. The corresponding calls are `io_uring_setup` and
/// `io_uring_enter`, Linux 5.6.
package final class ReadRing {
    /// Reads in one batch at most.
    package let capacity: Int
    private let ring: UnsafeMutableRawPointer
    private let reads: UnsafeMutableBufferPointer<cl_read>
    private var count = 0

    /// EPERM and ENOSYS tell that this kernel, or a container's rules, allow no io_uring; ENOMEM that too
    /// much memory is locked.
    package init(capacity: Int) throws(SystemError) {
        var made: UnsafeMutableRawPointer?
        check(try retrying(.makeRing) { cl_ring_make(UInt32(capacity), &made) })
        guard let made else { throw SystemError(.makeRing, .noMemory) }
        ring = made
        self.capacity = capacity
        reads = .allocate(capacity: capacity)
        reads.initialize(repeating: cl_read())
    }

    deinit {
        cl_ring_free(ring)
        reads.deallocate()
    }

    /// Adds a read of the file's first `buffer.count` bytes to the batch; returns its number in it.
    ///
    /// Descriptor and buffer must stay until `run` returns.
    package func add(
        _ file: borrowing Descriptor,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(count < capacity)
        reads[count] = cl_read(
            descriptor: file.raw,
            length: UInt32(buffer.count),
            buffer: buffer.baseAddress,
            result: 0
        )
        count += 1
        return count - 1
    }

    /// Makes all reads that were added and waits for them; the batch is empty afterwards.
    ///
    /// After an error this ring must not be used again; no buffer is in use any more then, either.
    package func run() throws(SystemError) {
        let count = count
        self.count = 0
        if count == 0 { return }
        check(try retrying(.useRing) { cl_ring_read(ring, reads.baseAddress, UInt32(count)) })
    }

    /// Does what lets go of files that were only read, or of handles: `most` at a time are closed together.
    ///
    /// Those of this thread that are let go of meanwhile, whoever had them, but for a file that `close` is called for.
    /// After an error all are closed, and this ring must not be used again. Not to be nested, and no read may be under
    /// way. The corresponding system call is `io_uring_enter`.
    package func closingTogether(_ most: Int, _ body: () -> Void) throws(SystemError) {
        cl_begin_gathering(ring, UInt32(min(most, capacity)))
        body()
        let result = cl_end_gathering()
        if result < 0 { throw SystemError(.useRing, ErrorCode(rawValue: -result)) }
    }

    /// What became of a read of the last batch: the number of bytes, fewer only where the file ends or the
    /// kernel had enough.
    package func result(of number: Int) throws(SystemError) -> Int {
        let result = reads[number].result
        if result < 0 { throw SystemError(.read, ErrorCode(rawValue: -result)) }
        return Int(result)
    }
}
