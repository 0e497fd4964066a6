// Small files that one worker reads together: opened one after the other, read in one submission of
// direct reads, then written or compared one after the other. On a disk whose small files lie side by side the block
// layer makes few large reads of many small ones (figures: docs/design/copy.md).

import LinuxIO

/// The small files of one run of entries that are waiting to be read together.
///
/// Belongs to one worker.
package final class FileBatch<File> {
    let ring: ReadRing
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: SmallFiles.bytesMax,
        alignment: ContentCopier.directAlignment
    )
    var files: [File] = []

    /// Throws where io_uring cannot be had.
    init(filesMax: Int) throws(SystemError) {
        ring = try ReadRing(capacity: filesMax)
        files.reserveCapacity(filesMax)
    }

    deinit { buffer.deallocate() }

    /// Takes what has gathered.
    func take() -> [File] {
        defer { files.removeAll(keepingCapacity: true) }
        return files
    }
}

/// Which files are read together, and how many.
enum SmallFiles {
    /// Files of a batch: descriptors that a worker holds at once, and requests that can be merged.
    static let filesMax = 32
    /// Contents of a batch: 30 workers hold 30 MiB together.
    static let bytesMax = 1 << 20
    /// Above this a file is read by itself: its own reads are large enough.
    static let fileBytesMax: UInt64 = 131_072

    /// Whether a file is worth it: it has contents, and they are not too many.
    static func suit(_ status: FileStatus) -> Bool {
        status.sizeBytes > 0 && status.sizeBytes <= fileBytesMax
            && status.allocatedBytes >= status.sizeBytes
    }
}
