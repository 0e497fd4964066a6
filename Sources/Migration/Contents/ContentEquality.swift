// Whether contents of both sides are equal, for a pass that must know before it decides: read as a copy reads, under
// the same limits. A verification tells more, and reads past the page cache (ContentComparer).

package import LinuxIO

/// Compares contents of both sides.
///
/// Belongs to one worker, whose buffer it shares with the copier.
package struct ContentEquality {
    private let rules: ContentRules
    /// Its buffer is used, half of it for each side.
    private let copier: ContentCopier

    package init(_ rules: ContentRules, sharing copier: ContentCopier) {
        self.rules = rules
        self.copier = copier
    }

    /// Whether two files of `sizeBytes` hold the same bytes; a hole equals zeros, and what is a hole on both sides is
    /// not read (S20).
    ///
    /// Nil when interrupted.
    package func areEqual(
        _ source: borrowing Descriptor,
        _ destination: borrowing Descriptor,
        sizeBytes: UInt64
    ) throws(ContentFailure) -> Bool? {
        let buffer = copier.buffer
        let half = buffer.count / 2
        var position: UInt64 = 0
        // Up to here one of them is known to have data.
        var end: UInt64 = 0
        while position < sizeBytes {
            rules.waitWhilePaused(after: position)
            if rules.isInterrupted() { return nil }
            if position >= end {
                let one = try source.nextData(.source, from: position, sizeBytes: sizeBytes)
                let other = try destination.nextData(
                    .destination,
                    from: position,
                    sizeBytes: sizeBytes
                )
                let runs = [one, other].compactMap { $0 }
                guard let next = runs.min(by: { $0.lowerBound < $1.lowerBound }) else {
                    return true
                }
                (position, end) = (next.lowerBound, next.upperBound)
            }
            let wanted = Int(min(UInt64(half), end - position))
            rules.wait(for: wanted)
            let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let right = UnsafeMutableRawBufferPointer(rebasing: buffer[half..<half + wanted])
            let leftCount = try fill(left, from: source, .source, at: position)
            let rightCount = try fill(right, from: destination, .destination, at: position)
            guard
                haveSameBytes(
                    UnsafeRawBufferPointer(rebasing: left[..<leftCount]),
                    UnsafeRawBufferPointer(rebasing: right[..<rightCount])
                )
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
    ) throws(ContentFailure) -> Int {
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
                throw ContentFailure(
                    side: side,
                    error: error,
                    bytes: offset + UInt64(filled)..<offset + UInt64(buffer.count)
                )
            }
        }
        return filled
    }
}
