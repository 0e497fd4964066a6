// What the end of a pass means for the loop of `follow`. Pure.

/// How the loop goes on, or ends.
package enum FollowStep: Sendable, Equatable {
    /// The next pass comes after the pause.
    case goesOn
    /// DESTINATION is full: so many bytes and inodes have to be free there first.
    case waitsForRoom(bytes: UInt64, inodes: UInt64)
    /// The hours in which work is done are over.
    case waitsForHours
    case ends(ExitStatus, FollowEnd)
}

/// Why the loop ends.
package enum FollowEnd: String, Sendable, CaseIterable {
    case signal
    case passes
    case untilReady = "until_ready"
    case stopAt = "stop_at"
    /// The hours of work were over, and a call did not come back: nothing of this process could go on after it.
    case hours
    case refused
    case destinationStopped = "destination_stopped"
    case deletionLimit = "deletion_limit"
    /// `--before` failed three times running.
    case before
}

extension FollowStep {
    /// What comes after a pass.
    ///
    /// - Parameters:
    ///   - summary: how it ended.
    ///   - isCutByHours: the time limit that ended it was the end of `--hours`, and not that of the loop.
    package init(after summary: PassSummary, isCutByHours: Bool) {
        switch summary.status {
        case .interrupted: self = .ends(.interrupted, .signal)
        case .destinationStopped:
            guard let stop = summary.stop, stop.reason == .full else {
                self = .ends(.destinationStopped, .destinationStopped)
                return
            }
            self = .waitsForRoom(
                bytes: summary.counters.bytesMissing.value(),
                inodes: summary.counters.entriesMissing.value()
            )
        case .timeLimit: self = isCutByHours ? .waitsForHours : .ends(.timeLimit, .stopAt)
        // Something deletes much: a person has to look before more goes.
        case .deletionLimit: self = .ends(.deletionLimit, .deletionLimit)
        case .someFailed where summary.counters.deletionsRefused.value() > 0:
            self = .ends(.someFailed, .deletionLimit)
        case .someVanished where summary.counters.deletionsRefused.value() > 0:
            self = .ends(.deletionLimit, .deletionLimit)
        // A cut that others outrank is one.
        case .someFailed where summary.isCutByTimeLimit:
            self = isCutByHours ? .waitsForHours : .ends(.someFailed, .stopAt)
        case .done, .someFailed, .someVanished: self = .goesOn
        case .refused, .different, .usage: self = .ends(summary.status, .refused)
        }
    }
}

extension FollowEnd {
    /// The status of a loop that this ends between two passes, or in a look.
    ///
    /// - Parameters:
    ///   - last: that of its last pass; nil: there was none.
    ///   - awaitsReady: `--until-ready`. Then 0 means READY, so an end without it is one before its time.
    /// - Returns: with it 20, 26, or what outranks them; else that of the last pass, where there was one.
    package func status(last: ExitStatus?, awaitsReady: Bool) -> ExitStatus {
        guard let last else { return cut }
        return awaitsReady ? .worst(of: [last, cut]) : last
    }

    /// The same where a call did not come back: whatever the last pass came to, something does not answer.
    package func statusIfGivenUp(last: ExitStatus?) -> ExitStatus {
        .worst(of: [last ?? .done, cut])
    }

    private var cut: ExitStatus { self == .signal ? .interrupted : .timeLimit }
}
