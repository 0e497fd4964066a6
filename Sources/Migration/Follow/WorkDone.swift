// How much of a pass is done, for who asks while it runs or was cut. Pure.

/// A share of the work of one pass.
package struct WorkDone: Sendable, Equatable {
    /// 0 to 1, and less than 1: it asks who has not come to the end.
    package let share: Double
    /// What there is to do is known as an upper limit only.
    package let isAtLeast: Bool

    private static let most = 0.99

    package init(share: Double, isAtLeast: Bool) {
        self.share = min(max(share, 0), Self.most)
        self.isAtLeast = isAtLeast
    }

    /// Of a pass by a scan, that a look counted right before it; nil: it had nothing to do.
    ///
    /// What users changed since is neither done nor known.
    package init?(of pending: PendingWork, _ counters: Counters) {
        guard pending.isCounted else { return nil }
        self.init(
            [
                (counters.touched(isByScan: false), pending.entries),
                (counters.bytesCopied.value(), pending.bytes),
            ],
            isAtLeast: false
        )
    }

    /// Of a pass that walks, by what SOURCE holds; nil: that is not known.
    ///
    /// `isExact`: the totals are those of what is copied.
    package init?(entriesTotal: UInt64?, bytesTotal: UInt64?, isExact: Bool, _ counters: Counters) {
        self.init(
            [
                (counters.entriesSeen.value(), entriesTotal ?? 0),
                (counters.bytesSeen.value(), bytesTotal ?? 0),
            ],
            isAtLeast: !isExact
        )
    }

    /// The smaller share of those that have a total: a pass is bound by one of them at any moment.
    private init?(_ parts: [(done: UInt64, total: UInt64)], isAtLeast: Bool) {
        let shares = parts.filter { $0.total > 0 }.map { Double($0.done) / Double($0.total) }
        guard let share = shares.min() else { return nil }
        self.init(share: share, isAtLeast: isAtLeast)
    }
}
