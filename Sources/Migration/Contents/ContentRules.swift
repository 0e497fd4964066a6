// What holds for the contents of all files of a pass, and how one file passes the page cache by.

/// What holds for all files of a pass.
package struct ContentRules: Sendable {
    /// Runs of zeros become holes (S21).
    package let makesHoles: Bool
    /// DESTINATION's block size: runs of zeros that cover one become holes.
    package let blockBytes: UInt64
    /// For `--bwlimit`; nil: no limit.
    private let throttle: Throttle?
    private let control: RunControl
    /// Told of bytes that were read to be written.
    package let countCopied: @Sendable (UInt64) -> Void

    package init(
        makesHoles: Bool,
        blockBytes: UInt64,
        throttle: Throttle?,
        control: RunControl,
        countCopied: @escaping @Sendable (UInt64) -> Void
    ) {
        self.makesHoles = makesHoles
        self.blockBytes = blockBytes
        self.throttle = throttle
        self.control = control
        self.countCopied = countCopied
    }

    /// A file of fewer bytes is copied to its end when a pause comes; a larger one stops between two chunks.
    ///
    /// A file that stops is held open with its unfinished copy. This much is written within a second or so even where
    /// all workers have as much in hand.
    static let pausedBytesMin: UInt64 = 4 << 20

    /// Whether what is in hand is to be given back.
    func isInterrupted() -> Bool { control.isInterrupted }

    /// Waits in a pause, if so much of a file was read that it is not finished in one.
    func waitWhilePaused(after position: UInt64) {
        if position >= Self.pausedBytesMin { control.waitWhilePaused() }
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
