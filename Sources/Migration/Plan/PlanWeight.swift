// What work is measured by: entries and bytes, kept apart.

/// Entries, and bytes of regular files.
package struct PlanWeight: Equatable, Sendable {
    package var entries: UInt64
    package var bytes: UInt64

    package init(entries: UInt64 = 0, bytes: UInt64 = 0) {
        self.entries = entries
        self.bytes = bytes
    }

    package static func + (one: PlanWeight, other: PlanWeight) -> PlanWeight {
        var sum = one
        sum += other
        return sum
    }

    /// Stops at the largest number: sizes of files are what their inodes say.
    package static func += (sum: inout PlanWeight, other: PlanWeight) {
        sum.entries = sum.entries.addingSaturating(other.entries)
        sum.bytes = sum.bytes.addingSaturating(other.bytes)
    }
}

extension UInt64 {
    fileprivate func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? .max : sum
    }
}
