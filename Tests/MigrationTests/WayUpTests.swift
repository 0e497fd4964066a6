// Ways up through records that users' renames have made: a circle, a gap. What is counted are looks.

import History
import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("The way of a directory up") struct WayUpTests {
    /// Directories by number, each with its parent.
    private final class Places {
        let parents: [UInt64: UInt64]
        var looks = 0

        init(_ parents: [UInt64: UInt64]) { self.parents = parents }

        func place(_ inode: UInt64) -> DirectoryMove? {
            looks += 1
            return parents[inode].map {
                DirectoryMove(inode: inode, parent: $0, name: Name(bytes("\(inode)")))
            }
        }
    }

    @Test("it ends where a directory is known, has no place, or was passed before")
    func ends() {
        let places = Places([5: 4, 4: 3, 3: 1, 9: 8, 8: 7, 7: 9, 12: 9, 6: 66])
        let way = { (inode: UInt64) in WayUp(from: inode, until: { $0 == 1 }, place: places.place) }
        #expect(way(5).end == .known(1))
        #expect(way(5).steps.map(\.inode) == [5, 4, 3])
        #expect(way(1).steps.isEmpty)
        #expect(way(6).end == .unplaced(66))
        places.looks = 0
        #expect(way(12).end == .circle)
        #expect(places.looks == 4, "each once")
    }

    @Test("a plan looks at each directory once, however many lie below a gap, and refuses a circle")
    func plan() throws {
        let count: UInt64 = 2_000
        let state = try RecordedPair()
        // 1 is the root; 10, 11, … lie one in the other, the first in 5, which is not recorded.
        let chain = (0..<count).map { (10 + $0, parent: $0 == 0 ? 5 : 9 + $0) }
        try state.record(directories: [(1, parent: 0)] + chain)
        var tree = VisitTree(rootInode: 1, moved: [:], whole: [], history: state.history)
        for (inode, _) in chain { try tree.list(inode) }
        #expect(tree.looks <= Int(count) + 1)
        #expect(tree.root.children.isEmpty)
        try state.record(directories: [(1, parent: 0), (10, parent: 11), (11, parent: 10)])
        var circle = VisitTree(rootInode: 1, moved: [:], whole: [], history: state.history)
        #expect(throws: WalkReason(.directoryNotFound)) { try circle.list(10) }
        var whole = VisitTree(rootInode: 1, moved: [:], whole: [11], history: state.history)
        try whole.list(10)
        #expect(whole.root.children.isEmpty)
    }
}
