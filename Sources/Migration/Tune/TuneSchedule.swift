// Which numbers of workers are tried, and in which order. Pure.

/// A generator of numbers that is the same everywhere for one seed (SplitMix64).
struct TuneRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The numbers and their order.
package enum TuneSchedule {
    /// What is tried between both ends: each about twice the one before, for a rate changes little in less.
    private static let usual = [1, 2, 4, 8, 16, 30, 60, 120, 250]
    /// How often each number is tried.
    package static let rounds = 3
    /// How many numbers are tried between the two best.
    private static let betweenMax = 3

    /// Numbers from one to the other, both among them.
    package static func numbers(from: Int, to: Int) -> [Int] {
        let most = max(from, to)
        return Array(Set([from, most] + usual.filter { (from...most).contains($0) })).sorted()
    }

    /// At most three numbers between two, at equal ratios.
    static func between(_ one: Int, _ other: Int) -> [Int] {
        let (low, high) = (min(one, other), max(one, other))
        guard low > 0, high - low > 1 else { return [] }
        let inner = Array(low + 1..<high)
        if inner.count <= betweenMax { return inner }
        // Without powers and logarithms, which the standard library has none of: roots of roots are a quarter each.
        let half = (Double(low) * Double(high)).squareRoot()
        let found = [(Double(low) * half).squareRoot(), half, (half * Double(high)).squareRoot()]
        let rounded = found.map { min(max(Int($0.rounded()), low + 1), high - 1) }
        return Array(Set(rounded)).sorted()
    }

    /// The numbers in a random order for each round, so that no number always follows the same one, and none has always
    /// the same part of the tree.
    static func order(
        _ numbers: [Int],
        rounds: ClosedRange<Int>,
        _ random: inout TuneRandom
    ) -> [(workers: Int, round: Int)] {
        rounds.flatMap { round in
            numbers.shuffled(using: &random).map { (workers: $0, round: round) }
        }
    }
}
