// How long the next pass would take: what is told of it.

/// What a pass would have to do now.
package struct PendingWork: Sendable, Equatable {
    /// Entries of any kind that it would change.
    package var entries: UInt64
    package var files: UInt64
    package var bytes: UInt64
    /// Whether a look has counted it; otherwise it follows from how fast users changed things lately.
    package var isCounted: Bool

    package init(entries: UInt64, files: UInt64, bytes: UInt64, isCounted: Bool) {
        self.entries = entries
        self.files = files
        self.bytes = bytes
        self.isCounted = isCounted
    }
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
    }

    package var parts: Parts
    /// Nil: fewer than three estimates were followed by a pass.
    package var interval: Interval?
    /// How many earlier passes it rests on.
    package var basisPasses: Int
    /// All that is known are passes that were held back: it takes that long at most.
    package var isUpperLimit: Bool
    package var pending: PendingWork

    package var seconds: Double { parts.total }
    /// The same, for the record.
    package var nanoseconds: UInt64 { UInt64(clamping: seconds * 1e9) }

    /// The interval in nanoseconds.
    package var range: ClosedRange<UInt64>? {
        interval.map {
            let low = UInt64(clamping: $0.low * 1e9)
            return low...max(low, UInt64(clamping: $0.high * 1e9))
        }
    }
}

extension UInt64 {
    /// The whole part of a number that may be anything.
    init(clamping number: Double) {
        self = number >= 0x1p64 ? .max : number > 0 ? UInt64(number) : 0
    }
}
