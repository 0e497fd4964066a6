// One directory under way: both sides of a pair, or a tree of DESTINATION that is being removed. Nodes
// point to their parents, so a path is a chain of names and is written out only to be shown.
//
// Life of a node, each step by whichever worker does the last piece of the one before:
//
//   made ─▶ opened, listed ─▶ extras being removed ─▶ contents being handled ─▶ finished
//                             └─ `pending` pieces ─┘   └─ `pending` pieces ─┘
//
// `pending` counts the pieces of the present stage that are not done, plus one while the node's own task
// runs. Whoever brings it to 0 moves the node on; nobody else can then, for no piece is left.
//
// Descriptors are lent by `DescriptorBudget`, which may close those of a node that nobody uses at the
// moment and opens them again when they are wanted.

package import LinuxIO
import Synchronization

/// A directory that a pass works on.
///
/// One instance per directory, none per file; shared by all workers.
package final class Directory: Sendable {
    /// What is to become of it.
    package enum Purpose: Sendable {
        /// Both sides are compared and DESTINATION's is made like SOURCE's.
        case pair
        /// DESTINATION's tree is removed.
        case removal
    }

    /// Where it is in its life.
    enum Stage: Sendable { case extras, contents }

    /// What is known once it is open; set by the worker that opened it, before any piece exists.
    struct Facts: Sendable {
        /// SOURCE's status when it was listed; DESTINATION's own for a removal.
        var source: FileStatus?
        /// DESTINATION's status before this pass touched it; nil when this pass made it, or would have.
        var destination: FileStatus?
        /// Made by this very pass and still 0700: temporary names can be left out (S12).
        var isNew = false
        /// What entries made in it get from it without being asked (S25); known once it `wasChanged`.
        var inherited: Inherited = []
        /// Whether it has a project id on either side, or passes one on; known once it is listed.
        var hasProjects = false
        /// Whether project ids, or flags that statx(2) does not show, differ of the directory itself.
        var hasOtherSettings = false
        /// Whether SOURCE's directory of this name is the one that was there when it was examined last, and
        /// what the record says of its entries counts.
        var evidence = Evidence.none
        /// Whether nobody has changed this directory of DESTINATION, and those above but the root, since a whole walk
        /// compared them: below one that others renamed old times of change prove nothing.
        var hasSettledWay = false
        /// In a scan pass, what is to be looked at in it; nil: everything.
        var visit: Visit?
        /// SOURCE could not be listed to its end: nothing is deleted here (S44).
        var isProtected = false
        /// SOURCE's entries, while their pieces are not made yet.
        var contents: Pairing?
        var stage = Stage.extras
    }

    let parent: Directory?
    let name: Name
    let depth: Int
    let purpose: Purpose
    let branch: Branch?
    /// What to do when a removal is finished: the entry that needs the name.
    let afterRemoval: EntryPiece?
    let facts = Lock(Facts())
    let handles = Lock(Handles())
    private let pending = Atomic<Int>(1)
    private let isChanged = Atomic<Bool>(false)
    private let isAbandoned = Atomic<Bool>(false)

    package init(
        parent: Directory?,
        name: Name,
        purpose: Purpose,
        branch: Branch?,
        afterRemoval: EntryPiece? = nil
    ) {
        self.parent = parent
        self.name = name
        depth = (parent?.depth ?? 0) + 1
        self.purpose = purpose
        self.branch = branch
        self.afterRemoval = afterRemoval
    }

    /// Whether it is one of the two roots.
    var isRoot: Bool { parent == nil }

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

    /// Something was made, renamed or removed in DESTINATION's directory, so its times must be set again (S23).
    func noteChange() { isChanged.store(true, ordering: .releasing) }
    var wasChanged: Bool { isChanged.load(ordering: .acquiring) }

    /// It could not be opened, made or emptied; its attributes stay as they are.
    func abandon() { isAbandoned.store(true, ordering: .relaxed) }
    var wasAbandoned: Bool { isAbandoned.load(ordering: .relaxed) }

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

/// A run of entries of one directory, to be handled by one worker.
package struct EntryPiece: Sendable {
    let directory: Directory
    let entries: Pairing
    let range: Range<Int>
    /// See `Entry.treeIsRemoved`.
    var treeIsRemoved = false
}

/// The entries of one directory of SOURCE, each marked where DESTINATION has its name too.
///
/// Immutable once made.
package final class Pairing: Sendable {
    let listing: Listing
    /// What its entries rest on: with them, for they are handled by many workers and some of them late.
    let known: DirectoryEvidence

    /// Where no record is asked.
    package convenience init(_ listing: Listing) { self.init(listing, DirectoryEvidence()) }

    init(_ listing: Listing, _ known: DirectoryEvidence) {
        self.listing = listing
        self.known = known
    }
}

/// A top-level entry of SOURCE: the unit in which work is handed out first and reported.
package final class Branch: Sendable {
    let name: Name
    let workNanoseconds = Atomic<UInt64>(0)
    let entries = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)

    init(name: Name) { self.name = name }
}
