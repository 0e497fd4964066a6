// Contents: data is read, holes are not (S20); blocks of zeros are not written (S21); what was there when
// the file was opened is copied, no more (S17).

package import LinuxIO

/// Copies contents with one buffer.
///
/// Belongs to one worker.
package final class ContentCopier {
    /// 256 KiB: reads of this size keep readahead busy, and 30 workers hold 7.5 MB together.
    static let bufferBytes = 262_144
    /// Files of this size and above pass the page cache by: below, delayed allocation and write-back of many
    /// files together are worth more than the copying that it saves (docs/benchmarks/NOTES.md).
    static let directBytesMin: UInt64 = 65_536
    /// Of buffers, offsets and lengths of direct reads and writes: a page; no disk has larger blocks.
    static let directAlignment = 4096

    private let rules: ContentRules
    /// Scratch space: contents are undefined between calls; other code on this worker may use it.
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ContentCopier.bufferBytes,
        alignment: 4096
    )

    package init(_ rules: ContentRules) { self.rules = rules }

    deinit { buffer.deallocate() }

    /// What was found while copying.
    package enum Outcome {
        /// All of it, or as much as a file that shrank still had: its bytes end here.
        case copied(end: UInt64)
        case interrupted
    }

    /// Begins a new file: says how its contents are to pass the page cache by, and makes it ready for that.
    ///
    /// `readsDirectly`: its source is open for direct reads. `isDirect`: it was opened for direct writes. For direct writes it gets its size first, in whole
    /// blocks: ext4 lets direct writes that extend a file wait for each other. And one block more: a pass that is
    /// killed must not leave a file that has its name and its size, but not its contents (S12).
    package func prepare(
        _ file: borrowing Descriptor,
        sizeBytes: UInt64,
        readsDirectly: Bool,
        isDirect: Bool = false
    ) throws(ContentFailure) -> CacheBypass {
        do throws(SystemError) {
            var writes = Self.writesDirectly(sizeBytes)
            if writes, !isDirect { writes = try file.setDirect(true) }
            var bypass = CacheBypass(reads: readsDirectly, writes: writes, endBytes: sizeBytes)
            if writes { bypass.writtenEnd = try Self.reserve(Self.roundedUp(sizeBytes), file) }
            return bypass
        } catch {
            throw ContentFailure(side: .destination, error: error, bytes: 0..<sizeBytes)
        }
    }

    /// Whether the contents of a file of so many bytes are written past the page cache, if DESTINATION lets them.
    static func writesDirectly(_ sizeBytes: UInt64) -> Bool { sizeBytes >= directBytesMin }

    /// Makes the file one block longer than `bytes`; as long where the filesystem has no longer one.
    private static func reserve(
        _ bytes: UInt64,
        _ file: borrowing Descriptor
    ) throws(SystemError) -> UInt64 {
        let longer = bytes + UInt64(directAlignment)
        do throws(SystemError) {
            try file.truncate(to: longer)
            return longer
        } catch {
            guard error.code == .fileTooLarge else { throw error }
            try file.truncate(to: bytes)
            return bytes
        }
    }

    /// The number of bytes, in whole blocks of direct reads and writes.
    static func roundedUp(_ bytes: UInt64) -> UInt64 {
        let alignment = UInt64(directAlignment)
        return (bytes + alignment - 1) / alignment * alignment
    }

    private static func isAligned(_ offset: UInt64) -> Bool {
        offset % UInt64(directAlignment) == 0
    }

    /// Copies `range` of a file of `sizeBytes`.
    ///
    /// `bypass`: of the new file, from `prepare`. `mayHaveHoles` is false when its space says that it has none.
    package func copy(  // Six: descriptors cannot be copied, so no value holds both ends.
        from source: borrowing Descriptor,
        to destination: borrowing Descriptor,
        range: Range<UInt64>,
        sizeBytes: UInt64,
        bypass: inout CacheBypass,
        mayHaveHoles: Bool
    ) throws(ContentFailure) -> Outcome {
        var position = range.lowerBound
        while position < range.upperBound {
            var data = position..<range.upperBound
            if mayHaveHoles {
                let found = try source.nextData(.source, from: position, sizeBytes: sizeBytes)
                guard let next = found else {
                    return .copied(end: try end(of: source, range))
                }
                data = next.clamped(to: position..<range.upperBound)
                if data.isEmpty { return .copied(end: range.upperBound) }
            }
            switch try copyData(from: source, to: destination, data, &bypass) {
            case .interrupted: return .interrupted
            case .copied(let end):
                if end < data.upperBound { return .copied(end: end) }
                position = data.upperBound
            }
        }
        return .copied(end: range.upperBound)
    }

    /// Where a range ends that has no more data: behind its last hole, or where a file that shrank has its end
    /// now (S17): no zeros are made up.
    private func end(
        of source: borrowing Descriptor,
        _ range: Range<UInt64>
    ) throws(ContentFailure) -> UInt64 {
        do throws(SystemError) {
            return min(try source.status().sizeBytes, range.upperBound)
        } catch {
            throw ContentFailure(side: .source, error: error, bytes: range)
        }
    }

    private func copyData(
        from source: borrowing Descriptor,
        to destination: borrowing Descriptor,
        _ data: Range<UInt64>,
        _ bypass: inout CacheBypass
    ) throws(ContentFailure) -> Outcome {
        var position = data.lowerBound
        while position < data.upperBound {
            let wanted = Int(min(UInt64(Self.bufferBytes), data.upperBound - position))
            rules.waitWhilePaused(after: position)
            guard rules.mayRead(wanted) else { return .interrupted }
            let count = try read(wanted, from: source, at: position, &bypass)
            if count == 0 { return .copied(end: position) }
            rules.countCopied(UInt64(count))
            try write(
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]),
                to: destination,
                at: position,
                &bypass
            )
            position += UInt64(count)
        }
        return .copied(end: position)
    }

    /// Reads up to `wanted` bytes into the buffer; 0 at the end of the file.
    private func read(
        _ wanted: Int,
        from source: borrowing Descriptor,
        at position: UInt64,
        _ bypass: inout CacheBypass
    ) throws(ContentFailure) -> Int {
        do throws(SystemError) {
            // A file that is being written to can end a direct read anywhere.
            if bypass.reads, !Self.isAligned(position) {
                bypass.reads = try !source.setDirect(false)
            }
            let asked = bypass.reads ? Int(Self.roundedUp(UInt64(wanted))) : wanted
            let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer[..<asked])
            do throws(SystemError) {
                return min(try source.read(into: chunk, at: position), wanted)
            } catch {
                // EINVAL: a disk with larger blocks. Anything else is the file's own trouble.
                guard bypass.reads, error.code == .invalid else { throw error }
                bypass.reads = try !source.setDirect(false)
                return min(try source.read(into: chunk, at: position), wanted)
            }
        } catch {
            throw ContentFailure(
                side: .source,
                error: error,
                bytes: position..<position + UInt64(wanted)
            )
        }
    }

    /// Writes what is not zero, in as few calls as its runs of blocks need.
    ///
    /// A direct write of the file's end is filled up with zeros to a whole block, in `bytes`'s own memory, which
    /// must have room for it; the size is set afterwards.
    func write(
        _ bytes: UnsafeMutableRawBufferPointer,
        to destination: borrowing Descriptor,
        at offset: UInt64,
        _ bypass: inout CacheBypass
    ) throws(ContentFailure) {
        guard rules.makesHoles else {
            try writeRun(bytes, 0..<bytes.count, to: destination, at: offset, &bypass)
            return
        }
        let block = rules.blockBytes
        var runStart = 0
        var position = 0
        while position < bytes.count {
            // To the next block boundary of the file, for a range of data may begin inside a block.
            let here = offset + UInt64(position)
            let end = min(bytes.count, position + Int(block - here % block))
            if isAllZero(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) {
                try writeRun(bytes, runStart..<position, to: destination, at: offset, &bypass)
                runStart = end
            }
            position = end
        }
        try writeRun(bytes, runStart..<bytes.count, to: destination, at: offset, &bypass)
    }

    /// Writes a part of `bytes`, which stand for the file from `offset` on.
    private func writeRun(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ run: Range<Int>,
        to destination: borrowing Descriptor,
        at offset: UInt64,
        _ bypass: inout CacheBypass
    ) throws(ContentFailure) {
        if run.isEmpty { return }
        let position = offset + UInt64(run.lowerBound)
        do throws(SystemError) {
            let end = position + UInt64(run.count)
            let isAligned =
                Self.isAligned(position) && run.lowerBound % Self.directAlignment == 0
                && (Self.isAligned(end) || end == bypass.endBytes)
            if bypass.writes, !isAligned { bypass.writes = try !destination.setDirect(false) }
            guard bypass.writes else {
                try write(bytes, run, to: destination, at: position, &bypass)
                return
            }
            let whole = run.lowerBound..<run.lowerBound + Int(Self.roundedUp(UInt64(run.count)))
            let memory = UnsafeMutableRawBufferPointer(
                start: bytes.baseAddress,
                count: whole.upperBound
            )
            for index in run.upperBound..<whole.upperBound { memory[index] = 0 }
            do throws(SystemError) {
                try write(memory, whole, to: destination, at: position, &bypass)
            } catch {
                guard error.code == .invalid else { throw error }
                bypass.writes = try !destination.setDirect(false)
                try write(bytes, run, to: destination, at: position, &bypass)
            }
        } catch {
            throw ContentFailure(
                side: .destination,
                error: error,
                bytes: position..<position + UInt64(run.count)
            )
        }
    }

    private func write(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ run: Range<Int>,
        to destination: borrowing Descriptor,
        at position: UInt64,
        _ bypass: inout CacheBypass
    ) throws(SystemError) {
        try destination.write(UnsafeRawBufferPointer(rebasing: bytes[run]), at: position)
        bypass.writtenEnd = max(bypass.writtenEnd, position + UInt64(run.count))
    }
}
