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
}
