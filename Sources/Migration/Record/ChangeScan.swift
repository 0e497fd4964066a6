// Which inodes of SOURCE are not as the record has them: XFS's list of inodes in use beside the record, both in
// the order of inode numbers, one lane for each allocation group.
//
// What is kept true: an inode that the record holds with this birth and this ctime, and that is in use, is as
// it was when a pass examined it; all others of the record come out as changed or gone. An inode that the
// record lacks is none of the scan's business: the directory that got its name has changed, too.

import History
import LinuxIO
import Synchronization

/// An inode of the record that changed since it was written down.
package struct ChangedInode: Sendable {
    let inode: UInt64
    /// The directory that the record has it in.
    let parent: UInt64
    /// As the kernel tells it now; opens the inode whatever its name.
    let generation: UInt32
    let isDirectory: Bool
    let hasSeveralNames: Bool
    /// The number was given to another inode: what the record says of it is of no use.
    let isReused: Bool
}

/// One scan.
struct ChangeScan {
    /// Beyond so many a walk is not slower, and memory stays within bounds (40 bytes each).
    static let changesMax = 500_000

    let history: History
    let recorder: Recorder?
    let volume: SharedDescriptor
    /// Reading inodes is work for processors when they are in memory and waiting when they are not.
    let lanesMax: Int
    let control: RunControl
    /// Told of inodes that were looked at.
    let countSeen: @Sendable (UInt64) -> Void

    /// All changed inodes of the record in ascending order; empty when the pass was interrupted.
    ///
    /// Blocks; reads the groups in as many lanes as there are groups, `lanesMax` at most.
    func run() throws(WalkReason) -> [ChangedInode] {
        let geometry: XFSGeometry
        do throws(SystemError) { geometry = try XFSGeometry(of: volume.descriptor) } catch {
            throw .scanFailed(error)
        }
        guard geometry.hasBirthTimes else { throw WalkReason(.noBirthTimes) }
        let groups = geometry.groupCount
        let found = Lock<[[ChangedInode]]>(Array(repeating: [], count: groups))
        let problem = Lock<WalkReason?>(nil)
        let nextGroup = Atomic<Int>(0)
        let total = Atomic<Int>(0)
        inLanes(min(groups, lanesMax)) { _ in
            let buffer = recorder?.makeBuffer()
            while problem.withLock({ $0 }) == nil {
                let group = nextGroup.wrappingAdd(1, ordering: .relaxed).oldValue
                guard group < groups, control.mayBegin else { return }
                do throws(WalkReason) {
                    let changed = try scan(group, geometry, buffer, total)
                    found.withLock { $0[group] = changed }
                } catch {
                    problem.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let problem = problem.withLock({ $0 }) { throw problem }
        return found.withLock { $0 }.flatMap { $0 }
    }

    /// Merges one group's inodes with its part of the record.
    private func scan(
        _ group: Int,
        _ geometry: XFSGeometry,
        _ buffer: NoteBuffer?,
        _ total: borrowing Atomic<Int>
    ) throws(WalkReason) -> [ChangedInode] {
        let reader = try read { () throws(HistoryProblem) in
            try history.inodeReader(geometry.inodes(ofGroup: group))
        }
        var scan = InodeScan(group: group, geometry: geometry)
        var changed: [ChangedInode] = []
        var known = try read { () throws(HistoryProblem) in try reader.next() }
        var seen: UInt64 = 0
        defer { countSeen(seen) }
        while let inode = try next(&scan) {
            seen += 1
            if seen % 65_536 == 0, !control.mayBegin { return [] }
            while let gone = known, gone.inode < inode.inode {
                note(gone, in: buffer)
                known = try read { () throws(HistoryProblem) in try reader.next() }
            }
            guard let record = known, record.inode == inode.inode else { continue }
            known = try read { () throws(HistoryProblem) in try reader.next() }
            guard let change = Self.change(inode, record) else { continue }
            if change.isReused, record.isDirectory { recorder?.noteGone(directory: record.inode) }
            changed.append(change)
            let count = total.wrappingAdd(1, ordering: .relaxed).newValue
            if count > Self.changesMax { throw .tooManyChanges(count) }
        }
        while let gone = known {
            note(gone, in: buffer)
            known = try read { () throws(HistoryProblem) in try reader.next() }
        }
        return changed
    }

    /// What changed of an inode since it was recorded; nil when nothing did.
    static func change(_ inode: ScannedInode, _ record: InodeRecord) -> ChangedInode? {
        let isReused =
            InodeNote.birth(inode.birthNanoseconds) != record.birth
            || (inode.kind == .directory) != record.isDirectory
        if !isReused, inode.changedNanoseconds == record.changedNanoseconds { return nil }
        return ChangedInode(
            inode: inode.inode,
            parent: record.parent,
            generation: inode.generation,
            isDirectory: inode.kind == .directory,
            hasSeveralNames: record.hasSeveralNames
                || inode.kind != .directory && inode.linkCount > 1,
            isReused: isReused
        )
    }

    private func note(_ gone: InodeRecord, in buffer: NoteBuffer?) {
        guard let buffer else { return }
        recorder?.noteRemoved(gone.inode, in: buffer)
        if gone.isDirectory { recorder?.noteGone(directory: gone.inode) }
    }

    private func next(_ scan: inout InodeScan) throws(WalkReason) -> ScannedInode? {
        do throws(SystemError) { return try scan.next(volume.descriptor) } catch {
            throw .scanFailed(error)
        }
    }

    private func read<Result>(
        _ body: () throws(HistoryProblem) -> Result
    ) throws(WalkReason) -> Result {
        do throws(HistoryProblem) { return try body() } catch {
            throw .recordFailed(error.sentence)
        }
    }
}
