// Hard links of which one comparison of a part met some names only: `17.verify.links` in PLAN, which closing joins. Each
// pair of inodes is told once, with one of its names: a tree full of links costs a line an inode and not one a name.
// Lines of text; the last one says how many there are, so that a file which was cut off is seen.
//
//   cutover pairs 1 PLAN PART ROUND
//   p INODE NAMES CHANGED INODE NAMES CHANGED TOLD NAME     SOURCE's, DESTINATION's; below the roots, in hexadecimal
//   end PAIRS

import LinuxIO

/// An inode with several names, as a comparison met it.
package struct MetInode: Equatable, Sendable {
    package var inode: UInt64
    /// How many names it had.
    package var names: UInt32
    /// Its time of change, in nanoseconds since 1970, by its filesystem.
    package var changed: Int64

    package init(inode: UInt64, names: UInt32, changed: Int64) {
        (self.inode, self.names, self.changed) = (inode, names, changed)
    }

    init(_ status: FileStatus) {
        self.init(
            inode: status.inode,
            names: status.linkCount,
            changed: status.changed.nanosecondsSince1970
        )
    }

    var word: String { "\(inode) \(names) \(changed)" }
}

/// What a name has on both sides.
package struct MetPair: Equatable, Sendable {
    /// Below the roots; the first name that was met.
    package var path: [UInt8]
    package var source: MetInode
    package var destination: MetInode
    /// The part has told that this name is linked on one side only.
    package var isTold: Bool

    package init(path: [UInt8], source: MetInode, destination: MetInode, isTold: Bool) {
        self.path = path
        self.source = source
        self.destination = destination
        self.isTold = isTold
    }
}

/// All that one comparison leaves to closing.
package struct MetPairs: Equatable, Sendable {
    package var plan: String
    package var part: RunPart
    package var round: UInt64
    package var pairs: [MetPair]

    package init(plan: String, part: RunPart, round: UInt64, pairs: [MetPair]) {
        self.plan = plan
        self.part = part
        self.round = round
        self.pairs = pairs
    }

    private static let kind = "pairs"

    /// The whole file.
    package var fileContents: [UInt8] {
        var bytes = Array("cutover \(Self.kind) 1 \(plan) \(part.word) \(round)\n".utf8)
        for pair in pairs {
            let told = pair.isTold ? 1 : 0
            bytes += Array("p \(pair.source.word) \(pair.destination.word) \(told) ".utf8)
            for byte in pair.path { bytes += PlanDigits.pair(byte) }
            bytes.append(0x0A)
        }
        return bytes + Array("end \(pairs.count)\n".utf8)
    }

    /// Reads what `fileContents` wrote; that it is of another run is told by its fields.
    package init(reading bytes: [UInt8]) throws(PlanProblem) {
        let file = try LinksFile(reading: bytes, kind: Self.kind)
        var pairs: [MetPair] = []
        for line in file.lines { pairs.append(try Self.pair(line)) }
        guard file.count == pairs.count else { throw .damaged }
        self.init(plan: file.plan, part: file.part, round: file.round, pairs: pairs)
    }

    private static func pair(_ line: ArraySlice<UInt8>) throws(PlanProblem) -> MetPair {
        let words = line.split(separator: 0x20)
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        guard texts.count == 9, texts[0] == "p", let source = inode(texts[1...3]),
            let destination = inode(texts[4...6]), ["0", "1"].contains(texts[7]),
            let path = PlanDigits.bytes(Array(words[8])), LinksFile.isPath(path)
        else { throw .damaged }
        return MetPair(
            path: path,
            source: source,
            destination: destination,
            isTold: texts[7] == "1"
        )
    }

    private static func inode(_ words: ArraySlice<String>) -> MetInode? {
        let words = Array(words)
        guard let inode = UInt64(words[0]), let names = UInt32(words[1]),
            let changed = Int64(words[2])
        else { return nil }
        return MetInode(inode: inode, names: names, changed: changed)
    }
}
