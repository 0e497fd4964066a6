// What lies below a directory that only DESTINATION has, or whose name is no directory's on SOURCE any more. Where users
// removed a tree there it is pending as a whole. But the time of change of its uppermost directory tells nothing of what
// lies deeper, and the next pass deletes what somebody has put there: so all of it is looked at before it is called pending.

import LinuxIO

/// Looks through such directories of DESTINATION.
///
/// Belongs to one worker.
struct ExtraTrees {
    /// What was found below one.
    enum Finding {
        /// All of it is as the last whole pass left it, and the next one would remove it.
        case untouched
        /// Something of it is not, or that cannot be told.
        case touched
        /// Something of it changed after this verification had begun.
        case changedMeanwhile
        /// The verification was ended.
        case notLookedAt
    }

    private let context: VerificationContext
    private let lane: WalkLane<VerifiedState, VerificationTask>
    private let reports: VerificationReports

    init(_ lane: WalkLane<VerifiedState, VerificationTask>, _ reports: VerificationReports) {
        context = reports.context
        self.lane = lane
        self.reports = reports
    }

    /// So many entries of one tree are looked at; of a larger one it cannot be told.
    private static let entriesMax = 1_000_000

    /// A directory to be looked at: its names from the uppermost one on, and its path.
    private struct DeeperDirectory {
        let names: [Name]
        let path: [UInt8]
    }

    /// Looks at all below the directory `name` of a directory of DESTINATION; what fails is recorded.
    ///
    /// Each directory is opened from the uppermost one name by name, so two descriptors are enough for any depth. Memory
    /// grows with the directories that are still to be listed.
    func look(
        below name: Name,
        in directory: borrowing Descriptor,
        path: [UInt8],
        _ pending: PendingEntries
    ) -> Finding {
        var waiting = [DeeperDirectory(names: [name], path: path)]
        var left = Self.entriesMax
        while let next = waiting.popLast() {
            let found: Finding
            do throws(NotEntered) {
                found = try look(at: next, in: directory, pending, &left, &waiting)
            } catch {
                // Something is mounted there, or its name is another's by now: then somebody has been there.
                guard case .failed(let cause) = error else { return .touched }
                switch cause.code {
                case .noEntry, .stale, .notDirectory, .symlinkLoop: break
                default: reports.fail(.list, .destination, cause, path: next.path)
                }
                return .touched
            }
            guard case .untouched = found else { return found }
        }
        return .untouched
    }

    private func look(
        at place: DeeperDirectory,
        in directory: borrowing Descriptor,
        _ pending: PendingEntries,
        _ left: inout Int,
        _ waiting: inout [DeeperDirectory]
    ) throws(NotEntered) -> Finding {
        let boundary = context.boundary(.destination)
        var opened = try boundary.enter(place.names[0], in: directory)
        for name in place.names.dropFirst() {
            opened = try boundary.enter(name, in: opened.handle.descriptor)
        }
        do throws(SystemError) {
            let listing = try lane.names(in: opened.handle.descriptor)
            left -= listing.count
            if left < 0 { return .touched }
            for index in 0..<listing.count {
                guard context.mayBegin else { return .notLookedAt }
                let name = listing.name(index)
                let path = place.path + [0x2F] + name.bytes
                guard
                    let status = try boundary.status(
                        of: listing.namePointer(index),
                        in: opened.handle.descriptor
                    ), boundary.crossing(at: status) == nil
                else { return .touched }
                if context.isRecent(status) { return .changedMeanwhile }
                let isDirectory = status.kind == .directory
                guard pending.judge.isUntouched(status.changed.nanosecondsSince1970),
                    !pending.mayStay(path, status),
                    !context.filter.excludes(path: path, isDirectory: isDirectory)
                else { return .touched }
                if isDirectory {
                    waiting.append(DeeperDirectory(names: place.names + [name], path: path))
                }
            }
        } catch {
            throw .failed(error)
        }
        return .untouched
    }
}
