// Small files that one worker reads together: opened one after the other, read in one submission of
// direct reads, then written one after the other. On a disk whose small files lie side by side the block
// layer makes few large reads of many small ones (figures: docs/design/copy.md).

import LinuxIO

/// The small files of one piece of work that are waiting to be read together.
///
/// Belongs to one worker.
package final class FileBatch {
    /// Files of a batch: descriptors that a worker holds at once, and requests that can be merged.
    package static let filesMax = 32
    /// Contents of a batch: 30 workers hold 30 MiB together.
    static let bytesMax = 1 << 20
    /// Above this a file is read by itself: its own reads are large enough.
    static let fileBytesMax: UInt64 = 131_072

    /// One file that waits.
    struct File {
        let entry: PassEntry
        /// The statuses that its place was decided by.
        let status: FileStatus
        let destination: FileStatus?
        let line: Itemization?
    }

    /// One that is open, with its part of the buffer and the number of its read, if it was read with others.
    struct Opened {
        let file: File
        let source: SourceFile
        var part: (read: Int, bytes: Range<Int>)?
    }

    let ring: ReadRing
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: FileBatch.bytesMax,
        alignment: ContentCopier.directAlignment
    )
    var files: [File] = []

    /// Throws where io_uring cannot be had.
    init(filesMax: Int) throws(SystemError) {
        ring = try ReadRing(capacity: filesMax)
        files.reserveCapacity(filesMax)
    }

    deinit { buffer.deallocate() }

    /// Whether a file is worth it: it has contents, and they are not too many.
    static func suits(_ status: FileStatus) -> Bool {
        status.sizeBytes > 0 && status.sizeBytes <= fileBytesMax
            && status.allocatedBytes >= status.sizeBytes
    }
}
