// A logarithmic axis: where a number stands, and which marks are worth a label.

import Migration

/// From a range of numbers to a height in pixels, larger numbers above.
struct LogScale {
    /// What is counted: it decides which numbers are round.
    enum Unit {
        case seconds, bytes, count
    }

    let unit: Unit
    let low: Double
    let high: Double
    /// From `top`, for `high`, to `bottom`, for `low`.
    let top: Double
    let bottom: Double

    /// Labels stand that far apart.
    private static let distanceMin = 24.0

    /// `values`: what has to find room, above 0; of none it is a scale from 1 to 10.
    init(_ unit: Unit, holding values: [Double], top: Double, bottom: Double) {
        self.unit = unit
        self.top = top
        self.bottom = bottom
        // Below that nothing is told apart.
        let floor = unit == .seconds ? 0.001 : 1
        let known = values.filter { $0.isFinite && $0 > 0 }.map { max($0, floor) }
        let rounds = Self.candidates(unit, isFine: true)
        let least = known.min() ?? 1
        let most = known.max() ?? 10
        let low = rounds.last { $0 <= least } ?? least
        var high = rounds.first { $0 >= most } ?? most
        // A tenth of a unit must not look like a mountain.
        if high < low * 8 { high = rounds.first { $0 >= low * 8 } ?? low * 8 }
        (self.low, self.high) = (low, high)
    }

    /// The height of a number; outside of the range its edge.
    func position(_ value: Double) -> Double {
        guard value > low else { return bottom }
        guard value < high else { return top }
        return bottom - (bottom - top) * log2(value / low) / log2(high / low)
    }

    /// The marks with their labels, the lowest first.
    var ticks: [(value: Double, label: String)] {
        let coarse = kept(Self.candidates(unit, isFine: false))
        let chosen = coarse.count >= 3 ? coarse : kept(Self.candidates(unit, isFine: true))
        return chosen.map { ($0, label($0)) }
    }

    private func kept(_ candidates: [Double]) -> [Double] {
        var kept: [Double] = []
        for value in candidates where value >= low * 0.999 && value <= high * 1.001 {
            if let last = kept.last, position(last) - position(value) < Self.distanceMin {
                continue
            }
            kept.append(value)
        }
        return kept
    }

    private func label(_ value: Double) -> String {
        switch unit {
        case .seconds:
            value < 0.0995
                ? "\(Int((value * 1000).rounded())) ms" : Quantity.span(value)
        case .bytes:
            // Round ones, so without decimals.
            Quantity.size(UInt64(exactlyOrMax: value)).replacingTenths
        case .count: Quantity.count(UInt64(exactlyOrMax: value))
        }
    }

    private static func candidates(_ unit: Unit, isFine: Bool) -> [Double] {
        switch unit {
        case .seconds:
            isFine
                ? [
                    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60,
                    120, 300,
                    600, 1_200, 1_800, 3_600, 7_200, 18_000, 43_200, 86_400, 172_800, 432_000,
                    864_000, 1_728_000, 4_320_000, 8_640_000, 86_400_000, 864_000_000,
                ]
                : [
                    0.001, 0.01, 0.1, 1, 10, 60, 600, 3_600, 36_000, 86_400, 864_000, 8_640_000,
                    86_400_000, 864_000_000,
                ]
        case .bytes:
            (0..<64).filter { isFine || $0 % 10 == 0 }.map { Double(UInt64(1) << UInt64($0)) }
        case .count:
            (0..<20).flatMap { exponent -> [Double] in
                let power = (0..<exponent).reduce(1.0) { product, _ in product * 10 }
                return isFine ? [power, 2 * power, 5 * power] : [power]
            }
        }
    }
}

extension String {
    /// "1.0 MiB" as "1 MiB".
    fileprivate var replacingTenths: String {
        guard let dot = firstIndex(of: "."), let blank = firstIndex(of: " "), dot < blank else {
            return self
        }
        return String(self[..<dot] + self[blank...])
    }
}

/// The logarithm to base 2, without the C library: the exponent, and the series of what is left.
func log2(_ number: Double) -> Double {
    guard number > 0, number.isFinite else { return 0 }
    // significand in 1..<2; ln(s) = 2 artanh((s - 1) / (s + 1)), which converges fast here.
    let ratio = (number.significand - 1) / (number.significand + 1)
    let square = ratio * ratio
    var term = ratio
    var sum = 0.0
    for step in 0..<24 {
        sum += term / Double(2 * step + 1)
        term *= square
    }
    return Double(number.exponent) + 2 * sum / 0.693_147_180_559_945_3
}
