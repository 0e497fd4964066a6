// The value of `--bwlimit`.

import ArgumentParser

/// A number of bytes a second, or no limit.
///
/// Whoever writes `10` thinks of rsync, where it is KiB, or of MiB: bytes they are not meant, and a pass of 10 bytes a
/// second would look as if it hung.
struct ByteRate: Equatable {
    /// Nil: no limit.
    let bytesPerSecond: UInt64?

    /// rsync's suffixes, capitals or not.
    ///
    /// K and KiB are 1024, KB is 1000, and so on. A number without one is bytes here, not KiB.
    private static let units: [String: Double] = [
        "": 1, "B": 1,
        "K": 0x1p10, "KIB": 0x1p10, "KB": 1e3,
        "M": 0x1p20, "MIB": 0x1p20, "MB": 1e6,
        "G": 0x1p30, "GIB": 0x1p30, "GB": 1e9,
        "T": 0x1p40, "TIB": 0x1p40, "TB": 1e12,
    ]

    /// Beyond this a `Double` no longer holds each byte, and no disk gives it.
    private static let most = 1e15

    /// The least that a number without a suffix may be.
    private static let leastBare = 1024.0

    init(parsing text: String) throws {
        let word = text.uppercased()
        if word == "OFF" {
            bytesPerSecond = nil
            return
        }
        let digits = word.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let unit = Self.units[String(word.dropFirst(digits.count))],
            let number = Double(digits), digits.first != ".", digits.last != "."
        else { throw Self.mistake }
        let rate = number * unit
        if digits.count == word.count, rate >= 1, rate < Self.leastBare {
            throw ValidationError(
                "\(digits) \(rate == 1 ? "byte" : "bytes") a second is too little: write \(digits)K or \(digits)M"
            )
        }
        guard rate == 0 || (1...Self.most).contains(rate) else { throw Self.mistake }
        bytesPerSecond = rate == 0 ? nil : UInt64(rate)
    }

    private static let mistake = ValidationError(
        "give bytes a second as 50M or 50MiB (1024 each), 50MB (1000 each), 1.5G; 0 or off is no limit"
    )
}
