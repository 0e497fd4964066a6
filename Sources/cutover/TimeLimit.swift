// The values of `--stop-at` and `--max-duration`, and the moment that they mean.

import ArgumentParser
import LinuxIO
import Reporting

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
            let time = Self.numbers(last, ":", digits: [2, 2])
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
        return numbers.count == parts.count ? numbers : nil
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
            else { throw text == "0" ? Self.nothing : Self.mistake }
            seconds += number * units[unit].seconds
            units = units[(unit + 1)...]
        }
        if seconds == 0, !text.isEmpty { throw Self.nothing }
        guard (1...Self.secondsMax).contains(seconds) else { throw Self.mistake }
        nanoseconds = seconds * 1_000_000_000
    }

    /// The pause of `follow` where none is given.
    static let minute = RunDuration(nanoseconds: 60_000_000_000)

    private init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    var seconds: Double { Double(nanoseconds) / 1e9 }

    private static let units: [(letter: Character, seconds: UInt64)] = [
        ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
    ]
    /// Of each unit; more is a mistake of typing.
    private static let most: UInt64 = 99_999_999
    private static let secondsMax: UInt64 = 10 * 365 * 86_400
    private static let mistake = ValidationError(
        "give a duration as 90m, 2h30m or 45s, at most ten years"
    )
    private static let nothing = ValidationError("give a duration of at least one second, as 1s")
}

/// When a run begins nothing new any more.
struct TimeLimit: Sendable {
    /// By the wall clock, in nanoseconds since 1970: where that is set, so is this.
    private let moment: Int64?
    /// By a clock that only counts.
    private let end: UInt64?
    /// It is the end of `--hours`, after which others come.
    let isOfHours: Bool
    /// What is reached then, for people.
    var name: String { isOfHours ? "the hours of work are over" : "the time limit is reached" }

    /// The earlier one of both; nil: there is no limit.
    init?(_ options: TimeLimitOptions) {
        if options.stopAt == nil, options.maxDuration == nil { return nil }
        moment = options.stopAt?.nanoseconds
        end = options.maxDuration.map { monotonicNanoseconds() &+ $0.nanoseconds }
        isOfHours = false
    }

    /// The end of `--hours`, in nanoseconds since 1970.
    init(endOfHours moment: Int64) {
        self.moment = moment
        end = nil
        isOfHours = true
    }

    /// The one that is reached first.
    static func earlier(_ one: TimeLimit?, _ other: TimeLimit?) -> TimeLimit? {
        guard let one, let other else { return one ?? other }
        return one.remaining <= other.remaining ? one : other
    }

    /// When it is, as far as is known now, in nanoseconds since 1970.
    private var foreseen: Int64 {
        let byEnd = end.map { end in
            let now = monotonicNanoseconds()
            return Int64(clamping: WallClock.nanoseconds)
                &+ Int64(clamping: end > now ? end - now : 0)
        }
        return min(moment ?? .max, byEnd ?? .max)
    }

    /// As it is told.
    var told: ReporterConfiguration.TimeLimit { .init(moment: foreseen, nanoseconds: remaining) }

    /// Nanoseconds until then; 0: it is reached.
    var remaining: UInt64 {
        let now = Int64(clamping: WallClock.nanoseconds)
        let untilMoment = moment.map { $0 > now ? UInt64($0 - now) : 0 }
        let counted = monotonicNanoseconds()
        let untilEnd = end.map { $0 > counted ? $0 - counted : 0 }
        return min(untilMoment ?? .max, untilEnd ?? .max)
    }
}
