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

/// Failures that were told lately: what fails in each pass is told once a day.
package struct ToldFailures: Sendable {
    private var told: [[UInt8]: Int64] = [:]

    /// So many are remembered; more are told again.
    private static let most = 10_000
    private static let daySeconds: Int64 = 86_400

    package init() {}

    /// Whether one of them is news at `now`, in seconds by a clock that only counts; all of them count as told then.
    package mutating func hasNews(_ failures: [Failure], now: Int64) -> Bool {
        told = told.filter { now - $0.value < Self.daySeconds }
        var hasNews = false
        for failure in failures {
            let key =
                Array("\(failure.activity.rawValue) \(failure.side.rawValue) ".utf8) + failure.path
            if told[key] != nil { continue }
            hasNews = true
            if told.count < Self.most { told[key] = now }
        }
        return hasNews
    }
}

/// Whether passes still get shorter, and whether they ever can.
package enum Convergence: Sendable, Equatable {
    /// Nothing is to be said.
    case goesOn
    /// The last ones took alike: seconds of a pass, and of finding changes in it.
    case floor(seconds: Double, changes: Double)
    /// Users make work faster than it is done: so many seconds more each hour.
    case diverges(secondsPerHour: Double)

    private static let alike = 0.1
    private static let passes = 3

    /// Each kind is told once; nil: nothing is to be.
    package var kind: String? {
        switch self {
        case .goesOn: nil
        case .floor: "floor"
        case .diverges: "diverges"
        }
    }

    /// - Parameters:
    ///   - seconds: what the last passes took, the newest first.
    ///   - changes: what finding changes took in the newest.
    ///   - pace: seconds of work that users make in a second.
    package init(_ seconds: [Double], changes: Double, pace: Double?) {
        self = .goesOn
        guard seconds.count >= Self.passes else { return }
        if let pace, pace >= 1 {
            self = .diverges(secondsPerHour: (pace - 1) * 3_600)
            return
        }
        let last = seconds.prefix(Self.passes)
        guard let least = last.min(), let most = last.max(), let newest = last.first else { return }
        if most <= least * (1 + Self.alike) { self = .floor(seconds: newest, changes: changes) }
    }
}
