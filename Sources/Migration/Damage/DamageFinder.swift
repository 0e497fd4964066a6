// Finds which bytes of a file cannot be read, by halving what fails down to single blocks.
//
//     read a chunk ─▶ fails ─▶ read its halves ─▶ one fails ─▶ its halves ─▶ ... ─▶ a block fails: unreadable
//                └▶ taken                   └▶ taken
//
// Kept true: a block counts as unreadable only if it was itself read and failed, as long as the limits are not
// reached; what could be read is handed over in the same reading, once and in ascending order, for a dying
// disk may not give it twice. Errors that say nothing of the medium (`SystemError.isDamage`) are passed on.

package import LinuxIO

/// Examines one file, or parts of it in ascending order.
///
/// Knows nothing of descriptors: `DamagedFile` reads with it.
package struct DamageFinder {
    /// What one file may cost.
    package struct Limits: Sendable {
        /// Ranges of a file; beyond, the last one reaches to the end of what is found.
        package var rangesMax = 1_000
        /// Reads that fail before what fails is no longer halved, and as many more before the rest is not
        /// read any more.
        package var failedReadsMax = 65_536
        /// The time that these may take together: ten minutes, for a disk can try for half a minute before it
        /// gives a block up.
        package var failedNanosecondsMax: UInt64 = 600_000_000_000

        package init() {}
    }

    /// How far it came.
    package enum Outcome: Equatable, Sendable {
        /// To the end of what was asked for, or to where a file that shrank has its end now.
        case examined(end: UInt64)
        case interrupted
    }

    /// Reads into a buffer from an offset; 0 at the end of the file.
    package typealias Read = (UnsafeMutableRawBufferPointer, UInt64) throws(SystemError) -> Int
    /// Takes what was read, from an offset; more room may follow in the memory, up to a whole block.
    package typealias Take = (UnsafeMutableRawBufferPointer, UInt64) throws(ContentFailure) -> Void

    /// What was found so far.
    package private(set) var damage = Damage()
    /// What the first read that failed said.
    package private(set) var firstError: SystemError?
    /// Where reads begin and how long they are: multiples of this, a power of two.
    package let blockBytes: UInt64
    private let side: Failure.Side
    private let limits: Limits
    private let buffer: UnsafeMutableRawBufferPointer
    private var failedReads = 0
    private var failedNanoseconds: UInt64 = 0

    /// A part that is still to be read.
    private struct Part {
        let range: Range<UInt64>
        /// Whether the other half of the same part, which comes next in `pending`, is left if this one is whole.
        var isFirstHalf = false
        /// Something in it fails, for it failed together with its other half, which is whole: no need to read
        /// it at once.
        var isKnownToFail = false
    }

    /// `buffer` is aligned to blocks and at least one block long; what is read at once.
    package init(
        side: Failure.Side,
        blockBytes: UInt64,
        buffer: UnsafeMutableRawBufferPointer,
        limits: Limits = Limits()
    ) {
        precondition(blockBytes.nonzeroBitCount == 1 && buffer.count % Int(blockBytes) == 0)
        precondition(!buffer.isEmpty)
        self.side = side
        self.blockBytes = blockBytes
        self.buffer = buffer
        self.limits = limits
    }

    private var mayHalve: Bool {
        failedReads < limits.failedReadsMax && failedNanoseconds < limits.failedNanosecondsMax
    }

    private var mayRead: Bool {
        failedReads < 2 * limits.failedReadsMax
            && failedNanoseconds < 2 * limits.failedNanosecondsMax
    }

    /// Reads `range`, which begins at a block and lies behind all that was examined before.
    ///
    /// `mayGoOn` is asked before each read, with its length; false ends the examination. Throws what `take`
    /// throws, and errors of reads that are no damage.
    package mutating func examine(
        _ range: Range<UInt64>,
        mayGoOn: (Int) -> Bool,
        read: Read,
        take: Take
    ) throws(ContentFailure) -> Outcome {
        precondition(range.lowerBound % blockBytes == 0)
        let chunkBytes = UInt64(buffer.count)
        var position = range.lowerBound
        while position < range.upperBound {
            guard mayRead else {
                damage.addCovering(position..<range.upperBound)
                return .examined(end: range.upperBound)
            }
            let chunk =
                position..<min(
                    (position / chunkBytes + 1) * chunkBytes,
                    range.upperBound
                )
            let outcome = try examineChunk(chunk, mayGoOn, read, take)
            guard case .examined(let end) = outcome, end == chunk.upperBound else {
                return outcome
            }
            position = end
        }
        return .examined(end: range.upperBound)
    }

    private mutating func examineChunk(
        _ chunk: Range<UInt64>,
        _ mayGoOn: (Int) -> Bool,
        _ read: Read,
        _ take: Take
    ) throws(ContentFailure) -> Outcome {
        var pending = [Part(range: chunk)]
        while let part = pending.popLast() {
            if part.isKnownToFail, part.range.count > blockBytes, mayHalve {
                halve(part.range, into: &pending)
                continue
            }
            var position = part.range.lowerBound
            var failed: Range<UInt64>?
            while position < part.range.upperBound, failed == nil {
                let rest = position..<part.range.upperBound
                guard mayGoOn(rest.count) else { return .interrupted }
                switch try readOnce(rest, read, take) {
                case .failed: failed = rest
                case .read(let count):
                    position += UInt64(count)
                    // Direct reads end inside a block where the file ends, and only there.
                    let isInside = position % blockBytes != 0 && position < part.range.upperBound
                    if count == 0 || isInside { return .examined(end: position) }
                }
            }
            guard let failed else {
                if part.isFirstHalf, !pending.isEmpty {
                    pending[pending.count - 1].isKnownToFail = true
                }
                continue
            }
            if UInt64(failed.count) <= blockBytes {
                note(failed, isExact: true)
            } else if mayHalve {
                halve(failed, into: &pending)
            } else {
                note(failed, isExact: false)
            }
        }
        return .examined(end: chunk.upperBound)
    }

    /// Puts both halves in front of what is left, the first first.
    private func halve(_ range: Range<UInt64>, into pending: inout [Part]) {
        let blocks = (UInt64(range.count) + blockBytes - 1) / blockBytes
        let middle = range.lowerBound + (blocks + 1) / 2 * blockBytes
        pending.append(Part(range: middle..<range.upperBound))
        pending.append(Part(range: range.lowerBound..<middle, isFirstHalf: true))
    }

    private mutating func note(_ range: Range<UInt64>, isExact: Bool) {
        let touches = damage.bounds?.upperBound == range.lowerBound
        if damage.ranges.count >= limits.rangesMax, !touches {
            damage.widenLast(to: range)
        } else if isExact {
            damage.add(range)
        } else {
            damage.addCovering(range)
        }
    }

    private enum ReadResult {
        case read(Int)
        case failed
    }

    /// One read, of whole blocks; what came of it is taken.
    private mutating func readOnce(
        _ range: Range<UInt64>,
        _ read: Read,
        _ take: Take
    ) throws(ContentFailure) -> ReadResult {
        let blocks = (UInt64(range.count) + blockBytes - 1) / blockBytes
        let asked = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(blocks * blockBytes)])
        let start = monotonicNanoseconds()
        let count: Int
        do throws(SystemError) {
            count = min(try read(asked, range.lowerBound), range.count)
        } catch {
            guard error.isDamage else {
                throw ContentFailure(side: side, error: error, bytes: range)
            }
            firstError = firstError ?? error
            failedReads += 1
            failedNanoseconds += monotonicNanoseconds() - start
            return .failed
        }
        if count > 0 {
            let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            try take(bytes, range.lowerBound)
        }
        return .read(count)
    }
}
