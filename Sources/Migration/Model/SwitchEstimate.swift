// How long the next pass would take: what is told of it.

/// What a pass would have to do now.
package struct PendingWork: Sendable, Equatable {
    /// Entries of any kind that it would change.
    package var entries: UInt64
    package var files: UInt64
    package var bytes: UInt64
    /// Whether a look has counted it; otherwise it follows from how fast users changed things lately.
    package var isCounted: Bool
    /// Whether nobody can write to SOURCE: passes that are known had users beside them.
    package var isWithoutUsers = false

    package init(entries: UInt64, files: UInt64, bytes: UInt64, isCounted: Bool) {
        self.entries = entries
        self.files = files
        self.bytes = bytes
        self.isCounted = isCounted
    }
}

/// How long a pass was to take, as it was foreseen right before it.
package struct ForeseenPass: Sendable, Equatable {
    /// A pass that found changes in another way was not the one that was foreseen.
    package var method: String
    package var nanoseconds: UInt64
    /// Between which it was to lie; nil: too few passes were known to say so.
    package var interval: ClosedRange<UInt64>?
}

/// An estimate of a pass that would begin now.
package struct SwitchEstimate: Sendable, Equatable {
    /// Seconds of each part of a pass.
    package struct Parts: Sendable, Equatable {
        package var open = 0.0
        package var changes = 0.0
        package var work = 0.0
        package var synchronize = 0.0
        package var commit = 0.0

        package init() {}

        package var total: Double { open + changes + work + synchronize + commit }
    }

    /// Seconds between which a pass lies in so many cases.
    package struct Interval: Sendable, Equatable {
        package var low: Double
        package var high: Double
        /// The share of passes that are to lie within, 0 to 1.
        package var coverage: Double

        package init(low: Double, high: Double, coverage: Double) {
            self.low = low
            self.high = high
            self.coverage = coverage
        }
    }

    package var parts: Parts
    /// Nil: fewer than three estimates were followed by a pass.
    package var interval: Interval?
    /// How the pass is expected to find changes: a name of `ChangeMethod`.
    package var method: String
    /// How many earlier passes it rests on.
    package var basisPasses: Int
    /// All that is known are passes that were held back: it takes that long at most.
    package var isUpperLimit: Bool
    /// Far more is to be done than all passes did that are known: it takes longer than that.
    ///
    /// Then there is no interval.
    package var isLowerLimit = false
    package var pending: PendingWork
    /// How long comparing all attributes takes, which is no part of the pass and comes after it.
    package var comparison: ComparisonTime

    package init(  // One for each field.
        parts: Parts,
        interval: Interval?,
        method: String,
        basisPasses: Int,
        isUpperLimit: Bool,
        pending: PendingWork,
        comparison: ComparisonTime
    ) {
        self.parts = parts
        self.interval = interval
        self.method = method
        self.basisPasses = basisPasses
        self.isUpperLimit = isUpperLimit
        self.pending = pending
        self.comparison = comparison
    }

    package var seconds: Double { parts.total }
    /// What the pass is held against; nil where that would be unfair, and spoil the intervals of later ones.
    package var foreseen: ForeseenPass? {
        if isLowerLimit { return nil }
        return ForeseenPass(
            method: method,
            nanoseconds: UInt64(exactlyOrMax: seconds * 1e9),
            interval: interval.map {
                let low = UInt64(exactlyOrMax: $0.low * 1e9)
                return low...max(low, UInt64(exactlyOrMax: $0.high * 1e9))
            }
        )
    }
}

extension UInt64 {
    /// The whole part of a number; 0 where it is negative or none, the largest UInt64 where it does not fit.
    package init(exactlyOrMax number: Double) {
        self = number >= 0x1p64 ? .max : number > 0 ? UInt64(number) : 0
    }
}
