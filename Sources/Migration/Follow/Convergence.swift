// Whether the passes of a loop get anywhere. Pure.

/// Whether passes still get shorter, and whether they ever can.
package enum Convergence: Sendable, Equatable {
    /// Nothing is to be said.
    case goesOn
    /// The last ones took alike: seconds of a pass, of finding changes in it, and of the shortest that passes can get.
    case floor(seconds: Double, changes: Double, shortest: Double)
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

    /// Judges them by where they come to.
    ///
    /// What a pass does was changed since the one before began: T = fixed + pace (T + pause). Passes come to where that
    /// holds; one right after the other, and so the switch itself, to fixed / (1 - pace).
    ///
    /// - Parameters:
    ///   - seconds: what the last passes took, the newest first.
    ///   - changes: what finding changes took in the newest.
    ///   - copying: in what part of the newest users' changes were copied; nil: that is not known.
    ///   - pace: seconds of work that users make in a second; nil: not known.
    package init(_ seconds: [Double], changes: Double, copying: Double?, pace: Double?) {
        self = .goesOn
        guard seconds.count >= Self.passes, let pace else { return }
        if pace >= 1 {
            self = .diverges(secondsPerHour: (pace - 1) * 3_600)
            return
        }
        let last = seconds.prefix(Self.passes)
        guard let least = last.min(), let most = last.max(), let newest = last.first,
            most <= least * (1 + Self.alike)
        else { return }
        let shortest = copying.map { max(newest - $0, 0) / (1 - pace) } ?? newest
        // They are on their way up: users work more than they did.
        if shortest > newest * (1 + Self.alike) { return }
        self = .floor(seconds: newest, changes: changes, shortest: min(shortest, newest))
    }
}
