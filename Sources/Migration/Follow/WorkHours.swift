// `--hours`: when passes may run, by the clock on the wall.

import LinuxIO

/// Stretches of the day in which work is done, in the person's time zone.
package struct WorkHours: Sendable, Equatable {
    /// From one minute of the day to another one, which may lie on the next day.
    package struct Stretch: Sendable, Equatable {
        package let first: Int
        package let end: Int

        /// `22:00-06:00`; nil: it is none, or of no length.
        package init?(parsing text: String) {
            let times = text.split(separator: "-", omittingEmptySubsequences: false)
            guard times.count == 2, let first = Self.minute(times[0]),
                let end = Self.minute(times[1]), first != end
            else { return nil }
            self.first = first
            self.end = end
        }

        /// `06:00`, or `24:00` as the end of a day.
        private static func minute(_ text: Substring) -> Int? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2,
                parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
                let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
                hour < 24 || hour == 24 && minute == 0
            else { return nil }
            return (hour * 60 + minute) % WorkHours.minutesPerDay
        }

        func holds(_ minute: Int) -> Bool {
            first < end ? first <= minute && minute < end : first <= minute || minute < end
        }
    }

    private let stretches: [Stretch]

    static let minutesPerDay = 24 * 60

    /// None: always.
    package init(_ stretches: [Stretch]) { self.stretches = stretches }

    /// Whether work may be done at a moment (nanoseconds since 1970).
    package func allow(_ now: Int64) -> Bool {
        stretches.isEmpty || isOpen(minute(of: now))
    }

    /// When that changes next, in nanoseconds since 1970; nil: never.
    ///
    /// A minute that a change of clocks leaves out is taken for one as much later.
    package func nextChange(after now: Int64) -> Int64? {
        if stretches.isEmpty { return nil }
        let time = CalendarTime(local: now)
        let begin = time.hour * 60 + time.minute
        let isOpen = allow(now)
        for ahead in 1...Self.minutesPerDay {
            let minute = (begin + ahead) % Self.minutesPerDay
            if self.isOpen(minute) == isOpen { continue }
            let day = begin + ahead >= Self.minutesPerDay ? time.day + 1 : time.day
            let moment = CalendarTime.moment(
                time.year,
                time.month,
                day,
                minute / 60,
                minute % 60
            )
            return moment.map { max($0, now + 1) }
        }
        return nil
    }

    private func isOpen(_ minute: Int) -> Bool { stretches.contains { $0.holds(minute) } }

    private func minute(of moment: Int64) -> Int {
        let time = CalendarTime(local: moment)
        return time.hour * 60 + time.minute
    }
}
