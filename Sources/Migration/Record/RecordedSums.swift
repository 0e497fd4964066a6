// What a record says of all its passes together, for who watches a migration from outside.

package import History

/// Sums over all passes of a pair.
package struct RecordedSums: Sendable {
    package let totals: PassTotals
    /// End of the newest pass of all of SOURCE in which nothing failed, in nanoseconds since 1970.
    package let lastSuccessNanoseconds: Int64?
    /// Failures of the newest whole pass.
    package let openFailures: UInt64?
    /// The newest pass, which may run now.
    package let newest: PassRecord?
    /// Whether it does.
    package let isRunning: Bool
    /// The newest pass that has an end.
    package let lastEnded: PassRecord?
    /// Of both trees, the oldest first.
    package let verifications: [RecordedVerification]
}
