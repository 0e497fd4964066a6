// What is to become of an entry that is no directory: the comparison is asked once, and says by itself whether contents
// must be read first.

import LinuxIO

/// Judges entries; what it cannot find out is reported, and nothing is done.
///
/// Belongs to one worker.
final class EntryJudge {
    private let comparison: Comparison
    private let earlier: EarlierPasses
    private let reports: PassReports
    private let salvager: Salvager
    private let inspector: ContentInspector

    init(_ rooms: LaneRooms) {
        comparison = rooms.context.plan.comparison
        earlier = rooms.context.memory.earlier
        reports = rooms.reports
        salvager = rooms.salvager
        inspector = rooms.inspector
    }

    /// What is to be done, contents read where that depends on them; nil when what decides could not be read, which
    /// was recorded, or the pass is interrupted.
    func judge(_ pair: EntryPair) -> Action? {
        var isUnsafe = false
        if let destination = pair.destination { isUnsafe = earlier.isUnsafe(destination) }
        let verdict = comparison.verdict(
            source: pair.source,
            destination: pair.destination,
            isDoubtful: pair.evidence == .doubtful || isUnsafe,
            isUnsafe: isUnsafe
        )
        do throws(AttributeFailure) {
            if try salvager.isDamagedCopy(pair, verdict), let destination = pair.destination {
                let others = comparison.attributeDifferences(
                    source: pair.source,
                    destination: destination
                )
                return .change(.replace(others.union(.contents)))
            }
        } catch {
            reports.reportUnread(error, pair)
            return nil
        }
        switch verdict {
        case .decided(let action): return action
        case .contents(let ifEqual, let ifDifferent):
            let isProven =
                pair.kind == .symlink && pair.evidence == .proven && pair.isUntouched
            guard let areEqual = isProven ? true : inspector.areEqual(pair) else {
                return nil
            }
            return .change(areEqual ? ifEqual : ifDifferent)
        }
    }

    /// Whether entries of this kind are made at all (S27).
    func isWanted(_ kind: EntryKind) -> Bool {
        let preserved = comparison.preserved
        switch kind {
        case .characterDevice, .blockDevice:
            return comparison.isRoot && preserved.contains(.devices)
        case .fifo, .socket: return preserved.contains(.specials)
        case .unknown: return false
        default: return true
        }
    }
}
