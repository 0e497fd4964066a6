// How many workers a person wants, before it is known whether a number was found best for the two volumes.

/// A number that was given, or the usual one of the pair, and what signals made of it since.
package struct WorkersWanted: Equatable, Sendable {
    /// Where nothing was given, nor found.
    package static let usual = 30

    private let given: Int?
    private var more = 0

    /// `given`: 1 to `PassOptions.workersMax`; nil: what was found for the pair, else the usual number.
    package init(_ given: Int? = nil) { self.given = given }

    /// So many more, or fewer, from now on.
    package mutating func change(by difference: Int) {
        let most = PassOptions.workersMax
        more = min(max(more + difference, -most), most)
    }

    /// Whether a number that was found for the pair is taken.
    package var takesTuned: Bool { given == nil }

    /// The number, 1 to `PassOptions.workersMax`; `tuned`: the one that was found for the pair.
    package func number(tuned: Int? = nil) -> Int {
        min(max((given ?? tuned ?? Self.usual) + more, 1), PassOptions.workersMax)
    }
}
