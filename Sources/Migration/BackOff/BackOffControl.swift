// How much a pass works, by what is observed: pure, and of no clock but the moments that it is given.
//
//   free ──over──▶ held: half the workers, again half ... 1 ──over──▶ paused 5 s, 10 s ... 60 s ──▶ held: 1
//     ▲                                  │                                ▲                          │
//     └── 20 s without, 1 more each 5 s ─┘                                └────────── over ──────────┘
//
// A step down is taken only by what was measured after the last one: a mean of ten seconds that began before it says
// nothing of what it did, and steps would follow each other faster than any signal can. What began earlier and is over
// still keeps workers from being added.
//
// After each pause one worker tries: a pass that gives way to others who are always there would else never end. With
// pauses of a minute that is a few seconds in a minute, of one worker: one of twenty reads of others at most is beside it.
// So where others' slowest twentieth is what counts, each pause is that long.

/// The control of the passes of a loop.
package struct BackOffControl: Sendable {
    static let second: UInt64 = 1_000_000_000
    /// Without a signal that is over, before a worker is added.
    static let calmNanoseconds = 20 * second
    static let riseNanoseconds = 5 * second
    static let firstPauseNanoseconds = 5 * second
    static let longestPauseNanoseconds = 60 * second

    private enum Level: Equatable {
        case free
        case held(Int)
        case paused(until: UInt64)
    }

    private var level = Level.free
    private var why: BackOffObservation?
    private var nextPause = firstPauseNanoseconds
    /// When workers were taken away, or came back from a pause: observations from then on know of it.
    private var changedAt: UInt64 = 0
    /// When something was over last, or a pause ended: calm is counted from there.
    private var lastOver: UInt64 = 0
    private var lastRise: UInt64 = 0

    /// A pass begins, free.
    package init() {}

    /// Another pass begins at `now`, with as many workers as the last one was left with; what is not over any more adds
    /// them again.
    ///
    /// Short passes would else begin with all of them each time, and be through before they have given way.
    package mutating func beginPass(at now: UInt64) {
        if isPaused { level = .held(1) }
        changedAt = now
        lastRise = now
        if level == .free { self = BackOffControl() }
    }

    /// Observations that began before this do not know of the last step: who measures begins anew here.
    package var knownFrom: UInt64 { changedAt }

    /// What holds from `now` on.
    ///
    /// - Parameters:
    ///   - now: monotonic nanoseconds, not before those of earlier calls.
    ///   - ceiling: how many workers a person wants, 1 or more; may differ from call to call.
    ///   - observations: of the signals that have something to say; none at all is nothing over.
    /// - Returns: what the pass may do.
    package mutating func advance(
        to now: UInt64,
        ceiling: Int,
        _ observations: [BackOffObservation]
    ) -> BackOffAnswer {
        let over = observations.filter(\.isOver)
        if let worst = over.max(by: { $0.excess < $1.excess }) {
            lastOver = now
            // The cause of the present state, at its latest.
            if level != .free { why = worst }
        }
        if !isPaused, now >= lastOver + Self.calmNanoseconds {
            nextPause = Self.firstPauseNanoseconds
        }
        // What a person wants less than is no holding back.
        if case .held(let workers) = level, workers >= ceiling { level = .free }
        let fresh = over.filter { $0.since >= changedAt }.max { $0.excess < $1.excess }
        switch level {
        case .free:
            if let fresh { stepDown(at: now, from: ceiling, fresh) }
        case .held(let workers):
            if let fresh {
                stepDown(at: now, from: workers, fresh)
            } else {
                rise(at: now, from: workers, ceiling: ceiling)
            }
        case .paused(let until):
            if now >= until {
                level = .held(1)
                changedAt = now
                // What was calm in the pause says nothing of calm beside a worker.
                lastOver = now
            }
        }
        return answer(ceiling: ceiling)
    }

    private var isPaused: Bool { if case .paused = level { true } else { false } }

    private mutating func stepDown(
        at now: UInt64,
        from workers: Int,
        _ observation: BackOffObservation
    ) {
        why = observation
        changedAt = now
        if workers > 1 {
            level = .held(workers / 2)
        } else {
            let pause =
                observation.isOfSharedDevice ? Self.longestPauseNanoseconds : nextPause
            level = .paused(until: now + pause)
            nextPause = min(nextPause * 2, Self.longestPauseNanoseconds)
        }
    }

    private mutating func rise(at now: UInt64, from workers: Int, ceiling: Int) {
        guard now >= lastOver + Self.calmNanoseconds, now >= lastRise + Self.riseNanoseconds else {
            return
        }
        lastRise = now
        if workers + 1 < ceiling {
            level = .held(workers + 1)
        } else {
            level = .free
            why = nil
        }
    }

    private func answer(ceiling: Int) -> BackOffAnswer {
        switch level {
        case .free: .free
        // After a pause one worker may be all that is wanted.
        case .held(let workers):
            workers < ceiling ? BackOffAnswer(.held, most: workers, why: why) : .free
        case .paused: BackOffAnswer(.paused, most: 0, why: why)
        }
    }
}

/// When a pass stops to find out how fast SOURCE is alone, and whether somebody uses it.
///
/// The first pass is the longest, and nothing was known before it: no file was met that could have been read. Reads
/// while it works would be compared with reads while it works. So it stops for six seconds once some files are known,
/// again when they are from more of the volume (files that were met first lie together, and heads of a disk move less
/// between them), and then every ten minutes: 1 % of the time, and users who come are not overlooked for longer.
package struct BackOffMeasurement: Sendable {
    static let holdNanoseconds = 6 * BackOffControl.second
    /// Of these, what our own requests that were under way need to be through.
    static let settleNanoseconds = 1 * BackOffControl.second
    private static let first = 10 * BackOffControl.second
    private static let second = 120 * BackOffControl.second
    private static let later = 600 * BackOffControl.second
    /// After one that found nothing; so often.
    private static let again = 60 * BackOffControl.second
    private static let triesMax = 3

    package enum Step: Equatable, Sendable {
        case goOn
        /// No worker may work now.
        case hold
        /// What was read since then was read without us.
        case done(since: UInt64)
    }

    private let begin: UInt64
    private var due: UInt64
    private var holdingSince: UInt64?
    private var triesLeft = triesMax

    /// A pass begins, at a moment in monotonic nanoseconds; `knowsBase`: what reads take alone was measured before it.
    package init(at now: UInt64, knowsBase: Bool = false) {
        begin = now
        due = now + (knowsBase ? Self.later : Self.first)
    }

    /// - Parameters:
    ///   - now: monotonic nanoseconds.
    ///   - isPossible: whether there is something to be read.
    /// - Returns: whether it stops, and whether it has been stopped long enough.
    package mutating func advance(to now: UInt64, isPossible: Bool) -> Step {
        if let since = holdingSince {
            if now < since + Self.holdNanoseconds { return .hold }
            holdingSince = nil
            due = now < begin + Self.second ? begin + Self.second : now + Self.later
            return .done(since: since + Self.settleNanoseconds)
        }
        guard now >= due, isPossible else { return .goOn }
        holdingSince = now
        return .hold
    }

    /// A pause has just told as much.
    package mutating func wasSpared(at now: UInt64) { due = now + Self.later }

    /// The last one found nothing: a few more follow sooner.
    package mutating func tryAgain(after now: UInt64) {
        if triesLeft > 0 { due = now + Self.again }
        triesLeft -= 1
    }
}
