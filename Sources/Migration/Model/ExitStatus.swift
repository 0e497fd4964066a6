// How the commands end, as scripts see it; docs/OUTPUT.md says what each status asks of people.

/// The exit statuses of all commands (S48).
package enum ExitStatus: Int32, Sendable {
    case done = 0
    case different = 1
    case refused = 3
    case destinationStopped = 11
    case interrupted = 20
    case someFailed = 23
    case someVanished = 24
    case deletionLimit = 25
    case timeLimit = 26
    case usage = 64

    /// Of several that hold the first one is told.
    ///
    /// A difference stands below what makes an answer incomplete, as in `verify`.
    private static let worstFirst: [ExitStatus] = [
        .interrupted, .destinationStopped, .someFailed, .timeLimit, .different, .someVanished,
        .deletionLimit,
    ]

    /// The one to tell of several that hold; none of them: done.
    package static func worst(of found: [ExitStatus]) -> ExitStatus {
        worstFirst.first(where: found.contains) ?? .done
    }
}
