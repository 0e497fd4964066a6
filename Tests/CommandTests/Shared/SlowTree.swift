// A tree whose pass is still under way when a test ends it, and what has to hold of what it left.

import TestSupport
import Testing

extension Stage {
    /// A tree whose pass takes far longer than a test waits: with `--bwlimit 2M`, ten seconds; and extras.
    func makeSlowTree() throws {
        var random = SeededRandom(seed: 5)
        try StandardTree.plain(from)
        for index in 0..<5 { try Files.write(source("slow\(index)"), random.bytes(4 << 20)) }
        try Files.makeDirectory(destination("extra"))
        try StandardTree.wide(destination("extra"))
    }

    /// What is there of its slow files is whole, and nothing temporary was left.
    func expectWholeFiles(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try leftovers() == [], sourceLocation: sourceLocation)
        for name in try Files.names(to) where name.starts(with: bytes("slow")) {
            let isWhole = try Files.read(joined(to, name)) == Files.read(joined(from, name))
            #expect(isWhole, "\(shown(name)) is a part", sourceLocation: sourceLocation)
        }
    }
}
