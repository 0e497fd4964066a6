// Random numbers that come again: every random tree and edit has a seed, and every failure names it
// (S1-S51 are tested with these; a seed that failed becomes a permanent case).

import Glibc

/// The seeds that a run tries beside those that stand in its tests.
///
/// The same in every run, so that one that fails fails again; `CUTOVER_SEED_BASE=random` takes others, which only finds
/// what nobody thought of where somebody looks at each failure.
package enum Seeds {
    /// The first of them: `$CUTOVER_SEED_BASE`, or a fixed number; printed at first use.
    package static let base: UInt64 = {
        let base =
            switch Environment.value("CUTOVER_SEED_BASE") {
            case nil: fixed
            // Every second others; a million apart no run meets the last one's.
            case "random": UInt64(time(nil)) * 1_000_000
            case .some: number("CUTOVER_SEED_BASE") ?? fixed
            }
        print("seeds from CUTOVER_SEED_BASE=\(base) on")
        return base
    }()

    private static let fixed: UInt64 = 1_000_000

    /// The number in a variable; nil where it is not set.
    ///
    /// What is no number ends the tests: they would pass with others than were meant.
    package static func number(_ name: String) -> UInt64? {
        guard let text = Environment.value(name) else { return nil }
        guard let number = UInt64(text) else { fatalError("\(name)=\(text) is no number") }
        return number
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): one multiplication chain, the same everywhere.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    /// The seed that it started from, for messages.
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in `0..<bound`.
    package mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// True in `percent` of 100 cases.
    package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// `count` random bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + 8)
        while result.count < count {
            withUnsafeBytes(of: next()) { result.append(contentsOf: $0) }
        }
        return Array(result.prefix(count))
    }
}
