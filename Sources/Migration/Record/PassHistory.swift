// What the recorded passes of a pair say of DESTINATION: which matter to this one, and what others may have done.

import History

/// The passes that matter to this one.
struct PassHistory {
    let last: PassRecord?
    let lastComplete: PassRecord?
    let unsafeSince: Int64?
    /// The newest first.
    let passes: [PassRecord]
    /// The number of workers that was found best.
    let tuned: TunedWorkers?

    /// Nil when the state cannot be read.
    init?(_ history: History, _ now: ClockReading, options: String) {
        do throws(HistoryProblem) {
            last = try history.lastPass()
            lastComplete = try history.lastCompletePass()
            passes = try history.passes(newest: 1_000)
            tuned = try history.tunedWorkers()
            unsafeSince = try history.unsafeSince(
                bootIdentifier: now.bootIdentifier,
                instance: now.destinationInstance,
                options: options
            )
        } catch {
            return nil
        }
    }

    var oldestStart: Int64? { passes.last?.startNanoseconds }

    /// What passes of which the record is not may have done to DESTINATION since, if there may have been any.
    ///
    /// `changed`: the time of change of DESTINATION's root now.
    func unrecorded(changed: Int64?) -> (since: Int64, mayHaveMoved: Bool)? {
        guard let whole = lastComplete, let last else { return nil }
        let since = whole.endNanoseconds ?? whole.startNanoseconds
        // Of one that was killed the time at its end is not known.
        let isKnown =
            last.destinationChangedNanoseconds.map { $0 == changed } ?? (last.endNanoseconds == nil)
        if last.id == whole.id, isKnown { return nil }
        let later = passes.prefix { $0.id != whole.id }
        return (since, !isKnown || later.contains { $0.method != ChangeMethod.walk(nil).name })
    }

    /// When the last whole walk began, if it and all whole passes since are of this boot and had these options.
    ///
    /// Not a scan, which looks at little of DESTINATION; not its end, for what others changed meanwhile it may
    /// have passed already.
    func lastWalkStart(boot: String, options: String) -> Int64? {
        guard !boot.isEmpty else { return nil }
        for pass in passes where pass.isComplete {
            guard pass.bootIdentifier == boot, pass.options == options else { return nil }
            if pass.method == ChangeMethod.walk(nil).name { return pass.startNanoseconds }
        }
        return nil
    }
}
