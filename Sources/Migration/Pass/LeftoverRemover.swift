// What killed runs left on DESTINATION (S13): temporary names, which go with or without deletion, and never counted as
// entries. A user's file may be called so: it stays where SOURCE has it, or may have it.

import LinuxIO

/// Removes leftovers.
///
/// Belongs to one worker.
final class LeftoverRemover {
    private let context: PassContext
    private let reports: PassReports
    private let changes: DirectoryChanges

    init(_ rooms: LaneRooms) {
        context = rooms.context
        reports = rooms.reports
        changes = rooms.changes
    }

    /// Removes a name of DESTINATION that has the form of a leftover and that SOURCE lacks.
    ///
    /// `isLookedAt`: whether SOURCE was listed to its end, and this name is none of another branch.
    func remove(
        _ name: Name,
        in node: PassDirectory,
        _ open: OpenDirectory,
        isLookedAt: Bool
    ) {
        guard context.log.mayWrite, let destination = open.destination else { return }
        // What a filter excludes is in no listing either.
        let isKnown = isLookedAt && context.plan.options.filter.isEmpty
        guard isKnown || sourceLacks(name, open) else { return }
        do throws(SystemError) {
            try changes.prepare(node, open)
            try name.withPointer { pointer throws(SystemError) in
                try destination.descriptor.removeFile(pointer)
            }
            context.log.counters.leftoversRemoved.count()
        } catch {
            if error.code == .noEntry { return }
            reports.of(.name(name, node)).failWrite(.remove, error)
        }
    }

    /// Whether SOURCE is known to have no entry of this name.
    private func sourceLacks(_ name: Name, _ open: OpenDirectory) -> Bool {
        guard let source = open.source else { return false }
        do throws(SystemError) {
            return try name.withPointer { pointer throws(SystemError) in
                try context.volumes.sourceBoundary.status(of: pointer, in: source.descriptor) == nil
            }
        } catch {
            // Not known: a user's file is worth more than the room of a leftover.
            return false
        }
    }
}
