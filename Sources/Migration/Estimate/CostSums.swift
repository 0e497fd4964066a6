// What stretches of work cost, summed up so that few numbers stand for hundreds of seconds: all that a fit by least
// squares needs. Pure.

import History

/// What was done in a stretch of work, or is to be done.
package struct WorkAmount: Sendable, Equatable {
    /// Entries of SOURCE that a walk examined; 0 of a pass by scan, which counts all inodes in no time.
    package var seen = 0.0
    /// Entries that were copied, made, repaired, deleted; of a scan also directories listed.
    package var touched = 0.0
    /// Bytes copied.
    package var bytes = 0.0

    package init(seen: Double = 0, touched: Double = 0, bytes: Double = 0) {
        self.seen = seen
        self.touched = touched
        self.bytes = bytes
    }

    var values: [Double] { [seen, touched, bytes] }

    static func - (one: Self, other: Self) -> Self {
        Self(
            seen: max(one.seen - other.seen, 0),
            touched: max(one.touched - other.touched, 0),
            bytes: max(one.bytes - other.bytes, 0)
        )
    }
}

/// The sums of least squares over stretches of work: how long each took, and what was done in it.
///
/// A stretch counts by its length: its time is a sum of so many independent parts, so its variance grows with it.
package struct CostSums: Sendable, Equatable {
    /// Seconds, all together.
    package private(set) var seconds = 0.0
    /// Of each amount, all together.
    private(set) var amounts: [Double]
    /// Of each pair of amounts, the upper triangle by rows: the product over the seconds of its stretch.
    private(set) var products: [Double]

    /// How many amounts there are.
    var count: Int { amounts.count }

    /// No stretch; `count` amounts belong to each.
    package init(count: Int = 3) {
        amounts = Array(repeating: 0, count: count)
        products = Array(repeating: 0, count: count * (count + 1) / 2)
    }

    /// Adds a stretch of work; one of no time is none.
    package mutating func add(_ values: [Double], seconds: Double) {
        guard seconds > 0, values.count == count else { return }
        self.seconds += seconds
        for row in 0..<count {
            amounts[row] += values[row]
            for column in row..<count {
                products[index(row, column)] += values[row] * values[column] / seconds
            }
        }
    }

    /// Adds the stretches of others, each counting `weight` times.
    mutating func add(_ other: CostSums, weight: Double) {
        guard other.count == count else { return }
        seconds += other.seconds * weight
        for row in 0..<count {
            amounts[row] += other.amounts[row] * weight
            for column in row..<count {
                products[index(row, column)] += other.products[index(row, column)] * weight
            }
        }
    }

    func product(_ row: Int, _ column: Int) -> Double {
        products[index(min(row, column), max(row, column))]
    }

    private func index(_ row: Int, _ column: Int) -> Int {
        row * count - row * (row - 1) / 2 + column - row
    }

    // MARK: As the record has it

    /// All sums, separated by blanks.
    package var text: String {
        ([seconds] + amounts + products).map { "\($0)" }.joined(separator: " ")
    }

    /// Reads such a text of three amounts; nil: it is none.
    package init?(text: String) {
        self.init()
        let numbers = text.split(separator: " ").compactMap { Double($0) }
        guard numbers.count == 1 + amounts.count + products.count,
            numbers.allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return nil }
        seconds = numbers[0]
        amounts = Array(numbers[1...count])
        products = Array(numbers[(count + 1)...])
    }
}
