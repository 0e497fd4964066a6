// The tree of a plan: from each directory that is listed up to the root, by the places that SOURCE has now where
// they were found, and by the record's elsewhere.

package import History
import LinuxIO

/// Makes the tree of one plan.
package struct VisitTree {
    package let root: VisitNode
    private var nodes: [UInt64: VisitNode]
    /// Directories that moved, where they are now.
    private let moved: [UInt64: DirectoryMove]
    /// Compared as a whole, with all that is below: and those found to lie below one of them.
    private var whole: Set<UInt64>
    /// Those found to lie below a directory that the record lacks.
    private var left: Set<UInt64> = []
    private let history: History
    /// Looks into the record so far.
    package private(set) var looks = 0

    package init(
        rootInode: UInt64,
        moved: [UInt64: DirectoryMove],
        whole: Set<UInt64>,
        history: History
    ) {
        root = VisitNode(inode: rootInode, name: Name("."))
        nodes = [rootInode: root]
        self.moved = moved
        self.whole = whole
        self.history = history
    }

    /// Takes in a directory that is to be listed, unless it lies below one that is compared as a whole.
    ///
    /// One below a directory that the record lacks has left SOURCE, or its directory was found as a new one. But
    /// where the record has a directory without its place, or places in a circle, no plan can be made.
    ///
    /// O(n) looks for all directories that are listed, n of them and of those above them: what one way has
    /// passed is a node, below a whole one, or left.
    package mutating func list(_ inode: UInt64) throws(WalkReason) {
        var looks = 0
        let way = try WayUp(
            from: inode,
            until: { nodes[$0] != nil || whole.contains($0) || left.contains($0) },
            place: { current throws(WalkReason) in
                if let move = moved[current] { return move }
                looks += 1
                return try history.recordedMove(current)
            }
        )
        self.looks += looks
        switch way.end {
        case .known(let end):
            if let node = nodes[end] {
                add(way.steps, below: node).isListed = true
            } else if whole.contains(end) {
                whole.formUnion(way.steps.lazy.map(\.inode))
            } else {
                left.formUnion(way.steps.lazy.map(\.inode))
            }
        case .unplaced(let end):
            if try history.hasDirectory(end) { throw WalkReason(.directoryNotFound) }
            left.formUnion(way.steps.lazy.map(\.inode))
            left.insert(end)
        case .circle: throw WalkReason(.directoryNotFound)
        }
    }

    /// The last of the steps, which lead up to `node`.
    private mutating func add(_ steps: [DirectoryMove], below node: VisitNode) -> VisitNode {
        var node = node
        for step in steps.reversed() {
            let child = VisitNode(inode: step.inode, name: step.name)
            node.children[step.inode] = child
            nodes[step.inode] = child
            node = child
        }
        return node
    }
}

extension History {
    /// Where the record has a directory; nil: nowhere.
    func recordedMove(_ inode: UInt64) throws(WalkReason) -> DirectoryMove? {
        do throws(HistoryProblem) {
            return try directory(inode).map {
                DirectoryMove(inode: inode, parent: $0.parent, name: Name($0.name))
            }
        } catch {
            throw .recordFailed(error.sentence)
        }
    }

    /// Whether the record has an inode as a directory, wherever.
    func hasDirectory(_ inode: UInt64) throws(WalkReason) -> Bool {
        do throws(HistoryProblem) { return try self.inode(inode)?.isDirectory == true } catch {
            throw .recordFailed(error.sentence)
        }
    }
}
