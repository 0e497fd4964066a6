// Contents: data is read, holes are not (S20); blocks of zeros are not written (S21); what was there when
// the file was opened is copied, no more (S17).

package import LinuxIO

/// Why contents could not be copied.
package struct CopyFailure: Error {
    package let side: Failure.Side
    package let error: SystemError
    /// The bytes that the failing call was about.
    package let bytes: Range<UInt64>
}

/// Copies contents with one buffer.
///
/// Belongs to one worker.
package final class ContentCopier {
    /// 256 KiB: reads of this size keep readahead busy, and 30 workers hold 7.5 MB together.
    static let bufferBytes = 262_144

    private let context: PassContext
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ContentCopier.bufferBytes,
        alignment: 4096
    )

    package init(context: PassContext) { self.context = context }

    deinit { buffer.deallocate() }

    /// What was found while copying.
    package enum Outcome {
        /// All of it, or as much as a file that shrank still had: its bytes end here.
        case copied(end: UInt64)
        case interrupted
    }

    /// Copies `range` of a file of `sizeBytes`.
    ///
    /// `mayHaveHoles` is false when its space says that it has none.
    package func copy(
        from source: borrowing Descriptor,
        to destination: borrowing Descriptor,
        range: Range<UInt64>,
        sizeBytes: UInt64,
        mayHaveHoles: Bool
    ) throws(CopyFailure) -> Outcome {
        var position = range.lowerBound
        while position < range.upperBound {
            var data = position..<range.upperBound
            if mayHaveHoles {
                guard let next = try nextData(source, from: position, sizeBytes: sizeBytes) else {
                    return .copied(end: try end(of: source, range))
                }
                data = next.clamped(to: position..<range.upperBound)
                if data.isEmpty { return .copied(end: range.upperBound) }
            }
            switch try copyData(from: source, to: destination, data) {
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
    ) throws(CopyFailure) -> UInt64 {
        do throws(SystemError) {
            return min(try source.status().sizeBytes, range.upperBound)
        } catch {
            throw CopyFailure(side: .source, error: error, bytes: range)
        }
    }

    private func nextData(
        _ source: borrowing Descriptor,
        from position: UInt64,
        sizeBytes: UInt64
    ) throws(CopyFailure) -> Range<UInt64>? {
        do throws(SystemError) {
            return try source.nextData(from: position, sizeBytes: sizeBytes)
        } catch {
            throw CopyFailure(side: .source, error: error, bytes: position..<sizeBytes)
        }
    }

    private func copyData(
        from source: borrowing Descriptor,
        to destination: borrowing Descriptor,
        _ data: Range<UInt64>
    ) throws(CopyFailure) -> Outcome {
        var position = data.lowerBound
        while position < data.upperBound {
            if context.isInterrupted { return .interrupted }
            let wanted = Int(min(UInt64(Self.bufferBytes), data.upperBound - position))
            context.throttle?.wait(for: wanted) { context.isInterrupted }
            let chunk = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let count: Int
            do throws(SystemError) {
                count = try source.read(into: chunk, at: position)
            } catch {
                throw CopyFailure(
                    side: .source,
                    error: error,
                    bytes: position..<position + UInt64(wanted)
                )
            }
            if count == 0 { return .copied(end: position) }
            context.counters.bytesCopied.count(UInt64(count))
            try write(
                UnsafeRawBufferPointer(rebasing: chunk[..<count]),
                to: destination,
                at: position
            )
            position += UInt64(count)
        }
        return .copied(end: position)
    }

    /// Writes what is not zero, in as few calls as its runs of blocks need.
    private func write(
        _ bytes: UnsafeRawBufferPointer,
        to destination: borrowing Descriptor,
        at offset: UInt64
    ) throws(CopyFailure) {
        guard context.options.preserved.contains(.sparse) else {
            try writeRun(bytes, to: destination, at: offset)
            return
        }
        let block = context.blockBytes
        var runStart = 0
        var position = 0
        while position < bytes.count {
            // To the next block boundary of the file, for a range of data may begin inside a block.
            let here = offset + UInt64(position)
            let end = min(bytes.count, position + Int(block - here % block))
            if isAllZero(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) {
                try writeRun(
                    UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]),
                    to: destination,
                    at: offset + UInt64(runStart)
                )
                runStart = end
            }
            position = end
        }
        try writeRun(
            UnsafeRawBufferPointer(rebasing: bytes[runStart...]),
            to: destination,
            at: offset + UInt64(runStart)
        )
    }

    private func writeRun(
        _ bytes: UnsafeRawBufferPointer,
        to destination: borrowing Descriptor,
        at offset: UInt64
    ) throws(CopyFailure) {
        if bytes.isEmpty { return }
        do throws(SystemError) {
            try destination.write(bytes, at: offset)
        } catch {
            throw CopyFailure(
                side: .destination,
                error: error,
                bytes: offset..<offset + UInt64(bytes.count)
            )
        }
    }

    // MARK: Comparing

    /// Whether two files of `sizeBytes` hold the same bytes; a hole equals zeros.
    ///
    /// Nil when interrupted.
    package func areEqual(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor,
        sizeBytes: UInt64
    ) throws(CopyFailure) -> Bool? {
        let half = Self.bufferBytes / 2
        var position: UInt64 = 0
        while position < sizeBytes {
            if context.isInterrupted { return nil }
            let wanted = Int(min(UInt64(half), sizeBytes - position))
            context.throttle?.wait(for: wanted) { context.isInterrupted }
            let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let right = UnsafeMutableRawBufferPointer(rebasing: buffer[half..<half + wanted])
            let leftCount = try fill(left, from: source, .source, at: position)
            let rightCount = try fill(right, from: destination, .destination, at: position)
            guard leftCount == rightCount,
                left.prefix(leftCount).elementsEqual(right.prefix(rightCount))
            else { return false }
            // Both shrank to the same size: what is left of them is equal.
            if leftCount < wanted { return true }
            position += UInt64(wanted)
        }
        return true
    }

    /// Reads until the buffer is full or the file ends.
    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from descriptor: borrowing Descriptor,
        _ side: Failure.Side,
        at offset: UInt64
    ) throws(CopyFailure) -> Int {
        var filled = 0
        while filled < buffer.count {
            do throws(SystemError) {
                let count = try descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]),
                    at: offset + UInt64(filled)
                )
                if count == 0 { return filled }
                filled += count
            } catch {
                throw CopyFailure(
                    side: side,
                    error: error,
                    bytes: offset + UInt64(filled)..<offset + UInt64(buffer.count)
                )
            }
        }
        return filled
    }
}
