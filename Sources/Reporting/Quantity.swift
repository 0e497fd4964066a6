// Numbers as people read them: sizes in binary units, counts with separators, durations. Pure, and
// the same in every locale, so that scripts of people who parse summaries do not break by LANG.
// Programs get plain numbers instead (JSONLine.swift).

import Migration

/// Numbers made text.
package enum Quantity {
    /// A size, such as "734.2 GiB".
    ///
    /// One decimal, cut (never rounded up to a full unit), powers of 1024.
    package static func size(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        // The unit's exponent is the number of whole tens of bits.
        let exponent = (63 - bytes.leadingZeroBitCount) / 10
        let shift = UInt64(exponent) * 10
        let whole = bytes >> shift
        // The remainder is below 2^60, so ten times it fits.
        let tenths = ((bytes & (1 << shift - 1)) * 10) >> shift
        return "\(whole).\(tenths) \(units[exponent - 1])"
    }

    /// A count with separators: "1,234,567".
    package static func count(_ number: UInt64) -> String {
        let digits = Array(String(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A count that needs little room, such as "48.1M".
    ///
    /// Cut, powers of 1000.
    package static func shortCount(_ number: UInt64) -> String {
        guard number >= 1000 else { return "\(number)" }
        var unit: UInt64 = 1000
        var suffix = "k"
        for larger in ["M", "G", "T", "P", "E"] where number / unit >= 1000 {
            unit *= 1000
            suffix = larger
        }
        return "\(number / unit).\(number % unit / (unit / 10))\(suffix)"
    }

    /// A count and what is counted: "1 file", "2 files".
    package static func count(_ number: UInt64, _ one: String, _ many: String) -> String {
        "\(count(number)) \(number == 1 ? one : many)"
    }

    /// A duration: "0.3 s", "59.9 s", then "1:00", "26:03:11", without limit of hours.
    package static func duration(_ nanoseconds: UInt64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        if seconds < 60 { return "\(seconds).\(nanoseconds / 100_000_000 % 10) s" }
        let minutes = seconds / 60 % 60
        let tail = twoDigits(seconds % 60)
        if seconds < 3600 { return "\(minutes):\(tail)" }
        return "\(seconds / 3600):\(twoDigits(minutes)):\(tail)"
    }

    /// Seconds as programs read them, with three decimals, cut: "12.345".
    package static func decimal(nanoseconds: UInt64) -> String {
        let thousandths = "\(1_000 + nanoseconds / 1_000_000 % 1_000)".dropFirst()
        return "\(nanoseconds / 1_000_000_000).\(thousandths)"
    }

    /// A number that is not negative as programs read it, with three decimals.
    static func decimal(_ number: Double) -> String {
        decimal(nanoseconds: UInt64(exactlyOrMax: (number * 1e3).rounded() * 1e6))
    }

    /// A length of time as options take it: "0.4s", "45s", "3m30s", "2h05m", "3d04h"; rounded.
    package static func span(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "unknown" }
        if seconds < 9.95 {
            let tenths = Int((seconds * 10).rounded())
            return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
        }
        let whole = UInt64(exactlyOrMax: seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3_600 { return joined(whole, 60, "m", "s") }
        // What is less than a minute, or than an hour, says nothing any more.
        let minutes = (whole + 30) / 60
        if minutes < 1_440 { return joined(minutes, 60, "h", "m") }
        return joined((whole + 1_800) / 3_600, 24, "d", "h")
    }

    private static func joined(
        _ amount: UInt64,
        _ base: UInt64,
        _ unit: String,
        _ part: String
    ) -> String {
        let rest = amount % base
        return "\(amount / base)\(unit)" + (rest == 0 ? "" : "\(twoDigits(rest))\(part)")
    }

    /// A part of a whole in percent: "45%"; a whole of 0 is complete.
    ///
    /// Never more than 100, and 100 only when nothing is left, for the totals of a volume in use
    /// are estimates.
    package static func percent(_ part: UInt64, of whole: UInt64) -> String {
        part >= whole
            ? "100%" : "\(UInt64(Double(part) / Double(whole) * 100).clamped(to: 0...99))%"
    }

    /// An amount in a time, as an amount a second; 0 when no time passed.
    package static func perSecond(_ amount: UInt64, in nanoseconds: UInt64) -> UInt64 {
        guard nanoseconds > 0 else { return 0 }
        return UInt64(exactlyOrMax: Double(amount) * 1e9 / Double(nanoseconds))
    }

    private static func twoDigits(_ number: UInt64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension UInt64 {
    fileprivate func clamped(to range: ClosedRange<UInt64>) -> UInt64 {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
