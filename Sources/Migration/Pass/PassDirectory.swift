// What a pass keeps of each directory under way: both sides of a pair, or a tree of DESTINATION that is being removed.

import History
import LinuxIO
import Synchronization

package typealias PassDirectory = DirectoryNode<PassDirectoryState>
package typealias PassEntry = Entry<PassDirectoryState>
package typealias PassPiece = EntryPiece<PassDirectoryState>

/// A directory as a pass knows it; shared by all workers.
package final class PassDirectoryState: Sendable {
    /// What is to become of it.
    package enum Purpose: Sendable {
        /// Both sides are compared and DESTINATION's is made like SOURCE's.
        case pair
        /// DESTINATION's tree is removed.
        case removal
    }

    /// What is known once it is open; set by the worker that opened it, before any piece exists.
    struct Facts: Sendable {
        /// SOURCE's status when it was listed; for a removal that of the entry that waits for its name, if one does.
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
        var isPathUntouched = false
        /// In a scan pass, what is to be looked at in it; nil: everything.
        var visit: Visit?
        /// SOURCE could not be listed to its end: nothing is deleted here (S44).
        var isProtected = false
    }

    let purpose: Purpose
    let branch: Branch?
    /// What the plan of this run says of its names; nil: all are this run's, as without a plan.
    let spine: SpineDirectory?
    /// What to do when a removal is finished: the entry that needs the name.
    let afterRemoval: PassPiece?
    let facts = Lock(Facts())
    private let knownOnce = AtomicLazyReference<DirectoryEvidence>()
    private let isChanged = Atomic<Bool>(false)
    private let isAbandoned = Atomic<Bool>(false)
    private let isKeptOtherwise = Atomic<Bool>(false)

    package init(
        purpose: Purpose,
        branch: Branch?,
        spine: SpineDirectory? = nil,
        afterRemoval: PassPiece? = nil
    ) {
        self.spine = spine
        self.purpose = purpose
        self.branch = branch
        self.afterRemoval = afterRemoval
    }

    /// What its entries rest on; nothing where no record is asked.
    var known: DirectoryEvidence { knownOnce.load() ?? .nothing }

    /// From here on facts that its entries rest on are fixed: they are handled by many workers and some of them late.
    func fixEvidence() {
        // A second time it would be the same: there is one listing.
        _ = knownOnce.storeIfNil(DirectoryEvidence(facts.withLock { $0 }))
    }

    /// Something was made, renamed or removed in DESTINATION's directory, so its times must be set again (S23).
    func noteChange() { isChanged.store(true, ordering: .releasing) }
    var wasChanged: Bool { isChanged.load(ordering: .acquiring) }

    /// It could not be opened, made or emptied; its attributes stay as they are.
    func abandon() { isAbandoned.store(true, ordering: .relaxed) }
    var wasAbandoned: Bool { isAbandoned.load(ordering: .relaxed) }

    /// Something in a tree that was to go stays; `byLimit`: for `--max-delete` alone (S45).
    ///
    /// A pair is not concerned: its directory stays anyway.
    func abandonRemoval(byLimit: Bool = false) {
        guard purpose == .removal else { return }
        if !byLimit { isKeptOtherwise.store(true, ordering: .relaxed) }
        abandon()
    }
    /// Whether anything but the limit keeps a tree that was to go.
    var wasKeptOtherwise: Bool { isKeptOtherwise.load(ordering: .relaxed) }
}

/// What is known of a directory of SOURCE that its entries rest on.
final class DirectoryEvidence: Sendable {
    /// Its inode; 0: it has none on SOURCE.
    let inode: UInt64
    let evidence: Evidence
    /// See `PassDirectoryState.Facts`.
    let isPathUntouched: Bool
    let visit: Visit?
    let hasProjects: Bool

    static let nothing = DirectoryEvidence(PassDirectoryState.Facts())

    init(_ facts: PassDirectoryState.Facts) {
        inode = facts.source?.inode ?? 0
        evidence = facts.evidence
        isPathUntouched = facts.isPathUntouched
        visit = facts.visit
        hasProjects = facts.hasProjects
    }
}

extension Entry where State == PassDirectoryState {
    /// What it rests on.
    var known: DirectoryEvidence { directory.state.known }
    /// Its name as the record has names.
    var nameRecord: NameRecord {
        NameRecord(
            parent: known.inode,
            nameHash: InodeNote.hash(entries.listing.nameBytes(index))
        )
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

/// What a pass has to do beside directories and runs of entries.
enum PassTask: Sendable {
    /// Decide anew about an entry that waited for the leader of its link group.
    case linked(PassEntry, LinkRole)
    /// Copy ranges of a large file until none is left.
    case ranges(LargeFile)
}

typealias PassWork = WalkWork<PassDirectoryState, PassTask>
typealias PassLane = WalkLane<PassDirectoryState, PassTask>

extension PassWork {
    /// Whose time it counts as.
    var branch: Branch? {
        switch self {
        case .directory(let directory): directory.state.branch
        case .entries(let piece): piece.directory.state.branch
        case .task(.linked(let entry, _)): entry.directory.state.branch
        case .task(.ranges(let file)): file.pair.directory.state.branch
        }
    }
}
