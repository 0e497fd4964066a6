// Which bytes of a file cannot be read: a value, made by DamageFinder, that failures, summaries and the mark
// of salvaged files are made of.

package import LinuxIO

/// The unreadable parts of one file.
package struct Damage: Sendable, Equatable {
    /// Ascending, apart from each other, none empty.
    package private(set) var ranges: [Range<UInt64>] = []
    /// Whether each block of `ranges` was itself read and failed.
    ///
    /// If not, a limit was reached (`DamageFinder.Limits`): every unreadable byte lies in `ranges`, but not
    /// every byte of them is known to be unreadable.
    package private(set) var isExact = true

    package init() {}

    /// Ranges in ascending order; those that touch become one.
    package init(_ ranges: [Range<UInt64>], isExact: Bool = true) {
        for range in ranges { add(range) }
        self.isExact = isExact
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// The bytes of all ranges.
    package var byteCount: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

    /// From the first byte to the last.
    package var bounds: Range<UInt64>? {
        guard let first = ranges.first, let last = ranges.last else { return nil }
        return first.lowerBound..<last.upperBound
    }

    /// Adds a range that lies behind all others, or touches the last.
    mutating func add(_ range: Range<UInt64>) {
        if range.isEmpty { return }
        if let last = ranges.last, last.upperBound >= range.lowerBound {
            precondition(last.lowerBound <= range.lowerBound)
            ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        } else {
            ranges.append(range)
        }
    }

    /// Adds a range of which not every block is known to be unreadable.
    mutating func addCovering(_ range: Range<UInt64>) {
        if range.isEmpty { return }
        add(range)
        isExact = false
    }

    /// Makes the last range reach to the end of one that there is no room for.
    mutating func widenLast(to range: Range<UInt64>) {
        guard let last = ranges.last else { return add(range) }
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        isExact = false
    }

    /// Whether each byte of this one is in `other` as well.
    package func isContained(in other: Damage) -> Bool {
        var rest = other.ranges[...]
        return ranges.allSatisfy { range in
            rest = rest.drop { $0.upperBound < range.upperBound }
            guard let candidate = rest.first else { return false }
            return candidate.lowerBound <= range.lowerBound
        }
    }
}

extension SystemError {
    /// Whether a read failed for what the disk has lost, so that other parts of the file may well be readable.
    ///
    /// Through the page cache that is always EIO. A direct read tells what the disk said: ENODATA is a
    /// "critical medium error", EILSEQ a wrong checksum of the block, EREMOTEIO a disk that gave up,
    /// ETIMEDOUT one that did not answer (blk_status_to_errno in block/blk-core.c).
    package var isDamage: Bool {
        guard operation == .read else { return false }
        switch code {
        case .inputOutput, .noData, .illegalSequence, .remoteInputOutput, .timedOut: return true
        default: return false
        }
    }
}
