// How fast each number of workers was, though the tree is not alike everywhere. Pure.
//
// A second of small files has many entries and few bytes, one of a large file no entry at all. So work is a sum of both,
//
//     work = (1 - w) entries / all entries + w bytes / all bytes
//
// and `w` is such that the steps of each number agree best: what differs between them is the tree and not the workers.
// Asked for is the sum of squares of logarithms, since rates differ by factors.
//
// A disk is not alike at all times either: others come and go, caches fill. What a round was faster than the others, for all
// of its numbers alike, is taken out (Tukey's median polish, with factors in place of sums), and later numbers are compared
// with the first ones by those that were tried with both. Else what is tried late would be judged by the hour.

/// Steps, made comparable.
struct TuneFit {
    private let steps: [TuneStep]
    private let entries: Double
    private let bytes: Double
    /// The share of bytes in all work, `w`.
    let byteShare: Double

    /// A step without any work counts as this part of an average one: the logarithm of nothing is no number.
    private static let workMin = 1e-4
    private static let gridCount = 100
    private static let refinements = 40
    /// After a few nothing changes any more.
    private static let polishes = 10

    /// Nil: nothing was done in any step.
    init?(_ steps: [TuneStep]) {
        self.steps = steps.filter { $0.nanoseconds > 0 }
        entries = self.steps.reduce(0) { $0 + Double($1.entries) }
        bytes = self.steps.reduce(0) { $0 + Double($1.bytes) }
        if entries == 0, bytes == 0 { return nil }
        if bytes == 0 {
            byteShare = 0
        } else if entries == 0 {
            byteShare = 1
        } else {
            byteShare = Self.best(self.steps, entries, bytes)
        }
    }

    private static func best(_ steps: [TuneStep], _ entries: Double, _ bytes: Double) -> Double {
        func value(at share: Double) -> Double {
            disagreement(of: steps, entries, bytes, byteShare: share)
        }
        var least = (share: 0.0, value: value(at: 0))
        for place in 1...gridCount {
            let share = Double(place) / Double(gridCount)
            let value = value(at: share)
            if value < least.value { least = (share, value) }
        }
        // Between its neighbours there is one minimum.
        var low = max(least.share - 1 / Double(gridCount), 0)
        var high = min(least.share + 1 / Double(gridCount), 1)
        for _ in 0..<refinements {
            let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
            if value(at: left) <= value(at: right) { high = right } else { low = left }
        }
        let found = (low + high) / 2
        return value(at: found) < least.value ? found : least.share
    }

    /// The sum of squares by which logarithms of rates of one number differ from their mean.
    private static func disagreement(
        of steps: [TuneStep],
        _ entries: Double,
        _ bytes: Double,
        byteShare: Double
    ) -> Double {
        var sums: [Int: (count: Double, sum: Double, squares: Double)] = [:]
        for step in steps {
            let rate = rate(of: step, entries, bytes, byteShare, count: steps.count)
            let value = Logarithm.natural(rate)
            var sum = sums[step.workers] ?? (0, 0, 0)
            sum.count += 1
            sum.sum += value
            sum.squares += value * value
            sums[step.workers] = sum
        }
        return sums.values.reduce(0) { $0 + max($1.squares - $1.sum * $1.sum / $1.count, 0) }
    }

    private static func rate(
        of step: TuneStep,
        _ entries: Double,
        _ bytes: Double,
        _ byteShare: Double,
        count: Int
    ) -> Double {
        let ofEntries = entries > 0 ? (1 - byteShare) * Double(step.entries) / entries : 0
        let ofBytes = bytes > 0 ? byteShare * Double(step.bytes) / bytes : 0
        let seconds = Double(step.nanoseconds) / 1e9
        return max(ofEntries + ofBytes, workMin / Double(count)) / seconds
    }

    /// The part of all work that was done in a second.
    private func share(of step: TuneStep) -> Double {
        Self.rate(of: step, entries, bytes, byteShare, count: steps.count)
    }

