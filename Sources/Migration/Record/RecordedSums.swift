// What a record says of all its passes together, for who watches a migration from outside.

package import History

/// Sums over all passes of a pair.
package struct RecordedSums: Sendable {
    package let totals: PassTotals
    /// End of the newest pass with status 0, in nanoseconds since 1970.
    package let lastSuccessNanoseconds: Int64?
    /// Failures of the newest whole pass.
    package let openFailures: UInt64?
}
