// Contents read on both sides and compared byte by byte. Both are read past the page cache where that can be
// had: DESTINATION's must come from the disk, and SOURCE's cache belongs to its users. The kernel writes
// back what is dirty before it answers a direct read, so both sides are current.
//
// A hole equals zeros and is not read: where both sides have one nothing is, where one has it the other must hold
// zeros (S20 to S22 make holes of zeros on DESTINATION).

import LinuxIO

/// What reading for a comparison asks, and tells.
struct ReadingControl: Sendable {
    let control: RunControl
    /// Told of bytes that were read, of either side.
    let countRead: @Sendable (UInt64) -> Void
}

/// Compares contents with one buffer, half of it for each side.
///
/// Belongs to one worker.
final class ContentComparer {
    /// For each side: reads of this size keep a disk array busy, and 30 workers hold 30 MiB.
    static let halfBytes = 524_288

    private let reading: ReadingControl
    /// What differs is counted in blocks of this size.
    private let blockBytes: UInt64
    private let halfBytes = ContentComparer.halfBytes
    let left: UnsafeMutableRawBufferPointer
    let right: UnsafeMutableRawBufferPointer
    /// Where comparing begins and ends: a multiple of the block that differences are counted in, and of what
    /// direct reads need.
    private let granule: UInt64

    init(_ reading: ReadingControl, blockBytes: UInt64) {
        self.reading = reading
        self.blockBytes = blockBytes
        left = .allocate(byteCount: halfBytes, alignment: ContentCopier.directAlignment)
        right = .allocate(byteCount: halfBytes, alignment: ContentCopier.directAlignment)
        granule = max(blockBytes, UInt64(ContentCopier.directAlignment))
    }

    deinit {
        left.deallocate()
        right.deallocate()
    }

    /// Compares `range` of two files of the same size; `range` begins at a multiple of 64 KiB.
    ///
    /// `digest` takes in SOURCE's bytes, if there is one, and is gone when some of them could not be read.
    func compare(
        _ source: ComparedFile,
        _ destination: ComparedFile,
        range: Range<UInt64>,
        digest: inout SHA256?
    ) -> ContentFindings {
        var findings = ContentFindings()
        var sides = (source: DataMap(source), destination: DataMap(destination))
        var position = range.lowerBound
        while position < range.upperBound {
            if reading.control.isInterrupted {
                findings.isInterrupted = true
                break
            }
            let step: Step
            do throws(ContentFailure) {
                step = try next(from: position, below: range.upperBound, &sides)
            } catch {
                // Where the data lies is not known: the rest counts as unreadable.
                findings.noteUnreadable(UnreadableRange(error, position..<range.upperBound))
                digest = nil
                break
            }
            feedZeros(step.bytes.lowerBound - position, to: &digest)
            compare(step, &sides, &digest, &findings)
            position = step.bytes.upperBound
        }
        if findings.isInterrupted { digest = nil }
        return findings
    }

    /// The digest of all bytes of one file; nil when some could not be read, or the verification was stopped.
    func digest(of file: ComparedFile) -> (digest: SHA256?, findings: ContentFindings) {
        var digest: SHA256? = SHA256()
        var findings = ContentFindings()
        var map = DataMap(file)
        let end = file.status.sizeBytes
        var position: UInt64 = 0
        do throws(ContentFailure) {
            while position < end, digest != nil {
                if reading.control.isInterrupted {
                    findings.isInterrupted = true
                    digest = nil
                    break
                }
                guard let data = try map.data(from: position) else {
                    feedZeros(end - position, to: &digest)
                    break
                }
                let start = max(position, data.lowerBound / granule * granule)
                feedZeros(start - position, to: &digest)
                position = start
                let wanted = Int(min(UInt64(halfBytes), data.upperBound - position))
                let count = try read(wanted, of: &map.file, at: position, into: left)
                digest?.update(UnsafeRawBufferPointer(rebasing: left[..<count]))
                position += UInt64(count)
                // The file shrank: whoever looks at its status again learns that.
                if count < wanted { break }
            }
        } catch {
            findings.noteUnreadable(UnreadableRange(error, error.bytes))
            digest = nil
        }
        return (digest, findings)
    }

    // MARK: One step

    /// The next bytes to be compared, and which sides have data in them; before them both have holes.
    private struct Step {
        var bytes: Range<UInt64>
        var readsSource: Bool
        var readsDestination: Bool
    }

    private func next(
        from position: UInt64,
        below end: UInt64,
        _ sides: inout (source: DataMap, destination: DataMap)
    ) throws(ContentFailure) -> Step {
        let left = try sides.source.data(from: position) ?? end..<end
        let right = try sides.destination.data(from: position) ?? end..<end
        let first = min(left.lowerBound, right.lowerBound)
        guard first < end else {
            return Step(bytes: end..<end, readsSource: false, readsDestination: false)
        }
        let start = max(position, first / granule * granule)
        let limit = min(start + UInt64(halfBytes), end)
        let readsSource = left.lowerBound < limit
        let readsDestination = right.lowerBound < limit
        // To the end of what is known to be data: what follows may be a hole on both sides.
        var known = readsSource ? left.upperBound : 0
        if readsDestination { known = max(known, right.upperBound) }
        let rounded = (known + granule - 1) / granule * granule
        return Step(
            bytes: start..<min(limit, rounded),
            readsSource: readsSource,
            readsDestination: readsDestination
        )
    }

