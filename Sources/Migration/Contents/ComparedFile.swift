// One file of a comparison: read past the page cache where that can be had, and where it has data.

import LinuxIO

/// One side of a comparison: a regular file, open, and its status from that very inode.
struct ComparedFile {
    let side: Failure.Side
    let status: FileStatus
    let reader: SharedDescriptor
    /// Whether reads pass the page cache by.
    var isDirect: Bool

    init(_ side: Failure.Side, _ opened: consuming RegularFile) {
        self.side = side
        status = opened.status
        isDirect = opened.isDirect
        reader = SharedDescriptor(opened.takeReader())
        // What the copy left in memory is no proof of what is on the disk: where direct reads cannot be had, or are
        // answered from memory all the same (ext4's data=journal), it must be gone. SOURCE's stays: users need it.
        if side == .destination { reader.descriptor.forgetCachedPages() }
    }

    /// Reads until `wanted` bytes are there or the file ends; returns how many are.
    mutating func read(
        _ wanted: Int,
        at offset: UInt64,
        into memory: UnsafeMutableRawBufferPointer
    ) throws(ContentFailure) -> Int {
        let alignment = ContentCopier.directAlignment
        var filled = 0
        while filled < wanted {
            let position = offset + UInt64(filled)
            do throws(SystemError) {
                // A file that is being written to can end a direct read anywhere.
                if isDirect, position % UInt64(alignment) != 0 {
                    isDirect = try !reader.descriptor.setDirect(false)
                }
                let rest = wanted - filled
                let asked =
                    isDirect ? Int(ContentCopier.roundedUp(UInt64(rest))) : rest
                let count = try reader.descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: memory[filled..<filled + asked]),
                    at: position
                )
                if count == 0 { break }
                filled += min(count, rest)
            } catch {
                // EINVAL: a disk with larger blocks. Anything else is the file's own trouble.
                guard isDirect, error.code == .invalid,
                    (try? reader.descriptor.setDirect(false)) == true
                else {
                    let end = offset + UInt64(wanted)
                    throw ContentFailure(side: side, error: error, bytes: position..<end)
                }
                isDirect = false
            }
        }
        return filled
    }
}

/// Where one file has data, asked of the kernel as one goes along.
struct DataMap {
    var file: ComparedFile
    /// The run of data that was found last, and from where it was asked for; nil: none is left from there on.
    private var known: (from: UInt64, data: Range<UInt64>?)?

    init(_ file: ComparedFile) {
        self.file = file
        let status = file.status
        // What is small, or holds as much space as its size, is read as it is: at worst holes are read as zeros.
        if status.sizeBytes <= UInt64(ContentCopier.bufferBytes),
            status.allocatedBytes >= status.sizeBytes
        {
            known = (0, 0..<status.sizeBytes)
        }
    }

    /// The next run of data from `position` on, which grows from call to call.
    mutating func data(from position: UInt64) throws(ContentFailure) -> Range<UInt64>? {
        if let known, position >= known.from {
            guard let data = known.data else { return nil }
            if position < data.upperBound {
                return max(position, data.lowerBound)..<data.upperBound
            }
        }
        let size = file.status.sizeBytes
        let data = try file.reader.descriptor.nextData(file.side, from: position, sizeBytes: size)
        known = (position, data)
        return data
    }
}
