// Which of several words was meant by one that is none of them.

/// A word that is compared with others as a person mistypes: letters left out, doubled, exchanged, or of the other
/// case.
struct NearWord {
    private let typed: [Character]

    init(_ typed: String) { self.typed = Array(typed.lowercased()) }

    /// The nearest of these that is near enough, the first of several.
    func nearest(of words: [String]) -> String? {
        var best: (word: String, distance: Int)?
        for word in words {
            let distance = distance(to: Array(word))
            // One slip in four letters: `snyc`, `verfiy`, `--delet`, and not `sys` or `lists`.
            guard distance <= max(1, word.count / 4), distance < best?.distance ?? .max else {
                continue
            }
            best = (word, distance)
        }
        return best?.word
    }

    /// The number of slips: a letter too few, too many, another one, or two neighbours exchanged (Damerau and
    /// Levenshtein, each letter in one slip at most).
    private func distance(to word: [Character]) -> Int {
        // No word there is has more letters; a longer one is near none.
        guard abs(typed.count - word.count) <= 8 else { return .max }
        var before: [Int] = []
        var last = Array(0...word.count)
        for (row, letter) in typed.enumerated() {
            var next = [row + 1]
            for (column, other) in word.enumerated() {
                var slips = min(last[column + 1] + 1, next[column] + 1)
                slips = min(slips, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == word[column - 1], typed[row - 1] == other {
                    slips = min(slips, before[column - 1] + 1)
                }
                next.append(slips)
            }
            (before, last) = (last, next)
        }
        return last[word.count]
    }
}
