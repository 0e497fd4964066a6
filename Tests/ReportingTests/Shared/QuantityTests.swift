// Sizes, counts, durations and columns, at the borders of their units.

import Reporting
import Testing

@Suite struct QuantityTests {
    @Test("sizes are in binary units with their right suffix, cut to one decimal")
    func sizes() {
        let rows: [(UInt64, String)] = [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1 << 20 - 1, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"), (1 << 30, "1.0 GiB"), (788_341_253_734, "734.2 GiB"),
            (1_600_000_000_000, "1.4 TiB"), (1 << 50, "1.0 PiB"), (1 << 60, "1.0 EiB"),
            (.max, "15.9 EiB"),
        ]
        for (bytes, text) in rows { #expect(Quantity.size(bytes) == text) }
    }

    @Test("counts have thousands separators")
    func counts() {
        let rows: [(UInt64, String, String)] = [
            (0, "0", "0"), (999, "999", "999"), (1000, "1,000", "1.0k"),
            (12_345, "12,345", "12.3k"),
            (999_999, "999,999", "999.9k"), (1_000_000, "1,000,000", "1.0M"),
            (48_123_456, "48,123,456", "48.1M"), (.max, "18,446,744,073,709,551,615", "18.4E"),
        ]
        for (number, long, short) in rows {
            #expect(Quantity.count(number) == long)
            #expect(Quantity.shortCount(number) == short)
        }
        #expect(Quantity.count(1, "failure", "failures") == "1 failure")
        #expect(Quantity.count(1000, "failure", "failures") == "1,000 failures")
    }

    @Test("durations: seconds with a decimal, then minutes, then hours without limit")
    func durations() {
        let second: UInt64 = 1_000_000_000
        let rows: [(UInt64, String)] = [
            (0, "0.0 s"), (4_250_000_000, "4.2 s"), (59_999_999_999, "59.9 s"),
            (60 * second, "1:00"),
            (3599 * second, "59:59"), (3600 * second, "1:00:00"), (93_791 * second, "26:03:11"),
            (1_000_000 * second, "277:46:40"),
        ]
        for (nanoseconds, text) in rows { #expect(Quantity.duration(nanoseconds) == text) }
    }

    @Test("100% only when nothing is left, never more")
    func percents() {
        #expect(Quantity.percent(0, of: 0) == "100%")
        #expect(Quantity.percent(0, of: 1) == "0%")
        #expect(Quantity.percent(9999, of: 10_000) == "99%")
        #expect(Quantity.percent(.max - 1, of: .max) == "99%")
        #expect(Quantity.percent(12, of: 10) == "100%")
        #expect(Quantity.perSecond(.max, in: 1) == .max)
        #expect(Quantity.perSecond(5, in: 0) == 0)
        #expect(Quantity.perSecond(30, in: 10_000_000_000) == 3)
    }

    @Test("columns: wide characters take two, combining marks none, and text is cut by columns")
    func columns() {
        #expect(TextLayout.columns("abc") == 3)
        #expect(TextLayout.columns("\u{6F22}\u{5B57}") == 4)
        #expect(TextLayout.columns("e\u{301}") == 1)
        #expect(TextLayout.columns("\u{1F600}") == 2)
        #expect(TextLayout.cut("abcdefgh", to: 8) == "abcdefgh")
        #expect(TextLayout.cut("abcdefghi", to: 8) == "abcde...")
        #expect(
            TextLayout.columns(TextLayout.cut("\u{6F22}\u{5B57}\u{6F22}\u{5B57}\u{6F22}", to: 8))
                <= 8
        )
        #expect(TextLayout.cut("abcdef", to: 2) == "..")
        #expect(
            TextLayout.wrapped(["aaa", "bbb", "cccccccccc", "d"], lead: "  ", indent: 4, width: 10)
                == ["  aaa bbb", "    cccccccccc", "    d"]
        )
    }
}
