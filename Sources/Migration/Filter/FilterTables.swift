// What the patterns of a filter are compiled to, side by side in two arrays.
// Keeps true: a rule refers to its part by offset and so holds no reference. Thirty workers ask
// the same filter for every entry: were each rule to own arrays, they would meet in the reference
// counts of all of them.
// Does not promise: removal of single parts; `!` empties the whole.

/// The bytes and words that the rules of one filter refer to.
struct FilterTables: Sendable {
    /// Literal patterns, and for each wildcard pattern the row of every byte.
    var bytes: [UInt8] = []
    /// The states of wildcard patterns.
    var words: [UInt64] = []

    /// The tables while they are being read: valid only inside `withView`.
    struct View {
        let bytes: UnsafeBufferPointer<UInt8>
        let words: UnsafeBufferPointer<UInt64>
    }

    /// Lends the tables to `body`.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            words.withUnsafeBufferPointer { words in
                body(View(bytes: bytes, words: words))
            }
        }
    }
}
