// What holds for the contents of all files of a pass, and how one file passes the page cache by.

/// What holds for all files of a pass.
package struct ContentRules: Sendable {
    /// Runs of zeros become holes (S21).
    package let makesHoles: Bool
    /// DESTINATION's block size: runs of zeros that cover one become holes.
    package let blockBytes: UInt64
    /// For `--bwlimit`; nil: no limit.
    private let throttle: Throttle?
    package let isInterrupted: @Sendable () -> Bool
    /// Told of bytes that were read to be written.
    package let countCopied: @Sendable (UInt64) -> Void

    package init(
        makesHoles: Bool,
        blockBytes: UInt64,
        throttle: Throttle?,
        isInterrupted: @escaping @Sendable () -> Bool,
        countCopied: @escaping @Sendable (UInt64) -> Void
    ) {
        self.makesHoles = makesHoles
        self.blockBytes = blockBytes
        self.throttle = throttle
        self.isInterrupted = isInterrupted
        self.countCopied = countCopied
    }

    /// Waits until so many bytes may be read, or the pass is interrupted.
    func wait(for byteCount: Int) { throttle?.wait(for: byteCount) { isInterrupted() } }

    /// The same; false when the pass is interrupted.
    func mayRead(_ byteCount: Int) -> Bool {
        wait(for: byteCount)
        return !isInterrupted()
    }
}

/// Which side of a copy passes the page cache by (O_DIRECT).
package struct CacheBypass: Sendable {
    package var reads: Bool
    package var writes: Bool
    /// Where the file ends: only a write that reaches it may be filled up to a whole block.
    let endBytes: UInt64
    /// Where the new file ends by what was done to it with this.
    package internal(set) var writtenEnd: UInt64 = 0

    package init(reads: Bool, writes: Bool, endBytes: UInt64) {
        self.reads = reads
        self.writes = writes
        self.endBytes = endBytes
    }

    /// Through the page cache on both sides.
    package static let nowhere = CacheBypass(reads: false, writes: false, endBytes: 0)
}
