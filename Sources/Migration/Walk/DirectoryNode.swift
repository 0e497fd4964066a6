// One directory under way. Nodes point to their parents, so a path is a chain of names and is written out only to
// be shown.
//
// Life of a node, each step by whichever worker does the last piece of the one before:
//
//   made ─▶ entered: opened, listed ─▶ what its visitor does first ─▶ contents being visited ─▶ left, closed
//                                      └─ `pending` pieces ─┘         └─ `pending` pieces ─┘
//
// `pending` counts the pieces of the present stage that are not done, plus one while the node's own task runs.
// Whoever brings it to 0 moves the node on (`TreeVisitor.finishPiece`); nobody else can then, for no piece is left.
//
// Descriptors are lent by `OpenDirectories`, which may close those of a node that nobody uses at the moment and opens
// them again when they are wanted.

package import LinuxIO
import Synchronization

/// A directory that a walk has come to, on one or both sides.
///
/// One instance per directory, none per file; shared by all workers. `State` is what its visitor keeps of it.
package final class DirectoryNode<State: Sendable>: Sendable {
    let parent: DirectoryNode?
    let name: Name
    let depth: Int
    let state: State
    let held = Lock(HeldDirectory())
    private let pending = Atomic<Int>(1)

    package init(parent: DirectoryNode?, name: Name, state: State) {
        self.parent = parent
        self.name = name
        depth = (parent?.depth ?? 0) + 1
        self.state = state
    }

    /// Whether it is one of the two roots.
    var isRoot: Bool { parent == nil }

    /// Hands on its entries, for when the pieces of the present stage are done.
    func setContents(_ listing: Listing) {
        let contents = DirectoryContents(listing)
        held.withLock { $0.contents = contents }
    }

    /// Takes its entries, once.
    func takeContents() -> DirectoryContents? { held.withLock { $0.contents.take() } }

    /// One more piece must be done before this node moves on.
    ///
    /// Called while another is being done.
    func addPiece() { pending.wrappingAdd(1, ordering: .relaxed) }

    /// One piece is done.
    ///
    /// True for the last one: the caller moves the node on.
    func finishPiece() -> Bool {
        let left = pending.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        assert(left >= 0)
        return left == 0
    }

    /// Takes back a piece that was counted while another is under way, and is not handed on.
    func dropPiece() {
        let wasLast = finishPiece()
        assert(!wasLast)
    }

    /// The path below the root, in bytes, for people and records; empty for a root.
    var path: [UInt8] {
        var names: [Name] = []
        var node = self
        while let parent = node.parent {
            names.append(node.name)
            node = parent
        }
        return [UInt8](names.reversed().map(\.bytes).joined(separator: [0x2F]))
    }

    /// The path of an entry in it.
    func path(of name: Name) -> [UInt8] {
        isRoot ? Array(name.bytes) : path + [0x2F] + name.bytes
    }
}

/// What a node holds for the walk: its two descriptors, how many workers use them now, and its entries.
///
/// Guarded by its node's lock.
struct HeldDirectory: ~Copyable, Sendable {
    var source: SharedDescriptor?
    var destination: SharedDescriptor?
    var users = 0
    var isOpen = false
    /// Inodes as first opened: reopening must find the same.
    var sourceIdentity: InodeIdentity?
    var destinationIdentity: InodeIdentity?
    /// SOURCE's entries, while their pieces are not made yet.
    var contents: DirectoryContents?
}

/// The entries of one directory of SOURCE, each marked where DESTINATION has its name too.
///
/// Immutable once made.
package final class DirectoryContents: Sendable {
    let listing: Listing

    package init(_ listing: Listing) { self.listing = listing }
}
