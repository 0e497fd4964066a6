// Moments as people write them: the date and the time of day, where the person is or in UTC.

import Glibc

/// A moment by the calendar.
package struct CalendarTime: Equatable, Sendable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// 1 to 31.
    package var day: Int
    package var hour: Int
    package var minute: Int
    /// 60 in a leap second, where the person's time zone counts those.
    package var second: Int
    package var nanosecond: Int
    /// What clocks were set to then: `CEST`, or `+0330` where a zone has no letters.
    package var zone: String

    /// A moment in nanoseconds since 1970, in the person's time zone (TZ, else /etc/localtime).
    ///
    /// The corresponding function is `localtime_r`, after `tzset`.
    package init(local nanoseconds: Int64) {
        tzset()
        self.init(nanoseconds) { localtime_r(&$0, &$1) != nil }
    }

    /// The same in UTC.
    ///
    /// The corresponding function is `gmtime_r`.
    package init(utc nanoseconds: Int64) {
        self.init(nanoseconds) { gmtime_r(&$0, &$1) != nil }
        zone = "UTC"
    }

    /// The moment of a time in the person's time zone, in nanoseconds since 1970; nil: there is no such time.
    ///
    /// The 32nd of a month is the 1st of the next one, or the 2nd. The corresponding function is `mktime`, which takes a
    /// time that a change of clocks leaves out for one as much later.
    package static func moment(
        _ year: Int,
        _ month: Int,
        _ day: Int,
        _ hour: Int,
        _ minute: Int
    ) -> Int64? {
        guard (0...9999).contains(year), (1...12).contains(month), (1...32).contains(day),
            (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        parts.tm_isdst = -1
        let seconds = mktime(&parts)
        let (nanoseconds, isTooLarge) = Int64(seconds).multipliedReportingOverflow(
            by: 1_000_000_000
        )
        return seconds == -1 || isTooLarge ? nil : nanoseconds
    }

    private init(_ nanoseconds: Int64, _ split: (inout time_t, inout tm) -> Bool) {
        // Towards the past for moments before 1970, too.
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = time_t(rest < 0 ? whole - 1 : whole)
        var parts = tm()
        // It fails for years that an int cannot hold, and 64 bits of nanoseconds end in 2262.
        precondition(split(&seconds, &parts), "no calendar for \(nanoseconds)")
        year = Int(parts.tm_year) + 1900
        month = Int(parts.tm_mon) + 1
        day = Int(parts.tm_mday)
        hour = Int(parts.tm_hour)
        minute = Int(parts.tm_min)
        second = Int(parts.tm_sec)
        nanosecond = Int(rest < 0 ? rest + 1_000_000_000 : rest)
        // ASCII of the C library's making, not a name.
        zone = parts.tm_zone.map { String(cString: $0) } ?? "UTC"
    }

    /// `2026-08-04`.
    package var date: String { "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))" }
    /// `21:15`.
    package var minutes: String { "\(digits(hour, 2)):\(digits(minute, 2))" }
    /// `21:15:03`.
    package var seconds: String { "\(minutes):\(digits(second, 2))" }
    /// `21:15:03.123`, cut.
    package var milliseconds: String { "\(seconds).\(digits(nanosecond / 1_000_000, 3))" }

    private func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
