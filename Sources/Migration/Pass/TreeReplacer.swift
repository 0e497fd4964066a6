// A tree of DESTINATION that has the name of an entry of another type (S26): it is removed under the guards of every
// deletion (ExtraRemover), and the entry comes back when it is gone.

import LinuxIO

/// Has trees removed for the entries that need their names.
///
/// Belongs to one worker.
final class TreeReplacer {
    private let context: PassContext
    private let lane: PassLane
    private let reports: PassReports
    private let remover: ExtraRemover

    init(_ rooms: LaneRooms, _ remover: ExtraRemover) {
        context = rooms.context
        lane = rooms.lane
        reports = rooms.reports
        self.remover = remover
    }

    /// The tree that has the name goes first; then the entry is handled again.
    func replace(_ pair: EntryPair) {
        guard let destination = pair.destination else { return }
        if pair.entry.treeIsRemoved {
            // It was removed, and another directory has the name already. Once more would be for ever.
            reports.of(pair).fail(.replaceType, .destination, SystemError(.rmdir, .exists))
            return
        }
        if context.volumes.isForeignDestination(destination) {
            reports.of(pair).fail(.replaceType, .destination, SystemError(.rmdir, .busy))
            return
        }
        let piece = PassPiece(
            directory: pair.directory,
            entries: pair.entry.entries,
            range: pair.entry.index..<pair.entry.index + 1,
            treeIsRemoved: true
        )
        remover.removeTree(
            pair.entry.name,
            destination,
            in: pair.directory,
            afterRemoval: piece,
            for: pair.source
        )
    }

    /// A tree's contents are gone, or what stays was noted: its directory goes, and the entry that needs its name comes
    /// back.
    func finish(_ node: PassDirectory) {
        let isRemoved = remover.finish(node)
        guard let piece = node.state.afterRemoval, context.log.mayBegin else { return }
        if isRemoved {
            lane.handOn(piece)
        } else {
            reportNotReplaced(node)
        }
    }

    /// The tree in the way stays, wholly or in part, so the entry that needs its name stays out.
    private func reportNotReplaced(_ node: PassDirectory) {
        let source = node.state.facts.withLock { $0.source }
        if context.log.phase == .counting {
            reports.tally(source)
        } else if node.state.wasKeptOtherwise {
            // Otherwise the limit is the reason, and the status says so (S45).
            reports.of(.directory(node)).fail(
                .replaceType,
                .destination,
                SystemError(.rmdir, .notEmpty),
                detail: "directory by \((source?.kind ?? .unknown).noun)"
            )
        }
    }
}
