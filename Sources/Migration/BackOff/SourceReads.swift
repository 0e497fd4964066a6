// Reads of SOURCE as a user's would be: small, at random, of files that nobody holds in memory for us.
//
// Nothing is held open between two: SOURCE is opened by its path, the file from there name by name, one block is read
// past the page cache, and all of it is closed. So SOURCE can be unmounted between passes, but for the moment of a read.
// Access times stay where that is allowed, as everywhere (O_NOATIME).

package import LinuxIO

/// What one turn came to.
package enum ReadOutcome: Equatable, Sendable {
    /// A block was read from a disk, in nanoseconds.
    case took(UInt64)
    /// Nothing could be read this time: no file is known, or it is gone, or SOURCE is another filesystem now.
    case nothing
    /// Nothing can be measured here at all.
    case noDirectReads
}

/// Times single reads.
///
/// Belongs to one thread; each call may block for as long as a disk does.
package struct SourceReads {
    /// What a filesystem is known by.
    private struct Mark: Equatable {
        let root: InodeIdentity
        let identifier: [UInt8]
    }

    private static let blockBytes = 4_096
    /// After so many files one after the other none is expected to be read past the page cache.
    private static let refusedMax = 8

    private let source: Name
    private let metFiles: MetFiles
    private var mark: Mark?
    /// Files that could not be read past the page cache, since one could: a single one may be odd (compressed, encrypted,
    /// kept in its inode), and says nothing of the filesystem.
    private var refused: Set<[UInt8]> = []
    private let buffer = ReadBuffer(byteCount: SourceReads.blockBytes)

    package init(_ source: Name, _ metFiles: MetFiles) {
        self.source = source
        self.metFiles = metFiles
    }

    /// Reads one block.
    ///
    /// `isPass`: a pass runs, which has judged what is at SOURCE; that is remembered. Otherwise it has to be what was
    /// there in the last pass.
    package mutating func read(isPass: Bool) -> ReadOutcome {
        guard let file = metFiles.any() else { return .nothing }
        // Nothing there, or nothing that tells what it is: that is the next pass's to judge, and no file's fault.
        guard let opened = try? Descriptor.openRoot(source) else { return .nothing }
        let root = SharedDescriptor(opened)
        guard let found = try? Self.mark(of: root.descriptor) else { return .nothing }
        if found != mark {
            guard isPass else { return .nothing }
            // Files that were met before are of the other one.
            if mark != nil { metFiles.clear() }
            mark = found
            refused = []
            return .nothing
        }
        do throws(SystemError) {
            let outcome = try read(file, below: root)
            switch outcome {
            case .took: refused = []
            case .nothing: metFiles.drop(file)
            case .noDirectReads:
                metFiles.drop(file)
                refused.insert(file.path)
                if refused.count < Self.refusedMax { return .nothing }
            }
            return outcome
        } catch {
            // Gone, replaced, not ours to read, broken: there are other files, and whatever this is, passes tell it.
            metFiles.drop(file)
            return .nothing
        }
    }

    /// Bytes that others have read from SOURCE's device or written to it, up to a number that stays the same; nil: it
    /// has no device, or the kernel does not tell.
    ///
    /// Only while nothing of ours runs, for what we read from other devices is taken off, too.
    package func othersBytes() -> Int64? {
        guard let mark, let all = DeviceTraffic(ofDevice: mark.root.device)?.bytes,
            let ours = DeviceTraffic.bytesReadByUs()
        else { return nil }
        return Int64(clamping: all) - Int64(clamping: ours)
    }

    private static func mark(of root: borrowing Descriptor) throws(SystemError) -> Mark {
        Mark(root: try root.status().identity, identifier: try root.filesystemIdentifier())
    }

    private func read(
        _ file: MetFiles.File,
        below root: SharedDescriptor
    ) throws(SystemError) -> ReadOutcome {
        let names = file.path.split(separator: 0x2F)
        guard let last = names.last.map(Name.init) else { return .nothing }
        var folder = root
        for name in names.dropLast() {
            // On the same mount, and through no symlink.
            folder = SharedDescriptor(try folder.descriptor.openDirectory(Name(name)))
        }
        return try last.withPointer { name throws(SystemError) -> ReadOutcome in
            guard let found = try folder.descriptor.openRegularFile(name, isDirect: true) else {
                return .nothing
            }
            guard found.isDirect else { return .noDirectReads }
            return try read(found.status.sizeBytes, of: found.reader)
        }
    }

    /// One block that holds data: a hole, or what was never written, is answered by no disk.
    private func read(
        _ sizeBytes: UInt64,
        of reader: borrowing Descriptor
    ) throws(SystemError) -> ReadOutcome {
        let block = UInt64(Self.blockBytes)
        guard sizeBytes >= block else { return .nothing }
        let wanted = UInt64.random(in: 0..<sizeBytes / block) * block
        var data = try reader.nextData(from: wanted, sizeBytes: sizeBytes)
        if data == nil { data = try reader.nextData(from: 0, sizeBytes: sizeBytes) }
        // Data ends where a hole begins, which may be within this block; then less of it is read from the disk.
        guard let start = data?.lowerBound else { return .nothing }
        let begin = monotonicNanoseconds()
        do throws(SystemError) {
            let count = try reader.read(into: buffer.bytes, at: start / block * block)
            return count > 0 ? .took(monotonicNanoseconds() - begin) : .nothing
        } catch {
            // Blocks that are larger than 4 KiB: none of the disks that there are, but a filesystem may say so.
            if error.code == .invalid { return .noDirectReads }
            throw error
        }
    }
}

/// Memory that direct reads can use.
private final class ReadBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: byteCount)
    }

    deinit { bytes.deallocate() }
}
