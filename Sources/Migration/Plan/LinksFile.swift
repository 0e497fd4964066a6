// What both files of hard links in PLAN have: a first line that says of which run they are, and a last one with a count.

/// The lines of such a file.
struct LinksFile {
    let plan: String
    let part: RunPart
    let round: UInt64
    /// All but the first and the last.
    let lines: ArraySlice<ArraySlice<UInt8>>
    /// What the last one says.
    let count: Int

    /// Some hundred million names.
    static let bytesMax = 1 << 36

    /// `kind`: the second word, by which a file of passes is none of comparisons.
    init(reading bytes: [UInt8], kind: String) throws(PlanProblem) {
        guard bytes.last == 0x0A else { throw .damaged }
        let lines = bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = lines.first, let last = lines.last, lines.count >= 2 else {
            throw .damaged
        }
        let words = String(decoding: first, as: UTF8.self).split(separator: " ")
        guard words.count == 6, words[0] == "cutover", words[1] == kind else { throw .foreign }
        guard let version = UInt64(words[2]) else { throw .damaged }
        if version != 1 { throw .otherVersion(version) }
        guard let part = Self.part(words[4]), let round = UInt64(words[5]) else { throw .damaged }
        let end = String(decoding: last, as: UTF8.self).split(separator: " ")
        guard end.count == 2, end[0] == "end", let count = Int(end[1]) else { throw .damaged }
        (plan, self.part, self.round, self.count) = (String(words[3]), part, round, count)
        self.lines = lines.dropFirst().dropLast()
    }

    private static func part(_ word: Substring) -> RunPart? {
        word == "closing" ? .closing : Int(word).flatMap { $0 >= 0 ? .shard($0) : nil }
    }

    /// Names below a root, and none that leads elsewhere.
    static func isPath(_ path: [UInt8]) -> Bool {
        if path.isEmpty || path.contains(0) { return false }
        return path.split(separator: 0x2F, omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.elementsEqual([0x2E]) && !$0.elementsEqual([0x2E, 0x2E])
        }
    }
}
