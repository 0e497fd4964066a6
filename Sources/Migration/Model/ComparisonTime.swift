// How long a comparison of all attributes takes (`verify --metadata`), which follows the last pass in the night of the
// switch: what the last one of the pair took, kept beside the record.

/// What is known of it.
package enum ComparisonTime: Sendable, Equatable {
    /// The last one, whoever made it: `verify --metadata` of all of both roots, or that of `--final`.
    case took(seconds: Double)
    case unknown(Reason)

    /// Why nothing is known; words for programs, which stay.
    package enum Reason: String, CaseIterable, Sendable {
        /// None of this pair has been noted.
        case neverRan = "never_ran"
        /// The last one ran on another machine.
        case otherMachine = "other_machine"
        /// The last one was of roots that bear the same numbers and are others.
        case otherVolumes = "other_volumes"
        /// What was noted cannot be read.
        case unreadable
    }

    package var seconds: Double? { if case .took(let seconds) = self { seconds } else { nil } }
    package var reason: Reason? { if case .unknown(let reason) = self { reason } else { nil } }
}
