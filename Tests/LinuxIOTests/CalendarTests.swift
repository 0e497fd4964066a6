// Moments by the calendar, judged by date(1).

import LinuxIO
import TestSupport
import Testing

@Suite("Moments by the calendar") struct CalendarTests {
    @Test(
        "UTC, to the millisecond, before 1970 too",
        arguments: [
            (0, "1970-01-01 00:00:00.000"),
            (-1, "1969-12-31 23:59:59.999"),
            (-1_000_000_000, "1969-12-31 23:59:59.000"),
            (1_754_300_000_123_456_789, "2025-08-04 09:33:20.123"),
            (951_782_400_000_000_000, "2000-02-29 00:00:00.000"),
            (Int64.max, "2262-04-11 23:47:16.854"),
            (Int64.min, "1677-09-21 00:12:43.145"),
        ] as [(Int64, String)]
    )
    func universal(nanoseconds: Int64, text: String) {
        let time = CalendarTime(utc: nanoseconds)
        #expect("\(time.date) \(time.milliseconds)" == text)
        #expect(time.zone == "UTC")
    }

    @Test("Local time is that of date(1)", .requiresTool("date"))
    func local() throws {
        for seconds in [0, 951_782_400, 1_754_300_000, 1_767_225_600] as [Int64] {
            let time = CalendarTime(local: seconds * 1_000_000_000)
            let outcome = try Shell.run("date -d @\(seconds) '+%F %H:%M %S %Z'")
            let text =
                "\(time.date) \(time.minutes) \(time.seconds.suffix(2)) \(time.zone)\n"
            #expect(outcome.output == text)
        }
    }
}
