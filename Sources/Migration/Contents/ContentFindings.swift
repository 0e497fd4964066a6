// What came out of reading a file, or a part of it, on both sides.

import LinuxIO

/// A run of bytes that could not be read.
struct UnreadableRange: Sendable, Equatable {
    let side: Failure.Side
    let error: SystemError
    var bytes: Range<UInt64>

    init(side: Failure.Side, error: SystemError, bytes: Range<UInt64>) {
        self.side = side
        self.error = error
        self.bytes = bytes
    }

    init(_ failure: ContentFailure, _ bytes: Range<UInt64>) {
        self.init(side: failure.side, error: failure.error, bytes: bytes)
    }
}

/// What of one side was examined for what its disk has lost.
struct DamagedSide: Sendable {
    let side: Failure.Side
    let error: SystemError
    let damage: Damage
}

/// The findings of some ranges of one file.
struct ContentFindings: Sendable {
    /// Offset of the first byte that differs; nil: none does.
    var firstByte: UInt64?
    var blocksDiffering: UInt64 = 0
    /// In the order of reading; neighbours of one side and error are one.
    var unreadable: [UnreadableRange] = []
    /// What of `unreadable` was found to the block since, at most one of each side.
    var damaged: [DamagedSide] = []
    /// Not all of it was read, for the verification was stopped.
    var isInterrupted = false

    var isEqual: Bool { firstByte == nil && isReadable && !isInterrupted }
    var isReadable: Bool { unreadable.isEmpty && damaged.isEmpty }

    mutating func noteDifference(at byte: UInt64, blocks: UInt64) {
        firstByte = min(firstByte ?? byte, byte)
        blocksDiffering += blocks
    }

    mutating func noteUnreadable(_ range: UnreadableRange) {
        if let last = unreadable.indices.last, unreadable[last].side == range.side,
            unreadable[last].error == range.error,
            unreadable[last].bytes.upperBound == range.bytes.lowerBound
        {
            unreadable[last].bytes = unreadable[last].bytes.lowerBound..<range.bytes.upperBound
        } else {
            unreadable.append(range)
        }
    }

    /// Adds those of other ranges of the same file.
    mutating func add(_ other: ContentFindings) {
        if let byte = other.firstByte { noteDifference(at: byte, blocks: other.blocksDiffering) }
        unreadable += other.unreadable
        isInterrupted = isInterrupted || other.isInterrupted
    }
}
