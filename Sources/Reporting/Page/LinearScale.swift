// A linear axis from 0: for numbers that are compared by their length, such as rates.

import Migration

/// From a number to a height in pixels, larger numbers above.
struct LinearScale {
    /// From 0, at `bottom`, to `high`, at `top`, a line of the grid at each `step`.
    let high: Double
    private let step: Double
    private let isOfBytes: Bool
    let top: Double
    let bottom: Double

    /// So many lines above 0 at most.
    private static let linesMax = 6.0

    /// `most`: what has to find room.
    init(holding most: Double, isOfBytes: Bool, top: Double, bottom: Double) {
        let most = most.isFinite && most > 0 ? most : 1
        let fits = { (step: Double) in most / step <= Self.linesMax }
        // 10 to the power of 15 entries a second are none of this world.
        let step = Self.steps(isOfBytes).first(where: fits) ?? most
        self.step = step
        self.isOfBytes = isOfBytes
        high = (most / step).rounded(.up) * step
        (self.top, self.bottom) = (top, bottom)
    }

    private static func steps(_ isOfBytes: Bool) -> [Double] {
        if isOfBytes { return (0..<64).map { Double(UInt64(1) << UInt64($0)) } }
        var (power, steps): (Double, [Double]) = (0.01, [])
        while power < 1e15 {
            steps += [power, 2 * power, 5 * power]
            power *= 10
        }
        return steps
    }

    /// The height of a number; outside of the range its edge.
    func position(_ value: Double) -> Double {
        bottom - (bottom - top) * min(max(value / high, 0), 1)
    }

    /// Heights of the lines and their labels, the lowest first.
    var ticks: [(y: Double, label: String)] {
        (0...Int((high / step).rounded())).map { line in
            let value = Double(line) * step
            return (position(value), label(value))
        }
    }

    private func label(_ value: Double) -> String {
        if isOfBytes { return Quantity.size(UInt64(exactlyOrMax: value)) }
        return step < 1
            ? Coordinate.text(value) : Quantity.count(UInt64(exactlyOrMax: value.rounded()))
    }
}
