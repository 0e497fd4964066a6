// Hard links of which one run of a plan met some names only: `17.links` in PLAN, which closing joins. Lines of text; the
// last one says how many groups there are, so that a file which was cut off is seen.
//
//   cutover links 1 PLAN PART ROUND
//   g INODE CHANGED NAMES INODE,INODE      of SOURCE: inode, time of change, how many names it has; then those of DESTINATION
//   n NAME                                 below the roots, in hexadecimal
//   end GROUPS

/// The names of one inode of SOURCE that one run has met.
package struct OpenGroup: Equatable, Sendable {
    /// The inode's number on SOURCE.
    package var source: UInt64
    /// Its time of change when the run met it, in nanoseconds since 1970, by SOURCE's filesystem.
    package var changed: Int64
    /// How many names it had.
    package var linkCount: UInt32
    /// The inodes that these names have on DESTINATION: one, or several of a group too large for one (S41); the one that
    /// others are linked to is the first.
    package var destinations: [UInt64]
    /// Paths below the roots.
    package var paths: [[UInt8]]

    package init(
        source: UInt64,
        changed: Int64,
        linkCount: UInt32,
        destinations: [UInt64],
        paths: [[UInt8]]
    ) {
        self.source = source
        self.changed = changed
        self.linkCount = linkCount
        self.destinations = destinations
        self.paths = paths
    }
}

/// All that one run leaves to closing.
package struct OpenGroups: Equatable, Sendable {
    package var plan: String
    package var part: RunPart
    package var round: UInt64
    package var groups: [OpenGroup]

    package init(plan: String, part: RunPart, round: UInt64, groups: [OpenGroup]) {
        self.plan = plan
        self.part = part
        self.round = round
        self.groups = groups
    }

    private static let kind = "links"

    /// The whole file.
    package var fileContents: [UInt8] {
        var bytes = Array("cutover \(Self.kind) 1 \(plan) \(part.word) \(round)\n".utf8)
        for group in groups {
            let inodes = group.destinations.map { "\($0)" }.joined(separator: ",")
            let line = "g \(group.source) \(group.changed) \(group.linkCount) \(inodes)\n"
            bytes += Array(line.utf8)
            for path in group.paths {
                bytes += [0x6E, 0x20]
                for byte in path { bytes += PlanDigits.pair(byte) }
                bytes.append(0x0A)
            }
        }
        return bytes + Array("end \(groups.count)\n".utf8)
    }

    /// Reads what `fileContents` wrote; that it is of another run is told by its fields.
    package init(reading bytes: [UInt8]) throws(PlanProblem) {
        let file = try LinksFile(reading: bytes, kind: Self.kind)
        self.init(plan: file.plan, part: file.part, round: file.round, groups: [])
        for line in file.lines { try read(line) }
        guard file.count == groups.count,
            groups.allSatisfy({ !$0.paths.isEmpty && !$0.destinations.isEmpty })
        else { throw .damaged }
    }

    private mutating func read(_ line: ArraySlice<UInt8>) throws(PlanProblem) {
        let words = line.split(separator: 0x20)
        if words.count == 2, words[0].elementsEqual([0x6E]), !groups.isEmpty {
            guard let path = PlanDigits.bytes(Array(words[1])), LinksFile.isPath(path) else {
                throw .damaged
            }
            groups[groups.count - 1].paths.append(path)
            return
        }
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        guard texts.count == 5, texts[0] == "g", let source = UInt64(texts[1]),
            let changed = Int64(texts[2]), let linkCount = UInt32(texts[3])
        else { throw .damaged }
        var destinations: [UInt64] = []
        for text in texts[4].split(separator: ",") {
            guard let inode = UInt64(text) else { throw .damaged }
            destinations.append(inode)
        }
        groups.append(
            OpenGroup(
                source: source,
                changed: changed,
                linkCount: linkCount,
                destinations: destinations,
                paths: []
            )
        )
    }
}
