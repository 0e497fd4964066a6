// How long the last comparison of a pair took, written by who compared: PAIR.compared beside the database.
//
// A comparison takes no lock and writes no record, so that it can run beside a pass and meet none; this file is all that
// it leaves there, renamed into place. It says nothing of what was found. Nothing depends on it.

extension Archive {
    /// Writes what a comparison of a pair has to say of itself, if there is a record of the pair.
    /// - Throws: `cannotUseFolder`.
    package func note(comparison text: [UInt8], of pair: PairIdentity) throws(HistoryProblem) {
        let names = FileNames(pair)
        if try folder.kind(of: names.database) == .missing { return }
        try folder.replace(names.comparison, text)
    }
}

extension History {
    private static let comparisonBytesMax = 4_096

    /// What the last comparison of this pair had to say of itself; nil: none was noted.
    /// - Throws: `cannotUseFolder`.
    package func lastComparison() throws(HistoryProblem) -> [UInt8]? {
        if try folder.kind(of: names.comparison) == .missing { return nil }
        return try folder.read(names.comparison, count: Self.comparisonBytesMax)
    }
}
