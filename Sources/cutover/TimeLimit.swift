// The values of `--stop-at` and `--max-duration`, and the moment that they mean.

import ArgumentParser
import LinuxIO
import Migration

/// A moment by the wall clock, as `--stop-at` has it.
struct StopMoment: Equatable {
    /// Nanoseconds since 1970.
    let nanoseconds: Int64

    /// `05:45`, the next one in the person's time zone, or `2026-11-30T05:45`, which has to be still to come.
    ///
    /// A time that a change of clocks leaves out is taken for one as much later.
    init(parsing text: String, now: Int64 = Int64(clamping: WallClock.nanoseconds)) throws {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard let last = halves.last, halves.count <= 2,
            let time = Self.numbers(last, ":", digits: [2, 2]), time[0] < 24, time[1] < 60
        else { throw Self.mistake }
        if halves.count == 2 {
            guard let date = Self.numbers(halves[0], "-", digits: [4, 2, 2]),
                let moment = CalendarTime.moment(date[0], date[1], date[2], time[0], time[1]),
                CalendarTime(local: moment).day == date[2]
            else { throw Self.mistake }
            guard moment > now else { throw ValidationError("\(text) is past") }
            nanoseconds = moment
            return
        }
        let today = CalendarTime(local: now)
        for day in 0...1 {
            let moment = CalendarTime.moment(
                today.year,
                today.month,
                today.day + day,
                time[0],
                time[1]
            )
            if let moment, moment > now {
                nanoseconds = moment
                return
            }
        }
        throw Self.mistake
    }

    private static let mistake = ValidationError(
        "give a time as 05:45, which is the next one, or 2026-11-30T05:45"
    )

    private static func numbers(
        _ text: Substring,
        _ separator: Character,
        digits: [Int]
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.count) == digits else { return nil }
        let numbers = parts.compactMap {
            $0.allSatisfy { $0.isASCII && $0.isNumber } ? Int($0) : nil
        }
        return numbers.count == parts.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }
}

/// A length of time, as `--max-duration` has it.
struct RunDuration: Equatable {
    let nanoseconds: UInt64

    /// `90m`, `2h30m`, `45s`, `1d`: whole numbers with units, the larger ones first.
    init(parsing text: String) throws {
        var rest = Substring(text)
        var units = Self.units[...]
        var seconds: UInt64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let number = UInt64(digits), number <= Self.most, let letter = rest.popFirst(),
                let unit = units.firstIndex(where: { $0.letter == letter })
            else { throw Self.mistake }
            seconds += number * units[unit].seconds
            units = units[(unit + 1)...]
        }
        guard (1...Self.secondsMax).contains(seconds) else { throw Self.mistake }
        nanoseconds = seconds * 1_000_000_000
    }

    private static let units: [(letter: Character, seconds: UInt64)] = [
        ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
    ]
    /// Of each unit; more is a mistake of typing.
    private static let most: UInt64 = 99_999_999
    private static let secondsMax: UInt64 = 10 * 365 * 86_400
    private static let mistake = ValidationError(
        "give a duration as 90m, 2h30m or 45s, at most ten years"
    )
}

/// When a run begins nothing new any more.
struct TimeLimit: Sendable {
    /// By the wall clock, in nanoseconds since 1970: where that is set, so is this.
    private let moment: Int64?
    /// By a clock that only counts.
    private let end: UInt64?

    /// The earlier one of both; nil: there is no limit.
    init?(_ options: TimeLimitOptions) {
        if options.stopAt == nil, options.maxDuration == nil { return nil }
        moment = options.stopAt?.nanoseconds
        end = options.maxDuration.map { monotonicNanoseconds() &+ $0.nanoseconds }
    }

    /// When it is, as far as is known now, in nanoseconds since 1970.
    var foreseen: Int64 {
        let byEnd = end.map { end in
            let now = monotonicNanoseconds()
            return Int64(clamping: WallClock.nanoseconds)
                &+ Int64(clamping: end > now ? end - now : 0)
        }
        return min(moment ?? .max, byEnd ?? .max)
    }

    /// Nanoseconds until then; 0: it is reached.
    var remaining: UInt64 {
        let now = Int64(clamping: WallClock.nanoseconds)
        let untilMoment = moment.map { $0 > now ? UInt64($0 - now) : 0 }
        let counted = monotonicNanoseconds()
        let untilEnd = end.map { $0 > counted ? $0 - counted : 0 }
        return min(untilMoment ?? .max, untilEnd ?? .max)
    }
}

/// What the main thread does when a time limit comes near, step by step.
struct TimeLimitSteps {
    /// What is in hand at the limit may take so long; then it is given back.
    static let graceSeconds: UInt64 = 30
    /// So long after that a run should have come back, as after a signal.
    private static let patienceSeconds: UInt64 = 5

    private enum Step { case before, grace(until: UInt64), patience(until: UInt64), waitingForDisk }

    private let limit: TimeLimit?
    private var step = Step.before

    init(_ limit: TimeLimit?) { self.limit = limit }

    /// Nanoseconds until something is to be done, at most 5 s, lest a wall clock that is set be missed; nil: never.
    var wait: UInt64? {
        guard let limit else { return nil }
        let now = monotonicNanoseconds()
        let wait: UInt64
        switch step {
        case .before: wait = limit.remaining
        case .grace(let until), .patience(let until): wait = until > now ? until - now : 0
        case .waitingForDisk: return nil
        }
        return min(wait, 5_000_000_000)
    }

    /// Whether the limit is reached, be a run there or not.
    var isReached: Bool {
        if case .before = step { false } else { true }
    }

    /// Does what is due; false: the run does not come back.
    ///
    /// `tell` is given a sentence for people.
    mutating func advance(_ run: Supervision.Steered?, tell: (String) -> Void) -> Bool {
        let now = monotonicNanoseconds()
        let isSynchronizing = run?.isSynchronizing() ?? false
        switch step {
        case .before:
            guard limit?.remaining == 0 else { return true }
            run?.control?.reachTimeLimit()
            if isSynchronizing { return waitForDisk(tell) }
            step = .grace(until: now &+ Self.graceSeconds * 1_000_000_000)
            tell(
                "the time limit is reached: nothing new is begun, files in hand get \(Self.graceSeconds) s"
            )
        case .grace(let until):
            if isSynchronizing { return waitForDisk(tell) }
            if now < until { return true }
            run?.control?.endGrace()
            step = .patience(until: now &+ Self.patienceSeconds * 1_000_000_000)
        case .patience(let until):
            if isSynchronizing { return waitForDisk(tell) }
            return now < until
        case .waitingForDisk: break
        }
        return true
    }

    /// syncfs(2) cannot be cut short, and without it the pass would have been for nothing.
    private mutating func waitForDisk(_ tell: (String) -> Void) -> Bool {
        step = .waitingForDisk
        tell(
            "the time limit is reached: DESTINATION's disk is waited for, which cannot be cut short"
        )
        return true
    }
}