    private func compare(
        _ step: Step,
        _ sides: inout (source: DataMap, destination: DataMap),
        _ digest: inout SHA256?,
        _ findings: inout ContentFindings
    ) {
        let wanted = step.bytes.count
        if wanted == 0 { return }
        let leftCount = bytes(
            step.readsSource,
            of: &sides.source.file,
            step,
            left,
            &findings
        )
        if let leftCount {
            if step.readsSource {
                digest?.update(UnsafeRawBufferPointer(rebasing: left[..<leftCount]))
            } else {
                feedZeros(UInt64(wanted), to: &digest)
            }
        } else {
            digest = nil
        }
        let rightCount = bytes(
            step.readsDestination,
            of: &sides.destination.file,
            step,
            right,
            &findings
        )
        guard let leftCount, let rightCount else { return }
        note(
            ContentPair(
                left: step.readsSource ? UnsafeRawBufferPointer(rebasing: left[..<leftCount]) : nil,
                right: step.readsDestination
                    ? UnsafeRawBufferPointer(rebasing: right[..<rightCount]) : nil,
                count: wanted
            ),
            at: step.bytes.lowerBound,
            &findings
        )
    }

    /// How many bytes of one side are in its half of the buffer; nil when they cannot be read, which is noted.
    private func bytes(
        _ isRead: Bool,
        of file: inout ComparedFile,
        _ step: Step,
        _ half: UnsafeMutableRawBufferPointer,
        _ findings: inout ContentFindings
    ) -> Int? {
        let wanted = step.bytes.count
        guard isRead else { return wanted }
        do throws(ContentFailure) {
            return try read(wanted, of: &file, at: step.bytes.lowerBound, into: half)
        } catch {
            findings.noteUnreadable(UnreadableRange(error, error.bytes))
            return nil
        }
    }

    // MARK: Comparing

    /// Compares bytes of one side with those of the other, which is read; what of it cannot be read is passed over.
    func compare(
        _ bytes: UnsafeRawBufferPointer,
        at offset: UInt64,
        with other: ComparedFile,
        _ findings: inout ContentFindings
    ) {
        var other = other
        var done = 0
        while done < bytes.count {
            let position = offset + UInt64(done)
            let start = position / granule * granule
            let lead = Int(position - start)
            let wanted = min(bytes.count - done, halfBytes - lead)
            guard
                let count = try? read(
                    lead + wanted,
                    of: &other,
                    at: start,
                    into: right
                )
            else { return }
            note(
                ContentPair(
                    left: UnsafeRawBufferPointer(rebasing: bytes[done..<done + wanted]),
                    right: UnsafeRawBufferPointer(rebasing: right[min(lead, count)..<count]),
                    count: wanted
                ),
                at: position,
                &findings
            )
            done += wanted
        }
    }

    /// Notes what differs between both sides at `offset`.
    private func note(_ contents: ContentPair, at offset: UInt64, _ findings: inout ContentFindings)
    {
        if contents.areEqual(0..<contents.count) { return }
        var first: Int?
        var blocks: UInt64 = 0
        var start = 0
        while start < contents.count {
            let inBlock = (offset + UInt64(start)) % blockBytes
            let end = min(start + Int(blockBytes - inBlock), contents.count)
            if !contents.areEqual(start..<end) {
                blocks += 1
                if first == nil { first = contents.firstDifference(in: start..<end) }
            }
            start = end
        }
        if let first { findings.noteDifference(at: offset + UInt64(first), blocks: blocks) }
    }

    /// Reads until `wanted` bytes are there or the file ends; returns how many are.
    private func read(
        _ wanted: Int,
        of file: inout ComparedFile,
        at offset: UInt64,
        into memory: UnsafeMutableRawBufferPointer
    ) throws(ContentFailure) -> Int {
        let count = try file.read(wanted, at: offset, into: memory)
        reading.countRead(UInt64(count))
        return count
    }

    private func feedZeros(_ count: UInt64, to digest: inout SHA256?) {
        guard digest != nil, count > 0 else { return }
        var rest = count
        while rest > 0 {
            // A hole can be larger than anything that is read.
            if reading.control.isInterrupted {
                digest = nil
                return
            }
            let part = Int(min(rest, UInt64(Self.zeros.count)))
            Self.zeros.withUnsafeBytes { zeros in
                digest?.update(UnsafeRawBufferPointer(rebasing: zeros[..<part]))
            }
            rest -= UInt64(part)
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 65_536)
}
