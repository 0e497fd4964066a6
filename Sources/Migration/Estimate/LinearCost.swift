// What one of each amount costs: least squares over stretches of work, none below zero. Pure.

/// Seconds that one of each amount takes.
struct LinearCost: Sendable, Equatable {
    /// As many as there are amounts; none is below 0.
    private(set) var coefficients: [Double]

    /// Seconds that so much takes.
    func seconds(_ amounts: [Double]) -> Double {
        zip(coefficients, amounts).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// The best costs for what was summed up; nil where nothing was done in any time.
    ///
    /// Their level is then set so that all stretches together cost what they took: least squares of a time by noisy
    /// amounts are too low (by the square of the noise).
    init?(fitting sums: CostSums) {
        guard let coefficients = Self.best(sums) else { return nil }
        let fitted = zip(coefficients, sums.amounts).reduce(0) { $0 + $1.0 * $1.1 }
        guard fitted > 0 else { return nil }
        self.coefficients = coefficients.map { $0 * sums.seconds / fitted }
    }

    /// The coefficients of the least sum of squares among those that are not negative.
    ///
    /// Of three amounts there are seven sets that can be the positive ones; each is solved.
    private static func best(_ sums: CostSums) -> [Double]? {
        // Entries and bytes differ by many powers of ten: each amount is measured by its own spread.
        let scales = (0..<sums.count).map { sums.product($0, $0).squareRoot() }
        var best: (error: Double, coefficients: [Double])?
        for set in 1..<(1 << sums.count) {
            let chosen = (0..<sums.count).filter { set & (1 << $0) != 0 }
            if chosen.contains(where: { !(scales[$0] > 0) }) { continue }
            let matrix = chosen.map { row in
                chosen.map { sums.product(row, $0) / (scales[row] * scales[$0]) }
            }
            let right = chosen.map { sums.amounts[$0] / scales[$0] }
            guard let solution = solve(matrix, right), solution.allSatisfy({ $0 >= 0 }) else {
                continue
            }
            // Less the sum of squares of the times themselves, which is the same for all.
            let error = -zip(solution, right).reduce(0) { $0 + $1.0 * $1.1 }
            if let known = best, known.error <= error { continue }
            var coefficients = Array(repeating: 0.0, count: sums.count)
            for (place, index) in chosen.enumerated() {
                coefficients[index] = solution[place] / scales[index]
            }
            best = (error, coefficients)
        }
        return best?.coefficients
    }

    /// Gauss with pivots; nil where amounts went together so that they cannot be told apart.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
        var rows = zip(matrix, right).map { $0 + [$1] }
        let count = rows.count
        for column in 0..<count {
            let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) }
            guard let pivot, abs(rows[pivot][column]) > pivotMin else { return nil }
            rows.swapAt(column, pivot)
            for row in column + 1..<count {
                let factor = rows[row][column] / rows[column][column]
                for place in column...count { rows[row][place] -= factor * rows[column][place] }
            }
        }
        var solution = Array(repeating: 0.0, count: count)
        for row in (0..<count).reversed() {
            let known = (row + 1..<count).reduce(0.0) { $0 + rows[row][$1] * solution[$1] }
            solution[row] = (rows[row][count] - known) / rows[row][row]
        }
        return solution
    }

    /// Amounts measured by their own spread correlate by 1 less this: beyond it noise would decide.
    private static let pivotMin = 1e-6
}
