// `--hours`: when passes may run, by the clock on the wall.

import LinuxIO

/// Stretches of the day in which work is done, in the person's time zone.
package struct WorkHours: Sendable, Equatable {
    /// From one minute of the day to another one, which may lie on the next day; `00:00-24:00` is all of it.
    package struct Stretch: Sendable, Equatable {
        package let first: Int
        package let end: Int

        /// `22:00-06:00`; nil: it is none, or of no length.
        package init?(parsing text: String) {
            let times = text.split(separator: "-", omittingEmptySubsequences: false)
            guard times.count == 2, let first = Self.minute(times[0]),
                let end = Self.minute(times[1]), first != end,
                // The same moment of two days, but for the day from its begin to its end.
                first % WorkHours.minutesPerDay != end % WorkHours.minutesPerDay || first == 0
            else { return nil }
            self.first = first % WorkHours.minutesPerDay
            self.end = end
        }

        /// `06:00`, or `24:00`, the end of a day.
        private static func minute(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
                hour < 24 || hour == 24 && minute == 0
            else { return nil }
            return hour * 60 + minute
        }

        func holds(_ minute: Int) -> Bool {
            first < end ? first <= minute && minute < end : first <= minute || minute < end
        }
    }

    private let stretches: [Stretch]

    static let minutesPerDay = 24 * 60
    /// The stretch of a day may be left out by a change of clocks; then that of the next one counts.
    private static let minutesSearched = 3 * minutesPerDay

    /// None: always.
    package init(_ stretches: [Stretch]) { self.stretches = stretches }

    /// There is no moment at which no work may be done.
    package var isAlways: Bool { stretches.isEmpty }

    /// Whether work may be done at a moment (nanoseconds since 1970).
    package func allow(_ now: Int64) -> Bool {
        stretches.isEmpty || isOpen(minute(of: now))
    }

    /// When that changes next, in nanoseconds since 1970; nil: never.
    ///
    /// Minute by minute by the person's clock, as `allow` asks: an hour that a change of clocks repeats is open, or not,
    /// both times, and what lies in one that it leaves out changes when the clock has jumped over it.
    package func nextChange(after now: Int64) -> Int64? {
        if stretches.isEmpty { return nil }
        let time = CalendarTime(local: now)
        let isOpen = allow(now)
        let minute: Int64 = 60_000_000_000
        let begin = now - Int64(time.second) * 1_000_000_000 - Int64(time.nanosecond)
        for ahead in 1...Int64(Self.minutesSearched) {
            let moment = begin + ahead * minute
            if allow(moment) != isOpen { return moment }
        }
        return nil
    }

    private func isOpen(_ minute: Int) -> Bool { stretches.contains { $0.holds(minute) } }

    private func minute(of moment: Int64) -> Int {
        let time = CalendarTime(local: moment)
        return time.hour * 60 + time.minute
    }
}
