// What back-off observes, and what it tells of itself.

/// Why a pass is held back.
package enum BackOffCause: String, CaseIterable, Sendable {
    /// Reads of SOURCE take longer than without a pass.
    case readLatency = "read_latency"
    /// Others wait for disks: `io.pressure` of a cgroup beside ours.
    case pressure
    /// The command of `--probe` takes longer.
    case probe
}

/// What one signal says at a moment.
package struct BackOffObservation: Equatable, Sendable {
    package var cause: BackOffCause
    /// Seconds, or for pressure the share of time, 0 to 1.
    package var value: Double
    /// Above it others are disturbed; in the same unit.
    package var limit: Double
    /// When what was measured began, in monotonic nanoseconds: what was changed later has not been measured.
    package var since: UInt64
    /// Which cgroup it is about, relative to their root; nil for other signals.
    package var group: String?
    /// Others use the device, and what is judged is how the slowest of their reads fare.
    package var isOfSharedDevice = false

    package init(
        _ cause: BackOffCause,
        value: Double,
        limit: Double,
        since: UInt64,
        group: String? = nil
    ) {
        self.cause = cause
        self.value = value
        self.limit = limit
        self.since = since
        self.group = group
    }

    package var isOver: Bool { value > limit }
    /// How far above its limit it is; this is what signals are compared by.
    package var excess: Double { limit > 0 ? value / limit : value > 0 ? .infinity : 0 }
}

/// What a pass may do now.
package struct BackOffAnswer: Equatable, Sendable {
    package typealias State = BackOffState

    package var state: State
    /// Workers at most; nil: no limit.
    package var most: Int?
    /// What decided it; nil while free and measuring.
    package var why: BackOffObservation?

    package init(_ state: State, most: Int?, why: BackOffObservation? = nil) {
        self.state = state
        self.most = most
        self.why = why
    }

    package static let free = BackOffAnswer(.free, most: nil)
}

/// A signal that there is not, or no longer; said once.
package enum BackOffLack: Hashable, Sendable {
    /// SOURCE's filesystem has no direct reads.
    case noDirectReads
    /// No cgroup v2 is mounted.
    case noGroups
    /// There is no group beside ours: the root of all that is seen is a container's.
    case noOtherGroups
    /// The kernel keeps no pressure (`psi=0`, or it was built without).
    case noPressure
    /// Our cgroup holds other processes, too, which nobody could tell from us.
    case sharedGroup
    /// The probe's command cannot be timed: it ended with this status, 126 and above also where it was killed.
    case probeFailed(status: Int32)
    /// One of the probe's first runs, for which a pass waits, did not end within ten seconds.
    case probeTooSlow
    /// The probe's command cannot be run: no process, or no shell.
    case probeNotRun(String)

    /// The word for programs, which stays.
    package var word: String {
        switch self {
        case .noDirectReads: "no_direct_reads"
        case .noGroups: "no_groups"
        case .noOtherGroups: "no_other_groups"
        case .noPressure: "no_pressure"
        case .sharedGroup: "shared_group"
        case .probeFailed: "probe_failed"
        case .probeTooSlow: "probe_too_slow"
        case .probeNotRun: "probe_not_run"
        }
    }

    /// The signal that it is about.
    package var cause: BackOffCause {
        switch self {
        case .noDirectReads: .readLatency
        case .noGroups, .noOtherGroups, .noPressure, .sharedGroup: .pressure
        case .probeFailed, .probeTooSlow, .probeNotRun: .probe
        }
    }
}

/// What back-off tells.
package enum BackOffEvent: Sendable {
    /// Another state, or other workers; `workers`: how many work now.
    case changed(BackOffAnswer, workers: Int)
    case lacks(BackOffLack)
    /// The present pass has run for six hours or more and was held back for over 80 % of that; once a pass.
    case heldNearlyAllDay(HeldBack)
}

/// How long a pass was held back.
package struct HeldBack: Equatable, Sendable {
    /// Time of the pass so far.
    package var passNanoseconds: UInt64 = 0
    /// Time with fewer workers than were wanted, or none, for others' sake.
    package var heldNanoseconds: UInt64 { byCause.values.reduce(0) { $0 &+ $1.nanoseconds } }
    /// The part of it for each cause, and the observation that was furthest above its limit.
    package internal(set) var byCause: [BackOffCause: Part] = [:]

    package struct Part: Equatable, Sendable {
        package var nanoseconds: UInt64
        package var worst: BackOffObservation
    }

    package init() {}

    /// 0 to 1.
    package var share: Double {
        passNanoseconds == 0 ? 0 : Double(heldNanoseconds) / Double(passNanoseconds)
    }

    /// What it was held back for most of the time, at its worst; nil where it never was.
    package var why: BackOffObservation? {
        byCause.max { $0.value.nanoseconds < $1.value.nanoseconds }?.value.worst
    }

    /// Six hours, four fifths of which the pass was held back.
    package var isNearlyAllDay: Bool {
        passNanoseconds >= 6 * 3_600_000_000_000 && share > 0.8
    }

    /// Adds a stretch of the pass.
    package mutating func add(_ nanoseconds: UInt64, _ answer: BackOffAnswer) {
        passNanoseconds &+= nanoseconds
        guard answer.most != nil, let why = answer.why else { return }
        var part = byCause[why.cause] ?? Part(nanoseconds: 0, worst: why)
        part.nanoseconds &+= nanoseconds
        if why.excess > part.worst.excess { part.worst = why }
        byCause[why.cause] = part
    }
}
