// What earlier passes proved beside the record, and what they cannot vouch for: moments. Pure: no call, no clock;
// `StateKeeper` fills it in. It holds no reference, for it is asked for each entry.
//
// An entry is proven when the record of the last whole pass has this name of this inode with this ctime; racy ones
// are never recorded so (S7). Where no pass was whole yet, its start tells which entries may be racy.
//
// Three answers about an entry (`Evidence`): proven, doubtful, or none because nothing is recorded; then size
// and time are trusted as rsync does.

import LinuxIO

/// What the record says of one entry.
enum Evidence: Sendable {
    /// Nothing is recorded: size and time of modification are trusted (S6).
    case none
    /// Unchanged on SOURCE since a whole pass examined it.
    case proven
    /// It may differ though size and time agree: its contents are compared (S7).
    case doubtful
}

/// What is known from the passes before this one.
package struct EarlierPasses: Sendable {
    /// Where no pass was whole yet, the start of the first one, less a margin.
    ///
    /// An entry of SOURCE with a ctime, or an mtime that is no future, from there on is racy (S7).
    package var racyFrom: Int64?
    /// Entries of DESTINATION that changed before this moment are as a whole walk found or left them, so attributes of
    /// proven entries need not be read, nor their directories listed.
    ///
    /// Nil: always read and list.
    package var destinationSettledBefore: Int64?
    /// After a power cut: entries of DESTINATION that changed from here on may have lost their data.
    package var unsafeFrom: Int64?
    /// A pass that the record does not know of, or only that it began, may have changed entries of DESTINATION from here
    /// on: what the record proves of SOURCE says nothing of them.
    package var foreignFrom: Int64?
    /// The same of a pass that renames directories: the time of change of one that was renamed is new, those of
    /// what lies below it are not.
    package var movedFrom: Int64?
    /// DESTINATION was put back to an earlier state: what changed on SOURCE from here on may be missing there, or
    /// be what it was before, with equal size and time.
    private(set) var rolledBackFrom: Int64?
    /// This pass's start; times of modification after it are futures that people set.
    package var now: Int64 = .max

    package static let none = EarlierPasses()

    package init() {}

    /// What a run of a plan may conclude: others of the plan have stamped DESTINATION's root since, which says nothing of a
    /// foreign pass, and moments of this host's clock may say nothing of what a server stamps.
    ///
    /// - Parameters:
    ///   - mark: the time of change of DESTINATION's root when the last whole run of this part had stamped it, which is one
    ///     of DESTINATION's own clock: what changed there since, others changed. Nil: there was no such run.
    ///   - stampsWithThisClock: whether both filesystems have this machine's clock.
    mutating func rest(onMark mark: Int64?, stampsWithThisClock: Bool) {
        (foreignFrom, movedFrom) = (mark, mark)
        if stampsWithThisClock { return }
        if racyFrom != nil { racyFrom = .min }
        if rolledBackFrom != nil { rolledBackFrom = .min }
        if unsafeFrom != nil { unsafeFrom = rolledBackFrom == nil ? mark ?? .min : .min }
        destinationSettledBefore = nil
        now = .max
    }

    /// Trusts nothing that a DESTINATION which was put back may lack.
    mutating func add(_ rolledBack: RolledBack) {
        rolledBackFrom = rolledBack.changedFrom
        unsafeFrom = min(unsafeFrom ?? .max, rolledBack.writtenFrom)
        destinationSettledBefore = nil
    }

    /// Whether DESTINATION may have what an entry of SOURCE was before.
    func mayBeRolledBack(_ source: FileStatus) -> Bool {
        guard let rolledBackFrom else { return false }
        return source.changed.nanosecondsSince1970 >= rolledBackFrom
    }

    /// Whether an entry of SOURCE may have changed after the last pass read it (S7).
    func isRacy(_ source: FileStatus) -> Bool {
        guard let racyFrom else { return false }
        if source.changed.nanosecondsSince1970 >= racyFrom { return true }
        let modified = source.modified.nanosecondsSince1970
        return modified >= racyFrom && modified <= now
    }

    /// Whether a power cut may have taken data of an entry of DESTINATION.
    func isUnsafe(_ destination: FileStatus) -> Bool {
        guard let unsafeFrom else { return false }
        return destination.changed.nanosecondsSince1970 >= unsafeFrom
    }

    /// Whether another pass than those that are known may have made an entry of DESTINATION what it is.
    func mayBeForeign(_ destination: FileStatus) -> Bool {
        guard let foreignFrom else { return false }
        return destination.changed.nanosecondsSince1970 >= foreignFrom
    }

    /// Whether such a pass may have renamed a directory of DESTINATION to where it is.
    func mayHaveMoved(_ destination: FileStatus?) -> Bool {
        guard let movedFrom, let destination else { return false }
        return destination.changed.nanosecondsSince1970 >= movedFrom
    }

    /// Whether nobody has changed this entry of DESTINATION since a whole walk compared it.
    func isUntouchedSinceWalk(_ destination: FileStatus) -> Bool {
        guard let destinationSettledBefore else { return false }
        return destination.changed.nanosecondsSince1970 < destinationSettledBefore
    }
}
