// What may be concluded from the earlier passes: how this one finds changes, and what it need not look at.

import History
import LinuxIO

/// The decision at the start of a pass.
struct ScanDecision {
    private(set) var earlier = EarlierPasses()
    /// The record of a whole pass; nil where there is none that can be used.
    private(set) var record: History?
    private(set) var method = ChangeMethod.walk(nil)
    /// DESTINATION was put back to an earlier state.
    private(set) var rolledBack: RolledBack?

    /// Judges by what is known.
    ///
    /// `hasUnread`: there is a state that could not be read, and nobody knows what earlier passes left doubtful.
    init(  // Seven: all that speaks for a scan or against it meets here only.
        _ options: PassOptions,
        _ roots: Roots,
        _ past: PassHistory?,
        _ history: History?,
        _ now: ClockReading,
        hasUnread: Bool,
        isRoot: Bool
    ) {
        let isClockSane = past?.last.map { Self.isClockSane($0, now) } ?? true
        if let past {
            earlier = Self.earlier(options, past, now, isClockSane: isClockSane)
            if let unrecorded = past.unrecorded(changed: roots.destinationChangedNanoseconds) {
                earlier.foreignFrom = isClockSane ? unrecorded.since : .min
                earlier.movedFrom = unrecorded.mayHaveMoved ? earlier.foreignFrom : nil
            }
            rolledBack = RolledBack(
                past.passes,
                changed: roots.destinationChangedNanoseconds,
                options: options.signature,
                isClockSane: isClockSane
            )
            if let rolledBack { earlier.add(rolledBack) }
            if options.share != nil {
                earlier.rest(
                    onMark: past.lastComplete.map { $0.destinationChangedNanoseconds ?? .min },
                    stampsWithThisClock: roots.stampWithThisClock
                )
            }
            record = past.lastComplete == nil ? nil : history
        } else if hasUnread {
            earlier.racyFrom = .min
        }
        if let reason = Self.reasonToWalk(options, roots, past, isClockSane: isClockSane, isRoot) {
            let isRolledBack =
                rolledBack != nil
                && (reason.word == .destinationRootChanged || reason.word == .destinationChanged)
            method = .walk(isRolledBack ? WalkReason(.destinationRolledBack) : reason)
        } else if history?.isReadOnly != false, !options.isDryRun {
            // The next pass would not know what this one did, and a scan must not rest on less.
            method = .walk(WalkReason(.nothingRemembered))
        } else {
            method = .scan
        }
    }

    private static func earlier(
        _ options: PassOptions,
        _ past: PassHistory,
        _ now: ClockReading,
        isClockSane: Bool
    ) -> EarlierPasses {
        var earlier = EarlierPasses()
        earlier.now = now.time
        earlier.unsafeFrom = past.unsafeSince
        guard isClockSane else {
            // Times tell nothing any more: what a power cut may have taken, it may have taken anywhere.
            if past.unsafeSince != nil { earlier.unsafeFrom = .min }
            if past.lastComplete == nil { earlier.racyFrom = .min }
            return earlier
        }
        if past.lastComplete == nil {
            earlier.racyFrom = past.oldestStart.map { $0 - StateKeeper.racyMarginNanoseconds }
        }
        // Of this boot: after a power cut SOURCE itself can have fallen back to older attributes.
        earlier.destinationSettledBefore = past.lastWalkStart(
            boot: now.bootIdentifier,
            options: options.signature
        )
        return earlier
    }

    /// Whether the clock has gone on since that pass as a clock does.
    ///
    /// Within one boot it is held against the time since boot, 1 s of slewing allowed; across boots it must
    /// at least not stand before the pass.
    static func isClockSane(_ pass: PassRecord, _ now: ClockReading) -> Bool {
        let time = pass.endNanoseconds ?? pass.startNanoseconds
        let sinceBoot = pass.endBootNanoseconds ?? pass.startBootNanoseconds
        guard now.time >= time else { return false }
        guard pass.bootIdentifier == now.bootIdentifier else { return true }
        return (now.time - time) - (now.sinceBoot - sinceBoot) > -1_000_000_000
    }

    private static func reasonToWalk(
        _ options: PassOptions,
        _ roots: Roots,
        _ past: PassHistory?,
        isClockSane: Bool,
        _ isRoot: Bool
    ) -> WalkReason? {
        // First: it says of a pass in the record that it may have put right what no time tells of.
        if options.comparesAll { return WalkReason(.comparesAll) }
        if options.share != nil { return WalkReason(.planned) }
        if options.changeSearch == .walk { return WalkReason(.asked) }
        if !options.branches.isEmpty { return WalkReason(.branchesOnly) }
        if options.crossesMounts { return WalkReason(.crossesMounts) }
        if !isRoot { return WalkReason(.notRoot) }
        if roots.sourceVolume.typeName != "xfs" { return .notXFS(roots.sourceVolume.typeName) }
        if !Privileges.current.mayScan { return WalkReason(.capabilitiesMissing) }
        guard let past else { return WalkReason(.nothingRemembered) }
        guard let last = past.last else { return WalkReason(.noEarlierPass) }
        if last.isPartial { return WalkReason(.lastPassOfBranches) }
        if !last.isComplete { return WalkReason(.lastPassUnfinished) }
        if last.options != options.signature { return WalkReason(.optionsChanged) }
        if !isClockSane { return WalkReason(.clockSteppedBack) }
        return destinationReason(options, roots, last)
    }

    /// Whether others have written to DESTINATION, as far as its volume shows that.
    ///
    /// A scan does not look at DESTINATION where SOURCE has not changed, so it would not see it.
    private static func destinationReason(
        _ options: PassOptions,
        _ roots: Roots,
        _ last: PassRecord
    ) -> WalkReason? {
        if last.destinationChangedNanoseconds != roots.destinationChangedNanoseconds {
            return WalkReason(.destinationRootChanged)
        }
        guard let traces = roots.destinationTraces(afterSynchronizing: true) else {
            return WalkReason(.destinationUnknown)
        }
        if let before = last.destinationInodes, let inodes = traces.inodes, before != inodes {
            return WalkReason(.destinationChanged)
        }
        // A mount and an unmount write too: counts of another mount say nothing.
        guard options.changeSearch != .scan, let mount = traces.mount,
            mount == last.destinationMount, let written = traces.sectorsWritten,
            let before = last.destinationSectorsWritten
        else { return nil }
        return written == before ? nil : WalkReason(.destinationWritten)
    }
}
