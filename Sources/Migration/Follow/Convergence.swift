// Whether the passes of a loop get anywhere. Pure.

/// Whether passes still get shorter, and whether they ever can.
package enum Convergence: Sendable, Equatable {
    /// Nothing is to be said.
    case goesOn
    /// The last ones took alike: seconds of a pass, and of finding changes in it.
    case floor(seconds: Double, changes: Double)
    /// Users make work faster than it is done: so many seconds more each hour.
    case diverges(secondsPerHour: Double)

    private static let alike = 0.1
    private static let passes = 3

    /// Each kind is told once; nil: nothing is to be.
    package var kind: String? {
        switch self {
        case .goesOn: nil
        case .floor: "floor"
        case .diverges: "diverges"
        }
    }

    /// - Parameters:
    ///   - seconds: what the last passes took, the newest first.
    ///   - changes: what finding changes took in the newest.
    ///   - pace: seconds of work that users make in a second.
    package init(_ seconds: [Double], changes: Double, pace: Double?) {
        self = .goesOn
        guard seconds.count >= Self.passes else { return }
        if let pace, pace >= 1 {
            self = .diverges(secondsPerHour: (pace - 1) * 3_600)
            return
        }
        let last = seconds.prefix(Self.passes)
        guard let least = last.min(), let most = last.max(), let newest = last.first else { return }
        if most <= least * (1 + Self.alike) { self = .floor(seconds: newest, changes: changes) }
    }
}
