// How far a pass gives way to others, in one word: what back-off decides and a running pass tells of itself.

/// What a pass may do.
package enum BackOffState: String, CaseIterable, Sendable {
    /// As many workers as are wanted.
    case free
    /// Fewer.
    case held
    /// None.
    case paused
    /// None for some seconds, in which reads or the probe are timed without a pass.
    case measuring
}
