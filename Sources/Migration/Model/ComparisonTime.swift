// How long a comparison of all attributes takes (`verify --metadata`), which follows the last pass in the night of the
// switch: what the last one of the pair took, by the verifications that are recorded.

package import History

/// What is known of it.
package enum ComparisonTime: Sendable, Equatable {
    /// The last one, whoever made it: `verify --metadata` of all of both roots, or that of `--final`.
    case took(seconds: Double)
    case unknown(Reason)

    /// Why nothing is known; words for programs, which stay.
    package enum Reason: String, CaseIterable, Sendable {
        /// None of this pair is recorded.
        case neverRan = "never_ran"
        /// The last one ran on another machine.
        case otherMachine = "other_machine"
        /// The record cannot be asked for it.
        case unreadable
    }

    package var seconds: Double? { if case .took(let seconds) = self { seconds } else { nil } }
    package var reason: Reason? { if case .unknown(let reason) = self { reason } else { nil } }

    /// - Parameters:
    ///   - verifications: all of the pair, the oldest first.
    ///   - machine: that of the next one.
    package init(_ verifications: [RecordedVerification], on machine: String?) {
        guard let last = verifications.last(where: \.isOfAllAttributes) else {
            self = .unknown(.neverRan)
            return
        }
        self =
            last.machine == machine
            ? .took(seconds: Double(last.durationNanoseconds) / 1e9) : .unknown(.otherMachine)
    }
}

extension RecordedVerification {
    /// Attributes alone, of all that passes carry, to its end.
    fileprivate var isOfAllAttributes: Bool {
        !comparesContents && !isPartial && !isFiltered && isComplete
    }
}