    /// In entries a second of the average mix; without any entry in bytes a second.
    func rate(of step: TuneStep) -> Double { share(of: step) * unit }

    /// No step had an entry.
    var isOfBytes: Bool { entries == 0 }

    private var unit: Double { entries > 0 ? entries : bytes }

    /// Seconds that an entry, or a byte, takes where work is done at this rate.
    func seconds(at rate: Double) -> (entry: Double, byte: Double) {
        let share = rate / unit
        guard share > 0 else { return (0, 0) }
        return (
            entry: entries > 0 ? (1 - byteShare) / entries / share : 0,
            byte: bytes > 0 ? byteShare / bytes / share : 0
        )
    }

    /// What was found of each number, by the number.
    ///
    /// The best is one that was measured often enough to be chosen, as long as there is any.
    var rows: [TuneRow] {
        let rates = comparableRates.mapValues { $0.sorted() }
        let known = rates.values.filter { $0.count >= TuneControl.roundsNeeded }
        let top = (known.isEmpty ? Array(rates.values) : known).map(Self.median).max() ?? 0
        guard top > 0 else { return [] }
        return rates.sorted { $0.key < $1.key }.map { workers, rates in
            let spread = ((rates.last ?? 0) - (rates.first ?? 0)) / 2
            let median = Self.median(rates)
            return TuneRow(
                workers: workers,
                rate: median,
                share: median / top,
                spread: spread / top,
                steps: rates.count
            )
        }
    }

    /// The rates of each number, as if all had been measured in the usual one of the first rounds.
    private var comparableRates: [Int: [Double]] {
        var rates = Self.levelled(steps.filter { $0.round <= TuneSchedule.rounds }, rate(of:))
        let later = Self.levelled(steps.filter { $0.round > TuneSchedule.rounds }, rate(of:))
        let ratios = later.compactMap { workers, later in
            rates[workers].map { Self.median($0.sorted()) / Self.median(later.sorted()) }
        }
        // Nothing says how these compare.
        if ratios.isEmpty { return rates }
        let factor = ratios.reduce(0, +) / Double(ratios.count)
        rates.merge(later.mapValues { $0.map { $0 * factor } }) { $0 + $1 }
        return rates
    }

    /// Rates by number, without what made one round faster than another for all of its numbers.
    private static func levelled(
        _ steps: [TuneStep],
        _ rate: (TuneStep) -> Double
    ) -> [Int: [Double]] {
        func medians(by key: (TuneStep) -> Int, _ value: (TuneStep) -> Double) -> [Int: Double] {
            Dictionary(grouping: steps, by: key).mapValues { median($0.map(value).sorted()) }
        }
        var rounds: [Int: Double] = [:]
        for _ in 0..<polishes {
            let numbers = medians(by: \.workers) { rate($0) / (rounds[$0.round] ?? 1) }
            rounds = medians(by: \.round) { rate($0) / (numbers[$0.workers] ?? 1) }
        }
        let usual = median(rounds.values.sorted())
        return Dictionary(grouping: steps, by: \.workers).mapValues { steps in
            steps.map { rate($0) * usual / (rounds[$0.round] ?? usual) }
        }
    }

    /// Of sorted numbers: one step that others disturbed must not decide.
    private static func median(_ sorted: [Double]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Logarithms, which the standard library has none of.
private enum Logarithm {
    /// The natural one of a positive number, to 12 digits.
    static func natural(_ number: Double) -> Double {
        guard number > 0, number.isFinite else { return 0 }
        // number = significand * 2^exponent; ln m = 2 (y + y^3 / 3 + ...) with y = (m - 1) / (m + 1), at most a third.
        let y = (number.significand - 1) / (number.significand + 1)
        let square = y * y
        var (term, sum, odd) = (y, 0.0, 1.0)
        while odd < 27 {
            sum += term / odd
            term *= square
            odd += 2
        }
        return 2 * sum + Double(number.exponent) * 0.693_147_180_559_945_3
    }
}
