// What a scan pass looks at: the directories in which something changed, as a tree from the root, and the inodes
// that are to be compared whatever the record says of their names.
//
//   a node that is listed    both sides are listed; entries that the record proves are passed over
//   a node on the way        only its children in the plan are entered; it is not listed
//   everything else          is not looked at, on either side
//
// Made by `VisitPlanner` on one thread, then only read.

import History
import LinuxIO

/// A directory in the plan.
///
/// Sendable though its maker changes it: nobody else has it before the plan is done.
package final class VisitNode: @unchecked Sendable {
    let inode: UInt64
    let name: Name
    /// By inode number.
    package internal(set) var children: [UInt64: VisitNode] = [:]
    /// Whether it is listed, or only on the way to others.
    var isListed = false

    init(inode: UInt64, name: Name) {
        self.inode = inode
        self.name = name
    }
}

/// The plan of one scan pass.
struct VisitPlan: Sendable {
    let root: VisitNode
    let marks: VisitRules
}

/// What holds for all directories of a plan.
final class VisitRules: Sendable {
    /// Inodes that are compared wherever they are met: changed, or with a name that means another inode now.
    let compared: Set<UInt64>
    /// Numbers that were given to other inodes: the record is not about them.
    let reused: Set<UInt64>
    /// Directories of which nothing is known where they are: everything in them is compared.
    let whole: Set<UInt64>
    /// Names of DESTINATION that were changed before the visits, and the inode of SOURCE that each stands for; 0: none.
    private let changedNames: [NameRecord: UInt64]
    private let history: History

    init(
        compared: Set<UInt64>,
        reused: Set<UInt64>,
        whole: Set<UInt64>,
        changedNames: [NameRecord: UInt64],
        history: History
    ) {
        self.compared = compared
        self.reused = reused
        self.whole = whole
        self.changedNames = changedNames
        self.history = history
    }

    /// Whether DESTINATION has something else under a name than the record says, or the plan, of this inode.
    func isOther(_ name: NameRecord, than inode: UInt64) -> Bool {
        guard let owner = changedNames[name] else { return false }
        return owner != inode
    }

    /// Whether nothing is known against it that DESTINATION has this inode under that name, unchanged.
    func mayBeKept(_ name: NameRecord, of inode: UInt64) -> Bool {
        !compared.contains(inode) && !isOther(name, than: inode)
    }

    /// Whether the record has this name of this inode.
    func isRecorded(_ name: NameRecord, of inode: UInt64) throws(HistoryProblem) -> Bool {
        try history.hasName(
            inode: inode,
            nameHash: name.nameHash,
            in: name.parent,
            except: reused
        )
    }
}

extension History {
    /// Whether the record has this name of an inode.
    func hasName(
        inode: UInt64,
        nameHash: UInt32,
        in directory: UInt64,
        except reused: Set<UInt64> = []
    ) throws(HistoryProblem) -> Bool {
        guard !reused.contains(inode), let record = try self.inode(inode) else { return false }
        if record.parent == directory, record.nameHash == nameHash { return true }
        guard record.hasSeveralNames else { return false }
        return try isRecorded(NameRecord(parent: directory, nameHash: nameHash), of: inode)
    }
}

/// The part of a plan that a directory under way stands for.
struct Visit: Sendable {
    let node: VisitNode
    let marks: VisitRules
}
